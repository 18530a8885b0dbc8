package vector_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

// Texts of few letters hold short needles often, at their ends and over them.
func TestFindText(t *testing.T) {
	r, found := rand.New(rand.NewPCG(1, 2)), 0
	for range 3000 {
		n, letters := 1+r.IntN(60), 1+r.IntN(4)
		text := func(most int) []byte {
			b := make([]byte, r.IntN(most+1))
			for i := range b {
				b[i] = 'a' + byte(r.IntN(letters))
			}
			return b
		}
		v := &vector.Vector{Type: vector.Of(vector.Text), Physical: vector.Bytes, Len: n, Offsets: []int32{0}}
		v.Valid = randomValidity(r, n, []float64{0, 0.2}[r.IntN(2)])
		v.Data = append(v.Data, text(5)...)
		v.Offsets[0] = int32(len(v.Data)) // a slice of a longer vector
		longest := []int{3, 20, 200}[r.IntN(3)]
		for range n {
			v.Data = append(v.Data, text(longest)...)
			v.Offsets = append(v.Offsets, int32(len(v.Data)))
		}
		v.Data = append(v.Data, text(5)...)
		needle := append([]byte{'a', 'b'}[:2:2], text(r.IntN(12))...)
		var want []uint16
		var ends []int32
		for i := range n {
			if k := bytes.Index(v.Bytes(i), needle); k >= 0 && !v.IsNull(i) {
				want, ends = append(want, uint16(i)), append(ends, v.Offsets[i]+int32(k+len(needle)))
			}
		}
		rows, at := make([]uint16, n), make([]int32, n)
		k := vector.FindText(v, needle, rows, at)
		require.Equal(t, want, append([]uint16(nil), rows[:k]...))
		require.Equal(t, ends, append([]int32(nil), at[:k]...))
		found += k
	}
	require.Greater(t, found, 3000)
}
