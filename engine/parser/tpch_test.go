package parser_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
)

// tpch returns the texts of the TPC-H queries, with the parameters that the standard validates with.
func tpch(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/tpch/q*.sql")
	require.NoError(tb, err)
	require.Len(tb, files, 22)
	queries := make([]string, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(tb, err)
		queries[i] = string(text)
	}
	return queries
}

func TestTPCHParses(t *testing.T) {
	for _, query := range tpch(t) {
		s, err := parser.Parse(query)
		require.NoError(t, err, query)
		require.IsType(t, &ast.Select{}, s)
		require.NotEmpty(t, s.(*ast.Select).From)
	}
}

func BenchmarkInsert(b *testing.B) {
	query := "INSERT INTO t VALUES (1, 'abc', 2.5, NULL)" + strings.Repeat(", (1, 'abc', -2.5, DATE '2020-01-01')", 999)
	b.SetBytes(int64(len(query)))
	for b.Loop() {
		if _, err := parser.Parse(query); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTPCH(b *testing.B) {
	queries := tpch(b)
	for b.Loop() {
		for _, query := range queries {
			if _, err := parser.Parse(query); err != nil {
				b.Fatal(err)
			}
		}
	}
}
