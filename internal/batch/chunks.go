package batch

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/internal/vector"
)

// Chunks hands out a batch as chunks of at most vector.ChunkRows rows. Where the layouts match a chunk's vectors are
// the batch's own memory; else they are copied.
type Chunks struct {
	rows    int
	next    int
	chunk   vector.Chunk
	columns []decoder
}

// decoder makes the vector of rows [from, from+n).
type decoder func(from, n int) (*vector.Vector, error)

// NewChunks reads a batch whose columns have types that TypeOf knows: 0A000 for others. The batch must not be
// released before the last chunk is used.
func NewChunks(r arrow.RecordBatch) (*Chunks, error) {
	c := &Chunks{rows: int(r.NumRows())}
	for i, f := range r.Schema().Fields() {
		of, err := TypeOf(f)
		if err != nil {
			return nil, err
		}
		d, err := newDecoder(of, f, r.Column(i))
		if err != nil {
			return nil, err
		}
		c.columns = append(c.columns, d)
	}
	c.chunk.Columns = make([]*vector.Vector, len(c.columns))
	return c, nil
}

// Next returns the next chunk, valid until the next call, and nil at the end: 22003 when a value does not fit.
func (c *Chunks) Next() (*vector.Chunk, error) {
	n := min(vector.ChunkRows, c.rows-c.next)
	if n <= 0 {
		return nil, nil
	}
	for i, decode := range c.columns {
		var err error
		if c.chunk.Columns[i], err = decode(c.next, n); err != nil {
			return nil, err
		}
	}
	c.next += n
	c.chunk.Len = n
	return &c.chunk, nil
}
