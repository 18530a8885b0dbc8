package parser

import (
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// plainValues reads VALUES whose rows hold nothing but literals and parameters, as those of bulk inserts do,
// without the grammar. It returns nil for any other.
func (p *parsing) plainValues(lo, hi int) (*ast.Values, error) {
	v := &ast.Values{At: p.at(lo)}
	width := 0
	for i := lo + 1; i < hi; i++ {
		if !p.isSymbol(i, "(") {
			return nil, nil //nolint:nilnil // the grammar says what is wrong
		}
		m := p.tokens[i].Match
		row, err := p.plainRow(i+1, m, width)
		if row == nil || err != nil {
			return nil, err
		}
		if len(v.Rows) > 0 && len(row) != len(v.Rows[0]) {
			return nil, p.fail(i+1, "a row of VALUES has %d values, the first has %d", len(row), len(v.Rows[0]))
		}
		width = len(row)
		v.Rows = append(v.Rows, row)
		if i = m + 1; i < hi && (!p.isSymbol(i, ",") || i+1 == hi) {
			return nil, nil //nolint:nilnil // an ORDER BY or an error
		}
	}
	if len(v.Rows) == 0 {
		return nil, nil //nolint:nilnil // the grammar says what is wrong
	}
	return v, nil
}

// plainRow reads the literals of one row, or returns nil.
func (p *parsing) plainRow(lo, hi, width int) ([]ast.Expr, error) {
	row := make([]ast.Expr, 0, width)
	for i := lo; i < hi; i++ {
		negative := p.isSymbol(i, "-")
		if negative {
			i++
		}
		t := &p.tokens[i]
		size := 1
		switch t.Kind {
		case lex.Symbol, lex.Quoted, lex.End:
			return nil, nil
		case lex.Word:
			if size = p.typedLiteral(i); size == 0 && constants[t.Upper] {
				size = 1
			}
		default:
		}
		if end := i + size; size == 0 || end > hi || end < hi && !p.isSymbol(end, ",") {
			return nil, nil
		}
		e, err := p.literal(i)
		if err != nil {
			return nil, err
		}
		if negative {
			e = &ast.Unary{At: ast.At(e.Position()), Op: ast.Negate, Of: e}
		}
		row = append(row, e)
		if i += size; i+1 == hi {
			return nil, nil // a comma without a value
		}
	}
	if len(row) == 0 {
		return nil, nil
	}
	return row, nil
}

// literal reads the literal or parameter at a token.
func (p *parsing) literal(i int) (ast.Expr, error) {
	t, at := &p.tokens[i], p.at(i)
	switch t.Kind {
	case lex.Integer:
		return &ast.Literal{At: at, Kind: ast.IntegerLiteral, Text: t.Text}, nil
	case lex.Decimal:
		return &ast.Literal{At: at, Kind: ast.DecimalLiteral, Text: t.Text}, nil
	case lex.Float:
		return &ast.Literal{At: at, Kind: ast.FloatLiteral, Text: t.Text}, nil
	case lex.String:
		return &ast.Literal{At: at, Kind: ast.StringLiteral, Text: t.Text}, nil
	case lex.Hex:
		return &ast.Literal{At: at, Kind: ast.HexLiteral, Text: t.Text}, nil
	case lex.Parameter:
		name := ""
		if t.Text[0] == ':' && (t.Text[1] < '0' || t.Text[1] > '9') {
			name = t.Text[1:]
		}
		return &ast.Parameter{At: at, Ordinal: t.Ordinal, Name: name}, nil
	case lex.Word:
		return p.constant(i)
	default:
		return nil, p.unexpected(i, "an expression")
	}
}

// constant reads NULL, TRUE, DEFAULT, CURRENT_DATE and their like, and DATE '…'.
func (p *parsing) constant(i int) (ast.Expr, error) {
	t, at := &p.tokens[i], p.at(i)
	if n := p.typedLiteral(i); n > 0 {
		kind := ast.TimestampLiteral
		switch {
		case t.Is("DATE"):
			kind = ast.DateLiteral
		case t.Is("TIMESTAMPTZ"), p.is(i, "TIMESTAMP") && p.is(i+1, "WITH"):
			kind = ast.TimestampTZLiteral
		case t.Is("TIME") && p.is(i+1, "WITH"):
			return nil, p.unsupported(i, "TIME WITH TIME ZONE")
		case t.Is("TIME"):
			kind = ast.TimeLiteral
		}
		return &ast.Literal{At: at, Kind: kind, Text: p.tokens[i+n-1].Text}, nil
	}
	switch t.Upper {
	case "NULL":
		return &ast.Literal{At: at, Kind: ast.NullLiteral}, nil
	case "TRUE", "FALSE":
		return &ast.Literal{At: at, Kind: ast.BooleanLiteral, Text: strings.ToLower(t.Text)}, nil
	case "DEFAULT":
		return &ast.Default{At: at}, nil
	}
	if !constants[t.Upper] {
		return nil, p.unexpected(i, "an expression")
	}
	return &ast.Call{At: at, Name: ast.ObjectName{At: at, Parts: []ast.Name{p.name(i)}}}, nil
}
