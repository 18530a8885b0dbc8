package bind

import (
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// starColumns is what a star does with columns, and which of that it has done.
type starColumns struct {
	star *ast.Star
	used map[*ast.Name]bool // nil: any of it
}

// find tells whether a column is left out (of is nil) or replaced.
func (s starColumns) find(name string) (of ast.Expr, changed bool) {
	for i := range s.star.Exclude {
		if n := &s.star.Exclude[i]; matches(*n, name) {
			s.used[n], s.used[nil] = true, true
			return nil, true
		}
	}
	for _, r := range s.star.Replace {
		if matches(*r.Alias, name) {
			s.used[r.Alias] = true
			return r.Of, true
		}
	}
	return nil, false
}

// unused is the error for a name that means no column of the star.
func (s starColumns) unused() error {
	var all []*ast.Name
	for i := range s.star.Exclude {
		all = append(all, &s.star.Exclude[i])
	}
	for _, r := range s.star.Replace {
		all = append(all, r.Alias)
	}
	for _, n := range all {
		if !s.used[n] {
			return fail(n, sqlerr.UndefinedColumn, "column %s is not among those of *", n)
		}
	}
	return nil
}
