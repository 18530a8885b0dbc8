package exec

import (
	"context"
	"fmt"
	"slices"

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
	Input  Operator
	Sets   [][]int // of each output row: columns of the input, SetNull or SetNumber
	Totals []int   // sets that give one row more, of NULLs but for SetNumber
	out    Schema
}

// NewExpand makes the operator. All sets have the same length.
func NewExpand(in Operator, sets [][]int, totals ...int) *Expand {
	e := &Expand{Input: in, Sets: sets, Totals: totals}
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
	total := len(e.Totals) > 0 && !slices.ContainsFunc(e.Sets, func(set []int) bool { return set[i] == SetNumber })
	k.Nullable = k.Nullable || nullable || total
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
	totals := &counter{}
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		s := &expandSource{from: src, op: e, sets: e.Sets, set: len(e.Sets), totals: totals}
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
	op      *Expand
	totals  *counter // that a worker has given
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
		if err != nil {
			return nil, err
		}
		if c == nil {
			return s.total(), nil
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

// total gives the next row that no row of the input makes; nil after the last.
func (s *expandSource) total() *vector.Chunk {
	i, ok := s.totals.take(len(s.op.Totals))
	if !ok {
		return nil
	}
	set := s.op.Totals[i]
	s.out = vector.Chunk{Len: 1, Columns: s.out.Columns[:0]}
	for c, x := range s.sets[set] {
		v := s.numbers[set]
		if x != SetNumber {
			v = s.nulls[c]
			v.Valid = vector.NoneValid(1)
		}
		v.Len = 1
		s.out.Columns = append(s.out.Columns, v)
	}
	return &s.out
}

// Close closes the input.
func (s *expandSource) Close() error { return s.from.Close() }
