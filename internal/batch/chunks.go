package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Chunks hands out a batch as chunks of at most vector.ChunkRows rows. Where the layouts match a chunk's vectors are
// the batch's own memory; texts under a dictionary stay so.
type Chunks struct {
	batch        arrow.RecordBatch
	next         int
	types        []vector.Type
	dictionaries []*textDictionary // nil for the columns that have none
}

// NewChunks reads a batch whose columns have types that TypeOf knows: 0A000 for others, 08P01
// for one that is damaged. The batch must not be released before the last chunk is used.
func NewChunks(b arrow.RecordBatch) (*Chunks, error) {
	if err := Validate(b); err != nil {
		return nil, err
	}
	c := &Chunks{batch: b}
	for i, f := range b.Schema().Fields() {
		of, err := TypeOf(f)
		if err != nil {
			return nil, err
		}
		var d *textDictionary
		if a, ok := b.Column(i).(*array.Dictionary); ok && of.Physical() == vector.Bytes {
			if d, err = newTextDictionary(a, of); err != nil {
				return nil, inColumn(f.Name, err)
			}
		}
		c.types, c.dictionaries = append(c.types, of), append(c.dictionaries, d)
	}
	return c, nil
}

// Types returns the types of the chunks' columns.
func (c *Chunks) Types() []vector.Type { return c.types }

// Next returns the next chunk, and nil at the end: 22003, 22007, 22P02 or 08P01 when a value is none of its type.
func (c *Chunks) Next() (*vector.Chunk, error) {
	n := min(vector.ChunkRows, int(c.batch.NumRows())-c.next)
	if n <= 0 {
		return nil, nil
	}
	out := &vector.Chunk{Len: n, Columns: make([]*vector.Vector, len(c.types))}
	for i, of := range c.types {
		var err error
		if d := c.dictionaries[i]; d != nil {
			out.Columns[i], err = d.vector(c.next, n)
		} else {
			out.Columns[i], err = VectorOf(c.batch.Column(i), of, c.next, c.next+n)
		}
		if err != nil {
			return nil, inColumn(c.batch.ColumnName(i), err)
		}
	}
	c.next += n
	return out, nil
}

// inColumn says which column an error is about.
func inColumn(name string, err error) error {
	e := sqlerr.From(err)
	return sqlerr.Wrap(err, e.Code, "column %q: %s", name, e.Message)
}

// textDictionary is a column of texts under a dictionary.
type textDictionary struct {
	of     vector.Type
	array  *array.Dictionary
	values *vector.Dictionary
	null   []bool // values that are NULL
}

func newTextDictionary(a *array.Dictionary, of vector.Type) (*textDictionary, error) {
	d := &textDictionary{of: of, array: a, values: &vector.Dictionary{}}
	n := a.Dictionary().Len()
	for from := 0; from < n; from += vector.ChunkRows {
		v, err := VectorOf(a.Dictionary(), of, from, min(from+vector.ChunkRows, n))
		if err != nil {
			return nil, err
		}
		for i := range v.Len {
			d.null = append(d.null, v.IsNull(i))
			d.values.Values = append(d.values.Values, v.Bytes(i))
		}
	}
	return d, nil
}

func (d *textDictionary) vector(from, n int) (*vector.Vector, error) {
	null := uint32(len(d.null))
	codes, valid, nulls := make([]uint32, n), make([]uint64, (n+63)/64), 0
	for i := range codes {
		code, err := codeAt(d.array, from+i)
		if err != nil {
			return nil, err
		}
		if code < 0 || d.null[code] {
			codes[i] = null
			nulls++
			continue
		}
		codes[i] = uint32(code)
		valid[i>>6] |= 1 << (i & 63)
	}
	v := &vector.Vector{Type: d.of, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: d.values}
	if nulls > 0 {
		v.Valid = valid
	}
	vector.SetCodes(v, codes)
	return v, nil
}

// codeAt returns the code of a row, -1 for NULL: 08P01 when it is outside the dictionary.
func codeAt(a *array.Dictionary, row int) (int, error) {
	if a.IsNull(row) {
		return -1, nil
	}
	code := a.GetValueIndex(row)
	if code < 0 || code >= a.Dictionary().Len() {
		return 0, sqlerr.New(sqlerr.ProtocolViolation, "code %d is not in a dictionary of %d values",
			code, a.Dictionary().Len())
	}
	return code, nil
}
