package vector

// PackedOf returns the list or struct of type t whose members are scalars of the members' types.
func PackedOf(t Type, members []Scalar) Scalar {
	var data []byte
	for _, m := range members {
		data = AppendScalarMember(data, m)
	}
	if t.Kind == List {
		data = append(data, packedEnd)
	}
	return Scalar{Type: t, Bytes: string(data)}
}

// AppendScalarMember appends a scalar as a member of a packed value.
func AppendScalarMember(dst []byte, s Scalar) []byte {
	if s.Null {
		return AppendNullMember(dst, s.Type)
	}
	return AppendMember(dst, new(Buffer).Fill(s, 1), 0)
}

// Members returns the members of a list or a struct that is not NULL: false when it is damaged.
func (s Scalar) Members() ([]Scalar, bool) {
	packed, ok := Members(nil, s.Type, []byte(s.Bytes))
	out := make([]Scalar, len(packed))
	for i, m := range packed {
		of := s.Type.Fields[0].Type
		if s.Type.Kind == Struct {
			of = s.Type.Fields[i].Type
		}
		b := NewBuilder(of)
		ok = b.AppendMember(m) && ok
		out[i] = b.Build().ScalarAt(0)
	}
	return out, ok
}
