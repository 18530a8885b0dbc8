package tidy_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	fileLinesMax = 600
	docLinesMax  = 40
)

var (
	generated  = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	unfinished = regexp.MustCompile(`\b(` + "FIX" + "ME|TO" + "DO|HA" + "CK|X" + `XX)\b`)
)

func TestFilesKeepTheirSize(t *testing.T) {
	root := filepath.Join("..", "..")
	eachGoFile(t, root, func(rel string) {
		src, err := os.ReadFile(filepath.Join(root, rel))
		require.NoError(t, err)
		if generated.Match(src) {
			return
		}
		if n := bytes.Count(src, []byte("\n")); n > fileLinesMax && !strings.HasSuffix(rel, "_test.go") {
			t.Errorf("%s has %d lines, over %d: split it", rel, n, fileLinesMax)
		}
		if n := bytes.Count(src, []byte("\n")); filepath.Base(rel) == "doc.go" && n > docLinesMax {
			t.Errorf("%s has %d lines, over %d", rel, n, docLinesMax)
		}
		if m := unfinished.Find(src); m != nil {
			t.Errorf("%s speaks of unfinished work: %s", rel, m)
		}
	})
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	root := filepath.Join("..", "..")
	documented := map[string]bool{}
	eachGoFile(t, root, func(rel string) {
		if strings.HasSuffix(rel, "_test.go") {
			return
		}
		mode := parser.PackageClauseOnly | parser.ParseComments
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, rel), nil, mode)
		require.NoError(t, err)
		documented[filepath.Dir(rel)] = documented[filepath.Dir(rel)] || f.Doc != nil
	})
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

func TestNoTestIsSkippedSilently(t *testing.T) {
	root := filepath.Join("..", "..")
	eachGoFile(t, root, func(rel string) {
		if !strings.HasSuffix(rel, "_test.go") || strings.HasPrefix(rel, "internal/tidy") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, rel), nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if ok && (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow") {
				t.Errorf("%s skips a test: only e2e/toolchain may, loudly", rel)
			}
			return true
		})
	})
}
