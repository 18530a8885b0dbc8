package bind

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// version reads which version of a table AS OF VERSION asks for: a constant from 1.
func (b *binder) version(r *ast.Table, t *catalog.Table) (catalog.Sequence, error) {
	if t.Kind == catalog.SystemView {
		return 0, unsupported("AS OF VERSION of a system view", r)
	}
	c := &clause{binder: b, name: "AS OF VERSION", scope: &scope{}}
	of, err := c.expr(r.Version)
	if err != nil {
		return 0, err
	}
	if t := of.Type(); !t.IsInteger() && t.Kind != vector.Unknown {
		return 0, fail(r.Version, sqlerr.DatatypeMismatch, "AS OF VERSION is a whole number, not %s", t)
	}
	if of, err = b.coerce(of, vector.Of(vector.Int64), r.Version); err != nil {
		return 0, err
	}
	if of, err = expr.Fold(of); err != nil {
		return 0, err
	}
	n, constant := of.(expr.Literal)
	if !constant {
		return 0, unsupported("AS OF VERSION of anything but a constant", r.Version)
	}
	if n.Value.Null || n.Value.Int < 1 {
		return 0, fail(r.Version, sqlerr.InvalidParameterValue, "AS OF VERSION is %s; versions are counted from 1", n)
	}
	return catalog.Sequence(n.Value.Int), nil
}
