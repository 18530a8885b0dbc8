//go:build amd64 && goexperiment.simd

package vector

import (
	"os"
	"simd/archsimd"
)

// SIMD tells whether kernels use vector instructions (AVX-512 with VBMI2, Intel since 2019 and AMD since 2022).
// MICODB_SIMD=off in the environment turns them off.
func SIMD() bool { return simd }

var simd = archsimd.X86.AVX512() && archsimd.X86.AVX512VBMI2() && os.Getenv("MICODB_SIMD") != "off"

// Each kernel below works on whole blocks of rows and leaves the rest, and what is no plain pass over a vector, to
// the scalar kernel that it stands for.

func spanKernels(scalar [4]spanKernel, negate bool) [4]spanKernel {
	if !simd {
		return scalar
	}
	var out [4]spanKernel
	for w := range out {
		out[w] = func(v *Vector, s span, in, out []uint16) []uint16 {
			var m Mask
			if !isAll(v, in) {
				return scalar[w](v, s, in, out)
			}
			m.Fill(v.Len)
			if !maskSpan(v, s, negate, &m) {
				return scalar[w](v, s, in, out)
			}
			return m.Rows(out[:v.Len])
		}
	}
	return out
}

func bitmapKernels(scalar [4]runtimeKernel) [4]runtimeKernel {
	if !simd {
		return scalar
	}
	var out [4]runtimeKernel
	for w := range out {
		out[w] = func(v *Vector, r *RuntimeValues, in, out []uint16) []uint16 {
			var m Mask
			if !isAll(v, in) {
				return scalar[w](v, r, in, out)
			}
			m.Fill(v.Len)
			if !MaskRuntime(v, r, &m) {
				return scalar[w](v, r, in, out)
			}
			return m.Rows(out[:v.Len])
		}
	}
	return out
}

func tableKernels(scalar [4]tableKernel) [4]tableKernel {
	if !simd {
		return scalar
	}
	out := scalar
	out[W1] = func(v *Vector, table []bool, in, out []uint16) []uint16 {
		var m Mask
		if !isAll(v, in) {
			return scalar[W1](v, table, in, out)
		}
		m.Fill(v.Len)
		if !maskTable(v, table, &m) {
			return scalar[W1](v, table, in, out)
		}
		return m.Rows(out[:v.Len])
	}
	return out
}

func compareKernels(scalar [4][4]compareKernel, c Comparison) [4][4]compareKernel {
	if !simd {
		return scalar
	}
	var out [4][4]compareKernel
	for a := range out {
		for b := range out[a] {
			out[a][b] = func(o comparison, in, out []uint16) []uint16 {
				var m Mask
				if o.b.scale == 0 || !isAll(o.x, in) {
					return scalar[a][b](o, in, out)
				}
				m.Fill(o.x.Len)
				kept := c
				if o.negate {
					kept = c.Negated()
				}
				if !maskCompare(kept, o.x, o.y, &m) {
					return scalar[a][b](o, in, out)
				}
				return m.Rows(out[:o.x.Len])
			}
		}
	}
	return out
}

// isAll tells whether a selection is all rows of a vector.
func isAll(v *Vector, in []uint16) bool {
	return in == nil || len(in) == v.Len && &in[0] == &allRows[0]
}

func widenKernels(scalar [4]widenKernel) [4]widenKernel {
	if !simd {
		return scalar
	}
	var out [4]widenKernel
	for w := range out {
		out[w] = func(v *Vector, sel []uint16, to []int64) {
			if sel != nil {
				scalar[w](v, sel, to)
				return
			}
			var f affine
			f.base, f.scale = v.Affine()
			rows := v.Len &^ (simdBlock - 1)
			widenBlocks(v, f, 0, to[:rows])
			if rows < v.Len {
				scalar[w](v, All(v.Len)[rows:], to)
			}
		}
	}
	return out
}

func sumKernels(scalar [4]sumKernel) [4]sumKernel {
	if !simd {
		return scalar
	}
	var out [4]sumKernel
	for w := range out {
		out[w] = func(v *Vector, sel []uint16) uint64 {
			if sel != nil {
				return scalar[w](v, sel)
			}
			rows, sum := v.Len&^(simdBlock-1), uint64(0)
			var values [512]int64
			for at := 0; at < rows; at += len(values) {
				piece := values[:min(rows-at, len(values))]
				widenBlocks(v, affine{scale: 1}, at, piece)
				sum += sumBlocks(piece)
			}
			return sum + scalar[w](v, All(v.Len)[rows:])
		}
	}
	return out
}

// simdBlock divides the rows that the kernels of widening and arithmetic take.
const simdBlock = 16

// codeKernels widens both sides by pieces that stay in the nearest cache.
func codeKernels(scalar [4][4]codeKernel, op Operation) [4][4]codeKernel {
	if !simd {
		return scalar
	}
	var out [4][4]codeKernel
	for a := range out {
		for b := range out[a] {
			out[a][b] = func(o operands, to []int64, sel []uint16) {
				if sel != nil {
					scalar[a][b](o, to, sel)
					return
				}
				n, rows := o.x.Len, 0
				var y [512]int64
				for rows+simdBlock <= n {
					piece := min(n-rows, len(y)) &^ (simdBlock - 1)
					into := to[rows : rows+piece]
					widenBlocks(o.x, o.a, rows, into)
					widenBlocks(o.y, o.b, rows, y[:piece])
					combineBlocks(op, into, y[:piece])
					rows += piece
				}
				if rows < n {
					scalar[a][b](o, to, All(n)[rows:])
				}
			}
		}
	}
	return out
}

// HashWords hashes every word of in to out, which may be the same.
func HashWords(in, out []uint64) {
	rows := 0
	if simd {
		rows = len(in) &^ (simdBlock - 1)
		hashBlocks(in[:rows], out[:rows])
	}
	hashWords(in[rows:], out[rows:])
}
