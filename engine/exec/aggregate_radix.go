package exec

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/micodb/micodb/internal/vector"
)

const (
	partitionBits = 7

	// LocalWords is the room for a worker's states, which should stay in its cache.
	localWords = 1 << 16
	// PoorRows is how many rows a group must have in the local table for it to be worth having.
	poorRows = 4

	// RadixLeast is how many bytes a worker needs for any number of groups: for the first pages of its partitions, and
	// for its local table.
	radixLeast = 8*(pageWords<<partitionBits) + 1<<20
)

// radixSink aggregates in two steps (after Leis, Boncz, Kemper, Neumann: Morsel-driven parallelism, 2014). A
// worker folds rows into a local table; a full table is emptied into partitions by the hash of the key. Where
// rows hardly ever meet their group there, they go to the partitions unfolded. Each partition is then
// aggregated on its own, when a worker asks for it.
//
// What is in partitions goes to disk when memory ends. A partition that is too large for the memory there is then is
// divided by more bits of the hash (after Kuiper, Boncz, Mühleisen: Robust external hash aggregation, 2024).
type radixSink struct {
	whole   *Query // lends what each worker must have
	query   *Query // lends what can be spilled
	op      *Aggregate
	layout  *stateLayout
	workers []*radixWorker
	wanted  atomic.Int64 // how often others asked for memory while the input was consumed
	queue   taskQueue

	mu        sync.Mutex // guards what follows
	spreaders []*spreader
}

type radixWorker struct {
	*folder

	sink   *radixSink
	number int
	local  groupTable
	groups int // that the local table may have
	rows   int // that it has seen since it was emptied
	direct bool
	hashes []uint64
	buffer []uint64  // rows
	spread *spreader // nil: all is in the local table
	since  int       // rows since the last forced spill
	wanted int64     // of the sink, that the worker has heeded
}

// Worker returns a consumer with a table of its own.
func (s *radixSink) Worker(i int) (Consumer, error) {
	w := &radixWorker{
		folder: s.layout.folder(s.query), sink: s, number: i, hashes: make([]uint64, vector.ChunkRows),
		groups: min(max(localWords/s.layout.stride, 2*vector.ChunkRows), 1<<14),
	}
	w.local = groupTable{query: s.whole, layout: s.layout, texts: w.texts}
	s.workers[i] = w
	if err := w.local.reset(w.groups); err != nil {
		return nil, err
	}
	return w, nil
}

// Consume folds a chunk.
func (w *radixWorker) Consume(ctx context.Context, c *vector.Chunk) error {
	rows := chosen(c)
	n := w.layout.nKeys
	keys, hashes := w.words[:len(rows)*n], w.hashes[:len(rows)]
	if err := w.keys.pack(c, rows, keys); err != nil {
		return err
	}
	hashRows(keys, n, n, w.layout.keys.refs, hashes)
	if err := w.take(ctx, c, rows, keys, hashes); err != nil {
		return err
	}
	return w.heed(ctx, len(rows))
}

func (w *radixWorker) take(ctx context.Context, c *vector.Chunk, rows []uint16, keys, hashes []uint64) error {
	if !w.direct && w.local.n+len(rows) > w.groups {
		w.direct = w.rows < poorRows*w.local.n
		if err := w.empty(ctx); err != nil {
			return err
		}
	}
	if w.direct {
		return w.scatter(ctx, c, rows, keys, hashes)
	}
	w.rows += len(rows)
	err := w.foldLocally(ctx, c, rows, keys, hashes)
	if !outOfMemory(err) || !w.sink.query.Spill.Usable() {
		return err
	}
	// The groups' texts have no room. What of the rows is in their states by now does no harm there a second time.
	if err := w.yield(ctx); err != nil {
		return err
	}
	return w.scatter(ctx, c, rows, keys, hashes)
}

func (w *radixWorker) foldLocally(ctx context.Context, c *vector.Chunk, rows []uint16, keys, hashes []uint64) error {
	slots := w.slots[:len(rows)]
	if err := w.local.find(keys, w.layout.nKeys, hashes, rowTexts(c, rows), slots); err != nil {
		return err
	}
	if err := w.fold(c, rows, w.local.states, slots); err != nil {
		return err
	}
	if w.texts.arena.words > localWords { // what it takes to spill is taken while there is some
		if err := w.prepare(ctx); err != nil {
			return err
		}
	}
	return w.texts.tidy(w.layout, w.local.states[:w.local.n*w.layout.stride])
}

// heed spills when others want memory, and when a test wants it.
func (w *radixWorker) heed(ctx context.Context, rows int) error {
	every, wanted := w.sink.query.Debug.SpillRows, w.sink.wanted.Load()
	w.since += rows
	forced := every > 0 && w.since >= every
	if !w.sink.query.Spill.Usable() || !forced && wanted == w.wanted {
		return nil
	}
	w.since, w.wanted = 0, wanted
	return w.yield(ctx)
}

// yield writes all that the worker has to disk.
func (w *radixWorker) yield(ctx context.Context) error {
	if w.spread != nil { // so that the local states find room
		if err := w.spread.spill(ctx, w.number); err != nil {
			return err
		}
	}
	if w.local.n == 0 {
		return nil
	}
	if err := w.empty(ctx); err != nil {
		return err
	}
	return w.spread.spill(ctx, w.number)
}

// empty moves the local states to the partitions.
func (w *radixWorker) empty(ctx context.Context) (err error) {
	if err := w.prepare(ctx); err != nil {
		return err
	}
	size, n := w.layout.stride, w.layout.nKeys
	var hashes [1024]uint64
	for g := 0; g < w.local.n; g += len(hashes) {
		states, hs := w.local.states[g*size:], hashes[:min(len(hashes), w.local.n-g)]
		hashRows(states, size, n, w.layout.keys.refs, hs)
		in := rowsToSpread{kindStates, states, hs, w.texts.arena.wordText}
		if err := w.spread.spread(ctx, w.number, in); err != nil {
			return err
		}
	}
	w.texts.reset()
	w.rows = 0
	if w.direct {
		w.local.release()
		return nil
	}
	return w.local.reset(w.groups)
}

// prepare gives the worker its partitions.
func (w *radixWorker) prepare(ctx context.Context) error {
	if w.spread != nil {
		return nil
	}
	return w.sink.whole.patiently(ctx, w.number, func() (err error) {
		w.spread, err = w.sink.spreader(w.number)
		return err
	})
}

// spreader returns a worker's spreader. The first who wants one takes the memory for all: later there may be none.
func (s *radixSink) spreader(worker int) (*spreader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.spreaders); i < len(s.workers); i++ {
		made, err := newSpreader(s.query, s.whole, s.layout, partitionBits)
		if err != nil {
			return nil, err
		}
		s.spreaders = append(s.spreaders, made)
	}
	return s.spreaders[worker], nil
}

// scatter writes rows, key and inputs of the folds, to the partitions.
func (w *radixWorker) scatter(ctx context.Context, c *vector.Chunk, rows []uint16, keys, hashes []uint64) error {
	if err := w.prepare(ctx); err != nil {
		return err
	}
	size, n := w.layout.row, w.layout.nKeys
	if w.buffer == nil {
		w.buffer = make([]uint64, vector.ChunkRows*size)
	}
	interleave(w.buffer, size, keys, n, len(rows))
	for i := range w.layout.folds {
		f := &w.layout.folds[i]
		per := f.op.inWords()
		in := w.in[:len(rows)*per]
		if err := w.loader.load(i, c, rows, in); err != nil {
			return err
		}
		interleave(w.buffer[f.in:], size, in, per, len(rows))
	}
	from := func(t *textWord, ref uint64) []byte {
		if t.key != nil {
			return c.Columns[t.key.index].Bytes(int(rows[ref]))
		}
		return c.Columns[t.of.column].Bytes(int(rows[ref-1]))
	}
	return w.spread.spread(ctx, w.number, rowsToSpread{kindRows, w.buffer, hashes, from})
}

// interleave copies n values of some words each into rows that lie stride words apart.
func interleave(to []uint64, stride int, from []uint64, words, n int) {
	if words == 1 {
		o := 0
		for _, x := range from[:n] {
			to[o] = x
			o += stride
		}
		return
	}
	for k := range n {
		copy(to[k*stride:k*stride+words], from[k*words:])
	}
}

// Close ends the worker's part.
func (*radixWorker) Close() error { return nil }

// Finish decides how the partitions are aggregated: as one when no worker needed them.
func (s *radixSink) Finish(ctx context.Context) (Stream, error) {
	defer s.whole.Budget.Settle()
	var workers []*radixWorker
	small := true
	for _, w := range s.workers {
		if w != nil {
			workers = append(workers, w)
			small = small && w.spread == nil
		}
	}
	if small {
		stream, err := s.together(workers)
		if !outOfMemory(err) || !s.query.Spill.Usable() {
			return stream, err
		}
	}
	err := s.query.tasks(ctx, len(workers), func(ctx context.Context, worker, i int) error {
		w := workers[i]
		if err := w.prepare(ctx); err != nil {
			return err
		}
		w.number = worker // whose turn it is
		if err := w.empty(ctx); err != nil {
			return err
		}
		w.local.release()
		return nil
	})
	if err != nil {
		return nil, err
	}
	tasks := make([]*task, 1<<partitionBits)
	for p := range tasks {
		tasks[p] = &task{}
		for _, w := range workers {
			tasks[p].blocks = append(tasks[p].blocks, w.spread.take(p)...)
		}
	}
	s.queue.begin(tasks)
	s.query.waiting.add(s)
	return streamOf(func(worker int) (Source, error) {
		m := &merger{sink: s, worker: worker}
		m.table = groupTable{query: s.query, layout: s.layout, texts: &arenaWriter{arena: newArena(s.query)}}
		m.emitter = newEmitter(s.op, s.layout, m.table.texts.arena)
		return m, nil
	}), nil
}

// together merges the local tables, which never were full. When it fails with 53200, the tables are as good as before.
func (s *radixSink) together(workers []*radixWorker) (Stream, error) {
	if len(workers) == 0 {
		return streamOf(func(int) (Source, error) { return sourceOf(nothing), nil }), nil
	}
	all := &workers[0].local
	m := merger{sink: s, table: *all}
	for _, w := range workers[1:] {
		texts := w.texts.arena
		err := m.fold(kindStates, w.local.states, w.local.n, texts.texts, texts.get)
		*all = m.table
		if err != nil {
			return nil, err
		}
		w.texts.reset()
		w.local.release()
	}
	var taken counter
	return streamOf(func(int) (Source, error) {
		e := newEmitter(s.op, s.layout, all.texts.arena)
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
