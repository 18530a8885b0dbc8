package bind

import (
	"fmt"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// structType reads STRUCT(a INTEGER, b TEXT).
func structType(n ast.TypeName) (vector.Type, error) {
	var names []string
	var types []vector.Type
	seen := map[string]bool{}
	for _, m := range n.Members {
		t, err := typeOf(m.Type)
		if err != nil {
			return t, err
		}
		if folded := catalog.FoldName(m.Name.Text); seen[folded] {
			return t, fail(n, sqlerr.DuplicateColumn, "the STRUCT has two members %s", m.Name)
		}
		seen[catalog.FoldName(m.Name.Text)] = true
		names, types = append(names, m.Name.Text), append(types, t)
	}
	return vector.StructOf(names, types), nil
}

// settled gives members of which nothing is told but NULL a type: VARCHAR.
func settled(t vector.Type) vector.Type {
	if t.Kind == vector.Unknown {
		return vector.Of(vector.Text)
	}
	if !t.IsNested() {
		return t
	}
	fields := make([]vector.Field, len(t.Fields))
	for i, f := range t.Fields {
		fields[i] = vector.Field{Name: f.Name, Type: settled(f.Type), Nullable: f.Nullable}
	}
	t.Fields = fields
	return t
}

// array binds [a, b]: the list of its members' common type.
func (c *clause) array(e *ast.Array) (expr.Expr, error) {
	if len(e.Members) == 0 {
		return expr.Literal{Value: vector.PackedOf(vector.ListOf(unknown()), nil)}, nil
	}
	members, err := c.exprs(e.Members)
	if err != nil {
		return nil, err
	}
	return c.listOf(members, nodes(e.Members), e)
}

func nodes(es []ast.Expr) []ast.Node {
	out := make([]ast.Node, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// listOf is list_value, whose text literals are read as the other members' type.
func (c *clause) listOf(members []expr.Expr, places []ast.Node, place ast.Node) (expr.Expr, error) {
	known := false
	for _, m := range members {
		known = known || m.Type().Kind != vector.Unknown
	}
	if known {
		var err error
		if members, err = c.sameType(members, places, "the members of a list", place); err != nil {
			return nil, err
		}
	}
	out, err := c.callFunction(function.ListValue, members, places, place)
	if err != nil {
		return nil, err
	}
	return constant(out, members...), nil
}

// structOf binds {'a': x} and ROW(x), whose members are named f1, f2 and so on.
func (c *clause) structOf(names []string, members []ast.Expr, place ast.Node) (expr.Expr, error) {
	of, err := c.exprs(members)
	if err != nil {
		return nil, err
	}
	types, seen := make([]vector.Type, len(of)), map[string]bool{}
	for i := range of {
		types[i] = of[i].Type()
		if len(names) == i {
			names = append(names, fmt.Sprintf("%s%d", expr.RowMember, i+1))
		}
		if folded := catalog.FoldName(names[i]); seen[folded] {
			return nil, fail(place, sqlerr.DuplicateColumn, "the struct has two members %s", names[i])
		}
		seen[catalog.FoldName(names[i])] = true
	}
	return constant(function.StructOf(vector.StructOf(names, types), of), of...), nil
}

// index binds list[i], list[from:to] and struct['member'].
func (c *clause) index(e *ast.Index) (expr.Expr, error) {
	of, err := c.expr(e.Of)
	if err != nil {
		return nil, err
	}
	if of.Type().Kind == vector.Struct && !e.Slice {
		name, ok := e.Subscript.(*ast.Literal)
		if !ok || name.Kind != ast.StringLiteral {
			return nil, fail(e, sqlerr.SyntaxError, "a struct's subscript is the name of a member, as a string")
		}
		return c.member(of, name.Text, e)
	}
	if k := of.Type().Kind; k != vector.List && k != vector.Unknown {
		return nil, fail(e, sqlerr.UndefinedFunction, "%s has no subscripts", of.Type())
	}
	if !e.Slice {
		i, err := c.expr(e.Subscript)
		if err != nil {
			return nil, err
		}
		out, err := c.callFunction(function.ListExtract, []expr.Expr{of, i}, []ast.Node{e.Of, e.Subscript}, e)
		return foldedCall(out, of, i), err
	}
	ends := []expr.Expr{
		expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), 1)},
		expr.Literal{Value: vector.IntOf(vector.Of(vector.Int64), -1)},
	}
	for i, end := range []ast.Expr{e.Subscript, e.To} {
		if end != nil {
			if ends[i], err = c.expr(end); err != nil {
				return nil, err
			}
		}
	}
	args := []expr.Expr{of, ends[0], ends[1]}
	out, err := c.callFunction(function.ListSlice, args, []ast.Node{e.Of, e, e}, e)
	return foldedCall(out, args...), err
}

func foldedCall(e expr.Expr, args ...expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	return constant(e, args...)
}

// member reads a struct's member by its name, without case.
func (*clause) member(of expr.Expr, name string, place ast.Node) (expr.Expr, error) {
	var names []string
	for i, f := range of.Type().Fields {
		if catalog.FoldName(f.Name) == catalog.FoldName(name) {
			return constant(function.MemberOf(of, i), of), nil
		}
		names = append(names, f.Name)
	}
	e := sqlerr.New(sqlerr.UndefinedColumn, "%s has no member %s", of.Type(), name)
	return nil, at(suggest(e, name, names), place)
}

// structMember reads a.b.c as the member of a struct where no table is meant; nil when there is no such column.
func (c *clause) structMember(n *ast.Column) (expr.Expr, error) {
	for k := len(n.Parts) - 1; k > 0; k-- {
		found, err := c.scope.find(&ast.Column{At: n.At, Parts: n.Parts[:k]})
		if err != nil {
			return nil, err
		}
		if found == nil || found.Type.Kind != vector.Struct {
			continue
		}
		of, err := c.column(&ast.Column{At: n.At, Parts: n.Parts[:k]})
		for _, name := range n.Parts[k:] {
			if err != nil {
				return nil, err
			}
			if of.Type().Kind != vector.Struct {
				return nil, fail(n, sqlerr.UndefinedColumn, "%s is %s, which has no member %s", of, of.Type(), name)
			}
			of, err = c.member(of, name.Text, n)
		}
		return of, err
	}
	return nil, nil //nolint:nilnil // no member is an answer: enclosing queries are asked next
}

// structExtract is struct_extract(s, 'member').
func (c *clause) structExtract(args []expr.Expr, place ast.Node) (expr.Expr, error) {
	if len(args) == 2 && args[0].Type().Kind == vector.Struct && textLiteral(args[1]) {
		l, _ := args[1].(expr.Literal)
		return c.member(args[0], l.Value.Bytes, place)
	}
	return nil, fail(place, sqlerr.UndefinedFunction, "struct_extract takes a struct and a member's name, a constant")
}
