package function

import "slices"

// described are the functions that are no scalar ones, for documentation alone: bind knows what they are. The examples
// of aggregates and window functions are over the rows (x, y) = (1, 10), (2, 20), (4, 30).
func described() []Entry {
	return slices.Concat(describedAggregates(), describedStatistics(), describedOrdered(), describedWindows(),
		describedTables())
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

// describedOrdered are the aggregates whose values are sorted.
func describedOrdered() []Entry {
	of := func(names, arguments, help, example, gives string) Entry {
		return describe(Aggregate, "aggregate", names, arguments, shown(help, example, gives))
	}
	return []Entry{
		of("median", "(number) → DOUBLE", "The value in the middle, or the mean of the two there.", "median(y)", "20"),
		of("quantile_cont", "(number, part) → DOUBLE",
			"The value below which that part of all is, between two values where it falls between them.",
			"quantile_cont(y, 0.25)", "15"),
		of("quantile_disc quantile", "(value, part) → as given",
			"The first value below which, and with which, that part of all is.", "quantile_disc(y, 0.25)", "10"),
		of("percentile_cont", "(part) WITHIN GROUP (ORDER BY number) → DOUBLE", "As quantile_cont.",
			"percentile_cont(0.25) WITHIN GROUP (ORDER BY y)", "15"),
		of("percentile_disc", "(part) WITHIN GROUP (ORDER BY value) → as given", "As quantile_disc.",
			"percentile_disc(0.25) WITHIN GROUP (ORDER BY y)", "10"),
		of("mode", "(value) → as given", "The value that is there most often; of several the least.", "mode(x % 3)",
			"1"),
		of("histogram", "(value) → JSON", "Each value with how often it is there.", "histogram(x % 3)",
			`{"1":2,"2":1}`),
		of("string_agg group_concat listagg", "(text, between [ORDER BY …]) → VARCHAR", "The texts, joined.",
			"string_agg(CAST(x AS VARCHAR), '-' ORDER BY x DESC)", "4-2-1"),
		of("array_agg list", "(value [ORDER BY …]) → LIST", "The values, NULLs too, as a list.",
			"array_agg(x ORDER BY x DESC)", "[4, 2, 1]"),
	}
}

func describedWindows() []Entry {
	of := func(name, arguments, help, example, gives string) Entry {
		return describe(Window, "window", name, arguments, shown(help, example, gives))
	}
	const whole = " OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
	return []Entry{
		of("row_number", "() OVER (…) → BIGINT", "The row's number in its partition, from 1.",
			"row_number() OVER (ORDER BY x)", "1"),
		of("rank", "() OVER (…) → BIGINT", "One more than the rows before those with keys like the row's.",
			"rank() OVER (ORDER BY x)", "1"),
		of("dense_rank", "() OVER (…) → BIGINT", "The number of different keys up to the row's.",
			"dense_rank() OVER (ORDER BY x)", "1"),
		of("percent_rank", "() OVER (…) → DOUBLE", "(rank − 1) / (rows − 1).", "percent_rank() OVER (ORDER BY x)", "0"),
		of("cume_dist", "() OVER (…) → DOUBLE", "The part of the rows that come before the row or have its keys.",
			"round(cume_dist() OVER (ORDER BY x), 6)", "0.333333"),
		of("ntile", "(n) OVER (…) → BIGINT", "In which of n parts of about equal size the row is.",
			"ntile(2) OVER (ORDER BY x)", "1"),
		of("lag", "(value [, rows [, otherwise]]) OVER (…) → as given", "The value so many rows before.",
			"lag(y, 1, 0) OVER (ORDER BY x)", "0"),
		of("lead", "(value [, rows [, otherwise]]) OVER (…) → as given", "The value so many rows after.",
			"lead(y) OVER (ORDER BY x)", "20"),
		of("first_value", "(value) OVER (…) → as given", "The value of the frame's first row.",
			"first_value(y) OVER (ORDER BY x)", "10"),
		of("last_value", "(value) OVER (…) → as given", "The value of the frame's last row.", "last_value(y)"+whole,
			"30"),
		of("nth_value", "(value, n) OVER (…) → as given", "The value of the frame's n-th row.", "nth_value(y, 2)"+whole,
			"20"),
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
		of("read_parquet parquet_scan", "(file [, option = value, …])", "The rows of Parquet files.",
			"read_parquet('example.parquet')"),
		of("read_csv read_csv_auto", "(file [, option = value, …])", "The rows of CSV files.",
			"read_csv('example.csv')"),
		of("read_json read_json_auto read_ndjson read_ndjson_auto", "(file [, option = value, …])",
			"The rows of files of JSON objects, one a line.", "read_json('example.ndjson')"),
	}
}
