package bind

import (
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// tableFunction binds range, generate_series and the functions that read files.
func (b *binder) tableFunction(f *ast.TableFunction, qc queryContext) (plan.Node, *scope, error) {
	name := strings.ToLower(f.Name.Last().Text)
	format := fileFormat(name)
	switch {
	case f.Ordinality && name != unnest:
		return nil, nil, unsupported("WITH ORDINALITY of "+f.Name.String(), f)
	case len(f.Name.Parts) == 1 && format != "":
		return b.fileTable(f, format, qc)
	case len(f.Name.Parts) == 1 && name == "functions" && len(f.Args) == 0:
		return derived(b.listFunctions(), f.Alias, nil, qc)
	case len(f.Name.Parts) == 1 && (name == "range" || name == "generate_series" || name == unnest):
	default:
		known := []string{"range", "generate_series", "functions", "read_parquet", "read_csv", "read_json", unnest}
		e := sqlerr.New(sqlerr.UndefinedFunction, "table function %s does not exist", f.Name)
		return nil, nil, at(suggest(e, name, known), f)
	}
	c := &clause{binder: b, name: "the argument of " + name, scope: &scope{outer: qc.outer}, with: qc.with}
	args, err := c.exprs(f.Args)
	if err != nil {
		return nil, nil, err
	}
	if len(c.attached) > 0 {
		return nil, nil, unsupported("a subquery as an argument of "+name, f)
	}
	var n plan.Node
	if name == unnest {
		n, err = b.unnestTable(f, args)
	} else {
		n, err = b.series(f, name, args)
	}
	if err != nil {
		return nil, nil, err
	}
	s := scopeOf(n, qc.outer)
	alias := f.Alias
	if alias == nil {
		alias = &ast.Alias{At: f.At, Name: ast.Name{At: f.At, Text: name}}
	}
	if f.Alias != nil && len(f.Alias.Columns) == 0 && name != "range" {
		s.columns[0].Name = f.Alias.Name.Text
	}
	return n, s, rename(s, alias)
}

// series makes the rows of range(stop), range(start, stop) and range(start, stop, step), which end below stop, and of
// generate_series, which may end with it. Of dates and timestamps the three are wanted, and the step is an INTERVAL.
func (b *binder) series(f *ast.TableFunction, name string, args []expr.Expr) (plan.Node, error) {
	const most = 3
	if len(args) == 0 || len(args) > most {
		return nil, fail(f, sqlerr.UndefinedFunction, "%s takes one to three arguments, not %d", name, len(args))
	}
	big := vector.Of(vector.Int64)
	out := &plan.Series{
		Input: &plan.Values{Out: &plan.Schema{}, Rows: [][]expr.Expr{{}}}, Inclusive: name == "generate_series",
		Field: plan.Field{Name: name, Type: seriesType(args)},
	}
	places := []ast.Node{f, f, f}
	for i := range args {
		places[i] = f.Args[i]
	}
	zero, one := expr.Literal{Value: vector.IntOf(big, 0)}, expr.Literal{Value: vector.IntOf(big, 1)}
	stepType := big
	switch timestamps := out.Field.Type.Kind == vector.Timestamp; {
	case timestamps && len(args) < most:
		return nil, fail(f, sqlerr.UndefinedFunction, "%s of %s takes a start, a stop and an INTERVAL", name,
			args[0].Type())
	case timestamps:
		stepType = vector.Of(vector.Interval)
	case len(args) == 1:
		args, places = []expr.Expr{zero, args[0], one}, []ast.Node{f, places[0], f}
	case len(args) == 2:
		args = append(args, one)
	}
	for i, to := range []vector.Type{out.Field.Type, out.Field.Type, stepType} {
		if k := args[i].Type(); k.Kind != vector.Unknown && !textLiteral(args[i]) && !seriesTakes(k, to) {
			return nil, fail(places[i], sqlerr.UndefinedFunction, "%s does not take %s here, but %s", name, k, to)
		}
		var err error
		if args[i], err = b.coerce(args[i], to, places[i]); err != nil {
			return nil, err
		}
	}
	out.From, out.To, out.Step = args[0], args[1], args[2]
	return out, nil
}

// seriesType is TIMESTAMP where one of the ends is a date or a timestamp, else BIGINT.
func seriesType(args []expr.Expr) vector.Type {
	for _, a := range args[:min(len(args), 2)] {
		switch t := a.Type(); t.Kind {
		case vector.Timestamp:
			return t
		case vector.Date:
			return vector.Type{Kind: vector.Timestamp, Precision: 6}
		default:
		}
	}
	return vector.Of(vector.Int64)
}

func seriesTakes(given, wanted vector.Type) bool {
	switch wanted.Kind {
	case vector.Timestamp:
		return given.Kind == vector.Timestamp || given.Kind == vector.Date
	case vector.Interval:
		return given.Kind == vector.Interval
	default:
		return given.IsInteger()
	}
}
