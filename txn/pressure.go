package txn

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/wal"
)

func errorAttr(err error) slog.Attr {
	text := err.Error()
	if cause := sqlerr.From(err).Unwrap(); cause != nil {
		text += " (" + cause.Error() + ")"
	}
	return slog.String("error", text)
}

// pressure counts the bytes of all memtables, and lets commits wait while there are too many.
type pressure struct {
	mu      sync.Mutex // guards what follows
	tables  map[catalog.TableID]int64
	total   int64
	flushed chan struct{} // closed and replaced after each flush
	last    error         // of the last flush
}

// set notes a table's bytes and returns the sum.
func (c *pressure) set(id catalog.TableID, bytes int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total += bytes - c.tables[id]
	if bytes == 0 {
		delete(c.tables, id)
	} else {
		c.tables[id] = bytes
	}
	return c.total
}

// ended tells those that wait how a flush has ended.
func (c *pressure) ended(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = err
	close(c.flushed)
	c.flushed = make(chan struct{})
}

// outcome returns how the last flush ended.
func (c *pressure) outcome() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *pressure) now() (total int64, flushed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total, c.flushed
}

// measure notes the memory of the tables that a group has changed, and wakes the flusher when it is time.
func (m *Manager) measure(o *order) {
	total, _ := m.memory.now()
	for _, r := range o.members {
		for i := range r.tables {
			id := r.tables[i].id
			bytes := int64(0)
			if v := o.state.tables[id]; v != nil {
				bytes = v.MemoryBytes()
			}
			total = m.memory.set(id, bytes)
			if len(r.tables[i].segments) > 0 {
				m.wakeCompactor()
			}
		}
	}
	m.options.Metrics.Storage.MemtableBytes.Set(float64(total))
	logged := m.measureLog()
	if total > m.options.MemtableBytes || logged > m.options.LogBytes {
		m.wakeFlusher()
	}
}

// measureLog notes how much of the log recovery would read.
func (m *Manager) measureLog() int64 {
	logged := m.log.Bytes(wal.LSN(m.checkpointed.Load()))
	m.options.Metrics.Storage.WALUnflushed.Set(float64(logged))
	return logged
}

// noteFull notes a change that failed because the disk has no room. The next commit that is logged takes that back.
func (m *Manager) noteFull(err error) {
	if sqlerr.CodeOf(err) == sqlerr.DiskFull {
		m.options.Metrics.Storage.ReadOnly.Set(1)
	}
}

// measureAll notes the memory and the files of a whole state.
func (m *Manager) measureAll(p *published) {
	m.memory.mu.Lock()
	known := make([]catalog.TableID, 0, len(m.memory.tables))
	for id := range m.memory.tables {
		known = append(known, id)
	}
	m.memory.mu.Unlock()
	for _, id := range known {
		if p.tables[id] == nil {
			m.memory.set(id, 0)
		}
	}
	var segments, bytes int64
	for id, v := range p.tables {
		m.memory.set(id, v.MemoryBytes())
		for _, d := range v.Segments() {
			segments++
			bytes += d.Bytes
		}
	}
	total, _ := m.memory.now()
	storage := &m.options.Metrics.Storage
	storage.MemtableBytes.Set(float64(total))
	storage.Segments.Set(float64(segments))
	storage.SegmentBytes.Set(float64(bytes))
	m.measureLog()
}

// room waits while the memtables have far more than their limit, until a flush has made room. While flushes fail
// it tells why.
func (m *Manager) room(ctx context.Context) error {
	total, flushed := m.memory.now()
	for total > stallFactor*m.options.MemtableBytes {
		m.wakeFlusher()
		if err := m.memory.outcome(); err != nil {
			m.noteFull(err)
			return sqlerr.Wrap(err, sqlerr.CodeOf(err),
				"%d MiB of recent rows are in memory, and can't be written to segments: %v", total>>20, err).
				WithHint("nothing was changed; look at the disk, the server tries again by itself")
		}
		select {
		case <-flushed:
		case <-m.stop:
			return shuttingDown()
		case <-ctx.Done():
			return ctx.Err()
		}
		total, flushed = m.memory.now()
	}
	return nil
}

func (m *Manager) wakeFlusher() {
	select {
	case m.wake <- struct{}{}:
	default: // it is awake already
	}
}

// flushOnDemand is the flusher: it flushes when it is woken and when versions have become too old, and again, later and
// later, while that fails.
func (m *Manager) flushOnDemand(ctx context.Context) {
	aging := time.NewTicker(m.aging())
	defer aging.Stop()
	for {
		select {
		case <-m.stop:
			return
		case <-m.wake:
		case <-aging.C:
			if !m.aged() {
				continue
			}
		}
		for delay := m.options.FlushRetryDelay; ; delay = min(2*delay, flushRetryFactorMax*m.options.FlushRetryDelay) {
			err := m.Flush(ctx)
			if err == nil {
				break
			}
			m.options.Log.ErrorContext(ctx, "a flush failed", errorAttr(err), slog.Duration("again_in", delay))
			m.memory.ended(err)
			select {
			case <-m.stop:
				return
			case <-time.After(delay):
			}
		}
	}
}
