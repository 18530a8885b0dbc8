package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/vector"
)

// The size of the batches that leave the server. Loopback carries most with 8 K rows.
const (
	DefaultRows  = 8192
	DefaultBytes = 8 << 20
)

// Limits say when a batch is handed out: when it has at least Rows rows (and at most vector.ChunkRows more), or
// before it has more than Bytes bytes, unless a single row has. Zero means the default.
type Limits struct{ Rows, Bytes int }

func (l Limits) orDefault() Limits {
	if l.Rows <= 0 {
		l.Rows = DefaultRows
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	return l
}

// Builder turns chunks into batches. The values are copied into memory of the allocator, so that a chunk may be
// reused at once; texts leave as plain texts, whatever their encoding. It is for one goroutine.
type Builder struct {
	schema  *arrow.Schema
	limits  Limits
	columns []*column
	rows    int
	ready   []arrow.RecordBatch
}

// NewBuilder returns a builder of batches of a schema, whose fields are those of FieldOf for the chunks' columns:
// 0A000 for nested types.
func NewBuilder(schema *arrow.Schema, limits Limits, mem memory.Allocator) (*Builder, error) {
	b := &Builder{schema: schema, limits: limits.orDefault()}
	for _, f := range schema.Fields() {
		c, err := newColumn(f.Type, mem)
		if err != nil {
			return nil, err
		}
		b.columns = append(b.columns, c)
	}
	return b, nil
}

// Append adds the chosen rows of a chunk.
func (b *Builder) Append(c *vector.Chunk) {
	if c.Count() > 0 {
		b.append(c, c.Sel)
	}
}

// append adds rows, in halves where they are too large for one batch.
func (b *Builder) append(c *vector.Chunk, sel []uint16) {
	n := c.Len
	if sel != nil {
		n = len(sel)
	}
	bytes := 0
	for i, col := range b.columns {
		bytes += col.sizeOf(c.Columns[i], sel, n)
	}
	if bytes > b.limits.Bytes && n > 1 {
		if sel == nil {
			sel = vector.All(n)
		}
		b.append(c, sel[:n/2])
		b.append(c, sel[n/2:])
		return
	}
	if b.rows > 0 && b.bytes()+bytes > b.limits.Bytes {
		b.finish()
	}
	for i, col := range b.columns {
		col.append(c.Columns[i], sel, n)
	}
	b.rows += n
	if b.rows >= b.limits.Rows {
		b.finish()
	}
}

func (b *Builder) bytes() int {
	n := 0
	for _, c := range b.columns {
		n += c.bytes()
	}
	return n
}

func (b *Builder) finish() {
	arrays := make([]arrow.Array, len(b.columns))
	for i, c := range b.columns {
		arrays[i] = c.finish()
	}
	b.ready = append(b.ready, array.NewRecordBatch(b.schema, arrays, int64(b.rows)))
	for _, a := range arrays {
		a.Release()
	}
	b.rows = 0
}

// Next returns a full batch, which is the caller's, or nil when more rows are needed.
func (b *Builder) Next() arrow.RecordBatch {
	if len(b.ready) == 0 {
		return nil
	}
	r := b.ready[0]
	b.ready = b.ready[1:]
	return r
}

// Flush makes a batch of what is left: Next hands it out. Without rows there is none.
func (b *Builder) Flush() {
	if b.rows > 0 {
		b.finish()
	}
}

// Release gives back what was not handed out; the builder may be used again.
func (b *Builder) Release() {
	for _, r := range b.ready {
		r.Release()
	}
	for _, c := range b.columns {
		c.release()
	}
	b.ready, b.rows = nil, 0
}
