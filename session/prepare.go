package session

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// statement is a prepared statement. A command and a COPY are run by the session itself; everything else has a plan.
type statement struct {
	session *userSession
	tx      *transaction // nil: the session's own when it is run, or autocommit
	sql     string       // as it may be shown
	text    string       // by which its plan may be kept; empty: it may not
	within  string       // database of unqualified names; a later USE does not change it
	kind    string       // for metrics: "select", "insert", …
	tree    ast.Statement
	command *command // nil for planned statements
	copying copying  // nil for all but COPY

	// Of EXECUTE: the statement that it runs, and the one row of its parameters. Nil for all others.
	executed, arguments *statement

	parameters *arrow.Schema
	result     *arrow.Schema // nil: no rows
	closing    sync.Once

	mu       sync.Mutex // guards prepared
	prepared *prepared
}

// prepared is a statement with its meaning under one set of definitions. It is immutable, and may be shared.
type prepared struct {
	key        planKey // as which it was made
	kind       string
	tree       ast.Statement
	bound      *bind.Bound
	template   plan.Node // optimized, with its parameters in place; nil: to be optimized for each run
	parameters *arrow.Schema
	result     *arrow.Schema // nil: no rows
	bytes      int64         // about, when it is kept
}

// Prepare makes a statement of a text.
func (u *userSession) Prepare(ctx context.Context, tx Transaction, sql string) (st Statement, err error) {
	defer u.recovered(ctx, &err)
	s, err := u.prepare(ctx, tx, sql)
	if err != nil {
		return nil, u.noted(ctx, err)
	}
	return s, nil
}

func (u *userSession) prepare(ctx context.Context, tx Transaction, sql string) (*statement, error) {
	if int64(len(sql)) > u.server.limits.Statement.Bytes {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "the statement has %d bytes, at most %d are allowed",
			len(sql), u.server.limits.Statement.Bytes).WithHint("load many rows with ingest instead of SQL text")
	}
	if err := u.Valid(); err != nil {
		return nil, err
	}
	x, err := u.within(tx)
	if err != nil {
		return nil, err
	}
	st, err := u.known(ctx, x, sql)
	if err == nil && st == nil {
		st, err = u.parsed(ctx, tx, x, sql)
	}
	if err != nil {
		return nil, err
	}
	if tx != nil {
		st.tx = x
	}
	if err := u.admit(); err != nil {
		return nil, err
	}
	return st, nil
}

// known makes a statement of a text whose plan is kept; nil when none is.
func (u *userSession) known(ctx context.Context, x *transaction, sql string) (*statement, error) {
	key := u.planKey(sql, u.Database())
	p := u.server.plans.get(key)
	if p == nil {
		return nil, nil //nolint:nilnil // the caller makes one
	}
	look, err := u.look(ctx, x)
	if err != nil {
		return nil, err
	}
	defer look.Close() //nolint:errcheck // it never fails
	same, err := sameDefinitions(ctx, p.bound, look)
	if err != nil || !same {
		return nil, err
	}
	if err := u.authorizeAll(p.bound.Access); err != nil {
		return nil, err
	}
	u.server.plans.hit()
	return &statement{
		session: u, sql: sql, text: sql, within: key.database, kind: p.kind, tree: p.tree,
		parameters: p.parameters, result: p.result, prepared: p,
	}, nil
}

// parsed makes a statement of a text.
func (u *userSession) parsed(ctx context.Context, tx Transaction, x *transaction, sql string) (*statement, error) {
	tree, err := parser.ParseWithin(sql, u.server.limits.Statement) //nolint:contextcheck // parsing never waits
	if err != nil {
		return nil, err
	}
	kind := kindOf(tree)
	st := &statement{
		session: u, sql: shown(sql, kind, u.server.limits.Statement), kind: kind, tree: tree,
		within: u.Database(), parameters: arrow.NewSchema(nil, nil),
	}
	if keeps(kind, sql) {
		st.text = sql
	}
	if tx != nil {
		st.tx = x
	}
	return st, st.understand(ctx, x)
}

// understand finds out what a statement does, and whether it may.
func (st *statement) understand(ctx context.Context, x *transaction) (err error) {
	if st.command = st.session.commandOf(st.tree); st.command != nil {
		st.result = st.command.answer.schema()
		return st.command.authorize(st.session)
	}
	switch s := st.tree.(type) {
	case *ast.Execute:
		err = st.execute(ctx, x, s)
	case *ast.CopyFrom:
		st.copying, err = st.prepareCopyFrom(ctx, x, s)
	case *ast.CopyTo:
		st.copying, err = st.prepareCopyTo(ctx, x, s)
	default:
		err = st.plan(ctx, x)
	}
	return err
}

// plan gives a statement its meaning, its parameters and the schema of its rows.
func (st *statement) plan(ctx context.Context, x *transaction) error {
	look, err := st.session.look(ctx, x)
	if err != nil {
		return err
	}
	defer look.Close() //nolint:errcheck // it never fails
	p, err := st.bind(ctx, look)
	if err != nil {
		return err
	}
	st.prepared, st.result, st.parameters = p, p.result, p.parameters
	return nil
}

// bind binds and authorizes, makes the template where there is one, and keeps the plan for others if it may.
func (st *statement) bind(ctx context.Context, look *sight) (*prepared, error) {
	u := st.session
	p := &prepared{key: u.planKey(st.text, st.within), kind: st.kind, tree: st.tree}
	var err error
	if p.bound, err = bind.Bind(ctx, u.environment(look, st.within), st.tree); err != nil {
		return nil, err
	}
	if err := u.authorizeAll(p.bound.Access); err != nil {
		return nil, err
	}
	p.result, p.parameters = resultSchema(p.bound.Plan), parameterSchema(p.bound.Parameters)
	if p.template, err = template(p.bound.Plan); err != nil {
		return nil, err
	}
	if st.text != "" && p.mayShare() {
		p.bytes = p.estimateBytes()
		u.server.plans.put(p)
	}
	return p, nil
}

// template optimizes a plan that does not depend on what is in the tables, nor on the values of its parameters; nil for
// one that does.
func template(n plan.Node) (plan.Node, error) {
	if depends(n) {
		return nil, nil //nolint:nilnil // no template is no error
	}
	n = plan.WithTables(n, func(t *catalog.Table) *catalog.Table {
		without := *t
		without.Statistics = nil
		return &without
	})
	n, err := optimize.Optimize(n)
	if err != nil || depends(n) {
		return nil, err
	}
	return n, nil
}

// depends tells whether the best form of a plan is another for other tables or values: with joins, and where a LIMIT is
// a parameter, which the rules have to know.
func depends(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Join, *plan.Explain, *plan.Define:
			found = true
		case *plan.Limit:
			found = found || n.CountFrom != nil || n.OffsetFrom != nil
		default:
		}
	})
	return found
}

func (u *userSession) environment(look *sight, database string) bind.Environment {
	return bind.Environment{
		Snapshot: look, Database: database, Functions: u.server.config.Functions,
		Setting: u.setting, SettingNames: settingNames(),
		User: u.principal.Username, Now: look.now, Version: look.version,
		Limits: u.server.limits.Statement, Files: u.fileTable,
	}
}

// bound returns the statement's latest meaning.
func (st *statement) bound() *bind.Bound {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.prepared.bound
}

// current returns the statement's meaning under the definitions of a snapshot, and authorizes it anew.
func (st *statement) current(ctx context.Context, look *sight) (*prepared, error) {
	st.mu.Lock()
	p := st.prepared
	st.mu.Unlock()
	plans, key := st.session.server.plans, st.session.planKey(st.text, st.within)
	if p.key != key && st.text != "" {
		if kept := plans.get(key); kept != nil {
			p = kept
		}
	}
	same, err := sameDefinitions(ctx, p.bound, look)
	if err != nil {
		return nil, err
	}
	// What SHOW and DESCRIBE give was made when they were bound, and so was what now() gives, and the columns that a
	// view is made with.
	if same && p.key == key && !p.bound.HoldsNow && st.kind != kindShow && st.kind != kindDDL {
		if st.text != "" {
			plans.hit()
		}
		err = st.session.authorizeAll(p.bound.Access)
	} else {
		p, err = st.bind(ctx, look)
	}
	if err != nil {
		return nil, err
	}
	if (p.result == nil) != (st.result == nil) || p.result != nil && !p.result.Equal(st.result) ||
		!p.parameters.Equal(st.parameters) {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported,
			"the columns or parameters of the prepared statement have changed").WithHint("prepare it again")
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.prepared = p
	return p, nil
}

// sameDefinitions tells whether the tables and views of a statement are still what they were.
func sameDefinitions(ctx context.Context, bound *bind.Bound, look *sight) (bool, error) {
	for _, t := range definitionsOf(bound) {
		if t.Kind == catalog.External {
			return false, nil // what a file holds is looked up each time
		}
		found, err := look.Table(ctx, t.Name)
		switch code := sqlerr.CodeOf(err); {
		case code == sqlerr.UndefinedTable || code == sqlerr.InvalidCatalogName:
			return false, nil // bind says it with the position
		case err != nil:
			return false, err
		case found.ID != t.ID || found.Version != t.Version:
			return false, nil
		}
	}
	return true, nil
}

// definitionsOf returns the tables and views that a statement's meaning depends on.
func definitionsOf(bound *bind.Bound) []*catalog.Table {
	all := slices.Clip(bound.Views)
	plan.Walk(bound.Plan, func(n plan.Node) {
		if t := tableOf(n); t != nil {
			all = append(all, t)
		}
	})
	return all
}

func tableOf(n plan.Node) *catalog.Table {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Table
	case *plan.Insert:
		return n.Table
	case *plan.Delete:
		return n.Table
	case *plan.Update:
		return n.Table
	default:
		return nil
	}
}

// resultSchema returns the schema of a plan's rows; what only changes something has none.
func resultSchema(n plan.Node) *arrow.Schema {
	if counts(n) {
		return nil
	}
	s := n.Schema()
	fields := make([]arrow.Field, len(s.Fields))
	for i, f := range s.Fields {
		fields[i] = batch.FieldOf(f.Name, f.Type, f.Nullable)
	}
	return arrow.NewSchema(fields, nil)
}

// counts tells whether a plan changes something and gives at most the number of rows.
func counts(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Insert:
		return !n.Rows
	case *plan.Delete:
		return !n.Rows
	case *plan.Update:
		return !n.Rows
	case *plan.Define:
		return true
	default:
		return false
	}
}

func parameterSchema(types []vector.Type) *arrow.Schema {
	fields := make([]arrow.Field, len(types))
	for i, t := range types {
		fields[i] = batch.FieldOf(parameterName(i), t, true)
	}
	return arrow.NewSchema(fields, nil)
}

// admit counts a statement of the session: beside those that it holds, each call at once may need one.
func (u *userSession) admit() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	most := u.server.limits.Statements + u.server.limits.Calls
	if u.statements+len(u.texts) >= most {
		return tooManyStatements(most)
	}
	u.statements++
	return nil
}

func tooManyStatements(most int) error {
	return sqlerr.New(sqlerr.LimitExceeded, "%d statements are prepared, the most that a session may have", most).
		WithHint("close some")
}

// Close forgets the statement; what it is running goes on.
func (st *statement) Close() error {
	st.closing.Do(func() {
		st.session.mu.Lock()
		defer st.session.mu.Unlock()
		st.session.statements--
	})
	return nil
}

// Parameters returns a field for each parameter.
func (st *statement) Parameters() *arrow.Schema { return st.parameters }

// Result returns the schema of the rows.
func (st *statement) Result() *arrow.Schema { return st.result }

// Once tells whether the rows can be had from one run only.
func (st *statement) Once() bool {
	if st.executed != nil {
		return st.executed.Once()
	}
	if st.command != nil {
		return st.command.answer != nil && st.command.answer.once
	}
	return st.result != nil && (st.copying != nil || !st.bound().ReadOnly)
}

// recovered makes an error of a panic, at the top of what parses and plans.
func (u *userSession) recovered(ctx context.Context, err *error) {
	r := recover()
	if r == nil {
		return
	}
	u.server.log.LogAttrs(ctx, slog.LevelError, "panic in a statement",
		slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
	*err = sqlerr.New(sqlerr.InternalError, "internal error").WithHint("please report it with the server's log")
}
