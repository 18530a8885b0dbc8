package exec

import (
	"context"
	"time"
)

// memoryPatience is how long a worker that can't go on waits for any release of memory by others.
const memoryPatience = 5 * time.Second

// patiently runs f again and again while it fails for lack of memory, when others gave some back. It is for a worker
// that has spilled what it can, and needs little. Each waits without its thread, and others spill while it does. It
// fails when nobody gives anything back for a while, or nobody else has anything.
func (q *Query) patiently(ctx context.Context, worker int, f func() error) error {
	err := f()
	if !outOfMemory(err) || !q.Spill.Usable() {
		return err
	}
	q.impatient.Add(1)
	defer q.impatient.Add(-1)
	for {
		freed, end := q.Budget.Listen(true)
		if err = f(); !outOfMemory(err) || q.Budget.Alone() && int(q.impatient.Load()) >= q.Workers {
			end()
			return err
		}
		patience := time.NewTimer(memoryPatience)
		stopped := q.blocking(ctx, worker, func() error {
			select {
			case <-freed:
				return nil
			case <-patience.C:
				return err
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		patience.Stop()
		end()
		if stopped != nil {
			return stopped
		}
	}
}

// unlessOutOfMemory is for memory that one can do without.
func unlessOutOfMemory(err error) error {
	if outOfMemory(err) {
		return nil
	}
	return err
}

// A query that may hold much is granted a minimum of memory before it begins, so that what it can't do without is there
// when others have the rest: a share of the server's budget, within bounds.
const (
	grantShare     = 16
	grantLeast     = 16 << 20
	grantMost      = 64 << 20
	grantShareMost = 4 // at most this share, however small the budget is

	quietWait     = 2 * time.Second  // so long a query waits before others spill for it
	admissionWait = 60 * time.Second // so long it waits while nobody gives any memory back
)

// admit waits until the query has its grant. A query whose own limit is smaller goes on without.
func (q *Query) admit(ctx context.Context) error {
	limit := q.Budget.ServerLimit()
	grant := min(max(limit/grantShare, grantLeast), grantMost, limit/grantShareMost)
	begun, last := time.Now(), time.Now()
	for {
		freed, end := q.Budget.Listen(time.Since(begun) > quietWait)
		granted, err := q.Budget.Grant(grant)
		if err == nil {
			end()
			q.Budget, q.granted = granted, granted
			return nil
		}
		if q.Budget.Limit() < 2*grant {
			end()
			return nil
		}
		tick := time.NewTimer(quietWait)
		select {
		case <-freed:
			last, err = time.Now(), nil
		case <-tick.C:
			if time.Since(last) < admissionWait {
				err = nil
			}
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		tick.Stop()
		end()
		if err != nil {
			return err
		}
	}
}
