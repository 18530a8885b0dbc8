package expr

import (
	"math/big"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// arithmetic evaluates one operator.
type arithmetic struct {
	of          Arithmetic
	left, right Evaluator
	b, narrow   vector.Buffer
	rows        []uint16
}

func compileArithmetic(e Arithmetic) (Evaluator, error) {
	left, err := compile(e.Left)
	if err != nil {
		return nil, err
	}
	right, err := compile(e.Right)
	if err != nil {
		return nil, err
	}
	a := &arithmetic{of: e, left: left, right: right, rows: newRows()}
	compute := a.integers
	switch {
	case e.Of.Physical() == vector.Float:
		if isWide(e.Left.Type()) || e.Left.Type().Physical() != vector.Float ||
			e.Right.Type().Physical() != vector.Float {
			double := vector.Of(vector.Float64)
			return compileArithmetic(Arithmetic{
				Op: e.Op, Of: e.Of,
				Left: Cast{Of: e.Left, To: double}, Right: Cast{Of: e.Right, To: double},
			})
		}
		compute = a.floats
	case isWide(e.Left.Type()) || isWide(e.Right.Type()):
		compute = a.decimals
	}
	return func(c *vector.Chunk, sel []uint16) (*vector.Vector, error) {
		x, err := left(c, sel)
		if err != nil {
			return nil, err
		}
		y, err := right(c, sel)
		if err != nil {
			return nil, err
		}
		v, err := compute(x, y, sel)
		if err == nil && !v.Type.Equal(e.Of) {
			v = a.narrow.Retyped(v, e.Of)
		}
		return v, err
	}, nil
}

func (a *arithmetic) outOfRange() error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "the result of %s does not fit %s", a.of, a.of.Of)
}

// quotient returns the way to divide of the three last operators.
func (a *arithmetic) quotient() vector.Quotient {
	return [...]vector.Quotient{vector.Divide, vector.Truncate, vector.Modulo}[a.of.Op-Divide]
}

func (a *arithmetic) floats(x, y *vector.Vector, sel []uint16) (*vector.Vector, error) {
	if a.of.Op >= Divide {
		how := a.quotient()
		if how == vector.Truncate {
			return nil, sqlerr.NotSupported("DIV of DOUBLE")
		}
		return a.b.DivideFloat(how, x, y, sel), nil
	}
	return a.b.ArithmeticFloat(vector.Operation(a.of.Op), x, y, sel), nil
}

func (a *arithmetic) integers(x, y *vector.Vector, sel []uint16) (*vector.Vector, error) {
	var v *vector.Vector
	var ok bool
	if a.of.Op >= Divide {
		v, ok = a.b.DivideInt(a.quotient(), x, y, sel)
	} else {
		v, ok = a.b.Arithmetic(vector.Operation(a.of.Op), x, y, sel)
	}
	lo, hi := a.of.Of.Limits()
	if !ok || !holdsRange(v, lo, hi, sel, a.rows) {
		return nil, a.outOfRange()
	}
	return v, nil
}

// holdsRange tells whether all chosen values of an Integer vector lie in [lo, hi], by its bounds if they prove it.
func holdsRange(v *vector.Vector, lo, hi int64, sel, rows []uint16) bool {
	return v.Lo >= lo && v.Hi <= hi ||
		len(vector.SelectRange(v, vector.Range{Lo: lo, Hi: hi, Negate: true}, sel, rows)) == 0
}

// decimals computes in 64 bits where the operands lie so and the result fits, else in 128.
func (a *arithmetic) decimals(x, y *vector.Vector, sel []uint16) (*vector.Vector, error) {
	narrow := x.Physical == vector.Integer && y.Physical == vector.Integer
	if a.of.Op >= Divide {
		return a.divideDecimals(x, y, narrow, sel)
	}
	op := vector.Operation(a.of.Op)
	if excess := a.excessScale(); excess > 0 {
		return a.multiplyRounded(x, y, excess, sel)
	}
	digits := int(a.of.Of.Precision)
	if narrow {
		if v, ok := a.b.Arithmetic(op, x, y, sel); ok {
			if lo, hi := a.of.Of.Limits(); !holdsRange(v, lo, hi, sel, a.rows) {
				return nil, a.outOfRange()
			}
			return v, nil
		}
	}
	v, ok := a.b.ArithmeticWide(op, x, y, vector.PowerOfTen(digits), sel)
	if !ok {
		return nil, a.outOfRange()
	}
	if digits <= 18 {
		v = narrowed(&a.narrow, v, sel)
	}
	return v, nil
}

// narrowed makes an Integer vector of a Wide one whose values fit.
func narrowed(b *vector.Buffer, v *vector.Vector, sel []uint16) *vector.Vector {
	out := b.Ints(v.Len)
	if sel == nil {
		sel = vector.All(v.Len)
	}
	for _, i := range sel {
		out[i] = int64(v.Wide(int(i)).Lo)
	}
	return b.IntVector(v.Type, out, v.Valid, vector.MinInt, vector.MaxInt)
}

func (a *arithmetic) divideDecimals(x, y *vector.Vector, narrow bool, sel []uint16) (*vector.Vector, error) {
	if narrow {
		if v, ok := a.b.DivideInt(a.quotient(), x, y, sel); ok {
			return v, nil
		}
		return nil, a.outOfRange()
	}
	v := a.b.DivideWide(a.quotient(), x, y, sel)
	if a.of.Of.Physical() == vector.Wide {
		return v, nil
	}
	lo, hi := a.of.Of.Limits()
	r := vector.WideRange{Lo: vector.Int128Of(lo), Hi: vector.Int128Of(hi), Negate: true}
	if len(vector.SelectWideRange(v, r, sel, a.rows)) > 0 {
		return nil, a.outOfRange()
	}
	return narrowed(&a.narrow, v, sel), nil
}

// excessScale returns how many digits after the point a product has above those of its type.
func (a *arithmetic) excessScale() int {
	if a.of.Op != Multiply {
		return 0
	}
	return int(a.of.Left.Type().Scale) + int(a.of.Right.Type().Scale) - int(a.of.Of.Scale)
}

// multiplyRounded multiplies decimals whose scales together are above 38, and rounds half away from zero.
func (a *arithmetic) multiplyRounded(x, y *vector.Vector, excess int, sel []uint16) (*vector.Vector, error) {
	valid := a.b.MergeValidity(x.Len, x, y)
	out := a.b.Wides(x.Len)
	if sel == nil {
		sel = vector.All(x.Len)
	}
	product := new(big.Int)
	for _, i := range sel {
		if x.IsNull(int(i)) || y.IsNull(int(i)) {
			continue
		}
		product.Mul(bigOf(x.Wide(int(i))), bigOf(y.Wide(int(i))))
		rounded, _ := scaleBig(product, -excess)
		r, ok := decimalOf(rounded, a.of.Of)
		if !ok {
			return nil, a.outOfRange()
		}
		out[i] = r
	}
	v := a.b.WideVector(a.of.Of, out, valid)
	if a.of.Of.Physical() == vector.Integer {
		v = narrowed(&a.narrow, v, sel)
	}
	return v, nil
}
