package memtable

import (
	"sync/atomic"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// View is a readable state of a memtable: immutable, cheap to copy, safe for concurrent use.
type View struct {
	table  *Memtable
	blocks []*block
	first  uint32 // rows of the first block that a flush has written
	last   uint32 // rows of the last block
	rows   int64
}

// Rows returns the number of rows.
func (v *View) Rows() int64 { return v.rows }

// Blocks returns the number of blocks.
func (v *View) Blocks() int { return len(v.blocks) }

// Block returns the block at i: its rows are those from First up to End.
func (v *View) Block(i int) Block {
	return Block{ID: v.blocks[i].id, First: v.start(i), End: v.end(i), block: v.blocks[i], table: v.table}
}

// End returns the address after the last row; Block is 0 when there is no block.
func (v *View) End() catalog.Address {
	if len(v.blocks) == 0 {
		return catalog.Address{}
	}
	return catalog.Address{Block: v.blocks[len(v.blocks)-1].id, Offset: v.last}
}

// Bytes returns the memory that the blocks take.
func (v *View) Bytes() int64 {
	var n int64
	for _, b := range v.blocks {
		n += b.bytes()
	}
	return n
}

func (v *View) start(i int) uint32 {
	if i == 0 {
		return v.first
	}
	return 0
}

func (v *View) end(i int) uint32 {
	if i == len(v.blocks)-1 {
		return v.last
	}
	return v.blocks[i].rows
}

// Block is the visible part of one block.
type Block struct {
	ID         catalog.BlockID
	First, End uint32
	block      *block
	table      *Memtable
}

// Rows returns the number of visible rows.
func (b *Block) Rows() int { return int(b.End - b.First) }

// Sequence returns the commit sequence of the row at an offset.
func (b *Block) Sequence(offset uint32) catalog.Sequence { return b.block.sequences[offset] }

// Form says what is proven of a column in a block, and in which form Read gives it.
type Form struct {
	Lo, Hi   int64 // Integer, and Wide that fit: bounds of the non-NULL values, or wider; Lo > Hi when there are none
	Nulls    int   // upper bound of the NULLs, also of rows that flushes wrote; 0 is exact
	Narrow   bool  // Wide: all fit 64 bits
	Coded    bool  // Bytes: all have codes
	Distinct int   // Coded: upper bound of the codes

	dictionary *vector.Dictionary // Coded: what Read gives, so that no value that comes later is in it
}

// Form returns what holds for the block's column at j.
func (b *Block) Form(j int) Form {
	c := b.block.columns[j]
	f := Form{
		Lo: c.lo.Load(), Hi: c.hi.Load(), Nulls: int(c.nulls.Load()),
		Narrow: c.narrow.Load() >= int32(b.End), Coded: c.codes != nil && c.coded.Load() >= int32(b.End),
	}
	if f.Coded {
		f.dictionary = b.table.dictionaries[j].published.Load()
		f.Distinct = len(f.dictionary.Values)
	}
	return f
}

// Rising returns the first and the last value of the block's column at j if it holds integers without a NULL, each
// greater than the one before it.
func (b *Block) Rising(j int) (first, last int64, ok bool) {
	c := b.block.columns[j]
	if c.physical != vector.Integer || c.falls.Load() || b.First >= b.End {
		return 0, 0, false
	}
	return c.ints[b.First], c.ints[b.End-1], true
}

// Buffer holds what Read can't give a view of. The zero value is ready.
type Buffer struct {
	valid []uint64
	codes []uint16
	wide  []vector.Int128
}

// Read makes out the rows of column j from offset 0 up to End, without copying where that is possible; else
// they lie in buffer until it is used again. The form asked for is one that Form found, or says Narrow or
// Coded less often.
func (b *Block) Read(j int, form Form, out *vector.Vector, buffer *Buffer) {
	c, of, n := b.block.columns[j], &b.table.columns[j], int(b.End)
	*out = vector.Vector{Type: of.Type, Physical: c.physical, Encoding: vector.Flat, Len: n}
	if form.Nulls > 0 {
		buffer.valid = sized(buffer.valid, BlockRows/64)
		out.Valid = buffer.valid[:(n+63)/64]
		for i := range out.Valid {
			out.Valid[i] = atomic.LoadUint64(&c.valid[i])
		}
	}
	switch {
	case c.physical == vector.Integer || c.physical == vector.Wide && form.Narrow:
		out.Physical, out.Lo, out.Hi = vector.Integer, form.Lo, form.Hi
		vector.SetCodes(out, c.ints[:n])
	case c.physical == vector.Wide:
		c.readWide(out, buffer)
	case c.physical == vector.Float:
		vector.SetCodes(out, c.floats[:n])
	case form.Coded:
		c.readCodes(out, form.dictionary, buffer)
	default:
		out.Offsets, out.Data = c.offsets[:n+1], *c.data.Load()
	}
}

func (c *column) readWide(out *vector.Vector, buffer *Buffer) {
	buffer.wide = sized(buffer.wide, BlockRows)
	wide := buffer.wide[:out.Len]
	high := c.high.Load()
	for i := range wide {
		if high == nil {
			wide[i] = vector.Int128Of(c.ints[i])
		} else {
			wide[i] = vector.Int128{Lo: uint64(c.ints[i]), Hi: (*high)[i]}
		}
	}
	vector.SetCodes(out, wide)
}

func (c *column) readCodes(out *vector.Vector, d *vector.Dictionary, buffer *Buffer) {
	out.Encoding, out.Dictionary = vector.Dict, d
	codes := c.codes[:out.Len]
	if out.Valid != nil {
		buffer.codes = sized(buffer.codes, BlockRows)
		for i, x := range codes {
			buffer.codes[i] = min(x, uint16(len(d.Values)))
		}
		codes = buffer.codes[:out.Len]
	}
	vector.SetCodes(out, codes)
}

func sized[T any](s []T, n int) []T {
	if s == nil {
		return make([]T, n)
	}
	return s
}
