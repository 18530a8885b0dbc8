package session

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// maxTries is how often an autocommit statement that meets a conflict is run.
const maxTries = 5

// Query runs a statement that returns rows. One that returns none is run by Exec, and its count is the row.
func (st *statement) Query(ctx context.Context, params batch.Stream) (batch.Stream, error) {
	if st.executed != nil {
		return execute(ctx, st, func(args batch.Stream) (batch.Stream, error) { return st.executed.Query(ctx, args) })
	}
	if st.result == nil {
		n, err := st.Exec(ctx, params)
		if err != nil {
			return nil, err
		}
		return newCountStream(n), nil
	}
	if st.command != nil {
		return st.answerRows(ctx)
	}
	if st.copying != nil {
		return st.copyReport(ctx, params)
	}
	if st.Once() {
		return st.returned(ctx, params)
	}
	r, err := st.open(ctx, params)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// open runs a query that has a plan.
func (st *statement) open(ctx context.Context, params batch.Stream) (*resultStream, error) {
	held := st.session.server.config.Budget.Query(0)
	defer held.Close()
	rows, err := st.parameterRows(ctx, params, held)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue,
			"a query takes one row of parameters, %d were given", len(rows))
	}
	x, err := st.transaction()
	if err != nil {
		return nil, err
	}
	q, err := st.session.run(ctx, x, st.kind, st.sql)
	if err != nil {
		return nil, err
	}
	defer q.watch(ctx)()
	r, err := guard(q, func(ctx context.Context) (*resultStream, error) { return st.start(ctx, q, x, rows[0]) })
	if err != nil {
		return nil, st.session.noted(ctx, q.end(err))
	}
	switch {
	case !st.session.track(r):
		r.abort(sessionClosed())
		return nil, sessionClosed()
	case x != nil && !x.track(r):
		r.abort(x.over("is being ended"))
		return nil, x.over("is being ended")
	}
	return r, nil
}

// start begins a query in a transaction, or in a snapshot of its own.
func (st *statement) start(
	ctx context.Context, q *query, x *transaction, row []vector.Scalar,
) (*resultStream, error) {
	look, err := st.session.look(ctx, x)
	if err != nil {
		return nil, err
	}
	q.whenEnded(look.leave)
	n, err := st.planWith(ctx, look, row)
	if err != nil {
		return nil, err
	}
	inner, err := st.session.server.config.Executor.Run(ctx, st.session.request(q, n, look, nil))
	if err != nil {
		return nil, err
	}
	r := newResultStream(q, st.result, inner)
	q.whenEnded(func() {
		st.session.forget(r)
		if x != nil {
			x.forget(r)
		}
	})
	return r, nil
}

func (u *userSession) request(q *query, n plan.Node, look *sight, w catalog.Writer) Request {
	return Request{Plan: n, Snapshot: look, Writer: w, Settings: u.querySettings(look.now), Budget: q.budget}
}

// transaction returns what the statement runs in: nil for autocommit.
func (st *statement) transaction() (*transaction, error) {
	if err := st.session.Valid(); err != nil {
		return nil, err
	}
	if st.tx != nil {
		return st.tx, nil
	}
	return st.session.within(nil)
}

// planWith returns the plan for one row of parameters.
func (st *statement) planWith(ctx context.Context, look *sight, row []vector.Scalar) (plan.Node, error) {
	p, err := st.current(ctx, look)
	if err != nil {
		return nil, err
	}
	return p.planWith(ctx, look, row)
}

func (p *prepared) planWith(ctx context.Context, look *sight, row []vector.Scalar) (plan.Node, error) {
	if p.template != nil && len(p.bound.Parameters) == 0 {
		return p.template, nil
	}
	if p.template != nil {
		n, err := plan.Substitute(p.template, row)
		if err != nil {
			return nil, err
		}
		return optimize.Settle(n)
	}
	n, err := withStatistics(ctx, p.bound.Plan, look)
	if err != nil {
		return nil, err
	}
	if len(p.bound.Parameters) > 0 {
		if n, err = plan.Substitute(n, row); err != nil {
			return nil, err
		}
	}
	return optimize.Optimize(n)
}

// withStatistics gives the tables of a plan the statistics of a snapshot, whose definitions are the same.
func withStatistics(ctx context.Context, n plan.Node, look *sight) (plan.Node, error) {
	var failed error
	n = plan.WithTables(n, func(t *catalog.Table) *catalog.Table {
		if t.Kind == catalog.External {
			return t // it has its own
		}
		found, err := look.Table(ctx, t.Name)
		if err != nil {
			failed = err
			return t
		}
		return found
	})
	return n, failed
}

// Exec runs a statement once for each row of parameters, in one transaction.
func (st *statement) Exec(ctx context.Context, params batch.Stream) (int64, error) {
	if st.executed != nil {
		return execute(ctx, st, func(args batch.Stream) (int64, error) { return st.executed.Exec(ctx, args) })
	}
	return st.exec(ctx, params, nil)
}

// exec is Exec, and keeps the rows that the statement gives; nil drops them.
func (st *statement) exec(ctx context.Context, params batch.Stream, kept *returnedRows) (int64, error) {
	if st.command != nil {
		return 0, st.execCommand(ctx)
	}
	if st.copying != nil {
		n, _, err := st.copying.run(ctx, params)
		return n, err
	}
	held := st.session.server.config.Budget.Query(0)
	defer held.Close()
	rows, err := st.parameterRows(ctx, params, held)
	if err != nil {
		return 0, err
	}
	x, err := st.transaction()
	if err != nil {
		return 0, err
	}
	for try := 1; ; try++ {
		n, err := st.execOnce(ctx, x, execution{rows: rows, kept: kept})
		if err == nil {
			return n, nil
		}
		if x != nil || try == maxTries || sqlerr.CodeOf(err) != sqlerr.SerializationFailure {
			return 0, err
		}
	}
}

// execution is what a statement is run with.
type execution struct {
	rows [][]vector.Scalar // of parameters
	kept *returnedRows     // nil: the statement's rows are dropped
}

func (st *statement) execOnce(ctx context.Context, x *transaction, e execution) (int64, error) {
	if e.kept != nil {
		e.kept.drop()
	}
	q, err := st.session.run(ctx, x, st.kind, st.sql)
	if err != nil {
		return 0, err
	}
	defer q.watch(ctx)()
	c := change{session: st.session, query: q, readOnly: st.bound().ReadOnly}
	c.apply = func(ctx context.Context, look *sight, w catalog.Writer) (int64, error) {
		return st.apply(ctx, look, e, func(n plan.Node) Request { return st.session.request(q, n, look, w) })
	}
	n, err := guard(q, func(ctx context.Context) (int64, error) { return c.run(ctx, x) })
	q.rows.Store(n)
	if err = q.end(err); err != nil {
		return 0, st.session.noted(ctx, err)
	}
	if st.kind == kindInsert {
		st.session.server.config.Metrics.Queries.RowsIn.Add(float64(n))
	}
	return n, nil
}

// apply runs the statement for every row of parameters; rows that one INSERT can take go together.
func (st *statement) apply(
	ctx context.Context, look *sight, e execution, request func(plan.Node) Request,
) (int64, error) {
	var total int64
	rows := e.rows
	for len(rows) > 0 {
		n, used, err := st.nextPlan(ctx, look, rows)
		if err != nil {
			return 0, err
		}
		rows = rows[used:]
		inner, err := st.session.server.config.Executor.Run(ctx, request(n))
		if err != nil {
			return 0, err
		}
		changed, err := st.drain(ctx, inner, e.kept)
		if err != nil {
			return 0, err
		}
		total += changed
	}
	return total, nil
}

// nextPlan returns a plan for the first rows of parameters, and for how many.
func (st *statement) nextPlan(ctx context.Context, look *sight, rows [][]vector.Scalar) (plan.Node, int, error) {
	p, err := st.current(ctx, look)
	if err != nil {
		return nil, 0, err
	}
	if n, used, err := mergedInsert(p.bound.Plan, rows); used > 0 || err != nil {
		return n, used, err
	}
	n, err := p.planWith(ctx, look, rows[0])
	return n, 1, err
}

// drain reads a result to its end and returns how many rows were changed: it is in the rows of a change, or is their
// number where they are those of RETURNING, which are kept where somebody wants them.
func (st *statement) drain(ctx context.Context, s batch.Stream, kept *returnedRows) (n int64, err error) {
	defer func() { err = errors.Join(err, s.Close()) }()
	for {
		b, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
		switch {
		case st.result == nil:
			n += counted(b)
		case st.Once() && st.kind != kindExplain:
			n += b.NumRows()
		}
		if kept == nil {
			b.Release()
			continue
		}
		if err := kept.keep(b); err != nil {
			return 0, err
		}
	}
}

// counted adds up the counts in a batch; a change of definitions has none.
func counted(b arrow.RecordBatch) (n int64) {
	if b.NumCols() != 1 {
		return 0
	}
	if c, ok := b.Column(0).(*array.Int64); ok {
		for _, x := range c.Int64Values() {
			n += x
		}
	}
	return n
}
