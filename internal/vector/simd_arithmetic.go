//go:build amd64 && goexperiment.simd

package vector

import "simd/archsimd"

// widenBlocks writes base + scale*code of the rows from first on, as many as out has, a multiple of simdBlock.
func widenBlocks(v *Vector, f affine, first int, out []int64) {
	switch v.Width { // a table of functions would make out escape
	case W1:
		widenBytes(v, f, first, out)
	case W2:
		widenShorts(v, f, first, out)
	case W4:
		widenWords(v, f, first, out)
	default:
		widenLongs(v, f, first, out)
	}
}

func widenBytes(v *Vector, f affine, first int, out []int64) {
	d := Codes[uint8](v)[first : first+len(out)]
	base, scale := archsimd.BroadcastUint64x8(uint64(f.base)), archsimd.BroadcastUint64x8(uint64(f.scale))
	for i := 0; i+16 <= len(d); i += 16 {
		x := archsimd.LoadUint8x16Slice(d[i : i+16]).ExtendToUint16()
		lo, hi := x.GetLo().ExtendToUint64(), x.GetHi().ExtendToUint64()
		lo.Mul(scale).Add(base).AsInt64x8().StoreSlice(out[i : i+8])
		hi.Mul(scale).Add(base).AsInt64x8().StoreSlice(out[i+8 : i+16])
	}
}

func widenShorts(v *Vector, f affine, first int, out []int64) {
	d := Codes[uint16](v)[first : first+len(out)]
	base, scale := archsimd.BroadcastUint64x8(uint64(f.base)), archsimd.BroadcastUint64x8(uint64(f.scale))
	for i := 0; i+8 <= len(d); i += 8 {
		x := archsimd.LoadUint16x8Slice(d[i : i+8]).ExtendToUint64()
		x.Mul(scale).Add(base).AsInt64x8().StoreSlice(out[i : i+8])
	}
}

func widenWords(v *Vector, f affine, first int, out []int64) {
	d := Codes[uint32](v)[first : first+len(out)]
	base, scale := archsimd.BroadcastUint64x8(uint64(f.base)), archsimd.BroadcastUint64x8(uint64(f.scale))
	for i := 0; i+8 <= len(d); i += 8 {
		x := archsimd.LoadUint32x8Slice(d[i : i+8]).ExtendToUint64()
		x.Mul(scale).Add(base).AsInt64x8().StoreSlice(out[i : i+8])
	}
}

func widenLongs(v *Vector, f affine, first int, out []int64) {
	d := Codes[uint64](v)[first : first+len(out)]
	base, scale := archsimd.BroadcastUint64x8(uint64(f.base)), archsimd.BroadcastUint64x8(uint64(f.scale))
	for i := 0; i+8 <= len(d); i += 8 {
		x := archsimd.LoadUint64x8Slice(d[i : i+8])
		x.Mul(scale).Add(base).AsInt64x8().StoreSlice(out[i : i+8])
	}
}

// combineBlocks makes x op y of x, modulo 2^64. The caller has made a subtraction an addition.
func combineBlocks(op Operation, x, y []int64) {
	y = y[:len(x)]
	if op == Multiply {
		for i := 0; i+8 <= len(x); i += 8 {
			archsimd.LoadInt64x8Slice(x[i : i+8]).Mul(archsimd.LoadInt64x8Slice(y[i : i+8])).StoreSlice(x[i : i+8])
		}
		return
	}
	for i := 0; i+8 <= len(x); i += 8 {
		archsimd.LoadInt64x8Slice(x[i : i+8]).Add(archsimd.LoadInt64x8Slice(y[i : i+8])).StoreSlice(x[i : i+8])
	}
}

// sumBlocks adds whole blocks, modulo 2^64.
func sumBlocks(x []int64) uint64 {
	sums := archsimd.BroadcastInt64x8(0)
	for i := 0; i+8 <= len(x); i += 8 {
		sums = sums.Add(archsimd.LoadInt64x8Slice(x[i : i+8]))
	}
	var lanes [8]int64
	sums.Store(&lanes)
	sum := uint64(0)
	for _, l := range lanes {
		sum += uint64(l)
	}
	return sum
}

// hashBlocks is Hash of whole blocks.
func hashBlocks(in, out []uint64) {
	out = out[:len(in)]
	factor := archsimd.BroadcastUint64x8(hashFactor)
	for i := 0; i+8 <= len(in); i += 8 {
		h := archsimd.LoadUint64x8Slice(in[i : i+8])
		h = h.Xor(h.ShiftAllRight(32)).Mul(factor)
		h = h.Xor(h.ShiftAllRight(32)).Mul(factor)
		h.Xor(h.ShiftAllRight(32)).StoreSlice(out[i : i+8])
	}
}
