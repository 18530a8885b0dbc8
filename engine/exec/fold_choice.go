package exec

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// setOther chooses the fold of an aggregate that is no count, sum or extreme.
func (f *fold) setOther(k *callLayout, in Schema) error {
	switch k.Kind {
	case expr.VarPop, expr.VarSamp, expr.StddevPop, expr.StddevSamp, expr.GeoMean:
		f.op, f.logs = foldMoments, k.Kind == expr.GeoMean
	case expr.Skewness, expr.Kurtosis, expr.KurtosisPop:
		f.op = foldHighMoments
	case expr.Product:
		f.op = foldProduct
	case expr.BitAnd:
		f.op, f.negate = foldOr, true
	case expr.BitOr:
		f.op = foldOr
	case expr.BitXor:
		f.op = foldXor
	case expr.ApproxCountDistinct:
		f.op = foldSketch
	case expr.AnyValue, expr.First:
		f.setKept(foldFirst, foldFirstWide, foldFirstText)
	case expr.Last:
		f.setKept(foldLast, foldLastWide, foldLastText)
	case expr.ArgMin, expr.ArgMax:
		return f.setBest(k, in)
	case expr.QuantileCont, expr.QuantileDisc, expr.Mode, expr.StringAgg, expr.ArrayAgg,
		expr.Histogram:
		return sqlerr.NotSupported(k.Kind.String() + " without its values in an order")
	default: // pairs
		f.op, f.second, f.other = foldPairs, k.Weight, in[k.Weight]
	}
	return nil
}

// countsItself tells whether the state of a kind's fold says that there was no value.
func countsItself(k AggregateKind) bool {
	switch k {
	case expr.AnyValue, expr.First, expr.Last, expr.ArgMin, expr.ArgMax, expr.RegrCount, expr.ApproxCountDistinct:
		return true
	default:
		return statisticOf(k) != nil
	}
}

// setKept chooses among the folds that keep a value, by its width.
func (f *fold) setKept(one, wide, text foldOp) {
	switch {
	case f.known.Physical == vector.Bytes && f.known.Unifier == nil:
		f.op = text
	case f.known.Physical == vector.Wide:
		f.op = wide
	default:
		f.op = one
	}
}

// CanFold tells whether a call of ArgMin or ArgMax can be folded: its key is one word that compares, its value no text
// that must be kept elsewhere.
func (c AggregateCall) CanFold(in Schema) bool {
	key, value := in[c.Weight], in[c.Arg]
	return (key.Physical == vector.Integer || key.Physical == vector.Float || key.Unifier != nil) &&
		(value.Physical != vector.Bytes || value.Unifier != nil)
}

func (f *fold) setBest(k *callLayout, in Schema) error {
	if !k.CanFold(in) {
		return sqlerr.NotSupported(k.Kind.String() + " of these types")
	}
	f.setKept(foldBest, foldBestWide, foldBest)
	f.second, f.other = k.Weight, in[k.Weight]
	f.negate = k.Kind == expr.ArgMin
	f.key = &fold{column: f.second, known: f.other}
	return f.key.setExtreme(f.negate)
}
