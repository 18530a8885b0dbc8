package table

import (
	"context"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// ScanAsOf begins to read the version as it was after a commit that retention covers: rows of later commits are
// left out, and rows that later commits have deleted are there.
func (v *Version) ScanAsOf(
	ctx context.Context, request catalog.ScanRequest, sequence catalog.Sequence,
) (catalog.Scan, error) {
	then := Version{
		table: v.table, memory: v.memory, deletes: make(deletes, len(v.deletes)),
		estimates: &estimates{}, statistics: &statistics{},
	}
	for block, d := range v.deletes {
		then.deletes[block] = &deleteVector{offsets: d.at(sequence)}
	}
	for _, s := range v.segments {
		there := false
		for g := range s.Descriptor.Groups {
			lo, hi := s.Descriptor.Sequences(g)
			there = there || lo <= sequence
			if hi <= sequence {
				continue
			}
			later, err := laterRows(ctx, s, g, sequence)
			if err != nil {
				return nil, err
			}
			then.hide(s.Descriptor.Groups[g].Block, later)
		}
		if there {
			then.segments = append(then.segments, s)
		}
	}
	for i := range v.memory.Blocks() {
		b := v.memory.Block(i)
		then.hide(b.ID, laterRowsInMemory(&b, sequence))
	}
	return newScan(ctx, &then, request, nil)
}

// hide deletes more rows of a block, of a version that is being made.
func (v *Version) hide(block catalog.BlockID, rows *roaring.Bitmap) {
	if rows.IsEmpty() {
		return
	}
	if old := v.deletes[block]; old != nil {
		rows.Or(old.offsets)
	}
	v.deletes[block] = &deleteVector{offsets: rows}
}

// laterRows returns the rows of a row group that came after a commit.
func laterRows(ctx context.Context, s *segment.Segment, group int, sequence catalog.Sequence) (*roaring.Bitmap, error) {
	rows := roaring.New()
	n := int(s.Descriptor.Groups[group].Rows)
	if lo, _ := s.Descriptor.Sequences(group); lo > sequence {
		rows.AddRange(0, uint64(n))
		return rows, nil
	}
	sequences, _, err := s.Load(ctx, group, segment.SequenceColumn)
	if err != nil {
		return nil, err
	}
	for i := range n {
		if catalog.Sequence(sequences.Int(i)) > sequence {
			rows.Add(uint32(i))
		}
	}
	return rows, nil
}

// laterRowsInMemory is laterRows for a memtable, whose rows lie in the order of their commits.
func laterRowsInMemory(b *memtable.Block, sequence catalog.Sequence) *roaring.Bitmap {
	rows := roaring.New()
	n := b.Rows()
	k := sort.Search(n, func(i int) bool { return b.Sequence(b.First+uint32(i)) > sequence })
	rows.AddRange(uint64(b.First)+uint64(k), uint64(b.End))
	return rows
}
