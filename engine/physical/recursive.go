package physical

import (
	"context"

	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// rounds is the recursive query whose step is being built.
type rounds struct {
	working *exec.Working
	fixed   []*exec.Shared // what gives the same in every round
	varying []*exec.Shared // what does not
}

// recursive builds a recursive query. What its step reads beside the rows of the round before runs once, and its rows
// are kept for all rounds: a scan can be read once alone.
func (b *builder) recursive(ctx context.Context, n *plan.Recursive) (exec.Operator, error) {
	outer := b.rounds
	defer func() { b.rounds = outer }()
	base, err := b.build(ctx, n.Base)
	if err != nil {
		return nil, err
	}
	types := make([]vector.Type, len(n.Out.Fields))
	for i, f := range n.Out.Fields {
		types[i] = f.Type
	}
	r := &rounds{working: exec.NewWorking(n.Number, names(n.Out), types)}
	b.rounds = r
	step, err := b.build(ctx, n.Step)
	if err != nil {
		return nil, err
	}
	return &exec.Recursive{
		Base: base, Step: step, All: n.All, Working: r.working, Fixed: r.fixed, Varying: r.varying,
	}, nil
}

// fixed builds what gives the same rows in every round.
func (b *builder) fixed(ctx context.Context, n plan.Node) (exec.Operator, error) {
	r := b.rounds
	b.rounds = nil
	defer func() { b.rounds = r }()
	op, err := b.build(ctx, n)
	if err != nil {
		return nil, err
	}
	s, ok := op.(*exec.Shared)
	if !ok {
		s = &exec.Shared{Input: op}
	}
	r.fixed = append(r.fixed, s)
	return s, nil
}

// isFixed tells whether a part of a recursive query's step gives the same rows in every round.
func (b *builder) isFixed(n plan.Node) bool {
	_, values := n.(*plan.Values)
	return b.rounds != nil && !values && !plan.ReadsWorking(n)
}
