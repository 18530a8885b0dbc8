package batch_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// A text under a dictionary may be referred to until a chunk of rows reaches the limit, and once more not.
func TestSharedTextsHaveALimit(t *testing.T) {
	const length = 1 << 20
	values := array.NewStringBuilder(memory.DefaultAllocator)
	defer values.Release()
	values.Append(strings.Repeat("x", length))
	of := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	texts := values.NewArray()
	for rows, code := range map[int]sqlerr.Code{
		limits.SharedTextBytes / length: "", limits.SharedTextBytes/length + 1: sqlerr.LimitExceeded,
	} {
		codes := array.NewInt8Builder(memory.DefaultAllocator)
		codes.AppendValues(make([]int8, rows), nil)
		column := array.NewDictionaryArray(of, codes.NewArray(), texts)
		schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: of}}, nil)
		err := batch.Validate(array.NewRecordBatch(schema, []arrow.Array{column}, int64(rows)))
		if code == "" {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, code, sqlerr.CodeOf(err))
	}
}
