//go:build amd64 && goexperiment.simd

package vector

import (
	"math/bits"
	"simd/archsimd"
)

// maskSpan keeps the rows whose code is in s, or with negate is not.
func maskSpan(v *Vector, s span, negate bool, m *Mask) bool {
	widest := ^uint64(0) >> (64 - 8<<v.Width)
	if !simd || s.first > widest || s.more > widest {
		return false
	}
	flip := uint64(0)
	if negate {
		flip = ^flip
	}
	switch v.Width {
	case W1:
		maskBytes(v, s, flip, m)
	case W2:
		maskShorts(v, s, flip, m)
	case W4:
		maskFours(v, s, flip, m)
	default:
		maskLongs(v, s, flip, m)
	}
	return true
}

func maskBytes(v *Vector, s span, flip uint64, m *Mask) {
	d := Codes[uint8](v)
	first, more := archsimd.BroadcastUint8x64(uint8(s.first)), archsimd.BroadcastUint8x64(uint8(s.more))
	var pad [64]uint8
	for w := range m[:maskWords(len(d))] {
		p := block(d, w*64, &pad)
		m[w] &= archsimd.LoadUint8x64Slice(p).Sub(first).LessEqual(more).ToBits() ^ flip
	}
}

func maskShorts(v *Vector, s span, flip uint64, m *Mask) {
	d := Codes[uint16](v)
	first, more := archsimd.BroadcastUint16x32(uint16(s.first)), archsimd.BroadcastUint16x32(uint16(s.more))
	var pad [64]uint16
	for w := range m[:maskWords(len(d))] {
		p := block(d, w*64, &pad)
		a := archsimd.LoadUint16x32Slice(p[:32]).Sub(first).LessEqual(more).ToBits()
		b := archsimd.LoadUint16x32Slice(p[32:]).Sub(first).LessEqual(more).ToBits()
		m[w] &= (uint64(a) | uint64(b)<<32) ^ flip
	}
}

func maskFours(v *Vector, s span, flip uint64, m *Mask) {
	d := Codes[uint32](v)
	first, more := archsimd.BroadcastUint32x16(uint32(s.first)), archsimd.BroadcastUint32x16(uint32(s.more))
	var pad [64]uint32
	for w := range m[:maskWords(len(d))] {
		p, set := block(d, w*64, &pad), uint64(0)
		for j := 0; j < 64; j += 16 {
			set |= uint64(archsimd.LoadUint32x16Slice(p[j:j+16]).Sub(first).LessEqual(more).ToBits()) << j
		}
		m[w] &= set ^ flip
	}
}

func maskLongs(v *Vector, s span, flip uint64, m *Mask) {
	d := Codes[uint64](v)
	first, more := archsimd.BroadcastUint64x8(s.first), archsimd.BroadcastUint64x8(s.more)
	var pad [64]uint64
	for w := range m[:maskWords(len(d))] {
		p, set := block(d, w*64, &pad), uint64(0)
		for j := 0; j < 64; j += 8 {
			set |= uint64(archsimd.LoadUint64x8Slice(p[j:j+8]).Sub(first).LessEqual(more).ToBits()) << j
		}
		m[w] &= set ^ flip
	}
}

// maskTable looks 64 codes of a byte up at once; a table of more than 128 entries takes two looks.
func maskTable(v *Vector, table []bool, m *Mask) bool {
	if !simd || len(table) > 256 {
		return false
	}
	var entries [256]uint8
	for i, set := range table {
		if set {
			entries[i] = 1
		}
	}
	a, b := archsimd.LoadUint8x64Slice(entries[:64]), archsimd.LoadUint8x64Slice(entries[64:128])
	c, e := archsimd.LoadUint8x64Slice(entries[128:192]), archsimd.LoadUint8x64Slice(entries[192:])
	one, half := archsimd.BroadcastUint8x64(1), archsimd.BroadcastUint8x64(128)
	d := Codes[uint8](v)
	var pad [64]uint8
	for w := range m[:maskWords(len(d))] {
		p := archsimd.LoadUint8x64Slice(block(d, w*64, &pad))
		set := a.ConcatPermute(b, p).Equal(one).ToBits()
		if len(table) > 128 {
			upper := p.GreaterEqual(half).ToBits()
			set = set&^upper | c.ConcatPermute(e, p).Equal(one).ToBits()&upper
		}
		m[w] &= set
	}
	return true
}

// maskCompare widens both sides by pieces that stay in the nearest cache.
func maskCompare(c Comparison, x, y *Vector, m *Mask) bool {
	if !simd {
		return false
	}
	const piece = 512
	var a, b [piece]int64
	for at := 0; at < x.Len; at += piece {
		n := min(piece, x.Len-at)
		widenRows(x, at, a[:n])
		widenRows(y, at, b[:n])
		compareBlocks(c, &a, &b, m[at/64:at/64+maskWords(n)])
	}
	return true
}

// widenRows writes the values of the rows from first on.
func widenRows(v *Vector, first int, out []int64) {
	var f affine
	f.base, f.scale = v.Affine()
	rows := len(out) &^ (simdBlock - 1)
	widenBlocks(v, f, first, out[:rows])
	for i := rows; i < len(out); i++ {
		out[i] = v.Int(first + i)
	}
}

// compareBlocks narrows the words of a mask; what lies behind the last row is masked out already.
func compareBlocks(c Comparison, x, y *[512]int64, m []uint64) {
	for w := range m {
		p, q := x[w*64:w*64+64], y[w*64:w*64+64]
		less, equal := uint64(0), uint64(0)
		for j := 0; j < 64; j += 8 {
			a, b := archsimd.LoadInt64x8Slice(p[j:j+8]), archsimd.LoadInt64x8Slice(q[j:j+8])
			less |= uint64(a.Less(b).ToBits()) << j
			equal |= uint64(a.Equal(b).ToBits()) << j
		}
		switch c {
		case Equal:
			m[w] &= equal
		case NotEqual:
			m[w] &^= equal
		case Less:
			m[w] &= less
		case LessEqual:
			m[w] &= less | equal
		case Greater:
			m[w] &^= less | equal
		case GreaterEqual:
			m[w] &^= less
		}
	}
}

// maskPlaces makes places of codes with vector instructions, and looks their bits up one by one: the machine's
// instruction for that does no more.
func maskPlaces(v *Vector, p places, m *Mask) bool {
	if !simd {
		return false
	}
	switch v.Width {
	case W2:
		placesOfShorts(v, p, m)
	case W4:
		placesOfFours(v, p, m)
	default:
		return false
	}
	return true
}

func placesOfShorts(v *Vector, p places, m *Mask) {
	d, skip, set := Codes[uint16](v), p.skip, p.bits
	first, more := archsimd.BroadcastUint16x32(uint16(p.first)), archsimd.BroadcastUint16x32(uint16(p.more))
	var pad [64]uint16
	var at [32]uint16
	half := func(codes []uint16) uint64 {
		x := archsimd.LoadUint16x32Slice(codes).Sub(first)
		x.Min(more).Store(&at)
		hits := uint64(0)
		for j := 0; j < 32; j += 4 {
			a, b, c, e := uint64(at[j])+skip, uint64(at[j+1])+skip, uint64(at[j+2])+skip, uint64(at[j+3])+skip
			low := set[a>>6]>>(a&63)&1 | set[b>>6]>>(b&63)&1<<1
			hits |= (low | set[c>>6]>>(c&63)&1<<2 | set[e>>6]>>(e&63)&1<<3) << j
		}
		return hits & uint64(x.LessEqual(more).ToBits())
	}
	for w := range m[:maskWords(len(d))] {
		if m[w] != 0 {
			codes := block(d, w*64, &pad)
			m[w] &= half(codes[:32]) | half(codes[32:])<<32
		}
	}
}

func placesOfFours(v *Vector, p places, m *Mask) {
	d, skip, set := Codes[uint32](v), p.skip, p.bits
	first, more := archsimd.BroadcastUint32x16(uint32(p.first)), archsimd.BroadcastUint32x16(uint32(p.more))
	var pad [64]uint32
	var at [32]uint32
	half := func(codes []uint32) uint64 {
		x := archsimd.LoadUint32x16Slice(codes[:16]).Sub(first)
		y := archsimd.LoadUint32x16Slice(codes[16:32]).Sub(first)
		x.Min(more).StoreSlice(at[:16])
		y.Min(more).StoreSlice(at[16:])
		hits := uint64(0)
		for j := 0; j < 32; j += 4 {
			a, b, c, e := uint64(at[j])+skip, uint64(at[j+1])+skip, uint64(at[j+2])+skip, uint64(at[j+3])+skip
			low := set[a>>6]>>(a&63)&1 | set[b>>6]>>(b&63)&1<<1
			hits |= (low | set[c>>6]>>(c&63)&1<<2 | set[e>>6]>>(e&63)&1<<3) << j
		}
		inside := uint64(x.LessEqual(more).ToBits()) | uint64(y.LessEqual(more).ToBits())<<16
		return hits & inside
	}
	for w := range m[:maskWords(len(d))] {
		if m[w] != 0 {
			codes := block(d, w*64, &pad)
			m[w] &= half(codes[:32]) | half(codes[32:])<<32
		}
	}
}

// writeRows writes the rows from first on whose bit is set to out, which has room for 64, and returns how many there
// are.
func writeRows(first int, set uint64, out []uint16) int {
	k := bits.OnesCount32(uint32(set))
	compress(first, uint32(set), out[:32])
	compress(first+32, uint32(set>>32), out[k:k+32])
	return k + bits.OnesCount32(uint32(set>>32))
}

func compress(first int, set uint32, out []uint16) {
	rows := archsimd.LoadUint16x32Slice(allRows[first : first+32])
	rows.Compress(archsimd.Mask16x32FromBits(set)).StoreSlice(out)
}

// block returns the codes of 64 rows from row i on; after the last row come zeros.
func block[T Code | ~uint64](d []T, i int, pad *[64]T) []T {
	if i+64 <= len(d) {
		return d[i : i+64 : i+64]
	}
	clear(pad[copy(pad[:], d[i:]):])
	return pad[:]
}

// maskWords is the number of words for n rows.
func maskWords(n int) int { return (n + 63) / 64 }
