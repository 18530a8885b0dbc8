package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
)

// query is one execution: its context, its memory, and what has to be given back when it ends.
type query struct {
	server  *Server
	id      uint64
	shown   RunningQuery    // what is told of it; rows and memory change meanwhile
	rows    atomic.Int64    // returned or changed
	ctx     context.Context //nolint:containedctx // the life of an execution, which outlasts the call that began it
	cancel  context.CancelCauseFunc
	stop    context.CancelFunc // of the time limit
	budget  *budget.Query
	cleanup []func() // in reverse order
}

// run enters a new execution into the server's table. The caller ends it.
func (u *userSession) run(ctx context.Context, x *transaction, kind, sql string) (*query, error) {
	q := &query{server: u.server, shown: u.running(kind, sql)}
	if x != nil {
		q.shown.Transaction = x.id
	}
	q.budget = u.server.config.Budget.Query(u.server.limits.QueryMemoryBytes)
	// The call that began an execution may return before the result is read: its values stay, its end does not
	// count. Result.Next and Exec watch the contexts of their own callers.
	registered, err := u.server.queries.add(context.WithoutCancel(ctx), q)
	if err != nil {
		return nil, err
	}
	timeout := u.statementTimeout()
	limited, stop := context.WithTimeoutCause(registered, timeout,
		sqlerr.New(sqlerr.QueryCanceled, "the statement ran for over %s", timeout).
			WithHint("raise --statement-timeout"))
	q.ctx, q.cancel = context.WithCancelCause(limited)
	q.stop = stop
	return q, nil
}

// running describes a statement of the session that begins now.
func (u *userSession) running(kind, sql string) RunningQuery {
	now := time.Now()
	u.mu.Lock()
	u.used = now
	u.mu.Unlock()
	return RunningQuery{
		Session: u.id, User: u.principal.Username, Door: u.door, Address: u.address,
		Kind: kind, SQL: sql, Started: now,
	}
}

// watch ends the execution when the context of a caller ends, until stop is called. A context that has ended
// already counts at once.
func (q *query) watch(ctx context.Context) (stop func() bool) {
	if ctx.Err() != nil {
		q.cancel(ctx.Err())
	}
	return context.AfterFunc(ctx, func() { q.cancel(ctx.Err()) })
}

// whenEnded adds something to give back.
func (q *query) whenEnded(f func()) { q.cleanup = append(q.cleanup, f) }

// end gives everything back and returns the error as the client sees it. It is called once.
func (q *query) end(err error) error {
	err = q.explain(err)
	for _, f := range slices.Backward(q.cleanup) {
		f()
	}
	q.shown.Rows = q.rows.Load()
	q.budget.Close()
	q.cancel(nil)
	q.stop()
	q.server.queries.remove(q.id)
	outcome := "ok"
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errClosed) {
		outcome = string(sqlerr.CodeOf(err))
		q.log(err)
	}
	q.server.finished(q.ctx, q.shown, outcome)
	return err
}

// explain says why a query was cancelled where the error only says that it was.
func (q *query) explain(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, errClosed) {
		return err
	}
	if cause := context.Cause(q.ctx); cause != nil && sqlerr.CodeOf(err) == sqlerr.QueryCanceled {
		return sqlerr.From(cause)
	}
	return sqlerr.From(err)
}

// log reports what is no fault of the client's; the cause is in no answer.
func (q *query) log(err error) {
	level := slog.LevelDebug
	switch sqlerr.CodeOf(err) {
	case sqlerr.InternalError, sqlerr.DataCorrupted, sqlerr.IOError, sqlerr.DiskFull:
		level = slog.LevelError
	default:
	}
	attrs := []slog.Attr{
		slog.Uint64("query", q.id), slog.String("kind", q.shown.Kind),
		slog.String("code", string(sqlerr.CodeOf(err))), slog.String("error", err.Error()),
	}
	if cause := errors.Unwrap(sqlerr.From(err)); cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	q.server.log.LogAttrs(q.ctx, level, "statement failed", attrs...)
}

// countOut counts what a client is given.
func (s *Server) countOut(b arrow.RecordBatch) {
	m := s.config.Metrics.Queries
	m.RowsOut.Add(float64(b.NumRows()))
	m.BytesOut.Add(float64(batch.Bytes(b)))
}

// guard runs f and makes an error of a panic in it: the budget's own error where that is what was thrown, else
// XX000, with the stack in the log.
func guard[T any](q *query, f func(context.Context) (T, error)) (out T, err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		var known *sqlerr.Error
		if e, ok := r.(error); ok && errors.As(e, &known) {
			err = known
			return
		}
		q.server.log.LogAttrs(q.ctx, slog.LevelError, "panic in a query", slog.Uint64("query", q.id),
			slog.String("panic", fmt.Sprint(r)), slog.String("stack", string(debug.Stack())))
		err = sqlerr.New(sqlerr.InternalError, "internal error in query %d", q.id).
			WithHint("please report it with the server's log")
	}()
	return f(q.ctx)
}
