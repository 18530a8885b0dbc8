package memtable

import (
	"sync/atomic"

	"github.com/micodb/micodb/internal/vector"
)

// append adds the rows sel of v from row at on.
func (c *column) append(v *vector.Vector, sel []uint16, at int, d *dictionary) {
	c.appendValid(v, sel, at)
	switch c.physical {
	case vector.Integer:
		gatherInts(v, sel, c.ints[at:])
		c.widen(v, sel)
		c.rise(at, at+len(sel))
	case vector.Wide:
		c.appendWide(v, sel, at)
	case vector.Float:
		for k, i := range sel {
			c.floats[at+k] = v.Float(int(i))
		}
	case vector.Bytes:
		c.appendBytes(v, sel, at)
		if c.codes != nil && int(c.coded.Load()) == at {
			c.appendCodes(v, sel, at, d)
		}
	default: // New's owner admits no other family
	}
}

func (c *column) appendValid(v *vector.Vector, sel []uint16, at int) {
	var word uint64
	nulls := int32(0)
	for k, i := range sel {
		row := at + k
		if k == 0 || row&63 == 0 {
			word = c.valid[row>>6]
		}
		if v.IsNull(int(i)) {
			nulls++
		} else {
			word |= 1 << (row & 63)
		}
		if row&63 == 63 || k == len(sel)-1 {
			atomic.StoreUint64(&c.valid[row>>6], word)
		}
	}
	c.nulls.Add(nulls)
}

// widen lets the bounds hold for more rows: by the vector's own bounds where it has some within the column's,
// else by its values.
func (c *column) widen(v *vector.Vector, sel []uint16) {
	lo, hi := c.lo.Load(), c.hi.Load()
	if v.Lo >= lo && v.Hi <= hi {
		return
	}
	for _, i := range sel {
		if !v.IsNull(int(i)) {
			x := v.Int(int(i))
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	c.lo.Store(lo)
	c.hi.Store(hi)
}

// rise looks whether the values go on rising in the rows from lo up to hi.
func (c *column) rise(lo, hi int) {
	if c.falls.Load() {
		return
	}
	if c.nulls.Load() > 0 {
		c.falls.Store(true)
		return
	}
	for i := max(lo, 1); i < hi; i++ {
		if c.ints[i] <= c.ints[i-1] {
			c.falls.Store(true)
			return
		}
	}
}

func (c *column) appendWide(v *vector.Vector, sel []uint16, at int) {
	if v.Physical == vector.Integer {
		gatherInts(v, sel, c.ints[at:])
		c.widen(v, sel)
		if high := c.high.Load(); high != nil {
			for k := range sel {
				(*high)[at+k] = c.ints[at+k] >> 63
			}
		} else {
			c.narrow.Store(int32(at + len(sel)))
		}
		return
	}
	lo, hi := c.lo.Load(), c.hi.Load()
	high := c.high.Load()
	narrow := high == nil
	for k, i := range sel {
		x := v.Wide(int(i))
		if v.IsNull(int(i)) {
			x = vector.Int128{}
		}
		low, fits := x.Int64()
		if !fits && high == nil {
			high = c.addHigh(at + k)
			c.narrow.Store(int32(at))
			narrow = false
		}
		c.ints[at+k] = low
		if high != nil {
			(*high)[at+k] = x.Hi
		}
		if fits && !v.IsNull(int(i)) {
			lo, hi = min(lo, low), max(hi, low)
		}
	}
	c.lo.Store(lo)
	c.hi.Store(hi)
	if narrow {
		c.narrow.Store(int32(at + len(sel)))
	}
}

// addHigh makes the high halves, those of the first rows by their signs.
func (c *column) addHigh(rows int) *[]int64 {
	h := make([]int64, len(c.ints))
	for i := range rows {
		h[i] = c.ints[i] >> 63
	}
	c.high.Store(&h)
	return &h
}

func (c *column) appendBytes(v *vector.Vector, sel []uint16, at int) {
	data := *c.data.Load()
	for k, i := range sel {
		if !v.IsNull(int(i)) {
			data = append(data, v.Bytes(int(i))...)
		}
		c.offsets[at+k+1] = int32(len(data))
	}
	if len(data) != len(*c.data.Load()) {
		c.data.Store(&data)
	}
}

// nullCode is what a NULL has in codes; readers give it the code that their dictionary's length says.
const nullCode = ^uint16(0)

// appendCodes numbers the texts. Where the dictionary is full the rows from at on have none, for good.
func (c *column) appendCodes(v *vector.Vector, sel []uint16, at int, d *dictionary) {
	translate := d.translation(v)
	for k, i := range sel {
		code, ok := nullCode, true
		switch {
		case v.IsNull(int(i)):
		case translate != nil:
			code, ok = d.translated(v, translate, int(i))
		default:
			code, ok = d.code(v.Bytes(int(i)))
		}
		if !ok {
			return
		}
		c.codes[at+k] = code
	}
	d.publish()
	c.coded.Store(int32(at + len(sel)))
}

func gatherInts(v *vector.Vector, sel []uint16, out []int64) {
	base, scale := v.Affine()
	switch {
	case v.Encoding == vector.Constant:
		for k := range sel {
			out[k] = v.Base
		}
	case v.Width == vector.W1:
		gather(vector.Codes[uint8](v), base, scale, sel, out)
	case v.Width == vector.W2:
		gather(vector.Codes[uint16](v), base, scale, sel, out)
	case v.Width == vector.W4:
		gather(vector.Codes[uint32](v), base, scale, sel, out)
	default:
		gather(vector.Codes[int64](v), base, scale, sel, out)
	}
}

func gather[T vector.Code](d []T, base, scale int64, sel []uint16, out []int64) {
	out = out[:len(sel)]
	for k, i := range sel {
		out[k] = base + scale*int64(d[i])
	}
}
