package catalog

import (
	"context"
	"sync/atomic"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// ChunkScan is a Scan of chunks that lie in memory, each one a morsel. It prunes nothing.
type ChunkScan struct {
	columns []ScanColumn
	chunks  []*vector.Chunk
	next    atomic.Int64
	rows    atomic.Int64
}

// NewChunkScan returns a scan that hands out the requested columns of chunks with all columns of the table. The
// chunks must not change any more. Row addresses are NULL: rows without a block can't be deleted.
func NewChunkScan(t *Table, chunks []*vector.Chunk, req ScanRequest) (*ChunkScan, error) {
	s := &ChunkScan{}
	ordinals := make([]int, len(req.Columns))
	for i, id := range req.Columns {
		o := t.ByID(id)
		of, nullable := vector.Of(vector.Int64), true
		switch {
		case o >= 0:
			of, nullable = t.Columns[o].Type, !t.Columns[o].NotNull
		case id != AddressBlock && id != AddressOffset:
			return nil, sqlerr.New(sqlerr.InternalError, "table %s has no column of id %d", t.Name, id)
		}
		ordinals[i] = o
		lo, hi := of.Limits()
		s.columns = append(s.columns, ScanColumn{
			ID: id, Type: of, Physical: of.Physical(), Lo: lo, Hi: hi, Nullable: nullable,
		})
	}
	for _, c := range chunks {
		out := &vector.Chunk{Len: c.Len, Sel: c.Sel, Columns: make([]*vector.Vector, len(ordinals))}
		for i, o := range ordinals {
			if o >= 0 {
				out.Columns[i] = c.Columns[o]
			} else {
				out.Columns[i] = nullAddresses(c.Len)
			}
		}
		s.chunks = append(s.chunks, out)
	}
	return s, nil
}

func nullAddresses(n int) *vector.Vector {
	b := vector.NewBuilder(vector.Of(vector.Int64))
	for range n {
		b.AppendNull()
	}
	return b.Build()
}

// Columns says what is proven of each requested column.
func (s *ChunkScan) Columns() []ScanColumn { return s.columns }

// Morsels is the number of chunks.
func (s *ChunkScan) Morsels() int { return len(s.chunks) }

// Open returns a worker's source.
func (s *ChunkScan) Open(int) (ChunkSource, error) { return chunkSource{s}, nil }

// Counts tells how many rows were handed out.
func (s *ChunkScan) Counts() ScanCounts { return ScanCounts{Rows: s.rows.Load()} }

// Close has nothing to give back.
func (*ChunkScan) Close() error { return nil }

type chunkSource struct{ scan *ChunkScan }

// Next returns the next chunk that no other source has taken.
func (c chunkSource) Next(ctx context.Context) (*vector.Chunk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	i := c.scan.next.Add(1) - 1
	if i >= int64(len(c.scan.chunks)) {
		return nil, nil
	}
	out := c.scan.chunks[i]
	c.scan.rows.Add(int64(out.Count()))
	return out, nil
}

// Close has nothing to give back.
func (chunkSource) Close() error { return nil }
