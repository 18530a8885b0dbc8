package segment

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/parquetfile"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/metrics"
)

// Cache keeps decoded column chunks, the least recently used of which go when it is full. Safe for concurrent
// use; a chunk that several scans want is loaded once. What is evicted lives on while a scan holds it.
type Cache struct {
	limit int64        // bytes
	read  atomic.Int64 // bytes of columns that were read from files, kept or not

	scratch parquetfile.Scratch

	mu      sync.Mutex // guards all below
	used    int64
	hits    int64
	misses  int64
	entries map[key]*entry
	recent  list.List // of *entry, the most recent in front
}

// key names a column chunk.
type key struct {
	segment uint64
	group   int
	column  catalog.ColumnID
}

type loader func(context.Context) (*vector.Vector, error)

type entry struct {
	key    key
	done   chan struct{} // closed when vector or err is set
	vector *vector.Vector
	zones  []vector.Bounds // nil until they are asked for; guarded by the cache's mu
	err    error
	bytes  int64
	place  *list.Element // nil while it loads
}

// NewCache returns an empty cache of at most limit bytes.
func NewCache(limit int64) *Cache { return &Cache{limit: limit, entries: map[key]*entry{}} }

// Counts returns what the cache holds and has done.
func (c *Cache) Counts() metrics.Cache {
	c.mu.Lock()
	defer c.mu.Unlock()
	return metrics.Cache{Bytes: c.used, Hits: c.hits, Misses: c.misses, BytesRead: c.read.Load()}
}

// get returns the vector of a key, by load where it is not there. Others who want it meanwhile wait for the
// same load, each as long as its own ctx allows; a load that ended with its caller's ctx is tried again.
func (c *Cache) get(ctx context.Context, k key, load loader) (*vector.Vector, error) {
	for {
		c.mu.Lock()
		e, ok := c.entries[k]
		if !ok {
			c.misses++
			e = &entry{key: k, done: make(chan struct{})}
			c.entries[k] = e
			c.mu.Unlock()
			return c.fill(ctx, e, load)
		}
		c.hits++
		if e.place != nil {
			c.recent.MoveToFront(e.place)
		}
		c.mu.Unlock()
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) {
			return e.vector, e.err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

func (c *Cache) fill(ctx context.Context, e *entry, load loader) (*vector.Vector, error) {
	e.err = sqlerr.New(sqlerr.InternalError, "the load of a column chunk broke off") // should load panic
	defer c.settle(e)
	e.vector, e.err = load(ctx)
	return e.vector, e.err
}

// settle keeps what was loaded, and lets those go on who wait for it.
func (c *Cache) settle(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(e.done)
	if e.err != nil {
		delete(c.entries, e.key)
		return
	}
	e.bytes = vectorBytes(e.vector)
	c.used += e.bytes
	e.place = c.recent.PushFront(e)
	for c.used > c.limit {
		c.evict(c.recent.Back())
	}
}

// evict removes an entry; the caller holds mu.
func (c *Cache) evict(place *list.Element) {
	if e, ok := c.recent.Remove(place).(*entry); ok {
		c.used -= e.bytes
		delete(c.entries, e.key)
	}
}

// Forget removes a segment's chunks, whose file is gone.
func (c *Cache) Forget(segment uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.entries {
		if k.segment == segment && e.place != nil {
			c.evict(e.place)
		}
	}
}

// vectorBytes is the memory that a loaded vector takes.
func vectorBytes(v *vector.Vector) int64 {
	n := int64(256 + 16*zoneCount(v) + 8*len(v.Valid) + 4*len(v.Offsets) + len(v.Data))
	if d := v.Dictionary; d != nil {
		for _, b := range d.Values {
			n += int64(24 + len(b))
		}
	}
	if v.Encoding == vector.Constant || v.Encoding == vector.Flat && v.Physical == vector.Bytes {
		return n
	}
	return n + int64(v.Len)<<v.Width
}
