package vector

// AppendMember appends row i of a vector as a member of a packed value of type t, the vector's own.
func AppendMember(dst []byte, v *Vector, i int) []byte {
	if v.IsNull(i) {
		return AppendNullMember(dst, v.Type)
	}
	return appendPacked(append(dst, packedValue), v, i)
}

func appendPacked(dst []byte, v *Vector, i int) []byte {
	switch t := v.Type; t.Kind {
	case Float32, Float64:
		return appendPackedInt(dst, FloatKey(v.Float(i)), t)
	case Text, Binary, JSON:
		return appendPackedBytes(dst, v.Bytes(i))
	case UUID, Interval, List, Struct:
		return append(dst, v.Bytes(i)...)
	case UInt64:
		return appendPackedWide(dst, v.Wide(i))
	case Decimal:
		if t.Precision > 18 {
			return appendPackedWide(dst, v.Wide(i))
		}
		if v.Physical == Wide {
			return appendPackedInt(dst, int64(v.Wide(i).Lo), t)
		}
		return appendPackedInt(dst, v.Int(i), t)
	case Unknown:
		return append(dst, 0)
	default:
		return appendPackedInt(dst, v.Int(i), t)
	}
}

// PackLists makes lists of type t the result: row i has the elements [offsets[i], offsets[i+1]) of child, whose type
// is the element's.
func (b *Buffer) PackLists(t Type, offsets []int32, child *Vector, valid []uint64) *Vector {
	n := len(offsets) - 1
	ends, data := b.Texts(n)
	for i := range n {
		ends[i] = int32(len(data))
		for k := offsets[i]; k < offsets[i+1]; k++ {
			data = AppendMember(data, child, int(k))
		}
		data = append(data, packedEnd)
	}
	ends[n] = int32(len(data))
	return b.TextVector(t, ends, data, valid)
}

// PackRows makes packed values of type t the result: row i of the chosen ones is a list or struct of row i of each
// of the members.
func (b *Buffer) PackRows(t Type, members []*Vector, n int, sel []uint16) *Vector {
	if sel == nil {
		sel = All(n)
	}
	ends, data := b.Texts(n)
	next := 0
	for i := range n {
		ends[i] = int32(len(data))
		if next == len(sel) || int(sel[next]) != i {
			continue
		}
		next++
		for _, m := range members {
			data = AppendMember(data, m, i)
		}
		if t.Kind == List {
			data = append(data, packedEnd)
		}
	}
	ends[n] = int32(len(data))
	return b.TextVector(t, ends, data, nil)
}

// AppendMember appends a member of a packed value whose type is the builder's: false, and NULL, when it is damaged.
func (b *Builder) AppendMember(m Member) bool {
	if m.IsNull() {
		b.AppendNull()
		return len(m) == packedWidth(b.of)+1 && m[0] == packedNull
	}
	end, ok := PackedEnd(b.of, m[1:])
	if !ok || end != len(m)-1 {
		b.AppendNull()
		return false
	}
	b.appendPacked(m[1:])
	return true
}

func (b *Builder) appendPacked(p []byte) {
	switch b.of.Kind {
	case Float32, Float64:
		b.AppendFloat(KeyFloat(packedInt(p, b.of)))
	case Text, Binary, JSON:
		text, _, _ := packedBytes(p)
		b.AppendBytes(text)
	case UUID, Interval, List, Struct:
		b.AppendBytes(p)
	case UInt64:
		b.AppendWide(packedWide(p))
	case Decimal:
		if b.of.Precision > 18 {
			b.AppendWide(packedWide(p))
		} else {
			b.AppendInt(packedInt(p, b.of))
		}
	case Unknown:
		b.AppendNull()
	default:
		b.AppendInt(packedInt(p, b.of))
	}
}

// Unpacked is a column of lists as offsets into their elements, or of structs as one child for each member.
type Unpacked struct {
	Offsets  []int32 // of lists: row i has the elements [Offsets[i], Offsets[i+1])
	Children []*Vector
	members  []Member
}

// Unpack makes nested vectors of the chosen rows of packed ones; NULLs and rows that are not chosen have no elements,
// or NULL members. It returns false when a value is damaged.
func (u *Unpacked) Unpack(v *Vector, sel []uint16) bool {
	builders := make([]*Builder, len(v.Type.Fields))
	for i, f := range v.Type.Fields {
		builders[i] = NewBuilder(f.Type)
	}
	u.Offsets = append(u.Offsets[:0], 0)
	if sel == nil {
		sel = All(v.Len)
	}
	whole, next := true, 0
	for i := range v.Len {
		chosen := next < len(sel) && int(sel[next]) == i
		if chosen {
			next++
		}
		u.members = u.members[:0]
		if chosen && !v.IsNull(i) {
			var ok bool
			u.members, ok = Members(u.members, v.Type, v.Bytes(i))
			whole = whole && ok
		}
		whole = u.append(builders, v.Type) && whole
		u.Offsets = append(u.Offsets, int32(builders[0].Len()))
	}
	u.Children = u.Children[:0]
	for _, b := range builders {
		u.Children = append(u.Children, b.Build())
	}
	return whole
}

func (u *Unpacked) append(builders []*Builder, t Type) bool {
	whole := true
	if t.Kind == List {
		for _, m := range u.members {
			whole = builders[0].AppendMember(m) && whole
		}
		return whole
	}
	for i, b := range builders {
		if i < len(u.members) {
			whole = b.AppendMember(u.members[i]) && whole
		} else {
			b.AppendNull()
		}
	}
	return whole
}

// AppendIntMember appends a BIGINT as a member of a packed value.
func AppendIntMember(dst []byte, x int64) []byte {
	return appendPackedInt(append(dst, packedValue), x, Type{Kind: Int64})
}

// AppendTextMember appends a text as a member of a packed value.
func AppendTextMember(dst, text []byte) []byte {
	return appendPackedBytes(append(dst, packedValue), text)
}
