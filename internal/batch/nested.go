package batch

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// childrenOf makes the collectors of a list's elements or a struct's members.
func childrenOf(of arrow.DataType, mem memory.Allocator) ([]*column, error) {
	var fields []arrow.Field
	switch t := of.(type) {
	case *arrow.ListType:
		fields = []arrow.Field{t.ElemField()}
	case *arrow.StructType:
		fields = t.Fields()
	default:
		return nil, sqlerr.NotSupported("a result column of type " + of.String())
	}
	children := make([]*column, len(fields))
	for i, f := range fields {
		var err error
		if children[i], err = newColumn(f.Type, mem); err != nil {
			return nil, err
		}
	}
	return children, nil
}

// appendNested appends the members of the chosen rows of packed lists or structs, which the server made itself: a
// damaged one has the members before the damage.
func (c *column) appendNested(v *vector.Vector, sel []uint16, n int) {
	c.unpacked.Unpack(v, sel)
	if c.of.ID() == arrow.STRUCT {
		for i, child := range c.children {
			child.append(c.unpacked.Children[i], sel, n)
		}
		return
	}
	if c.offsets.Len() == 0 {
		view[int32](grow(c.offsets, 4))[0] = 0
	}
	first, k := int32(c.children[0].rows), 0
	offsets := view[int32](grow(c.offsets, 4*n))
	eachRow(sel, n, func(i int) {
		offsets[k] = first + c.unpacked.Offsets[i+1]
		k++
	})
	elements := c.unpacked.Children[0]
	for from := 0; from < elements.Len; from += vector.ChunkRows {
		var some vector.Vector
		elements.Slice(&some, from, min(from+vector.ChunkRows, elements.Len))
		c.children[0].append(&some, nil, some.Len)
	}
}

// finishChildren hands out what is collected of the members.
func (c *column) finishChildren() []arrow.ArrayData {
	data := make([]arrow.ArrayData, len(c.children))
	for i, child := range c.children {
		a := child.finish()
		data[i] = a.Data()
		data[i].Retain()
		a.Release()
	}
	return data
}

// nestedOf returns the LIST of a list's elements, or the STRUCT of a struct's members.
func nestedOf(f arrow.Field) (vector.Type, error) {
	fields := []arrow.Field{}
	kind := vector.List
	switch t := f.Type.(type) {
	case *arrow.StructType:
		kind, fields = vector.Struct, t.Fields()
	case *arrow.ListType:
		fields = append(fields, t.ElemField())
	case *arrow.LargeListType:
		fields = append(fields, t.ElemField())
	case *arrow.FixedSizeListType:
		fields = append(fields, t.ElemField())
	case *arrow.MapType:
		fields = append(fields, t.ElemField())
	}
	if len(fields) == 0 {
		return vector.Type{}, unsupported(f)
	}
	out := vector.Type{Kind: kind}
	for _, m := range fields {
		of, err := TypeOf(m)
		if err != nil {
			return of, unsupported(f)
		}
		name := m.Name
		if kind == vector.List {
			name = "item"
		}
		out.Fields = append(out.Fields, vector.Field{Name: name, Type: of, Nullable: true})
	}
	return out, nil
}

// membersAt returns the members of row i of a list or a struct.
func membersAt(a arrow.Array, t vector.Type, row int) (vector.Scalar, error) {
	var members []vector.Scalar
	add := func(of arrow.Array, t vector.Type, i int) error {
		m, err := ScalarAt(of, t, i)
		members = append(members, m)
		return err
	}
	switch a := a.(type) {
	case *array.Struct:
		for i, f := range t.Fields {
			if err := add(a.Field(i), f.Type, row); err != nil {
				return vector.Scalar{}, err
			}
		}
	case array.ListLike:
		from, to := a.ValueOffsets(row)
		for i := from; i < to; i++ {
			if err := add(a.ListValues(), t.Element(), int(i)); err != nil {
				return vector.Scalar{}, err
			}
		}
	default:
		return vector.Scalar{}, unexpected(a, t)
	}
	return vector.PackedOf(t, members), nil
}

// structs packs rows [from, to).
func structs(a *array.Struct, t vector.Type, from, to int) (*vector.Vector, error) {
	members := make([]*vector.Vector, len(t.Fields))
	for i, f := range t.Fields {
		var err error
		if members[i], err = VectorOf(a.Field(i), f.Type, from, to); err != nil {
			return nil, err
		}
	}
	v := new(vector.Buffer).PackRows(t, members, to-from, nil)
	v.Valid = validity(a, from, to)
	return v, nil
}

// lists packs rows [from, to). The elements are read in pieces of a chunk's rows.
func lists(a array.ListLike, t vector.Type, from, to int) (*vector.Vector, error) {
	elements, b := a.ListValues(), vector.NewBuilder(t)
	var piece *vector.Vector
	var packed []byte
	first := 0 // the piece's in elements
	for row := from; row < to; row++ {
		if a.IsNull(row) {
			b.AppendNull()
			continue
		}
		packed = packed[:0]
		start, end := a.ValueOffsets(row)
		for i := int(start); i < int(end); i++ {
			if piece == nil || i < first || i >= first+piece.Len {
				first = i
				var err error
				piece, err = VectorOf(elements, t.Element(), i, min(i+vector.ChunkRows, elements.Len()))
				if err != nil {
					return nil, err
				}
			}
			packed = vector.AppendMember(packed, piece, i-first)
		}
		b.AppendBytes(vector.EndList(packed))
	}
	return b.Build(), nil
}

// damagedNested checks the offsets of lists, and what the members are made of.
func damagedNested(of arrow.DataType, d arrow.ArrayData) string {
	switch t := of.(type) {
	case *arrow.StructType:
		if len(d.Children()) != t.NumFields() {
			return fmt.Sprintf("a struct of %d members has %d", t.NumFields(), len(d.Children()))
		}
		for i, f := range t.Fields() {
			child := d.Children()[i]
			if child.Len() < d.Offset()+d.Len() {
				return fmt.Sprintf("member %q has %d values of %d", f.Name, child.Len(), d.Offset()+d.Len())
			}
			if damage := damageOf(f.Type, child); damage != "" {
				return damage
			}
		}
		return ""
	case *arrow.ListType:
		return damagedLists[int32](t.Elem(), d)
	case *arrow.MapType:
		return damagedLists[int32](t.Elem(), d)
	case *arrow.LargeListType:
		return damagedLists[int64](t.Elem(), d)
	case *arrow.FixedSizeListType:
		if n := int(t.Len()); len(d.Children()) != 1 || n > 0 && d.Children()[0].Len()/n < d.Offset()+d.Len() {
			return "lists of a fixed size have too few elements"
		}
		return damageOf(t.Elem(), d.Children()[0])
	default:
		return "nothing is known of the layout of " + of.String()
	}
}

func damagedLists[T int32 | int64](element arrow.DataType, d arrow.ArrayData) string {
	if len(d.Children()) != 1 {
		return "lists have no elements"
	}
	if damage := damagedOffsets[T](d, d.Children()[0].Len(), "a list"); damage != "" {
		return damage
	}
	return damageOf(element, d.Children()[0])
}
