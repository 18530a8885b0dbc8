package parser

import (
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// exprs writes the expressions in [lo, hi), commas and aliases included.
func (r *rewriter) exprs(lo, hi int) error {
	for i := lo; i < hi; {
		next, err := r.piece(i, lo, hi)
		if err != nil {
			return err
		}
		i = next
	}
	return nil
}

// piece writes one piece of an expression that begins at lo, and returns the index after it.
func (r *rewriter) piece(i, lo, hi int) (int, error) {
	t := &r.tokens[i]
	switch {
	case t.Kind == lex.Symbol:
		return r.symbol(i, lo)
	case t.Kind == lex.Quoted || t.Kind == lex.Word && r.isForcedName(i):
		return r.chained(i)
	case t.Kind == lex.Word:
		return r.word(i, lo, hi)
	case t.Kind == lex.Integer && i > lo && r.isSign(i-1) && i+1 < hi && r.unit(i+1) != "":
		r.emit(i, "INTERVAL") // d + 30 days
		r.leaf(i)
		r.mark(i + 1)
		return i + 2, nil
	}
	r.leaf(i)
	return i + 1, nil
}

func (r *rewriter) isSign(i int) bool { return r.isSymbol(i, "+") || r.isSymbol(i, "-") }

// unit returns the unit of time that a token names, or "".
func (p *parsing) unit(i int) string {
	if p.tokens[i].Kind != lex.Word {
		return ""
	}
	return units[p.tokens[i].Upper]
}

// ends reports whether an operand may end with the token at i: what follows it is then an operator.
func (r *rewriter) ends(i, lo int) bool {
	if i < lo {
		return false
	}
	t := &r.tokens[i]
	if t.Kind == lex.Symbol {
		return t.Text == ")" || t.Text == "]" || t.Text == "}"
	}
	return !r.isReserved(i) || constants[t.Upper] || t.Upper == "END"
}

// symbol writes an operator or a bracket.
func (r *rewriter) symbol(i, lo int) (int, error) {
	switch r.tokens[i].Text {
	case "(":
		return r.group(i)
	case "[":
		return r.square(i, lo)
	case "{":
		return r.braces(i)
	case "::":
		to, next, err := r.typeName(i + 1)
		if err != nil {
			return 0, err
		}
		r.side[i] = castTo{to: to}
		r.postfix(i)
		return next, nil
	case "||":
		r.emit(i, "| "+marked)
		return i + 1, nil
	case "->", "->>":
		return r.accessor(i)
	case "**":
		r.emit(i, "^")
		return i + 1, nil
	case "//":
		r.emit(i, "DIV")
		return i + 1, nil
	case "==":
		r.emit(i, "=")
		return i + 1, nil
	case "~", "~*", "!~", "!~*":
		if r.ends(i-1, lo) {
			return r.matching(i)
		}
	case "*":
		if !r.ends(i-1, lo) {
			return r.star(i, i+1)
		}
	}
	r.keyword(i)
	return i + 1, nil
}

// matching writes the operators that match regular expressions.
func (r *rewriter) matching(i int) (int, error) {
	text := "REGEXP"
	if strings.HasPrefix(r.tokens[i].Text, "!") {
		text = "NOT REGEXP"
	}
	if strings.HasSuffix(r.tokens[i].Text, "*") {
		text += " " + marked
	}
	r.emit(i, text)
	return i + 1, nil
}

// postfix writes an operator after an operand as the one the grammar has: a collation.
func (r *rewriter) postfix(i int) {
	r.emit(i, "COLLATE")
	r.mark(i)
}

// star writes * or t.*, whose marker's token is i; next is the index after it.
func (r *rewriter) star(i, next int) (int, error) {
	r.mark(i)
	r.emit(next-1, ".*")
	return r.starParts(i, next)
}

// group writes (…): a query, an expression or a row.
func (r *rewriter) group(i int) (int, error) {
	m := r.tokens[i].Match
	r.keyword(i)
	var err error
	if r.isQuery(i+1, m) {
		err = r.query(i+1, m)
	} else {
		err = r.exprs(i+1, m)
	}
	r.keyword(m)
	return m + 1, err
}

// square keeps [a, b] and x[i] aside.
func (r *rewriter) square(i, lo int) (int, error) {
	m := r.tokens[i].Match
	if !r.ends(i-1, lo) || r.is(i-1, "ARRAY") {
		array := &ast.Array{At: r.at(i)}
		if i+1 < m {
			members, err := r.parseExprs(i+1, m)
			if err != nil {
				return 0, err
			}
			array.Members = members
		}
		r.side[i] = ast.Expr(array)
		r.leaf(i)
		return m + 1, nil
	}
	if i+1 >= m {
		return 0, r.unexpected(m, "a subscript")
	}
	var kept subscript
	colon := i + 1
	for colon < m && !r.isSymbol(colon, ":") {
		colon = r.skip(colon)
	}
	var err error
	if colon > i+1 {
		if kept.of, err = r.parseExpr(i+1, colon); err != nil {
			return 0, err
		}
	}
	if kept.slice = colon < m; colon+1 < m {
		if kept.to, err = r.parseExpr(colon+1, m); err != nil {
			return 0, err
		}
	}
	r.side[i] = kept
	r.postfix(i)
	return m + 1, nil
}

// braces keeps {'a': x, b: y} aside.
func (r *rewriter) braces(i int) (int, error) {
	m := r.tokens[i].Match
	made := &ast.Struct{At: r.at(i)}
	from := i + 1
	for _, end := range r.split(from, m) {
		name := &r.tokens[from]
		switch {
		case from >= m || name.Kind != lex.String && !name.IsName():
			return 0, r.unexpected(from, "a member's name")
		case !r.isSymbol(from+1, ":"):
			return 0, r.unexpected(from+1, `":"`)
		}
		of, err := r.parseExpr(from+2, end)
		if err != nil {
			return 0, err
		}
		made.Names, made.Members = append(made.Names, name.Text), append(made.Members, of)
		from = end + 1
	}
	r.side[i] = ast.Expr(made)
	r.leaf(i)
	return m + 1, nil
}

// word writes an unquoted word: a keyword, a construct that begins with it, a call or a name.
func (r *rewriter) word(i, lo, hi int) (int, error) {
	t := &r.tokens[i]
	after := r.ends(i-1, lo)
	switch t.Upper {
	case "AND", "OR", "IN", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "NOT", "LIKE", "ESCAPE", "AS",
		"DISTINCT":
		r.keyword(i)
		return i + 1, nil
	case "DIV":
		if !r.isFunctionWord(i, lo) {
			r.keyword(i)
			return i + 1, nil
		}
	case "IS":
		return r.isTest(i)
	case "ILIKE":
		r.emit(i, "LIKE "+marked)
		return i + 1, nil
	case "RLIKE", "REGEXP":
		r.emit(i, "REGEXP")
		return i + 1, nil
	case "SIMILAR":
		if (after || r.is(i-1, "NOT")) && r.is(i+1, "TO") {
			r.emit(i, "LIKE "+marked+" "+marked)
			return i + 2, nil
		}
	case "GLOB":
		if after && i+1 < hi && r.tokens[i+1].Kind == lex.String {
			return 0, r.unsupported(i, t.Upper)
		}
	case "COLLATE", "XOR":
		if !r.isFunctionWord(i, lo) {
			return 0, r.unsupported(i, t.Upper)
		}
	case "FOR":
		return 0, r.unsupported(i, "FOR UPDATE")
	case "AT":
		if after && r.is(i+1, "TIME") && r.is(i+2, "ZONE") {
			return r.timeZone(i, hi)
		}
	case "INTERVAL":
		if i+1 < hi && !after && r.beginsOperand(i+1) {
			return r.interval(i)
		}
	}
	if constants[t.Upper] && !r.isSymbol(i+1, ".") && !r.isSymbol(i+1, "(") {
		r.leaf(i)
		return i + 1, nil
	}
	if n := r.typedLiteral(i); n > 0 {
		r.leaf(i)
		return i + n, nil
	}
	if next, err := r.construct(i, lo); next > 0 || err != nil {
		return next, err
	}
	if reserved[t.Upper] && !r.isFunctionWord(i, lo) {
		if after {
			return 0, r.unexpected(i, "an operator or the end of the expression")
		}
		return 0, r.unexpected(i, "an expression")
	}
	return r.chained(i)
}

// isFunctionWord reports whether a reserved word is the function of that name: left('abc', 1).
func (r *rewriter) isFunctionWord(i, lo int) bool {
	return r.is(i, "LEFT", "RIGHT", "DIV", "XOR") && r.isSymbol(i+1, "(") && !r.ends(i-1, lo)
}

// isTest writes IS and what it tests for.
func (r *rewriter) isTest(i int) (int, error) {
	what := i + 1
	if r.is(what, "NOT") {
		what++
	}
	not := what == i+2
	switch {
	case r.is(what, "NULL", "TRUE", "FALSE", "UNKNOWN"):
		r.keyword(i)
		if not {
			r.keyword(what - 1)
		}
		if r.is(what, "UNKNOWN") { // of a truth value it is NULL
			r.emit(what, "NULL")
			return what + 1, nil
		}
		r.keyword(what)
		return what + 1, nil
	case r.is(what, "DISTINCT") && r.is(what+1, "FROM"):
		r.emit(i, "<=>")
		if !not {
			r.emit(what, marked)
		}
		return what + 2, nil
	}
	return 0, r.unexpected(what, "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM")
}

// beginsOperand reports whether an operand may begin at a token: INTERVAL is then no name.
func (r *rewriter) beginsOperand(i int) bool {
	t := &r.tokens[i]
	switch t.Kind {
	case lex.Symbol:
		return t.Text == "(" || t.Text == "-"
	case lex.Word:
		return !reserved[t.Upper]
	case lex.End:
		return false
	default:
		return true
	}
}

// interval writes INTERVAL. A text that names its units has none after it: INTERVAL's own token stands for it.
func (r *rewriter) interval(i int) (int, error) {
	if r.tokens[i+1].Kind != lex.String {
		r.keyword(i)
		return i + 1, nil
	}
	if r.unit(i+2) != "" {
		switch {
		case r.is(i+3, "TO") && r.is(i+2, "YEAR", "DAY", "HOUR") && r.unit(i+4) != "":
			r.keyword(i) // '1-2' YEAR TO MONTH and '1 02:03' DAY TO MINUTE say by their form what they are
			r.leaf(i + 1)
			r.mark(i)
			return i + 5, nil
		case r.is(i+3, "TO"), r.isSymbol(i+3, "("):
			return 0, r.unsupported(i+3, "the precision of an INTERVAL").WithHint("name one unit")
		}
		r.keyword(i)
		r.leaf(i + 1)
		r.mark(i + 2)
		return i + 3, nil
	}
	r.keyword(i)
	r.leaf(i + 1)
	r.mark(i)
	return i + 2, nil
}

// typedLiteral returns how many tokens DATE '…' and its like have at i, or 0.
func (p *parsing) typedLiteral(i int) int {
	n := 1
	switch {
	case p.is(i, "DATE", "TIMESTAMPTZ"):
	case p.is(i, "TIME", "TIMESTAMP"):
		if p.is(i+1, "WITH", "WITHOUT") && p.is(i+2, "TIME") && p.is(i+3, "ZONE") {
			n = 4
		}
	default:
		return 0
	}
	if i+n < len(p.tokens) && p.tokens[i+n].Kind == lex.String {
		return n + 1
	}
	return 0
}

// accessor keeps the key of x -> 'key' and x ->> 'key' aside.
func (r *rewriter) accessor(i int) (int, error) {
	end := i + 2
	switch t := &r.tokens[i+1]; {
	case t.Kind == lex.String || t.Kind == lex.Integer || t.Kind == lex.Parameter:
	case t.IsSymbol("("):
		end = t.Match + 1
	case t.IsSymbol("-") && r.tokens[i+2].Kind == lex.Integer:
		end++
	default:
		return 0, r.unexpected(i+1, "a key: a string, a number, a parameter, or an expression in brackets")
	}
	of, err := r.parseExpr(i+1, end)
	if err != nil {
		return 0, err
	}
	r.side[i] = key{of}
	r.postfix(i)
	return end, nil
}

// timeZone keeps the zone of x AT TIME ZONE zone aside.
func (r *rewriter) timeZone(i, hi int) (int, error) {
	if i+3 >= hi {
		return 0, r.unexpected(i+3, "a time zone")
	}
	end := r.skip(i + 3)
	of, err := r.parseExpr(i+3, end)
	if err != nil {
		return 0, err
	}
	r.side[i] = zone{of}
	r.postfix(i)
	return end, nil
}

// chained writes a name with its qualifiers, a star or a call.
func (r *rewriter) chained(i int) (int, error) {
	_, next := r.chain(i)
	if r.isSymbol(next, ".") && r.isSymbol(next+1, "*") {
		return r.star(i, next+2)
	}
	if r.isSymbol(next, "(") {
		return r.call(i, next)
	}
	r.mark(i)
	return next, nil
}
