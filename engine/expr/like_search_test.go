package expr_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// Patterns that begin with % and a text are looked for in all texts of a chunk at once.
func TestLikeSearchesWholeChunks(t *testing.T) {
	r, passed := rand.New(rand.NewPCG(1, 2)), 0
	pick := func(letters string, most int) []byte {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return b
	}
	for range 2000 {
		n := 1 + r.IntN(80)
		v := &vector.Vector{Type: vector.Of(vector.Text), Physical: vector.Bytes, Len: n, Offsets: []int32{0}}
		v.Valid = make([]uint64, (n+63)/64)
		for i := range n {
			if r.IntN(8) > 0 {
				v.Data = append(v.Data, pick("abc", 12)...)
				v.Valid[i/64] |= 1 << (i % 64)
			}
			v.Offsets = append(v.Offsets, int32(len(v.Data)))
		}
		c := &vector.Chunk{Len: n, Columns: []*vector.Vector{v}}
		pattern := "%" + string(pick("abc", 3)) + string(pick("abc%_", 5))
		var e expr.Expr = expr.Like{
			Of:      expr.Column{Of: vector.Of(vector.Text), IsNull: true},
			Pattern: expr.Literal{Value: vector.TextOf(pattern)},
		}
		negate := r.IntN(2) == 0
		if negate {
			e = expr.Not{Of: e}
		}
		p, err := expr.CompilePredicate(e)
		require.NoError(t, err)
		want := []uint16{}
		for i := range n {
			if !v.IsNull(i) && slowLike([]rune(string(v.Bytes(i))), []rune(pattern)) != negate {
				want = append(want, uint16(i))
			}
		}
		got, err := p(c, nil, make([]uint16, n))
		require.NoError(t, err)
		require.Equal(t, want, append([]uint16{}, got...), "%s", e)
		passed += len(want)
	}
	require.Greater(t, passed, 1000)
}
