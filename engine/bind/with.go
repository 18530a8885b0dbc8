package bind

import (
	"fmt"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// inlinedMax bounds how often common tables are bound: each use of one that uses another twice doubles the work.
const inlinedMax = 1000

// commonTables is a list of the tables of WITH that a query sees, the nearest first.
type commonTables struct {
	table     *ast.CommonTable
	before    *commonTables // what the table's own query sees
	outer     *scope
	recursive bool
	uses      int
	self      *recursion // of a recursive table inside its own query; nil: it is none
}

// find returns the nearest table of a name.
func (w *commonTables) find(n ast.Name) *commonTables {
	for ; w != nil; w = w.before {
		if matches(n, w.table.Name.Text) {
			return w
		}
	}
	return nil
}

// withTables adds the tables of WITH to what a query sees. The function it returns is to be called after the query
// was bound: it binds the tables that were not used, so that an error in one is found.
func (b *binder) withTables(w *ast.With, qc *queryContext) (unused func() error, err error) {
	if w == nil {
		return func() error { return nil }, nil
	}
	var own []*commonTables
	for i := range w.Tables {
		t := &w.Tables[i]
		for _, o := range own {
			if matches(t.Name, o.table.Name.Text) {
				return nil, fail(t, sqlerr.DuplicateObject, "WITH defines %s twice", t.Name)
			}
		}
		qc.with = &commonTables{table: t, before: qc.with, outer: qc.outer, recursive: w.Recursive}
		own = append(own, qc.with)
	}
	return func() error {
		for _, o := range own {
			if o.uses > 0 {
				continue
			}
			if _, err := b.commonTable(o); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// commonTable binds one use of a common table.
func (b *binder) commonTable(w *commonTables) (plan.Node, error) {
	w.uses++
	if b.inlined++; b.inlined > inlinedMax {
		return nil, fail(w.table, sqlerr.ProgramLimitExceeded,
			"the tables of WITH are used more than %d times", inlinedMax)
	}
	if w.recursive {
		return b.recursiveTable(w)
	}
	return b.query(w.table.Query, queryContext{with: w.before, outer: w.outer})
}

// columnName is the name of a column that has none, from 0.
func columnName(i int) string { return fmt.Sprintf("column%d", i+1) }
