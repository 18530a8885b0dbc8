package expr

import "github.com/micodb/micodb/internal/vector"

// test is a member of a conjunction.
type test struct {
	rows Predicate
	mask maskTest // the same of a mask; nil: it has none
}

// maskTest narrows a mask of all rows of a chunk to those where a condition is TRUE; false: it can't, for its vectors.
type maskTest func(c *vector.Chunk, m *vector.Mask) bool

// fewRows is the share of a chunk's rows up to which a selection is cheaper than a mask: a pass over all codes by
// vector instructions takes as long as a look at so many of them.
const fewRows = 1.0 / 16

// allOf asks each test for the rows that passed the one before. The first tests narrow one mask as long as they can
// and many rows are left.
func allOf(tests []test) Predicate {
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		from := 0
		if in == nil || len(in) == c.Len {
			from, in = maskAll(tests, c, in, out)
		}
		for _, t := range tests[from:] {
			if len(in) == 0 && in != nil {
				break
			}
			var err error
			if in, err = t.rows(c, in, out); err != nil {
				return nil, err
			}
		}
		return in, nil
	}
}

// maskAll asks tests for all rows of a chunk, and tells how many of them it asked.
func maskAll(tests []test, c *vector.Chunk, in, out []uint16) (asked int, rows []uint16) {
	var m vector.Mask
	for _, t := range tests {
		if t.mask == nil {
			break
		}
		if asked == 0 {
			m.Fill(c.Len)
		}
		if !t.mask(c, &m) {
			break
		}
		if asked++; asked < len(tests) && float64(m.Count()) <= fewRows*float64(c.Len) {
			break
		}
	}
	if asked == 0 {
		return 0, in
	}
	return asked, m.Rows(out[:c.Len])
}

// maskOf returns a comparison of two columns, or of a column with texts, as a test of masks.
func maskOf(e Expr) maskTest {
	switch e := e.(type) {
	case Compare:
		e = constantRight(e)
		left, ok := e.Left.(Column)
		if !ok || e.Op == NotDistinct {
			return nil
		}
		op := vector.Comparison(e.Op)
		switch right := e.Right.(type) {
		case Column:
			return func(c *vector.Chunk, m *vector.Mask) bool {
				return vector.MaskCompare(op, c.Columns[left.Index], c.Columns[right.Index], m)
			}
		case Literal:
			if !right.Value.Null && left.Type().Physical() == vector.Bytes {
				return maskTexts(left, textCompares(op, right.Value.Bytes))
			}
		}
	case In:
		list := make([]vector.Scalar, len(e.List))
		for i, k := range e.List {
			l, ok := k.(Literal)
			if !ok || l.Value.Null {
				return nil
			}
			list[i] = l.Value
		}
		if of, ok := e.Of.(Column); ok && of.Type().Physical() == vector.Bytes {
			return maskTexts(of, textIn(list, false))
		}
	}
	return nil
}

// maskTexts keeps the rows of a column whose text matches.
func maskTexts(of Column, match func([]byte) bool) maskTest {
	tables := matchTables{match: match}
	return func(c *vector.Chunk, m *vector.Mask) bool {
		v := c.Columns[of.Index]
		if v.Encoding != vector.Dict || v.Width != vector.W1 {
			return false
		}
		table := tables.of(v.Dictionary, c.Len)
		return table != nil && vector.MaskTable(v, table, m)
	}
}
