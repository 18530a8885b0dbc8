package parser_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

func parseSelect(t *testing.T, sql string) *ast.Select {
	t.Helper()
	s, err := parser.Parse(sql)
	require.NoError(t, err, sql)
	q, ok := s.(*ast.Select)
	require.True(t, ok, sql)
	return q
}

func TestPositions(t *testing.T) {
	q := parseSelect(t, "SELECT a,\n  'é' || tbl.größe AS x, sum(y)\nFROM db.t AS u\nWHERE  z IN (1, ?)")
	at := func(n ast.Node, line, column int) {
		t.Helper()
		require.Equal(t, sqlerr.Position{Line: line, Column: column}, n.Position())
	}
	at(q, 1, 1)
	at(q.Items[0].Of, 1, 8)
	concat := q.Items[1].Of.(*ast.Binary)
	at(concat.Left, 2, 3)
	at(concat.Right, 2, 10)
	at(concat.Right.(*ast.Column).Parts[1], 2, 14)
	at(q.Items[1].Alias, 2, 23)
	at(q.Items[2].Of, 2, 26)
	at(q.Items[2].Of.(*ast.Call).Args[0], 2, 30)
	table := q.From[0].(*ast.Table)
	at(table, 3, 6)
	at(table.Name.Parts[1], 3, 9)
	at(table.Alias, 3, 14)
	in := q.Where.(*ast.In)
	at(in, 4, 8)
	at(in.List[1], 4, 17)
}

func TestSpellingIsKept(t *testing.T) {
	q := parseSelect(t, "SELECT MixedCase, \"Quoted\" FROM `T`")
	require.Equal(t, "MixedCase", q.Items[0].Of.(*ast.Column).Parts[0].Text)
	require.False(t, q.Items[0].Of.(*ast.Column).Parts[0].Quoted)
	require.True(t, q.Items[1].Of.(*ast.Column).Parts[0].Quoted)
	require.True(t, q.From[0].(*ast.Table).Name.Last().Quoted)
}

// Markers are numbers of tokens: whatever a user writes in their form stays what it is.
func TestMarkersCannotBeForged(t *testing.T) {
	q := parseSelect(t, "SELECT `0`, \"1\", '2', `:v3` FROM `0`.`/*0*/`")
	for i, want := range []string{"0", "1"} {
		name := q.Items[i].Of.(*ast.Column).Parts[0]
		require.Equal(t, want, name.Text)
		require.True(t, name.Quoted)
	}
	require.Equal(t, ast.StringLiteral, q.Items[2].Of.(*ast.Literal).Kind)
	require.Equal(t, ":v3", q.Items[3].Of.(*ast.Column).Parts[0].Text)
	require.Equal(t, "/*0*/", q.From[0].(*ast.Table).Name.Parts[1].Text)
}

func TestSplit(t *testing.T) {
	statements, err := parser.Split(" SELECT 1; ;; SELECT ';' -- a; b\n, \";\" /* ; */ ;\nSELECT $$;$$, $t$ ; $t$, `;`")
	require.NoError(t, err)
	require.Equal(t, []string{
		"SELECT 1", "SELECT ';' -- a; b\n, \";\"", "SELECT $$;$$, $t$ ; $t$, `;`",
	}, statements)
	statements, err = parser.Split(" -- nothing\n ; ")
	require.NoError(t, err)
	require.Empty(t, statements)
	_, err = parser.Split("SELECT 1; SELECT 'open")
	require.Equal(t, sqlerr.SyntaxError, sqlerr.CodeOf(err))
}

func TestLimits(t *testing.T) {
	nest := func(open, inner, closing string, n int) string {
		return "SELECT " + strings.Repeat(open, n) + inner + strings.Repeat(closing, n)
	}
	for name, sql := range map[string]string{
		"brackets":  nest("(", "1", ")", 1000),
		"queries":   nest("(SELECT ", "1", ")", 101),
		"cases":     nest("CASE WHEN 1 THEN ", "1", " END", 101),
		"calls":     nest("f(", "1", ")", 101),
		"arrays":    nest("[", "1", "]", 101),
		"not":       nest("NOT ", "a", "", 101),
		"minus":     nest("- ", "a", "", 101),
		"chain":     nest("a + ", "1", "", 6000),
		"or":        nest("a OR ", "b", "", 6000),
		"unions":    nest("1 UNION SELECT ", "1", "", 6000),
		"joins":     "SELECT 1 FROM a" + strings.Repeat(" CROSS JOIN b", 6000),
		"casts":     nest("", "a", "::INT", 6000),
		"length":    "SELECT '" + strings.Repeat("x", 16<<20) + "'",
		"parameter": "SELECT $99999",
		"tokens":    "SELECT 1" + strings.Repeat(",1", 1<<20),
	} {
		_, err := parser.Parse(sql)
		require.Equal(t, sqlerr.ProgramLimitExceeded, sqlerr.CodeOf(err), "%s: %v", name, err)
	}
	for name, sql := range map[string]string{
		"brackets": nest("(", "1", ")", 90),
		"queries":  nest("(SELECT ", "1", ")", 90),
		"cases":    nest("CASE WHEN 1 THEN ", "1", " END", 90),
		"arrays":   nest("[", "1", "]", 90),
		"chain":    nest("a + ", "1", "", 4000),
		"values":   "INSERT INTO t VALUES (1, 'x')" + strings.Repeat(", (2, 'y')", 10_000),
		"in":       "SELECT a IN (1" + strings.Repeat(", 2", 10_000) + ")",
	} {
		_, err := parser.Parse(sql)
		require.NoError(t, err, name)
	}
}

// FuzzParse holds Parse to errors that are the user's: no panic and no internal error.
func FuzzParse(f *testing.F) {
	for _, query := range tpch(f) {
		f.Add(query)
	}
	for _, sql := range seeds(f) {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		s, err := parser.Parse(sql)
		if err != nil {
			require.NotEqual(t, sqlerr.InternalError, sqlerr.CodeOf(err), err)
			return
		}
		require.NotEmpty(t, ast.Format(s))
		parts, err := parser.Split(sql)
		require.NoError(t, err)
		require.Len(t, parts, 1)
	})
}
