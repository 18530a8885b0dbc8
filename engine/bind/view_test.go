package bind_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/catalog/catalogtest"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// viewOf is a view in main of one column, x.
func viewOf(name, text string) *catalog.Table {
	v := catalogtest.Table("main", name, catalogtest.Column("x", vector.Of(vector.Int32)))
	v.Kind, v.Query = catalog.View, &catalog.ViewQuery{Text: text, Database: "main"}
	return v
}

func bindOver(t *testing.T, sql string, tables ...*catalog.Table) (*bind.Bound, *sqlerr.Error) {
	t.Helper()
	env := environment()
	env.Snapshot = catalogtest.Of(append(tables,
		catalogtest.Table("main", "t", catalogtest.Column("x", vector.Of(vector.Int32))))...)
	stmt, err := parser.Parse(sql)
	require.NoError(t, err)
	bound, err := bind.Bind(t.Context(), env, stmt)
	return bound, sqlerr.From(err)
}

// TestCyclesOfViewsAreFound: two transactions may make one together, each of which saw none.
func TestCyclesOfViewsAreFound(t *testing.T) {
	_, err := bindOver(t, "SELECT 1,\n x FROM B", viewOf("a", "SELECT x FROM main.B"), viewOf("b", "SELECT x FROM a"))
	require.Equal(t, sqlerr.InvalidDefinition, err.Code)
	require.Equal(t, "view main.b: view main.a: view main.b: it reads itself", err.Message)
	require.Equal(t, sqlerr.Position{Line: 2, Column: 9}, *err.Position)
}

func TestViewsHaveLimits(t *testing.T) {
	chain := []*catalog.Table{viewOf("v0", "SELECT x FROM t")}
	for i := range limits.ViewDepth {
		chain = append(chain, viewOf(fmt.Sprintf("v%d", i+1), fmt.Sprintf("SELECT x FROM v%d", i)))
	}
	bound, err := bindOver(t, fmt.Sprintf("SELECT x FROM v%d", limits.ViewDepth-1), chain...)
	require.Nil(t, err)
	require.Len(t, bound.Views, limits.ViewDepth)
	_, err = bindOver(t, fmt.Sprintf("SELECT x FROM v%d", limits.ViewDepth), chain...)
	require.Equal(t, sqlerr.ProgramLimitExceeded, err.Code)
	require.Contains(t, err.Message, "32 deep")

	// Each level reads the one below twice.
	doubled := []*catalog.Table{viewOf("v0", "SELECT x FROM t")}
	for i := range 20 {
		text := fmt.Sprintf("SELECT a.x FROM v%d a, v%d b", i, i)
		doubled = append(doubled, viewOf(fmt.Sprintf("v%d", i+1), text))
	}
	_, err = bindOver(t, "SELECT x FROM v20", doubled...)
	require.Equal(t, sqlerr.ProgramLimitExceeded, err.Code)
	require.Contains(t, err.Message, "more than 1000 times")
}

func TestAccessTellsTheView(t *testing.T) {
	bound, err := bindOver(t, "SELECT w.x FROM w, t", viewOf("v", "SELECT x FROM t"), viewOf("w", "SELECT x FROM v"))
	require.Nil(t, err)
	require.Equal(t, []bind.Access{
		{Privilege: bind.Read, Database: "main", Table: "w"},
		{Privilege: bind.Read, Database: "main", Table: "v", View: "main.w"},
		{Privilege: bind.Read, Database: "main", Table: "t", View: "main.v"},
		{Privilege: bind.Read, Database: "main", Table: "t"},
	}, bound.Access)
	require.True(t, bound.ReadOnly)
	require.False(t, bound.HoldsNow)

	bound, err = bindOver(t, "SELECT x FROM v", viewOf("v", "SELECT CASE WHEN now() IS NULL THEN 1 END AS x"))
	require.Nil(t, err)
	require.True(t, bound.HoldsNow, "a plan with the time in it is nobody else's")
	_, err = bindOver(t, "SELECT x FROM v WHERE x = ?", viewOf("v", "SELECT ? AS x"))
	require.Equal(t, sqlerr.UndefinedParameter, err.Code)
}

func TestCreateViewNeedsWhatItReads(t *testing.T) {
	bound, err := bindOver(t, "CREATE OR REPLACE VIEW v AS SELECT x FROM t", viewOf("v", "SELECT 1 AS x"))
	require.Nil(t, err)
	require.Equal(t, []bind.Access{
		{Privilege: bind.CreateTable, Database: "main", Table: "v"},
		{Privilege: bind.DropTable, Database: "main", Table: "v"},
		{Privilege: bind.Read, Database: "main", Table: "t"},
	}, bound.Access)
	require.False(t, bound.ReadOnly)
}
