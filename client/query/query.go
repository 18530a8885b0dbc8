// Package query builds simple statements: SELECT of one table, INSERT, UPDATE and DELETE. Names are quoted, values are
// always bound to parameters, and conditions are comparisons of columns with values, all of which must hold. What needs
// more is written as SQL.
//
//	sql, args, err := query.Select("id", "total").From("orders").
//		Where(query.Equal("customer", 7), query.Greater("total", 10)).OrderBy("id").Limit(10).SQL()
//	rows, err := db.Stream(ctx, sql, args...)
//
// A name may have a database before it: "shop.orders" is the table orders of the database shop. For a name that holds a
// point of its own there is no way but SQL.
package query

import (
	"errors"
	"strconv"
	"strings"

	"github.com/micodb/micodb/client"
)

// ErrIncomplete is what SQL returns for a statement that lacks a part.
var ErrIncomplete = errors.New("the statement is not complete")

// Condition is a comparison of a column. The zero value is none.
type Condition struct {
	column, operator string
	values           []any
}

// Equal holds where a column has a value; for nil, where it is NULL.
func Equal(column string, value any) Condition {
	if value == nil {
		return Condition{column: column, operator: "IS NULL"}
	}
	return Condition{column: column, operator: "=", values: []any{value}}
}

// NotEqual holds where a column has another value, NULL not being one; for nil, where it is not NULL.
func NotEqual(column string, value any) Condition {
	if value == nil {
		return Condition{column: column, operator: "IS NOT NULL"}
	}
	return Condition{column: column, operator: "<>", values: []any{value}}
}

// Less holds where a column is less than a value.
func Less(column string, value any) Condition { return compare(column, "<", value) }

// AtMost holds where a column is less than a value, or equal.
func AtMost(column string, value any) Condition { return compare(column, "<=", value) }

// Greater holds where a column is greater than a value.
func Greater(column string, value any) Condition { return compare(column, ">", value) }

// AtLeast holds where a column is greater than a value, or equal.
func AtLeast(column string, value any) Condition { return compare(column, ">=", value) }

// Like holds where a column matches a pattern of LIKE.
func Like(column, pattern string) Condition { return compare(column, "LIKE", pattern) }

func compare(column, operator string, value any) Condition {
	return Condition{column: column, operator: operator, values: []any{value}}
}

// In holds where a column has one of some values: nowhere when there are none.
func In(column string, values ...any) Condition {
	return Condition{column: column, operator: "IN", values: values}
}

// statement is the text and the values of what is being built.
type statement struct {
	text strings.Builder
	args []any
	err  error
}

func (s *statement) write(parts ...string) {
	for _, p := range parts {
		s.text.WriteString(p)
	}
}

// name writes a quoted name.
func (s *statement) name(name string) {
	for i, part := range strings.Split(name, ".") {
		if part == "" {
			s.err = ErrIncomplete
		}
		if i > 0 {
			s.write(".")
		}
		s.write(client.Quote(part))
	}
}

func (s *statement) names(names []string) {
	for i, n := range names {
		if i > 0 {
			s.write(", ")
		}
		s.name(n)
	}
}

// value binds a value.
func (s *statement) value(v any) {
	s.args = append(s.args, v)
	s.write("$", strconv.Itoa(len(s.args)))
}

func (s *statement) values(values []any) {
	for i, v := range values {
		if i > 0 {
			s.write(", ")
		}
		s.value(v)
	}
}

func (s *statement) where(conditions []Condition) {
	for i, c := range conditions {
		s.write([...]string{" WHERE ", " AND "}[min(i, 1)])
		switch {
		case c.operator == "IN" && len(c.values) == 0:
			s.write("FALSE")
		case c.operator == "IN":
			s.name(c.column)
			s.write(" IN (")
			s.values(c.values)
			s.write(")")
		default:
			s.name(c.column)
			s.write(" ", c.operator)
			if len(c.values) > 0 {
				s.write(" ")
				s.value(c.values[0])
			}
		}
	}
}

func (s *statement) sql() (text string, args []any, err error) {
	if s.err != nil {
		return "", nil, s.err
	}
	return s.text.String(), s.args, nil
}
