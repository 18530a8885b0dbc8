package exec

import (
	"context"
	"sync"

	"github.com/micodb/micodb/internal/vector"
)

// heldBytes is how large what a breaker has made must be, for others to have it written to a file when memory ends.
const heldBytes = 1 << 20

// sortedRows hands out rows in order, which lie in memory until others of the query need that: then those that were not
// read yet go to a file.
type sortedRows struct {
	query  *Query
	store  *store
	reader *storeReader
	order  sortedOrder
	n      int

	kept    *keptRows // where rows go
	block   *store    // that they are written with
	numbers []uint32

	mu      sync.Mutex    // guards what follows
	at      int           // rows before were read
	leaving chan struct{} // closed when the rows are in the file; nil: nobody is writing them
	inFile  bool          // those from at on
	lent    bool          // the chunk that was read last refers to texts
}

// sortedOrder says which row comes where; memory is what it lies in.
type sortedOrder struct {
	row    func(rank int) uint32
	memory []uint64
}

// prepare takes the memory to write the rows to a file with, the longest of whose texts has so many bytes.
func (s *sortedRows) prepare(q *Query, schema Schema, longest int) (err error) {
	s.kept = newKeptRows(s.query, schema)
	if s.block, err = newStore(q, schema, s.store.texts.arena); err != nil {
		return err
	}
	for i := range s.block.columns {
		if err := s.block.columns[i].reserve(q, vector.ChunkRows); err != nil {
			return err
		}
	}
	s.block.texts.longest = longest
	if err := s.kept.prepare(q, s.block); err != nil {
		return err
	}
	s.numbers = make([]uint32, vector.ChunkRows)
	return nil
}

func (s *sortedRows) fill(numbers []uint32, first int) []uint32 {
	numbers = numbers[:min(s.n-first, len(numbers))]
	for i := range numbers {
		numbers[i] = s.order.row(first + i)
	}
	return numbers
}

// Reclaim writes all rows that nobody has read to a file.
func (s *sortedRows) Reclaim(int64) (freed int64, err error) {
	first, ok := s.leave()
	if !ok {
		return 0, nil
	}
	if err = s.write(first); err == nil {
		freed = s.store.bytes() + int64(cap(s.order.memory))*8
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.leaving)
	if s.leaving = nil; err != nil {
		return 0, err // the rows stay
	}
	s.inFile = true
	s.query.giveBack(s.order.memory)
	s.block.release()
	if s.lent {
		freed -= int64(s.store.texts.arena.words) * 8
		s.store.release()
	} else {
		s.store.free()
	}
	return freed, nil
}

// leave begins what Reclaim does; it returns false where there is nothing to do.
func (s *sortedRows) leave() (first int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFile || s.at == s.n {
		return 0, false
	}
	s.leaving = make(chan struct{})
	return s.at, true
}

func (s *sortedRows) write(first int) error {
	for at := first; at < s.n; at += s.block.n {
		rows := s.fill(s.numbers, at)
		for i := range s.block.columns {
			s.block.columns[i].take(&s.store.columns[i], s.store.n, rows)
		}
		s.block.n = len(rows)
		spilled, err := s.kept.write(s.block)
		if err != nil {
			return err
		}
		s.kept.blocks = append(s.kept.blocks, &keptBlock{n: len(rows), spilled: spilled})
		if err := s.query.ended(); err != nil {
			return err
		}
	}
	return nil
}

// stream hands out all rows to one worker.
func (s *sortedRows) stream() Stream {
	return streamOf(func(worker int) (Source, error) {
		if worker != 0 {
			return sourceOf(nothing), nil
		}
		return &leavingSource{of: s, worker: worker, numbers: make([]uint32, vector.ChunkRows)}, nil
	})
}

// leavingSource reads sortedRows.
type leavingSource struct {
	of      *sortedRows
	worker  int
	numbers []uint32
	file    Source // nil: the rows are in memory
}

// Next hands out the next rows.
func (r *leavingSource) Next(ctx context.Context) (*vector.Chunk, error) {
	s := r.of
	for r.file == nil {
		if err := s.query.Checkpoint(ctx, r.worker); err != nil {
			return nil, err
		}
		c, leaving, inFile := s.next(r.numbers)
		switch {
		case inFile:
			rest := s.kept.blocks
			r.file = s.kept.source(r.worker, func() *keptBlock {
				if len(rest) == 0 {
					return nil
				}
				b := rest[0]
				rest = rest[1:]
				return b
			})
		case leaving == nil:
			return c, nil
		default:
			if err := s.query.await(ctx, r.worker, leaving); err != nil {
				return nil, err
			}
		}
	}
	return r.file.Next(ctx)
}

// next reads rows in memory, or says that they are in the file, or will be when leaving is closed.
func (s *sortedRows) next(numbers []uint32) (c *vector.Chunk, leaving <-chan struct{}, inFile bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.leaving != nil:
		return nil, s.leaving, false
	case s.inFile:
		if s.lent {
			s.store.texts.reset()
			s.lent = false
		}
		return nil, nil, true
	}
	rows := s.fill(numbers, s.at)
	if s.at += len(rows); len(rows) == 0 {
		return nil, nil, false
	}
	s.lent = s.store.holdsTexts()
	return s.reader.rows(rows), nil, false
}

// Close ends the reading.
func (r *leavingSource) Close() error {
	if r.file != nil {
		return r.file.Close()
	}
	return nil
}
