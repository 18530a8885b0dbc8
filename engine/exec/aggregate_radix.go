package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

const (
	partitions    = 128
	partitionBits = 7
	pageWords     = 2048

	// LocalWords is the room for a worker's states, which should stay in its cache.
	localWords = 1 << 16
	// PoorRows is how many rows a group must have in the local table for it to be worth having.
	poorRows = 4
)

// radixSink aggregates in two steps (after Leis, Boncz, Kemper, Neumann: Morsel-driven parallelism, 2014). A
// worker folds rows into a local table; a full table is emptied into partitions by the hash of the key. Where
// rows hardly ever meet their group there, they go to the partitions unfolded. Each partition is then
// aggregated on its own, when a worker asks for it.
type radixSink struct {
	unspillable

	query   *Query
	op      *Aggregate
	layout  *stateLayout
	texts   *arena
	workers []*radixWorker
}

type radixWorker struct {
	*folder

	query  *Query
	local  groupTable
	groups int // that the local table may have
	rows   int // that it has seen since it was emptied
	direct bool
	hashes []uint64
	buffer []uint64 // rows
	states [partitions]partition
	raw    [partitions]partition
}

// partition is a list of pages of rows.
type partition struct {
	full [][]uint64
	page []uint64
	used int
}

// room returns n words at the end of the partition.
func (p *partition) room(q *Query, n int) ([]uint64, error) {
	if p.used+n > len(p.page) {
		page, err := q.words(max(pageWords, n))
		if err != nil {
			return nil, err
		}
		p.close()
		p.page, p.used = page, 0
	}
	p.used += n
	return p.page[p.used-n : p.used : p.used], nil
}

// close puts the last page to the full ones.
func (p *partition) close() {
	if p.page != nil {
		p.full = append(p.full, p.page[:p.used])
		p.page, p.used = nil, 0
	}
}

func (p *partition) words() int {
	n := 0
	for _, page := range p.full {
		n += len(page)
	}
	return n + p.used
}

// Worker returns a consumer with a table of its own.
func (s *radixSink) Worker(i int) (Consumer, error) {
	w := &radixWorker{
		folder: s.layout.folder(s.texts), query: s.query, hashes: make([]uint64, vector.ChunkRows),
		groups: min(max(localWords/s.layout.stride, 2*vector.ChunkRows), 1<<14),
	}
	w.local = groupTable{query: s.query, layout: s.layout, held: s.texts, texts: w.texts}
	s.workers[i] = w
	if err := w.local.reset(w.groups); err != nil {
		return nil, err
	}
	return w, nil
}

// Consume folds a chunk.
func (w *radixWorker) Consume(_ context.Context, c *vector.Chunk) error {
	rows := chosen(c)
	n := w.layout.nKeys
	keys, hashes := w.words[:len(rows)*n], w.hashes[:len(rows)]
	if err := w.keys.pack(c, rows, keys); err != nil {
		return err
	}
	hashRows(keys, n, n, w.layout.keys.refs, hashes)
	if !w.direct && w.local.n+len(rows) > w.groups {
		w.direct = w.rows < poorRows*w.local.n
		if err := w.empty(); err != nil {
			return err
		}
	}
	if w.direct {
		return w.scatter(c, rows, keys, hashes)
	}
	w.rows += len(rows)
	slots := w.slots[:len(rows)]
	if err := w.local.find(keys, n, hashes, rowTexts(c, rows), slots); err != nil {
		return err
	}
	return w.fold(c, rows, w.local.states, slots, 0)
}

// empty moves the local states to the partitions.
func (w *radixWorker) empty() error {
	size, n := w.layout.stride, w.layout.nKeys
	var hash [1]uint64
	for g := range w.local.n {
		state := w.local.states[g*size : (g+1)*size]
		hashRows(state, size, n, w.layout.keys.refs, hash[:])
		room, err := w.states[hash[0]>>(64-partitionBits)].room(w.query, size)
		if err != nil {
			return err
		}
		copy(room, state)
	}
	w.rows = 0
	return w.local.reset(w.groups)
}

// scatter writes rows, key and inputs of the folds, to the partitions.
func (w *radixWorker) scatter(c *vector.Chunk, rows []uint16, keys, hashes []uint64) error {
	size, n := w.layout.row, w.layout.nKeys
	if w.buffer == nil {
		w.buffer = make([]uint64, vector.ChunkRows*size)
	}
	from := rowTexts(c, rows)
	for k := range rows {
		row := w.buffer[k*size : k*size+n]
		copy(row, keys[k*n:])
		if err := w.layout.keys.keep(row, from, w.texts); err != nil {
			return err
		}
	}
	for i := range w.layout.folds {
		if err := w.loadInto(i, c, rows); err != nil {
			return err
		}
	}
	for k, h := range hashes {
		room, err := w.raw[h>>(64-partitionBits)].room(w.query, size)
		if err != nil {
			return err
		}
		copy(room, w.buffer[k*size:(k+1)*size])
	}
	return nil
}

// loadInto puts a fold's inputs into the buffered rows.
func (w *radixWorker) loadInto(i int, c *vector.Chunk, rows []uint16) error {
	f, size := &w.layout.folds[i], w.layout.row
	per := f.op.inWords()
	in, v := w.in[:len(rows)*per], c.Columns[f.column]
	if err := w.loader.load(i, v, rows, in); err != nil {
		return err
	}
	if f.op == foldMinText || f.op == foldMaxText {
		for k, x := range in {
			if x == 0 {
				continue
			}
			var err error
			if in[k], err = w.texts.put(v.Bytes(int(rows[x-1]))); err != nil {
				return err
			}
		}
	}
	for k := range rows {
		copy(w.buffer[k*size+f.in:k*size+f.in+per], in[k*per:])
	}
	return nil
}

// Close ends the worker's part.
func (*radixWorker) Close() error { return nil }

// Finish decides how the partitions are aggregated: as one when no worker needed them.
func (s *radixSink) Finish(context.Context) (Stream, error) {
	small := true
	var workers []*radixWorker
	for _, w := range s.workers {
		if w == nil {
			continue
		}
		workers = append(workers, w)
		for p := range partitions {
			small = small && w.states[p].words() == 0 && w.raw[p].words() == 0
		}
	}
	s.workers = workers
	if small {
		return s.together()
	}
	for _, w := range workers {
		if err := w.empty(); err != nil {
			return nil, err
		}
		w.local.release()
		for p := range partitions {
			w.states[p].close()
			w.raw[p].close()
		}
	}
	var taken counter
	return streamOf(func(worker int) (Source, error) {
		m := &merger{sink: s, taken: &taken, worker: worker, emitter: newEmitter(s.op, s.layout, s.texts)}
		m.table = groupTable{query: s.query, layout: s.layout, held: s.texts}
		return m, nil
	}), nil
}

// together merges the local tables, which never were full.
func (s *radixSink) together() (Stream, error) {
	var all groupTable
	for i, w := range s.workers {
		if i == 0 {
			all = w.local
			continue
		}
		m := merger{sink: s, table: all}
		m.table.texts = nil
		if err := m.add(w.local.states[:w.local.n*s.layout.stride]); err != nil {
			return nil, err
		}
		all = m.table
		w.local.release()
	}
	var taken counter
	return streamOf(func(int) (Source, error) {
		e := newEmitter(s.op, s.layout, s.texts)
		return sourceOf(func(context.Context) (*vector.Chunk, error) {
			i, ok := taken.take((all.n + vector.ChunkRows - 1) / vector.ChunkRows)
			if !ok {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			first := i * vector.ChunkRows
			return e.groups(all.states[first*s.layout.stride:], min(all.n-first, vector.ChunkRows))
		}), nil
	}), nil
}

// merger aggregates partitions for one worker.
type merger struct {
	sink    *radixSink
	taken   *counter
	worker  int
	table   groupTable
	emitter *emitter
	at      int // next group of the table
	hashes  []uint64
	slots   []uint32
}

// Next hands out the groups of the worker's partitions.
func (m *merger) Next(ctx context.Context) (*vector.Chunk, error) {
	for m.at >= m.table.n {
		p, ok := m.taken.take(partitions)
		if !ok {
			return nil, nil //nolint:nilnil // the contract of Source
		}
		if err := m.partition(ctx, p); err != nil {
			return nil, err
		}
	}
	n := min(m.table.n-m.at, vector.ChunkRows)
	first := m.at * m.sink.layout.stride
	m.at += n
	return m.emitter.groups(m.table.states[first:], n)
}

// Close returns the memory of the worker's table.
func (m *merger) Close() error {
	m.table.release()
	return nil
}

// partition aggregates one partition of all workers.
func (m *merger) partition(ctx context.Context, p int) error {
	rows, l := 0, m.sink.layout
	for _, w := range m.sink.workers {
		rows += w.states[p].words()/l.stride + w.raw[p].words()/l.row
	}
	m.at = 0
	if err := m.table.reset(rows/poorRows + 1); err != nil {
		return err
	}
	q := m.sink.query
	for _, w := range m.sink.workers {
		for _, page := range w.states[p].full {
			if err := m.add(page); err != nil {
				return err
			}
			q.giveBack(page)
		}
		for _, page := range w.raw[p].full {
			if err := m.addRaw(page); err != nil {
				return err
			}
			q.giveBack(page)
		}
		w.states[p].full, w.raw[p].full = nil, nil
		if err := q.Checkpoint(ctx, m.worker); err != nil {
			return err
		}
	}
	m.emitter.pages = m.sink.texts.list()
	return nil
}

// locate finds the states of n rows.
func (m *merger) locate(rows []uint64, stride, n int) ([]uint32, error) {
	if len(m.slots) < n {
		m.slots, m.hashes = make([]uint32, max(n, pageWords)), make([]uint64, max(n, pageWords))
	}
	l := m.sink.layout
	hashRows(rows, stride, l.nKeys, l.keys.refs, m.hashes[:n])
	return m.slots[:n], m.table.find(rows, stride, m.hashes[:n], m.sink.texts.texts, m.slots[:n])
}

// add folds states into the table. Texts are in the arena already, and are kept as they are.
func (m *merger) add(states []uint64) error {
	l := m.sink.layout
	slots, err := m.locate(states, l.stride, len(states)/l.stride)
	if err != nil {
		return err
	}
	if len(slots) == 0 {
		return nil
	}
	return l.merge(m.table.states, slots, words{states, l.stride}, m.sink.texts)
}

// addRaw folds rows into the table.
func (m *merger) addRaw(rows []uint64) error {
	l, texts := m.sink.layout, m.sink.texts
	slots, err := m.locate(rows, l.row, len(rows)/l.row)
	if err != nil {
		return err
	}
	states := m.table.states
	foldOnes(states[l.nKeys:], slots)
	for i := range l.folds {
		f := &l.folds[i]
		in := words{rows[f.in:], l.row}
		if f.op == foldMinText || f.op == foldMaxText {
			if err := foldText(f.op, states[f.at:], slots, in, foldTexts{from: texts.get, held: texts}); err != nil {
				return err
			}
			continue
		}
		if !foldRows(f.op, states[f.at:], slots, in) {
			return sumOverflow(f.known)
		}
	}
	return nil
}
