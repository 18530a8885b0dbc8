//go:build !amd64 || !goexperiment.simd

package vector

import (
	"bytes"
	"math/bits"
)

// SIMD tells whether kernels use vector instructions: this build has none.
func SIMD() bool { return false }

func spanKernels(scalar [4]spanKernel, _ bool) [4]spanKernel { return scalar }

func bitmapKernels(scalar [4]runtimeKernel) [4]runtimeKernel { return scalar }

func tableKernels(scalar [4]tableKernel) [4]tableKernel { return scalar }

func compareKernels(scalar [4][4]compareKernel, _ Comparison) [4][4]compareKernel { return scalar }

func maskSpan(*Vector, span, bool, *Mask) bool { return false }

func maskTable(*Vector, []bool, *Mask) bool { return false }

func maskCompare(Comparison, *Vector, *Vector, *Mask) bool { return false }

func maskPlaces(*Vector, places, *Mask) bool { return false }

// writeRows writes the rows from first on whose bit is set to out, and returns how many there are.
func writeRows(first int, set uint64, out []uint16) int {
	k := 0
	for ; set != 0; set &= set - 1 {
		out[k] = uint16(first + bits.TrailingZeros64(set))
		k++
	}
	return k
}

func sumKernels(scalar [4]sumKernel) [4]sumKernel { return scalar }

func widenKernels(scalar [4]widenKernel) [4]widenKernel { return scalar }

func codeKernels(scalar [4][4]codeKernel, _ Operation) [4][4]codeKernel { return scalar }

// HashWords hashes every word of in to out, which may be the same.
func HashWords(in, out []uint64) { hashWords(in, out) }

// index returns the place of a needle, or -1.
func index(text, needle []byte) int { return bytes.Index(text, needle) }
