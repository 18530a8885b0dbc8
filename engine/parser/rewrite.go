package parser

import (
	"strconv"
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
	"github.com/micodb/micodb/internal/sqlerr"
)

// rewriter writes a part of the statement anew for the grammar.
type rewriter struct {
	*parsing

	out   strings.Builder
	spans []span
}

// span says which token a piece of the grammar's text stands for; it ends where the next begins.
type span struct{ start, token int }

// marked before an operand makes another operator of the one before it: || of |, ILIKE of LIKE, IS DISTINCT FROM
// of <=>. It is a character set that no text can name.
const marked = "_ujis"

// What was parsed on its own is kept in parsing.side under the token that stands for it.
type (
	// The selectParts belong to a SELECT: what the grammar has no place for.
	selectParts struct {
		items      []itemRange
		distinctOn []ast.Expr
		qualify    ast.Expr
		windows    []ast.NamedWindow
		rollup     bool // GROUP BY … WITH ROLLUP
	}

	// The callParts belong to a call's name.
	callParts struct {
		rename      string // the function that the construct means
		orderBy     []ast.OrderItem
		within      bool // orderBy is that of WITHIN GROUP
		separator   ast.Expr
		filter      ast.Expr
		ignoreNulls bool
		over        *ast.Window
	}

	// A castTo belongs to CAST, TRY_CAST and ::.
	castTo struct {
		to  ast.TypeName
		try bool
	}

	extractField string                     // of EXTRACT
	key          struct{ of ast.Expr }      // of -> and ->>
	zone         struct{ of ast.Expr }      // of AT in AT TIME ZONE
	nullOrder    struct{ of ast.NullOrder } // of NULLS
	groupByAll   struct{}                   // of ALL
	orderByAll   struct{}                   // of ALL
	quantified   struct {                   // of ANY and ALL
		all   bool
		query ast.Query
	}
	starParts struct { // of a star
		exclude []ast.Name
		replace []ast.SelectItem
	}
	joinModifier string   // of ASOF, SEMI and ANTI
	tableCall    struct { // of a table function's name
		args       []ast.Expr
		ordinality bool
	}
	subscript struct { // of [
		of, to ast.Expr
		slice  bool
	}
)

// itemRange is the tokens of one item of SELECT.
type itemRange struct{ lo, hi int }

// emit writes a piece of the grammar's text for a token.
func (r *rewriter) emit(token int, s string) {
	r.out.WriteByte(' ')
	r.spans = append(r.spans, span{r.out.Len(), token})
	r.out.WriteString(s)
}

// keyword writes a token as it is, in upper case.
func (r *rewriter) keyword(i int) {
	t := &r.tokens[i]
	if t.Kind == lex.Word {
		r.emit(i, t.Upper)
		return
	}
	r.emit(i, t.Text)
}

// mark writes a name's marker, leaf a value's.
func (r *rewriter) mark(i int) { r.emit(i, "`"+strconv.Itoa(i)+"`") }
func (r *rewriter) leaf(i int) { r.emit(i, ":v"+strconv.Itoa(i)) }

// any writes a token that does not belong where it stands: the grammar says what it expected.
func (r *rewriter) any(i int) {
	t := &r.tokens[i]
	switch {
	case t.Kind == lex.Symbol || r.isReserved(i):
		r.keyword(i)
	case t.IsName():
		r.mark(i)
	default:
		r.leaf(i)
	}
}

// within starts a rewriter for a part that is parsed on its own.
func (p *parsing) within() (*rewriter, error) {
	if p.depth > p.depthMax {
		return nil, p.tooDeep(0)
	}
	p.depth++
	return &rewriter{parsing: p}, nil
}

func (p *parsing) tooDeep(i int) error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded, "the statement nests deeper than %d levels", p.depthMax).
		At(p.tokens[i].At)
}

// parseQuery parses the query in [lo, hi) on its own.
func (p *parsing) parseQuery(lo, hi int) (ast.Query, error) {
	if p.is(lo, "VALUES") {
		if v, err := p.plainValues(lo, hi); v != nil || err != nil {
			return v, err
		}
	}
	r, err := p.within()
	if err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := r.query(lo, hi); err != nil {
		return nil, err
	}
	tree, err := r.parse(hi)
	if err != nil {
		return nil, err
	}
	return (&converter{parsing: p}).query(tree)
}

// parseExprs parses the comma-separated expressions in [lo, hi) on their own.
func (p *parsing) parseExprs(lo, hi int) ([]ast.Expr, error) {
	r, err := p.within()
	if err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	r.emit(lo, "SELECT")
	if err := r.exprs(lo, hi); err != nil {
		return nil, err
	}
	tree, err := r.parse(hi)
	if err != nil {
		return nil, err
	}
	return (&converter{parsing: p}).list(tree, lo)
}

// parseExpr parses the one expression in [lo, hi) on its own.
func (p *parsing) parseExpr(lo, hi int) (ast.Expr, error) {
	list, err := p.parseExprs(lo, hi)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, p.unexpected(p.split(lo, hi)[0], "the end of the expression")
	}
	return list[0], nil
}
