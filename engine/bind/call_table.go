package bind

import "github.com/micodb/micodb/engine/expr"

// aggregateKinds are the aggregates by name.
var aggregateKinds = map[string]expr.AggregateKind{
	"count": expr.Count, "sum": expr.Sum, "avg": expr.Avg, "mean": expr.Avg, "min": expr.Min, "max": expr.Max,
}

// laterAggregates are known and not there yet.
var laterAggregates = map[string]bool{
	"stddev": true, "stddev_pop": true, "stddev_samp": true, "variance": true, "var_pop": true, "var_samp": true,
	"median": true, "mode": true, "quantile": true, "percentile_cont": true, "percentile_disc": true,
	"string_agg": true, "group_concat": true, "listagg": true, "array_agg": true, "list": true,
	"bool_and": true, "bool_or": true, "every": true, "any_value": true, "first": true, "last": true,
	"approx_count_distinct": true, "corr": true, "covar_pop": true, "covar_samp": true, "grouping": true,
	"arg_min": true, "arg_max": true, "bit_and": true, "bit_or": true, "bit_xor": true, "product": true,
}
