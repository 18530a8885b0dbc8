package ast

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Format returns a tree as compact text: (Type field=value …), without positions and without what is empty.
// It reads the nodes by reflection, so that no field is ever left out.
func Format(n Node) string {
	var b strings.Builder
	format(&b, reflect.ValueOf(n))
	return b.String()
}

func format(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		format(b, v.Elem())
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			format(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	case reflect.Struct:
		formatStruct(b, v)
	default:
		fmt.Fprintf(b, "%v", v.Interface())
	}
}

func formatStruct(b *strings.Builder, v reflect.Value) {
	switch n := v.Interface().(type) {
	case Name:
		b.WriteString(n.String())
		return
	case ObjectName:
		b.WriteString(n.String())
		return
	case Column:
		b.WriteString(ObjectName(n).String())
		return
	case Literal:
		b.WriteString((&n).String())
		return
	}
	b.WriteString("(" + v.Type().Name())
	formatFields(b, v)
	b.WriteByte(')')
}

func formatFields(b *strings.Builder, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch {
		case field.Name == "At" || empty(v.Field(i)) && field.Name != "Op" && field.Name != "Kind":
		case field.Anonymous:
			formatFields(b, v.Field(i))
		case v.Field(i).Kind() == reflect.Bool:
			b.WriteString(" " + field.Name)
		default:
			b.WriteString(" " + field.Name + "=")
			format(b, v.Field(i))
		}
	}
}

func empty(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// String returns the constant as SQL writes it.
func (l *Literal) String() string {
	quoted := "'" + strings.ReplaceAll(l.Text, "'", "''") + "'"
	switch l.Kind {
	case NullLiteral:
		return "NULL"
	case StringLiteral:
		return quoted
	case HexLiteral:
		return "X" + quoted
	case DateLiteral:
		return "DATE " + quoted
	case TimeLiteral:
		return "TIME " + quoted
	case TimestampLiteral:
		return "TIMESTAMP " + quoted
	case TimestampTZLiteral:
		return "TIMESTAMPTZ " + quoted
	default:
		return l.Text
	}
}

// String returns the operator as SQL writes it.
func (o UnaryOp) String() string { return [...]string{"-", "+", "NOT", "~"}[o] }

// String returns the operator as SQL writes it.
func (o BinaryOp) String() string {
	return [...]string{
		"AND", "OR", "=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM",
		"+", "-", "*", "/", "DIV", "%", "||", "&", "|", "^", "<<", ">>", "->", "->>",
	}[o]
}

// String returns the operator as SQL writes it.
func (o SetOp) String() string { return [...]string{"UNION", "INTERSECT", "EXCEPT"}[o] }

// String returns the join as SQL writes it.
func (k JoinKind) String() string {
	return [...]string{"INNER", "LEFT", "RIGHT", "FULL", "CROSS", "SEMI", "ANTI"}[k]
}

// String returns the order as SQL writes it.
func (n NullOrder) String() string { return [...]string{"", "FIRST", "LAST"}[n] }

// String returns what is tested for, as SQL writes it.
func (w IsWhat) String() string { return [...]string{"NULL", "TRUE", "FALSE", "UNKNOWN"}[w] }

// String returns the construct as SQL writes it.
func (k GroupingKind) String() string { return [...]string{"GROUPING SETS", "ROLLUP", "CUBE"}[k] }

// String returns the unit as SQL writes it.
func (u FrameUnit) String() string { return [...]string{"ROWS", "RANGE", "GROUPS"}[u] }

// String returns the bound as SQL writes it.
func (k BoundKind) String() string {
	return [...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[k]
}

// String returns the constraint as SQL writes it.
func (k ConstraintKind) String() string {
	return [...]string{"PRIMARY KEY", "UNIQUE", "CHECK", "FOREIGN KEY"}[k]
}

// String returns what is shown, as SQL writes it.
func (k ShowKind) String() string {
	return [...]string{
		"TABLES", "DATABASES", "COLUMNS", "CREATE TABLE", "CREATE VIEW", "SETTING", "ALL", "FUNCTIONS", "USERS",
		"GRANTS", "QUERIES", "API KEYS", "ROLES", "SESSIONS", "TOKENS",
	}[k]
}

// String returns the level as SQL writes it.
func (l PrivilegeLevel) String() string { return [...]string{"TABLE", "DATABASE", "*.*"}[l] }
