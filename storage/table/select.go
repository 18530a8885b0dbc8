package table

import (
	"bytes"
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// scanTest is a predicate on one column that leaves out rows which the engine's own filter would, where that saves
// looking them up in runtime filters.
type scanTest struct {
	column   int // in scan.columns
	integers vector.Range
	texts    *catalog.Predicate // of a text column; nil: integers counts
}

// test takes a predicate as a test, if it is one that costs little.
func (s *scan) test(p *catalog.Predicate) {
	id, ok := columnOf(p)
	k := s.find(id)
	switch {
	case !ok || k < 0:
	case s.columns[k].Physical == vector.Bytes:
		s.tests = append(s.tests, scanTest{column: k, texts: p})
	case s.columns[k].Physical != vector.Float && p.Kind == catalog.InRange:
		s.tests = append(s.tests, scanTest{column: k, integers: integersBetween(bound(&p.Lo), bound(&p.Hi))})
	}
}

// columnOf returns the column that a predicate on values is about; false when there are several, or it isn't one.
func columnOf(p *catalog.Predicate) (catalog.ColumnID, bool) {
	switch p.Kind {
	case catalog.InRange, catalog.OutOfRange:
		return p.Column, true
	case catalog.AnyOf:
		for i := range p.Any {
			if id, ok := columnOf(&p.Any[i]); !ok || id != p.Any[0].Column {
				return 0, false
			}
		}
		return p.Any[0].Column, true
	default:
		return 0, false
	}
}

// integersBetween is the range of 64-bit integers from lo to hi; nil is open.
func integersBetween(lo, hi *vector.Scalar) vector.Range {
	r := vector.Range{Lo: vector.MinInt, Hi: vector.MaxInt}
	if lo != nil {
		w := wideOf(lo)
		if x, fits := w.Int64(); fits {
			r.Lo = x
		} else if w.Hi >= 0 { // above all of them
			r.Hi = vector.MinInt
			r.Lo = vector.MaxInt
		}
	}
	if hi != nil {
		w := wideOf(hi)
		if x, fits := w.Int64(); fits {
			r.Hi = min(r.Hi, x)
		} else if w.Hi < 0 {
			r.Hi = vector.MinInt
			r.Lo = vector.MaxInt
		}
	}
	return r
}

// textTable is which values of a dictionary pass a test.
type textTable struct {
	of    *vector.Dictionary
	holds []bool // the last entry is NULL's
}

// table returns the test's table for a vector with few words; nil when it has many, or none.
func (r *source) table(test int, v *vector.Vector) []bool {
	if v.Encoding != vector.Dict || v.Width != vector.W1 {
		return nil
	}
	t := &r.tables[test]
	if t.of != v.Dictionary {
		t.of, t.holds = v.Dictionary, make([]bool, len(v.Dictionary.Values)+1)
		for i, b := range v.Dictionary.Values {
			t.holds[i] = textPasses(r.scan.tests[test].texts, b)
		}
	}
	return t.holds
}

func textPasses(p *catalog.Predicate, b []byte) bool {
	if p.Kind == catalog.AnyOf {
		for i := range p.Any {
			if textPasses(&p.Any[i], b) {
				return true
			}
		}
		return false
	}
	inside := (p.Lo.Null || bytes.Compare(b, []byte(p.Lo.Bytes)) >= 0) &&
		(p.Hi.Null || bytes.Compare(b, []byte(p.Hi.Bytes)) <= 0)
	return inside == (p.Kind == catalog.InRange)
}

// selectRows selects the rows of the current chunk that pass the runtime filters that are set, and before them those
// that pass the tests.
func (r *source) selectRows(ctx context.Context, p *piece, rows extent) error {
	filters := false
	for _, v := range r.values {
		filters = filters || v != nil
	}
	if !filters {
		return nil
	}
	if err := r.selectTests(ctx, p, rows); err != nil {
		return err
	}
	for k, f := range r.scan.filters {
		if r.values[k] == nil {
			continue
		}
		if r.chunk.Sel != nil && len(r.chunk.Sel) == 0 {
			return nil
		}
		if err := r.column(ctx, p, f.column, rows); err != nil {
			return err
		}
		v := &r.columns[f.column]
		if v.Physical == vector.Integer {
			r.chunk.Sel = vector.SelectRuntime(v, r.values[k], r.chunk.Sel, r.selection())
		} else {
			r.chunk.Sel = selectWideRuntime(v, r.values[k], r.chunk.Sel, r.selection())
		}
	}
	return nil
}

// selectTests applies the tests: first to one mask, while all rows of the chunk are asked and there are vector
// instructions for the test, then to the selection that is made of it.
func (r *source) selectTests(ctx context.Context, p *piece, rows extent) error {
	var m vector.Mask
	m.Fill(r.chunk.Len)
	masked, narrowed := r.chunk.Sel == nil, false
	for i := range r.scan.tests {
		column := r.scan.tests[i].column
		if err := r.column(ctx, p, column, rows); err != nil {
			return err
		}
		v := &r.columns[column]
		if masked && r.mask(i, v, &m) {
			narrowed = true
			continue
		}
		if masked && narrowed {
			r.chunk.Sel = m.Rows(r.selection()[:r.chunk.Len])
		}
		if masked = false; r.chunk.Sel != nil && len(r.chunk.Sel) == 0 {
			return nil
		}
		r.list(i, v)
	}
	if masked && narrowed {
		r.chunk.Sel = m.Rows(r.selection()[:r.chunk.Len])
	}
	return nil
}

// mask narrows a mask by a test, if it can.
func (r *source) mask(test int, v *vector.Vector, m *vector.Mask) bool {
	t := &r.scan.tests[test]
	if t.texts == nil {
		return v.Physical == vector.Integer && vector.MaskRange(v, t.integers, m)
	}
	table := r.table(test, v)
	return table != nil && vector.MaskTable(v, table, m)
}

// list applies a test to the selection, if it can.
func (r *source) list(test int, v *vector.Vector) {
	t := &r.scan.tests[test]
	if t.texts == nil {
		if v.Physical == vector.Integer {
			r.chunk.Sel = vector.SelectRange(v, t.integers, r.chunk.Sel, r.selection())
		}
		return
	}
	if table := r.table(test, v); table != nil {
		r.chunk.Sel = vector.SelectTable(v, table, r.chunk.Sel, r.selection())
	}
}
