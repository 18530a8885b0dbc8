//go:build amd64 && goexperiment.simd

package parquetfile

import (
	"simd/archsimd"

	"github.com/micodb/micodb/internal/vector"
)

// As in internal/vector: each kernel takes whole blocks and leaves the rest to the scalar one.

// unpack reads little-endian bit fields of width bits, for which data has bytes enough. Sixteen fields at a time: the
// four bytes that hold a field are moved to its lane, shifted and masked.
func unpack(data []byte, width int, out []uint32) {
	i := 0
	if width <= 25 && len(out) >= 64 && vector.SIMD() { // 25 bits and a shift of 7 are within 4 bytes
		var from [64]uint8
		var shifts [16]uint32
		for lane := range 16 {
			bit := lane * width
			shifts[lane] = uint32(bit & 7)
			for k := range 4 {
				from[4*lane+k] = uint8(bit/8 + k)
			}
		}
		bytes, shift := archsimd.LoadUint8x64(&from), archsimd.LoadUint32x16(&shifts)
		mask := archsimd.BroadcastUint32x16(1<<width - 1)
		for at := 0; i+16 <= len(out) && at+64 <= len(data); i, at = i+16, at+2*width {
			fields := archsimd.LoadUint8x64Slice(data[at : at+64]).Permute(bytes).AsUint32x16()
			fields.ShiftRight(shift).And(mask).StoreSlice(out[i : i+16])
		}
	}
	unpackFields(data[i/8*width:], width, out[i:])
}

// largest returns the greatest code, 0 of none.
func largest(codes []uint32) uint32 {
	i, top := 0, uint32(0)
	if len(codes) >= 16 && vector.SIMD() {
		tops := archsimd.LoadUint32x16Slice(codes[:16])
		for i = 16; i+16 <= len(codes); i += 16 {
			tops = tops.Max(archsimd.LoadUint32x16Slice(codes[i : i+16]))
		}
		var lanes [16]uint32
		tops.Store(&lanes)
		top = largestOf(lanes[:])
	}
	return max(top, largestOf(codes[i:]))
}

// extremes returns the least and the greatest value; the bounds of none are crossed.
func extremes(values []int64) (lo, hi int64) {
	i := 0
	lo, hi = vector.MaxInt, vector.MinInt
	if len(values) >= 8 && vector.SIMD() {
		least := archsimd.LoadInt64x8Slice(values[:8])
		most := least
		for i = 8; i+8 <= len(values); i += 8 {
			x := archsimd.LoadInt64x8Slice(values[i : i+8])
			least, most = least.Min(x), most.Max(x)
		}
		var lanes [8]int64
		least.Store(&lanes)
		lo, _ = extremesOf(lanes[:])
		most.Store(&lanes)
		_, hi = extremesOf(lanes[:])
	}
	l, h := extremesOf(values[i:])
	return min(lo, l), max(hi, h)
}
