package bind

import (
	"encoding/hex"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// literal gives a constant its type: the smallest of INTEGER, BIGINT and DECIMAL that holds a whole number, the
// DECIMAL of its digits for one with a point, DOUBLE with an exponent.
func literal(l *ast.Literal) (expr.Expr, error) {
	value, err := scalarOf(l)
	if err != nil {
		return nil, at(err, l)
	}
	return expr.Literal{Value: value}, nil
}

func scalarOf(l *ast.Literal) (vector.Scalar, error) {
	parse := func(t vector.Type) (vector.Scalar, error) { return expr.ParseScalar(l.Text, t) }
	switch l.Kind {
	case ast.NullLiteral:
		return vector.NullOf(vector.Of(vector.Unknown)), nil
	case ast.BooleanLiteral:
		return vector.BoolOf(strings.EqualFold(l.Text, "true")), nil
	case ast.IntegerLiteral:
		return integerOf(l.Text)
	case ast.DecimalLiteral:
		return decimalOf(l.Text)
	case ast.FloatLiteral:
		return parse(vector.Of(vector.Float64))
	case ast.StringLiteral:
		return vector.TextOf(l.Text), nil
	case ast.HexLiteral:
		raw, err := hex.DecodeString(l.Text)
		if err != nil {
			return vector.Scalar{}, sqlerr.Wrap(err, sqlerr.InvalidText,
				"x'%s' has no even number of hexadecimal digits", l.Text)
		}
		return vector.Scalar{Type: vector.Of(vector.Binary), Bytes: string(raw)}, nil
	case ast.DateLiteral:
		return parse(vector.Of(vector.Date))
	case ast.TimeLiteral:
		return parse(vector.Of(vector.Time))
	case ast.TimestampLiteral:
		return parse(vector.Of(vector.Timestamp))
	case ast.TimestampTZLiteral:
		return parse(vector.Type{Kind: vector.Timestamp, Precision: 9, Zone: true})
	default:
		return vector.Scalar{}, sqlerr.NotSupported("this literal")
	}
}

func integerOf(text string) (vector.Scalar, error) {
	for _, k := range []vector.Kind{vector.Int32, vector.Int64} {
		if v, err := expr.ParseScalar(text, vector.Of(k)); err == nil {
			return v, nil
		}
	}
	return decimalOf(text)
}

// decimalOf gives a number the DECIMAL of its digits, and DOUBLE when those are too many.
func decimalOf(text string) (vector.Scalar, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	digits := max(len(strings.TrimLeft(whole, "0"))+len(fraction), 1)
	if digits > vector.MaxDecimalDigits {
		return expr.ParseScalar(text, vector.Of(vector.Float64))
	}
	return expr.ParseScalar(text, vector.DecimalType(digits, len(fraction)))
}

// interval reads INTERVAL '3' MONTH, INTERVAL 3 MONTH, INTERVAL '3 months 2 days', with a sign too.
func interval(i *ast.Interval) (expr.Expr, error) {
	text, ok := constantText(i.Of)
	if !ok {
		return nil, unsupported("an INTERVAL of an expression", i)
	}
	var v vector.Months
	var err error
	if i.Unit == "" {
		v, err = expr.ParseInterval(text)
	} else {
		v, err = expr.IntervalOf(strings.TrimSpace(text), i.Unit)
	}
	if err != nil {
		return nil, at(err, i)
	}
	return expr.Literal{Value: vector.Scalar{Type: vector.Of(vector.Interval), Interval: v}}, nil
}

func constantText(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.Literal:
		return e.Text, e.Kind == ast.StringLiteral || e.Kind == ast.IntegerLiteral || e.Kind == ast.DecimalLiteral
	case *ast.Unary:
		text, ok := constantText(e.Of)
		return "-" + text, ok && e.Op == ast.Negate
	default:
		return "", false
	}
}

// negative turns a literal's sign, so that -128 and -9223372036854775808 are one constant.
func negative(l *ast.Literal) (expr.Expr, bool) {
	switch l.Kind {
	case ast.IntegerLiteral, ast.DecimalLiteral, ast.FloatLiteral:
		c := *l
		c.Text = "-" + l.Text
		value, err := scalarOf(&c)
		return expr.Literal{Value: value}, err == nil
	default:
		return nil, false
	}
}
