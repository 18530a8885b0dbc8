package exec

import (
	"context"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// Filter keeps the rows for which a condition is TRUE.
type Filter struct {
	Input     Operator
	Predicate expr.Expr
	out       Schema
}

// NewFilter makes the operator. What the condition proves of the rows that pass narrows the schema.
func NewFilter(in Operator, predicate expr.Expr) *Filter {
	f := &Filter{Input: in, Predicate: known(predicate, in.Schema())}
	f.out = append(f.out, in.Schema()...)
	for _, c := range expr.Conjuncts(f.Predicate) {
		f.out.narrow(c)
	}
	return f
}

// known tells an expression's columns whether they may be NULL.
func known(e expr.Expr, in Schema) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(expr.Column); ok {
			c.IsNull = in[c.Index].Nullable
			return c
		}
		return e
	})
}

// narrow takes in that a conjunct is TRUE: a comparison of a column with a constant, or a test for NULL.
func (s Schema) narrow(conjunct expr.Expr) {
	switch e := conjunct.(type) {
	case expr.Not:
		if null, ok := e.Of.(expr.IsNull); ok {
			if c, ok := null.Of.(expr.Column); ok {
				s[c.Index].Nullable = false
			}
		}
	case expr.Compare:
		if e.Op == expr.NotDistinct {
			return
		}
		left, leftColumn := e.Left.(expr.Column)
		right, rightColumn := e.Right.(expr.Column)
		if leftColumn {
			s[left.Index].Nullable = false
		}
		if rightColumn {
			s[right.Index].Nullable = false
		}
		if x, ok := integerLiteral(e.Right, e.Left.Type()); ok && leftColumn {
			s[left.Index] = s[left.Index].bounded(e.Op, x)
		}
		if x, ok := integerLiteral(e.Left, e.Right.Type()); ok && rightColumn {
			s[right.Index] = s[right.Index].bounded(e.Op.Mirrored(), x)
		}
	default:
	}
}

// integerLiteral returns the value of a constant that counts in the unit of a type.
func integerLiteral(e expr.Expr, t vector.Type) (int64, bool) {
	l, ok := e.(expr.Literal)
	if !ok || l.Value.Null {
		return 0, false
	}
	of := l.Value.Type
	switch {
	case of.Kind != t.Kind || of.Scale != t.Scale || of.Kind != vector.Decimal && of.Precision != t.Precision:
		return 0, false
	case of.Kind == vector.Decimal || of.Kind == vector.UInt64:
		return l.Value.Wide.Int64()
	default:
		return l.Value.Int, of.Physical() == vector.Integer
	}
}

// bounded takes in that the column compares so with x, in its own unit.
func (c Column) bounded(op expr.CompareOp, x int64) Column {
	if c.Physical != vector.Integer {
		return c
	}
	switch op {
	case expr.Equal:
		c.Lo, c.Hi = max(c.Lo, x), min(c.Hi, x)
	case expr.Less, expr.LessEqual:
		c.Hi = min(c.Hi, x)
	case expr.Greater, expr.GreaterEqual:
		c.Lo = max(c.Lo, x)
	default:
	}
	return c
}

// Schema returns the input's, narrowed.
func (f *Filter) Schema() Schema { return f.out }

// Inputs returns the input.
func (f *Filter) Inputs() []Operator { return []Operator{f.Input} }

// String shows the condition.
func (f *Filter) String() string { return "Filter " + f.Predicate.String() }

// Start starts the input.
func (f *Filter) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := q.start(ctx, f.Input)
	if err != nil {
		return nil, err
	}
	return streamOf(func(worker int) (Source, error) {
		holds, err := expr.CompilePredicate(f.Predicate)
		if err != nil {
			return nil, err
		}
		room, err := q.words(vector.ChunkRows / 4)
		if err != nil {
			return nil, err
		}
		src, err := from.Open(worker)
		return &filterSource{from: src, holds: holds, sel: view[uint16](room, vector.ChunkRows)}, err
	}), nil
}

type filterSource struct {
	from  Source
	holds expr.Predicate
	sel   []uint16
	out   vector.Chunk
}

// Next passes the chosen rows on.
func (s *filterSource) Next(ctx context.Context) (*vector.Chunk, error) {
	for {
		c, err := s.from.Next(ctx)
		if c == nil || err != nil {
			return nil, err
		}
		sel, err := s.holds(c, c.Sel, s.sel)
		if err != nil {
			return nil, err
		}
		s.out = vector.Chunk{Len: c.Len, Sel: sel, Columns: c.Columns}
		if s.out.Count() > 0 {
			return &s.out, nil
		}
	}
}

// Close closes the input.
func (s *filterSource) Close() error { return s.from.Close() }
