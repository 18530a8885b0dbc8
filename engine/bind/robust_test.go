package bind_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// TestEveryStatementBindsOrSaysWhyNot binds all that the parser's own tests parse: whatever parses gets a plan that the
// rules accept, or an error that is the user's, with a place in the text.
func TestEveryStatementBindsOrSaysWhyNot(t *testing.T) {
	files, err := filepath.Glob("../parser/testdata/*.golden")
	require.NoError(t, err)
	parsed := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for block := range strings.SplitSeq(string(raw), "\n\n") {
			sql, _, _ := strings.Cut(block, "\n----")
			stmt, err := parser.Parse(sql)
			if err != nil {
				continue
			}
			parsed++
			bindsOrSaysWhyNot(t, sql, stmt)
		}
	}
	require.Greater(t, parsed, 100)
}

func bindsOrSaysWhyNot(t *testing.T, sql string, stmt ast.Statement) {
	t.Helper()
	b, err := bind.Bind(t.Context(), environment(), stmt)
	if err != nil {
		e := sqlerr.From(err)
		require.NotEqual(t, sqlerr.InternalError, e.Code, "%s\n%v", sql, e)
		require.NotNil(t, e.Position, "%s\n%v", sql, e)
		return
	}
	_, err = optimize.Optimize(b.Plan)
	require.NoError(t, err, sql)
}

func TestLongChainsBind(t *testing.T) {
	const n = 20_000
	for _, sql := range []string{
		"select 1 from types where " + strings.Repeat("i32 = 1 or ", n) + "b",
		"select 1 from types where " + strings.Repeat("i32 > 1 and ", n) + "b",
		"select 1 from types where i32 in (1" + strings.Repeat(", 2", n) + ")",
	} {
		stmt, err := parser.Parse(sql)
		if err != nil {
			require.Equal(t, sqlerr.ProgramLimitExceeded, sqlerr.CodeOf(err), "%s…: %v", sql[:60], err)
			continue
		}
		bindsOrSaysWhyNot(t, sql[:60], stmt)
	}
}

// TestNestedCommonTablesEnd binds tables of WITH each of which uses the one before twice.
func TestNestedCommonTablesEnd(t *testing.T) {
	sql := "with t0 as (select 1 as a)"
	for i := range 40 {
		sql += fmt.Sprintf(", t%d as (select x.a from t%d as x, t%d as y)", i+1, i, i)
	}
	stmt, err := parser.Parse(sql + " select * from t40")
	require.NoError(t, err)
	_, err = bind.Bind(t.Context(), environment(), stmt)
	require.Equal(t, sqlerr.ProgramLimitExceeded, sqlerr.CodeOf(err))
}
