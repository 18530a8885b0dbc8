package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

// The kernels take blocks of rows: every length around their sizes, every width, against one row at a time.
func TestKernelsAtTheEndsOfBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	lengths := []int{1, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 500, 511, 512, 513, 4095, 4096}
	for _, n := range lengths {
		for width := range 4 {
			x, y := frameOf(r, n, width), frameOf(r, n, r.IntN(4))
			lo := x.Int(r.IntN(n))
			rg := vector.Range{Lo: lo, Hi: lo + r.Int64N(1<<min(8<<width-1, 31)), Negate: r.IntN(2) == 0}
			want := []uint16{}
			for i := range n {
				if (x.Int(i) >= rg.Lo && x.Int(i) <= rg.Hi) != rg.Negate {
					want = append(want, uint16(i))
				}
			}
			got := vector.SelectRange(x, rg, nil, make([]uint16, n))
			require.Equal(t, want, append([]uint16{}, got...), "%d rows of width %d in %+v", n, width, rg)

			ints, sum := vector.Ints(x, nil, make([]int64, n)), uint64(0)
			for _, v := range ints {
				sum += uint64((v - x.Base) / x.Scale)
			}
			require.Equal(t, sum, vector.SumCodes(x, nil))
			require.Equal(t, sum, vector.SumCodes(x, vector.All(n)))
			for _, op := range []vector.Operation{vector.Add, vector.Subtract, vector.Multiply} {
				var b vector.Buffer
				v, ok := b.Arithmetic(op, x, y, nil)
				for i := range n {
					require.Equal(t, x.Int(i), ints[i])
					if ok {
						require.Equal(t, combined(op, x.Int(i), y.Int(i)), v.Int(i), "%v of row %d of %d", op, i, n)
					}
				}
			}
		}
		words, hashes := make([]uint64, n), make([]uint64, n)
		for i := range words {
			words[i] = r.Uint64()
		}
		vector.HashWords(words, hashes)
		for i, w := range words {
			require.Equal(t, vector.Hash(w), hashes[i])
		}
	}
}

func combined(op vector.Operation, x, y int64) int64 {
	switch op {
	case vector.Add:
		return x + y
	case vector.Subtract:
		return x - y
	default:
		return x * y
	}
}

// frameOf makes a vector of codes of all values that the width has, up to 31 bits, under a random frame.
func frameOf(r *rand.Rand, n, width int) *vector.Vector {
	v := &vector.Vector{
		Type: vector.Of(vector.Int64), Physical: vector.Integer, Encoding: vector.Frame,
		Base: r.Int64N(2000) - 1000, Scale: []int64{1, 10, -3}[r.IntN(3)],
	}
	top := int64(1)<<min(8<<width, 31) - 1
	switch width {
	case 0:
		vector.SetCodes(v, codesOf[uint8](r, n, top))
	case 1:
		vector.SetCodes(v, codesOf[uint16](r, n, top))
	case 2:
		vector.SetCodes(v, codesOf[uint32](r, n, top))
	default:
		vector.SetCodes(v, codesOf[int64](r, n, top))
	}
	a, b := v.Base, v.Base+v.Scale*top
	v.Lo, v.Hi = min(a, b), max(a, b)
	return v
}

func codesOf[T vector.Code](r *rand.Rand, n int, top int64) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = T(r.Int64N(top + 1))
	}
	return out
}
