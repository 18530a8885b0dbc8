package catalog_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
)

func TestCopiesOfAnAddressSetChangeApart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	type pair struct {
		set  *catalog.AddressSet
		want map[catalog.Address]bool
	}
	all := []pair{{&catalog.AddressSet{}, map[catalog.Address]bool{}}}
	for range 300 {
		p := &all[r.IntN(len(all))]
		rows := make([]catalog.Address, r.IntN(60))
		for i := range rows {
			rows[i] = catalog.Address{Block: catalog.BlockID(r.IntN(5)), Offset: uint32(r.IntN(300_000))}
			p.want[rows[i]] = true
		}
		p.set.Add(rows)
		switch r.IntN(6) {
		case 0:
			all = append(all, pair{p.set.Copy(), maps.Clone(p.want)})
		case 1:
			p.set.Compress()
		case 2:
			other := all[r.IntN(len(all))]
			for _, b := range other.set.Blocks() {
				p.set.Put(b, other.set.Offsets(b).Clone())
			}
			maps.Copy(p.want, other.want)
		default:
		}
	}
	require.Greater(t, len(all), 20)
	for _, p := range all {
		got := slices.Collect(p.set.All())
		require.Len(t, p.want, len(got))
		require.EqualValues(t, len(got), p.set.Len())
		require.Equal(t, len(got) > 0, p.set.Bytes() > 0)
		for _, a := range got {
			require.True(t, p.want[a])
		}
	}
}

func TestAnAddressSetTakesLittleMemory(t *testing.T) {
	s := &catalog.AddressSet{}
	one := s.Bytes()
	for i := range 2000 { // the worst: each row in a block, or a part of one, of its own
		a := catalog.Address{Block: catalog.BlockID(i / 2), Offset: uint32(i%2) << 20}
		s.Add([]catalog.Address{a})
		require.LessOrEqual(t, s.Bytes()-one, int64(catalog.AddressBytesMax))
		one = s.Bytes()
	}
	s = &catalog.AddressSet{}
	rows := make([]catalog.Address, 1<<20)
	for i := range rows {
		rows[i] = catalog.Address{Block: 7, Offset: uint32(i)}
	}
	s.Add(rows)
	require.LessOrEqual(t, s.Bytes(), int64(len(rows)/8+1000))
	s.Compress()
	require.LessOrEqual(t, s.Bytes(), int64(1000))
	require.EqualValues(t, len(rows), s.Len())
}
