package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/micodb/micodb/internal/vector"
)

// AggregateKind is an aggregate function.
type AggregateKind uint8

// The aggregates. Those of statistics take DOUBLE; of two arguments the first is y, the dependent one.
const (
	CountRows AggregateKind = iota // COUNT(*)
	Count
	Sum
	Avg
	Min
	Max
	VarPop
	VarSamp
	StddevPop
	StddevSamp
	Skewness
	Kurtosis    // excess kurtosis of a sample
	KurtosisPop // excess kurtosis of all
	Product
	GeoMean
	CovarPop
	CovarSamp
	Corr
	RegrCount
	RegrAvgX
	RegrAvgY
	RegrSXX
	RegrSYY
	RegrSXY
	RegrSlope
	RegrIntercept
	RegrR2
	BitAnd
	BitOr
	BitXor
	AnyValue // a value that is not NULL
	First    // the first value that is not NULL
	Last
	ArgMin // the first argument where the second is least
	ArgMax
	ApproxCountDistinct

	// QuantileCont interpolates. It and those after it see the values of a group in an order.
	QuantileCont
	QuantileDisc
	Mode
	StringAgg
	ArrayAgg  // of lists of one element, which it joins: NULL is no element
	Histogram // JSON

	Aggregates // how many there are
)

// Aggregate is an aggregate call. It is no Expr: a plan's Aggregate node holds it.
type Aggregate struct {
	Kind     AggregateKind
	Arg      Expr   // nil for CountRows
	More     []Expr // the arguments after it; with one Avg puts sums together: of so many values each
	Distinct bool
	Of       vector.Type // of the result

	Order     []SortKey // of the values of First, Last, AnyValue, StringAgg and ArrayAgg
	Separator string    // of StringAgg

	// Of quantiles: from 0 to 1, from the least value or the greatest.
	Fraction   float64
	Descending bool
}

// Sequence tells whether the call must see the values of a group in an order.
func (a Aggregate) Sequence() bool { return a.Kind >= QuantileCont || len(a.Order) > 0 }

// Inputs returns the expressions over the rows that are aggregated: MapInputs goes through them in this order.
func (a Aggregate) Inputs() []Expr {
	if a.Arg == nil {
		return nil
	}
	inputs := append([]Expr{a.Arg}, a.More...)
	for _, k := range a.Order {
		inputs = append(inputs, k.Of)
	}
	return inputs
}

// MapInputs returns the call with f, which keeps types, applied to each of its inputs.
func (a Aggregate) MapInputs(f func(Expr) Expr) Aggregate {
	if a.Arg != nil {
		a.Arg = f(a.Arg)
	}
	if a.More != nil {
		more := make([]Expr, len(a.More))
		for i, e := range a.More {
			more[i] = f(e)
		}
		a.More = more
	}
	if a.Order != nil {
		order := make([]SortKey, len(a.Order))
		for i, k := range a.Order {
			k.Of = f(k.Of)
			order[i] = k
		}
		a.Order = order
	}
	return a
}

// SameCall tells whether two calls are one but for their inputs, of which they have as many.
func (a Aggregate) SameCall(b Aggregate) bool {
	return a.Kind == b.Kind && a.Distinct == b.Distinct && a.Of.Equal(b.Of) && (a.Arg == nil) == (b.Arg == nil) &&
		len(a.More) == len(b.More) && a.Fraction == b.Fraction && a.Descending == b.Descending &&
		a.Separator == b.Separator &&
		slices.EqualFunc(a.Order, b.Order, func(k, l SortKey) bool {
			return k.Descending == l.Descending && k.NullsFirst == l.NullsFirst
		})
}

// Same tells whether two calls give the same of the same rows.
func (a Aggregate) Same(b Aggregate) bool {
	if !a.SameCall(b) {
		return false
	}
	inputs, others := a.Inputs(), b.Inputs()
	for i, e := range inputs {
		if !SameExpr(e, others[i]) {
			return false
		}
	}
	return true
}

// Counts tells whether the aggregate is a count: 0, and not NULL, of no rows.
func (k AggregateKind) Counts() bool {
	return k == Count || k == CountRows || k == RegrCount || k == ApproxCountDistinct
}

// Arguments is how many columns the aggregate reads.
func (k AggregateKind) Arguments() int {
	switch k {
	case CountRows:
		return 0
	case CovarPop, CovarSamp, Corr, RegrCount, RegrAvgX, RegrAvgY, RegrSXX, RegrSYY, RegrSXY, RegrSlope, RegrIntercept,
		RegrR2, ArgMin, ArgMax:
		return 2
	default:
		return 1
	}
}

// Partial tells whether the aggregate may be NULL of values that are not: of too few, or of equal ones.
func (k AggregateKind) Partial() bool {
	switch k {
	case VarSamp, StddevSamp, Skewness, Kurtosis, KurtosisPop, CovarSamp, RegrIntercept, RegrR2:
		return true
	default:
		return false
	}
}

// Nullable tells whether the call may give NULL: of no rows, as without groups, or of none but NULLs.
func (a Aggregate) Nullable(grouped bool) bool {
	if a.Kind.Counts() {
		return false
	}
	nullable := !grouped || a.Kind.Partial() || a.Sequence()
	for _, e := range a.Inputs() {
		nullable = nullable || e.Nullable()
	}
	return nullable
}

// Repeatable tells whether the aggregate gives the same of the same rows in any order.
func (a Aggregate) Repeatable() bool {
	switch a.Kind {
	case Sum, Avg:
		return a.Arg.Type().Physical() != vector.Float
	case CountRows, Count, Min, Max, BitAnd, BitOr, BitXor, RegrCount, ApproxCountDistinct, QuantileCont, QuantileDisc,
		Mode, Histogram:
		return true
	default:
		return false
	}
}

// String returns the call as SQL writes it.
func (a Aggregate) String() string {
	if a.Kind == CountRows {
		return "count(*)"
	}
	var b strings.Builder
	b.WriteString(a.Kind.String())
	b.WriteByte('(')
	if a.Distinct {
		b.WriteString("DISTINCT ")
	}
	b.WriteString(a.Arg.String())
	for _, e := range a.More {
		b.WriteString(", " + e.String())
	}
	switch a.Kind {
	case QuantileCont, QuantileDisc:
		fmt.Fprintf(&b, ", %v%s", a.Fraction, map[bool]string{true: " DESC"}[a.Descending])
	case StringAgg:
		fmt.Fprintf(&b, ", '%s'", strings.ReplaceAll(a.Separator, "'", "''"))
	default:
	}
	for i, k := range a.Order {
		b.WriteString([]string{" ORDER BY ", ", "}[min(i, 1)] + k.String())
	}
	b.WriteByte(')')
	return b.String()
}

// String returns the function's name.
func (k AggregateKind) String() string {
	return [Aggregates]string{
		"count", "count", "sum", "avg", "min", "max",
		"var_pop", "var_samp", "stddev_pop", "stddev_samp", "skewness", "kurtosis", "kurtosis_pop",
		"product", "geomean", "covar_pop", "covar_samp", "corr",
		"regr_count", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy",
		"regr_slope", "regr_intercept", "regr_r2",
		"bit_and", "bit_or", "bit_xor", "any_value", "first", "last", "arg_min", "arg_max",
		"approx_count_distinct", "quantile_cont", "quantile_disc", "mode", "string_agg", "array_agg", "histogram",
	}[k]
}
