package vector

// Buffer is the memory of one evaluator or kernel: the result vector it hands out, valid until its next use, and
// what that is made of. Its parts are made when first used. The zero value is ready.
type Buffer struct {
	out     Vector
	valid   []uint64
	codes   []uint8
	ints    []int64
	floats  []float64
	wides   []Int128
	months  []Months
	offsets []int32
	data    []byte
	x, y    []int64 // operands of an arithmetic kernel, widened
	fx, fy  []float64

	constants *Dictionary // of the constant texts last assembled, and each part's code in it
	codeOf    []uint8
}

func grown[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, max(n, ChunkRows))
	}
	return (*s)[:n]
}

// Validity returns room for the validity of n rows, with old content.
func (b *Buffer) Validity(n int) []uint64 { return grown(&b.valid, (n+63)/64) }

// AllValid returns the validity of n rows without NULLs, to clear bits in.
func (b *Buffer) AllValid(n int) []uint64 {
	valid := b.Validity(n)
	for i := range valid {
		valid[i] = ^uint64(0)
	}
	return valid
}

// Codes returns room for n one-byte codes, with old content.
func (b *Buffer) Codes(n int) []uint8 { return grown(&b.codes, n) }

// Ints returns room for n integers, with old content.
func (b *Buffer) Ints(n int) []int64 { return grown(&b.ints, n) }

// Floats returns room for n floats, with old content.
func (b *Buffer) Floats(n int) []float64 { return grown(&b.floats, n) }

// Wides returns room for n 128-bit integers, with old content.
func (b *Buffer) Wides(n int) []Int128 { return grown(&b.wides, n) }

// Intervals returns room for n intervals, with old content.
func (b *Buffer) Intervals(n int) []Months { return grown(&b.months, n) }

// Texts returns room for the n+1 offsets of texts, with old content, and the empty bytes to append to.
func (b *Buffer) Texts(n int) (offsets []int32, data []byte) {
	return grown(&b.offsets, n+1), b.data[:0]
}

// IntVector makes d, whose chosen non-NULL values lie in [lo, hi], the result.
func (b *Buffer) IntVector(t Type, d []int64, valid []uint64, lo, hi int64) *Vector {
	b.out = Vector{Type: t, Valid: valid, Lo: lo, Hi: hi}
	SetCodes(&b.out, d)
	return &b.out
}

// BoolVector makes d, of zeros and ones, the result.
func (b *Buffer) BoolVector(d []uint8, valid []uint64) *Vector {
	b.out = Vector{Type: Of(Boolean), Encoding: Frame, Valid: valid, Scale: 1, Hi: 1}
	SetCodes(&b.out, d)
	return &b.out
}

// FloatVector makes d the result.
func (b *Buffer) FloatVector(t Type, d []float64, valid []uint64) *Vector {
	b.out = Vector{Type: t, Physical: Float, Valid: valid}
	SetCodes(&b.out, d)
	return &b.out
}

// WideVector makes d the result.
func (b *Buffer) WideVector(t Type, d []Int128, valid []uint64) *Vector {
	b.out = Vector{Type: t, Physical: Wide, Valid: valid}
	SetCodes(&b.out, d)
	return &b.out
}

// IntervalVector makes d the result.
func (b *Buffer) IntervalVector(d []Months, valid []uint64) *Vector {
	offsets, data := b.Texts(len(d))
	for i, m := range d {
		offsets[i] = int32(len(data))
		data = m.Append(data)
	}
	offsets[len(d)] = int32(len(data))
	return b.TextVector(Of(Interval), offsets, data, valid)
}

// TextVector makes the texts that offsets cut data into the result, and keeps data's room for the next call.
func (b *Buffer) TextVector(t Type, offsets []int32, data []byte, valid []uint64) *Vector {
	b.data = data
	b.out = Vector{Type: t, Physical: Bytes, Valid: valid, Len: len(offsets) - 1, Offsets: offsets, Data: data}
	return &b.out
}

// Retyped makes a view of v under another type the result: the values are the same.
func (b *Buffer) Retyped(v *Vector, t Type) *Vector {
	b.out = *v
	b.out.Type = t
	return &b.out
}

// Fill makes n rows of the value s the result.
func (b *Buffer) Fill(s Scalar, n int) *Vector {
	b.out = Vector{Type: s.Type, Physical: s.Type.Physical(), Encoding: Constant, Len: n}
	v := &b.out
	if s.Null {
		v.Valid, v.Lo, v.Hi = NoneValid(n), MaxInt, MinInt
		if v.Physical == Wide { // no value is no value too wide
			v.Physical = Integer
		}
		v.Dictionary = &Dictionary{Values: [][]byte{nil}}
		return v
	}
	switch v.Physical {
	case Integer:
		v.Base = s.Int
		if s.Type.Kind == Decimal {
			v.Base = int64(s.Wide.Lo)
		}
		v.Lo, v.Hi = v.Base, v.Base
	case Float:
		v.Real = s.Float
	case Wide:
		v.Big = s.Wide
		if x, ok := s.Wide.Int64(); ok { // narrow where it fits, so that arithmetic stays narrow
			v.Physical, v.Base, v.Lo, v.Hi = Integer, x, x, x
		}
	case Bytes:
		value := []byte(s.Bytes)
		if s.Type.Kind == Interval {
			value = s.Interval.Append(nil)
		}
		v.Dictionary = &Dictionary{Values: [][]byte{value}}
	}
	return v
}

// ScalarAt returns the value of row i.
func (v *Vector) ScalarAt(i int) Scalar {
	s := Scalar{Type: v.Type, Null: v.IsNull(i)}
	if s.Null {
		return s
	}
	switch v.Physical {
	case Integer:
		s.Int = v.Int(i)
		if v.Type.Kind == Decimal || v.Type.Kind == UInt64 {
			s.Wide, s.Int = Int128Of(s.Int), 0
		}
	case Float:
		s.Float = v.Float(i)
	case Wide:
		s.Wide = v.Wide(i)
	case Bytes:
		if v.Type.Kind == Interval {
			s.Interval = v.Interval(i)
		} else {
			s.Bytes = string(v.Bytes(i))
		}
	}
	return s
}

// Interval returns the value of row i of an Interval vector; of a NULL row anything.
func (v *Vector) Interval(i int) Months { return MonthsOf(v.Bytes(i)) }
