package mutated_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/inprocess"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// What a query has, and what its client sees at most.
const (
	queryBytes = 64 << 20
	queryTime  = 2 * time.Second
	slack      = 10             // times queryTime: machines are slow
	heapMost   = 8 * queryBytes // of the live heap: chunks on their way count in no budget
	readRows   = 200_000
)

// run asks databases mutated statements, one after the other.
type run struct {
	t        *testing.T
	last     *os.File // holds the statement that runs, for whoever finds the process dead
	causes   *causes
	database *inprocess.Database
	session  inprocess.Session
	asked    int
	codes    map[sqlerr.Code]int // how often each came; empty for rows
	found    map[string]bool     // causes of findings
	slowest  time.Duration
	most     uint64 // bytes that a statement held
	heap     *heap
}

func newRun(t *testing.T, last string) *run {
	t.Helper()
	f, err := os.Create(last)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return &run{t: t, last: f, causes: &causes{}, codes: map[sqlerr.Code]int{}, found: map[string]bool{}, heap: watch(t)}
}

// begin builds a database.
func (r *run) begin(t *testing.T) {
	t.Helper()
	r.database = inprocess.Start(t, inprocess.Options{
		Limits: limits.Limits{QueryMemoryBytes: queryBytes, StatementTimeout: queryTime},
		Spill:  t.TempDir(), // else scratch files would be part of the heap
		Log:    r.causes,
	})
	t.Cleanup(func() { require.NoError(t, r.session.Close()) })
	var err error
	r.session, err = r.database.Open(t.Context(), inprocess.Administrator, harness.Password)
	require.NoError(t, err)
}

// renew opens another session, unless a statement has changed the password.
func (r *run) renew(ctx context.Context, t *testing.T) {
	t.Helper()
	s, err := r.database.Open(ctx, inprocess.Administrator, harness.Password)
	if strings.HasPrefix(string(sqlerr.CodeOf(err)), "28") {
		return
	}
	require.NoError(t, err)
	require.NoError(t, r.session.Close())
	r.session = s
}

// ask runs a mutated statement and judges what becomes of it.
func (r *run) ask(ctx context.Context, t *testing.T, sql string) {
	t.Helper()
	const life = 50 // statements of a session, which may change its settings
	if r.asked++; r.asked%life == 0 {
		r.renew(ctx, t)
	}
	require.NoError(t, r.last.Truncate(0))
	_, err := r.last.WriteAt([]byte(sql), 0)
	require.NoError(t, err)
	r.causes.reset()
	took, held, err := r.measure(ctx, sql)
	if held > heapMost { // perhaps by what came before and was no garbage yet
		runtime.GC()
		_, held, _ = r.measure(ctx, sql)
	}
	r.slowest, r.most = max(r.slowest, took), max(r.most, held)
	code := sqlerr.Code("")
	if err != nil {
		code = sqlerr.CodeOf(err)
	}
	r.codes[code]++
	switch {
	case strings.HasPrefix(string(code), "XX") || code == sqlerr.IOError:
		r.find(t, sql, fmt.Sprintf("%s: %v\n%s", code, err, r.causes.String()))
	case took > slack*queryTime:
		r.find(t, sql, "took "+took.String())
	case held > heapMost:
		r.find(t, sql, fmt.Sprintf("held %d MiB", held>>20))
	}
	_ = execute(ctx, r.session, "ROLLBACK") // of a transaction that it may have begun
}

// measure runs a statement, and returns how many bytes of the heap more than before were live at most.
func (r *run) measure(ctx context.Context, sql string) (took time.Duration, held uint64, err error) {
	before := r.heap.reset()
	began := time.Now()
	err = execute(ctx, r.session, sql)
	return time.Since(began), r.heap.peak() - before, err
}

// find reports a statement, the first one of each cause.
func (r *run) find(t *testing.T, sql, cause string) {
	t.Helper()
	line := cause
	for l := range strings.Lines(cause) { // what tells panics apart is where they happened
		if strings.Contains(l, "micodb/") && strings.Contains(l, ".go:") && !strings.Contains(l, "session/") {
			line = l
			break
		}
	}
	line, _, _ = strings.Cut(line, " +0x")
	if !r.found[line] {
		r.found[line] = true
		t.Errorf("%s\n%s", sql, cause)
	}
}

// report prints what was asked.
func (r *run) report(seed uint64) {
	r.t.Helper()
	parts := make([]string, 0, len(r.codes))
	for _, code := range slices.Sorted(maps.Keys(r.codes)) {
		parts = append(parts, fmt.Sprintf("%s=%d", code, r.codes[code]))
	}
	r.t.Logf("%d mutated statements of seed %d: rows%s; the slowest took %s, and none held more than %d MiB",
		r.asked, seed, strings.Join(parts, " "), r.slowest, r.most>>20)
}

// execute runs a statement and reads its rows, but not without end.
func execute(ctx context.Context, s inprocess.Session, sql string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows := int64(0)
	_, err := s.Each(ctx, sql, func(b arrow.RecordBatch) {
		if rows += b.NumRows(); rows > readRows {
			cancel()
		}
	})
	if rows > readRows && sqlerr.CodeOf(err) == sqlerr.QueryCanceled {
		return nil
	}
	return err
}

// causes is a log that keeps what went wrong since it was reset.
type causes struct {
	slog.Handler

	mu   sync.Mutex // guards text
	text string
}

func (*causes) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

func (c *causes) Handle(_ context.Context, r slog.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text += r.Message + "\n"
	r.Attrs(func(a slog.Attr) bool {
		c.text += a.String() + "\n"
		return true
	})
	return nil
}

func (c *causes) WithAttrs([]slog.Attr) slog.Handler { return c }

func (c *causes) WithGroup(string) slog.Handler { return c }

func (c *causes) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = ""
}

func (c *causes) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text
}

// heap watches how much of the heap is live.
type heap struct{ most atomic.Uint64 }

// watch begins to watch, until the test ends.
func watch(t *testing.T) *heap {
	t.Helper()
	const every = 2 * time.Millisecond
	h := &heap{}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				h.peak()
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
	})
	return h
}

// live returns the bytes that the last collection found in use.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// reset forgets the peak and returns what is live now.
func (h *heap) reset() uint64 {
	now := live()
	h.most.Store(now)
	return now
}

// peak returns the most bytes that were live since the reset.
func (h *heap) peak() uint64 {
	now := live()
	for {
		most := h.most.Load()
		if now <= most || h.most.CompareAndSwap(most, now) {
			return max(now, most)
		}
	}
}
