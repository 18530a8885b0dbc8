package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// frame binds a window's frame, or the default, whose form says what rows it is where that can be said in several.
func (c *clause) frame(call *windowCall, w ast.Window) error {
	f := expr.DefaultFrame()
	if w.Frame != nil {
		var err error
		if f, err = c.frameOf(call, w.Frame); err != nil {
			return err
		}
	}
	byValue := f.Unit == expr.Range
	start, end := f.From.Kind == expr.FromStart, f.To.Kind == expr.ToEnd
	if byValue && len(call.order) == 0 { // all rows are like the current one
		start, end = true, true
	}
	if start && end {
		exclude := f.Exclude
		f = expr.WholeFrame()
		f.Exclude = exclude
	}
	call.Frame = f
	return nil
}

func (c *clause) frameOf(call *windowCall, w *ast.Frame) (expr.Frame, error) {
	f := expr.Frame{
		Unit: frameUnits[w.Unit], From: expr.FrameBound{Kind: frameBounds[w.From.Kind]},
		To: expr.FrameBound{Kind: frameBounds[w.To.Kind]}, Exclude: frameExclusions[w.Exclude],
	}
	offset := w.From.Of != nil || w.To.Of != nil
	switch {
	case f.Unit == expr.Groups && len(call.order) == 0:
		return f, fail(w, sqlerr.WindowingError, "a frame of GROUPS wants an ORDER BY in the window")
	case f.Unit == expr.Range && offset && len(call.order) != 1:
		return f, fail(w, sqlerr.WindowingError, "a RANGE by an offset wants one ORDER BY key in the window, not %d",
			len(call.order))
	case offset && f.Unit == expr.Range:
		return f, c.rangeLimits(call.order[0], &f, w)
	}
	for _, b := range []struct {
		to *expr.FrameBound
		of ast.Expr
	}{{&f.From, w.From.Of}, {&f.To, w.To.Of}} {
		if b.of == nil {
			continue
		}
		of, err := c.frameOffset(b.of)
		if err != nil {
			return f, err
		}
		if t := of.Type(); !t.IsInteger() && t.Kind != vector.Unknown {
			return f, fail(b.of, sqlerr.DatatypeMismatch,
				"a frame of rows or groups reaches by a whole number, not %s", t)
		}
		if b.to.Offset, err = c.coerce(of, vector.Of(vector.Int64), b.of); err != nil {
			return f, err
		}
	}
	return f, nil
}

// frameOffset binds a constant that is not less than nothing.
func (c *clause) frameOffset(e ast.Expr) (expr.Expr, error) {
	of, err := c.expr(e)
	if err != nil {
		return nil, err
	}
	if len(expr.Columns(of)) > 0 || onlyOuter(of) || expr.IsVolatile(of) {
		return nil, unsupported("a frame that reaches by other than a constant", e)
	}
	if folded, err := expr.Fold(of); err == nil {
		of = folded
	}
	if l, ok := of.(expr.Literal); ok {
		return of, at(expr.CheckFrameOffset(l), e)
	}
	return of, nil
}

// rangeLimits computes how far the ends of a RANGE reach, and the key in their type.
func (c *clause) rangeLimits(key expr.SortKey, f *expr.Frame, w *ast.Frame) error {
	values, places := []expr.Expr{key.Of}, []ast.Node{w}
	for _, b := range []struct {
		to *expr.FrameBound
		of ast.Expr
	}{{&f.From, w.From.Of}, {&f.To, w.To.Of}} {
		if b.of == nil {
			continue
		}
		offset, err := c.frameOffset(b.of)
		if err != nil {
			return err
		}
		op := expr.Add
		if (b.to.Kind == expr.Preceding) != key.Descending {
			op = expr.Subtract
		}
		limit, err := c.arithmetic(op, key.Of, offset, b.of)
		if err != nil {
			return err
		}
		if p, ok := offset.(expr.Parameter); ok { // arithmetic has told its type
			p.Of = c.parameters[p.Index]
			offset = p
		}
		b.to.Offset = offset
		values, places = append(values, limit), append(places, b.of)
	}
	same, err := c.sameType(values, places, "the key and the ends of the frame", w)
	if err != nil {
		return err
	}
	for i, e := range same {
		if e.Type().Kind == vector.Interval { // which frames read as numbers
			same[i] = constant(function.IntervalNanos(e), e)
		}
	}
	f.Key = same[0]
	for _, b := range []*expr.FrameBound{&f.From, &f.To} {
		if b.Offset != nil {
			b.Limit, same = same[1], same[1:]
		}
	}
	return nil
}
