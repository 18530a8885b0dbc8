package exec

import (
	"context"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// Project computes its output from its input.
type Project struct {
	Input Operator
	Exprs []expr.Expr
	out   Schema
}

// NewProject makes the operator; names has one for each expression.
func NewProject(in Operator, exprs []expr.Expr, names []string) *Project {
	p := &Project{Input: in}
	schema := in.Schema()
	for i, e := range exprs {
		e = known(e, schema)
		p.Exprs = append(p.Exprs, e)
		p.out = append(p.out, schema.describe(e, names[i]))
	}
	return p
}

// describe says what is known of an expression's values.
func (s Schema) describe(e expr.Expr, name string) Column {
	if c, ok := e.(expr.Column); ok {
		k := s[c.Index]
		k.Name = name
		return k
	}
	k := Column{Name: name, Type: e.Type(), Physical: e.Type().Physical(), Nullable: e.Nullable()}
	b, ok := expr.Bounds(e, func(i int) (vector.Bounds, bool) {
		return vector.Bounds{Lo: s[i].Lo, Hi: s[i].Hi}, s[i].Physical == vector.Integer
	})
	if ok {
		k.Physical, k.Lo, k.Hi = vector.Integer, b.Lo, b.Hi
	}
	return k
}

// Schema returns the computed columns.
func (p *Project) Schema() Schema { return p.out }

// Inputs returns the input.
func (p *Project) Inputs() []Operator { return []Operator{p.Input} }

// String shows the expressions.
func (p *Project) String() string {
	parts := make([]string, len(p.Exprs))
	for i, e := range p.Exprs {
		parts[i] = e.String()
	}
	return strings.TrimSpace("Project " + strings.Join(parts, ", "))
}

// Start starts the input.
func (p *Project) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := q.start(ctx, p.Input)
	if err != nil {
		return nil, err
	}
	return streamOf(func(worker int) (Source, error) {
		values, err := expr.CompileAll(p.Exprs)
		if err != nil {
			return nil, err
		}
		src, err := from.Open(worker)
		s := &projectSource{from: src, values: values}
		s.out.Columns = make([]*vector.Vector, len(values))
		return s, err
	}), nil
}

type projectSource struct {
	from   Source
	values []expr.Evaluator
	out    vector.Chunk
}

// Next computes a chunk.
func (s *projectSource) Next(ctx context.Context) (*vector.Chunk, error) {
	c, err := s.from.Next(ctx)
	if c == nil || err != nil {
		return nil, err
	}
	s.out.Len, s.out.Sel = c.Len, c.Sel
	for i, value := range s.values {
		if s.out.Columns[i], err = value(c, c.Sel); err != nil {
			return nil, err
		}
	}
	return &s.out, nil
}

// Close closes the input.
func (s *projectSource) Close() error { return s.from.Close() }
