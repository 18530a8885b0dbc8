package batch_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func checked(t *testing.T) *memory.CheckedAllocator {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}

func allTypes() []vector.Type {
	types := []vector.Type{
		vector.DecimalType(9, 2), vector.DecimalType(38, 4),
		{Kind: vector.Time, Precision: 0},
		{Kind: vector.Time, Precision: 6},
		{Kind: vector.Timestamp, Precision: 3},
		{Kind: vector.Timestamp, Precision: 9, Zone: true},
	}
	for k := vector.Unknown; k <= vector.JSON; k++ {
		if k != vector.Decimal {
			types = append(types, vector.Of(k))
		}
	}
	return types
}

func randomScalar(r *rand.Rand, t vector.Type) vector.Scalar {
	s := vector.Scalar{Type: t, Null: t.Kind == vector.Unknown || r.IntN(5) == 0}
	if s.Null {
		return s
	}
	switch {
	case t.Kind == vector.UInt64:
		s.Wide.Lo = r.Uint64()
	case t.Kind == vector.Decimal && t.Precision > 18:
		s.Wide = vector.Int128{Lo: r.Uint64(), Hi: r.Int64N(1<<40) - 1<<39}
	case t.Kind == vector.Decimal:
		s.Wide = vector.Int128Of(r.Int64N(1e9) - 5e8)
	case t.Kind == vector.UUID:
		s.Bytes = fmt.Sprintf("%016d", r.IntN(1e9))
	case t.Physical() == vector.Bytes:
		s.Bytes = strings.Repeat("ä", r.IntN(20))
	case t.Kind == vector.Float32:
		s.Float = float64(r.Float32())
	case t.Physical() == vector.Float:
		s.Float = r.NormFloat64()
	case t.Kind == vector.Interval:
		s.Interval = vector.Months{Months: r.Int32(), Days: -r.Int32(), Nanos: r.Int64()}
	case t.Kind == vector.Time:
		s.Int = r.Int64N(86400)
	default:
		lo, hi := t.Limits()
		s.Int = lo + int64(r.Uint64()%(uint64(hi)-uint64(lo)))
	}
	return s
}

// TestRoundTrip sends chunks of every type with selections through batches and back.
func TestRoundTrip(t *testing.T) {
	mem, r := checked(t), rand.New(rand.NewPCG(5, 6))
	types := allTypes()
	fields := make([]arrow.Field, len(types))
	for i, of := range types {
		fields[i] = batch.FieldOf(fmt.Sprint(i), of, true)
	}
	b, err := batch.NewBuilder(arrow.NewSchema(fields, nil), batch.Limits{Rows: 700}, mem)
	require.NoError(t, err)
	var want [][]vector.Scalar
	for range 30 {
		c := &vector.Chunk{Len: 1 + r.IntN(300)}
		for _, of := range types {
			values := make([]vector.Scalar, c.Len)
			for i := range values {
				values[i] = randomScalar(r, of)
			}
			c.Columns = append(c.Columns, vector.ScalarsOf(of, values...))
		}
		if r.IntN(2) == 0 {
			c.Sel = []uint16{}
			for i := range c.Len {
				if r.IntN(3) > 0 {
					c.Sel = append(c.Sel, uint16(i))
				}
			}
		}
		rows := c.Sel
		if rows == nil {
			rows = vector.All(c.Len)
		}
		for _, i := range rows {
			row := make([]vector.Scalar, len(types))
			for k, v := range c.Columns {
				row[k] = v.ScalarAt(int(i))
			}
			want = append(want, row)
		}
		b.Append(c)
	}
	b.Flush()
	row := 0
	for {
		rec := b.Next()
		if rec == nil {
			break
		}
		require.LessOrEqual(t, rec.NumRows(), int64(1000))
		chunks, err := batch.NewChunks(rec)
		require.NoError(t, err)
		row = requireRows(t, chunks, want, row)
		tail := rec.NewSlice(rec.NumRows()/3, rec.NumRows()) // a slice starts within words
		chunks, err = batch.NewChunks(tail)
		require.NoError(t, err)
		requireRows(t, chunks, want, row-int(tail.NumRows()))
		tail.Release()
		rec.Release()
	}
	require.Len(t, want, row)
	b.Release()
}

func requireRows(t *testing.T, chunks *batch.Chunks, want [][]vector.Scalar, row int) int {
	t.Helper()
	for {
		c, err := chunks.Next()
		require.NoError(t, err)
		if c == nil {
			return row
		}
		for i := range c.Len {
			for k, v := range c.Columns {
				require.Equal(t, want[row][k], v.ScalarAt(i), "row %d column %d", row, k)
				if v.Physical == vector.Integer && !v.IsNull(i) {
					require.True(t, v.Lo <= v.Int(i) && v.Int(i) <= v.Hi)
				}
			}
			row++
		}
	}
}

// TestEncodings appends texts and integers in every encoding.
func TestEncodings(t *testing.T) {
	mem := checked(t)
	d := &vector.Dictionary{Values: [][]byte{[]byte("x"), []byte("yy")}}
	dict := &vector.Vector{Type: vector.Of(vector.Text), Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: d}
	dict.Valid = []uint64{0b101}
	vector.SetCodes(dict, []uint8{1, 2, 0})
	frame := &vector.Vector{Type: vector.Of(vector.Int64), Encoding: vector.Frame, Base: 10, Scale: -2, Lo: 6, Hi: 10}
	vector.SetCodes(frame, []uint16{0, 1, 2})
	constant := new(vector.Buffer).Fill(vector.TextOf("k"), 3)
	schema := arrow.NewSchema([]arrow.Field{
		batch.FieldOf("a", dict.Type, true), batch.FieldOf("b", frame.Type, false), batch.FieldOf("c", dict.Type, true),
	}, nil)
	b, err := batch.NewBuilder(schema, batch.Limits{}, mem)
	require.NoError(t, err)
	c := &vector.Chunk{Len: 3, Columns: []*vector.Vector{dict, frame, constant}}
	b.Append(c)
	c.Sel = []uint16{2}
	b.Append(c)
	require.Nil(t, b.Next())
	b.Flush()
	rec := b.Next()
	defer rec.Release()
	require.Equal(t, `["yy" (null) "x" "x"]`, rec.Column(0).String())
	require.Equal(t, `[10 8 6 6]`, rec.Column(1).String())
	require.Equal(t, `["k" "k" "k" "k"]`, rec.Column(2).String())
}

// TestNullsHoldNothing looks at the memory behind a NULL.
func TestNullsHoldNothing(t *testing.T) {
	v := &vector.Vector{Type: vector.Of(vector.Int64), Valid: []uint64{0b10}}
	vector.SetCodes(v, []int64{99, 7})
	a, err := batch.ArrayOf(v, nil, checked(t))
	require.NoError(t, err)
	defer a.Release()
	ints, ok := a.(*array.Int64)
	require.True(t, ok)
	require.Equal(t, []int64{0, 7}, ints.Int64Values())
}

// TestByteLimit cuts batches so that none is above the limit but those of one row.
func TestByteLimit(t *testing.T) {
	mem := checked(t)
	texts := make([]string, 100)
	for i := range texts {
		texts[i] = strings.Repeat("x", 1000)
	}
	texts[50] = strings.Repeat("y", 20000)
	schema := arrow.NewSchema([]arrow.Field{batch.FieldOf("a", vector.Of(vector.Text), true)}, nil)
	b, err := batch.NewBuilder(schema, batch.Limits{Bytes: 10000}, mem)
	require.NoError(t, err)
	b.Append(&vector.Chunk{Len: 100, Columns: []*vector.Vector{vector.TextsOf(texts...)}})
	b.Flush()
	rows, batches := int64(0), 0
	for rec := b.Next(); rec != nil; rec = b.Next() {
		a, ok := rec.Column(0).(*array.String)
		require.True(t, ok)
		require.True(t, rec.NumRows() == 1 || len(a.ValueBytes()) <= 10000)
		for i := range a.Len() {
			require.Equal(t, texts[rows], a.Value(i))
			rows++
		}
		batches++
		rec.Release()
	}
	require.Equal(t, int64(100), rows)
	require.Greater(t, batches, 10)
}

// TestForeignTypes reads arrays that MicoDB itself never writes.
func TestForeignTypes(t *testing.T) {
	mem := checked(t)
	read := func(of arrow.DataType, json string) string {
		a, _, err := array.FromJSON(mem, of, strings.NewReader(json))
		require.NoError(t, err, of)
		defer a.Release()
		rec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "c", Type: of, Nullable: true}}, nil),
			[]arrow.Array{a}, int64(a.Len()))
		defer rec.Release()
		chunks, err := batch.NewChunks(rec)
		require.NoError(t, err)
		c, err := chunks.Next()
		require.NoError(t, err)
		var out []string
		for i := range c.Len {
			s := c.Columns[0].ScalarAt(i)
			switch {
			case s.Null:
				out = append(out, "NULL")
			case s.Type.Kind == vector.Interval:
				out = append(out, fmt.Sprint(s.Interval))
			case s.Type.Physical() == vector.Bytes:
				out = append(out, s.Bytes)
			case s.Type.Physical() == vector.Float:
				out = append(out, fmt.Sprint(s.Float))
			default:
				out = append(out, fmt.Sprint(s.Int+int64(s.Wide.Lo)))
			}
		}
		return strings.Join(out, " ")
	}
	require.Equal(t, "a NULL bcd", read(arrow.BinaryTypes.LargeString, `["a", null, "bcd"]`))
	require.Equal(t, "a NULL a text of a view", read(arrow.BinaryTypes.StringView, `["a", null, "a text of a view"]`))
	require.Equal(t, "hi NULL", read(arrow.BinaryTypes.LargeBinary, `["aGk=", null]`))
	require.Equal(t, "0 NULL -1", read(arrow.FixedWidthTypes.Date64, `["1970-01-01", null, "1969-12-31"]`))
	require.Equal(t, "1.5 NULL", read(arrow.FixedWidthTypes.Float16, `[1.5, null]`))
	require.Equal(t, "125 NULL", read(&arrow.Decimal32Type{Precision: 5, Scale: 2}, `["1.25", null]`))
	require.Equal(t, "125 NULL", read(&arrow.Decimal256Type{Precision: 30, Scale: 2}, `["1.25", null]`))
	require.Equal(t, "{0 0 5000000000}", read(arrow.FixedWidthTypes.Duration_s, `[5]`))
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	require.Equal(t, "a b NULL a", read(dict, `["a", "b", null, "a"]`))
	ints := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int32}
	require.Equal(t, "7 NULL 9 7", read(ints, `[7, null, 9, 7]`))
}

func TestUnfitBatches(t *testing.T) {
	mem := checked(t)
	next := func(a arrow.Array, of arrow.DataType) error {
		defer a.Release()
		schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: of}}, nil)
		rec := array.NewRecordBatch(schema, []arrow.Array{a}, int64(a.Len()))
		defer rec.Release()
		chunks, err := batch.NewChunks(rec)
		if err != nil {
			return err
		}
		_, err = chunks.Next()
		return err
	}
	list, _, err := array.FromJSON(mem, arrow.ListViewOf(arrow.PrimitiveTypes.Int8), strings.NewReader(`[[1]]`))
	require.NoError(t, err)
	require.Equal(t, sqlerr.FeatureNotSupported, sqlerr.CodeOf(next(list, list.DataType())))

	of := &arrow.Decimal256Type{Precision: 30, Scale: 0}
	wide := array.NewDecimal256Builder(mem, of)
	wide.Append(decimal256.New(1, 0, 0, 0))
	require.Equal(t, sqlerr.NumericOutOfRange, sqlerr.CodeOf(next(wide.NewArray(), of)))
	wide.Release()

	text := array.NewStringBuilder(mem)
	text.Append("\xff")
	require.Equal(t, sqlerr.InvalidText, sqlerr.CodeOf(next(text.NewArray(), arrow.BinaryTypes.String)))
	text.AppendValues([]string{"\xc3", "\xa4"}, nil)
	require.Equal(t, sqlerr.InvalidText, sqlerr.CodeOf(next(text.NewArray(), arrow.BinaryTypes.String)))
	text.Release()

	damaged := array.NewData(arrow.BinaryTypes.String, 2, []*memory.Buffer{
		nil, memory.NewBufferBytes([]byte{0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0}), memory.NewBufferBytes([]byte("a")),
	}, nil, 0, 0)
	require.Equal(t, sqlerr.ProtocolViolation,
		sqlerr.CodeOf(next(array.NewStringData(damaged), arrow.BinaryTypes.String)))
	damaged.Release()
}

func numbers(mem memory.Allocator, schema *arrow.Schema, from, n int) arrow.RecordBatch {
	b := array.NewInt64Builder(mem)
	defer b.Release()
	for i := range n {
		b.Append(int64(from + i))
	}
	a := b.NewArray()
	defer a.Release()
	return array.NewRecordBatch(schema, []arrow.Array{a}, int64(n))
}

func TestStreams(t *testing.T) {
	mem, ctx := checked(t), context.Background()
	schema := arrow.NewSchema([]arrow.Field{batch.FieldOf("a", vector.Of(vector.Int64), false)}, nil)
	var streams []batch.Stream
	total := 0
	for _, n := range []int{3, 0, 50, 7, 1000, 1, 30} {
		streams = append(streams, batch.NewSlice(schema, numbers(mem, schema, total, n)))
		total += n
	}
	s := batch.Rechunk(batch.Concat(schema, streams...), batch.Limits{Rows: 40}, mem)
	require.Equal(t, schema, s.Schema())
	all, err := batch.Collect(ctx, s)
	require.NoError(t, err)
	next := 0
	for i, r := range all {
		require.LessOrEqual(t, r.NumRows(), int64(80))
		if i < len(all)-1 {
			require.GreaterOrEqual(t, r.NumRows(), int64(7))
		}
		a, ok := r.Column(0).(*array.Int64)
		require.True(t, ok)
		for _, x := range a.Int64Values() {
			require.Equal(t, int64(next), x)
			next++
		}
		r.Release()
	}
	require.Equal(t, total, next)
	_, err = s.Next(ctx)
	require.ErrorIs(t, err, io.EOF)

	two := batch.NewSlice(schema, numbers(mem, schema, 0, 100), numbers(mem, schema, 0, 2))
	open := batch.Rechunk(batch.Concat(schema, two), batch.Limits{Rows: 10}, mem)
	r, err := open.Next(ctx)
	require.NoError(t, err)
	r.Release()
	require.NoError(t, open.Close()) // what was not handed out is released
	require.NoError(t, open.Close())
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	held := batch.NewSlice(schema, numbers(mem, schema, 0, math.MaxInt8))
	_, err = held.Next(canceled)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, held.Close())
}
