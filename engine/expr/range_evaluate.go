package expr

import "github.com/micodb/micodb/internal/vector"

// rangeTest is the conjunction of all comparisons of one operand, whole numbers inside, with constants.
type rangeTest struct {
	operand Expr
	bounds  vector.WideRange
}

// rangeTestOf reads a comparison with a constant as a range, if it is one.
func rangeTestOf(e Expr) (rangeTest, bool) {
	c, ok := e.(Compare)
	if !ok {
		return rangeTest{}, false
	}
	c = constantRight(c)
	k, ok := c.Right.(Literal)
	t := c.Left.Type()
	if !ok || k.Value.Null || c.Op == NotEqual || c.Op == NotDistinct ||
		!isWide(t) && t.Physical() != vector.Integer {
		return rangeTest{}, false
	}
	x := k.Value.Wide
	if !isWide(t) {
		x = vector.Int128Of(k.Value.Int)
	}
	return rangeTest{operand: c.Left, bounds: wideRange(vector.Comparison(c.Op), x)}, true
}

// constantRight turns a comparison so that a constant stands at the right.
func constantRight(e Compare) Compare {
	if _, ok := e.Left.(Literal); ok {
		e.Left, e.Right = e.Right, e.Left
		e.Op = [...]CompareOp{Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual, NotDistinct}[e.Op]
	}
	return e
}

func (t *rangeTest) intersect(o rangeTest) {
	if o.bounds.Lo.Cmp(t.bounds.Lo) > 0 {
		t.bounds.Lo = o.bounds.Lo
	}
	if o.bounds.Hi.Cmp(t.bounds.Hi) < 0 {
		t.bounds.Hi = o.bounds.Hi
	}
}

// compileAll makes the tests of a conjunction: x >= a AND x < b is one test, in the place of the first.
func compileAll(of []Expr) ([]test, error) {
	var ranges []*rangeTest
	var steps []any // an Expr or a *rangeTest
	for _, e := range of {
		t, ok := rangeTestOf(e)
		if !ok {
			steps = append(steps, e)
			continue
		}
		merged := false
		for _, have := range ranges {
			if merged = SameExpr(have.operand, t.operand); merged {
				have.intersect(t)
				break
			}
		}
		if !merged {
			ranges, steps = append(ranges, &t), append(steps, &t)
		}
	}
	out := make([]test, len(steps))
	for i, s := range steps {
		var err error
		switch s := s.(type) {
		case *rangeTest:
			out[i], err = s.compile()
		case Expr:
			out[i].mask = maskOf(s)
			out[i].rows, err = compilePredicate(s, false)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *rangeTest) compile() (test, error) {
	value, err := compile(t.operand)
	out := test{rows: selectWideRange(value, t.bounds)}
	if c, ok := t.operand.(Column); ok {
		out.mask = func(k *vector.Chunk, m *vector.Mask) bool {
			return vector.MaskWideRange(k.Columns[c.Index], t.bounds, m)
		}
	}
	return out, err
}

func selectWideRange(value Evaluator, r vector.WideRange) Predicate {
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		return vector.SelectWideRange(v, r, in, out), nil
	}
}
