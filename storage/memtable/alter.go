package memtable

import "github.com/micodb/micodb/internal/vector"

// Altered returns a memtable with the rows of a view, at their addresses, under other columns. For each of them from
// says which of the view's it is, or -1 for a new one, which is NULL in these rows; one that was there may have another
// type of the same physical family. The columns that stay share their memory with the memtable of the view, so that
// only one of the two may be appended to from then on; Views of both can be read.
func (v *View) Altered(columns []Column, from []int) *Memtable {
	m := New(columns)
	for i, k := range from {
		if k >= 0 && m.dictionaries[i] != nil && v.table.dictionaries[k] != nil {
			m.dictionaries[i] = v.table.dictionaries[k]
		}
	}
	m.view.first, m.view.last, m.view.rows = v.first, v.last, v.rows
	for i, old := range v.blocks {
		b := &block{id: old.id, capacity: old.capacity, columns: newColumns(len(columns)), sequences: old.sequences}
		if i < len(v.blocks)-1 {
			b.rows = old.rows // of the last one it is set when the next begins
		}
		for j, k := range from {
			if k >= 0 {
				b.columns[j] = old.columns[k]
				continue
			}
			c := b.columns[j]
			c.init(columns[j], b.capacity)
			n := int(v.end(i))
			c.append((&vector.Buffer{}).Fill(vector.NullOf(columns[j].Type), n), vector.All(n), 0, m.dictionaries[j])
		}
		m.view.blocks = append(m.view.blocks, b)
	}
	return m
}
