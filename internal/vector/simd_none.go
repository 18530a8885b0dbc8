//go:build !amd64 || !goexperiment.simd

package vector

// SIMD tells whether kernels use vector instructions: this build has none.
func SIMD() bool { return false }

func spanKernels(scalar [4]spanKernel, _ bool) [4]spanKernel { return scalar }

func sumKernels(scalar [4]sumKernel) [4]sumKernel { return scalar }

func widenKernels(scalar [4]widenKernel) [4]widenKernel { return scalar }

func codeKernels(scalar [4][4]codeKernel, _ Operation) [4][4]codeKernel { return scalar }

// HashWords hashes every word of in to out, which may be the same.
func HashWords(in, out []uint64) { hashWords(in, out) }
