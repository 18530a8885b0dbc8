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
		freed, end := q.Budget.Listen()
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
