package parser_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden parses the statements of testdata/*.golden. A file holds cases between empty lines: a statement,
// a line of four dashes, and the tree or the error. Lines that begin with # are comments.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var out bytes.Buffer
	for block := range strings.SplitSeq(strings.TrimSpace(string(content)), "\n\n") {
		if strings.HasPrefix(block, "# ") && !strings.Contains(block, "\n") {
			out.WriteString(block + "\n\n")
			continue
		}
		sql, want, _ := strings.Cut(block, "\n----\n")
		sql = strings.TrimSuffix(sql, "\n----")
		got := outcome(sql)
		fmt.Fprintf(&out, "%s\n----\n%s\n\n", sql, got)
		if !*update {
			require.Equal(t, want, got, sql)
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(file, bytes.TrimSuffix(out.Bytes(), []byte("\n")), 0o600))
	}
}

// outcome returns the tree of a statement or its error.
func outcome(sql string) string {
	s, err := parser.Parse(sql)
	if err == nil {
		return ast.Format(s)
	}
	var e *sqlerr.Error
	if !errors.As(err, &e) {
		return "not an sqlerr.Error: " + err.Error()
	}
	return fmt.Sprintf("error %s: %s", e.Code, e.Error())
}

// seeds returns the statements of the golden files.
func seeds(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.golden")
	require.NoError(tb, err)
	var list []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(tb, err)
		for block := range strings.SplitSeq(string(content), "\n\n") {
			if sql, _, ok := strings.Cut(block, "\n----\n"); ok {
				list = append(list, sql)
			}
		}
	}
	return list
}
