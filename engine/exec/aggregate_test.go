package exec

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// referenceAggregate groups row by row.
func referenceAggregate(rows []row, keys []int, calls []AggregateCall) []row {
	groups := map[string][]row{}
	var order []string
	for _, r := range rows {
		k := make(row, len(keys))
		for i, c := range keys {
			k[i] = r[c]
		}
		line := lineOf(k)
		if groups[line] == nil {
			order = append(order, line)
		}
		groups[line] = append(groups[line], r)
	}
	if len(keys) == 0 && len(rows) == 0 {
		order = append(order, "")
	}
	var out []row
	for _, line := range order {
		var r row
		for _, c := range keys {
			r = append(r, groups[line][0][c])
		}
		for _, c := range calls {
			r = append(r, referenceCall(groups[line], c))
		}
		out = append(out, r)
	}
	return out
}

func referenceCall(rows []row, c AggregateCall) vector.Scalar {
	if c.Kind == CountRows {
		return vector.IntOf(c.Of, int64(len(rows)))
	}
	n, sum, floats := 0, vector.Int128{}, 0.0
	best := vector.NullOf(c.Of)
	for _, r := range rows {
		x := r[c.Arg]
		if x.Null {
			continue
		}
		n++
		if x.Type.Kind == vector.Decimal {
			sum, _ = sum.Add(x.Wide)
		} else {
			sum, _ = sum.Add(vector.Int128Of(x.Int))
		}
		floats += x.Float
		d := compareScalars(x, best)
		if best.Null || c.Kind == Minimum && d < 0 || c.Kind == Maximum && d > 0 {
			best = x
		}
	}
	switch {
	case c.Kind == Count:
		return vector.IntOf(c.Of, int64(n))
	case n == 0:
		return vector.NullOf(c.Of)
	case c.Kind == Minimum || c.Kind == Maximum:
		return best
	case rows[0][c.Arg].Type.Physical() == vector.Float && c.Kind == Average:
		return vector.FloatOf(floats / float64(n))
	case c.Kind == Average:
		return vector.FloatOf(average(sum, rows[0][c.Arg].Type.Scale, uint64(n)))
	case c.Of.Kind == vector.Decimal:
		return vector.DecimalOf(c.Of, sum)
	case c.Of.Kind == vector.Float64:
		return vector.FloatOf(floats)
	default:
		return vector.IntOf(c.Of, int64(sum.Lo))
	}
}

// everyCall has every aggregate over every kind of column of allColumns.
func everyCall(columns []testColumn) []AggregateCall {
	big, float := vector.Of(vector.Int64), vector.Of(vector.Float64)
	calls := []AggregateCall{{Kind: CountRows, Of: big}}
	for i, c := range columns {
		calls = append(calls, AggregateCall{Kind: Count, Arg: i, Of: big},
			AggregateCall{Kind: Minimum, Arg: i, Of: c.of}, AggregateCall{Kind: Maximum, Arg: i, Of: c.of})
		sum := big
		switch {
		case c.name == "b" || c.name == "x" || c.of.Kind == vector.Text: // overflow, order, no numbers
			continue
		case c.of.Kind == vector.Decimal:
			sum = vector.DecimalType(38, int(c.of.Scale))
		case c.of.Kind == vector.Float64:
			sum = float
		}
		calls = append(calls, AggregateCall{Kind: Sum, Arg: i, Of: sum}, AggregateCall{Kind: Average, Arg: i, Of: float})
	}
	return calls
}

func TestAggregateEqualsReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		columns := allColumns()
		for _, nulls := range []float64{0, 0.2} {
			table := makeTable(r, 700, chunk, nulls, columns...)
			for _, keys := range [][]int{{}, {0}, {0, 7}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {1, 6}, {2, 4, 5, 6, 7}, {0, 1, 2}} {
				calls := everyCall(columns)
				op := NewAggregate(table.scan(), keys, calls)
				got := collect(t, newTestQuery(t, workers), op)
				requireSameRows(t, referenceAggregate(table.rows, keys, calls), got)
			}
		}
	})
}

func TestAggregateOfManyGroups(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	columns := []testColumn{frameColumn("a", 0, 40000), textColumn("t", 20000), smallDecimal("d"), textColumn("s", 50)}
	calls := []AggregateCall{
		{Kind: CountRows, Of: vector.Of(vector.Int64)},
		{Kind: Sum, Arg: 2, Of: vector.DecimalType(38, 2)},
		{Kind: Minimum, Arg: 3, Of: vector.Of(vector.Text)},
		{Kind: Maximum, Arg: 3, Of: vector.Of(vector.Text)},
		{Kind: Average, Arg: 2, Of: vector.Of(vector.Float64)},
	}
	table := makeTable(r, 60000, vector.ChunkRows, 0.05, columns...)
	for _, workers := range []int{1, 4} {
		for _, keys := range [][]int{{0}, {1}, {0, 1}} {
			got := collect(t, newTestQuery(t, workers), NewAggregate(table.scan(), keys, calls))
			requireSameRows(t, referenceAggregate(table.rows, keys, calls), got)
		}
	}
}

func TestAggregateOfNothing(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 1)), 0, 1, 0, allColumns()...)
	calls := everyCall(table.columns)
	got := collect(t, newTestQuery(t, 2), NewAggregate(table.scan(), nil, calls))
	requireSameRows(t, referenceAggregate(nil, nil, calls), got)
	require.Empty(t, collect(t, newTestQuery(t, 2), NewAggregate(table.scan(), []int{0}, calls)))
	require.Empty(t, collect(t, newTestQuery(t, 2), NewAggregate(table.scan(), []int{6, 5}, calls)))
}

func TestSumOutOfRange(t *testing.T) {
	t.Parallel()
	of := vector.Of(vector.Int64)
	huge := testColumn{name: "h", of: of, draw: func(*rand.Rand) vector.Scalar { return vector.IntOf(of, vector.MaxInt) }}
	table := makeTable(rand.New(rand.NewPCG(1, 1)), 3, 2, 0, huge)
	_, err := tryCollect(newTestQuery(t, 1), NewAggregate(table.scan(), nil, []AggregateCall{{Kind: Sum, Of: of}}))
	require.Equal(t, sqlerr.NumericOutOfRange, sqlerr.CodeOf(err))

	wide := vector.DecimalType(38, 0)
	most, _ := pow10(38).Add(vector.Int128Of(-1))
	huge = testColumn{name: "h", of: wide, draw: func(*rand.Rand) vector.Scalar { return vector.DecimalOf(wide, most) }}
	for _, rows := range []int{2, 3} { // over 38 digits, over 128 bits
		table = makeTable(rand.New(rand.NewPCG(1, 1)), rows, 2, 0, huge)
		_, err = tryCollect(newTestQuery(t, 1), NewAggregate(table.scan(), nil, []AggregateCall{{Kind: Sum, Of: wide}}))
		require.Equal(t, sqlerr.NumericOutOfRange, sqlerr.CodeOf(err))
	}
}

func TestAggregateOverBudget(t *testing.T) {
	t.Parallel()
	table := makeTable(rand.New(rand.NewPCG(1, 1)), 50000, vector.ChunkRows, 0, frameColumn("a", 0, 60000), bigColumn("b"))
	q := limitedQuery(t, 2, 256<<10)
	_, err := tryCollect(q, NewAggregate(table.scan(), []int{0, 1}, nil))
	require.Equal(t, sqlerr.OutOfMemory, sqlerr.CodeOf(err))
}

func TestAverageIsRoundedOnce(t *testing.T) {
	for _, c := range []struct {
		sum   int64
		scale uint8
		count uint64
		want  float64
	}{{60, 2, 3, 0.2}, {-60, 2, 3, -0.2}, {9999 * 7, 2, 7, 99.99}, {7, 0, 2, 3.5}, {0, 4, 5, 0}} {
		require.Equal(t, c.want, average(vector.Int128Of(c.sum), c.scale, c.count)) //nolint:testifylint // exact
	}
}
