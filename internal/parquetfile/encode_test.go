package parquetfile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

// TestHybridRunsAreReadBack mixes runs of all lengths with codes that change, in every width.
func TestHybridRunsAreReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for width := 1; width <= 32; width++ {
		for range 20 {
			var codes []uint32
			for len(codes) < 1000 {
				code := uint32(r.Uint64() & (1<<width - 1))
				for range []int{1, 1, 3, 63, 64, 65, 200}[r.IntN(7)] {
					codes = append(codes, code)
				}
			}
			codes = codes[:r.IntN(len(codes)+1)]
			data := appendHybrid(nil, codes, width)
			got := make([]uint32, len(codes))
			require.NoError(t, decodeHybrid(data, width, got))
			require.Equal(t, codes, got)
		}
	}
	constant := appendHybrid(nil, make([]uint32, 100_000), 3)
	require.LessOrEqual(t, len(constant), 4, "one run")
}

// TestCoderNumbersValues compares codes with the values, on both sides of the dictionary's limits.
func TestCoderNumbersValues(t *testing.T) {
	const rows = 40_000
	for _, distinct := range []int64{1, 2, 4095, 4096, 4097, 19_999, 20_001, 39_000} {
		for name, spread := range map[string]int64{"near": 1, "far": 1_000_003} {
			t.Run(fmt.Sprint(distinct, name), func(t *testing.T) {
				ints := &gathered{of: Column{Type: vector.Of(vector.Int64)}}
				texts := &gathered{of: Column{Type: vector.Of(vector.Text)}}
				ints.reset()
				texts.reset()
				for i := range int64(rows) {
					x := i % distinct * spread
					ints.ints = append(ints.ints, x)
					texts.bytes = fmt.Append(texts.bytes, x)
					texts.offsets = append(texts.offsets, int32(len(texts.bytes)))
				}
				ints.rows, texts.rows = rows, rows
				var c coder
				b := ints.boundsOf(0, rows)
				whole, n := c.run(ints, &b)
				require.Equal(t, distinct <= maxIntegerDictionary, whole)
				require.InEpsilon(t, distinct, n, 0.06)
				for i := 0; whole && i < rows; i++ {
					require.Equal(t, ints.ints[i], ints.ints[c.first[c.codes[i]]])
				}
				whole, n = c.run(texts, nil)
				require.Equal(t, distinct < probed && distinct <= rows/2, whole)
				require.InEpsilon(t, distinct, n, 0.06)
				for i := 0; whole && i < rows; i++ {
					require.Equal(t, texts.text(i), texts.text(int(c.first[c.codes[i]])))
				}
			})
		}
	}
}

// TestRowGroupsOfManyPages has texts that need several pages, NULLs in runs and alone, one text larger than a page,
// and a second row group where the column has a dictionary and the first had none.
func TestRowGroupsOfManyPages(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var out bytes.Buffer
	w, err := NewWriter(&out, []Column{{Name: "s", ID: 1, Type: vector.Of(vector.Text)}})
	require.NoError(t, err)
	var want []string
	for len(want) < RowGroupRows+30_000 {
		b := vector.NewBuilder(vector.Of(vector.Text))
		for i := range vector.ChunkRows {
			switch x := fmt.Sprintf("%08d %s", len(want), bytes.Repeat([]byte("x"), r.IntN(100))); {
			case len(want) == 50_000:
				x = string(bytes.Repeat([]byte("y"), 3*pageBytes))
				b.AppendBytes([]byte(x))
				want = append(want, fmt.Sprintf("%q", x))
			case i < 1000 || r.IntN(5) == 0:
				b.AppendNull()
				want = append(want, "NULL")
			case len(want) >= RowGroupRows:
				b.AppendBytes([]byte("few"))
				want = append(want, `"few"`)
			default:
				b.AppendBytes([]byte(x))
				want = append(want, fmt.Sprintf("%q", x))
			}
		}
		v := b.Build()
		require.NoError(t, w.Append(&vector.Chunk{Len: v.Len, Columns: []*vector.Vector{v}}))
	}
	groups, err := w.Close()
	require.NoError(t, err)
	require.Len(t, groups, 2)
	require.False(t, groups[0].Columns[0].Dictionary)
	require.True(t, groups[1].Columns[0].Dictionary)
	require.EqualValues(t, out.Len(), w.Bytes())

	in := Input{Name: "x.parquet", Bytes: bytes.NewReader(out.Bytes()), Size: int64(out.Len()), Limit: 64 << 20}
	f, err := Open(in)
	require.NoError(t, err)
	for i, g := range groups {
		v, _, err := f.Read(t.Context(), in, Chunk{
			Group: i, Type: vector.Of(vector.Text), Rows: g.Rows, Codes: g.Columns[0].Dictionary,
			Checksum: g.Columns[0].Checksum,
		})
		require.NoError(t, err)
		for k := range g.Rows {
			require.Equal(t, want[i*RowGroupRows+k], cell(v, k))
		}
	}
	readByOthers(t, out.Bytes(), want)
}

// TestWideRowsMakeSmallerRowGroups has rows of which few fill the memory that a row group may take.
func TestWideRowsMakeSmallerRowGroups(t *testing.T) {
	columns := make([]Column, 40)
	chunk := &vector.Chunk{Len: vector.ChunkRows}
	r := rand.New(rand.NewPCG(9, 10))
	for i := range columns {
		columns[i] = Column{Name: fmt.Sprint(i), ID: int32(i + 1), Type: vector.Of(vector.Text)}
		chunk.Columns = append(chunk.Columns, sample(r, columns[i].Type, vector.ChunkRows, false, true))
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, columns)
	require.NoError(t, err)
	size := 0
	for range 30 {
		require.NoError(t, w.Append(chunk))
		for i := range w.columns {
			size = max(size, w.columns[i].size())
		}
	}
	groups, err := w.Close()
	require.NoError(t, err)
	require.Greater(t, len(groups), 2)
	require.Less(t, len(columns)*size, RowGroupBytes*3/2)
	rows := 0
	for _, g := range groups {
		rows += g.Rows
	}
	require.Equal(t, 30*vector.ChunkRows, rows)
}

// readByOthers reads the file with arrow-go's column reader, and finds the pages that its index tells.
func readByOthers(t *testing.T, data []byte, want []string) {
	t.Helper()
	f, err := file.NewParquetReader(bytes.NewReader(data))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	index, err := f.GetPageIndexReader().RowGroup(0)
	require.NoError(t, err)
	offsets, err := index.GetOffsetIndex(0)
	require.NoError(t, err)
	require.Greater(t, len(offsets.GetPageLocations()), 5)
	nulls := int64(0)
	for i := range want[:RowGroupRows] {
		if want[i] == "NULL" {
			nulls++
		}
	}
	statistics, err := f.MetaData().RowGroup(0).ColumnChunk(0)
	require.NoError(t, err)
	s, err := statistics.Statistics()
	require.NoError(t, err)
	require.Equal(t, nulls, s.NullCount())
	require.True(t, s.HasMinMax())
}
