package table

import (
	"bytes"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// zone is what is proven of a column in a block. The zero zone proves nothing.
type zone struct {
	noNull  bool
	noValue bool // every row is NULL
	bounds  bounds
}

type bounds interface {
	// outside tells whether every value is proven to lie outside [lo, hi]; a nil bound is open.
	outside(lo, hi *vector.Scalar) bool
	// inside tells whether every value is proven to lie in [lo, hi].
	inside(lo, hi *vector.Scalar) bool
}

// excluded tells whether no row of a block can satisfy all predicates.
func excluded(where []catalog.Predicate, zoneOf func(catalog.ColumnID) zone) bool {
	for i := range where {
		if never(&where[i], zoneOf) {
			return true
		}
	}
	return false
}

// never tells whether no row of a block can satisfy a predicate.
func never(p *catalog.Predicate, zoneOf func(catalog.ColumnID) zone) bool {
	if p.Kind == catalog.AnyOf {
		for i := range p.Any {
			if !never(&p.Any[i], zoneOf) {
				return false
			}
		}
		return true
	}
	z := zoneOf(p.Column)
	if p.Kind == catalog.IsNull {
		return z.noNull
	}
	if z.noValue {
		return true
	}
	if z.bounds == nil {
		return false
	}
	switch p.Kind {
	case catalog.InRange:
		return z.bounds.outside(bound(&p.Lo), bound(&p.Hi))
	case catalog.OutOfRange:
		return z.bounds.inside(bound(&p.Lo), bound(&p.Hi))
	case catalog.Matches:
		return z.bounds.outside(bytesBound(p.Min), bytesBound(p.Max))
	default:
		return false
	}
}

func bound(s *vector.Scalar) *vector.Scalar {
	if s.Null {
		return nil
	}
	return s
}

func bytesBound(b []byte) *vector.Scalar {
	if b == nil {
		return nil
	}
	return &vector.Scalar{Bytes: string(b)}
}

// wideBounds bounds the Integer and Wide families.
type wideBounds struct{ lo, hi vector.Int128 }

func wideOf(s *vector.Scalar) vector.Int128 {
	if s.Type.Kind == vector.Decimal || s.Type.Kind == vector.UInt64 {
		return s.Wide
	}
	return vector.Int128Of(s.Int)
}

func (b wideBounds) outside(lo, hi *vector.Scalar) bool {
	return lo != nil && b.hi.Cmp(wideOf(lo)) < 0 || hi != nil && b.lo.Cmp(wideOf(hi)) > 0
}

func (b wideBounds) inside(lo, hi *vector.Scalar) bool {
	return (lo == nil || b.lo.Cmp(wideOf(lo)) >= 0) && (hi == nil || b.hi.Cmp(wideOf(hi)) <= 0)
}

type floatBounds struct{ lo, hi float64 }

func (b floatBounds) outside(lo, hi *vector.Scalar) bool {
	return lo != nil && vector.CompareFloats(b.hi, lo.Float) < 0 ||
		hi != nil && vector.CompareFloats(b.lo, hi.Float) > 0
}

func (b floatBounds) inside(lo, hi *vector.Scalar) bool {
	return (lo == nil || vector.CompareFloats(b.lo, lo.Float) >= 0) &&
		(hi == nil || vector.CompareFloats(b.hi, hi.Float) <= 0)
}

type textBounds struct {
	min, max []byte
	open     bool // no upper bound is known
}

func (b textBounds) outside(lo, hi *vector.Scalar) bool {
	return lo != nil && !b.open && bytes.Compare(b.max, []byte(lo.Bytes)) < 0 ||
		hi != nil && bytes.Compare(b.min, []byte(hi.Bytes)) > 0
}

func (b textBounds) inside(lo, hi *vector.Scalar) bool {
	return (lo == nil || bytes.Compare(b.min, []byte(lo.Bytes)) >= 0) &&
		(hi == nil || !b.open && bytes.Compare(b.max, []byte(hi.Bytes)) <= 0)
}

// groupZone returns what the zone map proves.
func (b *builder) groupZone(s *segment.Segment, g *segment.Group, id catalog.ColumnID) zone {
	i := b.scan.table.of.ByID(id)
	if i < 0 {
		return zone{}
	}
	k := s.Descriptor.Find(id)
	if k < 0 {
		return zone{noValue: true} // the column is younger than the segment
	}
	sum := &g.Columns[k]
	z := zone{noNull: sum.Nulls == 0, noValue: sum.Nulls == int64(g.Rows)}
	switch b.scan.table.of.Columns[i].Type.Physical() {
	case vector.Integer:
		z.bounds = wideBounds{vector.Int128Of(sum.Lo), vector.Int128Of(sum.Hi)}
	case vector.Wide:
		if sum.Narrow {
			z.bounds = wideBounds{vector.Int128Of(sum.Lo), vector.Int128Of(sum.Hi)}
		} else if sum.WideLo != nil && sum.WideHi != nil {
			z.bounds = wideBounds{*sum.WideLo, *sum.WideHi}
		}
	case vector.Float:
		lo, hi := sum.FloatBounds()
		z.bounds = floatBounds{lo, hi}
	case vector.Bytes:
		z.bounds = textBounds{sum.Min, sum.Max, sum.MaxOpen}
	default:
	}
	return z
}

// blockZone returns what a memtable block proves: the bounds of integers.
func (b *builder) blockZone(block *memtable.Block, id catalog.ColumnID) zone {
	i := b.scan.table.of.ByID(id)
	if i < 0 {
		return zone{}
	}
	f := block.Form(i)
	z := zone{noNull: f.Nulls == 0}
	p := b.scan.table.of.Columns[i].Type.Physical()
	if p == vector.Integer || p == vector.Wide && f.Narrow {
		z.noValue = f.Lo > f.Hi
		z.bounds = wideBounds{vector.Int128Of(f.Lo), vector.Int128Of(f.Hi)}
	}
	return z
}
