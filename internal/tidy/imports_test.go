package tidy_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/micodb/micodb/"

// importTable reads the table of ARCHITECTURE.md: package → patterns that it may import.
func importTable(t *testing.T, root string) map[string][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "ARCHITECTURE.md"))
	require.NoError(t, err)
	defer f.Close()
	table := map[string][]string{}
	in := false
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		switch {
		case strings.HasPrefix(line, "| package | may import |"):
			in = true
		case in && !strings.HasPrefix(line, "|"):
			return table
		case in && !strings.HasPrefix(line, "| ---"):
			cells := strings.Split(line, "|")
			table[strings.TrimSpace(cells[1])] = strings.Fields(cells[2])
		}
	}
	return table
}

// row finds the nearest row at or above a package.
func row(table map[string][]string, pkg string) (string, bool) {
	for p := pkg; p != "."; p = filepath.Dir(p) {
		if _, ok := table[p]; ok {
			return p, true
		}
	}
	return "", false
}

func allowed(patterns []string, imported string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if p == "..." {
			return true
		}
		if base, ok := strings.CutSuffix(p, "/..."); ok {
			return imported == base || strings.HasPrefix(imported, base+"/")
		}
		return imported == p
	})
}

// everywhere names what every package may import.
func everywhere(pkg string) bool { return pkg == "internal/sqlerr" || pkg == "internal/limits" }

func TestImportsFollowTheTable(t *testing.T) {
	root := filepath.Join("..", "..")
	table := importTable(t, root)
	require.NotEmpty(t, table)
	seen := map[string]bool{}
	eachGoFile(t, root, func(rel string) {
		if strings.HasSuffix(rel, "_test.go") {
			return
		}
		pkg := filepath.Dir(rel)
		r, ok := row(table, pkg)
		if !ok {
			t.Errorf("%s: package %s has no row in ARCHITECTURE.md", rel, pkg)
			return
		}
		seen[r] = true
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, rel), nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			imported, ours := strings.CutPrefix(path, module)
			if !ours || everywhere(imported) || imported == r || allowed(table[r], imported) {
				continue
			}
			t.Errorf("%s imports %s, which ARCHITECTURE.md does not allow to %s", rel, imported, r)
		}
	})
	for pkg := range table {
		if pkg == "e2e" || pkg == "internal/tidy" { // tests alone
			continue
		}
		if _, err := os.Stat(filepath.Join(root, pkg)); err == nil && !seen[pkg] {
			t.Errorf("ARCHITECTURE.md has a row for %s, which holds no code", pkg)
		}
	}
}

var notOurs = []string{"testdata", "tools", "bin", "data"}

func eachGoFile(t *testing.T, root string, f func(rel string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(name, ".") || slices.Contains(notOurs, name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") {
			f(rel)
		}
		return nil
	})
	require.NoError(t, err)
}
