package parser

import (
	"github.com/micodb/micodb/engine/parser/ast"
)

// query writes the query in [lo, hi).
func (r *rewriter) query(lo, hi int) error {
	for r.isSymbol(lo, "(") && r.tokens[lo].Match == hi-1 {
		lo, hi = lo+1, hi-1
	}
	lo, err := r.with(lo, hi)
	if err != nil {
		return err
	}
	end, operands := lo, 0
	for {
		operands++
		end = r.findOperator(end, r.find(end, hi, "ORDER", "LIMIT", "OFFSET", "FETCH"))
		if !r.isOperator(end) || end >= hi {
			break
		}
		end++
	}
	if operands == 1 && r.isSymbol(lo, "(") {
		if err := r.wrapped(lo, end); err != nil {
			return err
		}
		return r.tail(end, hi)
	}
	for from := lo; from <= end; {
		to := r.findOperator(from, end)
		if err := r.operand(from, to, hi); err != nil {
			return err
		}
		if to == end {
			break
		}
		if r.is(to, "MINUS") {
			r.emit(to, "EXCEPT")
		} else {
			r.keyword(to)
		}
		from = to + 1
		if r.is(from, "ALL", "DISTINCT") {
			r.keyword(from)
			from++
		}
		if r.is(from, "BY") {
			return r.unsupported(to, r.tokens[to].Upper+" BY NAME")
		}
	}
	return r.tail(end, hi)
}

// findOperator returns the first set operator in [lo, hi) outside of brackets, or hi.
func (p *parsing) findOperator(lo, hi int) int {
	for i := lo; i < hi; i = p.skip(i) {
		if p.isOperator(i) {
			return i
		}
	}
	return hi
}

// isOperator reports whether a token is a set operator. MINUS, which is EXCEPT in other dialects, may be a name.
func (p *parsing) isOperator(i int) bool {
	if p.isKeyword(i, "UNION", "INTERSECT", "EXCEPT") {
		return !p.isStarExcept(i)
	}
	next := i + 1
	if p.is(next, "ALL", "DISTINCT") {
		next++
	}
	return p.isKeyword(i, "MINUS") && (p.is(next, "SELECT", "VALUES") ||
		p.isSymbol(next, "(") && p.isQuery(next, p.tokens[next].Match+1))
}

// isStarExcept reports whether EXCEPT and the list of columns after it belong to the star before it.
func (p *parsing) isStarExcept(i int) bool {
	return p.is(i, "EXCEPT") && p.isSymbol(i-1, "*") && p.isSymbol(i+1, "(") && !p.isQuery(i+1, p.tokens[i+1].Match+1)
}

// wrapped writes the lone (query) in [lo, hi), to which a WITH or an ORDER BY belongs: the grammar wants a SELECT.
func (r *rewriter) wrapped(lo, hi int) error {
	m := r.tokens[lo].Match
	if m+1 != hi {
		return r.unexpected(m+1, "UNION, INTERSECT, EXCEPT, ORDER BY, LIMIT or the end of the query")
	}
	r.emit(lo, "SELECT "+comment(lo)+" * FROM (")
	if err := r.query(lo+1, m); err != nil {
		return err
	}
	r.emit(m, ") AS")
	r.mark(lo)
	return nil
}

// operand writes one operand of a set operation: a SELECT, VALUES or a query in brackets.
func (r *rewriter) operand(lo, hi, end int) error {
	switch {
	case lo < hi && r.is(lo, "SELECT"):
		return r.selection(lo, hi)
	case lo < hi && r.is(lo, "VALUES"):
		return r.values(lo, hi)
	case lo < hi && r.isSymbol(lo, "(") && r.tokens[lo].Match == hi-1:
		r.keyword(lo)
		if err := r.query(lo+1, hi-1); err != nil {
			return err
		}
		r.keyword(hi - 1)
		return nil
	case r.is(lo, "TABLE"):
		return r.unsupported(lo, "TABLE name as a query")
	case r.is(lo, "INSERT", "UPDATE", "DELETE") && lo < end:
		return r.unsupported(lo, r.tokens[lo].Upper+" inside a query")
	case r.is(lo, "FROM") && lo < end:
		return r.unsupported(lo, "FROM without SELECT")
	}
	return r.unexpected(min(lo, end), "SELECT, VALUES or a query in brackets")
}

// values writes VALUES (…), … as a SELECT, which may stand where the grammar has no VALUES.
func (r *rewriter) values(lo, hi int) error {
	r.emit(lo, "SELECT "+comment(lo)+" * FROM (VALUES")
	for i := lo + 1; ; {
		if r.is(i, "ROW") {
			i++
		}
		if !r.isSymbol(i, "(") || i >= hi {
			return r.unexpected(min(i, hi), `"(" and a row of values`)
		}
		m := r.tokens[i].Match
		r.keyword(i)
		if err := r.exprs(i+1, m); err != nil {
			return err
		}
		r.keyword(m)
		if i = m + 1; i >= hi {
			break
		}
		if !r.isSymbol(i, ",") {
			return r.unexpected(i, `"," or the end of the values`)
		}
		r.keyword(i)
		i++
	}
	r.emit(lo, ") AS")
	r.mark(lo)
	return nil
}

// with writes WITH and its queries, and returns the index after it.
func (r *rewriter) with(lo, hi int) (int, error) {
	if !r.is(lo, "WITH") || lo >= hi {
		return lo, nil
	}
	r.keyword(lo)
	i := lo + 1
	if r.is(i, "RECURSIVE") && r.tokens[i+1].IsName() && !r.is(i+1, "AS") {
		r.keyword(i)
		i++
	}
	for {
		next, err := r.commonTable(i)
		if err != nil {
			return 0, err
		}
		if !r.isSymbol(next, ",") {
			return next, nil
		}
		r.keyword(next)
		i = next + 1
	}
}

// commonTable writes name [(columns)] AS (query), and returns the index after it.
func (r *rewriter) commonTable(i int) (int, error) {
	if !r.tokens[i].IsName() || r.isReserved(i) {
		return 0, r.unexpected(i, "the name of a query")
	}
	r.mark(i)
	i++
	if r.isSymbol(i, "(") {
		if err := r.names(i); err != nil {
			return 0, err
		}
		i = r.tokens[i].Match + 1
	}
	if !r.is(i, "AS") {
		return 0, r.unexpected(i, "AS")
	}
	r.keyword(i)
	i++
	if r.is(i, "NOT") && r.is(i+1, "MATERIALIZED") {
		i++
	}
	if r.is(i, "MATERIALIZED") {
		i++
	}
	if !r.isSymbol(i, "(") {
		return 0, r.unexpected(i, `"(" and a query`)
	}
	m := r.tokens[i].Match
	r.keyword(i)
	if err := r.query(i+1, m); err != nil {
		return 0, err
	}
	r.keyword(m)
	return m + 1, nil
}

// names writes the list of names in the brackets at i.
func (r *rewriter) names(i int) error {
	list, err := r.nameList(i)
	if err != nil {
		return err
	}
	r.keyword(i)
	for k := range list {
		if k > 0 {
			r.keyword(i + 2*k)
		}
		r.mark(i + 1 + 2*k)
	}
	r.keyword(r.tokens[i].Match)
	return nil
}

// nameList reads the list of names in the brackets at i.
func (p *parsing) nameList(i int) ([]ast.Name, error) {
	m := p.tokens[i].Match
	var list []ast.Name
	for i++; ; i += 2 {
		if !p.tokens[i].IsName() {
			return nil, p.unexpected(i, "a name")
		}
		list = append(list, p.name(i))
		if i+1 == m {
			return list, nil
		}
		if !p.isSymbol(i+1, ",") {
			return nil, p.unexpected(i+1, `"," or ")"`)
		}
	}
}

// tail writes ORDER BY, LIMIT, OFFSET and FETCH in the grammar's order.
func (r *rewriter) tail(lo, hi int) error {
	limit, offset := itemRange{}, itemRange{}
	i := lo
	if r.is(i, "ORDER") && i < hi {
		end := r.find(i+1, hi, "LIMIT", "OFFSET", "FETCH")
		if err := r.orderBy(i, end); err != nil {
			return err
		}
		i = end
	}
	for i < hi {
		end := r.find(i+1, hi, "LIMIT", "OFFSET", "FETCH")
		switch {
		case r.is(i, "LIMIT") && limit.hi == 0:
			limit = itemRange{i + 1, end}
			if comma := r.split(i+1, end)[0]; comma < end && offset.hi == 0 {
				offset, limit = itemRange{i + 1, comma}, itemRange{comma + 1, end}
			}
		case r.is(i, "OFFSET") && offset.hi == 0:
			offset = itemRange{i + 1, end}
			if r.is(end-1, "ROW", "ROWS") && end-1 > i+1 {
				offset.hi--
			}
		case r.is(i, "FETCH") && limit.hi == 0:
			var err error
			if limit, err = r.fetch(i, end); err != nil {
				return err
			}
		default:
			return r.unexpected(i, "the end of the query")
		}
		i = end
	}
	return r.limit(limit, offset, hi)
}

// fetch reads FETCH FIRST [n] ROWS ONLY. Without n it is one row, which the End token stands for.
func (r *rewriter) fetch(lo, hi int) (itemRange, error) {
	if !r.is(lo+1, "FIRST", "NEXT") {
		return itemRange{}, r.unexpected(lo+1, "FIRST or NEXT")
	}
	if r.is(hi-1, "TIES") {
		return itemRange{}, r.unsupported(lo, "FETCH … WITH TIES")
	}
	if !r.is(hi-1, "ONLY") || !r.is(hi-2, "ROW", "ROWS") {
		return itemRange{}, r.unexpected(hi, "ROWS ONLY")
	}
	if lo+2 == hi-2 {
		r.side[lo] = ast.Expr(&ast.Literal{At: r.at(lo), Kind: ast.IntegerLiteral, Text: "1"})
		return itemRange{lo, -1}, nil
	}
	return itemRange{lo + 2, hi - 2}, nil
}

// limit writes LIMIT and OFFSET. The grammar wants plain values, so expressions are parsed on their own.
func (r *rewriter) limit(limit, offset itemRange, end int) error {
	if limit.hi == 0 && offset.hi == 0 {
		return nil
	}
	write := func(x itemRange, word string) error {
		if x.hi > 0 {
			if x.lo >= x.hi {
				return r.unexpected(x.hi, "a number of rows")
			}
			e, err := r.parseExpr(x.lo, x.hi)
			if err != nil {
				return err
			}
			r.side[x.lo] = e
		}
		r.emit(x.lo, word)
		r.leaf(x.lo)
		return nil
	}
	switch {
	case limit.hi == 0, limit.hi == limit.lo+1 && r.is(limit.lo, "ALL"):
		last := len(r.tokens) - 1 // stands for no limit
		r.emit(end, "LIMIT")
		r.leaf(last)
	default:
		if err := write(limit, "LIMIT"); err != nil {
			return err
		}
	}
	if offset.hi == 0 {
		return nil
	}
	return write(offset, "OFFSET")
}
