//go:build amd64 && goexperiment.simd

package vector

import (
	"bytes"
	"math/bits"
	"simd/archsimd"
)

// index returns the place of a needle of two bytes or more, or -1. It compares the needle's first and last byte with 64
// places at once, and looks between them where both fit (Muła, "SIMD-friendly algorithms for substring searching").
func index(text, needle []byte) int {
	if !simd {
		return bytes.Index(text, needle)
	}
	end, i := len(needle)-1, 0
	first, last := archsimd.BroadcastUint8x64(needle[0]), archsimd.BroadcastUint8x64(needle[end])
	for ; i+64+end <= len(text); i += 64 {
		fits := archsimd.LoadUint8x64Slice(text[i:i+64]).Equal(first).ToBits() &
			archsimd.LoadUint8x64Slice(text[i+end:i+end+64]).Equal(last).ToBits()
		for ; fits != 0; fits &= fits - 1 {
			j := i + bits.TrailingZeros64(fits)
			if bytes.Equal(text[j+1:j+end], needle[1:end]) {
				return j
			}
		}
	}
	if j := bytes.Index(text[i:], needle); j >= 0 {
		return i + j
	}
	return -1
}
