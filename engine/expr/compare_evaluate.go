package expr

import (
	"bytes"

	"github.com/micodb/micodb/internal/vector"
)

func compileCompare(e Compare, negate bool) (Predicate, error) {
	e = constantRight(e)
	left, err := compile(e.Left)
	if err != nil {
		return nil, err
	}
	if e.Op == NotDistinct {
		right, err := compile(e.Right)
		if err != nil {
			return nil, err
		}
		return notDistinct(left, right, negate), nil
	}
	op := vector.Comparison(e.Op)
	if negate {
		op = op.Negated()
	}
	if k, ok := e.Right.(Literal); ok && e.Left.Type().Kind != vector.Interval {
		return compareConstant(op, left, k.Value), nil
	}
	right, err := compile(e.Right)
	if err != nil {
		return nil, err
	}
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		x, err := left(c, in)
		if err != nil {
			return nil, err
		}
		y, err := right(c, in)
		if err != nil {
			return nil, err
		}
		return vector.SelectCompare(op, x, y, in, out), nil
	}, nil
}

// notDistinct treats NULLs as equal; its negation gives all other rows.
func notDistinct(left, right Evaluator, negate bool) Predicate {
	nulls, equal, both := newRows(), newRows(), newRows()
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		x, err := left(c, in)
		if err != nil {
			return nil, err
		}
		y, err := right(c, in)
		if err != nil {
			return nil, err
		}
		n := vector.SelectNull(y, vector.SelectNull(x, in, nulls), nulls)
		same := vector.Union(n, vector.SelectCompare(vector.Equal, x, y, in, equal), both)
		if negate {
			return append(out[:0], vector.Difference(rowsOf(c, in), same, equal)...), nil
		}
		return append(out[:0], same...), nil
	}
}

// compareConstant turns the comparison into one range test, or for texts into a test of each dictionary's values.
func compareConstant(op vector.Comparison, left Evaluator, k vector.Scalar) Predicate {
	switch {
	case k.Null:
		return nothing(left)
	case k.Type.Kind == vector.Decimal || k.Type.Kind == vector.UInt64:
		return selectWideRange(left, wideRange(op, k.Wide))
	case k.Type.Physical() == vector.Float:
		r, ok := rangeOf(op, vector.FloatKey(k.Float))
		if !ok {
			return nothing(left)
		}
		return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
			v, err := left(c, in)
			if err != nil {
				return nil, err
			}
			return vector.SelectFloatRange(v, r, in, out), nil
		}
	case k.Type.Physical() == vector.Bytes:
		return selectTexts(left, textCompares(op, k.Bytes))
	default:
		r, ok := rangeOf(op, k.Int)
		if !ok {
			return nothing(left)
		}
		return selectRange(left, r)
	}
}

// textCompares tells whether a text compares so with a constant.
func textCompares(op vector.Comparison, k string) func([]byte) bool {
	text := []byte(k)
	if op == vector.Equal {
		return func(b []byte) bool { return bytes.Equal(b, text) }
	}
	return func(b []byte) bool { return op.Accepts(bytes.Compare(b, text)) }
}

// rangeOf returns the integers that compare so with k; ok is false when there are none.
func rangeOf(op vector.Comparison, k int64) (r vector.Range, ok bool) {
	r = vector.Range{Lo: vector.MinInt, Hi: vector.MaxInt}
	switch op {
	case vector.Equal, vector.NotEqual:
		return vector.Range{Lo: k, Hi: k, Negate: op == vector.NotEqual}, true
	case vector.LessEqual:
		r.Hi = k
	case vector.GreaterEqual:
		r.Lo = k
	case vector.Less:
		r.Hi = k - 1
		return r, k != vector.MinInt
	case vector.Greater:
		r.Lo = k + 1
		return r, k != vector.MaxInt
	}
	return r, true
}

// wideRange returns the numbers that compare so with k.
func wideRange(op vector.Comparison, k vector.Int128) vector.WideRange {
	least, most := vector.Int128{Hi: vector.MinInt}, vector.Int128{Lo: 1<<64 - 1, Hi: vector.MaxInt}
	r := vector.WideRange{Lo: least, Hi: most}
	switch op { // a number has at most 38 digits, so that k±1 is one too
	case vector.Equal, vector.NotEqual:
		r = vector.WideRange{Lo: k, Hi: k, Negate: op == vector.NotEqual}
	case vector.LessEqual:
		r.Hi = k
	case vector.GreaterEqual:
		r.Lo = k
	case vector.Less:
		r.Hi, _ = k.Sub(vector.Int128Of(1))
	case vector.Greater:
		r.Lo, _ = k.Add(vector.Int128Of(1))
	}
	return r
}
