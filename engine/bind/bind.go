package bind

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Environment is what the meaning of a statement depends on beside its text.
type Environment struct {
	// Snapshot is where names are looked up. Names that it hides from the user are unknown, and never suggested.
	Snapshot     catalog.Snapshot
	Database     string // of unqualified names
	Functions    *function.Registry
	Setting      func(name string) (string, bool) // for SHOW
	SettingNames []string                         // for SHOW ALL, and to suggest
	User         string
	Now          catalog.Timestamp // of the transaction
	Version      catalog.Sequence  // that the transaction reads
	Limits       limits.Statement  // for the queries of views

	// Files finds out what files of the server hold; nil where there are none.
	Files func(ctx context.Context, f FileTable) (*catalog.Table, error)
}

// Bound is a statement with its meaning.
type Bound struct {
	Plan       plan.Node
	Parameters []vector.Type // what each parameter is cast to, from $1
	Access     []Access
	Views      []*catalog.Table // whose queries are part of the plan
	ReadOnly   bool             // whether it changes nothing
	HoldsNow   bool             // whether Environment.Now or Version is in the plan: another transaction binds it anew
}

// Access is a privilege that the statement needs.
type Access struct {
	Privilege Privilege
	Database  string
	Table     string // empty: of the database
	View      string // through which the statement comes to it; empty: it names it itself
}

// Privilege is a kind of access.
type Privilege uint8

// The privileges.
const (
	Read Privilege = iota
	Insert
	Delete
	Update
	CreateTable
	DropTable
	CreateDatabase
	DropDatabase
	ReadFiles // of the server; of no database and no table
	AlterTable
)

// String returns the privilege as GRANT names it.
func (p Privilege) String() string {
	return [...]string{
		"SELECT", "INSERT", "DELETE", "UPDATE", "CREATE TABLE", "DROP TABLE", "CREATE DATABASE",
		"DROP DATABASE", "ACCESS FILES", "ALTER",
	}[p]
}

// Bind gives a statement its meaning. Transactions, settings, USE and users are the session's: 0A000 here.
func Bind(ctx context.Context, env Environment, stmt ast.Statement) (*Bound, error) {
	b := newBinder(ctx, env)
	n, readOnly, err := b.statement(stmt) //nolint:contextcheck // parsing a view never waits
	if err != nil {
		return nil, err
	}
	n, err = b.finishParameters(n)
	if err != nil {
		return nil, err
	}
	if err := plan.Check(n); err != nil {
		return nil, err
	}
	return &Bound{
		Plan: n, Parameters: b.parameters, Access: b.accesses, Views: b.views, ReadOnly: readOnly, HoldsNow: b.holdsNow,
	}, nil
}

func newBinder(ctx context.Context, env Environment) *binder {
	if env.Limits == (limits.Statement{}) {
		env.Limits = limits.Defaults().Statement
	}
	return &binder{
		env:    env,
		access: map[Access]bool{},
		source: source{
			table:     func(n catalog.TableName) (*catalog.Table, error) { return env.Snapshot.Table(ctx, n) },
			tables:    func(db string) ([]catalog.TableName, error) { return env.Snapshot.Tables(ctx, db) },
			databases: func() ([]catalog.Database, error) { return env.Snapshot.Databases(ctx) },
			files: func(f FileTable) (*catalog.Table, error) {
				if env.Files == nil {
					return nil, sqlerr.NotSupported("a file in FROM")
				}
				return env.Files(ctx, f)
			},
		},
	}
}

// binder is the state of binding one statement.
type binder struct {
	env        Environment
	source     source
	parameters []vector.Type // Unknown until a place tells
	accesses   []Access      // in the order of first need
	access     map[Access]bool
	variables  int          // so far, of subqueries that read rows of enclosing queries
	recursions int          // so far, of recursive tables
	recursing  []*recursion // whose query is being bound, the outermost first
	inlined    int          // uses of common tables and of views so far
	views      []*catalog.Table
	through    string              // the view whose query is being bound; empty: none
	inside     []catalog.TableName // the views whose query is being bound, folded, the outermost first
	holdsNow   bool                // see Bound
}

// source reads the catalog under the statement's context.
type source struct {
	table     func(catalog.TableName) (*catalog.Table, error)
	tables    func(database string) ([]catalog.TableName, error)
	databases func() ([]catalog.Database, error)
	files     func(FileTable) (*catalog.Table, error)
}

// need notes a privilege.
func (b *binder) need(p Privilege, database, table string) {
	a := Access{Privilege: p, Database: database, Table: table, View: b.through}
	if !b.access[a] {
		b.access[a] = true
		b.accesses = append(b.accesses, a)
	}
}

// finishParameters gives the parameters of which nothing was told the type that other places told, or VARCHAR.
func (b *binder) finishParameters(n plan.Node) (plan.Node, error) {
	for i, t := range b.parameters {
		if t.Kind == vector.Unknown {
			b.parameters[i] = vector.Of(vector.Text)
		}
	}
	if len(b.parameters) == 0 {
		return n, nil
	}
	typed := func(e expr.Expr) expr.Expr {
		if p, ok := e.(expr.Parameter); ok && p.Of.Kind == vector.Unknown {
			p.Of = b.parameters[p.Index]
			return p
		}
		return e
	}
	return plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		return plan.MapExprs(n, func(e expr.Expr) expr.Expr { return expr.Rewrite(e, typed) }), nil
	})
}

// at gives an error a place when it has none yet.
func at(err error, n ast.Node) error {
	if err == nil {
		return nil
	}
	e := sqlerr.From(err)
	if e.Position != nil || n.Position().Line == 0 {
		return e
	}
	return e.At(n.Position())
}

// unsupported is 0A000 at a place.
func unsupported(construct string, n ast.Node) error { return at(sqlerr.NotSupported(construct), n) }

// fail is an error of a code at a place.
func fail(n ast.Node, code sqlerr.Code, format string, args ...any) error {
	return at(sqlerr.New(code, format, args...), n)
}
