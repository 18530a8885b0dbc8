package plan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/catalog/catalogtest"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func table() *catalog.Table {
	return catalogtest.Table("main", "t",
		catalogtest.Column("i", vector.Of(vector.Int32)), catalogtest.Column("d", vector.Of(vector.Date)))
}

func parameter(i int, t vector.Type) expr.Expr { return expr.Parameter{Index: i, Of: t} }

// prepared is SELECT i FROM t WHERE i = $1 AND d > $2 LIMIT $3 OFFSET $4.
func prepared() plan.Node {
	scan := &plan.Scan{Table: table(), Alias: "t", Columns: []int{0, 1}}
	s := scan.Schema()
	big := vector.Of(vector.Int64)
	filter := &plan.Filter{Input: scan, Predicate: expr.And{Of: []expr.Expr{
		expr.Compare{Op: expr.Equal, Left: s.Column(0), Right: parameter(0, vector.Of(vector.Int32))},
		expr.Compare{Op: expr.Greater, Left: s.Column(1), Right: parameter(1, vector.Of(vector.Date))},
	}}}
	project := &plan.Project{Input: filter, Exprs: []expr.Expr{s.Column(0)}, Out: &plan.Schema{Fields: s.Fields[:1]}}
	return &plan.Limit{Input: project, Count: -1, CountFrom: parameter(2, big), OffsetFrom: parameter(3, big)}
}

func TestSubstitute(t *testing.T) {
	big, small := vector.Of(vector.Int64), vector.Of(vector.Int8)
	before := plan.Format(prepared())
	n := prepared()
	got, err := plan.Substitute(n, []vector.Scalar{
		vector.IntOf(big, 7), vector.TextOf("2020-02-29"), vector.IntOf(small, 10), vector.FloatOf(3),
	})
	require.NoError(t, err)
	require.NoError(t, plan.Check(got))
	require.Equal(t, `Limit 10 offset 3
  Project i
    Filter (i = 7 AND d > DATE '2020-02-29')
      Scan main.t [i, d]
`, plan.Format(got))
	require.Equal(t, before, plan.Format(n), "the prepared plan must not change")
}

func TestSubstituteRefuses(t *testing.T) {
	big := vector.Of(vector.Int64)
	day, ten := vector.TextOf("2020-01-01"), vector.IntOf(big, 10)
	for _, c := range []struct {
		name    string
		params  []vector.Scalar
		code    sqlerr.Code
		message string
	}{
		{
			"missing",
			[]vector.Scalar{ten, day, ten},
			sqlerr.UndefinedParameter,
			"the statement has parameter $4, and 3 values were given",
		},
		{
			"too large",
			[]vector.Scalar{vector.IntOf(big, 1<<40), day, ten, ten},
			sqlerr.NumericOutOfRange,
			"parameter $1: 1099511627776 does not fit INTEGER",
		},
		{
			"no date",
			[]vector.Scalar{ten, vector.TextOf("today"), ten, ten},
			sqlerr.InvalidDatetime,
			"parameter $2: 'today' is no date",
		},
		{
			"another type",
			[]vector.Scalar{ten, vector.BoolOf(true), ten, ten},
			sqlerr.DatatypeMismatch,
			"parameter $2: BOOLEAN can't be cast to DATE",
		},
		{
			"negative limit",
			[]vector.Scalar{ten, day, vector.IntOf(big, -1), ten},
			sqlerr.InvalidParameterValue,
			"LIMIT is -1; it must be a number from 0",
		},
		{
			"offset of NULL",
			[]vector.Scalar{ten, day, ten, vector.NullOf(big)},
			sqlerr.InvalidParameterValue,
			"OFFSET is NULL; it must be a number from 0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := plan.Substitute(prepared(), c.params)
			require.Equal(t, c.code, sqlerr.CodeOf(err))
			require.Equal(t, c.message, sqlerr.From(err).Message)
		})
	}
}

func TestCheckFindsDefects(t *testing.T) {
	scan := func() *plan.Scan { return &plan.Scan{Table: table(), Alias: "t", Columns: []int{0, 1}} }
	s := scan().Schema()
	number, date := s.Column(0), s.Column(1)
	beyond := number
	beyond.Index = 2
	one := &plan.Schema{Fields: s.Fields[:1]}
	text := &plan.Schema{Fields: []plan.Field{{Name: "x", Type: vector.Of(vector.Text)}}}
	equal := func(l, r expr.Expr) expr.Expr { return expr.Compare{Op: expr.Equal, Left: l, Right: r} }
	for name, n := range map[string]plan.Node{
		"a column that is not there": &plan.Filter{Input: scan(), Predicate: equal(beyond, number)},
		"a predicate that is none":   &plan.Filter{Input: scan(), Predicate: number},
		"a column of another type": &plan.Filter{Input: scan(), Predicate: equal(
			expr.Column{Index: 1, Of: number.Of}, number)},
		"a field too few":       &plan.Project{Input: scan(), Exprs: []expr.Expr{number, date}, Out: one},
		"a field of no type":    &plan.Project{Input: scan(), Exprs: []expr.Expr{number}, Out: text},
		"a key of two types":    &plan.Join{Left: scan(), Right: scan(), Keys: []plan.JoinKey{{Left: number, Right: date}}},
		"a residual too far":    &plan.Join{Left: scan(), Right: scan(), Residual: equal(expr.Shift(beyond, 2), number)},
		"unlike inputs":         &plan.Union{All: []plan.Node{scan(), &plan.Values{Out: text}}, Out: s},
		"a group without field": &plan.Aggregate{Input: scan(), Groups: []expr.Expr{number}, Out: &plan.Schema{}},
		"a key that is gone":    &plan.Sort{Input: scan(), Keys: []expr.SortKey{{Of: beyond}}},
		"rows of another table": &plan.Insert{Table: table(), Input: &plan.Values{Out: text}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, sqlerr.InternalError, sqlerr.CodeOf(plan.Check(n)))
			require.Equal(t, sqlerr.InternalError, sqlerr.CodeOf(plan.Check(&plan.Explain{Input: n})), "below a node")
		})
	}
	join := &plan.Join{Left: scan(), Right: scan(), Residual: equal(expr.Shift(number, 2), number)}
	require.NoError(t, plan.Check(join))
	join.Kind = plan.SemiJoin
	require.NoError(t, plan.Check(join), "a semi join's residual reads both sides")
}

func TestCheckSame(t *testing.T) {
	a := plan.Field{Name: "a", Type: vector.Of(vector.Int32)}
	null, renamed, retyped := a, a, a
	null.Nullable, renamed.Name, retyped.Type = true, "b", vector.Of(vector.Int64)
	schema := func(f ...plan.Field) *plan.Schema { return &plan.Schema{Fields: f} }
	require.NoError(t, plan.CheckSame(schema(a), schema(a)))
	require.NoError(t, plan.CheckSame(schema(null), schema(a)), "less NULL is more known")
	for _, b := range []*plan.Schema{schema(), schema(a, a), schema(null), schema(renamed), schema(retyped)} {
		require.Equal(t, sqlerr.InternalError, sqlerr.CodeOf(plan.CheckSame(schema(a), b)))
	}
}
