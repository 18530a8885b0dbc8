package function

import "slices"

// described are the functions that are no scalar ones, for documentation alone: bind knows what they are. The examples
// of aggregates and window functions are over the rows (x, y) = (1, 10), (2, 20), (4, 30).
func described() []Entry {
	return slices.Concat(describedAggregates(), describedStatistics(), describedTables())
}

func describe(kind Kind, family, names, arguments string, d doc) Entry {
	name, aliases := cutNames(names)
	return Entry{
		Name: name, Aliases: aliases, Kind: kind, Family: family, Signature: name + arguments, Help: d.help,
		Example: d.example, Gives: d.gives,
	}
}

func describedAggregates() []Entry {
	of := func(names, arguments, help, example, gives string) Entry {
		return describe(Aggregate, "aggregate", names, arguments, shown(help, example, gives))
	}
	return []Entry{
		of("count", "(*) or (value) → BIGINT", "The number of rows, or of those whose value is not NULL.", "count(*)",
			"3"),
		of("count_if countif", "(condition) → BIGINT", "The number of rows for which the condition is TRUE.",
			"count_if(x > 1)", "2"),
		of("sum", "(number) → as given, wider", "The sum.", "sum(x)", "7"),
		of("avg mean", "(number) → DOUBLE", "The mean.", "avg(y)", "20"),
		of("min", "(value) → as given", "The least value.", "min(x)", "1"),
		of("max", "(value) → as given", "The greatest value.", "max(x)", "4"),
		of("product", "(number) → DOUBLE", "The product.", "product(x)", "8"),
		of("geomean geometric_mean", "(number) → DOUBLE", "The geometric mean.", "round(geomean(x), 6)", "2"),
		of("bit_and", "(integer) → as given", "The bits that all have.", "bit_and(y)", "0"),
		of("bit_or", "(integer) → as given", "The bits that one has.", "bit_or(x)", "7"),
		of("bit_xor", "(integer) → as given", "The bits that an odd number of them have.", "bit_xor(x)", "7"),
		of("bool_and every", "(condition) → BOOLEAN", "Whether all are TRUE.", "bool_and(x > 1)", "false"),
		of("bool_or", "(condition) → BOOLEAN", "Whether one is TRUE.", "bool_or(x > 1)", "true"),
		of("any_value arbitrary", "(value) → as given", "Some value that is not NULL.", "any_value(x) > 0", "true"),
		of("first", "(value) → as given", "The first value, of the rows as they come.", "first(x) > 0", "true"),
		of("last", "(value) → as given", "The last value, of the rows as they come.", "last(x) > 0", "true"),
		of("arg_min argmin min_by", "(value, by) → as the value", "The value of the row with the least by.",
			"arg_min(y, x)", "10"),
		of("arg_max argmax max_by", "(value, by) → as the value", "The value of the row with the greatest by.",
			"arg_max(y, x)", "30"),
		of("approx_count_distinct", "(value) → BIGINT", "About how many values there are.",
			"approx_count_distinct(x)", "3"),
	}
}

func describedStatistics() []Entry {
	of := func(names, arguments, help, example, gives string) Entry {
		return describe(Aggregate, "aggregate", names, arguments+" → DOUBLE", shown(help, example, gives))
	}
	const one, two = "(number)", "(y, x)"
	return []Entry{
		of("var_pop", one, "The variance of all.", "var_pop(y)", "66.66666666666667"),
		of("var_samp variance", one, "The variance of a sample.", "var_samp(y)", "100"),
		of("stddev_pop", one, "The standard deviation of all.", "round(stddev_pop(y), 6)", "8.164966"),
		of("stddev_samp stddev", one, "The standard deviation of a sample.", "stddev_samp(y)", "10"),
		of("skewness", one, "The skewness of a sample.", "skewness(y)", "0"),
		of("kurtosis", one, "The excess kurtosis of a sample, from four values on.", "kurtosis(y)", "NULL"),
		of("kurtosis_pop", one, "The excess kurtosis of all.", "round(kurtosis_pop(y), 6)", "-1.5"),
		of("covar_pop", two, "The covariance of all.", "round(covar_pop(y, x), 6)", "10"),
		of("covar_samp", two, "The covariance of a sample.", "covar_samp(y, x)", "15"),
		of("corr", two, "The correlation.", "round(corr(y, x), 6)", "0.981981"),
		describe(Aggregate, "aggregate", "regr_count", "(y, x) → BIGINT",
			shown("The number of pairs without NULL.", "regr_count(y, x)", "3")),
		of("regr_avgx", two, "The mean of x.", "round(regr_avgx(y, x), 6)", "2.333333"),
		of("regr_avgy", two, "The mean of y.", "regr_avgy(y, x)", "20"),
		of("regr_sxx", two, "The sum of the squares of x, about its mean.", "round(regr_sxx(y, x), 6)", "4.666667"),
		of("regr_syy", two, "The sum of the squares of y, about its mean.", "regr_syy(y, x)", "200"),
		of("regr_sxy", two, "The sum of the products, about the means.", "round(regr_sxy(y, x), 6)", "30"),
		of("regr_slope", two, "The slope of the line nearest to the points.", "round(regr_slope(y, x), 6)", "6.428571"),
		of("regr_intercept", two, "Where that line has x = 0.", "round(regr_intercept(y, x), 6)", "5"),
		of("regr_r2", two, "The square of the correlation.", "round(regr_r2(y, x), 6)", "0.964286"),
	}
}

func describedTables() []Entry {
	of := func(names, arguments, help, example string) Entry {
		return describe(Table, "table", names, arguments, doc{help: help, example: example})
	}
	return []Entry{
		of("functions", "()", "All functions, one a row.", "functions()"),
		of("range", "([start,] end [, step])", "The numbers or times from start to before end.", "range(3)"),
		of("generate_series", "([start,] end [, step])", "The numbers or times from start to end.",
			"generate_series(1, 3)"),
	}
}
