package memtable

import (
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Column is what a memtable needs to know of a column.
type Column struct {
	ID      catalog.ColumnID
	Type    vector.Type
	Unifier *vector.Unifier // Bytes: the numbering that the column's dictionary values enter; nil: no codes
}

// Memtable is the writer's side. Not safe for concurrent use with itself; Views are read beside it.
type Memtable struct {
	columns      []Column
	dictionaries []*dictionary // nil but for Bytes columns with a Unifier
	view         View
}

// New returns an empty memtable.
func New(columns []Column) *Memtable {
	m := &Memtable{columns: columns, dictionaries: make([]*dictionary, len(columns))}
	for i, c := range columns {
		if c.Type.Physical() == vector.Bytes && c.Unifier != nil {
			m.dictionaries[i] = newDictionary(c.Unifier)
		}
	}
	m.view.table = m
	return m
}

// View returns what has been appended so far and not been dropped. For the writer; what it returns may be
// handed to readers.
func (m *Memtable) View() View { return m.view }

// Append adds the chosen rows of a chunk, which Check has accepted, at addresses that a Tail has given. The
// rows are copied. All have one sequence.
func (m *Memtable) Append(rows *vector.Chunk, at []Range, sequence catalog.Sequence) error {
	sel := chosen(rows)
	for _, r := range at {
		if int(r.Count) > len(sel) || r.First+r.Count > BlockRows || r.Count == 0 {
			return sqlerr.New(sqlerr.InternalError, "%d rows were placed at %+v", len(sel), r)
		}
		b, err := m.room(r)
		if err != nil {
			return err
		}
		for i, v := range rows.Columns {
			b.columns[i].append(v, sel[:r.Count], int(r.First), m.dictionaries[i])
		}
		for i := r.First; i < r.First+r.Count; i++ {
			b.sequences[i] = sequence
		}
		m.view.last = r.First + r.Count
		m.view.rows += int64(r.Count)
		sel = sel[r.Count:]
	}
	if len(sel) > 0 {
		return sqlerr.New(sqlerr.InternalError, "%d rows were not placed", len(sel))
	}
	return nil
}

// Add appends at addresses of the memtable's own making, which mean nothing elsewhere: for a transaction's own
// writes.
func (m *Memtable) Add(rows *vector.Chunk) error {
	tail, blocks := m.Tail(), len(m.view.blocks)
	at := tail.Place(rows, func() catalog.BlockID {
		blocks++
		return catalog.BlockID(blocks)
	})
	return m.Append(rows, at, 0)
}

// Tail tells where the next row goes.
func (m *Memtable) Tail() Tail {
	n := len(m.view.blocks)
	if n == 0 {
		return Tail{}
	}
	b := m.view.blocks[n-1]
	return Tail{Block: b.id, Used: m.view.last, Bytes: b.textBytes()}
}

// Drop leaves out the rows before an address, which a flush has written. Older Views keep them.
func (m *Memtable) Drop(before catalog.Address) error {
	k := slices.IndexFunc(m.view.blocks, func(b *block) bool { return b.id == before.Block })
	if k < 0 || before.Offset < m.view.start(k) || before.Offset > m.view.end(k) {
		return sqlerr.New(sqlerr.InternalError, "no row of the memtable has the address %+v", before)
	}
	for i := range k {
		m.view.rows -= int64(m.view.end(i) - m.view.start(i))
	}
	m.view.rows -= int64(before.Offset - m.view.start(k))
	m.view.blocks = slices.Clone(m.view.blocks[k:])
	m.view.first = before.Offset
	return nil
}

// room returns the block of a range, with room for it.
func (m *Memtable) room(r Range) (*block, error) {
	v := &m.view
	n := len(v.blocks)
	if n > 0 && v.blocks[n-1].id == r.Block {
		if r.First != v.last {
			return nil, sqlerr.New(sqlerr.InternalError, "rows placed at %+v, where the memtable ends at %d", r, v.last)
		}
		b := v.blocks[n-1]
		if need := int(r.First + r.Count); need > b.capacity {
			b = b.grown(need)
			v.blocks = slices.Clone(v.blocks) // an older View keeps the smaller block
			v.blocks[n-1] = b
		}
		return b, nil
	}
	switch {
	case n == 0:
		v.first = r.First
	case r.First != 0:
		return nil, sqlerr.New(sqlerr.InternalError, "rows placed at %+v leave a gap", r)
	default:
		v.blocks[n-1].rows = v.last
	}
	b := newBlock(r.Block, m.columns, int(r.First+r.Count))
	v.blocks = append(v.blocks, b)
	return b, nil
}
