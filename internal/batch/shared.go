package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// checkShared refuses texts that are in a batch once and referred to by so many rows that a chunk of them, written
// out, takes far more than the batch: 53400. Views and dictionaries can say gigabytes in a few bytes. It is called for
// columns that are not damaged.
func checkShared(name string, a arrow.Array) error {
	var length func(row int) int
	switch a := a.(type) {
	case array.ExtensionArray:
		return checkShared(name, a.Storage())
	case *array.Struct, array.ListLike:
		return checkPacked(name, a)
	case *array.StringView, *array.BinaryView, *array.Dictionary:
		if length = lengthAt(a); length == nil {
			return nil
		}
	default:
		return nil
	}
	for from := 0; from < a.Len(); from += vector.ChunkRows {
		total := 0
		for row := from; row < min(from+vector.ChunkRows, a.Len()); row++ {
			if a.IsValid(row) {
				total += length(row)
			}
		}
		if total > limits.SharedTextBytes {
			return sqlerr.New(sqlerr.LimitExceeded, "column %q: %d rows share texts that take over %d MiB", name,
				min(vector.ChunkRows, a.Len()-from), limits.SharedTextBytes>>20).
				WithHint("send such texts as plain utf8 or binary columns, or fewer rows at once")
		}
	}
	return nil
}

// textLength returns the length of a dictionary's value, or nil when its values are no texts.
func textLength(a arrow.Array) func(i int) int {
	switch a := a.(type) {
	case *array.String:
		return a.ValueLen
	case *array.Binary:
		return a.ValueLen
	case *array.LargeString:
		return func(i int) int { return len(a.Value(i)) }
	case *array.LargeBinary:
		return a.ValueLen
	case *array.StringView:
		return func(i int) int { return a.ValueHeader(i).Len() }
	case *array.BinaryView:
		return func(i int) int { return a.ValueHeader(i).Len() }
	case *array.FixedSizeBinary:
		width := 0
		if of, ok := a.DataType().(*arrow.FixedSizeBinaryType); ok {
			width = of.ByteWidth
		}
		return func(int) int { return width }
	default:
		return nil
	}
}
