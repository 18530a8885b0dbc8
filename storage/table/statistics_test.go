package table

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
)

// grower is a table of the model that grows in a test.
type grower struct {
	t       *testing.T
	env     Environment
	version *Version
	tail    memtable.Tail
}

func newGrower(t *testing.T) *grower {
	t.Helper()
	g := &grower{t: t, env: testEnvironment(1 << 20)}
	require.NoError(t, g.env.FS.MkdirAll(g.env.Dir))
	var err error
	g.version, err = New(g.env, modelTable)
	require.NoError(t, err)
	g.tail = g.version.Tail()
	return g
}

// grow appends rows of the model.
func (g *grower) grow(first, n int) *Version { return g.add(modelChunk(first, n)) }

func (g *grower) add(c *vector.Chunk) *Version {
	g.t.Helper()
	at := g.tail.Place(c, func() catalog.BlockID { return catalog.BlockID(g.env.NewID()) })
	var err error
	g.version, err = g.version.Append(c, at, 1)
	require.NoError(g.t, err)
	return g.version
}

func (g *grower) flush() {
	g.t.Helper()
	f, err := g.version.Flush(g.t.Context())
	require.NoError(g.t, err)
	g.version, err = g.version.Install(f)
	require.NoError(g.t, err)
}

func (g *grower) delete(row catalog.Address) {
	g.t.Helper()
	var err error
	g.version, err = g.version.Delete(setOf(row), 2)
	require.NoError(g.t, err)
}

func TestStatisticsOfSegmentsAndMemory(t *testing.T) {
	g := newGrower(t)
	empty := g.version.Statistics()
	require.Zero(t, empty.Rows)
	require.True(t, empty.Columns[1].Min.Null)
	g.grow(1, 4000)
	g.flush()
	g.grow(4001, 1000)
	for _, a := range rowsOf(t, g.version, catalog.ScanRequest{}, nil) {
		g.delete(a)
		break
	}
	s := g.version.Statistics()
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
	g := newGrower(t)
	g.grow(1, 900)
	require.Equal(t, []catalog.ColumnID{1}, g.version.Statistics().Keys, "few, many and unsigned are no integers, day has NULLs")
	g.flush()
	require.Equal(t, []catalog.ColumnID{1}, g.version.Statistics().Keys)
	g.grow(2000, 900)
	require.Equal(t, []catalog.ColumnID{1}, g.version.Statistics().Keys, "the block in memory began before the flush")
	g.flush()
	require.Equal(t, []catalog.ColumnID{1}, g.version.Statistics().Keys)
	g.grow(1000, 900) // between the others
	g.flush()
	require.Equal(t, []catalog.ColumnID{1}, g.version.Statistics().Keys)
	for _, a := range rowsOf(t, g.version, catalog.ScanRequest{}, nil) {
		g.delete(a)
		break
	}
	require.Equal(t, []catalog.ColumnID{1}, g.version.Statistics().Keys, "a row less doubles none")
	g.grow(2899, 2) // one of which there is
	require.Empty(t, g.version.Statistics().Keys)
	g.flush()
	require.Empty(t, g.version.Statistics().Keys)
}

// An older version keeps its key when rows come to its block that end it.
func TestKeysOfRowsInMemory(t *testing.T) {
	g := newGrower(t)
	require.Equal(t, []catalog.ColumnID{1}, g.grow(1, 3000).Statistics().Keys)
	require.Equal(t, []catalog.ColumnID{1}, g.grow(3001, 3000).Statistics().Keys, "over two blocks")
	require.Equal(t, []catalog.ColumnID{1}, g.grow(7000, 10).Statistics().Keys, "a gap")
	require.Empty(t, g.grow(7005, 10).Statistics().Keys, "within a block")
	g = newGrower(t)
	g.grow(1, vector.ChunkRows)
	require.Empty(t, g.grow(vector.ChunkRows, 5).Statistics().Keys, "between blocks")
}

// Clustered values add up over row groups; values that come in all of them are counted once.
func TestDistinctOfRowGroups(t *testing.T) {
	g := newGrower(t)
	for first := 1; first <= 18_000; first += 3000 {
		c := modelChunk(first, 3000)
		clustered := make([]int64, c.Len)
		for i := range clustered {
			clustered[i] = int64(first+i) / 30
		}
		vector.SetCodes(c.Columns[0], clustered)
		g.add(c)
		g.flush()
	}
	s := g.version.Statistics()
	require.InEpsilon(t, 600, s.Columns[1].Distinct, 0.1, "clustered")
	require.Less(t, s.Columns[6].Distinct, int64(3000), "the same thousand days in each row group")
	require.Empty(t, s.Keys)
}
