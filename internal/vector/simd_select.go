//go:build amd64 && goexperiment.simd

package vector

import (
	"math/bits"
	"simd/archsimd"
)

// The kernels for each width of codes: they write the rows of whole blocks whose code is in s, or with all bits of
// flip set is not, to out, and return how many rows they looked at and how many they wrote.

func selectBytes(v *Vector, s span, flip uint64, out []uint16) (rows, passed int) {
	d, k, i := Codes[uint8](v), 0, 0
	first, more := archsimd.BroadcastUint8x64(uint8(s.first)), archsimd.BroadcastUint8x64(uint8(s.more))
	for ; i+64 <= len(d); i += 64 {
		m := archsimd.LoadUint8x64Slice(d[i:i+64]).Sub(first).LessEqual(more).ToBits() ^ flip
		k += keep(i, uint32(m), out[k:])
		k += keep(i+32, uint32(m>>32), out[k:])
	}
	return i, k
}

func selectShorts(v *Vector, s span, flip uint64, out []uint16) (rows, passed int) {
	d, k, i := Codes[uint16](v), 0, 0
	first, more := archsimd.BroadcastUint16x32(uint16(s.first)), archsimd.BroadcastUint16x32(uint16(s.more))
	for ; i+32 <= len(d); i += 32 {
		m := archsimd.LoadUint16x32Slice(d[i:i+32]).Sub(first).LessEqual(more).ToBits() ^ uint32(flip)
		k += keep(i, m, out[k:])
	}
	return i, k
}

func selectWords(v *Vector, s span, flip uint64, out []uint16) (rows, passed int) {
	d, k, i := Codes[uint32](v), 0, 0
	first, more := archsimd.BroadcastUint32x16(uint32(s.first)), archsimd.BroadcastUint32x16(uint32(s.more))
	for ; i+32 <= len(d); i += 32 {
		a := archsimd.LoadUint32x16Slice(d[i : i+16]).Sub(first).LessEqual(more).ToBits()
		b := archsimd.LoadUint32x16Slice(d[i+16 : i+32]).Sub(first).LessEqual(more).ToBits()
		k += keep(i, (uint32(a)|uint32(b)<<16)^uint32(flip), out[k:])
	}
	return i, k
}

func selectLongs(v *Vector, s span, flip uint64, out []uint16) (rows, passed int) {
	d, k, i := Codes[uint64](v), 0, 0
	first, more := archsimd.BroadcastUint64x8(s.first), archsimd.BroadcastUint64x8(s.more)
	for ; i+32 <= len(d); i += 32 {
		m := uint32(0)
		for j := 0; j < 32; j += 8 {
			m |= uint32(archsimd.LoadUint64x8Slice(d[i+j:i+j+8]).Sub(first).LessEqual(more).ToBits()) << j
		}
		k += keep(i, m^uint32(flip), out[k:])
	}
	return i, k
}

// keep writes the rows from first on whose bit is set to out, which has room for 32, and returns how many there are.
func keep(first int, set uint32, out []uint16) int {
	rows := archsimd.LoadUint16x32Slice(allRows[first : first+32])
	rows.Compress(archsimd.Mask16x32FromBits(set)).StoreSlice(out[:32])
	return bits.OnesCount32(set)
}
