package txn

import (
	"context"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// commit takes a transaction's changes through the sequencer. A commit goes like this:
//
//  1. The committer validates the write set against the published state, without a lock, so that most conflicts
//     cost the sequencer nothing, and encodes it.
//  2. The sequencer validates it against the state with all commits before it, those of its own group included,
//     fixes the order, gives it its sequence, its time and the addresses of its rows. From here on only losing
//     the log can fail it, and that stops the instance; but for a full disk, which leaves the log as it was.
//  3. The group is written to the log, and synced unless all of it is Async.
//  4. The rows are applied to the memtables, the new state is published, the committers are answered.
func (m *Manager) commit(ctx context.Context, t *Transaction) (catalog.Timestamp, error) {
	r, err := newRequest(ctx, t)
	if err == nil {
		_, err = validate(m.snapshots.current.Load(), r)
	}
	if err == nil {
		err = m.room(ctx)
	}
	if err == nil {
		err = m.submit(ctx, r)
	}
	if err != nil {
		m.discard(t.writes.written)
		return 0, err
	}
	res := m.answer(r)
	switch {
	case res.err == nil:
		m.discard(rolledBack(t))
	case m.failure() == nil:
		m.discard(t.writes.written)
	default: // whether the log has the commit is not known: recovery decides about its files
	}
	return res.time, res.err
}

// submit hands a request to the sequencer, which will answer it.
func (m *Manager) submit(ctx context.Context, r *request) error {
	select {
	case m.requests <- r:
		return nil
	case <-m.sequenced:
		return shuttingDown()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer waits for the sequencer's answer.
func (m *Manager) answer(r *request) result {
	select {
	case res := <-r.done:
		return res
	case <-m.sequenced:
	}
	select {
	case res := <-r.done:
		return res
	default:
		return result{err: shuttingDown()} // it ended without looking at the request
	}
}

func shuttingDown() error { return sqlerr.New(sqlerr.ShuttingDown, "the server is shutting down") }

// rolledBack returns the paths of segments that a committed transaction wrote in vain.
func rolledBack(t *Transaction) []string {
	used := map[string]bool{}
	for id, w := range t.writes.tables {
		if _, exists := t.writes.definitions.tables[id]; exists {
			for _, d := range w.segments {
				used[d.Path] = true
			}
		}
	}
	var unused []string
	for _, path := range t.writes.written {
		if !used[path] {
			unused = append(unused, path)
		}
	}
	return unused
}

// sequence is the sequencer: the one goroutine that changes the state.
func (m *Manager) sequence() {
	defer close(m.sequenced)
	delay := time.NewTimer(m.options.AsyncDelay)
	defer delay.Stop()
	delayed := true // whether delay runs: more commits must not put it off
	for {
		select {
		case <-m.quit:
			return
		case r := <-m.requests:
			for _, group := range parted(m.gather(r)) {
				m.commitGroup(group)
			}
		case control := <-m.controls:
			control()
		case <-delay.C:
			delayed = false
			if m.failure() == nil && m.syncLog() != nil {
				continue // the instance has failed, and all waiters will hear of it
			}
		}
		if !delayed && m.failure() == nil && m.log.Synced() < m.log.End() {
			delay.Reset(m.options.AsyncDelay)
			delayed = true
		}
	}
}

// gather adds the requests that wait to the first one.
func (m *Manager) gather(first *request) []*request {
	requests, bytes := []*request{first}, first.bytes
	for len(requests) < groupCommitsMax && bytes < groupBytesMax {
		select {
		case r := <-m.requests:
			requests = append(requests, r)
			bytes += r.bytes
		default:
			return requests
		}
	}
	return requests
}

// parted cuts requests into groups that each begin with one that alters a table, if any does: it alters the rows in
// memory, and those of commits before it in a group are not there yet.
func parted(requests []*request) [][]*request {
	var groups [][]*request
	first := 0
	for i := 1; i < len(requests); i++ {
		if requests[i].alters() {
			groups = append(groups, requests[first:i])
			first = i
		}
	}
	return append(groups, requests[first:])
}

// commitGroup takes requests through steps 2 to 4 of commit.
func (m *Manager) commitGroup(requests []*request) {
	order := m.newOrder()
	async := true
	for _, r := range requests {
		err := m.failure()
		if err == nil {
			err = order.add(r)
		}
		if err != nil {
			r.done <- result{err: err}
			continue
		}
		async = async && r.async
	}
	if len(order.members) == 0 {
		return
	}
	err := m.write(order, async)
	if err == nil {
		if err = order.apply(); err != nil {
			m.fail(err)
		}
	}
	if err == nil {
		m.snapshots.publish(order.state)
		m.dropped = append(m.dropped, order.dropped...)
		m.measure(order)
	}
	for _, r := range order.members {
		r.done <- result{time: r.time, err: err}
	}
}

// write is step 3.
func (m *Manager) write(o *order, async bool) error {
	before := m.log.End()
	if err := m.log.Write(&o.group); err != nil {
		if sqlerr.CodeOf(err) != sqlerr.DiskFull {
			m.fail(err)
		}
		m.noteFull(err)
		return err
	}
	storage := &m.options.Metrics.Storage
	storage.ReadOnly.Set(0)
	storage.WALBytes.Add(float64(m.log.End() - before))
	storage.WALGroupCommits.Observe(float64(len(o.members)))
	if async {
		return nil
	}
	return m.syncLog()
}

// syncLog makes the log durable; where that fails the instance has failed.
func (m *Manager) syncLog() error {
	started := time.Now()
	if err := m.log.Sync(); err != nil {
		m.fail(err)
		return err
	}
	m.options.Metrics.Storage.WALSyncSeconds.Observe(time.Since(started).Seconds())
	return nil
}

// control runs something in the sequencer, between two groups, and waits for it.
func (m *Manager) control(ctx context.Context, run func() error) error {
	done := make(chan error, 1)
	select {
	case m.controls <- func() { done <- run() }:
		return <-done
	case <-m.sequenced:
		return shuttingDown()
	case <-ctx.Done():
		return ctx.Err()
	}
}
