package exec

import (
	"context"
	"fmt"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// Values is a list of rows that are known when the plan is built.
type Values struct {
	chunks []*vector.Chunk
	rows   int
	out    Schema
}

// NewValues computes rows of constant expressions. Names and types describe the columns.
func NewValues(rows [][]expr.Expr, names []string, types []vector.Type) (*Values, error) {
	v := &Values{rows: len(rows)}
	for i, t := range types {
		k := Column{Name: names[i], Type: t, Physical: t.Physical(), Lo: vector.MaxInt, Hi: vector.MinInt}
		if k.Physical != vector.Integer {
			k.Lo, k.Hi = 0, 0
		}
		v.out = append(v.out, k)
	}
	one := &vector.Chunk{Len: 1}
	for first := 0; first < len(rows); first += vector.ChunkRows {
		part := rows[first:min(len(rows), first+vector.ChunkRows)]
		c := &vector.Chunk{Len: len(part)}
		for i, t := range types {
			b := vector.NewBuilder(t)
			for _, row := range part {
				s, err := scalarOf(row[i], one)
				if err != nil {
					return nil, err
				}
				b.AppendScalar(s)
			}
			column := b.Build()
			v.out[i] = v.out[i].widened(column)
			c.Columns = append(c.Columns, column)
		}
		v.chunks = append(v.chunks, c)
	}
	return v, nil
}

func scalarOf(e expr.Expr, one *vector.Chunk) (vector.Scalar, error) {
	if l, ok := e.(expr.Literal); ok {
		return l.Value, nil
	}
	value, err := expr.Compile(e)
	if err != nil {
		return vector.Scalar{}, err
	}
	v, err := value(one, nil)
	if err != nil {
		return vector.Scalar{}, err
	}
	return v.ScalarAt(0), nil
}

// widened takes in that the column also has a vector's values.
func (c Column) widened(v *vector.Vector) Column {
	c.Nullable = c.Nullable || v.Valid != nil
	if c.Physical == vector.Integer {
		b := vector.Bounds{Lo: c.Lo, Hi: c.Hi}.Union(v.Bounds())
		c.Lo, c.Hi = b.Lo, b.Hi
	}
	return c
}

// NewText makes a single column of text rows.
func NewText(name string, lines []string) *Values {
	v := &Values{rows: len(lines), out: Schema{{Name: name, Type: vector.Of(vector.Text), Physical: vector.Bytes}}}
	for first := 0; first < len(lines); first += vector.ChunkRows {
		part := lines[first:min(len(lines), first+vector.ChunkRows)]
		v.chunks = append(v.chunks, &vector.Chunk{Len: len(part), Columns: []*vector.Vector{vector.TextsOf(part...)}})
	}
	return v
}

// Schema returns the columns, with exact bounds.
func (v *Values) Schema() Schema { return v.out }

// Inputs returns nothing: a leaf.
func (*Values) Inputs() []Operator { return nil }

// String tells the number of rows.
func (v *Values) String() string { return fmt.Sprintf("Values (%d rows)", v.rows) }

// Start does nothing. One worker hands out the rows, in their order.
func (v *Values) Start(context.Context, *Query) (Stream, error) { return inOrder(v.chunks), nil }

// inOrder is a stream of chunks that the first worker hands out.
func inOrder(chunks []*vector.Chunk) Stream {
	return streamOf(func(worker int) (Source, error) {
		if worker != 0 {
			return sourceOf(nothing), nil
		}
		at := 0
		return sourceOf(func(context.Context) (*vector.Chunk, error) {
			if at == len(chunks) {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			at++
			return chunks[at-1], nil
		}), nil
	})
}
