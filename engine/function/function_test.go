package function_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

var null = vector.Scalar{Null: true}

func num(x int64) vector.Scalar     { return vector.IntOf(vector.Of(vector.Int64), x) }
func float(x float64) vector.Scalar { return vector.FloatOf(x) }
func str(s string) vector.Scalar    { return vector.TextOf(s) }
func date(s string) vector.Scalar   { return parse(s, vector.Of(vector.Date)) }
func moment(s string) vector.Scalar {
	return parse(s, vector.Type{Kind: vector.Timestamp, Precision: 6})
}
func span(s string) vector.Scalar { return parse(s, vector.Of(vector.Interval)) }
func dec(s string, p, scale int) vector.Scalar {
	return parse(s, vector.DecimalType(p, scale))
}

func parse(s string, t vector.Type) vector.Scalar {
	out, err := expr.ParseScalar(s, t)
	if err != nil {
		return vector.TextOf(err.Error())
	}
	return out
}

// evaluate calls a function in several ways: with constants, with columns of which only some rows are chosen and
// others are NULL, and with a first argument under a dictionary. All must agree.
func evaluate(t *testing.T, name string, in ...vector.Scalar) (vector.Scalar, error) {
	t.Helper()
	types := make([]vector.Type, len(in))
	for i, s := range in {
		types[i] = s.Type
	}
	entry := function.NewRegistry().Find(name)
	require.NotNil(t, entry, name)
	overload, err := entry.Resolve(types)
	if err != nil {
		return null, err
	}
	require.Len(t, overload.Args, len(in), name)
	const rows, row = 5, 3
	call := expr.Call{Name: name, Bound: overload}
	constants, columns := call, call
	c := &vector.Chunk{Len: rows}
	for i, s := range in {
		s, err := expr.CastScalar(s, overload.Args[i])
		require.NoError(t, err)
		s.Type = overload.Args[i]
		constants.Args = append(constants.Args, expr.Literal{Value: s})
		columns.Args = append(columns.Args, expr.Column{Index: i, Of: s.Type, IsNull: true})
		others := vector.NullOf(s.Type)
		c.Columns = append(c.Columns, vector.ScalarsOf(s.Type, others, s, others, s, others))
	}
	want, err := run(t, constants, &vector.Chunk{Len: rows}, nil, row)
	for range 2 {
		got, columnErr := run(t, columns, c, []uint16{1, row}, row)
		require.Equal(t, sqlerr.CodeOf(err), sqlerr.CodeOf(columnErr), "%s", constants)
		if err == nil {
			require.Equal(t, expr.FormatScalar(want, true), expr.FormatScalar(got, true), "%s", constants)
		}
		if len(in) == 0 || c.Columns[0].Physical != vector.Bytes || in[0].Null {
			continue
		}
		mixed := call // a dictionary and constants
		mixed.Args = append([]expr.Expr{columns.Args[0]}, constants.Args[1:]...)
		coded := &vector.Chunk{Len: rows, Columns: []*vector.Vector{dictionaryOf(c.Columns[0], row)}}
		got, columnErr = run(t, mixed, coded, nil, row)
		require.Equal(t, sqlerr.CodeOf(err), sqlerr.CodeOf(columnErr), "%s", constants)
		if err == nil {
			require.Equal(t, expr.FormatScalar(want, true), expr.FormatScalar(got, true), "%s", constants)
		}
	}
	return want, err
}

func dictionaryOf(v *vector.Vector, row int) *vector.Vector {
	d := &vector.Dictionary{Values: [][]byte{v.Bytes(row)}}
	out := &vector.Vector{Type: v.Type, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: d, Valid: v.Valid}
	codes := make([]uint8, v.Len)
	for i := range codes {
		if v.IsNull(i) {
			codes[i] = 1
		}
	}
	vector.SetCodes(out, codes)
	return out
}

func run(t *testing.T, e expr.Expr, c *vector.Chunk, sel []uint16, row int) (vector.Scalar, error) {
	t.Helper()
	value, err := expr.Compile(e)
	require.NoError(t, err)
	v, err := value(c, sel)
	if err != nil {
		return null, err
	}
	require.True(t, v.Type.Equal(e.Type()), "%s is %s, not %s", e, v.Type, e.Type())
	require.NoError(t, vector.Check(v, c.Len, sel), "%s", e)
	b, ok := expr.Bounds(e, func(i int) (vector.Bounds, bool) {
		return c.Columns[i].Bounds(), c.Columns[i].Physical == vector.Integer
	})
	if ok && !v.IsNull(row) {
		require.Equal(t, vector.Integer, v.Physical, "%s", e)
		require.True(t, b.Lo <= v.Int(row) && v.Int(row) <= b.Hi, "%s: %d in %v", e, v.Int(row), b)
	}
	return v.ScalarAt(row), nil
}

type example struct {
	name string
	in   []vector.Scalar
	want string
}

func in(s ...vector.Scalar) []vector.Scalar { return s }

func check(t *testing.T, examples []example) {
	t.Helper()
	for _, e := range examples {
		got, err := evaluate(t, e.name, e.in...)
		if len(e.want) == 5 && (e.want[:2] == "22" || e.want[:2] == "42" || e.want[:2] == "54") {
			require.Equal(t, sqlerr.Code(e.want), sqlerr.CodeOf(err), "%s%v: %v", e.name, e.in, got)
			continue
		}
		require.NoError(t, err, "%s%v", e.name, e.in)
		require.Equal(t, e.want, expr.FormatScalar(got, false), "%s%v", e.name, e.in)
	}
}

func TestDateParts(t *testing.T) {
	leap, late := date("2024-02-29"), moment("1969-12-31 23:58:59.25")
	check(t, []example{
		{"year", in(leap), "2024"},
		{"year", in(late), "1969"},
		{"quarter", in(leap), "1"},
		{"month", in(late), "12"},
		{"day", in(late), "31"},
		{"week", in(date("2021-01-03")), "53"},
		{"isoyear", in(date("2021-01-03")), "2020"},
		{"week", in(date("2018-12-31")), "1"},
		{"dow", in(date("2024-03-03")), "0"},
		{"isodow", in(date("2024-03-03")), "7"},
		{"doy", in(leap), "60"},
		{"dayofyear", in(date("2024-12-31")), "366"},
		{"hour", in(late), "23"},
		{"hour", in(leap), "0"},
		{"hour", in(parse("12:30:15", vector.Of(vector.Time))), "12"},
		{"minute", in(late), "58"},
		{"second", in(late), "59"},
		{"millisecond", in(late), "59250"},
		{"microsecond", in(late), "59250000"},
		{"epoch", in(late), "-60.75"},
		{"epoch", in(date("1970-01-02")), "86400"},
		{"date_part", in(str("Year"), leap), "2024"},
		{"date_part", in(str("dayofweek"), leap), "4"},
		{"date_part", in(str("eon"), leap), "22023"},
		{"year", in(null), "NULL"},
		{"year", in(str("x")), "42883"},
		{"year", in(parse("12:30:15", vector.Of(vector.Time))), "42883"},
	})
}

// TestCalendar compares the calendar with Go's over 400 years and some days far away.
func TestCalendar(t *testing.T) {
	days := []int64{-2147483648, 2147483647, -719528, -719162}
	for d := int64(-80000); len(days) < vector.ChunkRows; d += 41 {
		days = append(days, d)
	}
	of := vector.Of(vector.Date)
	c := &vector.Chunk{Len: len(days), Columns: []*vector.Vector{vector.Ints64(of, days...)}}
	near := &vector.Chunk{Len: 996, Columns: []*vector.Vector{vector.Ints64(of, days[4:1000]...)}}
	for name, part := range map[string]func(time.Time) int{
		"year": time.Time.Year, "month": func(d time.Time) int { return int(d.Month()) }, "day": time.Time.Day,
		"doy": time.Time.YearDay, "dow": func(d time.Time) int { return int(d.Weekday()) },
		"week": func(d time.Time) int { _, w := d.ISOWeek(); return w },
	} {
		o, err := function.NewRegistry().Find(name).Resolve([]vector.Type{of})
		require.NoError(t, err)
		value, err := expr.Compile(expr.Call{Name: name, Args: []expr.Expr{expr.Column{Of: of}}, Bound: o})
		require.NoError(t, err)
		for _, c := range []*vector.Chunk{c, near} { // with and without a table
			v, err := value(c, nil)
			require.NoError(t, err)
			for i := range c.Len {
				d := c.Columns[0].Int(i)
				require.Equal(t, int64(part(time.Unix(d*86400, 0).UTC())), v.Int(i), "%s of day %d", name, d)
			}
		}
	}
}

func TestDateArithmetic(t *testing.T) {
	check(t, []example{
		{function.AddInterval, in(date("2024-01-31"), span("1 month")), "2024-02-29 00:00:00"},
		{function.AddInterval, in(moment("2023-12-31 23:00:00.5"), span("2 months 1 day 01:30:00")), "2024-03-02 00:30:00.5"},
		{function.SubtractInterval, in(date("2024-03-31"), span("1 month")), "2024-02-29 00:00:00"},
		{function.SubtractInterval, in(moment("1970-01-01 00:00:00"), span("1 second")), "1969-12-31 23:59:59"},
		{function.SubtractInterval, in(date("1998-12-01"), span("90 days")), "1998-09-02 00:00:00"},
		{function.AddInterval, in(moment("290000-01-01 00:00:00"), span("9000 years")), "22007"},
		{function.AddInterval, in(null, span("1 day")), "NULL"},
		{function.AddDays, in(date("2024-02-28"), num(2)), "2024-03-01"},
		{function.SubtractDays, in(date("2024-03-01"), num(1)), "2024-02-29"},
		{function.AddDays, in(date("2024-02-28"), num(1<<40)), "22007"},
		{function.SubtractDates, in(date("2024-03-01"), date("2024-02-01")), "29"},
		{function.SubtractTimestamps, in(moment("2024-03-01 12:00:00"), moment("2024-02-29 00:00:00")), "1 day 12:00:00"},
		{"date_trunc", in(str("month"), moment("2024-02-29 12:30:15.5")), "2024-02-01 00:00:00"},
		{"date_trunc", in(str("quarter"), date("2024-06-29")), "2024-04-01"},
		{"date_trunc", in(str("week"), date("2024-03-03")), "2024-02-26"},
		{"date_trunc", in(str("hour"), moment("1969-12-31 23:30:00")), "1969-12-31 23:00:00"},
		{"date_trunc", in(str("millisecond"), moment("2024-01-01 00:00:00.123456")), "2024-01-01 00:00:00.123"},
		{"date_trunc", in(str("century"), date("2000-12-31")), "1901-01-01"},
		{"date_trunc", in(str("decade"), date("1999-12-31")), "1990-01-01"},
		{"date_trunc", in(str("eon"), date("1999-12-31")), "22023"},
		{"last_day", in(date("2023-02-03")), "2023-02-28"},
	})
}

func TestTextFunctions(t *testing.T) {
	check(t, []example{
		{"lower", in(str("ÄBc")), "äbc"},
		{"upper", in(str("äbC")), "ÄBC"},
		{"upper", in(null), "NULL"},
		{"length", in(str("äb")), "2"},
		{"octet_length", in(str("äb")), "3"},
		{"substring", in(str("hällo"), num(2), num(3)), "äll"},
		{"substring", in(str("hällo"), num(2)), "ällo"},
		{"substring", in(str("hällo"), num(0), num(3)), "hä"},
		{"substring", in(str("hällo"), num(-2)), "lo"},
		{"substring", in(str("hällo"), num(9), num(3)), ""},
		{"substring", in(str("hällo"), num(2), num(vector.MaxInt)), "ällo"},
		{"substring", in(str("hällo"), num(2), num(-1)), "22023"},
		{"left", in(str("hällo"), num(2)), "hä"},
		{"left", in(str("hällo"), num(-2)), "häl"},
		{"left", in(str("hällo"), num(-9)), ""},
		{"right", in(str("hällo"), num(4)), "ällo"},
		{"right", in(str("hällo"), num(-1)), "ällo"},
		{"right", in(str("hällo"), num(9)), "hällo"},
		{"trim", in(str("  a b ")), "a b"},
		{"trim", in(str("xyaxy"), str("xy")), "a"},
		{"ltrim", in(str("  a ")), "a "},
		{"rtrim", in(str("  a ")), "  a"},
		{"replace", in(str("banana"), str("na"), str("x")), "baxx"},
		{"replace", in(str("banana"), str(""), str("x")), "banana"},
		{"reverse", in(str("äbc")), "cbä"},
		{"repeat", in(str("ab"), num(3)), "ababab"},
		{"repeat", in(str("ab"), num(-3)), ""},
		{"repeat", in(str("ab"), num(vector.MaxInt)), "54000"},
		{"lpad", in(str("7"), num(3), str("ä")), "ää7"},
		{"lpad", in(str("hello"), num(2)), "he"},
		{"rpad", in(str("7"), num(4), str("ab")), "7aba"},
		{"rpad", in(str("7"), num(4), str("")), "7"},
		{"rpad", in(str("7"), num(vector.MaxInt)), "54000"},
		{"strpos", in(str("hällo"), str("l")), "3"},
		{"strpos", in(str("hällo"), str("x")), "0"},
		{"position", in(str("l"), str("hällo")), "3"},
		{"ascii", in(str("ä")), "228"},
		{"starts_with", in(str("hello"), str("he")), "true"},
		{"ends_with", in(str("hello"), str("he")), "false"},
		{"contains", in(str("hello"), str("ll")), "true"},
		{"contains", in(str("hello"), null), "NULL"},
		{function.Concat, in(str("a"), str("b")), "ab"},
		{function.Concat, in(str("a"), num(5)), "a5"},
		{function.Concat, in(str("a"), null), "NULL"},
		{"concat", in(str("a"), null, float(1.5), date("2024-01-01")), "a1.52024-01-01"},
		{"concat", in(null), ""},
		{"lower", in(num(1)), "42883"},
	})
}

func TestNumberFunctions(t *testing.T) {
	check(t, []example{
		{"abs", in(num(-3)), "3"},
		{"abs", in(num(vector.MinInt)), "22003"},
		{"abs", in(dec("-1.25", 10, 2)), "1.25"},
		{"abs", in(dec("-12345678901234567890.25", 30, 2)), "12345678901234567890.25"},
		{"abs", in(float(-1.5)), "1.5"},
		{"sign", in(dec("-0.01", 4, 2)), "-1"},
		{"sign", in(float(0)), "0"},
		{"sign", in(num(9)), "1"},
		{"ceil", in(dec("1.01", 4, 2)), "2"},
		{"ceil", in(dec("-1.99", 4, 2)), "-1"},
		{"floor", in(dec("-1.01", 4, 2)), "-2"},
		{"floor", in(float(1.5)), "1"},
		{"trunc", in(dec("-1.99", 4, 2)), "-1"},
		{"round", in(dec("2.50", 4, 2)), "3"},
		{"round", in(dec("-2.50", 4, 2)), "-3"},
		{"round", in(dec("2.49", 4, 2)), "2"},
		{"round", in(dec("99.99", 4, 2)), "100"},
		{"round", in(dec("99.99", 4, 2), num(1)), "100.00"},
		{"round", in(dec("2.345", 6, 3), num(2)), "2.350"},
		{"round", in(dec("2.345", 6, 3), num(9)), "2.345"},
		{"round", in(dec("155.5", 6, 1), num(-1)), "160.0"},
		{"round", in(dec("155.5", 6, 1), num(-99)), "0.0"},
		{"round", in(num(155), num(-1)), "160"},
		{"round", in(num(155), num(vector.MinInt)), "0"},
		{"round", in(float(2.5)), "3"},
		{"round", in(float(1.25), num(1)), "1.3"},
		{"round", in(float(1250), num(-2)), "1300"},
		{"round", in(float(1e300), num(20)), "1e+300"},
		{"sqrt", in(num(16)), "4"},
		{"sqrt", in(num(-1)), "22003"},
		{"ln", in(num(1)), "0"},
		{"ln", in(num(0)), "22003"},
		{"log10", in(num(1000)), "3"},
		{"power", in(num(2), num(10)), "1024"},
		{"power", in(num(-2), float(0.5)), "22003"},
		{"mod", in(num(7), num(-3)), "1"},
		{"mod", in(num(7), num(0)), "NULL"},
		{"mod", in(dec("7.5", 3, 1), num(2)), "1.5"},
		{"greatest", in(num(1), null, num(3)), "3"},
		{"least", in(num(1), float(0.5)), "0.5"},
		{"greatest", in(str("a"), str("b")), "b"},
		{"least", in(null, null), "NULL"},
		{"greatest", in(str("a"), num(1)), "42883"},
	})
	got, err := evaluate(t, "pi")
	require.NoError(t, err)
	require.InDelta(t, 3.14159, got.Float, 1e-5)
}

// TestEntriesAreDocumented keeps the registry's documentation whole.
func TestEntriesAreDocumented(t *testing.T) {
	r := function.NewRegistry()
	require.Greater(t, len(r.Names()), 240)
	for _, e := range r.Entries() {
		name := e.Name
		for _, s := range []string{e.Family, e.Signature, e.Help, e.Example} {
			require.NotEmpty(t, s, name)
		}
		if e.Resolve == nil || name == "typeof" || name == "hash" || name == function.ListValue {
			continue // bind makes CASE of them, or they take anything
		}
		list := vector.Type{Kind: vector.List, Fields: []vector.Field{{Type: vector.Of(vector.Text)}}}
		_, err := e.Resolve([]vector.Type{list, list, list})
		require.Equal(t, sqlerr.UndefinedFunction, sqlerr.CodeOf(err), name)
	}
}
