package vector

import "github.com/cespare/xxhash/v2"

// Hash mixes 64 bits (the finalizer of the "xmxmx" family; every input bit reaches every output bit). Runtime
// filters, hash joins and aggregations use it alike.
func Hash(h uint64) uint64 {
	h ^= h >> 32
	h *= hashFactor
	h ^= h >> 32
	h *= hashFactor
	h ^= h >> 32
	return h
}

const hashFactor = 0xd6e8feb86659fd93

// hashWords is HashWords row by row.
func hashWords(in, out []uint64) {
	out = out[:len(in)]
	for i, w := range in {
		out[i] = Hash(w)
	}
}

// HashBytes hashes a text with xxHash64.
func HashBytes(b []byte) uint64 { return xxhash.Sum64(b) }

// BloomMask returns the two bits of a value with hash h within its 64-bit block; the block is h>>12 modulo the
// number of blocks, a power of two.
func BloomMask(h uint64) uint64 { return 1<<(h&63) | 1<<(h>>6&63) }

// RuntimeValues is the set of integers that may pass a join's filter: those in [Lo, Hi] that Bits (exact, bit
// x-Lo) or else Bloom (64-bit blocks under Hash and BloomMask) holds; without both all in [Lo, Hi].
type RuntimeValues struct {
	Lo, Hi int64
	Bits   []uint64
	Bloom  []uint64
}

type runtimeKernel func(v *Vector, r *RuntimeValues, in, out []uint16) []uint16

var (
	selectBitmap = bitmapKernels(
		[4]runtimeKernel{byBitmap[uint8], byBitmap[uint16], byBitmap[uint32], byBitmap[int64]})
	selectBloom = [4]runtimeKernel{byBloom[uint8], byBloom[uint16], byBloom[uint32], byBloom[int64]}
)

// SelectRuntime keeps the rows of an Integer vector that may be in r.
func SelectRuntime(v *Vector, r *RuntimeValues, in, out []uint16) []uint16 {
	switch {
	case r.Lo > r.Hi:
		return out[:0]
	case v.Encoding == Constant:
		if r.Has(v.Base) {
			return SelectValid(v, in, out)
		}
		return out[:0]
	case r.Bits != nil:
		return selectBitmap[v.Width](v, r, SelectValid(v, in, out), out)
	case r.Bloom != nil:
		return selectBloom[v.Width](v, r, SelectValid(v, in, out), out)
	default:
		return SelectRange(v, Range{Lo: r.Lo, Hi: r.Hi}, in, out)
	}
}

// Has tells whether a value may be in the set.
func (r *RuntimeValues) Has(value int64) bool {
	x := uint64(value) - uint64(r.Lo)
	switch {
	case x > uint64(r.Hi)-uint64(r.Lo):
		return false
	case r.Bits != nil:
		return r.Bits[x>>6]>>(x&63)&1 != 0
	case r.Bloom != nil:
		h := Hash(uint64(value))
		mask := BloomMask(h)
		return r.Bloom[h>>12&uint64(len(r.Bloom)-1)]&mask == mask
	default:
		return true
	}
}

func byBitmap[T Code](v *Vector, r *RuntimeValues, in, out []uint16) []uint16 {
	d, k := Codes[T](v), 0
	base, scale := v.Affine()
	offset, factor, last := uint64(base)-uint64(r.Lo), uint64(scale), uint64(r.Hi)-uint64(r.Lo)
	bits := r.Bits
	out = out[:len(in)]
	for _, i := range in {
		out[k] = i
		if x := offset + factor*uint64(d[i]); x <= last {
			k += int(bits[x>>6] >> (x & 63) & 1)
		}
	}
	return out[:k]
}

// bloomPiece is how many rows are hashed at once.
const bloomPiece = 256

func byBloom[T Code](v *Vector, r *RuntimeValues, in, out []uint16) []uint16 {
	d, k := Codes[T](v), 0
	base, scale := v.Affine()
	lo, last := uint64(r.Lo), uint64(r.Hi)-uint64(r.Lo)
	bloom, blocks := r.Bloom, uint64(len(r.Bloom)-1)
	out = out[:len(in)]
	var values, hashes [bloomPiece]uint64
	for len(in) > 0 {
		rows := in[:min(bloomPiece, len(in))]
		in = in[len(rows):]
		for j, i := range rows {
			values[j] = uint64(base) + uint64(scale)*uint64(d[i])
		}
		HashWords(values[:len(rows)], hashes[:len(rows)])
		for j, i := range rows {
			out[k] = i
			h := hashes[j]
			if mask := BloomMask(h); bloom[h>>12&blocks]&mask == mask && values[j]-lo <= last {
				k++
			}
		}
	}
	return out[:k]
}
