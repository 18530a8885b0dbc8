package parquetfile

import (
	"encoding/binary"

	"github.com/micodb/micodb/internal/vector"
)

// unpackFields reads little-endian bit fields, for which data has bytes enough.
func unpackFields(data []byte, width int, out []uint32) {
	mask := uint64(1)<<width - 1
	i := 0
	for ; i < len(out) && i*width/8+8 <= len(data); i++ {
		bit := i * width
		out[i] = uint32(binary.LittleEndian.Uint64(data[bit/8:]) >> (bit & 7) & mask)
	}
	for ; i < len(out); i++ {
		var word uint64
		bit := i * width
		for k, b := range data[min(bit/8, len(data)):min(bit/8+8, len(data))] {
			word |= uint64(b) << (8 * k)
		}
		out[i] = uint32(word >> (bit & 7) & mask)
	}
}

func largestOf(codes []uint32) uint32 {
	top := uint32(0)
	for _, x := range codes {
		top = max(top, x)
	}
	return top
}

func extremesOf(values []int64) (lo, hi int64) {
	lo, hi = vector.MaxInt, vector.MinInt
	for _, x := range values {
		lo, hi = min(lo, x), max(hi, x)
	}
	return lo, hi
}
