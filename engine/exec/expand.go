package exec

import (
	"context"
	"fmt"

	"github.com/micodb/micodb/internal/vector"
)

// What a column of an Expand's set may be instead of a column of the input.
const (
	SetNull   = -1 // NULL
	SetNumber = -2 // the set's number, from 1
)

// Expand repeats each row once for each set of columns. The type of an output column is that of the input column
// which some set puts there.
type Expand struct {
	Input Operator
	Sets  [][]int // of each output row: columns of the input, SetNull or SetNumber
	out   Schema
}

// NewExpand makes the operator. All sets have the same length.
func NewExpand(in Operator, sets [][]int) *Expand {
	e := &Expand{Input: in, Sets: sets}
	for i := range sets[0] {
		e.out = append(e.out, e.column(i))
	}
	return e
}

func (e *Expand) column(i int) Column {
	var k Column
	nullable := false
	for _, set := range e.Sets {
		switch c := set[i]; c {
		case SetNull:
			nullable = true
		case SetNumber:
			k = Column{Name: "set", Type: vector.Of(vector.Int64), Lo: 1, Hi: int64(len(e.Sets))}
		default:
			k = e.Input.Schema()[c]
		}
	}
	k.Nullable = k.Nullable || nullable
	return k
}

// Schema returns the columns of the sets.
func (e *Expand) Schema() Schema { return e.out }

// Inputs returns the input.
func (e *Expand) Inputs() []Operator { return []Operator{e.Input} }

// String tells the number of sets.
func (e *Expand) String() string { return fmt.Sprintf("Expand (%d sets)", len(e.Sets)) }

// Start starts the input.
func (e *Expand) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := q.start(ctx, e.Input)
	if err != nil {
		return nil, err
	}
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		s := &expandSource{from: src, sets: e.Sets, set: len(e.Sets)}
		for _, c := range e.out {
			s.nulls = append(s.nulls, nulls(c, 0))
		}
		for i := range e.Sets {
			s.numbers = append(s.numbers, numberVector(int64(i+1)))
		}
		return s, err
	}), nil
}

func numberVector(x int64) *vector.Vector {
	return &vector.Vector{
		Type: vector.Of(vector.Int64), Encoding: vector.Constant, Base: x, Lo: x, Hi: x,
	}
}

type expandSource struct {
	from    Source
	sets    [][]int
	set     int           // next one of now
	now     *vector.Chunk // nil before the first
	nulls   []*vector.Vector
	numbers []*vector.Vector
	out     vector.Chunk
}

// Next hands out each chunk once a set.
func (s *expandSource) Next(ctx context.Context) (*vector.Chunk, error) {
	if s.set == len(s.sets) {
		c, err := s.from.Next(ctx)
		if c == nil || err != nil {
			return nil, err
		}
		s.now, s.set = c, 0
	}
	c := s.now
	s.out = vector.Chunk{Len: c.Len, Sel: c.Sel, Columns: s.out.Columns[:0]}
	for i, x := range s.sets[s.set] {
		var v *vector.Vector
		switch x {
		case SetNull:
			v = s.nulls[i]
			v.Len, v.Valid = c.Len, vector.NoneValid(c.Len)
		case SetNumber:
			v = s.numbers[s.set]
			v.Len = c.Len
		default:
			v = c.Columns[x]
		}
		s.out.Columns = append(s.out.Columns, v)
	}
	s.set++
	return &s.out, nil
}

// Close closes the input.
func (s *expandSource) Close() error { return s.from.Close() }
