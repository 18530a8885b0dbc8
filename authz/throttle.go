package authz

import (
	"context"
	"sync"
	"time"
)

// The delays of failed logins: the first few cost nothing, each further one twice as long as the one before.
const (
	freeFailures      = 3
	firstDelay        = 250 * time.Millisecond
	maxUserDelay      = 2 * time.Second // short: an attacker must not be able to lock a user out
	maxAddressDelay   = 30 * time.Second
	forgetAfter       = 15 * time.Minute
	maxThrottledNames = 16 << 10
)

// throttle counts failed logins by user and by address. Attempts for one name stand in line behind each other's
// delay, so that trying in parallel gains nothing.
type throttle struct {
	now func() time.Time

	mu    sync.Mutex // guards names
	names map[string]*failures
}

type failures struct {
	count int
	last  time.Time
	free  time.Time // when the next attempt may be looked at
}

// nobody stands for a user whose failures are not counted: the address's are.
const nobody = ""

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, names: map[string]*failures{}}
}

// Wait holds an attempt back as long as the failures before it ask for.
func (t *throttle) Wait(ctx context.Context, user, address string) error {
	d := t.reserve("address "+address, maxAddressDelay)
	if user != nobody {
		d = max(d, t.reserve("user "+user, maxUserDelay))
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve returns how long an attempt has to wait, at most limit, and puts the next one behind it.
func (t *throttle) reserve(name string, limit time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.names[name]
	if f == nil || f.count <= freeFailures {
		return 0
	}
	now := t.now()
	wait := min(max(f.free.Sub(now), 0), limit)
	f.free = now.Add(wait + delay(f.count, limit))
	return wait
}

// delay is how long the attempt after so many failures waits.
func delay(count int, limit time.Duration) time.Duration {
	n := count - freeFailures
	if n <= 0 {
		return 0
	}
	return min(firstDelay<<min(n-1, 16), limit)
}

// Failed counts a failure.
func (t *throttle) Failed(user, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.forget(now)
	if user != nobody {
		t.count("user "+user, now, maxUserDelay)
	}
	t.count("address "+address, now, maxAddressDelay)
}

func (t *throttle) count(name string, now time.Time, limit time.Duration) {
	f := t.names[name]
	if f == nil {
		f = &failures{}
		t.names[name] = f
	}
	f.count++
	f.last = now
	if free := now.Add(delay(f.count, limit)); free.After(f.free) {
		f.free = free
	}
}

// forget drops names without a recent failure once there are many, and all when there are too many even so.
func (t *throttle) forget(now time.Time) {
	if len(t.names) < maxThrottledNames {
		return
	}
	for name, f := range t.names {
		if now.Sub(f.last) > forgetAfter {
			delete(t.names, name)
		}
	}
	if len(t.names) >= maxThrottledNames {
		clear(t.names)
	}
}

// Succeeded forgets a user's failures. Those of the address stay: it may be trying other users too.
func (t *throttle) Succeeded(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, "user "+user)
}
