package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// SortedAggregate computes aggregates that must see the values of a group in an order. Its input is sorted by the keys,
// then by that order; a Sort below it spills, so that only what a group's result needs is in memory: the values of a
// quantile's group, and the text that a STRING_AGG makes. Its output is the keys, then the calls. Without keys it gives
// one row.
type SortedAggregate struct {
	Input Operator
	Keys  []int
	Calls []SequenceCall
	out   Schema
}

// SequenceCall is an aggregate over values in order.
type SequenceCall struct {
	Kind AggregateKind
	Arg  int
	Key  int // ArgMin, ArgMax: the column of keys; else Arg

	// Of QuantileCont and QuantileDisc; Descending counts from the greatest value.
	Fraction   float64
	Descending bool

	Separator string // of StringAgg
	Name      string
	Of        vector.Type
}

// NewSortedAggregate makes the operator.
func NewSortedAggregate(in Operator, keys []int, calls []SequenceCall) *SortedAggregate {
	a := &SortedAggregate{Input: in, Keys: keys, Calls: calls}
	schema := in.Schema()
	for _, k := range keys {
		key := schema[k]
		key.Unifier, key.Words = nil, nil // texts are handed out as such
		a.out = append(a.out, key)
	}
	for _, c := range calls {
		k := Column{Name: c.Name, Type: c.Of, Physical: c.Of.Physical(), Nullable: true}
		k.Lo, k.Hi = vector.MinInt, vector.MaxInt
		if from := schema[c.Arg]; from.Type.Equal(c.Of) && from.Physical != vector.Bytes {
			k.Physical, k.Lo, k.Hi = from.Physical, from.Lo, from.Hi
		}
		a.out = append(a.out, k)
	}
	return a
}

// Schema returns the keys, then the calls.
func (a *SortedAggregate) Schema() Schema { return a.out }

// Inputs returns the input.
func (a *SortedAggregate) Inputs() []Operator { return []Operator{a.Input} }

// String shows keys and calls.
func (a *SortedAggregate) String() string {
	parts := make([]string, len(a.out))
	for i, c := range a.out {
		parts[i] = c.Name
	}
	return fmt.Sprintf("SortedAggregate %s", strings.Join(parts, ", "))
}

// Start starts the input, whose rows one worker reads.
func (a *SortedAggregate) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := q.start(ctx, a.Input)
	if err != nil {
		return nil, err
	}
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		if err != nil || worker != 0 {
			return src, err
		}
		return a.source(q, src)
	}), nil
}

// sequence computes one aggregate of groups that come one after the other.
type sequence interface {
	// add takes some rows of the group in their order. With last they are its last ones.
	add(c *vector.Chunk, rows []uint16, last bool) error
	// none ends a group of no rows.
	none()
	results() *resultColumn
	close()
}

type sortedSource struct {
	op        *SortedAggregate
	from      Source
	groups    *runFinder
	keys      []resultColumn
	sequences []sequence
	now       *vector.Chunk // nil: the next one is to be read
	rows      []uint16      // chosen ones of now
	starts    []int
	at        int // row among rows up to which all is added
	open      bool
	ended     bool
	out       vector.Chunk
}

func (a *SortedAggregate) source(q *Query, from Source) (Source, error) {
	s := &sortedSource{op: a, from: from, keys: make([]resultColumn, len(a.Keys))}
	for i := range s.keys {
		s.keys[i].known = a.out[i]
	}
	var err error
	if s.groups, err = newRunFinder(q, a.Input.Schema(), a.Keys); err != nil {
		return nil, err
	}
	for i, c := range a.Calls {
		made, err := a.sequence(q, &c, a.out[len(a.Keys)+i])
		if err != nil {
			return nil, err
		}
		s.sequences = append(s.sequences, made)
	}
	return s, nil
}

func (a *SortedAggregate) sequence(q *Query, c *SequenceCall, known Column) (sequence, error) {
	base := sequenceBase{call: c, out: resultColumn{known: known}}
	switch c.Kind {
	case expr.QuantileCont, expr.QuantileDisc:
		return newQuantile(q, a.Input.Schema(), base)
	case expr.Mode:
		return newMode(q, a.Input.Schema(), base)
	case expr.StringAgg, expr.ArrayAgg:
		return &joinedTexts{sequenceBase: base, query: q}, nil
	case expr.Histogram:
		return newHistogram(q, a.Input.Schema(), base)
	default:
		return &picked{sequenceBase: base}, nil
	}
}

// Next hands out groups.
func (s *sortedSource) Next(ctx context.Context) (*vector.Chunk, error) {
	for !s.full() {
		if s.now == nil {
			if s.ended {
				break
			}
			if err := s.read(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	return s.take(), nil
}

// read reads a chunk; at the end of the input it ends the last group.
func (s *sortedSource) read(ctx context.Context) error {
	c, err := s.from.Next(ctx)
	if err != nil {
		return err
	}
	if c == nil {
		s.ended = true
		if !s.open && len(s.op.Keys) == 0 {
			for _, q := range s.sequences {
				q.none()
			}
		}
		if s.open {
			return s.add(&vector.Chunk{Columns: make([]*vector.Vector, len(s.op.Input.Schema()))}, nil, true)
		}
		return nil
	}
	s.now, s.rows, s.at = c, chosen(c), 0
	s.starts, err = s.groups.find(c, s.rows, s.starts[:0])
	if err != nil {
		return err
	}
	if s.open && len(s.starts) > 0 && s.starts[0] == 0 { // the group of the chunk before is over
		return s.add(c, nil, true)
	}
	return nil
}

// step adds the rows up to where the next group begins.
func (s *sortedSource) step() error {
	if s.at >= len(s.rows) {
		s.now = nil
		return nil
	}
	if len(s.starts) > 0 && s.starts[0] == s.at {
		s.starts = s.starts[1:]
		for i := range s.keys {
			s.keys[i].copy(s.now.Columns[s.op.Keys[i]], int(s.rows[s.at]))
		}
	}
	end, last := len(s.rows), false
	if len(s.starts) > 0 {
		end, last = s.starts[0], true
	}
	rows := s.rows[s.at:end]
	s.at, s.open = end, true
	return s.add(s.now, rows, last)
}

func (s *sortedSource) add(c *vector.Chunk, rows []uint16, last bool) error {
	for _, q := range s.sequences {
		if err := q.add(c, rows, last); err != nil {
			return err
		}
	}
	s.open = !last
	return nil
}

func (s *sortedSource) full() bool {
	if s.open {
		return false
	}
	for _, q := range s.sequences {
		if q.results().full() {
			return true
		}
	}
	for i := range s.keys {
		if s.keys[i].full() {
			return true
		}
	}
	return false
}

// take hands out the groups that are over.
func (s *sortedSource) take() *vector.Chunk {
	n := s.sequences[0].results().n
	if n == 0 {
		return nil
	}
	s.out = vector.Chunk{Len: n, Columns: s.out.Columns[:0]}
	for i := range s.keys {
		s.out.Columns = append(s.out.Columns, s.keys[i].take())
	}
	for _, q := range s.sequences {
		s.out.Columns = append(s.out.Columns, q.results().take())
	}
	return &s.out
}

// Close closes the input.
func (s *sortedSource) Close() error {
	s.groups.close()
	for _, q := range s.sequences {
		q.close()
	}
	return s.from.Close()
}
