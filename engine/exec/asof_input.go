package exec

import (
	"context"
	"errors"

	"github.com/micodb/micodb/internal/vector"
)

// asOfInput appends the rows of an as-of join's two sides. Its columns are the keys, the comparison's side, and which
// side a row is of; then the other columns of the left side, which are NULL for rows of the right one; then those of
// the right side.
type asOfInput struct {
	sides [2]asOfSide
	keys  int // columns that both sides have
	out   Schema
}

// asOfSide is one side's part of the columns.
type asOfSide struct {
	in   Operator
	keys []int // columns of in
	own  []int // columns of in
	at   int   // of the first of own
	mark int64
}

// newAsOfInput lays the columns out, and tells where each column of either side is.
func newAsOfInput(j *AsOfJoin, marks [2]int64) (in *asOfInput, left, right []int) {
	in = &asOfInput{keys: len(j.LeftKeys)}
	in.sides = [2]asOfSide{
		{in: j.Left, keys: j.LeftKeys, mark: marks[0]}, {in: j.Right, keys: j.RightKeys, mark: marks[1]},
	}
	for i := range in.keys {
		in.out = append(in.out, eitherOf(j.Left.Schema()[j.LeftKeys[i]], j.Right.Schema()[j.RightKeys[i]]))
	}
	in.out = append(in.out, Column{Name: "side", Type: vector.Of(vector.Int64), Lo: 0, Hi: 1})
	left = in.lay(&in.sides[0], j.LeftWidth, true)
	return in, left, in.lay(&in.sides[1], j.RightWidth, false)
}

// lay gives the first columns of a side places. A key is its own place where its values may be taken from there: they
// are for rows of the left side.
func (in *asOfInput) lay(s *asOfSide, width int, shared bool) []int {
	s.at = len(in.out)
	places := make([]int, width)
	for i, c := range s.in.Schema()[:width] {
		places[i] = -1
		for k, key := range s.keys {
			if shared && key == i {
				places[i] = k
			}
		}
		if places[i] >= 0 {
			continue
		}
		places[i] = len(in.out)
		s.own = append(s.own, i)
		c.Nullable = true
		in.out = append(in.out, c)
	}
	return places
}

// Schema returns the columns of both sides.
func (in *asOfInput) Schema() Schema { return in.out }

// Inputs returns left and right.
func (in *asOfInput) Inputs() []Operator { return []Operator{in.sides[0].in, in.sides[1].in} }

// String names the operator.
func (*asOfInput) String() string { return "BothSides" }

// Start starts both sides.
func (in *asOfInput) Start(ctx context.Context, q *Query) (Stream, error) {
	var streams [2]Stream
	for i := range in.sides {
		var err error
		if streams[i], err = q.start(ctx, in.sides[i].in); err != nil {
			return nil, err
		}
	}
	return streamOf(func(worker int) (Source, error) {
		s := &asOfReader{op: in, streams: streams, worker: worker, mark: numberVector(0)}
		for _, c := range in.out {
			s.nulls = append(s.nulls, nulls(c, 0))
		}
		s.out.Columns = make([]*vector.Vector, len(in.out))
		return s, nil
	}), nil
}

// asOfReader reads one side, then the other.
type asOfReader struct {
	op      *asOfInput
	streams [2]Stream
	worker  int
	side    int
	now     Source // nil: to be opened
	mark    *vector.Vector
	nulls   []*vector.Vector
	out     vector.Chunk
}

// Next hands out a chunk of either side.
func (s *asOfReader) Next(ctx context.Context) (*vector.Chunk, error) {
	for ; s.side < len(s.streams); s.side++ {
		if s.now == nil {
			var err error
			if s.now, err = s.streams[s.side].Open(s.worker); err != nil {
				return nil, err
			}
		}
		c, err := s.now.Next(ctx)
		if err != nil {
			return nil, err
		}
		if c != nil {
			return s.widen(c), nil
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // the contract of Source
}

// widen puts the columns of a side's chunk in their places.
func (s *asOfReader) widen(c *vector.Chunk) *vector.Chunk {
	side := &s.op.sides[s.side]
	s.out.Len, s.out.Sel = c.Len, c.Sel
	for i, k := range side.keys {
		s.out.Columns[i] = c.Columns[k]
	}
	s.mark.Len, s.mark.Base, s.mark.Lo, s.mark.Hi = c.Len, side.mark, side.mark, side.mark
	s.out.Columns[s.op.keys] = s.mark
	for i := s.op.keys + 1; i < len(s.out.Columns); i++ {
		v := s.nulls[i]
		v.Len, v.Valid = c.Len, vector.NoneValid(c.Len)
		s.out.Columns[i] = v
	}
	for i, column := range side.own {
		s.out.Columns[side.at+i] = c.Columns[column]
	}
	return &s.out
}

// Close closes the side that is open.
func (s *asOfReader) Close() error {
	var err error
	if s.now != nil {
		err = errors.Join(s.now.Close())
		s.now = nil
	}
	return err
}
