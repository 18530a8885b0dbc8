package parquetfile

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/micodb/micodb/internal/vector"
)

const (
	lengthBytes = 4  // before each BYTE_ARRAY
	fixedBytes  = 16 // of each FIXED_LEN_BYTE_ARRAY: UUIDs and wide decimals
)

// valueBits is the size of a value of a Parquet type in the PLAIN encoding, without the bytes of a BYTE_ARRAY.
func valueBits(p parquet.Type) int {
	switch p {
	case parquet.Types.Boolean:
		return 1
	case parquet.Types.Int32, parquet.Types.Float:
		return 32
	case parquet.Types.FixedLenByteArray:
		return 8 * fixedBytes
	case parquet.Types.ByteArray:
		return 8 * lengthBytes
	default:
		return 64
	}
}

// appendPlain appends the present values [from, to) in the PLAIN encoding.
func (g *gathered) appendPlain(out []byte, p parquet.Type, from, to int) []byte {
	out = slices.Grow(out, (to-from)*valueBits(p)/8+1)
	switch p {
	case parquet.Types.Boolean:
		return appendBits(out, g.ints[from:to])
	case parquet.Types.Int32:
		for _, x := range g.ints[from:to] {
			out = binary.LittleEndian.AppendUint32(out, uint32(x))
		}
	case parquet.Types.Int64:
		return g.appendInt64s(out, from, to)
	case parquet.Types.Float:
		for _, x := range g.floats[from:to] {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(x)))
		}
	case parquet.Types.Double:
		for _, x := range g.floats[from:to] {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
		}
	case parquet.Types.FixedLenByteArray:
		if g.of.Type.Physical() == vector.Bytes {
			return append(out, g.bytes[g.offsets[from]:g.offsets[to]]...)
		}
		for _, x := range g.wide[from:to] {
			out = appendBigEndian(out, x)
		}
	default:
		for i := from; i < to; i++ {
			x := g.text(i)
			out = binary.LittleEndian.AppendUint32(out, uint32(len(x)))
			out = append(out, x...)
		}
	}
	return out
}

func (g *gathered) appendInt64s(out []byte, from, to int) []byte {
	if g.of.Type.Physical() == vector.Wide {
		for _, x := range g.wide[from:to] {
			out = binary.LittleEndian.AppendUint64(out, x.Lo)
		}
		return out
	}
	k := factor(g.of.Type)
	for _, x := range g.ints[from:to] {
		out = binary.LittleEndian.AppendUint64(out, uint64(x*k))
	}
	return out
}

func appendBigEndian(out []byte, x vector.Int128) []byte {
	out = binary.BigEndian.AppendUint64(out, uint64(x.Hi))
	return binary.BigEndian.AppendUint64(out, x.Lo)
}

// appendBits packs booleans, the first in the lowest bit.
func appendBits(out []byte, values []int64) []byte {
	for ; len(values) > 0; values = values[min(8, len(values)):] {
		var b byte
		for i, x := range values[:min(8, len(values))] {
			b |= byte(x&1) << i
		}
		out = append(out, b)
	}
	return out
}
