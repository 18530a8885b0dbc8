package bind

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// selection is the state of binding one SELECT.
type selection struct {
	*clause // over the rows that WHERE lets through: SELECT, HAVING, QUALIFY, ORDER BY

	query  *ast.Select
	input  plan.Node
	items  []item
	having conditions
	keys   []orderKey

	qualify []expr.Expr // a conjunction
}

// item is one output of SELECT.
type item struct {
	of   ast.Expr
	name string
	expr expr.Expr
}

// selectQuery binds SELECT in the order in which its clauses see each other: FROM, WHERE, GROUP BY, then the outputs,
// HAVING, QUALIFY and ORDER BY, whose aggregates make up one Aggregate node, and whose window functions stand above it.
func (b *binder) selectQuery(s *ast.Select, qc queryContext) (plan.Node, error) {
	unused, err := b.withTables(s.With, &qc)
	if err != nil {
		return nil, err
	}
	input, scope, err := b.from(s.From, qc)
	if err != nil {
		return nil, err
	}
	if s.Where != nil {
		c := &clause{binder: b, name: "WHERE", scope: scope, with: qc.with}
		if input, err = c.where(input, s.Where); err != nil {
			return nil, err
		}
	}
	sel := &selection{
		query: s, input: input,
		clause: &clause{
			binder: b, scope: scope, with: qc.with,
			aggregates: &aggregation{}, places: map[int]*ast.Column{},
		},
	}
	if sel.windows, err = windowsOf(s.Windows); err != nil {
		return nil, err
	}
	if err := sel.bindClauses(); err != nil {
		return nil, err
	}
	n, err := sel.node()
	if err != nil {
		return nil, err
	}
	return n, unused()
}

func (c *clause) where(n plan.Node, condition ast.Expr) (plan.Node, error) {
	of, err := c.conditions(condition)
	if err != nil {
		return nil, err
	}
	n, all := c.settle(n, of.all())
	return apply(n, of.with(all)), nil
}

func (s *selection) bindClauses() error {
	if err := s.expand(); err != nil {
		return err
	}
	if err := s.groupBy(); err != nil {
		return err
	}
	s.name = "SELECT"
	for i := range s.items {
		e, err := s.item(i)
		if err != nil {
			return err
		}
		s.items[i].expr = e
	}
	s.aliases = s.outputs()
	if err := s.bindHaving(); err != nil {
		return err
	}
	s.name = "ORDER BY"
	var err error
	if s.keys, err = s.orderKeys(&s.query.Tail, s.names()); err != nil {
		return err
	}
	if err := s.distinctOn(); err != nil {
		return err
	}
	return s.bindQualify()
}

func (s *selection) bindHaving() (err error) {
	if s.query.Having == nil {
		return nil
	}
	windows := s.windows
	s.name, s.windows = "HAVING", nil
	s.having, err = s.conditions(s.query.Having)
	s.windows = windows
	return err
}

// bindQualify binds the condition over rows that have the results of window functions.
func (s *selection) bindQualify() error {
	q := s.query.Qualify
	if q == nil {
		return nil
	}
	s.name = "QUALIFY"
	for _, conjunct := range astConjuncts(q) {
		e, err := s.expr(conjunct)
		if err != nil {
			return err
		}
		if e, err = s.condition(e, s.name, conjunct); err != nil {
			return err
		}
		s.qualify = append(s.qualify, e)
	}
	if len(s.windows.calls) == 0 {
		return fail(q, sqlerr.WindowingError, "QUALIFY filters by window functions, and the query has none")
	}
	return nil
}

func (s *selection) names() []string {
	names := make([]string, len(s.items))
	for i, it := range s.items {
		names[i] = it.name
	}
	return names
}

// item binds one output; a bare NULL and a parameter become VARCHAR.
func (s *selection) item(i int) (expr.Expr, error) {
	it := s.items[i]
	if it.expr != nil {
		return it.expr, nil
	}
	e, err := s.expr(it.of)
	if err != nil {
		return nil, err
	}
	return s.known(e, it.of)
}

// expand puts columns in the place of * and names the outputs.
func (s *selection) expand() error {
	for _, si := range s.query.Items {
		star, ok := si.Of.(*ast.Star)
		if !ok {
			s.items = append(s.items, item{of: si.Of, name: s.itemName(si)})
			continue
		}
		if len(s.query.From) == 0 {
			return fail(star, sqlerr.SyntaxError, "SELECT * wants a FROM")
		}
		before := len(s.items)
		parts := starColumns{star: star, used: map[*ast.Name]bool{}}
		for i := range s.scope.columns {
			c := &s.scope.columns[i]
			if !c.qualified(star.Qualifier) || len(star.Qualifier) == 0 && c.merged {
				continue
			}
			if of, changed := parts.find(c.Name); changed {
				if of != nil {
					s.items = append(s.items, item{of: of, name: c.Name})
				}
				continue
			}
			if _, ok := s.places[c.index]; !ok {
				s.places[c.index] = &ast.Column{At: star.At, Parts: []ast.Name{{At: star.At, Text: c.Name}}}
			}
			s.items = append(s.items, item{of: star, name: c.Name, expr: c.expr()})
		}
		if err := parts.unused(); err != nil {
			return err
		}
		if len(s.items) == before && parts.used[nil] {
			return fail(star, sqlerr.SyntaxError, "no column is left of *")
		}
		if len(s.items) == before {
			q := ast.ObjectName{At: star.At, Parts: star.Qualifier}
			e := sqlerr.New(sqlerr.UndefinedTable, "table %s of %s.* is not in FROM", q, q)
			return at(suggest(e, q.Last().Text, s.scope.tables()), star)
		}
	}
	return nil
}

// itemName is the alias, the column's own name, or the text of the expression.
func (s *selection) itemName(si ast.SelectItem) string {
	if si.Alias != nil {
		return si.Alias.Text
	}
	if c, ok := si.Of.(*ast.Column); ok {
		if found, err := s.scope.find(c); err == nil && found != nil {
			return found.Name
		}
		return c.Parts[len(c.Parts)-1].Text
	}
	if si.Text != "" {
		return si.Text
	}
	return columnName(len(s.items))
}

// outputs are the expressions that aliases stand for. The first of equal ones counts.
func (s *selection) outputs() map[string]ast.Expr {
	out := map[string]ast.Expr{}
	for _, it := range s.items {
		name := catalog.FoldName(it.name)
		if _, ok := out[name]; !ok && it.expr == nil || !ok && !isStar(it.of) {
			out[name] = it.of
		}
	}
	return out
}

func isStar(e ast.Expr) bool {
	_, ok := e.(*ast.Star)
	return ok
}

func findAlias(aliases map[string]ast.Expr, n *ast.Column) (ast.Expr, bool) {
	if len(n.Parts) != 1 {
		return nil, false
	}
	e, ok := aliases[catalog.FoldName(n.Parts[0].Text)]
	return e, ok
}

func (s *selection) groupKey(c *clause, g ast.Expr) (expr.Expr, error) {
	if l, ok := g.(*ast.Literal); ok && l.Kind == ast.IntegerLiteral {
		i, err := position(l, len(s.items), "GROUP BY")
		if err != nil {
			return nil, err
		}
		if s.items[i].expr != nil {
			return s.items[i].expr, nil
		}
		g = s.items[i].of
	}
	of, err := c.expr(g)
	if err != nil {
		return nil, err
	}
	return c.known(of, g)
}

// groupByAll groups by every output without an aggregate.
func (s *selection) groupByAll() error {
	probe := *s
	trial := *s.clause
	trial.name, trial.aggregates = "SELECT", &aggregation{}
	trial.windows = s.windows.without()
	probe.clause = &trial
	for i := range s.items {
		of, err := probe.item(i)
		if err != nil {
			return err
		}
		aggregated := false
		for _, at := range expr.Columns(of) {
			aggregated = aggregated || at >= aggregateFrom
		}
		if !aggregated {
			s.aggregates.groups = append(s.aggregates.groups, of)
		}
	}
	if len(trial.attached) > 0 {
		return unsupported("a subquery with GROUP BY ALL", s.query)
	}
	return nil
}
