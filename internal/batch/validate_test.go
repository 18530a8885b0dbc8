package batch_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// TestValidate cuts the buffers of sound arrays short, one byte at a time, until Arrow itself refuses them.
func TestValidate(t *testing.T) {
	refused := 0
	for of, values := range samples() {
		sound := build(t, of, values)
		schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: of, Nullable: true}}, nil)
		require.NoError(t, batch.Validate(array.NewRecordBatch(schema, []arrow.Array{sound}, 3)), "%s", of)
		for k, whole := range sound.Data().Buffers() {
			if whole == nil {
				continue
			}
			for cut := range whole.Len() {
				buffers := append([]*memory.Buffer(nil), sound.Data().Buffers()...)
				buffers[k] = memory.NewBufferBytes(whole.Bytes()[:cut])
				a := arrayOf(of, buffers)
				if a == nil {
					continue
				}
				r := array.NewRecordBatch(schema, []arrow.Array{a}, 3)
				if err := batch.Validate(r); err != nil {
					require.Equal(t, sqlerr.ProtocolViolation, sqlerr.CodeOf(err))
					refused++
					continue
				}
				roundTrip(t, r)
			}
		}
	}
	require.Greater(t, refused, 30)
}

func arrayOf(of arrow.DataType, buffers []*memory.Buffer) (a arrow.Array) {
	defer func() {
		if recover() != nil {
			a = nil
		}
	}()
	return array.MakeFromData(array.NewData(of, 3, buffers, nil, 1, 0))
}
