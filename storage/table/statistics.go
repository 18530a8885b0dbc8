package table

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/segment"
)

// Statistics returns estimates for the planner: exact row counts, bounds and NULL counts that ignore deletes,
// and distinct counts joined from those of the row groups; or what an analysis found; and which columns are keys, which
// is proven for every row that the version has, deleted ones too. They are computed once for each version, and shared.
func (v *Version) Statistics() *catalog.Statistics {
	v.statistics.once.Do(func() { v.statistics.of = v.summarize() })
	return v.statistics.of
}

// statistics are those of a version, once they are asked for.
type statistics struct {
	once sync.Once
	of   *catalog.Statistics
}

func (v *Version) summarize() *catalog.Statistics {
	s := &catalog.Statistics{Rows: v.rows, Columns: make(map[catalog.ColumnID]catalog.ColumnStatistics)}
	v.estimates.once.Do(func() { v.estimates.columns = v.segmentEstimates() })
	for i := range v.table.of.Columns {
		c := &v.table.of.Columns[i]
		e := v.estimates.columns[i]
		for j := range v.memory.Blocks() {
			b := v.memory.Block(j)
			f := b.Form(i)
			if b.End > 0 {
				e.nulls += int64(f.Nulls) * int64(b.Rows()) / int64(b.End) // those of flushed rows are counted too
			}
			if p := c.Type.Physical(); (p == vector.Integer || p == vector.Wide && f.Narrow) && f.Lo <= f.Hi {
				e.integers(vector.Int128Of(f.Lo), vector.Int128Of(f.Hi))
			}
			e.most = max(e.most, int64(f.Distinct))
		}
		e.refine(v.analysis, c.ID, v.rows)
		s.Columns[c.ID] = e.result(v.rows)
		if of := &v.estimates.columns[i]; of.keys && v.isKey(i, of.runs) {
			s.Keys = append(s.Keys, c.ID)
		}
	}
	return s
}

// estimates are what all segments tell, computed when first asked for and kept while the segments are the same.
type estimates struct {
	once    sync.Once
	columns []estimate
}

func (v *Version) segmentEstimates() []estimate {
	all := make([]estimate, len(v.table.of.Columns))
	for i := range v.table.of.Columns {
		c := &v.table.of.Columns[i]
		all[i].of = c.Type
		all[i].runs, all[i].keys = v.risingGroups(c.ID)
		for _, g := range v.segments {
			if k := g.Descriptor.Find(c.ID); k >= 0 {
				for j := range g.Descriptor.Groups {
					all[i].group(&g.Descriptor.Groups[j], k)
				}
			}
		}
		slices.SortFunc(all[i].spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	}
	return all
}

// rising is the bounds of values that rise from row to row, without a NULL.
type rising struct{ lo, hi int64 }

// risingGroups returns the bounds of a column's row groups in the segments; false when it doesn't rise in all of them.
func (v *Version) risingGroups(id catalog.ColumnID) ([]rising, bool) {
	var runs []rising
	for _, s := range v.segments {
		k := s.Descriptor.Find(id)
		if k < 0 {
			return nil, false
		}
		for j := range s.Descriptor.Groups {
			c := &s.Descriptor.Groups[j].Columns[k]
			if !c.Rising {
				return nil, false
			}
			runs = append(runs, rising{c.Lo, c.Hi})
		}
	}
	return runs, true
}

// isKey tells whether no value of a column comes twice, and no NULL: it rises in each row group and in each block of
// the memtable, and their bounds don't overlap.
func (v *Version) isKey(column int, groups []rising) bool {
	runs := make([]rising, 0, len(groups)+v.memory.Blocks())
	runs = append(runs, groups...)
	for j := range v.memory.Blocks() {
		b := v.memory.Block(j)
		first, last, rises := b.Rising(column)
		switch {
		case b.First == b.End: // all rows are in segments
		case rises:
			runs = append(runs, rising{first, last})
		default:
			return false
		}
	}
	slices.SortFunc(runs, func(a, b rising) int { return cmp.Compare(a.lo, b.lo) })
	for i := 1; i < len(runs); i++ {
		if runs[i].lo <= runs[i-1].hi {
			return false
		}
	}
	return true
}

// estimate gathers what is known of a column.
type estimate struct {
	alike // all row groups

	of      vector.Type
	lo, hi  vector.Scalar
	bounded bool
	keys    bool     // each row group's values rise
	runs    []rising // then, their bounds
	nulls   int64
	spans   []span // Integer: of each row group
}

// alike are row groups whose values may be the same ones.
type alike struct {
	most int64 // distinct values of the row group that has most
	sum  int64 // of all row groups' distinct values
	rows int64 // of those row groups
}

// span is where a row group's integers lie.
type span struct {
	alike

	lo, hi int64
}

func (a *alike) add(o alike) {
	a.most, a.sum, a.rows = max(a.most, o.most), a.sum+o.sum, a.rows+o.rows
}

// distinct joins the counts. Where the row groups' values are few beside their rows they are taken to be the same ones
// in each; where nearly every row has its own they are taken to add up; between the two by the share of rows that are
// distinct.
func (a *alike) distinct() float64 {
	if a.rows == 0 || a.sum <= a.most {
		return float64(a.most)
	}
	share := float64(a.sum) / float64(a.rows)
	return float64(a.most)*(1-share) + float64(a.sum)*share
}

// distinct joins the row groups' counts; those of row groups whose bounds don't overlap, but perhaps at their ends, add
// up.
func (e *estimate) distinct() float64 {
	if len(e.spans) == 0 {
		return e.alike.distinct()
	}
	total, run := 0.0, e.spans[0]
	for _, s := range e.spans[1:] {
		if s.lo >= run.hi {
			total += run.distinct()
			run = s
			continue
		}
		run.add(s.alike)
		run.hi = max(run.hi, s.hi)
	}
	return max(total+run.distinct(), float64(e.most))
}

func (e *estimate) group(g *segment.Group, k int) {
	s := &g.Columns[k]
	e.nulls += s.Nulls
	counts := alike{s.Distinct, s.Distinct, int64(g.Rows)}
	e.add(counts)
	if s.Nulls == int64(g.Rows) {
		return
	}
	switch e.of.Physical() {
	case vector.Integer:
		e.spans = append(e.spans, span{counts, s.Lo, s.Hi})
		e.integers(vector.Int128Of(s.Lo), vector.Int128Of(s.Hi))
	case vector.Wide:
		if s.Narrow {
			e.integers(vector.Int128Of(s.Lo), vector.Int128Of(s.Hi))
		} else if s.WideLo != nil && s.WideHi != nil {
			e.integers(*s.WideLo, *s.WideHi)
		}
	case vector.Float:
		lo, hi := s.FloatBounds()
		e.widen(vector.Scalar{Type: e.of, Float: lo}, vector.Scalar{Type: e.of, Float: hi},
			func(a, b *vector.Scalar) bool { return vector.CompareFloats(a.Float, b.Float) < 0 })
	case vector.Bytes:
		e.widen(vector.Scalar{Type: e.of, Bytes: string(s.Min)}, vector.Scalar{Type: e.of, Bytes: string(s.Max)},
			func(a, b *vector.Scalar) bool { return a.Bytes < b.Bytes })
	default:
	}
}

func (e *estimate) integers(lo, hi vector.Int128) {
	scalar := func(x vector.Int128) vector.Scalar {
		if e.of.Kind == vector.Decimal || e.of.Kind == vector.UInt64 {
			return vector.Scalar{Type: e.of, Wide: x}
		}
		return vector.IntOf(e.of, int64(x.Lo))
	}
	e.widen(scalar(lo), scalar(hi), func(a, b *vector.Scalar) bool { return wideOf(a).Cmp(wideOf(b)) < 0 })
}

func (e *estimate) widen(lo, hi vector.Scalar, less func(a, b *vector.Scalar) bool) {
	if !e.bounded || less(&lo, &e.lo) {
		e.lo = lo
	}
	if !e.bounded || less(&e.hi, &hi) {
		e.hi = hi
	}
	e.bounded = true
}

// result is what the planner gets.
func (e *estimate) result(rows int64) catalog.ColumnStatistics {
	s := catalog.ColumnStatistics{Min: vector.NullOf(e.of), Max: vector.NullOf(e.of), Nulls: e.nulls}
	s.Distinct = int64(math.Round(e.distinct()))
	if e.bounded {
		s.Min, s.Max = e.lo, e.hi
	}
	if lo, ok := wideOf(&e.lo).Int64(); ok && e.bounded && e.of.Physical() == vector.Integer {
		if hi, ok := wideOf(&e.hi).Int64(); ok && uint64(hi)-uint64(lo) < math.MaxInt64-1 && s.Distinct > hi-lo+1 {
			s.Distinct = hi - lo + 1
		}
	}
	s.Distinct = min(s.Distinct, max(rows, 1))
	return s
}
