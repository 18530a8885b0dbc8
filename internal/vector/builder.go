package vector

// Builder makes a vector from values. It owns what it collects until Build hands that out.
type Builder struct {
	of       Type
	physical Physical
	len      int
	nulls    int
	valid    []uint64
	ints     []int64
	floats   []float64
	wides    []Int128
	offsets  []int32
	data     []byte
	bounds   Bounds
}

// NewBuilder returns a builder of flat vectors of a type.
func NewBuilder(t Type) *Builder {
	b := &Builder{of: t, physical: t.Physical()}
	b.reset()
	return b
}

func (b *Builder) reset() {
	*b = Builder{of: b.of, physical: b.physical, offsets: []int32{0}, bounds: Bounds{MaxInt, MinInt}}
}

// Len returns how many rows were appended since the last Build.
func (b *Builder) Len() int { return b.len }

// Bytes returns about how much memory the rows take.
func (b *Builder) Bytes() int {
	return 8*(len(b.ints)+len(b.floats)+len(b.valid)) + 16*len(b.wides) + 4*len(b.offsets) + len(b.data)
}

func (b *Builder) mark(valid bool) {
	if b.len&63 == 0 {
		b.valid = append(b.valid, 0)
	}
	if valid {
		b.valid[b.len>>6] |= 1 << (b.len & 63)
	} else {
		b.nulls++
	}
	b.len++
}

// AppendNull appends a NULL.
func (b *Builder) AppendNull() {
	b.mark(false)
	switch b.physical {
	case Integer:
		b.ints = append(b.ints, 0)
	case Float:
		b.floats = append(b.floats, 0)
	case Wide:
		b.wides = append(b.wides, Int128{})
	case Bytes:
		b.offsets = append(b.offsets, int32(len(b.data)))
	}
}

// AppendInt appends to an Integer or a Wide vector.
func (b *Builder) AppendInt(x int64) {
	if b.physical == Wide {
		b.AppendWide(Int128Of(x))
		return
	}
	b.mark(true)
	b.ints = append(b.ints, x)
	b.bounds.Lo, b.bounds.Hi = min(b.bounds.Lo, x), max(b.bounds.Hi, x)
}

// AppendBool appends to a vector of booleans.
func (b *Builder) AppendBool(x bool) {
	if x {
		b.AppendInt(1)
	} else {
		b.AppendInt(0)
	}
}

// AppendFloat appends to a Float vector.
func (b *Builder) AppendFloat(x float64) {
	b.mark(true)
	b.floats = append(b.floats, x)
}

// AppendWide appends to a Wide vector, or to an Integer one whose type bounds x to 64 bits.
func (b *Builder) AppendWide(x Int128) {
	if b.physical == Integer {
		b.AppendInt(int64(x.Lo))
		return
	}
	b.mark(true)
	b.wides = append(b.wides, x)
}

// AppendBytes appends a copy to a Bytes vector.
func (b *Builder) AppendBytes(x []byte) {
	b.mark(true)
	b.data = append(b.data, x...)
	b.offsets = append(b.offsets, int32(len(b.data)))
}

// AppendText appends to a Bytes vector.
func (b *Builder) AppendText(x string) {
	b.mark(true)
	b.data = append(b.data, x...)
	b.offsets = append(b.offsets, int32(len(b.data)))
}

// AppendInterval appends to an Interval vector.
func (b *Builder) AppendInterval(x Months) {
	b.mark(true)
	b.data = x.Append(b.data)
	b.offsets = append(b.offsets, int32(len(b.data)))
}

// AppendScalar appends a value of the builder's type, or a NULL of any.
func (b *Builder) AppendScalar(s Scalar) {
	switch {
	case s.Null:
		b.AppendNull()
	case b.of.Kind == Decimal || b.of.Kind == UInt64:
		b.AppendWide(s.Wide)
	case b.physical == Float:
		b.AppendFloat(s.Float)
	case b.of.Kind == Interval:
		b.AppendInterval(s.Interval)
	case b.physical == Bytes:
		b.AppendText(s.Bytes)
	default:
		b.AppendInt(s.Int)
	}
}

// Append appends the chosen rows of a vector of the builder's type; sel nil means all.
func (b *Builder) Append(v *Vector, sel []uint16) {
	if sel == nil {
		sel = All(v.Len)
	}
	for _, r := range sel {
		i := int(r)
		switch {
		case v.IsNull(i):
			b.AppendNull()
		case b.physical == Wide:
			b.AppendWide(v.Wide(i))
		case b.physical == Integer && v.Physical == Wide:
			b.AppendWide(v.Wide(i))
		case b.physical == Integer:
			b.AppendInt(v.Int(i))
		case b.physical == Float:
			b.AppendFloat(v.Float(i))
		default:
			b.AppendBytes(v.Bytes(i))
		}
	}
}

// Build returns a flat vector of all rows, with the tightest bounds, and starts anew. The vector is the caller's.
func (b *Builder) Build() *Vector {
	v := &Vector{Type: b.of, Physical: b.physical, Len: b.len, Lo: b.bounds.Lo, Hi: b.bounds.Hi}
	if b.nulls > 0 {
		v.Valid = b.valid
	}
	switch b.physical {
	case Integer:
		SetCodes(v, b.ints)
	case Float:
		SetCodes(v, b.floats)
	case Wide:
		SetCodes(v, b.wides)
	case Bytes:
		v.Offsets, v.Data = b.offsets, b.data
	}
	b.reset()
	return v
}

// Ints64 returns a flat vector of an Integer type over d, with the tightest bounds.
func Ints64(t Type, d ...int64) *Vector {
	b := NewBuilder(t)
	for _, x := range d {
		b.AppendInt(x)
	}
	return b.Build()
}

// TextsOf returns a flat vector of VARCHAR.
func TextsOf(d ...string) *Vector {
	b := NewBuilder(Of(Text))
	for _, x := range d {
		b.AppendText(x)
	}
	return b.Build()
}

// ScalarsOf returns a flat vector of a type from scalars of it.
func ScalarsOf(t Type, d ...Scalar) *Vector {
	b := NewBuilder(t)
	for _, x := range d {
		b.AppendScalar(x)
	}
	return b.Build()
}
