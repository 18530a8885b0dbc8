package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

func TestCheck(t *testing.T) {
	each(func(r *rand.Rand, v *vector.Vector) {
		require.NoError(t, vector.Check(v, v.Len, randomSelection(r, v.Len)))
	})
	for _, v := range texts(rand.New(rand.NewPCG(1, 2)), 100, 0.2) {
		require.NoError(t, vector.Check(v, 100, nil))
		v.Dictionary = &vector.Dictionary{}
		if v.Encoding == vector.Dict {
			require.ErrorContains(t, vector.Check(v, 100, nil), "dictionary of 0 values")
		}
	}
	v := vector.Ints64(vector.Of(vector.Int64), 1, 2, 300)
	v.Hi = 299
	require.ErrorContains(t, vector.Check(v, 3, nil), "outside [1, 299]")
	require.NoError(t, vector.Check(v, 3, []uint16{0, 1}))
	require.ErrorContains(t, vector.Check(v, 4, nil), "3 rows")
	require.ErrorContains(t, vector.Check(v, 3, []uint16{3}), "chosen")
	v.Valid = []uint64{}
	require.ErrorContains(t, vector.Check(v, 3, nil), "validity")
	null := &vector.Vector{Type: v.Type, Encoding: vector.Frame, Scale: 1, Hi: 5, NullCode: true, Valid: []uint64{0}}
	vector.SetCodes(null, []uint8{3})
	require.ErrorContains(t, vector.Check(null, 1, nil), "code of a value")
}
