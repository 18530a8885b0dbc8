package table

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// maxUnified is the number of distinct texts up to which a column has one numbering: past it the numbering,
// which never shrinks, would cost more than it saves.
const maxUnified = 1 << 17

// builder cuts a version into the morsels of a scan.
type builder struct {
	scan    *scan
	version *Version
	where   []catalog.Predicate
	deletes deletes
}

// segments adds the row groups that the predicates and delete vectors leave. Those of own segments are addressed
// as one block each.
func (b *builder) segments(segments []*segment.Segment, committed bool) {
	s := b.scan
	for n, g := range segments {
		kept, rows := 0, uint32(0)
		for i := range g.Descriptor.Groups {
			group := &g.Descriptor.Groups[i]
			p := piece{segment: g, group: i}
			if committed {
				p.address, p.deleted = group.Block, b.deletes[group.Block].bitmap()
			} else {
				p.address, p.base, p.deleted = OwnBlock(n), rows, b.ownDeletes(OwnBlock(n), rows, group.Rows)
				rows += group.Rows
			}
			gone := p.deleted != nil && p.deleted.GetCardinality() >= uint64(group.Rows)
			if gone || excluded(b.where, func(id catalog.ColumnID) zone { return b.groupZone(g, group, id) }) {
				s.counts.groupsPruned.Add(1)
				continue
			}
			kept++
			p.forms = b.groupForms(g, group, &p)
			for lo := uint32(0); lo < group.Rows; lo += s.work {
				p.first, p.end = lo, min(lo+s.work, group.Rows)
				s.morsels = append(s.morsels, morsel{p})
			}
		}
		if kept == 0 {
			s.counts.filesPruned.Add(1)
		} else {
			s.counts.files.Add(1)
		}
	}
}

func (b *builder) groupForms(g *segment.Segment, group *segment.Group, p *piece) []memtable.Form {
	forms := make([]memtable.Form, len(b.scan.columns))
	for i := range b.scan.columns {
		c := &b.scan.columns[i]
		if c.ordinal < 0 {
			forms[i] = addressForm(c.ID, p.address, p.base, p.base+group.Rows)
			continue
		}
		k := g.Descriptor.Find(c.ID)
		if k < 0 {
			forms[i] = memtable.Form{Lo: vector.MaxInt, Hi: vector.MinInt, Nulls: int(group.Rows), Narrow: true}
			continue
		}
		sum := &group.Columns[k]
		forms[i] = memtable.Form{
			Lo: sum.Lo, Hi: sum.Hi, Nulls: int(sum.Nulls), Narrow: sum.Narrow,
			Coded: sum.Dictionary, Distinct: int(sum.Distinct),
		}
		if sum.Nulls == int64(group.Rows) {
			forms[i].Lo, forms[i].Hi, forms[i].Narrow = vector.MaxInt, vector.MinInt, true
		}
	}
	return forms
}

// memory adds the blocks of a memtable; own is not 0 for that of a transaction's own rows, which is addressed as one.
func (b *builder) memory(v *memtable.View, own catalog.BlockID) {
	s := b.scan
	var m morsel
	rows := uint32(0)
	for i := range v.Blocks() {
		block := v.Block(i)
		if block.Rows() == 0 {
			continue
		}
		p := piece{block: block}
		if own == 0 {
			p.address, p.deleted = block.ID, b.deletes[block.ID].bitmap()
		} else {
			p.address, p.base, p.deleted = own, rows, b.ownDeletes(own, rows, block.End)
			rows += block.End
		}
		if excluded(b.where, func(id catalog.ColumnID) zone { return b.blockZone(&block, id) }) {
			continue
		}
		p.forms = make([]memtable.Form, len(s.columns))
		for j := range s.columns {
			if c := &s.columns[j]; c.ordinal < 0 {
				p.forms[j] = addressForm(c.ID, p.address, p.base, p.base+block.End)
			} else {
				p.forms[j] = block.Form(c.ordinal)
			}
		}
		for lo := block.First; lo < block.End; lo += s.rows { // once, unless chunks are made small
			p.first, p.end = lo, min(lo+s.rows, block.End)
			p.block.End = p.end
			if m = append(m, p); len(m) == int(s.work/s.rows) {
				s.morsels, m = append(s.morsels, m), nil
			}
		}
	}
	if m != nil {
		s.morsels = append(s.morsels, m)
	}
}

func addressForm(id catalog.ColumnID, block catalog.BlockID, first, end uint32) memtable.Form {
	if id == catalog.AddressBlock {
		return memtable.Form{Lo: int64(block), Hi: int64(block)}
	}
	return memtable.Form{Lo: int64(first), Hi: int64(end) - 1}
}

// finish settles what holds for each column over the whole scan, and makes the pieces agree with it.
func (b *builder) finish(ctx context.Context) error {
	s := b.scan
	for j := range s.columns {
		c := &s.columns[j]
		narrow, coded := true, true
		for _, m := range s.morsels {
			for k := range m {
				f := &m[k].forms[j]
				c.Lo, c.Hi = min(c.Lo, f.Lo), max(c.Hi, f.Hi)
				c.Nullable = c.Nullable || f.Nulls > 0
				narrow, coded = narrow && f.Narrow, coded && f.Coded
			}
		}
		switch c.Physical {
		case vector.Wide:
			if narrow && c.Type.Kind == vector.Decimal {
				c.Physical = vector.Integer
				break
			}
			b.widen(j)
		case vector.Bytes:
			if coded {
				if err := b.unify(ctx, j); err != nil {
					return err
				}
			}
		default:
		}
		if c.Physical != vector.Integer {
			c.Lo, c.Hi = 0, 0
		}
	}
	for i := range s.public {
		s.public[i] = s.columns[i].ScanColumn
	}
	return nil
}

// widen makes every piece give 128 bits.
func (b *builder) widen(j int) {
	for _, m := range b.scan.morsels {
		for k := range m {
			m[k].forms[j].Narrow = false
		}
	}
}

// unify gives a column one numbering over all its dictionaries.
func (b *builder) unify(ctx context.Context, j int) error {
	c := &b.scan.columns[j]
	u := b.scan.table.unifiers[c.ordinal]
	for _, m := range b.scan.morsels {
		p := &m[0]
		if p.segment == nil || p.first > 0 {
			continue // the memtable numbers its values as they come
		}
		if u.Len() > maxUnified {
			return nil
		}
		if err := p.segment.Unify(ctx, p.group, c.ID, u); err != nil {
			return err
		}
	}
	if n := u.Len(); n <= maxUnified {
		c.Unifier, c.Distinct = u, n
	}
	return nil
}
