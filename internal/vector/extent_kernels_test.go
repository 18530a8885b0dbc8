package vector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

func TestExtent(t *testing.T) {
	integers := vector.Of(vector.Int64)
	require.Equal(t, vector.Bounds{Lo: -3, Hi: 9}, vector.Extent(vector.Ints64(integers, 4, -3, 9)))
	none := vector.Extent(vector.Ints64(integers))
	require.Greater(t, none.Lo, none.Hi)

	frame := func(scale int64) *vector.Vector {
		v := &vector.Vector{Type: integers, Physical: vector.Integer, Encoding: vector.Frame, Base: 100, Scale: scale}
		vector.SetCodes(v, []uint8{3, 7, 5, 255})
		return v
	}
	require.Equal(t, vector.Bounds{Lo: 106, Hi: 610}, vector.Extent(frame(2)))
	require.Equal(t, vector.Bounds{Lo: -410, Hi: 94}, vector.Extent(frame(-2)))

	nulls := frame(2) // the code of a NULL does not count
	nulls.Valid, nulls.NullCode = []uint64{0b0111}, true
	require.Equal(t, vector.Bounds{Lo: 106, Hi: 114}, vector.Extent(nulls))
	nulls.Valid = []uint64{0}
	none = vector.Extent(nulls)
	require.Greater(t, none.Lo, none.Hi)

	constant := &vector.Vector{Type: integers, Physical: vector.Integer, Encoding: vector.Constant, Base: 7, Len: 5}
	require.Equal(t, vector.Bounds{Lo: 7, Hi: 7}, vector.Extent(constant))
}
