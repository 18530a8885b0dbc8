package expr

import (
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// cast converts vectors as CastScalar does values. The casts that move no more than a frame, and those between
// numbers, have kernels; the others convert value by value.
type cast struct {
	of       Cast
	from, to vector.Type
	b, step  vector.Buffer
	factor   *vector.Vector // of the casts that multiply
	rows     []uint16
	builder  *vector.Builder
}

func compileCast(e Cast) (Evaluator, error) {
	value, err := compile(e.Of)
	if err != nil {
		return nil, err
	}
	from := e.Of.Type()
	switch {
	case from.Equal(e.To):
		return value, nil
	case !CanCast(from, e.To):
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "%s can't be cast to %s", from, e.To)
	case from.Kind == vector.Unknown:
		return constant(vector.NullOf(e.To)), nil
	}
	k := &cast{of: e, from: from, to: e.To, rows: newRows(), builder: vector.NewBuilder(e.To)}
	convert := k.convert()
	if from.IsNested() && e.To.IsNested() {
		if convert, err = k.castNested(); err != nil {
			return nil, err
		}
	}
	return func(c *vector.Chunk, sel []uint16) (*vector.Vector, error) {
		v, err := value(c, sel)
		if err != nil {
			return nil, err
		}
		if v.IsConstantNull() {
			return k.b.Fill(vector.NullOf(e.To), c.Len), nil
		}
		return convert(v, sel)
	}, nil
}

// convert chooses the kernel. Types of which every value fits are only renamed.
func (k *cast) convert() func(v *vector.Vector, sel []uint16) (*vector.Vector, error) {
	f, t := k.from, k.to
	exact := f.IsInteger() || f.Kind == vector.Decimal || f.Kind == vector.Boolean
	switch {
	case f.Physical() == vector.Float && t.Kind == vector.Float64,
		f.Kind == vector.Text && t.Kind == vector.Binary,
		f.Kind == vector.JSON && t.Kind == vector.Text, f.Kind == vector.UUID && t.Kind == vector.Binary:
		return k.rename
	case exact && t.Kind == vector.Float64:
		return k.toFloat
	case exact && (t.IsInteger() || t.Kind == vector.Decimal) && t.Scale >= f.Scale:
		k.factor = new(vector.Buffer).Fill(vector.DecimalOf(vector.DecimalType(38, 0),
			vector.PowerOfTen(int(t.Scale-f.Scale))), 0)
		return k.grow
	case exact && (t.IsInteger() || t.Kind == vector.Decimal):
		return k.shrink
	case f.Kind == vector.Date && t.Kind == vector.Timestamp:
		return k.multiply(86400 * UnitsPerSecond(t))
	case f.Kind == t.Kind && (f.Kind == vector.Timestamp || f.Kind == vector.Time) && t.Precision >= f.Precision:
		return k.multiply(UnitsPerSecond(t) / UnitsPerSecond(f))
	default:
		return k.scalars
	}
}

func (k *cast) rename(v *vector.Vector, _ []uint16) (*vector.Vector, error) {
	return k.b.Retyped(v, k.to), nil
}

// toFloat converts exactly rounded: a quotient of two doubles that are exact is.
func (k *cast) toFloat(v *vector.Vector, sel []uint16) (*vector.Vector, error) {
	const exactInt, exactPower = 1 << 53, 22
	scale := int(k.from.Scale)
	if scale > 0 && (v.Physical == vector.Wide || scale > exactPower || v.Lo < -exactInt || v.Hi > exactInt) {
		return k.scalars(v, sel)
	}
	if sel == nil {
		sel = vector.All(v.Len)
	}
	out, divisor := k.b.Floats(v.Len), vector.PowerOfTen(min(scale, exactPower)).Float64()
	if v.Physical == vector.Wide {
		for _, i := range sel {
			out[i] = v.Wide(int(i)).Float64()
		}
		return k.b.FloatVector(k.to, out, v.Valid), nil
	}
	ints := vector.IntsInPlace(v, sel, k.b.Ints(v.Len))
	for _, i := range sel {
		out[i] = float64(ints[i]) / divisor
	}
	return k.b.FloatVector(k.to, out, v.Valid), nil
}

// grow converts between integers and decimals without losing digits: times a power of ten, then a test of range.
func (k *cast) grow(v *vector.Vector, sel []uint16) (*vector.Vector, error) {
	original := v
	if k.to.Scale > k.from.Scale {
		var ok bool
		if v, ok = k.scaled(v, sel); !ok {
			return k.scalars(original, sel)
		}
	}
	return k.fitted(v, original, sel)
}

// shrink rounds decimals to fewer digits after the point, half away from zero.
func (k *cast) shrink(v *vector.Vector, sel []uint16) (*vector.Vector, error) {
	if v.Encoding == vector.Constant {
		return k.scalars(v, sel)
	}
	rows := sel
	if rows == nil {
		rows = vector.All(v.Len)
	}
	unit := vector.PowerOfTen(int(k.from.Scale - k.to.Scale))
	if u, ok := unit.Int64(); ok && v.Physical == vector.Integer {
		out := k.step.Ints(v.Len)
		roundInts(vector.IntsInPlace(v, sel, k.b.Ints(v.Len)), u, rows, out)
		return k.fitted(k.step.IntVector(k.from, out, v.Valid, vector.MinInt, vector.MaxInt), v, sel)
	}
	out := k.step.Wides(v.Len)
	roundWides(v, unit, rows, out)
	return k.fitted(k.step.WideVector(k.from, out, v.Valid), v, sel)
}

// fitted makes the target's type of values that have its scale; original is what they were made of.
func (k *cast) fitted(v, original *vector.Vector, sel []uint16) (*vector.Vector, error) {
	var fits bool
	lo, hi := k.limits()
	if v.Physical == vector.Integer {
		l, okLo := lo.Int64()
		h, okHi := hi.Int64()
		if !okLo {
			l = vector.MinInt
		}
		if !okHi {
			h = vector.MaxInt
		}
		fits = holdsRange(v, l, h, sel, k.rows)
	} else {
		fits = len(vector.SelectWideRange(v, vector.WideRange{Lo: lo, Hi: hi, Negate: true}, sel, k.rows)) == 0
	}
	if !fits {
		return k.scalars(original, sel) // it knows which value to name, or to make NULL
	}
	if v.Physical == vector.Wide && k.to.Physical() == vector.Integer {
		return narrowed(&k.b, k.step.Retyped(v, k.to), sel), nil
	}
	r := k.b.Retyped(v, k.to)
	if k.to.Physical() == vector.Integer {
		k.clamp(r)
	}
	return r, nil
}

// clamp tightens bounds to what the range test has proven; a frame over codes keeps its own, which its NULL code needs.
func (k *cast) clamp(r *vector.Vector) {
	if lo, hi := k.to.Limits(); !r.NullCode {
		r.Lo, r.Hi = max(r.Lo, lo), min(r.Hi, hi)
	}
}

func (k *cast) scaled(v *vector.Vector, sel []uint16) (*vector.Vector, bool) {
	k.factor.Len = v.Len
	if v.Physical == vector.Integer && k.factor.Physical == vector.Integer {
		if r, ok := k.step.Arithmetic(vector.Multiply, v, k.factor, sel); ok {
			return r, true
		}
	}
	return k.step.ArithmeticWide(vector.Multiply, v, k.factor, vector.PowerOfTen(vector.MaxDecimalDigits), sel)
}

// limits returns the least and greatest value of the target.
func (k *cast) limits() (lo, hi vector.Int128) {
	one := vector.Int128Of(1)
	switch k.to.Kind {
	case vector.UInt64:
		return vector.Int128{}, vector.Int128{Lo: 1<<64 - 1}
	case vector.Decimal:
		hi, _ = vector.PowerOfTen(int(k.to.Precision)).Sub(one)
		return hi.Neg(), hi
	default:
		l, h := k.to.Limits()
		return vector.Int128Of(l), vector.Int128Of(h)
	}
}

// multiply converts times to a finer unit.
func (k *cast) multiply(by int64) func(v *vector.Vector, sel []uint16) (*vector.Vector, error) {
	k.factor = new(vector.Buffer).Fill(vector.IntOf(vector.Of(vector.Int64), by), 0)
	return func(v *vector.Vector, sel []uint16) (*vector.Vector, error) {
		k.factor.Len = v.Len
		r, ok := k.step.Arithmetic(vector.Multiply, v, k.factor, sel)
		if !ok {
			return k.scalars(v, sel)
		}
		return k.b.Retyped(r, k.to), nil
	}
}

// scalars converts value by value, a constant once.
func (k *cast) scalars(v *vector.Vector, sel []uint16) (*vector.Vector, error) {
	if sel == nil {
		sel = vector.All(v.Len)
	}
	if v.Encoding == vector.Constant && v.Valid == nil && len(sel) > 0 {
		return k.once(v)
	}
	next := 0
	for i := range v.Len {
		if next == len(sel) || int(sel[next]) != i || v.IsNull(i) {
			if next < len(sel) && int(sel[next]) == i {
				next++
			}
			k.builder.AppendNull()
			continue
		}
		next++
		s := v.ScalarAt(i)
		s.Type = k.from
		out, err := CastScalar(s, k.to)
		switch {
		case err == nil:
			k.builder.AppendScalar(out)
		case k.of.Try:
			k.builder.AppendNull()
		default:
			k.builder.AppendNull()
			k.builder.Build()
			return nil, err
		}
	}
	return k.builder.Build(), nil
}

// once converts a constant without NULLs.
func (k *cast) once(v *vector.Vector) (*vector.Vector, error) {
	s := v.ScalarAt(0)
	s.Type = k.from
	out, err := CastScalar(s, k.to)
	if err != nil && k.of.Try {
		out, err = vector.NullOf(k.to), nil
	}
	return k.b.Fill(out, v.Len), err
}
