package exec

import (
	"math"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// statistic computes a result from a group's state, which is of at least one value; false is NULL.
type statistic func(e []uint64) (float64, bool)

// statisticOf returns what computes a kind's result; nil for those that are no statistics.
func statisticOf(k AggregateKind) statistic {
	switch k {
	case expr.VarPop, expr.VarSamp, expr.StddevPop, expr.StddevSamp:
		return varianceOf(k)
	case expr.Skewness, expr.Kurtosis, expr.KurtosisPop:
		return func(e []uint64) (float64, bool) { return highMomentsOf(e).shape(k) }
	case expr.Product:
		return func(e []uint64) (float64, bool) { return floatAt(e, 1), true }
	case expr.GeoMean:
		return func(e []uint64) (float64, bool) { return math.Exp(floatAt(e, 1)), true }
	case expr.CovarPop, expr.CovarSamp, expr.Corr, expr.RegrAvgX, expr.RegrAvgY, expr.RegrSXX, expr.RegrSYY,
		expr.RegrSXY, expr.RegrSlope, expr.RegrIntercept, expr.RegrR2:
		return func(e []uint64) (float64, bool) { return comomentsOf(e).result(k) }
	default:
		return nil
	}
}

func varianceOf(k AggregateKind) statistic {
	least, root := 0.0, k == expr.StddevPop || k == expr.StddevSamp
	if k == expr.VarSamp || k == expr.StddevSamp {
		least = 1
	}
	return func(e []uint64) (float64, bool) {
		n := floatAt(e, 0) - least
		if n <= 0 {
			return 0, false
		}
		x := floatAt(e, 2) / n
		if root {
			x = math.Sqrt(x)
		}
		return x, true
	}
}

// shape returns the skewness, corrected for the bias of a sample, or the excess kurtosis with or without that.
func (m highMoments) shape(k AggregateKind) (float64, bool) {
	if m.m2 == 0 {
		return 0, false
	}
	n := m.n
	switch k {
	case expr.Skewness:
		return math.Sqrt(n*(n-1)) / (n - 2) * math.Sqrt(n) * m.m3 / math.Pow(m.m2, 1.5), n > 2
	case expr.Kurtosis:
		return (n - 1) / ((n - 2) * (n - 3)) * ((n+1)*n*m.m4/(m.m2*m.m2) - 3*(n-1)), n > 3
	default:
		return n*m.m4/(m.m2*m.m2) - 3, n > 1
	}
}

// comoments is the state of foldPairs.
type comoments struct{ n, meanY, meanX, yy, xx, xy float64 }

func comomentsOf(e []uint64) comoments {
	return comoments{floatAt(e, 0), floatAt(e, 1), floatAt(e, 2), floatAt(e, 3), floatAt(e, 4), floatAt(e, 5)}
}

// result computes a covariance, a correlation or a part of a linear regression. Where x does not vary there is no
// line: its slope and the correlation are NaN, its intercept is NULL.
func (p comoments) result(k AggregateKind) (float64, bool) {
	switch k {
	case expr.CovarPop:
		return p.xy / p.n, true
	case expr.CovarSamp:
		return p.xy / (p.n - 1), p.n > 1
	case expr.Corr:
		return p.xy / (math.Sqrt(p.xx) * math.Sqrt(p.yy)), true
	case expr.RegrAvgX:
		return p.meanX, true
	case expr.RegrAvgY:
		return p.meanY, true
	case expr.RegrSXX:
		return p.xx, true
	case expr.RegrSYY:
		return p.yy, true
	case expr.RegrSXY:
		return p.xy, true
	case expr.RegrSlope:
		return p.xy / p.xx, true
	case expr.RegrIntercept:
		return p.meanY - p.xy/p.xx*p.meanX, p.xx != 0
	default:
		if p.yy == 0 {
			return 1, p.xx != 0
		}
		return p.xy * p.xy / (p.xx * p.yy), p.xx != 0
	}
}

// statistics computes the results of n states of a fold, whose first word is not 0 where there are values.
func (e *emitter) statistics(i int, c *callLayout, of statistic, values words, n int) *vector.Vector {
	b := &e.buffers[i]
	d, valid := b.Floats(n), b.AllValid(n)
	for k := range d {
		state, ok := values.of[k*values.stride:], false
		if d[k] = 0; state[0] != 0 {
			d[k], ok = of(state)
		}
		if !ok {
			valid[k>>6] &^= 1 << (k & 63)
		}
	}
	if !e.op.out[i].Nullable {
		valid = nil
	}
	return b.FloatVector(c.Of, d, valid)
}

// integers computes the results that are words of a state.
func (e *emitter) integers(i int, c *callLayout, values words, valid []uint64, n int) *vector.Vector {
	b := &e.buffers[i]
	d, f := b.Ints(n), &e.layout.folds[c.value]
	for k := range d {
		o := k * values.stride
		switch w := values.of[o]; {
		case c.Kind == expr.ApproxCountDistinct:
			d[k] = sketchCount(values.of[o:])
		case c.Kind == expr.RegrCount:
			d[k] = int64(floatAt(values.of, o))
		case f.negate:
			d[k] = int64(^w)
		default:
			d[k] = int64(w)
		}
	}
	lo, hi := c.Of.Limits()
	return b.IntVector(c.Of, d, valid, lo, hi)
}

// kept gives the values back that a state keeps: behind a word that is 0 where there is none, from word at on.
func (e *emitter) kept(i int, f *fold, values words, n int) *vector.Vector {
	b, t, valid := &e.buffers[i], f.known.Type, []uint64(nil)
	at := f.op.valueAt()
	if e.op.out[i].Nullable {
		valid = b.AllValid(n)
		for k := range n {
			if values.of[k*values.stride] == 0 {
				valid[k>>6] &^= 1 << (k & 63)
			}
		}
	}
	word := func(k int) uint64 { return values.of[k*values.stride+at] }
	switch {
	case f.op == foldFirstText || f.op == foldLastText:
		refs := e.refsOf(i, n)
		for k := range refs {
			refs[k] = word(k)
		}
		return e.view(i, t, refs, valid)
	case f.known.Unifier != nil:
		numbers := e.numbersOf(i, n)
		for k := range numbers {
			numbers[k] = uint32(word(k))
		}
		return e.words(i, f.known, numbers, valid)
	case f.known.Physical == vector.Wide:
		d := b.Wides(n)
		for k := range d {
			d[k] = vector.Int128{Lo: word(k), Hi: int64(values.of[k*values.stride+at+1])}
		}
		return b.WideVector(t, d, valid)
	case f.known.Physical == vector.Float:
		d := b.Floats(n)
		for k := range d {
			d[k] = math.Float64frombits(word(k))
		}
		return b.FloatVector(t, d, valid)
	default:
		d := b.Ints(n)
		for k := range d {
			d[k] = int64(word(k))
		}
		return b.IntVector(t, d, valid, f.known.Lo, f.known.Hi)
	}
}
