package exec

import (
	"bytes"
	"context"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// What the last right row before a left one is, if not one of the chunk's.
const (
	noRow      = -1 // there is none with its keys
	carriedRow = -2 // it was in a chunk before
)

// Where the right row of a left one is.
const (
	inChunk = iota
	inCarried
	nowhere
	matchPlaces
)

// asOfSource goes over the sorted rows of both sides.
type asOfSource struct {
	op   *AsOfJoin
	from Source
	same expr.Predicate // see samePrevious

	now     *vector.Chunk    // nil before the first
	at      int              // the last right row so far with the keys of the last row, noRow or carriedRow
	carried []*vector.Vector // that row, if it was in a chunk before
	last    []*vector.Vector // the keys of the last row of the chunks before; nil: none

	match [vector.ChunkRows]uint16 // of each row: the one before it, then the right row beside it
	equal [vector.ChunkRows]bool   // whether a row has the keys of the one before it
	right [vector.ChunkRows]bool   // whether it is a right row
	hits  [vector.ChunkRows]uint16

	rows    [matchPlaces][]uint16 // left rows
	place   int                   // of rows, that are given next
	pickers []picker
	probe   gatherer
	before  gatherer
	keys    vector.Chunk
	out     vector.Chunk
}

// Next hands out left rows beside what they matched.
func (s *asOfSource) Next(ctx context.Context) (*vector.Chunk, error) {
	for {
		for s.now != nil && s.place < matchPlaces {
			s.place++
			if rows := s.rows[s.place-1]; len(rows) > 0 {
				return s.beside(rows, s.place-1), nil
			}
		}
		if s.now != nil {
			s.carry()
		}
		c, err := s.from.Next(ctx)
		if c == nil || err != nil {
			return nil, err
		}
		if err := s.read(c); err != nil {
			return nil, err
		}
	}
}

// Close closes the sort.
func (s *asOfSource) Close() error { return s.from.Close() }

// beside puts the columns of right rows beside some left rows.
func (s *asOfSource) beside(rows []uint16, place int) *vector.Chunk {
	n := s.now.Len
	s.out.Len, s.out.Sel, s.out.Columns = n, rows, s.out.Columns[:0]
	for _, at := range s.op.left {
		s.out.Columns = append(s.out.Columns, s.now.Columns[at])
	}
	for i, at := range s.op.right {
		var v *vector.Vector
		switch place {
		case inChunk:
			v = s.pickers[i].pick(s.now.Columns[at], s.match[:], rows)
		case inCarried:
			v = s.probe.repeat(i, s.carried[i], 0, n)
		default:
			v = nulls(s.op.out[len(s.op.left)+i], n)
		}
		s.out.Columns = append(s.out.Columns, v)
	}
	return &s.out
}

// read finds the right row of each left row of a chunk.
func (s *asOfSource) read(c *vector.Chunk) error {
	s.now, s.place = c, 0
	rows := chosen(c)
	if err := s.compare(c, rows); err != nil {
		return err
	}
	keys, mark := len(s.op.LeftKeys), vector.Range{Lo: s.op.rightMark, Hi: s.op.rightMark}
	for _, r := range rows {
		s.right[r] = false
	}
	for _, r := range vector.SelectRange(c.Columns[keys], mark, rows, s.hits[:]) {
		s.right[r] = true
	}
	for i := range s.rows {
		s.rows[i] = s.rows[i][:0]
	}
	by := c.Columns[keys-1]
	for _, r := range rows {
		if !s.equal[r] {
			s.at = noRow
		}
		switch {
		case s.right[r]:
			s.at = int(r)
		case s.at == noRow || by.Valid != nil && by.IsNull(int(r)):
			s.rows[nowhere] = append(s.rows[nowhere], r)
		case s.at == carriedRow:
			s.rows[inCarried] = append(s.rows[inCarried], r)
		default:
			s.match[r] = uint16(s.at)
			s.rows[inChunk] = append(s.rows[inChunk], r)
		}
	}
	if s.op.Kind == InnerJoin {
		s.rows[nowhere] = s.rows[nowhere][:0]
	}
	return nil
}

// compare finds out which rows have the keys of those before them. NULL is no key.
func (s *asOfSource) compare(c *vector.Chunk, rows []uint16) error {
	for i, r := range rows {
		s.equal[r] = s.same == nil
		s.match[r] = rows[max(i-1, 0)]
	}
	if s.same == nil || len(rows) == 0 {
		return nil
	}
	n := len(s.op.LeftKeys) - 1
	set := func(sel []uint16, previous func(i int) *vector.Vector) error {
		s.keys.Len, s.keys.Sel, s.keys.Columns = c.Len, sel, append(s.keys.Columns[:0], c.Columns[:n]...)
		for i := range n {
			s.keys.Columns = append(s.keys.Columns, previous(i))
		}
		hits, err := s.same(&s.keys, sel, s.hits[:])
		for _, r := range hits {
			s.equal[r] = true
		}
		return err
	}
	if s.last != nil {
		err := set(rows[:1], func(i int) *vector.Vector { return s.before.repeat(i, s.last[i], 0, c.Len) })
		if err != nil {
			return err
		}
	}
	return set(rows[1:], func(i int) *vector.Vector {
		return s.pickers[len(s.op.right)+i].pick(c.Columns[i], s.match[:], rows[1:])
	})
}

// carry copies what the next chunk may need of this one.
func (s *asOfSource) carry() {
	rows := chosen(s.now)
	if len(rows) == 0 {
		return
	}
	if s.at >= 0 {
		s.carried = s.carried[:0]
		for _, at := range s.op.right {
			s.carried = append(s.carried, copiedRow(s.now.Columns[at], s.at))
		}
		s.at = carriedRow
	}
	s.last = s.last[:0]
	for i := range len(s.op.LeftKeys) - 1 {
		s.last = append(s.last, copiedRow(s.now.Columns[i], int(rows[len(rows)-1])))
	}
}

// copiedRow makes a vector of one row that lives on its own, but for the dictionary of its column.
func copiedRow(v *vector.Vector, row int) *vector.Vector {
	out := new(vector.Vector)
	if v.Encoding == vector.Dict {
		*out = *v
		vector.SetCodes(out, []int64{v.CodeAt(row)})
		out.Valid = repeatedValid(v.IsNull(row), 1)
		return out
	}
	repeatValue(out, v, row, 1)
	if out.Physical == vector.Bytes {
		out.Dictionary = &vector.Dictionary{Values: [][]byte{bytes.Clone(out.Dictionary.Values[0])}}
	}
	return out
}
