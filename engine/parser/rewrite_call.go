package parser

import (
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// call writes a call whose name begins at i and whose bracket opens at open, and keeps aside what follows it.
func (r *rewriter) call(i, open int) (int, error) {
	m := r.tokens[open].Match
	parts := &callParts{}
	r.side[i] = parts
	end, err := r.callTail(open+1, m, parts)
	if err != nil {
		return 0, err
	}
	r.mark(i)
	r.keyword(open)
	lo := open + 1
	if r.is(lo, "ALL") {
		lo++
	}
	if err := r.exprs(lo, end); err != nil {
		return 0, err
	}
	r.keyword(m)
	return r.suffixes(m+1, parts)
}

// callTail reads ORDER BY and IGNORE NULLS inside a call's brackets, and returns where the arguments end.
func (r *rewriter) callTail(lo, hi int, parts *callParts) (int, error) {
	if hi-2 > lo && r.is(hi-1, "NULLS") && r.is(hi-2, "IGNORE", "RESPECT") {
		parts.ignoreNulls = r.is(hi-2, "IGNORE")
		hi -= 2
	}
	if at := r.find(lo, hi, "SEPARATOR"); at+1 < hi && r.tokens[at+1].Kind == lex.String {
		var err error
		if parts.separator, err = r.parseExpr(at+1, hi); err != nil {
			return 0, err
		}
		hi = at
	}
	order := r.find(lo, hi, "ORDER")
	if order == hi {
		return hi, nil
	}
	if !r.is(order+1, "BY") {
		return 0, r.unexpected(order+1, "BY")
	}
	items, err := r.orderItems(order+2, hi)
	parts.orderBy = items
	return order, err
}

// suffixes reads FILTER, IGNORE NULLS and OVER after a call.
func (r *rewriter) suffixes(i int, parts *callParts) (int, error) {
	for {
		var err error
		switch {
		case r.is(i, "FILTER") && r.isSymbol(i+1, "(") && r.is(i+2, "WHERE"):
			m := r.tokens[i+1].Match
			if i+3 >= m {
				return 0, r.unexpected(m, "a condition")
			}
			parts.filter, err = r.parseExpr(i+3, m)
			i = m + 1
		case r.is(i, "IGNORE", "RESPECT") && r.is(i+1, "NULLS"):
			parts.ignoreNulls = r.is(i, "IGNORE")
			i += 2
		case r.is(i, "WITHIN") && r.is(i+1, "GROUP"):
			i, err = r.withinGroup(i+2, parts)
		case r.is(i, "OVER") && r.isSymbol(i+1, "("):
			parts.over, err = r.window(i+2, r.tokens[i+1].Match, r.at(i+1))
			i = r.tokens[i+1].Match + 1
		case r.is(i, "OVER") && r.tokens[i+1].IsName() && !r.isReserved(i+1):
			name := r.name(i + 1)
			parts.over = &ast.Window{At: r.at(i + 1), Name: &name}
			return i + 2, nil
		default:
			return i, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// withinGroup reads what follows WITHIN GROUP.
func (r *rewriter) withinGroup(i int, parts *callParts) (int, error) {
	switch {
	case !r.isSymbol(i, "("):
		return 0, r.unexpected(i, `"("`)
	case !r.is(i+1, "ORDER") || !r.is(i+2, "BY"):
		return 0, r.unexpected(i+1, "ORDER BY")
	case len(parts.orderBy) > 0:
		return 0, r.unexpected(i+1, "one ORDER BY")
	}
	m := r.tokens[i].Match
	var err error
	parts.orderBy, err = r.orderItems(i+3, m)
	parts.within = true
	return m + 1, err
}

// construct writes what has a syntax of its own and begins with a word and a bracket. It returns the index after
// it, or 0 where nothing of the kind begins.
func (r *rewriter) construct(i, lo int) (int, error) {
	if r.is(i, "ARRAY") && r.isSymbol(i+1, "[") && !r.ends(i-1, lo) {
		return r.square(i+1, lo)
	}
	if !r.isSymbol(i+1, "(") {
		return 0, nil
	}
	m := r.tokens[i+1].Match
	switch r.tokens[i].Upper {
	case "CAST", "TRY_CAST":
		return r.cast(i, m)
	case "EXTRACT":
		return r.extract(i, m)
	case "EXISTS":
		r.keyword(i)
		return i + 1, nil
	case "ANY", "SOME", "ALL":
		if !r.ends(i-1, lo) && i > lo {
			return r.quantified(i, m)
		}
	case "ROW":
		if !r.ends(i-1, lo) {
			return r.group(i + 1)
		}
	case "ARRAY":
		if r.isQuery(i+2, m) {
			return 0, r.unsupported(i, "ARRAY(query)")
		}
	case "SUBSTRING", "SUBSTR", "OVERLAY":
		if r.find(i+2, m, "FROM", "FOR", "PLACING") < m {
			return r.wordy(i, m)
		}
	case "TRIM":
		if r.find(i+2, m, "FROM") < m || r.is(i+2, "BOTH", "LEADING", "TRAILING") {
			return r.trim(i, m)
		}
	case "POSITION":
		if in := r.find(i+2, m, "IN"); in < m {
			return r.swapped(i, m, "strpos", [2]itemRange{{in + 1, m}, {i + 2, in}})
		}
	}
	return 0, nil
}

// cast writes CAST(x AS t) as a call of one argument, and keeps the type aside.
func (r *rewriter) cast(i, m int) (int, error) {
	as := r.find(i+2, m, "AS")
	if as == m {
		return 0, r.unexpected(m, "AS and a type")
	}
	to, next, err := r.typeName(as + 1)
	if err != nil {
		return 0, err
	}
	if next != m {
		return 0, r.unexpected(next, `")"`)
	}
	r.side[i] = castTo{to: to, try: r.is(i, "TRY_CAST")}
	return m + 1, r.single(i, itemRange{i + 2, as}, m)
}

// extract writes EXTRACT(field FROM x) as a call of one argument, and keeps the field aside.
func (r *rewriter) extract(i, m int) (int, error) {
	field := &r.tokens[i+2]
	if !field.IsName() && field.Kind != lex.String {
		return 0, r.unexpected(i+2, "a field such as YEAR, MONTH or DAY")
	}
	if !r.is(i+3, "FROM") {
		return 0, r.unexpected(i+3, "FROM")
	}
	r.side[i] = extractField(field.Text)
	return m + 1, r.single(i, itemRange{i + 4, m}, m)
}

// single writes a call of one argument.
func (r *rewriter) single(i int, of itemRange, m int) error {
	if of.lo >= of.hi {
		return r.unexpected(of.hi, "an expression")
	}
	if end := r.split(of.lo, of.hi)[0]; end < of.hi {
		return r.unexpected(end, "one expression")
	}
	r.mark(i)
	r.emit(i+1, "(")
	if err := r.exprs(of.lo, of.hi); err != nil {
		return err
	}
	r.emit(m, ")")
	return nil
}

// quantified keeps the query of ANY, SOME and ALL aside.
func (r *rewriter) quantified(i, m int) (int, error) {
	if !r.isQuery(i+2, m) {
		return 0, r.unsupported(i, r.tokens[i].Upper+" of an array")
	}
	query, err := r.parseQuery(i+2, m)
	if err != nil {
		return 0, err
	}
	r.side[i] = quantified{all: r.is(i, "ALL"), query: query}
	r.leaf(i)
	return m + 1, nil
}

// wordy writes SUBSTRING(x FROM a FOR b) and OVERLAY(x PLACING y FROM a FOR b) with commas.
func (r *rewriter) wordy(i, m int) (int, error) {
	if first := r.find(i+2, m, "FROM", "FOR", "PLACING"); r.is(first, "FOR") {
		return 0, r.unsupported(first, "SUBSTRING with FOR and no FROM before it")
	}
	r.side[i] = &callParts{}
	r.mark(i)
	r.keyword(i + 1)
	for lo := i + 2; ; {
		end := r.find(lo, m, "FROM", "FOR", "PLACING")
		if err := r.exprs(lo, end); err != nil {
			return 0, err
		}
		if end == m {
			break
		}
		r.emit(end, ",")
		lo = end + 1
	}
	r.keyword(m)
	return m + 1, nil
}

// trim writes TRIM([BOTH|LEADING|TRAILING] [characters] FROM x) as trim, ltrim or rtrim(x, characters).
func (r *rewriter) trim(i, m int) (int, error) {
	lo, name := i+2, "trim"
	switch {
	case r.is(lo, "BOTH"):
		lo++
	case r.is(lo, "LEADING"):
		lo, name = lo+1, "ltrim"
	case r.is(lo, "TRAILING"):
		lo, name = lo+1, "rtrim"
	}
	from := r.find(lo, m, "FROM")
	if from == m {
		return r.swapped(i, m, name, [2]itemRange{{lo, m}})
	}
	return r.swapped(i, m, name, [2]itemRange{{from + 1, m}, {lo, from}})
}

// swapped writes a call with its arguments in another order and under another name; an empty one is left out.
func (r *rewriter) swapped(i, m int, name string, args [2]itemRange) (int, error) {
	if args[0].lo >= args[0].hi {
		return 0, r.unexpected(args[0].hi, "an expression")
	}
	r.side[i] = &callParts{rename: name}
	r.mark(i)
	r.keyword(i + 1)
	if err := r.exprs(args[0].lo, args[0].hi); err != nil {
		return 0, err
	}
	if args[1].lo < args[1].hi {
		r.emit(args[1].lo, ",")
		if err := r.exprs(args[1].lo, args[1].hi); err != nil {
			return 0, err
		}
	}
	r.keyword(m)
	return m + 1, nil
}
