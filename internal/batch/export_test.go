package batch_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/vector"
)

func TestArrayOfComesBackThroughVectorOf(t *testing.T) {
	for of, values := range samples() {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		a := build(t, of, values)
		declared, err := batch.TypeOf(arrow.Field{Name: "c", Type: of, Nullable: true})
		require.NoError(t, err)
		if declared.Kind == vector.Unknown {
			continue
		}
		v, err := batch.VectorOf(a, declared, 0, a.Len())
		require.NoError(t, err)
		all, err := batch.ArrayOf(v, nil, mem)
		require.NoError(t, err)
		require.Equal(t, batch.FieldOf("c", declared, true).Type, all.DataType())
		require.Equal(t, a.NullN(), all.NullN())
		again, err := batch.VectorOf(all, declared, 0, all.Len())
		require.NoError(t, err)
		requireSame(t, all, declared, again, 0)

		sel := []uint16{}
		for i := a.Len() - 1; i >= 0; i -= 2 {
			sel = append([]uint16{uint16(i)}, sel...)
		}
		some, err := batch.ArrayOf(v, sel, mem)
		require.NoError(t, err)
		require.Equal(t, len(sel), some.Len())
		for k, i := range sel {
			require.Equal(t, all.ValueStr(int(i)), some.ValueStr(k), "%s", of)
		}
		all.Release()
		some.Release()
		mem.AssertSize(t, 0)
	}
}
