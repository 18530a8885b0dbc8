package vector_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

// ordered are values of a type from the least to the greatest.
func ordered() [][]vector.Scalar {
	ints := func(t vector.Type, xs ...int64) (out []vector.Scalar) {
		for _, x := range xs {
			out = append(out, vector.IntOf(t, x))
		}
		return out
	}
	wides := func(t vector.Type, xs ...vector.Int128) (out []vector.Scalar) {
		for _, x := range xs {
			out = append(out, vector.Scalar{Type: t, Wide: x})
		}
		return out
	}
	of := vector.Of
	span := func(months, days int32, nanos int64) vector.Scalar {
		return vector.Scalar{Type: of(vector.Interval), Interval: vector.Months{Months: months, Days: days, Nanos: nanos}}
	}
	texts := func(k vector.Kind, xs ...string) (out []vector.Scalar) {
		for _, x := range xs {
			out = append(out, vector.Scalar{Type: of(k), Bytes: x})
		}
		return out
	}
	var floats []vector.Scalar
	for _, f := range []float64{math.Inf(-1), -math.MaxFloat64, -1.5, 0, math.SmallestNonzeroFloat64, 1, math.Inf(1), math.NaN()} {
		floats = append(floats, vector.FloatOf(f))
	}
	power := vector.PowerOfTen(37)
	return [][]vector.Scalar{
		ints(of(vector.Boolean), 0, 1), ints(of(vector.Int8), -128, -1, 0, 127),
		ints(of(vector.Int16), -32768, -1, 0, 32767), ints(of(vector.Int32), math.MinInt32, -1, 0, math.MaxInt32),
		ints(of(vector.Int64), math.MinInt64, -1, 0, math.MaxInt64), ints(of(vector.UInt8), 0, 127, 128, 255),
		ints(of(vector.UInt16), 0, 32768, 65535), ints(of(vector.UInt32), 0, 1<<31, math.MaxUint32),
		ints(of(vector.Date), -719162, 0, 20000), ints(of(vector.Time), 0, 86_399_999_999_999),
		ints(of(vector.Timestamp), math.MinInt64, 0, math.MaxInt64),
		wides(of(vector.UInt64), vector.Int128{}, vector.Int128{Lo: 1 << 63}, vector.Int128{Lo: math.MaxUint64}),
		wides(vector.DecimalType(18, 2), vector.Int128Of(-5), vector.Int128Of(0), vector.Int128Of(999)),
		wides(vector.DecimalType(38, 2), power.Neg(), vector.Int128Of(-1), vector.Int128Of(0), power),
		floats, texts(vector.Text, "", "\x00", "\x00\x00", "\x00a", "\x01", "a", "a\x00", "a\x00b", "ab", "b", "\xff"),
		texts(vector.Binary, "", "\x00\xff", "\xff"), texts(vector.UUID, "0123456789abcdef", "1123456789abcdef"),
		{
			span(math.MinInt32, math.MinInt32, math.MinInt64), span(-1, 0, 0), span(0, 0, -1), span(0, 0, 0), span(0, 1, 0),
			span(0, 0, 90_000_000_000_000), span(1, 0, 0), span(0, 31, 0), span(math.MaxInt32, math.MaxInt32, math.MaxInt64),
		},
	}
}

func packed(s vector.Scalar) []byte { return vector.AppendScalarMember(nil, s) }

func TestPackedOrderIsTheOrderOfValues(t *testing.T) {
	for _, values := range ordered() {
		of := values[0].Type
		values = append(values, vector.NullOf(of))
		for i, s := range values {
			b := vector.NewBuilder(of)
			require.True(t, b.AppendMember(packed(s)), "%v", s)
			back := b.Build().ScalarAt(0)
			require.Equal(t, packed(s), packed(back))
			if of.Kind != vector.Float64 {
				require.Equal(t, s, back)
			}
			for j, o := range values {
				require.Equal(t, compareInts(i, j), bytes.Compare(packed(s), packed(o)), "%s: %v and %v", of, s, o)
			}
		}
	}
}

func compareInts(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	default:
		return 0
	}
}

// TestPackedListsAreOrderedByTheirElements makes lists of all types, and lists and structs of those.
func TestPackedListsAreOrderedByTheirElements(t *testing.T) {
	for _, values := range ordered() {
		list := vector.ListOf(values[0].Type)
		lists := []vector.Scalar{vector.PackedOf(list, nil)}
		for i := range values {
			lists = append(lists, vector.PackedOf(list, values[i:i+1]), vector.PackedOf(list, []vector.Scalar{values[i], values[0]}))
		}
		lists = append(lists, vector.PackedOf(list, []vector.Scalar{vector.NullOf(values[0].Type)}))
		requireOrdered(t, lists)
		outer, pair := vector.ListOf(list), vector.StructOf([]string{"l", "n"}, []vector.Type{list, vector.Of(vector.Int8)})
		var outers, pairs []vector.Scalar
		for _, l := range lists {
			outers = append(outers, vector.PackedOf(outer, []vector.Scalar{l}))
			pairs = append(pairs, vector.PackedOf(pair, []vector.Scalar{l, vector.IntOf(vector.Of(vector.Int8), 1)}))
		}
		requireOrdered(t, outers)
		requireOrdered(t, pairs)
	}
}

func requireOrdered(t *testing.T, values []vector.Scalar) {
	t.Helper()
	for i, s := range values {
		for j, o := range values {
			require.Equal(t, compareInts(i, j), bytes.Compare([]byte(s.Bytes), []byte(o.Bytes)), "%v and %v", s, o)
		}
		members, ok := s.Members()
		require.True(t, ok)
		require.Equal(t, s.Bytes, vector.PackedOf(s.Type, members).Bytes)
	}
}

func TestUnpackAndPackAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, values := range ordered() {
		list := vector.ListOf(values[0].Type)
		b := vector.NewBuilder(list)
		for range 200 {
			if random.IntN(5) == 0 {
				b.AppendNull()
				continue
			}
			var members []vector.Scalar
			for range random.IntN(4) {
				members = append(members, values[random.IntN(len(values))])
			}
			b.AppendScalar(vector.PackedOf(list, members))
		}
		v := b.Build()
		var u vector.Unpacked
		require.True(t, u.Unpack(v, nil))
		w := new(vector.Buffer).PackLists(list, u.Offsets, u.Children[0], v.Valid)
		for i := range v.Len {
			if !v.IsNull(i) {
				require.Equal(t, v.Bytes(i), w.Bytes(i))
			}
		}
		var some vector.Unpacked
		require.True(t, some.Unpack(v, []uint16{3, 77}))
		require.Equal(t, u.Offsets[4]-u.Offsets[3]+u.Offsets[78]-u.Offsets[77], some.Offsets[200])
	}
}

func TestJustifiedKeepsTheLength(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		m := vector.Months{Months: random.Int32() >> 8, Days: -random.Int32() >> 8, Nanos: random.Int64()}
		j := m.Justified()
		require.Zero(t, m.Cmp(j), "%v %v", m, j)
		require.Equal(t, j, j.Justified())
		require.Equal(t, m, vector.MonthsOf(m.Append(nil)))
	}
}

func TestTheLongestIntervalsAreJustified(t *testing.T) {
	for _, m := range []vector.Months{
		{Months: math.MaxInt32, Days: math.MaxInt32, Nanos: math.MaxInt64},
		{Months: math.MinInt32, Days: math.MinInt32, Nanos: math.MinInt64},
		{Months: math.MaxInt32, Days: 30, Nanos: -1},
	} {
		j := m.Justified()
		require.Zero(t, m.Cmp(j), "%v %v", m, j)
		require.Equal(t, j, j.Justified())
	}
}

// FuzzMembers reads bytes that nobody packed: what it finds whole is packed to the same bytes.
func FuzzMembers(f *testing.F) {
	types := []vector.Type{}
	for _, values := range ordered() {
		types = append(types, vector.ListOf(values[0].Type), vector.ListOf(vector.ListOf(values[0].Type)),
			vector.StructOf([]string{"a", "b"}, []vector.Type{values[0].Type, vector.ListOf(values[0].Type)}))
		f.Add(uint8(len(types)-3), []byte(vector.PackedOf(types[len(types)-3], values).Bytes))
	}
	f.Fuzz(func(t *testing.T, k uint8, p []byte) {
		of := types[int(k)%len(types)]
		members, ok := vector.Members(nil, of, p)
		if n, whole := vector.Length(of, p); of.Kind == vector.List && ok && (!whole || n != len(members) ||
			n > 0 && !bytes.Equal(vector.ElementAt(of, p, n-1), members[n-1])) {
			t.Fatalf("%x has %d elements, not %d", p, len(members), n)
		}
		if ok && !bytes.Equal(p, vector.AppendMembers(nil, of, members)) {
			t.Fatalf("%x has the members %x", p, members)
		}
		b := vector.NewBuilder(of)
		b.AppendBytes(p)
		var u vector.Unpacked
		if whole := u.Unpack(b.Build(), nil); whole && !ok {
			t.Fatal("a damaged value is whole")
		}
	})
}
