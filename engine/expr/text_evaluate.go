package expr

import "github.com/micodb/micodb/internal/vector"

// matchTables keeps, for each dictionary, which of its values match; the last entry is NULL's and false.
type matchTables struct {
	match  func([]byte) bool
	last   *vector.Dictionary
	table  []bool
	tables map[*vector.Dictionary][]bool
}

// A query meets one dictionary a row group and column; above maxTables the tables start anew.
const maxTables = 1024

// of returns the table of a dictionary, or nil where rows are so few that asking for each is cheaper.
func (t *matchTables) of(d *vector.Dictionary, rows int) []bool {
	if d == t.last {
		return t.table
	}
	table := t.tables[d]
	if table == nil {
		const worth = 8 // values a row: many chunks will follow with the same dictionary
		if len(d.Values) > worth*rows {
			return nil
		}
		table = make([]bool, len(d.Values)+1)
		for i, b := range d.Values {
			table[i] = t.match(b)
		}
		if t.tables == nil || len(t.tables) >= maxTables {
			t.tables = map[*vector.Dictionary][]bool{}
		}
		t.tables[d] = table
	}
	t.last, t.table = d, table
	return table
}

// selectTexts keeps the rows whose text matches.
func selectTexts(value Evaluator, match func([]byte) bool) Predicate {
	tables := matchTables{match: match}
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		if v.Encoding == vector.Dict {
			if table := tables.of(v.Dictionary, len(rowsOf(c, in))); table != nil {
				return vector.SelectTable(v, table, in, out), nil
			}
		}
		return vector.SelectBytes(v, match, in, out), nil
	}
}
