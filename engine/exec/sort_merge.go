package exec

import (
	"cmp"
	"context"
	"slices"
	"sort"
)

const (
	mergeExtra    = 32      // blocks more than one of each run are read at once, for each worker
	mergePartRows = 1 << 14 // rows one task merges at least, about
	mergeParts    = 64      // tasks of a round at most, between which a query may be cancelled
	mergeSamples  = 16      // rows are looked at for each task, to cut the rows evenly
)

// sortMerge merges runs, round by round. A round reads as many blocks as there is room for, those first whose first
// keys come first (forecasting: Knuth, vol. 3, 5.4.6); then all rows are in order up to the least last row of a run
// that has more blocks. These are cut by sampled keys into ranges, which the workers merge.
type sortMerge struct {
	query  *Query
	shape  *runShape
	inputs []mergeInput

	rows    keyedRows // of all slots, each of slotRows
	compare *comparer
	texts   []uint64 // of all slots, each of slotTexts words
	pages   int      // of each slot's texts
	slots   int
	free    []int
	buffers [][]uint64 // of each worker: a block
	memory  [][]uint64 // all that is lent

	slotRows, slotTexts int
	room, merged        []uint32 // rows of the round in order
}

// mergeInput is a run of a merge.
type mergeInput struct {
	run    *sortedRun
	next   int    // block to read
	loaded []span // rows that are in memory and not merged yet, in order
	used   []int  // slots of what was merged or is loaded, in order
}

// newSortMerge takes memory for so many runs and extra blocks, or fails with 53200 and takes none.
func newSortMerge(q *Query, s *sortSink, runs []*sortedRun, extra int) (m *sortMerge, err error) {
	m = &sortMerge{query: s.query, shape: s.shape, slots: len(runs) + extra, buffers: make([][]uint64, q.Workers)}
	largest := 0
	for _, r := range runs {
		m.inputs = append(m.inputs, mergeInput{run: r})
		for _, b := range r.blocks {
			m.slotRows, m.slotTexts = max(m.slotRows, b.rows), max(m.slotTexts, b.texts)
			largest = max(largest, b.at.Words)
		}
	}
	m.slotRows = (m.slotRows + 63) &^ 63
	m.pages = 1 + m.slotTexts*8/textPage
	defer func() {
		if err != nil {
			m.release()
			m = nil
		}
	}()
	take := func(n int) (b []uint64) {
		if err == nil {
			if b, err = q.words(n); err == nil {
				m.memory = append(m.memory, b)
			}
		}
		return b
	}
	total := m.slots * m.slotRows
	if m.rows, err = s.noRows(); err != nil {
		return m, err
	}
	m.rows.store.n = total
	m.rows.keys = take(total * m.shape.keyWords)
	for i := range m.rows.store.columns {
		k := &m.rows.store.columns[i]
		k.data = take(wordsFor(total, k.width))
		if k.hasValid() {
			k.valid = take(total / 64)
		}
	}
	m.texts = take(m.slots * m.slotTexts)
	room := take((total + 1) / 2)
	for i := range m.buffers {
		m.buffers[i] = take(largest)
	}
	if err != nil {
		return m, err
	}
	m.room = view[uint32](room, total)
	pages := make([][]byte, 1+m.slots*m.pages)
	m.rows.store.texts.arena.pages.Store(&pages)
	m.compare = s.layout.comparer(m.rows.keys, m.rows.store)
	for i := range m.slots {
		m.free = append(m.free, m.slots-1-i)
	}
	return m, nil
}

// release returns the memory.
func (m *sortMerge) release() {
	for _, b := range m.memory {
		m.query.giveBack(b)
	}
	m.memory = nil
}

// round merges the next rows; none are left when it returns none. They are good until the next round.
func (m *sortMerge) round(ctx context.Context) ([]uint32, error) {
	m.drop()
	if err := m.load(ctx); err != nil {
		return nil, err
	}
	bound := m.bound()
	ends := make([]int, len(m.inputs))
	total := 0
	for i := range m.inputs {
		ends[i] = m.inputs[i].count()
		if bound != nil {
			ends[i] = m.upTo(i, *bound)
		}
		total += ends[i]
	}
	m.merged = m.room[:total]
	cuts := m.cut(ends, total)
	starts := make([]int, len(cuts))
	for part := 1; part < len(cuts); part++ {
		starts[part] = starts[part-1]
		for i, end := range cuts[part] {
			starts[part] += end - cuts[part-1][i]
		}
	}
	err := m.query.tasks(ctx, len(cuts)-1, func(_ context.Context, _, part int) error {
		if starts[part] == starts[part+1] {
			return nil
		}
		t := &tournament{compare: m.compare, lists: make([]mergeList, 0, len(m.inputs))}
		for i := range m.inputs {
			if from, to := cuts[part][i], cuts[part+1][i]; from < to {
				t.lists = append(t.lists, mergeList{spans: m.inputs[i].part(from, to)})
			}
		}
		t.begin()
		t.take(m.merged[starts[part]:starts[part+1]])
		return nil
	})
	for i := range m.inputs {
		in := &m.inputs[i]
		in.loaded = in.part(ends[i], in.count())
	}
	return m.merged, err
}

// drop frees the slots of the rows that are merged.
func (m *sortMerge) drop() {
	for i := range m.inputs {
		in := &m.inputs[i]
		done := len(in.used) - len(in.loaded)
		m.free = append(m.free, in.used[:done]...)
		in.used = in.used[done:]
	}
}

// mergeLoad is a block that is to be read to a slot.
type mergeLoad struct{ input, block, slot int }

// load reads blocks to all free slots: first those that a run needs to go on, then by their first keys.
func (m *sortMerge) load(ctx context.Context) error {
	var loads []mergeLoad
	add := func(i int) {
		in, slot := &m.inputs[i], m.free[len(m.free)-1]
		m.free = m.free[:len(m.free)-1]
		loads = append(loads, mergeLoad{i, in.next, slot})
		first := slot * m.slotRows
		in.loaded = append(in.loaded, span{uint32(first), uint32(first + in.run.blocks[in.next].rows)})
		in.used = append(in.used, slot)
		in.next++
	}
	for i := range m.inputs {
		if in := &m.inputs[i]; len(in.loaded) == 0 && in.more() {
			add(i)
		}
	}
	for len(m.free) > 0 {
		best := -1
		for i := range m.inputs {
			if m.inputs[i].more() && (best < 0 || m.sooner(i, best)) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		add(best)
	}
	return m.query.tasks(ctx, len(loads), func(ctx context.Context, worker, task int) error {
		return m.read(ctx, worker, loads[task])
	})
}

// sooner tells whether the next block of one input is probably needed before that of another. Texts may differ behind
// what is known of them here.
func (m *sortMerge) sooner(i, j int) bool {
	a, b, w := &m.inputs[i], &m.inputs[j], m.shape.keyWords
	d := slices.Compare(a.run.first[a.next*w:][:w], b.run.first[b.next*w:][:w])
	return d < 0 || d == 0 && a.next < b.next
}

// read reads a block to its slot.
func (m *sortMerge) read(ctx context.Context, worker int, l mergeLoad) error {
	run := m.inputs[l.input].run
	b := &run.blocks[l.block]
	words := m.buffers[worker][:b.at.Words]
	err := m.query.blocking(ctx, worker, func() error { return run.file.Read(b.at, words) })
	if err != nil {
		return err
	}
	firstPage := 1 + l.slot*m.pages
	rest := m.shape.decode(words, b.rows, &m.rows, l.slot*m.slotRows, firstPage-1)
	texts := m.texts[l.slot*m.slotTexts:][:m.slotTexts]
	copy(texts, rest)
	bytes, pages := view[byte](texts, len(texts)*8), m.rows.store.texts.arena.list()
	for i := range m.pages {
		pages[firstPage+i] = bytes[min(i*textPage, len(bytes)):]
	}
	return nil
}

// mergeBound is a loaded row, by its place in its input. Before it come rows with lesser keys, those with equal keys
// of earlier inputs, and of its own those in earlier places.
type mergeBound struct {
	row       uint32
	input, at int
}

func (m *sortMerge) compareBounds(a, b mergeBound) int {
	return cmp.Or(m.compare.compare(a.row, b.row), cmp.Compare(a.input, b.input), cmp.Compare(a.at, b.at))
}

// bound returns the last row of which it is sure that all before it are loaded; nil when all rows of all runs are.
func (m *sortMerge) bound() *mergeBound {
	var least *mergeBound
	for i := range m.inputs {
		in := &m.inputs[i]
		if !in.more() {
			continue
		}
		last := mergeBound{in.loaded[len(in.loaded)-1].end - 1, i, in.count() - 1}
		if least == nil || m.compareBounds(last, *least) < 0 {
			least = &last
		}
	}
	return least
}

// upTo returns how many loaded rows of an input come before a bound or are it.
func (m *sortMerge) upTo(input int, b mergeBound) int {
	if input == b.input {
		return b.at + 1
	}
	in := &m.inputs[input]
	return sort.Search(in.count(), func(i int) bool {
		d := m.compare.compare(in.row(i), b.row)
		return d > 0 || d == 0 && input > b.input
	})
}

// cut divides the first rows of each input, up to ends, into ranges of about equal size: it returns where each range
// begins in each input, and the ends.
func (m *sortMerge) cut(ends []int, total int) [][]int {
	parts := max(1, min(total/mergePartRows, mergeParts))
	cuts := make([][]int, 1, parts+1)
	cuts[0] = make([]int, len(ends))
	if parts > 1 {
		step := max(1, total/(parts*mergeSamples))
		var samples []mergeBound
		for i, end := range ends {
			for at := step / 2; at < end; at += step {
				samples = append(samples, mergeBound{m.inputs[i].row(at), i, at})
			}
		}
		slices.SortFunc(samples, m.compareBounds)
		for part := 1; part < parts && len(samples) > 0; part++ {
			at := samples[part*len(samples)/parts]
			next := make([]int, len(ends))
			for i := range ends {
				next[i] = min(m.upTo(i, at), ends[i])
			}
			cuts = append(cuts, next)
		}
	}
	return append(cuts, ends)
}

// count returns how many rows are loaded.
func (in *mergeInput) count() int {
	n := 0
	for _, s := range in.loaded {
		n += s.rows()
	}
	return n
}

func (in *mergeInput) more() bool { return in.next < len(in.run.blocks) }

// part returns the loaded rows from one to before another.
func (in *mergeInput) part(from, to int) []span {
	var out []span
	for _, s := range in.loaded {
		n := s.rows()
		if from < n && to > 0 {
			out = append(out, span{s.first + uint32(max(from, 0)), s.first + uint32(min(to, n))})
		}
		from, to = from-n, to-n
	}
	return out
}

// row returns the number of a loaded row.
func (in *mergeInput) row(at int) uint32 {
	i := 0
	for n := in.loaded[i].rows(); at >= n; n = in.loaded[i].rows() {
		at -= n
		i++
	}
	return in.loaded[i].first + uint32(at)
}
