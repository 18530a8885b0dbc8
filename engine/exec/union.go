package exec

import (
	"context"
	"errors"

	"github.com/micodb/micodb/internal/vector"
)

// Union appends its inputs, whose types are the same.
type Union struct {
	All []Operator
	out Schema
}

// NewUnion makes the operator; names are those of the first input.
func NewUnion(all []Operator) *Union {
	u := &Union{All: all, out: append(Schema(nil), all[0].Schema()...)}
	for _, in := range all[1:] {
		for i, c := range in.Schema() {
			u.out[i] = eitherOf(u.out[i], c)
		}
	}
	return u
}

// eitherOf is what is known of a column that comes from a or from b.
func eitherOf(a, b Column) Column {
	a.Nullable = a.Nullable || b.Nullable
	if a.Physical == vector.Integer && b.Physical == vector.Integer {
		bounds := vector.Bounds{Lo: a.Lo, Hi: a.Hi}.Union(vector.Bounds{Lo: b.Lo, Hi: b.Hi})
		a.Lo, a.Hi = bounds.Lo, bounds.Hi
	}
	if b.Physical == vector.Wide {
		a.Physical = vector.Wide // whose vectors may be Integer
	}
	if a.Unifier != b.Unifier || a.Words != b.Words {
		a.Unifier, a.Words = nil, nil
	}
	return a
}

// Schema returns what is true of all inputs.
func (u *Union) Schema() Schema { return u.out }

// Inputs returns all inputs.
func (u *Union) Inputs() []Operator { return u.All }

// String names the operator.
func (*Union) String() string { return "UnionAll" }

// Start starts all inputs.
func (u *Union) Start(ctx context.Context, q *Query) (Stream, error) {
	streams := make([]Stream, len(u.All))
	for i, in := range u.All {
		var err error
		if streams[i], err = q.start(ctx, in); err != nil {
			return nil, err
		}
	}
	return streamOf(func(worker int) (Source, error) {
		return &unionSource{streams: streams, worker: worker}, nil
	}), nil
}

type unionSource struct {
	streams []Stream // not yet opened
	worker  int
	now     Source
}

// Next goes through the inputs one after the other.
func (s *unionSource) Next(ctx context.Context) (*vector.Chunk, error) {
	for {
		if s.now == nil {
			if len(s.streams) == 0 {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			var err error
			if s.now, err = s.streams[0].Open(s.worker); err != nil {
				return nil, err
			}
			s.streams = s.streams[1:]
		}
		c, err := s.now.Next(ctx)
		if c != nil || err != nil {
			return c, err
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
	}
}

// Close closes the input that is open.
func (s *unionSource) Close() error {
	var err error
	if s.now != nil {
		err = errors.Join(s.now.Close())
		s.now = nil
	}
	return err
}
