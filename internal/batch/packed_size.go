package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// packedShare is how many times their own bytes lists and structs may take packed, once that is more than a limit.
const packedShare = 4

// manyBytes stands for all sizes that no chunk may have; sums of some of them don't overflow.
const manyBytes = 1 << 40

// checkPacked refuses lists and structs that take far more packed than as they came: 53400. Elements of type null take
// no bytes in a batch, bits few, and texts may be shared. It is called for columns that are not damaged.
func checkPacked(name string, a arrow.Array) error {
	allowed := max(limits.SharedTextBytes, packedShare*heldBytes(a.Data()))
	for from := 0; from < a.Len(); from += vector.ChunkRows {
		if packedBytes(a, from, min(from+vector.ChunkRows, a.Len())) > allowed {
			return sqlerr.New(sqlerr.LimitExceeded, "column %q: %d rows take over %d MiB written out", name,
				min(vector.ChunkRows, a.Len()-from), allowed>>20).WithHint("send fewer rows at once")
		}
	}
	return nil
}

// heldBytes returns how many bytes an array's buffers have.
func heldBytes(d arrow.ArrayData) int {
	n := 0
	for i := range d.Buffers() {
		n += len(bufferOf(d, i))
	}
	for _, child := range d.Children() {
		n += heldBytes(child)
	}
	return n
}

// packedBytes returns about how many bytes rows [from, to) take packed, their marks included, up to manyBytes.
func packedBytes(a arrow.Array, from, to int) int {
	n := to - from
	if n > manyBytes/32 { // of type null
		return manyBytes
	}
	total := 2 * n
	switch a := a.(type) {
	case array.ExtensionArray:
		return packedBytes(a.Storage(), from, to)
	case *array.Struct:
		for i := range a.NumField() {
			total += packedBytes(a.Field(i), from, to)
		}
	case array.ListLike:
		if n > 0 {
			first, _ := a.ValueOffsets(from)
			_, last := a.ValueOffsets(to - 1)
			total += packedBytes(a.ListValues(), int(first), int(last))
		}
	default:
		if length := lengthAt(a); length != nil {
			for i := from; i < to && total < manyBytes; i++ {
				if a.IsValid(i) {
					total += length(i)
				}
			}
		} else {
			total += 16 * n // at the most
		}
	}
	return min(total, manyBytes)
}

// lengthAt returns what tells the length of a row's text, or nil for an array of other values.
func lengthAt(a arrow.Array) func(row int) int {
	switch a := a.(type) {
	case *array.StringView:
		return func(row int) int { return a.ValueHeader(row).Len() }
	case *array.BinaryView:
		return func(row int) int { return a.ValueHeader(row).Len() }
	case *array.Dictionary:
		if of := textLength(a.Dictionary()); of != nil {
			return func(row int) int { return of(a.GetValueIndex(row)) }
		}
		return nil
	default:
		return textLength(a)
	}
}
