package bind

import "github.com/micodb/micodb/engine/expr"

// aggregateName is what an aggregate's name stands for.
type aggregateName struct {
	kind  expr.AggregateKind
	takes int  // arguments
	truth bool // the argument is a condition
}

// aggregateNames are the aggregates by name.
var aggregateNames = map[string]aggregateName{
	"count": {expr.Count, 1, false}, "sum": {expr.Sum, 1, false}, "avg": {expr.Avg, 1, false},
	"mean": {expr.Avg, 1, false}, "min": {expr.Min, 1, false}, "max": {expr.Max, 1, false},

	"var_pop": {expr.VarPop, 1, false}, "var_samp": {expr.VarSamp, 1, false}, "variance": {expr.VarSamp, 1, false},
	"stddev_pop": {expr.StddevPop, 1, false}, "stddev_samp": {expr.StddevSamp, 1, false},
	"stddev": {expr.StddevSamp, 1, false}, "skewness": {expr.Skewness, 1, false},
	"kurtosis": {expr.Kurtosis, 1, false}, "kurtosis_pop": {expr.KurtosisPop, 1, false},
	"product": {expr.Product, 1, false}, "geomean": {expr.GeoMean, 1, false},
	"geometric_mean": {expr.GeoMean, 1, false},

	"covar_pop": {expr.CovarPop, 2, false}, "covar_samp": {expr.CovarSamp, 2, false}, "corr": {expr.Corr, 2, false},
	"regr_count": {expr.RegrCount, 2, false}, "regr_avgx": {expr.RegrAvgX, 2, false},
	"regr_avgy": {expr.RegrAvgY, 2, false}, "regr_sxx": {expr.RegrSXX, 2, false},
	"regr_syy": {expr.RegrSYY, 2, false}, "regr_sxy": {expr.RegrSXY, 2, false},
	"regr_slope": {expr.RegrSlope, 2, false}, "regr_intercept": {expr.RegrIntercept, 2, false},
	"regr_r2": {expr.RegrR2, 2, false},

	"bit_and": {expr.BitAnd, 1, false}, "bit_or": {expr.BitOr, 1, false}, "bit_xor": {expr.BitXor, 1, false},
	"bool_and": {expr.Min, 1, true}, "bool_or": {expr.Max, 1, true}, "every": {expr.Min, 1, true},
	"count_if": {expr.Count, 1, true}, "countif": {expr.Count, 1, true},

	"any_value": {expr.AnyValue, 1, false}, "arbitrary": {expr.AnyValue, 1, false},
	"first": {expr.First, 1, false}, "last": {expr.Last, 1, false},
	"arg_min": {expr.ArgMin, 2, false}, "argmin": {expr.ArgMin, 2, false}, "min_by": {expr.ArgMin, 2, false},
	"arg_max": {expr.ArgMax, 2, false}, "argmax": {expr.ArgMax, 2, false}, "max_by": {expr.ArgMax, 2, false},

	"approx_count_distinct": {expr.ApproxCountDistinct, 1, false},

	"median": {expr.QuantileCont, 1, false}, "quantile_cont": {expr.QuantileCont, 2, false},
	"quantile_disc": {expr.QuantileDisc, 2, false}, "quantile": {expr.QuantileDisc, 2, false},
	"percentile_cont": {expr.QuantileCont, 1, false}, "percentile_disc": {expr.QuantileDisc, 1, false},
	"mode": {expr.Mode, 1, false}, "histogram": {expr.Histogram, 1, false},
	"string_agg": {expr.StringAgg, 2, false}, "group_concat": {expr.StringAgg, 2, false},
	"listagg": {expr.StringAgg, 2, false}, "array_agg": {expr.ArrayAgg, 1, false}, "list": {expr.ArrayAgg, 1, false},
}

// laterAggregates are known and not there yet.
var laterAggregates = map[string]bool{
	"approx_quantile": true, "approx_top_k": true,
}
