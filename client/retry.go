package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Retry begins a transaction, runs f in it and commits. When the server says that another transaction was in the way
// (40001), which undoes everything, it does so again, up to 10 times, after a pause that grows. Any other failure rolls
// back and is returned: a commit without an answer too, as ErrOutcomeUnknown, because doing it again might do it twice.
// Let f neither commit nor roll back, and remember that what it does beside the transaction it may do several times.
func (c *Conn) Retry(ctx context.Context, options TxOptions, f func(tx *Tx) error) error {
	return retry(ctx, func(ctx context.Context) (*Tx, error) { return c.Begin(ctx, options) }, f)
}

func retry(ctx context.Context, begin func(context.Context) (*Tx, error), f func(tx *Tx) error) error {
	wait := retryWaitFirst
	for attempt := 1; ; attempt++ {
		err := once(ctx, begin, f)
		if !IsRetryable(err) || errors.Is(err, ErrOutcomeUnknown) {
			return err
		}
		if attempt == retriesMax {
			return fmt.Errorf("after %d attempts: %w", attempt, err)
		}
		// Those that collided must not meet again: the pause is random.
		pause := time.NewTimer(wait/2 + rand.N(wait/2)) //nolint:gosec // no secret depends on it
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return errors.Join(ctx.Err(), err)
		}
		wait = min(2*wait, retryWaitMax)
	}
}

func once(ctx context.Context, begin func(context.Context) (*Tx, error), f func(tx *Tx) error) error {
	tx, err := begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) //nolint:errcheck // when f panics, or has failed: its error is the one to tell
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
