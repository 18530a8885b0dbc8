package catalog

import (
	"bytes"
	"iter"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/internal/sqlerr"
)

// AddressSet is a set of rows: for each block a bitmap of their offsets, so that all rows of a table take less than a
// bit each. A copy is made in no time, since it shares the bitmaps until one side changes them. A set is for one
// goroutine; its copies may be with others. The zero value is empty.
type AddressSet struct {
	blocks map[BlockID]*roaring.Bitmap
	own    map[BlockID]struct{} // blocks whose bitmap no copy has
	shared bool                 // a copy has the map
	count  int64
	bytes  int64
}

// The memory that a set takes, about.
const (
	blockBytes = 160

	// AddressBytesMax is what one more row makes a set grow by at most: a new block with a bitmap of one offset.
	AddressBytesMax = 256
)

// Len returns the number of rows.
func (s *AddressSet) Len() int64 { return s.count }

// Bytes returns the memory that the set takes, about.
func (s *AddressSet) Bytes() int64 { return s.bytes }

// Copy returns a set of the same rows.
func (s *AddressSet) Copy() *AddressSet {
	s.shared = true
	return &AddressSet{blocks: s.blocks, shared: true, count: s.count, bytes: s.bytes}
}

// Add adds rows; those that the set has already change nothing.
func (s *AddressSet) Add(rows []Address) {
	var offsets []uint32
	for len(rows) > 0 {
		block := rows[0].Block
		offsets = offsets[:0]
		for len(rows) > 0 && rows[0].Block == block {
			offsets = append(offsets, rows[0].Offset)
			rows = rows[1:]
		}
		s.change(block, func(b *roaring.Bitmap) { b.AddMany(offsets) })
	}
}

// Put adds rows of a block. The bitmap is the set's from then on, which others may read only.
func (s *AddressSet) Put(block BlockID, offsets *roaring.Bitmap) {
	if offsets.IsEmpty() {
		return
	}
	if s.blocks[block] != nil {
		s.change(block, func(b *roaring.Bitmap) { b.Or(offsets) })
		return
	}
	s.writable()
	s.blocks[block] = offsets
	s.note(offsets, 1)
}

// Compress makes the set smaller where many offsets follow each other.
func (s *AddressSet) Compress() {
	for _, block := range s.Blocks() {
		s.change(block, (*roaring.Bitmap).RunOptimize)
	}
}

// change changes the bitmap of a block, which becomes the set's own.
func (s *AddressSet) change(block BlockID, by func(b *roaring.Bitmap)) {
	s.writable()
	b := s.blocks[block]
	if b != nil {
		s.note(b, -1)
	}
	if _, own := s.own[block]; !own {
		if b == nil {
			b = roaring.New()
		} else {
			b = b.Clone()
		}
		s.blocks[block], s.own[block] = b, struct{}{}
	}
	by(b)
	s.note(b, 1)
}

// writable makes the map the set's own.
func (s *AddressSet) writable() {
	if s.blocks != nil && !s.shared {
		return
	}
	s.own, s.shared = map[BlockID]struct{}{}, false
	if s.blocks = maps.Clone(s.blocks); s.blocks == nil {
		s.blocks = map[BlockID]*roaring.Bitmap{}
	}
}

func (s *AddressSet) note(b *roaring.Bitmap, sign int64) {
	s.count += sign * int64(b.GetCardinality())
	s.bytes += sign * (blockBytes + int64(b.GetSizeInBytes()))
}

// Blocks returns the blocks that have rows in the set, ascending.
func (s *AddressSet) Blocks() []BlockID { return slices.Sorted(maps.Keys(s.blocks)) }

// Offsets returns the rows of a block, to be read only; nil: none.
func (s *AddressSet) Offsets(block BlockID) *roaring.Bitmap { return s.blocks[block] }

// All yields the rows, ascending.
func (s *AddressSet) All() iter.Seq[Address] {
	return func(yield func(Address) bool) {
		for _, block := range s.Blocks() {
			for it := s.blocks[block].Iterator(); it.HasNext(); {
				if !yield(Address{Block: block, Offset: it.Next()}) {
					return
				}
			}
		}
	}
}

// DecodeOffsets reads a bitmap in its portable serialization, with which it shares nothing: XX001 when it is damaged.
func DecodeOffsets(data []byte) (b *roaring.Bitmap, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = sqlerr.New(sqlerr.DataCorrupted, "a roaring bitmap is damaged: %v", r)
		}
	}()
	b = roaring.New()
	n, err := b.ReadFrom(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if n != int64(len(data)) {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "a roaring bitmap of %d bytes has %d bytes", n, len(data))
	}
	return b, b.Validate()
}
