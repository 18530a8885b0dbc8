package parser

import (
	"strconv"

	"github.com/micodb/micodb/engine/parser/ast"
)

// comment is how a SELECT carries the number of its token through the grammar.
func comment(i int) string { return "/*" + strconv.Itoa(i) + "*/" }

// clause is one clause of a SELECT: its keyword, what it holds, and where it ends.
type clause struct {
	word       string
	at, lo, hi int
}

// selection writes SELECT and its clauses, up to a set operator or the tail.
func (r *rewriter) selection(lo, hi int) error {
	r.emit(lo, "SELECT "+comment(lo))
	parts := &selectParts{}
	r.side[lo] = parts
	i, err := r.quantifier(lo+1, parts)
	if err != nil {
		return err
	}
	clauses := r.clauses(i, hi)
	if err := r.items(i, clauses[0].at, parts); err != nil {
		return err
	}
	for k, c := range clauses {
		if k > 0 && order(c.word) <= order(clauses[k-1].word) && c.word != "" {
			return r.unexpected(c.at, "the clauses in the order FROM, WHERE, GROUP BY, HAVING, WINDOW, QUALIFY")
		}
		if err := r.clause(c, parts); err != nil {
			return err
		}
	}
	return nil
}

// quantifier writes ALL, DISTINCT, DISTINCT ON, and returns the index after it.
func (r *rewriter) quantifier(i int, parts *selectParts) (int, error) {
	switch {
	case r.is(i, "ALL"):
		return i + 1, nil
	case r.is(i, "DISTINCT") && r.is(i+1, "ON") && r.isSymbol(i+2, "("):
		m := r.tokens[i+2].Match
		on, err := r.parseExprs(i+3, m)
		parts.distinctOn = on
		return m + 1, err
	case r.is(i, "DISTINCT"):
		r.keyword(i)
		return i + 1, nil
	}
	return i, nil
}

// order is the place of a clause in a SELECT.
func order(word string) int {
	for i, w := range []string{"INTO", "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "QUALIFY"} {
		if w == word {
			return i
		}
	}
	return -1
}

// clauses finds the clauses of a SELECT; the last one has no word and stands at the end.
func (r *rewriter) clauses(lo, hi int) []clause {
	var found []clause
	for i := lo; i < hi; i = r.skip(i) {
		if !r.isClause(i) {
			continue
		}
		if n := len(found); n > 0 {
			found[n-1].hi = i
		}
		from := i + 1
		if r.is(i, "GROUP") {
			from++
		}
		found = append(found, clause{r.tokens[i].Upper, i, from, hi})
	}
	return append(found, clause{at: hi})
}

// isClause reports whether a token begins a clause of SELECT.
func (r *rewriter) isClause(i int) bool {
	switch {
	case r.isKeyword(i, "FROM"):
		return !r.is(i-1, "DISTINCT") || !r.is(i-2, "IS", "NOT")
	case r.is(i, "WINDOW"):
		return r.tokens[i+1].IsName() && r.is(i+2, "AS") && r.isSymbol(i+3, "(")
	}
	if i > 0 && r.is(i, "GROUP") && r.is(i-1, "WITHIN") && r.isSymbol(i+1, "(") {
		return false // WITHIN GROUP (…)
	}
	return r.isKeyword(i, "INTO", "WHERE", "GROUP", "HAVING", "QUALIFY")
}

// items writes what is selected.
func (r *rewriter) items(lo, hi int, parts *selectParts) error {
	if lo >= hi {
		return r.unexpected(hi, "an expression to select")
	}
	from := lo
	for _, end := range r.split(lo, hi) {
		if from > lo {
			r.keyword(from - 1)
		}
		if from >= end {
			return r.unexpected(end, "an expression to select")
		}
		parts.items = append(parts.items, itemRange{from, end})
		if err := r.exprs(from, end); err != nil {
			return err
		}
		from = end + 1
	}
	return nil
}

// clause writes one clause, or keeps it aside.
func (r *rewriter) clause(c clause, parts *selectParts) (err error) {
	switch c.word {
	case "INTO":
		return r.unsupported(c.at, "SELECT INTO").WithHint("use CREATE TABLE … AS")
	case "FROM":
		r.keyword(c.at)
		return r.from(c.lo, c.hi)
	case "WHERE", "HAVING":
		r.keyword(c.at)
		return r.exprs(c.lo, c.hi)
	case "GROUP":
		return r.groupBy(c, parts)
	case "WINDOW":
		parts.windows, err = r.windows(c.lo, c.hi)
		return err
	case "QUALIFY":
		if c.lo >= c.hi {
			return r.unexpected(c.hi, "a condition")
		}
		parts.qualify, err = r.parseExpr(c.lo, c.hi)
		return err
	}
	return nil
}

// groupBy writes GROUP BY.
func (r *rewriter) groupBy(c clause, parts *selectParts) error {
	if !r.is(c.at+1, "BY") {
		return r.unexpected(c.at+1, "BY")
	}
	r.emit(c.at, "GROUP BY")
	if with := r.find(c.lo, c.hi, "WITH"); with < c.hi {
		if !r.is(with+1, "ROLLUP") || with+2 != c.hi {
			return r.unsupported(with, "GROUP BY … WITH "+r.tokens[min(with+1, c.hi)].Upper)
		}
		parts.rollup = true
		c.hi = with
	}
	if c.hi == c.lo+1 && r.is(c.lo, "ALL") {
		r.side[c.lo] = groupByAll{}
		r.leaf(c.lo)
		return nil
	}
	from := c.lo
	for _, end := range r.split(c.lo, c.hi) {
		if from > c.lo {
			r.keyword(from - 1)
		}
		sets, err := r.groupingSets(from, end)
		switch {
		case err != nil:
			return err
		case sets != nil:
			r.side[from] = ast.Expr(sets)
			r.leaf(from)
		default:
			if err := r.exprs(from, end); err != nil {
				return err
			}
		}
		from = end + 1
	}
	return nil
}

// groupingSets reads ROLLUP (…), CUBE (…) and GROUPING SETS (…), or returns nil.
func (r *rewriter) groupingSets(lo, hi int) (*ast.GroupingSets, error) {
	g := &ast.GroupingSets{At: r.at(lo)}
	open := lo + 1
	switch {
	case r.is(lo, "ROLLUP"):
		g.Kind = ast.Rollup
	case r.is(lo, "CUBE"):
		g.Kind = ast.Cube
	case r.is(lo, "GROUPING") && r.is(lo+1, "SETS"):
		open++
	default:
		return nil, nil //nolint:nilnil // an ordinary expression
	}
	if open >= hi || !r.isSymbol(open, "(") || r.tokens[open].Match != hi-1 {
		return nil, nil //nolint:nilnil // an ordinary expression, or what the grammar refuses
	}
	from := open + 1
	for _, end := range r.split(from, hi-1) {
		set, err := r.groupingSet(from, end)
		if err != nil {
			return nil, err
		}
		g.Sets = append(g.Sets, set)
		from = end + 1
	}
	return g, nil
}

// groupingSet reads one set: a, (a, b) or ().
func (r *rewriter) groupingSet(lo, hi int) ([]ast.Expr, error) {
	switch {
	case lo >= hi:
		return nil, r.unexpected(hi, "a grouping set")
	case r.is(lo, "ROLLUP", "CUBE", "GROUPING") && lo+1 < hi:
		return nil, r.unsupported(lo, "grouping sets inside grouping sets")
	case r.isSymbol(lo, "(") && r.tokens[lo].Match == hi-1:
		if lo+2 == hi {
			return []ast.Expr{}, nil
		}
		return r.parseExprs(lo+1, hi-1)
	}
	return r.parseExprs(lo, hi)
}

// orderBy writes ORDER BY, whose keyword stands at lo.
func (r *rewriter) orderBy(lo, hi int) error {
	if !r.is(lo+1, "BY") {
		return r.unexpected(lo+1, "BY")
	}
	r.emit(lo, "ORDER BY")
	from := lo + 2
	for _, end := range r.split(from, hi) {
		if from > lo+2 {
			r.keyword(from - 1)
		}
		if err := r.orderItem(from, end, lo+2, hi); err != nil {
			return err
		}
		from = end + 1
	}
	return nil
}

// orderItem writes one item of the ORDER BY in [first, hi). The order of NULLs becomes a call around the key.
func (r *rewriter) orderItem(lo, end, first, hi int) error {
	key, direction, nulls := r.orderParts(lo, end)
	if lo == first && end == hi && key == lo+1 && r.is(lo, "ALL") {
		r.side[lo] = orderByAll{}
	}
	if nulls > 0 {
		r.side[nulls] = nullOrder{r.nulls(nulls)}
		r.mark(nulls)
		r.emit(lo, "(")
	}
	if _, all := r.side[lo].(orderByAll); all {
		r.leaf(lo)
	} else if err := r.exprs(lo, key); err != nil {
		return err
	}
	if nulls > 0 {
		r.emit(key, ")")
	}
	if direction > 0 {
		r.keyword(direction)
	}
	return nil
}

// orderParts returns where an item's key ends, and where ASC or DESC and NULLS stand, or 0.
func (p *parsing) orderParts(lo, end int) (key, direction, nulls int) {
	key = end
	if key-2 > lo && p.is(key-1, "FIRST", "LAST") && p.is(key-2, "NULLS") {
		key -= 2
		nulls = key
	}
	if key-1 > lo && p.isKeyword(key-1, "ASC", "DESC") {
		key--
		direction = key
	}
	return key, direction, nulls
}

func (p *parsing) nulls(i int) ast.NullOrder {
	if p.is(i+1, "FIRST") {
		return ast.NullsFirst
	}
	return ast.NullsLast
}

// orderItems reads the items of an ORDER BY inside a call or a window.
func (p *parsing) orderItems(lo, hi int) ([]ast.OrderItem, error) {
	var items []ast.OrderItem
	from := lo
	for _, end := range p.split(lo, hi) {
		key, direction, nulls := p.orderParts(from, end)
		if from >= key {
			return nil, p.unexpected(key, "an expression to order by")
		}
		of, err := p.parseExpr(from, key)
		if err != nil {
			return nil, err
		}
		item := ast.OrderItem{At: p.at(from), Of: of, Descending: direction > 0 && p.is(direction, "DESC")}
		if nulls > 0 {
			item.Nulls = p.nulls(nulls)
		}
		items = append(items, item)
		from = end + 1
	}
	return items, nil
}
