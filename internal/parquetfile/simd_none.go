//go:build !amd64 || !goexperiment.simd

package parquetfile

// unpack reads little-endian bit fields of width bits, for which data has bytes enough.
func unpack(data []byte, width int, out []uint32) { unpackFields(data, width, out) }

// largest returns the greatest code, 0 of none.
func largest(codes []uint32) uint32 { return largestOf(codes) }

// extremes returns the least and the greatest value; the bounds of none are crossed.
func extremes(values []int64) (lo, hi int64) { return extremesOf(values) }
