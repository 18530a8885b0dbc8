package physical

import (
	"context"

	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// window builds window functions: keys, arguments and the limits of ranges are computed below them.
func (b *builder) window(ctx context.Context, n *plan.Window) (exec.Operator, error) {
	in, err := b.build(ctx, n.Input)
	if err != nil {
		return nil, err
	}
	inputs := &windowInputs{width: len(in.Schema())}
	var keys []exec.SortKey
	before := make([]int, len(n.Keys)+1) // keys that are no constants, before each
	for i, k := range n.Keys {
		before[i] = len(keys)
		if !expr.IsConstant(k.Of) {
			keys = append(keys, exec.SortKey{
				Column: inputs.at(k.Of), Descending: k.Descending, NullsFirst: k.NullsFirst,
			})
		}
	}
	before[len(n.Keys)] = len(keys)
	calls := make([]exec.WindowCall, len(n.Calls))
	for i, c := range n.Calls {
		to := &calls[i]
		*to = exec.WindowCall{Kind: c.Kind, IgnoreNulls: c.IgnoreNulls, Name: c.Name(), Of: c.Of}
		to.Partition = before[c.Partition]
		to.Order = before[c.Partition+c.Order] - to.Partition
		if c.Kind == expr.AggregateWindow {
			to.Aggregate = exec.AggregateCall{Kind: c.Aggregate.Kind, Name: to.Name, Of: c.Of}
			if c.Aggregate.Arg != nil {
				to.Aggregate.Arg = inputs.at(c.Aggregate.Arg)
			}
			for _, e := range c.Aggregate.More {
				to.Aggregate.Weight = inputs.at(e)
			}
		}
		args := c.Args
		if c.Kind.ReadsValue() {
			to.Value, args = inputs.at(args[0]), args[1:]
		}
		if len(args) > 0 {
			to.Number = inputs.at(args[0])
		}
		if to.Frame, err = inputs.frame(c.Frame); err != nil {
			return nil, err
		}
	}
	all, labels := columnsOf(in.Schema(), inputs.width)
	for _, e := range inputs.exprs {
		all, labels = append(all, e), append(labels, e.String())
	}
	if len(inputs.exprs) > 0 {
		in = exec.NewProject(in, all, labels)
	}
	return exec.NewWindow(in, keys, calls, inputs.width)
}

// windowInputs are the expressions beside the input's columns that a window needs, each once.
type windowInputs struct {
	width int
	exprs []expr.Expr
}

// at returns the column of an expression.
func (w *windowInputs) at(e expr.Expr) int {
	if c, ok := e.(expr.Column); ok {
		return c.Index
	}
	for i, x := range w.exprs {
		if expr.SameExpr(x, e) {
			return w.width + i
		}
	}
	w.exprs = append(w.exprs, e)
	return w.width + len(w.exprs) - 1
}

// frame checks a frame's offsets, which may have been parameters.
func (w *windowInputs) frame(f expr.Frame) (exec.WindowFrame, error) {
	out := exec.WindowFrame{
		Unit: f.Unit, From: exec.WindowBound{Kind: f.From.Kind}, To: exec.WindowBound{Kind: f.To.Kind},
		Exclude: f.Exclude,
	}
	if f.Key != nil {
		out.Key = w.at(f.Key)
	}
	for _, b := range []struct {
		from expr.FrameBound
		to   *exec.WindowBound
	}{{f.From, &out.From}, {f.To, &out.To}} {
		if b.from.Offset == nil {
			continue
		}
		folded, err := expr.Fold(b.from.Offset)
		if err != nil {
			return out, err
		}
		l, ok := folded.(expr.Literal)
		if !ok {
			return out, sqlerr.New(sqlerr.InvalidFrameOffset, "the frame reaches by %s, which has no value", folded)
		}
		if err := expr.CheckFrameOffset(l); err != nil {
			return out, err
		}
		if b.from.Limit != nil {
			b.to.Limit = w.at(b.from.Limit)
			continue
		}
		b.to.Offset = l.Value.Int
	}
	return out, nil
}
