package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// keptCursor brings blocks to one reader, one at a time.
type keptCursor struct {
	of     *keptRows
	worker int
	block  *keptBlock   // that is open; nil: none
	pinned bool         // its rows in memory are read, not own
	own    *store       // what was read from a file
	reader *storeReader // of the open block
}

func (k *keptRows) cursor(worker int) keptCursor { return keptCursor{of: k, worker: worker} }

// open leaves the block that was open and returns the rows of another.
func (c *keptCursor) open(ctx context.Context, b *keptBlock) (*storeReader, error) {
	if c.block == b {
		return c.reader, nil
	}
	c.leave()
	rows, err := c.pin(ctx, b)
	if err != nil {
		return nil, err
	}
	if c.pinned = rows != nil; !c.pinned {
		if rows, err = c.load(ctx, b); err != nil {
			return nil, err
		}
	}
	if c.block = b; c.reader == nil {
		c.reader = rows.reader()
	} else {
		c.reader.turn(rows)
	}
	return c.reader, nil
}

// pin returns the rows of a block, which stay in memory until leave; nil when they are in the file.
func (c *keptCursor) pin(ctx context.Context, b *keptBlock) (*store, error) {
	for {
		rows, leaving, err := c.of.pin(b)
		if leaving == nil {
			return rows, err
		}
		if err := c.of.query.await(ctx, c.worker, leaving); err != nil {
			return nil, err
		}
	}
}

func (k *keptRows) pin(b *keptBlock) (rows *store, leaving <-chan struct{}, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if b.leaving == nil && b.lost == nil && b.rows != nil {
		b.readers++
	}
	return b.rows, b.leaving, b.lost
}

// load reads a block from the file, with memory that others give back if need be.
func (c *keptCursor) load(ctx context.Context, b *keptBlock) (_ *store, err error) {
	q := c.of.query
	if c.own == nil {
		if c.own, err = newStore(q, c.of.schema, newArena(q)); err != nil {
			return nil, err
		}
	}
	err = c.of.patiently(ctx, c.worker, func() error {
		err := c.own.unspill(ctx, c.worker, &b.spilled)
		if err != nil {
			c.own.texts.reset()
		}
		return err
	})
	return c.own, err
}

// leave ends with a block.
func (c *keptCursor) leave() {
	switch {
	case c.block == nil:
	case c.pinned:
		c.of.unpin(c.block)
	default:
		c.own.n = 0
		c.own.texts.reset()
	}
	c.block, c.pinned = nil, false
}

func (k *keptRows) unpin(b *keptBlock) {
	k.mu.Lock()
	b.readers--
	rows := b.rows
	if k.once {
		b.rows = nil
	}
	k.mu.Unlock()
	if k.once {
		rows.free()
	}
}

// close gives the memory back that the reader has.
func (c *keptCursor) close() {
	c.leave()
	if c.own != nil {
		c.own.free()
		c.own = nil
	}
}

// stream hands out all rows, in blocks that workers take as they come.
func (k *keptRows) stream() Stream {
	next := &counter{}
	return streamOf(func(worker int) (Source, error) {
		return k.source(worker, func() *keptBlock {
			i, ok := next.take(len(k.blocks))
			if !ok {
				return nil
			}
			return k.blocks[i]
		}), nil
	})
}

// ordered hands out to each worker what it has kept, in its order.
func (k *keptRows) ordered() Stream {
	return streamOf(func(worker int) (Source, error) {
		rest := k.blocks
		return k.source(worker, func() *keptBlock {
			for len(rest) > 0 {
				b := rest[0]
				if rest = rest[1:]; b.worker == worker {
					return b
				}
			}
			return nil
		}), nil
	})
}

func (k *keptRows) source(worker int, next func() *keptBlock) Source {
	return &keptSource{cursor: k.cursor(worker), next: next, numbers: make([]uint32, vector.ChunkRows)}
}

// keptSource hands out the rows of blocks to one worker.
type keptSource struct {
	cursor  keptCursor
	next    func() *keptBlock // nil at the end
	at      int               // row of the open block
	numbers []uint32
}

// Next hands out a part of a block.
func (s *keptSource) Next(ctx context.Context) (*vector.Chunk, error) {
	if err := s.cursor.of.query.Checkpoint(ctx, s.cursor.worker); err != nil {
		return nil, err
	}
	if b := s.cursor.block; b == nil || s.at == b.n {
		b = s.next()
		if b == nil {
			s.cursor.leave()
			return nil, nil //nolint:nilnil // the contract of Source
		}
		if _, err := s.cursor.open(ctx, b); err != nil {
			return nil, err
		}
		s.at = 0
	}
	rows := s.numbers[:min(len(s.numbers), s.cursor.block.n-s.at)]
	for i := range rows {
		rows[i] = uint32(s.at + i)
	}
	s.at += len(rows)
	return s.cursor.reader.rows(rows), nil
}

// Close gives the memory back that the source has.
func (s *keptSource) Close() error {
	s.cursor.close()
	return nil
}
