package flightsrv

import (
	"context"
	"strings"
	"sync"

	"github.com/micodb/micodb/session"
)

// adbcAgent begins the user agent of the ADBC driver (Go, and with it Python, C and R). With autocommit off it has
// one transaction open at any time, and names it where a statement is prepared or run. It does not, as of 1.13, when
// it ingests; and a prepared statement that it runs again after a commit is still of the transaction before. So for
// this driver such calls belong to the transaction that is open.
const adbcAgent = "ADBC Flight SQL Driver"

func isADBC(agents []string) bool { return len(agents) > 0 && strings.HasPrefix(agents[0], adbcAgent) }

// begun are the transactions that a client began and has not ended.
type begun struct {
	mu  sync.Mutex // guards ids
	ids map[uint64]struct{}
}

// add notes a transaction. With only, no other can be open any more: one that idled too long is not ended by
// its client.
func (b *begun) add(id uint64, only bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ids == nil || only {
		b.ids = map[uint64]struct{}{}
	}
	b.ids[id] = struct{}{}
}

func (b *begun) remove(id uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.ids, id)
}

// one returns the transaction when there is exactly one, and 0 when there is none.
func (b *begun) one() (id uint64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id = range b.ids {
		break
	}
	return id, len(b.ids) <= 1
}

// unnamed returns the transaction of a call that should have named one.
func (*handlers) unnamed(ctx context.Context, c *client) (session.Transaction, error) {
	if id, ok := c.begun.one(); c.adbc && ok && id != 0 {
		return c.session.Resume(ctx, id)
	}
	return nil, nil //nolint:nilnil // the session's own, or autocommit
}

// statementOf returns what a prepared handle executes, which the caller releases.
func (*handlers) statementOf(ctx context.Context, held *handle) (*statement, error) {
	c := held.owner
	id, ok := c.begun.one()
	if !c.adbc || !ok || id == held.statement.transaction {
		return held.statement.retain(), nil
	}
	var tx session.Transaction
	if id != 0 {
		var err error
		if tx, err = c.session.Resume(ctx, id); err != nil {
			return nil, err
		}
	}
	st, err := c.session.Prepare(ctx, tx, held.statement.sql)
	if err != nil {
		return nil, err
	}
	return newStatement(st, held.statement.sql, id), nil
}
