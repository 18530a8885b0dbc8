package matrix

import (
	goast "go/ast"
	goparser "go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
)

// syntax is what the source of the syntax tree declares.
type syntax struct {
	marked map[string][]string // by marker method (statement, query, tableRef): the types that have it
	fields map[string][]string // by struct: its own fields with names
	shows  []string            // the kinds of SHOW, in the order of their values
}

func readSyntax(t *testing.T) syntax {
	t.Helper()
	root, err := harness.Root()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(root, "engine", "parser", "ast", "*.go"))
	require.NoError(t, err)
	s := syntax{marked: map[string][]string{}, fields: map[string][]string{}}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := goparser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *goast.FuncDecl:
				s.method(d)
			case *goast.GenDecl:
				s.declaration(d)
			}
		}
	}
	require.NotEmpty(t, s.marked["statement"])
	require.NotEmpty(t, s.marked["tableRef"])
	require.NotEmpty(t, s.shows)
	return s
}

func (s *syntax) method(d *goast.FuncDecl) {
	if d.Recv == nil || d.Type.Results != nil {
		return
	}
	if star, ok := d.Recv.List[0].Type.(*goast.StarExpr); ok {
		s.marked[d.Name.Name] = append(s.marked[d.Name.Name], star.X.(*goast.Ident).Name)
	}
}

func (s *syntax) declaration(d *goast.GenDecl) {
	isShow := false
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *goast.TypeSpec:
			if of, ok := spec.Type.(*goast.StructType); ok {
				for _, field := range of.Fields.List {
					for _, name := range field.Names {
						s.fields[spec.Name.Name] = append(s.fields[spec.Name.Name], name.Name)
					}
				}
			}
		case *goast.ValueSpec:
			if of, ok := spec.Type.(*goast.Ident); ok {
				isShow = of.Name == "ShowKind"
			}
			if isShow {
				s.shows = append(s.shows, spec.Names[0].Name)
			}
		}
	}
}

// statementKinds are the types of statements; SHOW counts by what it shows.
func statementKinds(t *testing.T) []string {
	t.Helper()
	s := readSyntax(t)
	kinds := slices.DeleteFunc(slices.Clone(s.marked["statement"]), func(kind string) bool { return kind == "Show" })
	return append(kinds, s.shows...)
}

// checkKind fails for a row that is not about what it says.
func checkKind(t *testing.T, r row) {
	t.Helper()
	require.NotEmpty(t, r.steps, "line %d", r.line)
	last := r.steps[len(r.steps)-1]
	tree, err := parser.Parse(strings.ReplaceAll(last, "{me}", "somebody"))
	require.NoError(t, err, "line %d", r.line)
	kind := reflect.TypeOf(tree).Elem().Name()
	if show, ok := tree.(*ast.Show); ok {
		kind = readSyntax(t).shows[show.Kind]
	}
	require.Equal(t, r.kind(), kind, "line %d is about another kind of statement", r.line)
}

// checkFields fails for a field of a statement, or of what stands in FROM, that no row gives a value: a new clause may
// be a new way to read or change something.
func checkFields(t *testing.T, rows []row) {
	t.Helper()
	set := map[string]bool{}
	for _, r := range rows {
		for _, step := range r.steps {
			tree, err := parser.Parse(strings.ReplaceAll(step, "{me}", "somebody"))
			require.NoError(t, err, "line %d", r.line)
			note(reflect.ValueOf(tree), set)
		}
	}
	s := readSyntax(t)
	for _, kind := range append(s.marked["statement"], s.marked["tableRef"]...) {
		if slices.Contains(s.marked["query"], kind) {
			continue // what a query reads stands in its FROM
		}
		for _, field := range s.fields[kind] {
			require.True(t, set[kind+"."+field],
				"no row of the matrix has a statement with the field %s of ast.%s: add one to testdata/matrix.txt", field, kind)
		}
	}
}

// note puts the fields of a tree that have values into a set.
func note(v reflect.Value, set map[string]bool) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			note(v.Elem(), set)
		}
	case reflect.Slice:
		for i := range v.Len() {
			note(v.Index(i), set)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !v.Field(i).IsZero() {
				set[v.Type().Name()+"."+f.Name] = true
				note(v.Field(i), set)
			}
		}
	default:
	}
}
