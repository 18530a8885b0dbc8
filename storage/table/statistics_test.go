package table

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

func TestStatisticsOfSegmentsAndMemory(t *testing.T) {
	env := testEnvironment(1 << 20)
	require.NoError(t, env.FS.MkdirAll(env.Dir))
	v, err := New(env, modelTable)
	require.NoError(t, err)
	empty := v.Statistics()
	require.Zero(t, empty.Rows)
	require.True(t, empty.Columns[1].Min.Null)
	tail := v.Tail()
	grow := func(first, n int) {
		c := modelChunk(first, n)
		at := tail.Place(c, func() catalog.BlockID { return catalog.BlockID(env.NewID()) })
		v, err = v.Append(c, at, 1)
		require.NoError(t, err)
	}
	grow(1, 4000)
	f, err := v.Flush(t.Context())
	require.NoError(t, err)
	v, err = v.Install(f)
	require.NoError(t, err)
	grow(4001, 1000)
	for _, a := range rowsOf(t, v, catalog.ScanRequest{}, nil) {
		v, err = v.Delete(setOf(a), 2)
		require.NoError(t, err)
		break
	}
	s := v.Statistics()
	require.EqualValues(t, 4999, s.Rows)
	id := s.Columns[1]
	require.Equal(t, vector.IntOf(vector.Of(vector.Int64), 1), id.Min)
	require.Equal(t, vector.IntOf(vector.Of(vector.Int64), 5000), id.Max)
	require.Zero(t, id.Nulls)
	require.InEpsilon(t, 4000, id.Distinct, 0.3)
	few := s.Columns[2]
	require.InDelta(t, 5000/8, few.Nulls, 10)
	require.EqualValues(t, 13, few.Distinct)
	require.Equal(t, "v0", few.Min.Bytes)
	require.Equal(t, vector.DecimalOf(vector.DecimalType(38, 2), vector.Int128Of(-4999)), s.Columns[4].Min)
	require.InDelta(t, 1.0/3, s.Columns[5].Min.Float, 1e-9)
}

// A column that rises in all row groups and blocks of memory, whose bounds don't overlap, is a key.
func TestKeysAreProven(t *testing.T) {
	env := testEnvironment(1 << 20)
	require.NoError(t, env.FS.MkdirAll(env.Dir))
	v, err := New(env, modelTable)
	require.NoError(t, err)
	tail := v.Tail()
	grow := func(first, n int) {
		c := modelChunk(first, n)
		at := tail.Place(c, func() catalog.BlockID { return catalog.BlockID(env.NewID()) })
		v, err = v.Append(c, at, 1)
		require.NoError(t, err)
	}
	flush := func() {
		f, err := v.Flush(t.Context())
		require.NoError(t, err)
		v, err = v.Install(f)
		require.NoError(t, err)
	}
	grow(1, 900)
	require.Equal(t, []catalog.ColumnID{1}, v.Statistics().Keys, "few, many and unsigned are no integers, day has NULLs")
	flush()
	require.Equal(t, []catalog.ColumnID{1}, v.Statistics().Keys)
	grow(2000, 900)
	require.Equal(t, []catalog.ColumnID{1}, v.Statistics().Keys, "the block in memory began before the flush")
	flush()
	require.Equal(t, []catalog.ColumnID{1}, v.Statistics().Keys)
	grow(1000, 900) // between the others
	flush()
	require.Equal(t, []catalog.ColumnID{1}, v.Statistics().Keys)
	for _, a := range rowsOf(t, v, catalog.ScanRequest{}, nil) {
		v, err = v.Delete(setOf(a), 2)
		require.NoError(t, err)
		break
	}
	require.Equal(t, []catalog.ColumnID{1}, v.Statistics().Keys, "a row less doubles none")
	grow(2899, 2) // one of which there is
	require.Empty(t, v.Statistics().Keys)
	flush()
	require.Empty(t, v.Statistics().Keys)
}

// An older version keeps its key when rows come to its block that end it.
func TestKeysOfRowsInMemory(t *testing.T) {
	env := testEnvironment(1 << 20)
	require.NoError(t, env.FS.MkdirAll(env.Dir))
	v, err := New(env, modelTable)
	require.NoError(t, err)
	tail := v.Tail()
	grow := func(first, n int) *Version {
		c := modelChunk(first, n)
		at := tail.Place(c, func() catalog.BlockID { return catalog.BlockID(env.NewID()) })
		v, err = v.Append(c, at, 1)
		require.NoError(t, err)
		return v
	}
	require.Equal(t, []catalog.ColumnID{1}, grow(1, 3000).Statistics().Keys)
	require.Equal(t, []catalog.ColumnID{1}, grow(3001, 3000).Statistics().Keys, "over two blocks")
	require.Equal(t, []catalog.ColumnID{1}, grow(7000, 10).Statistics().Keys, "a gap")
	require.Empty(t, grow(7005, 10).Statistics().Keys, "within a block")
	v, err = New(env, modelTable)
	require.NoError(t, err)
	tail = v.Tail()
	grow(1, vector.ChunkRows)
	require.Empty(t, grow(vector.ChunkRows, 5).Statistics().Keys, "between blocks")
}

// Clustered values add up over row groups; values that come in all of them are counted once.
func TestDistinctOfRowGroups(t *testing.T) {
	env := testEnvironment(1 << 20)
	require.NoError(t, env.FS.MkdirAll(env.Dir))
	v, err := New(env, modelTable)
	require.NoError(t, err)
	tail := v.Tail()
	for first := 1; first <= 18_000; first += 3000 {
		c := modelChunk(first, 3000)
		clustered := make([]int64, c.Len)
		for i := range clustered {
			clustered[i] = int64(first+i) / 30
		}
		vector.SetCodes(c.Columns[0], clustered)
		at := tail.Place(c, func() catalog.BlockID { return catalog.BlockID(env.NewID()) })
		v, err = v.Append(c, at, 1)
		require.NoError(t, err)
		f, err := v.Flush(t.Context())
		require.NoError(t, err)
		v, err = v.Install(f)
		require.NoError(t, err)
	}
	s := v.Statistics()
	require.InEpsilon(t, 600, s.Columns[1].Distinct, 0.1, "clustered")
	require.Less(t, s.Columns[6].Distinct, int64(3000), "the same thousand days in each row group")
	require.Empty(t, s.Keys)
}
