package parquetfile

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

var top38 = func() vector.Int128 {
	x := vector.Int128Of(1)
	for range 38 {
		x = vector.Int128{Lo: x.Lo * 10, Hi: x.Hi*10 + int64(mulHigh(x.Lo, 10))}
	}
	x, _ = x.Add(vector.Int128Of(-1))
	return x
}()

func mulHigh(a, b uint64) uint64 { return (a>>32*b + a&(1<<32-1)*b>>32) >> 32 }

func types() []vector.Type {
	all := []vector.Type{
		vector.DecimalType(5, 2), vector.DecimalType(9, 0), vector.DecimalType(18, 4), vector.DecimalType(38, 10),
	}
	for k := vector.Boolean; k <= vector.UInt64; k++ {
		all = append(all, vector.Of(k))
	}
	for _, k := range []vector.Kind{
		vector.Float32, vector.Float64, vector.Text, vector.Binary, vector.JSON, vector.UUID, vector.Date,
	} {
		all = append(all, vector.Of(k))
	}
	for _, p := range []uint8{0, 3, 6, 9} {
		all = append(all, vector.Type{Kind: vector.Timestamp, Precision: p})
		all = append(all, vector.Type{Kind: vector.Time, Precision: p})
	}
	return append(all, vector.Type{Kind: vector.Timestamp, Precision: 6, Zone: true})
}

// cell returns the value of a row as a printable form that two equal values share.
func cell(v *vector.Vector, i int) string {
	switch {
	case v.IsNull(i):
		return "NULL"
	case v.Physical == vector.Float && math.IsNaN(v.Float(i)):
		return "NaN"
	case v.Physical == vector.Float:
		return fmt.Sprintf("%x", math.Float64bits(v.Float(i)))
	case v.Physical == vector.Bytes:
		return fmt.Sprintf("%q", v.Bytes(i))
	default:
		return fmt.Sprintf("%v", v.Wide(i))
	}
}

// sample makes a flat vector of n values of few or many kinds, with extremes and NULLs.
func sample(r *rand.Rand, t vector.Type, n int, few, nulls bool) *vector.Vector {
	v := &vector.Vector{Type: t, Physical: t.Physical(), Len: n}
	if nulls {
		v.Valid = make([]uint64, (n+63)/64)
		for i := range n {
			if r.IntN(4) > 0 {
				v.Valid[i/64] |= 1 << (i % 64)
			}
		}
	}
	pick := func() int64 {
		if few {
			return r.Int64N(5)
		}
		return r.Int64()
	}
	switch v.Physical {
	case vector.Integer:
		lo, hi := t.Limits()
		if t.Kind == vector.Timestamp && t.Precision == 0 {
			lo, hi = math.MinInt64/1000, math.MaxInt64/1000
		}
		if t.Kind == vector.Time {
			lo, hi = 0, 86400
			for range t.Precision {
				hi *= 10
			}
		}
		d := make([]int64, n)
		for i := range d {
			switch k := r.IntN(20); {
			case k == 0 && !few:
				d[i] = lo
			case k == 1 && !few:
				d[i] = hi
			default:
				d[i] = lo + int64(uint64(pick())%(uint64(hi)-uint64(lo)))
			}
		}
		v.Lo, v.Hi = lo, hi
		vector.SetCodes(v, d)
	case vector.Wide:
		d := make([]vector.Int128, n)
		for i := range d {
			d[i] = vector.Int128Of(pick())
			if k := r.IntN(20); !few && t.Kind == vector.UInt64 && k == 0 {
				d[i] = vector.Int128{Lo: math.MaxUint64}
			} else if !few && t.Kind == vector.Decimal && k < 2 {
				d[i] = []vector.Int128{top38, top38.Neg()}[k]
			}
		}
		vector.SetCodes(v, d)
	case vector.Float:
		d := make([]float64, n)
		special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, 1.5, math.MaxFloat32}
		for i := range d {
			if d[i] = special[r.IntN(len(special))]; !few {
				d[i] = float64(float32(r.NormFloat64()))
			}
		}
		vector.SetCodes(v, d)
	default:
		v.Offsets = make([]int32, 1, n+1)
		for range n {
			switch x := pick(); {
			case t.Kind == vector.UUID:
				v.Data = fmt.Appendf(v.Data, "%016x", uint64(x))
			case x%7 != 0:
				v.Data = fmt.Appendf(v.Data, "%d\xff\x00", x)
			}
			v.Offsets = append(v.Offsets, int32(len(v.Data)))
		}
	}
	return v
}

func TestRoundTripOfEveryType(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, of := range types() {
		for _, few := range []bool{true, false} {
			for _, nulls := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/few=%v/nulls=%v", of, few, nulls), func(t *testing.T) {
					var want []string
					var out bytes.Buffer
					w, err := NewWriter(&out, []Column{{Name: "a.b", ID: 7, Type: of, Required: !nulls}})
					require.NoError(t, err)
					for _, n := range []int{1, 4096, 100, 3000} {
						v := sample(r, of, n, few, nulls)
						c := &vector.Chunk{Len: n, Columns: []*vector.Vector{v}}
						if n == 100 {
							c.Sel = []uint16{3, 64, 99}
						}
						require.NoError(t, w.Append(c))
						for i := range n {
							if c.Sel == nil || i == 3 || i == 64 || i == 99 {
								want = append(want, cell(v, i))
							}
						}
					}
					groups, err := w.Close()
					require.NoError(t, err)
					require.Len(t, groups, 1)
					check(t, of, groups[0], out.Bytes(), want)
				})
			}
		}
	}
}

func check(t *testing.T, of vector.Type, g Group, data []byte, want []string) {
	t.Helper()
	in := Input{Name: "x.parquet", Bytes: bytes.NewReader(data), Size: int64(len(data)), Limit: 64 << 20}
	f, err := Open(in)
	require.NoError(t, err)
	require.Equal(t, 1, f.Groups())
	require.Equal(t, len(want), g.Rows)
	s := g.Columns[0]
	v, size, err := f.Read(t.Context(), in, Chunk{Column: f.Find(7), Type: of, Rows: g.Rows, Codes: s.Dictionary, Checksum: s.Checksum})
	require.NoError(t, err)
	require.Positive(t, size)
	require.Equal(t, len(want), v.Len)
	nulls := 0
	distinct := map[string]bool{}
	for i := range want {
		require.Equal(t, want[i], cell(v, i), "row %d", i)
		if v.IsNull(i) {
			nulls++
			continue
		}
		distinct[want[i]] = true
		if v.Physical == vector.Integer {
			require.True(t, v.Lo <= v.Int(i) && v.Int(i) <= v.Hi)
		}
	}
	require.EqualValues(t, nulls, s.Nulls)
	require.InEpsilon(t, len(distinct), s.Distinct, 0.1)
	require.Equal(t, s.Dictionary, v.Encoding == vector.Dict)
	switch {
	case v.Physical == vector.Integer:
		require.Equal(t, [2]int64{v.Lo, v.Hi}, [2]int64{s.Lo, s.Hi})
		require.Equal(t, of.Physical() == vector.Wide, s.Narrow)
	case v.Physical == vector.Wide:
		require.NotNil(t, s.WideLo)
	case v.Encoding == vector.Dict:
		values, err := f.Dictionary(in, Chunk{Column: 0, Type: of, Rows: g.Rows})
		require.NoError(t, err)
		require.Equal(t, v.Dictionary.Values, values)
	}
	checkEncoded(t, v, want)
	_, _, err = f.Read(t.Context(), in, Chunk{Type: of, Rows: g.Rows + 1})
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
	require.ErrorContains(t, err, "x.parquet")
}

// checkEncoded writes a vector that is encoded as reading made it, and reads it again.
func checkEncoded(t *testing.T, v *vector.Vector, want []string) {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, []Column{{Name: "c", ID: 1, Type: v.Type}})
	require.NoError(t, err)
	for lo := 0; lo < v.Len; lo += vector.ChunkRows {
		var part vector.Vector
		v.Slice(&part, lo, min(lo+vector.ChunkRows, v.Len))
		require.NoError(t, w.Append(&vector.Chunk{Len: part.Len, Columns: []*vector.Vector{&part}}))
	}
	groups, err := w.Close()
	require.NoError(t, err)
	in := Input{Name: "y.parquet", Bytes: bytes.NewReader(out.Bytes()), Size: int64(out.Len()), Limit: 64 << 20}
	f, err := Open(in)
	require.NoError(t, err)
	again, _, err := f.Read(t.Context(), in, Chunk{Type: v.Type, Rows: groups[0].Rows, Codes: true})
	require.NoError(t, err)
	for i := range want {
		if want[i] != cell(again, i) {
			require.Equal(t, want[i], cell(again, i), "row %d", i)
		}
	}
}

func TestTextBoundsHoldWhenCut(t *testing.T) {
	long := bytes.Repeat([]byte{'a'}, 100)
	var s Summary
	s.setTexts(long, long)
	require.LessOrEqual(t, bytes.Compare(s.Min, long), 0)
	require.Positive(t, bytes.Compare(s.Max, long))
	s = Summary{}
	s.setTexts(long, bytes.Repeat([]byte{0xff}, 100))
	require.True(t, s.MaxOpen)
}

func TestDamagedFilesAreNamed(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var out bytes.Buffer
	columns := []Column{
		{Name: "i", ID: 1, Type: vector.Of(vector.Int64)}, {Name: "s", ID: 2, Type: vector.Of(vector.Text)},
	}
	w, err := NewWriter(&out, columns)
	require.NoError(t, err)
	c := &vector.Chunk{Len: 2000}
	for _, column := range columns {
		c.Columns = append(c.Columns, sample(r, column.Type, 2000, column.ID == 2, true))
	}
	require.NoError(t, w.Append(c))
	groups, err := w.Close()
	require.NoError(t, err)
	failed := 0
	for range 3000 {
		data := bytes.Clone(out.Bytes())
		for range 1 + r.IntN(3) {
			data[r.IntN(len(data))] = byte(r.Uint32())
		}
		if r.IntN(10) == 0 {
			data = data[:r.IntN(len(data))]
		}
		if err := readAll(t, data, columns, groups[0].Rows); err != nil {
			failed++
			known := []sqlerr.Code{sqlerr.DataCorrupted, sqlerr.FeatureNotSupported, sqlerr.OutOfMemory}
			require.Contains(t, known, sqlerr.CodeOf(err), "%v", err)
		}
	}
	require.Greater(t, failed, 100)
}

func readAll(t *testing.T, data []byte, columns []Column, rows int) error {
	t.Helper()
	in := Input{Name: "x.parquet", Bytes: bytes.NewReader(data), Size: int64(len(data)), Limit: 16 << 20}
	f, err := Open(in)
	if err != nil {
		return err
	}
	for i, c := range columns {
		if f.Groups() == 0 || f.Find(c.ID) < 0 {
			return sqlerr.New(sqlerr.DataCorrupted, "x")
		}
		if _, _, err := f.Read(t.Context(), in, Chunk{Column: i, Type: c.Type, Rows: rows, Codes: true}); err != nil {
			return err
		}
	}
	return nil
}
