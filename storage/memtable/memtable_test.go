package memtable

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func ints(t vector.Type, values ...int64) *vector.Vector {
	v := &vector.Vector{Type: t, Lo: vector.MinInt, Hi: vector.MaxInt}
	vector.SetCodes(v, values)
	return v
}

func texts(values ...string) *vector.Vector {
	v := &vector.Vector{Type: vector.Of(vector.Text), Physical: vector.Bytes, Len: len(values), Offsets: []int32{0}}
	for _, s := range values {
		v.Data = append(v.Data, s...)
		v.Offsets = append(v.Offsets, int32(len(v.Data)))
	}
	return v
}

func TestCheckRefusesWhatDoesNotFit(t *testing.T) {
	null := ints(vector.Of(vector.Int64), 1, 2)
	null.Valid = []uint64{1}
	seconds := vector.Type{Kind: vector.Timestamp}
	wide := &vector.Vector{Type: vector.DecimalType(20, 0), Physical: vector.Wide}
	vector.SetCodes(wide, []vector.Int128{{Lo: 7766279631452241920, Hi: 5}}) // 10^20
	constant := &vector.Vector{
		Type: vector.Of(vector.Text), Physical: vector.Bytes, Encoding: vector.Constant, Len: BlockRows,
		Dictionary: &vector.Dictionary{Values: [][]byte{make([]byte, 1<<19)}},
	}
	uuid := texts("short")
	uuid.Type = vector.Of(vector.UUID)
	for k, c := range []struct {
		column catalog.Column
		values *vector.Vector
		code   sqlerr.Code
	}{
		{catalog.Column{Type: vector.Of(vector.Int64), NotNull: true}, null, sqlerr.NotNullViolation},
		{catalog.Column{Type: vector.Of(vector.Int64)}, null, ""},
		{catalog.Column{Type: vector.Of(vector.Int8)}, ints(vector.Of(vector.Int8), 128), sqlerr.NumericOutOfRange},
		{catalog.Column{Type: vector.Of(vector.Int8)}, ints(vector.Of(vector.Int8), -128, 127), ""},
		{catalog.Column{Type: seconds}, ints(seconds, 1<<62), sqlerr.NumericOutOfRange},
		{catalog.Column{Type: vector.Of(vector.Time)}, ints(vector.Of(vector.Time), -1), sqlerr.NumericOutOfRange},
		{catalog.Column{Type: wide.Type}, wide, sqlerr.NumericOutOfRange},
		{catalog.Column{Type: vector.Of(vector.Text)}, constant, sqlerr.ProgramLimitExceeded},
		{catalog.Column{Type: uuid.Type}, uuid, sqlerr.InvalidText},
		{catalog.Column{Type: vector.Of(vector.Int8)}, ints(vector.Of(vector.Int16), 1), sqlerr.InternalError},
	} {
		err := Check([]catalog.Column{c.column}, &vector.Chunk{Len: c.values.Len, Columns: []*vector.Vector{c.values}})
		require.Equal(t, c.code, sqlerr.CodeOf(err), "case %d: %v", k, err)
	}
}

func TestPlaceFillsBlocks(t *testing.T) {
	var id catalog.BlockID
	newBlock := func() catalog.BlockID { id++; return id }
	chunk := func(n int) *vector.Chunk {
		return &vector.Chunk{Len: n, Columns: []*vector.Vector{ints(vector.Of(vector.Int64), make([]int64, n)...)}}
	}
	var tail Tail
	require.Empty(t, tail.Place(chunk(0), newBlock))
	require.Equal(t, []Range{{1, 0, 4000}}, tail.Place(chunk(4000), newBlock))
	require.Equal(t, []Range{{1, 4000, 96}, {2, 0, 4000}}, tail.Place(chunk(4096), newBlock))
	require.Equal(t, []Range{{2, 4000, 96}}, tail.Place(chunk(96), newBlock))
	require.Equal(t, []Range{{3, 0, 1}}, tail.Place(chunk(1), newBlock))
	big := &vector.Chunk{Len: 1, Columns: []*vector.Vector{texts(string(make([]byte, 1<<20)))}}
	for range MaxBlockBytes>>20 - 1 {
		tail.Bytes += 1 << 20
	}
	require.Equal(t, []Range{{3, 1, 1}}, tail.Place(big, newBlock))
	require.Equal(t, []Range{{4, 0, 1}}, tail.Place(big, newBlock), "a block of too much text ends early")
}

func TestViewsKeepTheirState(t *testing.T) {
	m := New([]Column{{ID: 1, Type: vector.Of(vector.Text), Unifier: vector.NewUnifier()}})
	type state struct {
		view  View
		forms []Form
		rows  int
	}
	var states []state
	total := 0
	for n := range 60 {
		values := make([]string, n*3)
		for i := range values {
			values[i] = fmt.Sprint("value ", total+i)
		}
		require.NoError(t, m.Add(&vector.Chunk{Len: len(values), Columns: []*vector.Vector{texts(values...)}}))
		total += len(values)
		s := state{view: m.View(), rows: total}
		for i := range s.view.Blocks() {
			b := s.view.Block(i)
			s.forms = append(s.forms, b.Form(0))
		}
		states = append(states, s)
	}
	for _, s := range states {
		require.EqualValues(t, s.rows, s.view.Rows())
		row := 0
		for i := range s.view.Blocks() {
			b := s.view.Block(i)
			var v vector.Vector
			b.Read(0, s.forms[i], &v, &Buffer{})
			require.Equal(t, s.forms[i].Coded, v.Encoding == vector.Dict)
			for k := range b.End {
				require.Equal(t, fmt.Sprint("value ", row), string(v.Bytes(int(k))))
				row++
			}
		}
		require.Equal(t, s.rows, row)
	}
	last := states[len(states)-1]
	require.True(t, last.forms[0].Coded, "the first values have codes")
	require.False(t, last.forms[len(last.forms)-1].Coded, "too many values have none")
}

func TestDropKeepsTheRest(t *testing.T) {
	m := New([]Column{{ID: 1, Type: vector.Of(vector.Text)}})
	for range 3 {
		require.NoError(t, m.Add(&vector.Chunk{Len: 4000, Columns: []*vector.Vector{texts(make([]string, 4000)...)}}))
	}
	before := m.View()
	require.NoError(t, m.Drop(catalog.Address{Block: 2, Offset: 100}))
	after := m.View()
	require.EqualValues(t, 12000, before.Rows())
	require.EqualValues(t, 12000-4096-100, after.Rows())
	b := after.Block(0)
	require.Equal(t, 3996, b.Rows())
	require.Error(t, m.Drop(catalog.Address{Block: 1, Offset: 0}))
	require.NoError(t, m.Drop(after.End()))
	require.NoError(t, m.Add(&vector.Chunk{Len: 1, Columns: []*vector.Vector{texts("x")}}))
	rest := m.View()
	require.EqualValues(t, 1, rest.Rows())
}

func TestAppendRefusesGaps(t *testing.T) {
	m := New([]Column{{ID: 1, Type: vector.Of(vector.Int64)}})
	one := &vector.Chunk{Len: 1, Columns: []*vector.Vector{ints(vector.Of(vector.Int64), 7)}}
	require.NoError(t, m.Append(one, []Range{{5, 100, 1}}, 1), "after a restart a block goes on where it was flushed")
	require.Error(t, m.Append(one, []Range{{5, 102, 1}}, 1))
	require.Error(t, m.Append(one, []Range{{6, 1, 1}}, 1))
	require.NoError(t, m.Append(one, []Range{{6, 0, 1}}, 2))
	v := m.View()
	require.EqualValues(t, 2, v.Rows())
	first := v.Block(0)
	require.Equal(t, catalog.Sequence(1), first.Sequence(100))
	require.Positive(t, v.Bytes())
}
