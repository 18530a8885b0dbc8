package txn

import (
	"log/slog"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/storage/compact"
	"github.com/micodb/micodb/storage/segment"
)

// The defaults of the limits.
const (
	DefaultMemtableBytes = 256 << 20
	DefaultLogBytes      = 512 << 20
	DefaultWriteSetBytes = 32 << 20
	DefaultCacheBytes    = 256 << 20

	// DefaultAsyncDelay is how long an acknowledged Async commit may stay unsynced.
	DefaultAsyncDelay = 5 * time.Millisecond

	// DefaultFlushRetryDelay is the time between a flush that failed and the next one; it doubles while they fail.
	DefaultFlushRetryDelay = 250 * time.Millisecond

	// DefaultRetention is how long old versions can be read in a server that is told nothing.
	DefaultRetention = 24 * time.Hour

	// DefaultHistoryBytes bounds what is kept in memory of when rows were deleted; it may end retention early.
	DefaultHistoryBytes = 64 << 20

	// DefaultCompactionBytesPerSecond bounds what compactions read.
	DefaultCompactionBytesPerSecond = 64 << 20

	// DefaultCompactionRetryDelay is how long a table is left alone whose compaction failed.
	DefaultCompactionRetryDelay = time.Minute
)

const (
	groupBytesMax   = 64 << 20 // of row data in one group
	groupCommitsMax = 4096
	queuedCommits   = 1024 // waiting for the sequencer, beyond them committers wait to be queued
	stallFactor     = 2    // commits wait while memtables have this many times their limit

	flushRetryFactorMax = 40 // how far FlushRetryDelay grows
)

// Options are what Open needs. FS and Dir must be set.
type Options struct {
	Limits

	FS      vfs.FS
	Dir     string
	Log     *slog.Logger   // nil: nothing is logged
	Metrics *metrics.Set   // nil: nothing is counted
	Cache   *segment.Cache // of decoded columns; nil: one of DefaultCacheBytes

	// Fatal is called once, when the log or the manifest can't be written: the process must stop, and recovers
	// when it is started again. Until it has stopped, commits fail. nil: they only fail.
	Fatal func(error)

	Clock func() catalog.Timestamp // nil: the system's

	Retention  time.Duration  // how long old versions can be read; 0: as long as a transaction sees them
	Compaction compact.Policy // which segments are merged
	Memory     *budget.Server // of which compactions take their part; nil: one without a limit

	// ManualCompaction leaves compactions to calls of Compact: for who has the instance open for a moment only, and for
	// tests that need I/O in a fixed order.
	ManualCompaction bool
}

// Limits bound what the manager takes; 0 is the default.
type Limits struct {
	MemtableBytes int64 // a flush begins when all memtables have more
	LogBytes      int64 // a flush begins when recovery would read more
	LogFileBytes  int64 // size of a file of the log
	WriteSetBytes int64 // a transaction's rows beyond them, of all tables, go to segments before it commits
	AsyncDelay    time.Duration

	FlushRetryDelay time.Duration

	HistoryBytes             int64
	CompactionBytesPerSecond int64
	CompactionRetryDelay     time.Duration
}

func orDefault[T int64 | time.Duration](v *T, byDefault T) {
	if *v == 0 {
		*v = byDefault
	}
}

// complete fills in the defaults.
func (o *Options) complete() {
	orDefault(&o.MemtableBytes, DefaultMemtableBytes)
	orDefault(&o.LogBytes, DefaultLogBytes)
	orDefault(&o.WriteSetBytes, DefaultWriteSetBytes)
	orDefault(&o.AsyncDelay, DefaultAsyncDelay)
	orDefault(&o.FlushRetryDelay, DefaultFlushRetryDelay)
	orDefault(&o.HistoryBytes, DefaultHistoryBytes)
	orDefault(&o.CompactionBytesPerSecond, DefaultCompactionBytesPerSecond)
	orDefault(&o.CompactionRetryDelay, DefaultCompactionRetryDelay)
	o.Compaction = o.Compaction.Complete()
	if o.Memory == nil {
		o.Memory = budget.NewServer(math.MaxInt64)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = metrics.New(prometheus.NewRegistry(), "")
	}
	if o.Cache == nil {
		o.Cache = segment.NewCache(DefaultCacheBytes)
	}
	if o.Clock == nil {
		o.Clock = func() catalog.Timestamp { return catalog.Timestamp(time.Now().UnixNano()) }
	}
	if o.Fatal == nil {
		o.Fatal = func(error) {}
	}
}

// TransactionOptions choose how a transaction behaves.
type TransactionOptions struct {
	ReadOnly bool
	Async    bool // acknowledge the commit before it is synced
}
