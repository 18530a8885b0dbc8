package table

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
)

func TestMemtableScanWithOverlay(t *testing.T) {
	of := &catalog.Table{ID: 1, Columns: []catalog.Column{
		{ID: 1, Name: "k", Type: vector.Of(vector.Int64), NotNull: true},
		{ID: 2, Name: "s", Type: vector.Of(vector.Text)},
	}}
	var ids uint64
	env := Environment{NewID: func() uint64 { ids++; return ids }}
	v, err := New(env, of)
	require.NoError(t, err)
	tail := v.Tail()
	chunk := func(lo, n int) *vector.Chunk {
		k := &vector.Vector{Type: of.Columns[0].Type, Lo: int64(lo), Hi: int64(lo + n - 1)}
		data := make([]int64, n)
		s := &vector.Vector{Type: of.Columns[1].Type, Physical: vector.Bytes, Len: n, Offsets: []int32{0}}
		s.Valid = make([]uint64, (n+63)/64)
		for i := range data {
			data[i] = int64(lo + i)
			if data[i]%3 != 0 {
				s.Valid[i/64] |= 1 << (i % 64)
				s.Data = append(s.Data, 'a'+byte(data[i]%7))
			}
			s.Offsets = append(s.Offsets, int32(len(s.Data)))
		}
		vector.SetCodes(k, data)
		return &vector.Chunk{Len: n, Columns: []*vector.Vector{k, s}}
	}
	newBlock := func() catalog.BlockID { return catalog.BlockID(env.NewID()) }
	versions := []*Version{v}
	var sum int
	for i, n := range []int{1, 5, 4096, 3000, 4000, 1} {
		c := chunk(sum, n)
		require.NoError(t, v.Check(c))
		v, err = v.Append(c, tail.Place(c, newBlock), catalog.Sequence(i+1))
		require.NoError(t, err)
		versions = append(versions, v)
		sum += n
		require.EqualValues(t, sum, v.Rows())
	}
	require.Equal(t, tail.Used, v.Tail().Used)
	own := v.NewWriteSet()
	require.NoError(t, own.Add(chunk(sum, 10)))
	first := v.memory.Block(0).ID
	gone := []catalog.Address{{Block: first, Offset: 0}, {Block: first, Offset: 4095}}
	overlay := &Overlay{Rows: own.View(), Deletes: gone}
	request := catalog.ScanRequest{Columns: []catalog.ColumnID{1, 2, catalog.AddressBlock, catalog.AddressOffset}}
	scan, err := v.Scan(t.Context(), request, overlay)
	require.NoError(t, err)
	require.NotNil(t, scan.Columns()[1].Unifier)
	source, err := scan.Open(0)
	require.NoError(t, err)
	seen := map[int64]bool{}
	for {
		c, err := source.Next(t.Context())
		require.NoError(t, err)
		if c == nil {
			break
		}
		sel := c.Sel
		if sel == nil {
			sel = vector.All(c.Len)
		}
		for _, i := range sel {
			k := c.Columns[0].Int(int(i))
			require.False(t, seen[k])
			seen[k] = true
			require.Equal(t, k%3 == 0, c.Columns[1].IsNull(int(i)))
			if k%3 != 0 {
				require.Equal(t, []byte{'a' + byte(k%7)}, c.Columns[1].Bytes(int(i)))
			}
			require.Equal(t, k >= int64(sum), c.Columns[2].IsNull(int(i)))
			if k < int64(sum) {
				require.EqualValues(t, first+catalog.BlockID(k/memtable.BlockRows), c.Columns[2].Int(int(i)))
				require.Equal(t, k%memtable.BlockRows, c.Columns[3].Int(int(i)))
			}
		}
	}
	require.Len(t, seen, sum+8)
	require.EqualValues(t, 1, versions[1].Rows())
}
