package bind

import (
	"path"
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// FileTable is a call in FROM that reads files of the server.
type FileTable struct {
	Function string         // as it was written
	Format   string         // of the files: parquet, csv or ndjson
	Files    []*ast.Literal // names or patterns, at least one
	Options  []ast.Option
}

// fileFormat returns what a table function reads files of, or nothing.
func fileFormat(function string) string {
	switch catalog.FoldName(function) {
	case "read_parquet", "parquet_scan":
		return "parquet"
	case "read_csv", "read_csv_auto":
		return "csv"
	case "read_json", "read_json_auto", "read_ndjson", "read_ndjson_auto":
		return "ndjson"
	default:
		return ""
	}
}

// fileTable binds a call that reads files: the table that they are, with a name of its own.
func (b *binder) fileTable(r *ast.TableFunction, format string, qc queryContext) (plan.Node, *scope, error) {
	call := FileTable{Function: catalog.FoldName(r.Name.Last().Text), Format: format}
	for i, arg := range r.Args {
		if i == 0 {
			call.Files = fileNames(arg)
			continue
		}
		option, ok := namedArgument(arg)
		if !ok {
			return nil, nil, at(sqlerr.New(sqlerr.SyntaxError, "%s takes one file, and options", call.Function).
				WithHint("write options as name = value, and several files as a list: ['a', 'b']"), arg)
		}
		call.Options = append(call.Options, option)
	}
	if len(call.Files) == 0 {
		return nil, nil, fail(r, sqlerr.SyntaxError, "%s needs the name of a file in quotes, or a list of such",
			call.Function)
	}
	b.need(ReadFiles, "", "")
	t, err := b.source.files(call)
	if err != nil {
		return nil, nil, at(err, r)
	}
	n := &plan.Scan{Table: t, Alias: fileAlias(call.Files[0].Text)}
	if r.Alias != nil {
		n.Alias = r.Alias.Name.Text
	}
	for i := range t.Columns {
		n.Columns = append(n.Columns, i)
	}
	n = plan.NewScan(*n)
	s := scopeOf(n, qc.outer)
	if r.Alias != nil {
		if err := rename(s, r.Alias); err != nil {
			return nil, nil, err
		}
	}
	return n, s, nil
}

// fileNames returns the names that an argument is, or nothing.
func fileNames(arg ast.Expr) []*ast.Literal {
	if list, ok := arg.(*ast.Array); ok {
		var all []*ast.Literal
		for _, of := range list.Members {
			one := fileNames(of)
			if len(one) != 1 {
				return nil
			}
			all = append(all, one[0])
		}
		return all
	}
	if l, ok := arg.(*ast.Literal); ok && l.Kind == ast.StringLiteral {
		return []*ast.Literal{l}
	}
	return nil
}

// namedArgument reads name = value.
func namedArgument(arg ast.Expr) (ast.Option, bool) {
	e, ok := arg.(*ast.Binary)
	if !ok || e.Op != ast.Equal {
		return ast.Option{}, false
	}
	name, ok := e.Left.(*ast.Column)
	if !ok || len(name.Parts) != 1 {
		return ast.Option{}, false
	}
	return ast.Option{At: e.At, Name: name.Parts[0], Value: e.Right}, true
}

// fileAlias is what the table of a file is called: its name without directories and endings.
func fileAlias(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".")
	return name
}
