package session

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
)

// sqlPrepare gives a statement a name: 42P05 when it is taken. What its tables are is looked up when it is executed.
func (u *userSession) sqlPrepare(s *ast.Prepare) error {
	if len(s.Types) > 0 {
		return sqlerr.NotSupported("types of the parameters of PREPARE").At(s.Types[0].Position()).
			WithHint("leave them out: they follow from where the parameters stand, or write CAST($1 AS type)")
	}
	tree, err := parser.ParseWithin(s.Text, u.server.limits.Statement)
	if err != nil {
		return err
	}
	if !keeps(kindOf(tree), s.Text) {
		return sqlerr.NotSupported("PREPARE of this statement").At(s.Position()).
			WithHint("a SELECT, VALUES, INSERT, UPDATE or DELETE can be prepared")
	}
	name := catalog.FoldName(s.Name.Text)
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, taken := u.texts[name]; taken {
		return sqlerr.New(sqlerr.DuplicateStatement, "a statement was prepared as %s already", s.Name.Text).
			At(s.Name.Position()).WithHint("DEALLOCATE %s first", s.Name.Text)
	}
	if most := u.server.limits.Statements; u.statements+len(u.texts) >= most {
		return tooManyStatements(most)
	}
	u.texts[name] = s.Text
	return nil
}

// sqlDeallocate forgets a statement that has a name, or all: 26000 when there is none.
func (u *userSession) sqlDeallocate(s *ast.Deallocate) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s.Name == nil {
		clear(u.texts)
		return nil
	}
	name := catalog.FoldName(s.Name.Text)
	if _, known := u.texts[name]; !known {
		return notPrepared(*s.Name)
	}
	delete(u.texts, name)
	return nil
}

func notPrepared(n ast.Name) error {
	return sqlerr.New(sqlerr.UndefinedStatement, "no statement was prepared as %s in this session", n.Text).
		At(n.Position()).WithHint("PREPARE %s AS … first", n.Text)
}

// execute finds the statement that an EXECUTE runs, and makes one of its arguments.
func (st *statement) execute(ctx context.Context, x *transaction, s *ast.Execute) (err error) {
	u := st.session
	u.mu.Lock()
	text, known := u.texts[catalog.FoldName(s.Name.Text)]
	u.mu.Unlock()
	if !known {
		return notPrepared(s.Name)
	}
	inner, err := u.known(ctx, x, text)
	if err == nil && inner == nil {
		inner, err = u.parsed(ctx, nil, x, text)
	}
	if err != nil {
		return aboutStatement(s.Name, err)
	}
	if want := inner.parameters.NumFields(); want != len(s.Args) {
		return sqlerr.New(sqlerr.UndefinedParameter, "%s has %d parameters, %d were given", s.Name.Text, want,
			len(s.Args)).At(s.Position())
	}
	inner.tx = st.tx
	st.executed, st.kind, st.result = inner, inner.kind, inner.result
	if len(s.Args) == 0 {
		return nil
	}
	row := &ast.Select{At: s.At}
	for _, arg := range s.Args {
		row.Items = append(row.Items, ast.SelectItem{At: s.At, Of: arg})
	}
	st.arguments = &statement{
		session: u, tx: st.tx, sql: st.sql, within: st.within, kind: kindSelect, tree: row,
		parameters: arrow.NewSchema(nil, nil),
	}
	if err := st.arguments.plan(ctx, x); err != nil {
		return err
	}
	if st.arguments.parameters.NumFields() > 0 {
		return sqlerr.NotSupported("a parameter as an argument of EXECUTE").At(s.Position())
	}
	return nil
}

// aboutStatement says which prepared statement an error is about, whose places are those of its own text.
func aboutStatement(name ast.Name, err error) error {
	e := sqlerr.From(err)
	return sqlerr.Wrap(err, e.Code, "prepared statement %s: %s", name.Text, e.Message).At(name.Position())
}

// execute runs what an EXECUTE runs, with its arguments.
func execute[T any](ctx context.Context, st *statement, run func(args batch.Stream) (T, error)) (out T, err error) {
	if st.arguments == nil {
		return run(nil)
	}
	args, err := st.arguments.Query(ctx, nil)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, args.Close()) }()
	return run(args)
}
