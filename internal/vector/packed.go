package vector

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// Intervals, lists and structs lie packed: one string of bytes a row, whose order as bytes is the order of the
// values. So every operator that keeps, hashes, sorts or spills texts does the same with them. The parts of
// a packed value, one after the other:
//
//	numbers, dates, times  big-endian, the sign turned; floats as FloatKey
//	texts, binaries        the bytes, 0 as 00 FF, then 00 00
//	UUID                   its 16 bytes
//	INTERVAL               its length in nanoseconds as 12 bytes, months, days as 4 each
//	LIST                   each element after a mark, then 00
//	STRUCT                 each member after a mark
//
// The mark is 01 before a value and 02 for NULL, which is therefore greater than all values and equal to itself. A NULL
// takes as many bytes as a value where those all take the same, so that such lists are indexed without a search.
const (
	packedEnd   = 0x00
	packedValue = 0x01
	packedNull  = 0x02
)

// Sizes of packed values, and the unit of an interval's length.
const (
	intervalBytes = 20
	dayNanos      = 24 * 3600 * 1_000_000_000
)

// IsNested tells whether t has members: a LIST or a STRUCT.
func (t Type) IsNested() bool { return t.Kind == List || t.Kind == Struct }

// Element returns the type of a LIST's elements.
func (t Type) Element() Type { return t.Fields[0].Type }

// ListOf returns the LIST of a type, whose elements may be NULL.
func ListOf(t Type) Type {
	return Type{Kind: List, Fields: []Field{{Name: "item", Type: t, Nullable: true}}}
}

// StructOf returns the STRUCT of members, which may be NULL.
func StructOf(names []string, types []Type) Type {
	t := Type{Kind: Struct, Fields: make([]Field, len(types))}
	for i := range types {
		t.Fields[i] = Field{Name: names[i], Type: types[i], Nullable: true}
	}
	return t
}

// packedWidth returns how many bytes every value of t takes, and 0 where they differ.
func packedWidth(t Type) int {
	switch t.Kind {
	case Boolean, Int8, UInt8:
		return 1
	case Int16, UInt16:
		return 2
	case Int32, UInt32, Date:
		return 4
	case Decimal:
		if t.Precision > 18 {
			return 16
		}
		return 8
	case UInt64, UUID:
		return 16
	case Interval:
		return intervalBytes
	case Text, Binary, JSON, List, Struct:
		return 0
	case Unknown:
		return 1
	default:
		return 8
	}
}

// signBit is what turns the order of negative numbers, of whole types; unsigned ones and booleans have none.
func signBit(t Type, width int) uint64 {
	if t.Kind == Boolean || t.Kind >= UInt8 && t.Kind <= UInt32 {
		return 0
	}
	return 1 << (8*width - 1)
}

func appendPackedInt(dst []byte, x int64, t Type) []byte {
	width := packedWidth(t)
	u := uint64(x) ^ signBit(t, width)
	switch width {
	case 1:
		return append(dst, byte(u))
	case 2:
		return binary.BigEndian.AppendUint16(dst, uint16(u))
	case 4:
		return binary.BigEndian.AppendUint32(dst, uint32(u))
	default:
		return binary.BigEndian.AppendUint64(dst, u)
	}
}

func packedInt(p []byte, t Type) int64 {
	width := packedWidth(t)
	var u uint64
	switch width {
	case 1:
		u = uint64(p[0])
	case 2:
		u = uint64(binary.BigEndian.Uint16(p))
	case 4:
		u = uint64(binary.BigEndian.Uint32(p))
	default:
		u = binary.BigEndian.Uint64(p)
	}
	sign := signBit(t, width)
	if u ^= sign; u&sign != 0 { // negative: extend the sign
		u |= ^uint64(0) << (8*width - 1)
	}
	return int64(u)
}

func appendPackedWide(dst []byte, x Int128) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.Hi)^1<<63)
	return binary.BigEndian.AppendUint64(dst, x.Lo)
}

func packedWide(p []byte) Int128 {
	return Int128{Hi: int64(binary.BigEndian.Uint64(p) ^ 1<<63), Lo: binary.BigEndian.Uint64(p[8:])}
}

// Length returns the nanoseconds of an interval with days of 24 hours and months of 30 days: less than 2^83.
func (m Months) Length() Int128 {
	days, _ := Int128Of(int64(m.Months)*30 + int64(m.Days)).Mul(Int128Of(dayNanos))
	sum, _ := days.Add(Int128Of(m.Nanos))
	return sum
}

// Justified returns the interval of the same length whose time is less than a day and whose days are less than 30, all
// of one sign; what is too long for months stays days, and what is too long for those time.
func (m Months) Justified() Months {
	days := int64(m.Months)*30 + int64(m.Days) + m.Nanos/dayNanos
	nanos := m.Nanos % dayNanos
	switch {
	case days > 0 && nanos < 0:
		days, nanos = days-1, nanos+dayNanos
	case days < 0 && nanos > 0:
		days, nanos = days+1, nanos-dayNanos
	}
	months := min(max(days/30, math.MinInt32), math.MaxInt32)
	days -= months * 30
	rest := min(max(days, math.MinInt32), math.MaxInt32)
	return Months{Months: int32(months), Days: int32(rest), Nanos: nanos + (days-rest)*dayNanos}
}

// Append appends the interval packed.
func (m Months) Append(dst []byte) []byte {
	n := m.Length()
	dst = binary.BigEndian.AppendUint32(dst, uint32(n.Hi)^1<<31)
	dst = binary.BigEndian.AppendUint64(dst, n.Lo)
	dst = binary.BigEndian.AppendUint32(dst, uint32(m.Months)^1<<31)
	return binary.BigEndian.AppendUint32(dst, uint32(m.Days)^1<<31)
}

// MonthsOf reads a packed interval; of too few bytes none.
func MonthsOf(p []byte) Months {
	if len(p) < intervalBytes {
		return Months{}
	}
	m := Months{
		Months: int32(binary.BigEndian.Uint32(p[12:]) ^ 1<<31),
		Days:   int32(binary.BigEndian.Uint32(p[16:]) ^ 1<<31),
	}
	rest := m.Length().Neg()
	length := Int128{Hi: int64(int32(binary.BigEndian.Uint32(p) ^ 1<<31)), Lo: binary.BigEndian.Uint64(p[4:])}
	sum, _ := length.Add(rest)
	m.Nanos = int64(sum.Lo)
	return m
}

// IntervalLength returns the part of a packed interval that says how long it is: intervals are equal when these are.
func IntervalLength(p []byte) []byte { return p[:min(len(p), 12)] }

func appendPackedBytes(dst, x []byte) []byte {
	for {
		zero := bytes.IndexByte(x, 0)
		if zero < 0 {
			return append(append(dst, x...), 0, 0)
		}
		dst = append(append(dst, x[:zero+1]...), 0xff)
		x = x[zero+1:]
	}
}

// packedBytes returns the end of a packed text within p, and its bytes, which are p's where they hold no 0.
func packedBytes(p []byte) (text []byte, end int, ok bool) {
	var copied []byte
	for from := 0; ; {
		zero := bytes.IndexByte(p[from:], 0)
		if zero < 0 || from+zero+1 >= len(p) {
			return nil, 0, false
		}
		zero += from
		switch {
		case p[zero+1] != 0:
			copied = append(append(copied, p[from:zero]...), 0)
		case copied == nil:
			return p[:zero], zero + 2, true
		default:
			return append(copied, p[from:zero]...), zero + 2, true
		}
		from = zero + 2
	}
}

// PackedEnd returns how many bytes the value of t at the start of p takes: false when p is damaged.
func PackedEnd(t Type, p []byte) (int, bool) {
	if w := packedWidth(t); w > 0 {
		return w, len(p) >= w
	}
	switch t.Kind {
	case List:
		return listEnd(t.Element(), p)
	case Struct:
		end := 0
		for _, f := range t.Fields {
			n, ok := memberEnd(f.Type, p[end:])
			if !ok {
				return 0, false
			}
			end += n
		}
		return end, true
	default:
		_, end, ok := packedBytes(p)
		return end, ok
	}
}

// memberEnd returns how many bytes a mark and what follows it take.
func memberEnd(t Type, p []byte) (int, bool) {
	if len(p) == 0 || p[0] != packedValue && p[0] != packedNull {
		return 0, false
	}
	w := packedWidth(t)
	switch {
	case w > 0:
		return w + 1, len(p) > w
	case p[0] == packedNull:
		return 1, true
	}
	n, ok := PackedEnd(t, p[1:])
	return n + 1, ok
}

// AppendNullMember appends a NULL of a type.
func AppendNullMember(dst []byte, t Type) []byte {
	dst = append(dst, packedNull)
	for range packedWidth(t) {
		dst = append(dst, 0)
	}
	return dst
}

// Length returns the number of elements of a packed list: false when it is damaged.
func Length(t Type, p []byte) (int, bool) {
	if w := packedWidth(t.Element()); w > 0 {
		return len(p) / (w + 1), len(p)%(w+1) == 1
	}
	n := 0
	for len(p) > 0 && p[0] != packedEnd {
		end, ok := memberEnd(t.Element(), p)
		if !ok {
			return n, false
		}
		n, p = n+1, p[end:]
	}
	return n, len(p) == 1
}

// ElementAt returns element i, from 0, of a packed list: nil when it has none.
func ElementAt(t Type, p []byte, i int) Member {
	if w := packedWidth(t.Element()); w > 0 {
		if i >= len(p)/(w+1) {
			return nil
		}
		return Member(p[i*(w+1) : (i+1)*(w+1)])
	}
	for ; len(p) > 0 && p[0] != packedEnd; i-- {
		end, ok := memberEnd(t.Element(), p)
		switch {
		case !ok:
			return nil
		case i == 0:
			return p[:end]
		}
		p = p[end:]
	}
	return nil
}

func listEnd(element Type, p []byte) (int, bool) {
	end := 0
	for end < len(p) {
		if p[end] == packedEnd {
			return end + 1, true
		}
		n, ok := memberEnd(element, p[end:])
		if !ok {
			return 0, false
		}
		end += n
	}
	return 0, false
}

// A Member is an element of a packed list or a member of a packed struct, its mark included.
type Member []byte

// IsNull tells whether the member is NULL.
func (m Member) IsNull() bool { return len(m) == 0 || m[0] != packedValue }

// Members cuts a packed list or struct into its members, which it appends to out: false when p is damaged.
func Members(out []Member, t Type, p []byte) ([]Member, bool) {
	if t.Kind == Struct {
		for _, f := range t.Fields {
			n, ok := memberEnd(f.Type, p)
			if !ok {
				return out, false
			}
			out, p = append(out, p[:n]), p[n:]
		}
		return out, len(p) == 0
	}
	element := t.Element()
	for len(p) > 0 && p[0] != packedEnd {
		n, ok := memberEnd(element, p)
		if !ok {
			return out, false
		}
		out, p = append(out, p[:n]), p[n:]
	}
	return out, len(p) == 1
}

// Elements returns the elements of a packed list, without its end.
func Elements(p []byte) []byte { return p[:max(len(p)-1, 0)] }

// EndList ends a packed list whose elements dst holds.
func EndList(dst []byte) []byte { return append(dst, packedEnd) }

// AppendMembers appends a packed list or struct of members.
func AppendMembers(dst []byte, t Type, members []Member) []byte {
	for _, m := range members {
		dst = append(dst, m...)
	}
	if t.Kind == List {
		dst = append(dst, packedEnd)
	}
	return dst
}

// HasInterval tells whether t is an INTERVAL or has one among its members, at any depth.
func (t Type) HasInterval() bool {
	return t.Kind == Interval || slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Type.HasInterval() })
}

// AppendJustified appends a packed value of t whose intervals are justified, so that values are equal only where their
// bytes are: false when p is damaged.
func AppendJustified(dst []byte, t Type, p []byte) ([]byte, bool) {
	if t.Kind == Interval {
		return MonthsOf(p).Justified().Append(dst), len(p) == intervalBytes
	}
	members, ok := Members(nil, t, p)
	for i, m := range members {
		of := t.Fields[min(i, len(t.Fields)-1)].Type // a list has one field
		if m.IsNull() || !of.HasInterval() {
			dst = append(dst, m...)
			continue
		}
		var whole bool
		dst, whole = AppendJustified(append(dst, packedValue), of, m[1:])
		ok = ok && whole
	}
	if t.Kind == List {
		dst = EndList(dst)
	}
	return dst, ok
}
