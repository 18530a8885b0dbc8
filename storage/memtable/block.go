package memtable

import (
	"sync/atomic"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// minBlockRows is the room of a block at first; it grows fourfold. A multiple of 64, as all capacities are.
const minBlockRows = 64

// block holds at most BlockRows rows. Its arrays have room for capacity rows and never move.
type block struct {
	id        catalog.BlockID
	capacity  int
	rows      uint32 // set when the next block begins; before, only Views know
	columns   []*column
	sequences []catalog.Sequence
}

// newColumns makes columns to fill in.
func newColumns(n int) []*column {
	all, columns := make([]column, n), make([]*column, n)
	for i := range all {
		columns[i] = &all[i]
	}
	return columns
}

func capacityFor(rows int) int {
	c := minBlockRows
	for c < rows {
		c *= 4
	}
	return min(c, BlockRows)
}

func newBlock(id catalog.BlockID, columns []Column, rows int) *block {
	b := &block{id: id, capacity: capacityFor(rows), columns: newColumns(len(columns))}
	b.sequences = make([]catalog.Sequence, b.capacity)
	for i, c := range columns {
		b.columns[i].init(c, b.capacity)
	}
	return b
}

// grown returns a copy with room for more rows. It shares the text bytes.
func (b *block) grown(rows int) *block {
	g := &block{id: b.id, capacity: capacityFor(rows), columns: newColumns(len(b.columns))}
	g.sequences = make([]catalog.Sequence, g.capacity)
	copy(g.sequences, b.sequences)
	for i := range b.columns {
		g.columns[i].copyOf(b.columns[i], g.capacity)
	}
	return g
}

func (b *block) textBytes() int64 {
	var n int64
	for i := range b.columns {
		if p := b.columns[i].data.Load(); p != nil {
			n += int64(len(*p))
		}
	}
	return n
}

// bytes is the memory that the block takes.
func (b *block) bytes() int64 {
	n := int64(8 * b.capacity)
	for i := range b.columns {
		c := b.columns[i]
		n += int64(8*len(c.ints) + 8*len(c.floats) + 8*len(c.valid) + 4*len(c.offsets) + 2*len(c.codes))
		if p := c.high.Load(); p != nil {
			n += int64(8 * len(*p))
		}
		if p := c.data.Load(); p != nil {
			n += int64(cap(*p))
		}
	}
	return n
}

// column is the part of a column in one block. Which members are used follows the type's physical family.
type column struct {
	physical vector.Physical
	ints     []int64                 // Integer, and the low halves of Wide
	high     atomic.Pointer[[]int64] // high halves of Wide from row narrow on; nil while all fit
	narrow   atomic.Int32            // Wide: rows from the first on that fit 64 bits
	floats   []float64
	offsets  []int32 // capacity+1
	data     atomic.Pointer[[]byte]
	codes    []uint16     // Bytes: codes of the column's dictionary; nil without one
	coded    atomic.Int32 // rows from the first on that have codes

	valid  []uint64 // words changed atomically
	nulls  atomic.Int32
	lo, hi atomic.Int64 // Integer, and Wide that fit
	falls  atomic.Bool  // Integer: a row is NULL, or not greater than the one before
}

func (c *column) init(of Column, capacity int) {
	c.physical = of.Type.Physical()
	c.valid = make([]uint64, (capacity+63)/64)
	c.lo.Store(vector.MaxInt)
	c.hi.Store(vector.MinInt)
	switch c.physical {
	case vector.Float:
		c.floats = make([]float64, capacity)
	case vector.Bytes:
		c.offsets = make([]int32, capacity+1)
		c.data.Store(new([]byte))
		if of.Unifier != nil {
			c.codes = make([]uint16, capacity)
		}
	default:
		c.ints = make([]int64, capacity)
	}
}

func (c *column) copyOf(o *column, capacity int) {
	c.physical = o.physical
	c.ints = enlarged(o.ints, capacity)
	c.floats = enlarged(o.floats, capacity)
	c.offsets = enlarged(o.offsets, capacity+1)
	c.codes = enlarged(o.codes, capacity)
	c.valid = enlarged(o.valid, (capacity+63)/64)
	if high := o.high.Load(); high != nil {
		h := enlarged(*high, capacity)
		c.high.Store(&h)
	}
	c.data.Store(o.data.Load())
	c.narrow.Store(o.narrow.Load())
	c.coded.Store(o.coded.Load())
	c.nulls.Store(o.nulls.Load())
	c.lo.Store(o.lo.Load())
	c.hi.Store(o.hi.Load())
	c.falls.Store(o.falls.Load())
}

func enlarged[T any](s []T, capacity int) []T {
	if s == nil {
		return nil
	}
	d := make([]T, capacity)
	copy(d, s)
	return d
}
