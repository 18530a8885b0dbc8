package exec

import (
	"context"
	"sort"

	"github.com/micodb/micodb/internal/vector"
)

// windowTaskRows is how many rows a task has at least, where partitions end.
const windowTaskRows = 1 << 16

// tasks lets workers evaluate ordered rows in memory: each task is whole partitions.
func (w *Window) tasks(q *Query, all *orderedRows) Stream {
	cuts := w.cut(all)
	next := &counter{}
	return streamOf(func(worker int) (Source, error) {
		src := &windowSource{query: q, window: w, worker: worker, all: all, cuts: cuts, next: next}
		return src, src.open(all.store)
	})
}

// cut returns where tasks begin, and the number of rows.
func (w *Window) cut(all *orderedRows) []int {
	n := all.store.n
	cuts := []int{0}
	for at := windowTaskRows; at < n && w.parts > 0; {
		// The first row whose partition is not that of the row before.
		last := all.rowOf(at - 1)
		at += sort.Search(n-at, func(i int) bool { return w.differ(all.store, last, all.rowOf(at+i)) })
		if at < n {
			cuts = append(cuts, at)
		}
		at += windowTaskRows
	}
	return append(cuts, n)
}

// differ tells whether two rows are of different partitions for every call.
func (w *Window) differ(s *store, a, b uint32) bool {
	rows, same := [2]uint32{a, b}, [2]uint8{}
	for _, k := range w.Keys[:w.parts] {
		if s.markChanges(&s.columns[k.Column], rows[:], same[:], 1); same[1] != 0 {
			return true
		}
	}
	return false
}

// windowSource evaluates tasks for one worker.
type windowSource struct {
	query  *Query
	window *Window
	worker int
	all    *orderedRows
	cuts   []int
	next   *counter

	emitter windowEmitter
	task    windowRows
}

// windowRows are rows in order, whose blocks are evaluated one after the other.
type windowRows struct {
	rows   []uint32
	same   []uint8
	at     int        // row of the next block
	memory [][]uint64 // that rows and same lie in
}

func (s *windowSource) open(from *store) error {
	return s.emitter.open(s.query, s.window, s.worker, from)
}

// Close returns the worker's memory.
func (s *windowSource) Close() error {
	s.emitter.close()
	s.task.release(s.query)
	return nil
}

func (r *windowRows) release(q *Query) {
	for _, m := range r.memory {
		q.giveBack(m)
	}
	*r = windowRows{}
}

// Next returns the next chunk.
func (s *windowSource) Next(ctx context.Context) (*vector.Chunk, error) {
	for {
		if err := s.query.Checkpoint(ctx, s.worker); err != nil {
			return nil, err
		}
		if c, err := s.emitter.next(); c != nil || err != nil {
			return c, err
		}
		if s.task.at == len(s.task.rows) {
			i, ok := s.next.take(len(s.cuts) - 1)
			if !ok {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			if err := s.load(ctx, s.cuts[i], s.cuts[i+1]); err != nil {
				return nil, err
			}
			continue
		}
		lo, hi := s.task.at, s.task.blockEnd(s.window.align)
		s.task.at = hi
		if err := s.emitter.begin(ctx, s.task.rows[lo:hi], s.task.same[lo:hi]); err != nil {
			return nil, err
		}
	}
}

// load reads the order of a task's rows.
func (s *windowSource) load(ctx context.Context, lo, hi int) error {
	s.task.release(s.query)
	if err := s.task.reserve(s.query, hi-lo); err != nil {
		return err
	}
	for first := lo; first < hi; first += windowTaskRows {
		if err := s.query.Checkpoint(ctx, s.worker); err != nil {
			return err
		}
		last := min(first+windowTaskRows, hi)
		for i := first; i < last; i++ {
			s.task.rows[i-lo] = s.all.rowOf(i)
		}
		from := max(first-1, lo) // compare also with the row before
		s.window.setSame(s.all.store, s.task.rows[from-lo:last-lo], s.task.same[from-lo:last-lo])
	}
	if hi > lo {
		s.task.same[0] = 0
	}
	return nil
}

// reserve makes room for n rows.
func (r *windowRows) reserve(q *Query, n int) error {
	numbers, err := q.words((n + 1) / 2)
	if err != nil {
		return err
	}
	r.memory = append(r.memory, numbers)
	marks, err := q.words((n + 7) / 8)
	if err != nil {
		return err
	}
	r.memory = append(r.memory, marks)
	r.rows, r.same = view[uint32](numbers, n), view[uint8](marks, n)
	return nil
}

// blockEnd returns where the block ends that begins at the next row.
func (r *windowRows) blockEnd(align int) int {
	end := min(r.at+blockRows, len(r.rows))
	for end < len(r.rows) && int(r.same[end]) > align {
		end++
	}
	return end
}

// windowEmitter evaluates blocks and hands out their chunks.
type windowEmitter struct {
	query  *Query
	window *Window
	worker int
	calls  []windowFunction

	block  windowBlock
	at     int
	output *storeReader
	chunk  vector.Chunk
}

func (e *windowEmitter) open(q *Query, w *Window, worker int, from *store) (err error) {
	e.query, e.window, e.worker = q, w, worker
	e.chunk.Columns = make([]*vector.Vector, len(w.out))
	e.read(from)
	e.calls, err = w.evaluators(q)
	return err
}

// read makes a store the one that rows are of.
func (e *windowEmitter) read(from *store) {
	e.output = from.reader()
	e.block = windowBlock{query: e.query, window: e.window, worker: e.worker, reader: from.reader()}
}

// begin begins a block.
func (e *windowEmitter) begin(ctx context.Context, rows []uint32, same []uint8) error {
	e.block.rows, e.block.same, e.at = rows, same, 0
	for _, f := range e.calls {
		if err := f.begin(ctx, &e.block); err != nil {
			return err
		}
	}
	return nil
}

// next returns the block's next chunk, nil at its end.
func (e *windowEmitter) next() (*vector.Chunk, error) {
	lo := e.at
	hi := min(lo+vector.ChunkRows, len(e.block.rows))
	if lo == hi {
		e.close()
		return nil, nil //nolint:nilnil // as Source has it
	}
	e.at = hi
	for _, f := range e.calls {
		if err := f.values(&e.block, lo, hi, e.chunk.Columns[e.window.Width:]); err != nil {
			return nil, err
		}
	}
	e.chunk.Len = hi - lo
	for i := range e.window.Width {
		e.chunk.Columns[i] = e.output.gather(i, e.block.rows[lo:hi], nil, hi-lo)
	}
	return &e.chunk, nil
}

// close returns the block's memory.
func (e *windowEmitter) close() {
	for _, f := range e.calls {
		f.end()
	}
	e.block.release()
	e.block.rows, e.block.same, e.at = nil, nil, 0
}
