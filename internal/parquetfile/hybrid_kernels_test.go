package parquetfile

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnpack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for width := 0; width <= 32; width++ {
		for _, n := range []int{1, 7, 8, 9, 15, 16, 63, 64, 65, 80, 127, 1000, 4096} {
			codes := make([]uint32, n)
			for i := range codes {
				codes[i] = uint32(r.Uint64() & (1<<width - 1))
			}
			packed := appendPacked(nil, codes, width)
			_, data := uvarint(packed)
			for _, spare := range []int{0, 1, 100} { // bytes after the run
				got := make([]uint32, n)
				unpack(append(append([]byte(nil), data...), make([]byte, spare)...), width, got)
				require.Equal(t, codes, got, "%d fields of %d bits", n, width)
			}
			require.Equal(t, largestOf(codes), largest(codes))
		}
	}
}

func TestExtremes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	for n := range 70 {
		values := make([]int64, n)
		for i := range values {
			values[i] = int64(r.Uint64())
		}
		lo, hi := extremesOf(values)
		gotLo, gotHi := extremes(values)
		require.Equal(t, []int64{lo, hi}, []int64{gotLo, gotHi})
	}
}

func uvarint(data []byte) (uint64, []byte) {
	for i, b := range data {
		if b < 0x80 {
			return 0, data[i+1:]
		}
	}
	return 0, nil
}
