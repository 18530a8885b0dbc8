package physical

import (
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// maxAlternatives is how many alternatives a predicate may have for storage to look at each.
const maxAlternatives = 64

// pruner translates conditions over a scan's output to predicates by which storage leaves rows out. What it makes
// of a condition is true wherever the condition is; it may be true elsewhere, too.
type pruner struct{ node *plan.Scan }

// conjuncts translates what it can of a condition.
func (p *pruner) conjuncts(e expr.Expr) []catalog.Predicate {
	folded, err := expr.Fold(e)
	if err != nil {
		return nil // the exact filter reports it
	}
	var out []catalog.Predicate
	for _, c := range expr.Conjuncts(folded) {
		if q, ok := p.one(c); ok {
			out = append(out, q)
		}
	}
	return out
}

// one translates a condition to a single predicate.
func (p *pruner) one(e expr.Expr) (catalog.Predicate, bool) {
	switch e := e.(type) {
	case expr.Compare:
		return p.compare(e)
	case expr.IsNull:
		column, ok := p.column(e.Of)
		return catalog.Predicate{Column: column.ID, Kind: catalog.IsNull}, ok
	case expr.Not:
		null, ok := e.Of.(expr.IsNull)
		if !ok {
			return catalog.Predicate{}, false
		}
		column, ok := p.column(null.Of)
		return catalog.Predicate{Column: column.ID, Kind: catalog.IsNotNull}, ok
	case expr.In:
		alternatives := make([]expr.Expr, len(e.List))
		for i, x := range e.List {
			alternatives[i] = expr.Compare{Op: expr.Equal, Left: e.Of, Right: x}
		}
		return p.anyOf(alternatives)
	case expr.Or:
		return p.anyOf(expr.Disjuncts(e))
	case expr.And: // one conjunct will do
		for _, c := range e.Of {
			if q, ok := p.one(c); ok {
				return q, true
			}
		}
		return catalog.Predicate{}, false
	case expr.Like:
		return p.like(e)
	default:
		return catalog.Predicate{}, false
	}
}

// column returns the table's column that an expression reads.
func (p *pruner) column(e expr.Expr) (catalog.Column, bool) {
	c, ok := e.(expr.Column)
	if !ok || c.Index >= len(p.node.Columns) {
		return catalog.Column{}, false
	}
	return p.node.Table.Columns[p.node.Columns[c.Index]], true
}

func (p *pruner) compare(e expr.Compare) (catalog.Predicate, bool) {
	op := e.Op
	column, ok := p.column(e.Left)
	literal, isLiteral := e.Right.(expr.Literal)
	if !ok {
		if column, ok = p.column(e.Right); !ok {
			return catalog.Predicate{}, false
		}
		literal, isLiteral = e.Left.(expr.Literal)
		op = op.Mirrored()
	}
	if !isLiteral || literal.Value.Null {
		return catalog.Predicate{}, false
	}
	x, ok := sameUnit(literal.Value, column.Type)
	if !ok {
		return catalog.Predicate{}, false
	}
	q := catalog.Predicate{Column: column.ID, Lo: vector.NullOf(column.Type), Hi: vector.NullOf(column.Type)}
	switch op {
	case expr.Equal, expr.NotDistinct:
		q.Lo, q.Hi = x, x
	case expr.NotEqual:
		q.Kind, q.Lo, q.Hi = catalog.OutOfRange, x, x
	case expr.Less:
		q.Hi = below(x)
	case expr.LessEqual:
		q.Hi = x
	case expr.Greater:
		q.Lo = above(x)
	case expr.GreaterEqual:
		q.Lo = x
	default:
		return catalog.Predicate{}, false
	}
	return q, true
}

// sameUnit gives a constant the column's type where both count in the same unit.
func sameUnit(x vector.Scalar, t vector.Type) (vector.Scalar, bool) {
	same := x.Type.Kind == t.Kind && x.Type.Scale == t.Scale && x.Type.Zone == t.Zone
	if t.Kind != vector.Decimal {
		same = same && x.Type.Precision == t.Precision
	}
	x.Type = t
	return x, same
}

// below returns the greatest value less than x where values are whole numbers, else x.
func below(x vector.Scalar) vector.Scalar {
	if x.Type.Physical() == vector.Integer && x.Type.Kind != vector.Decimal && x.Int > vector.MinInt {
		x.Int--
	}
	return x
}

func above(x vector.Scalar) vector.Scalar {
	if x.Type.Physical() == vector.Integer && x.Type.Kind != vector.Decimal && x.Int < vector.MaxInt {
		x.Int++
	}
	return x
}

func (p *pruner) anyOf(alternatives []expr.Expr) (catalog.Predicate, bool) {
	if len(alternatives) > maxAlternatives {
		return catalog.Predicate{}, false
	}
	q := catalog.Predicate{Kind: catalog.AnyOf}
	for _, a := range alternatives {
		one, ok := p.one(a)
		if !ok {
			return catalog.Predicate{}, false
		}
		if one.Kind == catalog.AnyOf {
			q.Any = append(q.Any, one.Any...)
			continue
		}
		q.Any = append(q.Any, one)
	}
	return q, len(q.Any) > 0
}

// like translates the part of a pattern before its first wildcard.
func (p *pruner) like(e expr.Like) (catalog.Predicate, bool) {
	column, ok := p.column(e.Of)
	pattern, isLiteral := e.Pattern.(expr.Literal)
	if !ok || !isLiteral || pattern.Value.Null || e.Fold || e.Escape != 0 || column.Type.Kind != vector.Text {
		return catalog.Predicate{}, false
	}
	start := pattern.Value.Bytes
	if i := strings.IndexAny(start, "%_"); i >= 0 {
		start = start[:i]
	}
	if start == "" {
		return catalog.Predicate{}, false
	}
	q := catalog.Predicate{Column: column.ID, Lo: vector.TextOf(start), Hi: vector.NullOf(column.Type)}
	if end, ok := successor(start); ok {
		q.Hi = vector.TextOf(end)
	}
	return q, true
}

// successor returns a text that is greater than all that begin with start.
func successor(start string) (string, bool) {
	b := []byte(start)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1]), true
		}
	}
	return "", false
}
