package exec

import (
	"context"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/vector"
)

// spillerRows is how many rows a worker gathers before it takes the memory that it spills with, which suffices for
// runs of as many.
const spillerRows = 4 * vector.ChunkRows

// runSpiller is what a worker spills with: memory that is taken before it is needed, and a file.
type runSpiller struct {
	order   []uint64 // for spillerRows rows
	numbers []uint32
	writer  runWriter
}

// sortedRun is ordered rows in a file.
type sortedRun struct {
	file   *spill.File
	blocks []runBlock
	first  []uint64 // the words of each block's first key
	rows   int
}

// prepare takes the memory that a worker spills with.
func (s *sortSink) prepare(worker int) error {
	if s.spillers == nil || s.spillers[worker] != nil {
		return nil
	}
	order, err := s.query.words(2 * spillerRows)
	if err != nil {
		return err
	}
	buffer, err := s.query.words(s.shape.words(s.shape.rows) + s.shape.textWords())
	if err != nil {
		s.query.giveBack(order)
		return err
	}
	s.spillers[worker] = &runSpiller{
		order: order, numbers: make([]uint32, s.shape.rows),
		writer: runWriter{query: s.query, worker: worker, shape: s.shape, buffer: buffer},
	}
	return nil
}

// prepared waits for that memory where others have it.
func (s *sortSink) prepared(ctx context.Context, worker int) error {
	return s.query.patiently(ctx, worker, func() error { return s.prepare(worker) })
}

// mustSpill tells whether a test wants a worker to spill n rows. A top-N never does.
func (s *sortSink) mustSpill(n int) bool {
	most := s.query.Debug.SpillRows
	return s.spillers != nil && s.op.Limit == 0 && most > 0 && n >= most
}

// take takes an input's rows from it.
func (in *sortInput) take() (keyedRows, error) {
	fresh, err := in.sink.noRows()
	if err != nil {
		return keyedRows{}, err
	}
	return in.put(fresh), nil
}

// put gives an input other rows than it has, which it returns.
func (in *sortInput) put(rows keyedRows) keyedRows {
	in.mu.Lock()
	defer in.mu.Unlock()
	rows, in.rows = in.rows, rows
	return rows
}

func (in *sortInput) count() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.rows.store.n
}

// makeRoom spills the rows of the input that has most, whoever's it is; few are not worth it while another worker is
// spilling, for which it waits. It returns false when there is neither rows nor such a worker.
func (s *sortSink) makeRoom(ctx context.Context, worker int) (bool, error) {
	if s.spillers == nil {
		return false, nil
	}
	var largest *sortInput
	most := 0
	for _, in := range s.inputs {
		if in == nil {
			continue
		}
		if n := in.count(); n > most {
			largest, most = in, n
		}
	}
	if most < spillerRows {
		if others := s.othersSpill(); others != nil {
			return true, s.query.blocking(ctx, worker, func() error {
				select {
				case <-others:
				case <-ctx.Done():
				}
				return nil
			})
		}
	}
	if largest == nil {
		return false, nil
	}
	return true, largest.spill(ctx, worker)
}

// othersSpill returns a channel that is closed when the next worker is done with spilling; nil when none is at it.
func (s *sortSink) othersSpill() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spilling > 0 && s.spilled == nil {
		s.spilled = make(chan struct{})
	}
	return s.spilled
}

// beginSpill counts a worker as spilling, until the function is called that it returns.
func (s *sortSink) beginSpill() (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spilling++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.spilling--
		if s.spilled != nil {
			close(s.spilled)
			s.spilled = nil
		}
	}
}

// spill writes the rows that this input holds as a run; the worker may be another than its own.
func (in *sortInput) spill(ctx context.Context, worker int) error {
	s := in.sink
	if err := s.prepared(ctx, worker); err != nil {
		return err
	}
	defer s.beginSpill()()
	rows, err := in.take()
	if err != nil || rows.store.n == 0 {
		return err
	}
	part, memory := s.pieces(worker, rows.store.n)
	for first := 0; first < rows.store.n; first += part {
		piece := span{uint32(first), uint32(min(rows.store.n, first+part))}
		order, err := s.order(ctx, worker, &rows, piece, memory)
		if err != nil {
			return err
		}
		if err := s.writeRun(ctx, worker, &rows, order); err != nil {
			return err
		}
	}
	if part > spillerRows {
		s.query.giveBack(memory)
	}
	rows.release()
	return nil
}

// pieces returns in pieces of how many rows n rows are ordered, and memory for that: all at once where there is any.
func (s *sortSink) pieces(worker, n int) (rows int, memory []uint64) {
	for rows = n; rows > spillerRows; rows = (rows + 1) / 2 {
		if memory, err := s.query.words(2 * rows); err == nil {
			return rows, memory
		}
	}
	return spillerRows, s.spillers[worker].order
}

// order orders some of the rows: pieces of at most runRows, which a tournament merges. Memory has two words a row.
func (s *sortSink) order(
	ctx context.Context, worker int, rows *keyedRows, some span, memory []uint64,
) (*tournament, error) {
	first, end := int(some.first), int(some.end)
	all := view[ranked](memory, end-first)
	t := &tournament{compare: s.layout.comparer(rows.keys, rows.store)}
	for at := first; at < end; at += runRows {
		if err := s.query.Checkpoint(ctx, worker); err != nil {
			return nil, err
		}
		piece := all[at-first : min(end, at+runRows)-first]
		fillRanked(piece, at, rows.keys, s.layout.words)
		sortRanked(piece, t.compare.compare)
		t.lists = append(t.lists, mergeList{ranked: piece})
	}
	t.begin()
	return t, nil
}

// writeRun writes ordered rows, of a top-N the first up to the limit.
func (s *sortSink) writeRun(ctx context.Context, worker int, from *keyedRows, order *tournament) error {
	sp := s.spillers[worker]
	run := &sortedRun{}
	if err := sp.writer.open(ctx, s.query.Spill); err != nil {
		return err
	}
	run.file = sp.writer.file
	for {
		if err := s.query.Checkpoint(ctx, worker); err != nil {
			return err
		}
		some := sp.numbers
		if s.op.Limit > 0 {
			some = some[:min(len(some), int(s.op.Limit)-run.rows)]
		}
		n := order.take(some)
		if n == 0 {
			break
		}
		if err := sp.writer.write(ctx, from, some[:n], run); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = append(s.runs, run)
	return nil
}

// external spills what is left in memory, and merges all runs.
func (s *sortSink) external(ctx context.Context) (Stream, error) {
	var left []*sortInput
	for _, in := range s.inputs {
		if in != nil && in.rows.store.n > 0 {
			left = append(left, in)
		}
	}
	err := s.query.tasks(ctx, len(left), func(ctx context.Context, worker, task int) error {
		return left[task].spill(ctx, worker)
	})
	if err != nil {
		return nil, err
	}
	return s.mergeRuns(ctx)
}
