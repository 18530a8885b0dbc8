package batch

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// RecordOf returns the chosen rows of a chunk as an Arrow batch, which shares no memory with the chunk. The
// schema's fields have the types that FieldOf gives for the columns. The caller releases the batch.
func RecordOf(schema *arrow.Schema, c *vector.Chunk, mem memory.Allocator) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, 0, len(c.Columns))
	defer func() {
		for _, a := range columns {
			a.Release()
		}
	}()
	for _, v := range c.Columns {
		a, err := ArrayOf(v, c.Sel, mem)
		if err != nil {
			return nil, err
		}
		columns = append(columns, a)
	}
	return array.NewRecordBatch(schema, columns, int64(c.Count())), nil
}

// ArrayOf returns the chosen rows of a vector (sel nil: all) as an array of the type that FieldOf gives. It
// shares no memory with the vector. The caller releases it.
func ArrayOf(v *vector.Vector, sel []uint16, mem memory.Allocator) (arrow.Array, error) {
	if sel == nil {
		sel = vector.All(v.Len)
	}
	e := exporter{v: v, sel: sel, mem: mem}
	defer e.release()
	if err := e.fill(); err != nil {
		return nil, err
	}
	data := array.NewData(arrowType(v.Type), len(sel), e.buffers, nil, e.nulls, 0)
	defer data.Release()
	return array.MakeFromData(data), nil
}

// exporter makes the buffers of an array.
type exporter struct {
	v       *vector.Vector
	sel     []uint16
	mem     memory.Allocator
	nulls   int
	buffers []*memory.Buffer
}

func (e *exporter) release() {
	for _, b := range e.buffers {
		if b != nil {
			b.Release()
		}
	}
}

// buffer adds a zeroed buffer of n bytes.
func (e *exporter) buffer(n int) []byte {
	b := memory.NewResizableBuffer(e.mem)
	e.buffers = append(e.buffers, b)
	b.Resize(n)
	clear(b.Bytes())
	return b.Bytes()
}

func (e *exporter) fill() error {
	e.validity()
	switch t := e.v.Type; t.Kind {
	case vector.Boolean:
		out := e.buffer((len(e.sel) + 7) / 8)
		for k, i := range e.sel {
			out[k>>3] |= byte(e.v.Int(int(i))&1) << (k & 7)
		}
	case vector.Decimal:
		e.decimals()
	case vector.UInt64:
		out := slots[uint64](e)
		for k, i := range e.sel {
			out[k] = e.v.Wide(int(i)).Lo
		}
	case vector.Float32:
		out := slots[float32](e)
		for k, i := range e.sel {
			out[k] = float32(e.v.Float(int(i)))
		}
	case vector.Float64:
		out := slots[float64](e)
		for k, i := range e.sel {
			out[k] = e.v.Float(int(i))
		}
	case vector.Text, vector.JSON, vector.Binary:
		return e.texts()
	case vector.UUID:
		out := e.buffer(uuidBytes * len(e.sel))
		for k, i := range e.sel {
			copy(out[uuidBytes*k:uuidBytes*(k+1)], e.v.Bytes(int(i)))
		}
	default:
		return e.integers()
	}
	return nil
}

// validity adds the bitmap, nil where no row is NULL.
func (e *exporter) validity() {
	if e.v.Valid == nil {
		e.buffers = append(e.buffers, nil)
		return
	}
	out := e.buffer((len(e.sel) + 7) / 8)
	valid := 0
	for k, i := range e.sel {
		bit := byte(e.v.Valid[i>>6]>>(i&63)) & 1
		out[k>>3] |= bit << (k & 7)
		valid += int(bit)
	}
	e.nulls = len(e.sel) - valid
}

// slots adds a buffer of one T a row.
func slots[T any](e *exporter) []T {
	var t T
	b := e.buffer(len(e.sel) * int(unsafe.Sizeof(t)))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(e.sel))
}

func (e *exporter) integers() error {
	if e.v.Physical != vector.Integer {
		return sqlerr.NotSupported("a result column of type " + e.v.Type.String())
	}
	switch width, ok := arrowType(e.v.Type).(arrow.FixedWidthDataType); {
	case !ok:
		return sqlerr.NotSupported("a result column of type " + e.v.Type.String())
	case width.BitWidth() == 8:
		narrowed(e, slots[int8](e))
	case width.BitWidth() == 16:
		narrowed(e, slots[int16](e))
	case width.BitWidth() == 32:
		narrowed(e, slots[int32](e))
	default:
		narrowed(e, slots[int64](e))
	}
	return nil
}

// narrowed writes the values in T, which the vector's type says they fit; unsigned ones have the same bits.
func narrowed[T ~int8 | ~int16 | ~int32 | ~int64](e *exporter, out []T) {
	base, scale := e.v.Affine()
	switch {
	case e.v.Encoding == vector.Constant:
		for k := range out {
			out[k] = T(base)
		}
	case e.v.Width == vector.W1:
		gathered(vector.Codes[uint8](e.v), base, scale, e.sel, out)
	case e.v.Width == vector.W2:
		gathered(vector.Codes[uint16](e.v), base, scale, e.sel, out)
	case e.v.Width == vector.W4:
		gathered(vector.Codes[uint32](e.v), base, scale, e.sel, out)
	default:
		gathered(vector.Codes[int64](e.v), base, scale, e.sel, out)
	}
}

func gathered[C vector.Code, T ~int8 | ~int16 | ~int32 | ~int64](codes []C, base, scale int64, sel []uint16, out []T) {
	out = out[:len(sel)]
	for k, i := range sel {
		out[k] = T(base + scale*int64(codes[i]))
	}
}

// decimals writes 128 bits, little endian.
func (e *exporter) decimals() {
	out := e.buffer(16 * len(e.sel))
	for k, i := range e.sel {
		x := e.v.Wide(int(i))
		binary.LittleEndian.PutUint64(out[16*k:], x.Lo)
		binary.LittleEndian.PutUint64(out[16*k+8:], uint64(x.Hi))
	}
}

func (e *exporter) texts() error {
	offsets := slots32(e)
	total := 0
	for k, i := range e.sel {
		if !e.v.IsNull(int(i)) {
			total += len(e.v.Bytes(int(i)))
		}
		if bits.Len(uint(total)) > 31 {
			return sqlerr.New(sqlerr.ProgramLimitExceeded, "%d rows hold more than 2 GiB of text", len(e.sel))
		}
		offsets[k+1] = int32(total)
	}
	out := e.buffer(total)
	for k, i := range e.sel {
		if offsets[k] < offsets[k+1] {
			copy(out[offsets[k]:], e.v.Bytes(int(i)))
		}
	}
	return nil
}

// slots32 adds a buffer of offsets, one more than rows.
func slots32(e *exporter) []int32 {
	b := e.buffer(4 * (len(e.sel) + 1))
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(b))), len(e.sel)+1)
}
