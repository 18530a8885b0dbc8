package batch

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/vector"
)

// column collects the values of one field in Arrow's layout.
type column struct {
	of      arrow.DataType
	mem     memory.Allocator
	rows    int
	nulls   int
	valid   *memory.Buffer // nil while there are no NULLs
	values  *memory.Buffer
	offsets *memory.Buffer // of texts, binaries and lists
	width   int            // bytes of a value; 0: texts and binaries, bits and nothing
	scratch []int64

	children []*column // of lists and structs
	unpacked vector.Unpacked
}

// newColumn takes the types that FieldOf gives.
func newColumn(of arrow.DataType, mem memory.Allocator) (*column, error) {
	c := &column{of: of, mem: mem}
	if arrow.IsNested(of.ID()) {
		var err error
		if c.children, err = childrenOf(of, mem); err != nil {
			return nil, err
		}
	}
	if f, ok := of.(arrow.FixedWidthDataType); ok && of.ID() != arrow.BOOL {
		c.width = f.Bytes()
	}
	c.reset()
	return c, nil
}

func (c *column) hasOffsets() bool {
	return c.of.ID() == arrow.STRING || c.of.ID() == arrow.BINARY || c.of.ID() == arrow.LIST
}

func (c *column) reset() {
	c.rows, c.nulls, c.valid, c.offsets = 0, 0, nil, nil
	c.values = memory.NewResizableBuffer(c.mem)
	if c.hasOffsets() {
		c.offsets = memory.NewResizableBuffer(c.mem)
	}
}

func (c *column) release() {
	c.values.Release()
	if c.offsets != nil {
		c.offsets.Release()
	}
	if c.valid != nil {
		c.valid.Release()
	}
	for _, child := range c.children {
		child.release()
	}
	c.reset()
}

func (c *column) bytes() int {
	n := c.values.Len()
	if c.offsets != nil {
		n += c.offsets.Len()
	}
	if c.valid != nil {
		n += c.valid.Len()
	}
	for _, child := range c.children {
		n += child.bytes()
	}
	return n
}

// sizeOf returns about how many bytes n rows will take.
func (c *column) sizeOf(v *vector.Vector, sel []uint16, n int) int {
	if !c.hasOffsets() && c.children == nil {
		return n * max(c.width, 1)
	}
	total := 4 * n
	eachRow(sel, n, func(i int) {
		if !v.IsNull(i) {
			total += len(v.Bytes(i))
		}
	})
	return total
}

func eachRow(sel []uint16, n int, f func(i int)) {
	if sel == nil {
		for i := range n {
			f(i)
		}
		return
	}
	for _, i := range sel {
		f(int(i))
	}
}

// grow makes room for n bytes more and returns it. Room doubles, so that appending stays linear.
func grow(b *memory.Buffer, n int) []byte {
	old := b.Len()
	if need := old + n; need > b.Cap() {
		b.Reserve(max(need, 2*b.Cap()))
	}
	b.ResizeNoShrink(old + n)
	return b.Bytes()[old:]
}

// view sees bytes as values of T; Arrow's allocators align them to 64 bytes.
func view[T any](b []byte) []T {
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(t)))
}

func (c *column) append(v *vector.Vector, sel []uint16, n int) {
	c.appendValidity(v, sel, n)
	switch c.of.ID() {
	case arrow.NULL:
	case arrow.BOOL:
		c.appendBools(v, sel, n)
	case arrow.STRING, arrow.BINARY:
		c.appendTexts(v, sel, n)
	case arrow.LIST, arrow.STRUCT:
		c.appendNested(v, sel, n)
	case arrow.FIXED_SIZE_BINARY:
		out := grow(c.values, n*c.width)
		clear(out)
		k := 0
		eachRow(sel, n, func(i int) {
			if !v.IsNull(i) {
				copy(out[k*c.width:(k+1)*c.width], v.Bytes(i))
			}
			k++
		})
	case arrow.FLOAT64:
		vector.Floats(v, sel, view[float64](grow(c.values, 8*n)))
	case arrow.FLOAT32:
		out, k := view[float32](grow(c.values, 4*n)), 0
		eachRow(sel, n, func(i int) {
			out[k] = float32(v.Float(i))
			k++
		})
	case arrow.DECIMAL128:
		vector.Wides(v, sel, view[vector.Int128](grow(c.values, 16*n)))
	case arrow.UINT64:
		out, k := view[uint64](grow(c.values, 8*n)), 0
		eachRow(sel, n, func(i int) {
			out[k] = v.Wide(i).Lo
			k++
		})
	case arrow.INTERVAL_MONTH_DAY_NANO:
		out, k := view[vector.Months](grow(c.values, 16*n)), 0
		eachRow(sel, n, func(i int) {
			out[k] = v.Interval(i)
			k++
		})
	default:
		c.appendInts(v, sel, n)
	}
	if v.Valid != nil && c.width > 0 {
		c.blank(v, sel, n)
	}
	c.rows += n
}

// blank clears what stands in the place of NULLs: a vector may hold anything there, even other users' values.
func (c *column) blank(v *vector.Vector, sel []uint16, n int) {
	out, k := c.values.Bytes()[c.rows*c.width:], 0
	eachRow(sel, n, func(i int) {
		if v.IsNull(i) {
			clear(out[k : k+c.width])
		}
		k += c.width
	})
}

func (c *column) appendInts(v *vector.Vector, sel []uint16, n int) {
	out := grow(c.values, c.width*n)
	if c.width == 8 {
		vector.Ints(v, sel, view[int64](out))
		return
	}
	if len(c.scratch) < n {
		c.scratch = make([]int64, n)
	}
	ints := vector.Ints(v, sel, c.scratch)
	switch c.width {
	case 1:
		narrow(view[int8](out), ints)
	case 2:
		narrow(view[int16](out), ints)
	default:
		narrow(view[int32](out), ints)
	}
}

func narrow[T int8 | int16 | int32](out []T, ints []int64) {
	out = out[:len(ints)]
	for i, x := range ints {
		out[i] = T(x)
	}
}

// growBits makes room for n bits more, all zero.
func growBits(b *memory.Buffer, rows, n int) []byte {
	if more := int(bitutil.BytesForBits(int64(rows+n))) - b.Len(); more > 0 {
		clear(grow(b, more))
	}
	return b.Bytes()
}

func (c *column) appendBools(v *vector.Vector, sel []uint16, n int) {
	bits, k := growBits(c.values, c.rows, n), c.rows
	eachRow(sel, n, func(i int) {
		bitutil.SetBitTo(bits, k, v.Int(i) != 0 && !v.IsNull(i))
		k++
	})
}

func (c *column) appendValidity(v *vector.Vector, sel []uint16, n int) {
	if v.Valid == nil {
		if c.valid != nil {
			bitutil.SetBitsTo(growBits(c.valid, c.rows, n), int64(c.rows), int64(n), true)
		}
		return
	}
	if c.valid == nil {
		c.valid = memory.NewResizableBuffer(c.mem)
		bitutil.SetBitsTo(growBits(c.valid, 0, c.rows), 0, int64(c.rows), true)
	}
	bits, k := growBits(c.valid, c.rows, n), c.rows
	eachRow(sel, n, func(i int) {
		if v.IsNull(i) {
			c.nulls++
		} else {
			bitutil.SetBit(bits, k)
		}
		k++
	})
}

func (c *column) appendTexts(v *vector.Vector, sel []uint16, n int) {
	if c.offsets.Len() == 0 {
		view[int32](grow(c.offsets, 4))[0] = 0
	}
	offsets, k, end := view[int32](grow(c.offsets, 4*n)), 0, c.values.Len()
	if v.Encoding == vector.Flat && v.Valid == nil && sel == nil {
		first, last := v.Offsets[0], v.Offsets[n]
		for i, o := range v.Offsets[1 : n+1] {
			offsets[i] = int32(end) + o - first
		}
		copy(grow(c.values, int(last-first)), v.Data[first:last])
		return
	}
	eachRow(sel, n, func(i int) {
		if !v.IsNull(i) {
			value := v.Bytes(i)
			copy(grow(c.values, len(value)), value)
			end += len(value)
		}
		offsets[k] = int32(end)
		k++
	})
}

// finish hands out what is collected as an array and starts anew.
func (c *column) finish() arrow.Array {
	buffers := []*memory.Buffer{c.valid, c.values}
	switch {
	case c.of.ID() == arrow.NULL:
		buffers, c.nulls = []*memory.Buffer{nil}, c.rows
	case c.offsets != nil:
		buffers = []*memory.Buffer{c.valid, c.offsets, c.values}
	}
	if c.offsets != nil && c.offsets.Len() == 0 { // no rows have one offset too
		clear(grow(c.offsets, 4))
	}
	children := c.finishChildren()
	switch c.of.ID() {
	case arrow.LIST:
		buffers = []*memory.Buffer{c.valid, c.offsets}
	case arrow.STRUCT:
		buffers = []*memory.Buffer{c.valid}
	default:
	}
	data := array.NewData(c.of, c.rows, buffers, children, c.nulls, 0)
	out := array.MakeFromData(data)
	data.Release()
	for _, child := range children {
		child.Release()
	}
	c.release()
	return out
}
