package expr_test

import (
	"bytes"
	"errors"
	"math"
	"math/big"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

var errReference = errors.New("the reference fails")

// interpret evaluates an expression for one row, the slow and plain way.
func interpret(e expr.Expr, row []vector.Scalar) (vector.Scalar, error) {
	switch e := e.(type) {
	case expr.Column:
		return row[e.Index], nil
	case expr.Literal:
		return e.Value, nil
	case expr.Case:
		for _, w := range e.Whens {
			c, err := interpret(w.If, row)
			if err != nil {
				return c, err
			}
			if !c.Null && c.Int != 0 {
				return interpret(w.Then, row)
			}
		}
		return interpret(e.Else, row)
	case expr.And:
		return junction(e.Of, row, 0)
	case expr.Or:
		return junction(e.Of, row, 1)
	}
	var in []vector.Scalar
	for _, c := range e.Children() {
		s, err := interpret(c, row)
		if err != nil {
			return s, err
		}
		in = append(in, s)
	}
	return interpretNode(e, in)
}

// junction ends at the first member that decides, as the evaluator does.
func junction(of []expr.Expr, row []vector.Scalar, decides int64) (vector.Scalar, error) {
	null := false
	for _, m := range of {
		s, err := interpret(m, row)
		switch {
		case err != nil:
			return s, err
		case s.Null:
			null = true
		case s.Int == decides:
			return vector.BoolOf(decides == 1), nil
		}
	}
	if null {
		return vector.NullOf(vector.Of(vector.Boolean)), nil
	}
	return vector.BoolOf(decides == 0), nil
}

func interpretNode(e expr.Expr, in []vector.Scalar) (vector.Scalar, error) {
	null := vector.NullOf(e.Type())
	switch e := e.(type) {
	case expr.IsNull:
		return vector.BoolOf(in[0].Null), nil
	case expr.In:
		return interpretIn(in), nil
	case expr.Compare:
		if e.Op == expr.NotDistinct {
			same := in[0].Null && in[1].Null || !in[0].Null && !in[1].Null && order(in[0], in[1]) == 0
			return vector.BoolOf(same), nil
		}
		if in[0].Null || in[1].Null {
			return null, nil
		}
		return vector.BoolOf(vector.Comparison(e.Op).Accepts(order(in[0], in[1]))), nil
	case expr.Cast:
		s, err := expr.CastScalar(in[0], e.To)
		if err != nil && e.Try {
			return null, nil
		}
		return s, err
	}
	for _, s := range in {
		if s.Null {
			return null, nil
		}
	}
	switch e := e.(type) {
	case expr.Not:
		return vector.BoolOf(in[0].Int == 0), nil
	case expr.Like:
		return vector.BoolOf(slowLike([]rune(in[0].Bytes), []rune(in[1].Bytes))), nil
	case expr.Arithmetic:
		return interpretArithmetic(e, in[0], in[1])
	}
	return null, errReference
}

func interpretIn(in []vector.Scalar) vector.Scalar {
	null := in[0].Null
	for _, m := range in[1:] {
		switch {
		case in[0].Null || m.Null:
			null = true
		case order(in[0], m) == 0:
			return vector.BoolOf(true)
		}
	}
	if null {
		return vector.NullOf(vector.Of(vector.Boolean))
	}
	return vector.BoolOf(false)
}

func order(a, b vector.Scalar) int {
	switch a.Type.Physical() {
	case vector.Float:
		return vector.CompareFloats(a.Float, b.Float)
	case vector.Bytes:
		return bytes.Compare([]byte(a.Bytes), []byte(b.Bytes))
	default:
		return bigScalar(a).Cmp(bigScalar(b))
	}
}

func bigScalar(s vector.Scalar) *big.Int {
	if s.Type.Kind == vector.Decimal || s.Type.Kind == vector.UInt64 {
		b := new(big.Int).Lsh(big.NewInt(s.Wide.Hi), 64)
		return b.Add(b, new(big.Int).SetUint64(s.Wide.Lo))
	}
	return big.NewInt(s.Int)
}

func slowLike(text, pattern []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '%':
		return slowLike(text, pattern[1:]) || len(text) > 0 && slowLike(text[1:], pattern)
	case len(text) == 0:
		return false
	default:
		return (pattern[0] == '_' || pattern[0] == text[0]) && slowLike(text[1:], pattern[1:])
	}
}

func interpretArithmetic(e expr.Arithmetic, x, y vector.Scalar) (vector.Scalar, error) {
	out := vector.Scalar{Type: e.Of}
	if e.Of.Physical() == vector.Float {
		a, b := x.Float, y.Float
		if e.Op >= expr.Divide && b == 0 {
			return vector.NullOf(e.Of), nil
		}
		out.Float = map[expr.ArithmeticOp]float64{
			expr.Add: a + b, expr.Subtract: a - b, expr.Multiply: a * b,
			expr.Divide: a / b, expr.Modulo: math.Mod(a, b),
		}[e.Op]
		return out, nil
	}
	a, b, r := bigScalar(x), bigScalar(y), new(big.Int)
	switch e.Op {
	case expr.Add:
		r.Add(a, b)
	case expr.Subtract:
		r.Sub(a, b)
	case expr.Multiply:
		r.Mul(a, b)
	default:
		if b.Sign() == 0 {
			return vector.NullOf(e.Of), nil
		}
		q, m := new(big.Int).QuoRem(a, b, new(big.Int))
		if r = q; e.Op == expr.Modulo {
			r = m
		}
	}
	if e.Of.Kind != vector.Decimal {
		out.Int = r.Int64()
		if !r.IsInt64() {
			return out, errReference
		}
		return out, nil
	}
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e.Of.Precision)), nil)
	if r.CmpAbs(limit) >= 0 {
		return out, errReference
	}
	low := new(big.Int).And(r, new(big.Int).SetUint64(math.MaxUint64))
	out.Wide = vector.Int128{Lo: low.Uint64(), Hi: new(big.Int).Rsh(r, 64).Int64()}
	return out, nil
}
