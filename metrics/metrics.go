package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Door names which protocol a request came by.
type Door string

// The doors.
const (
	Flight Door = "flight"
	JSON   Door = "json"
	Local  Door = "local" // in process
)

// Queries are the instruments of the session.
type Queries struct {
	Finished *prometheus.CounterVec   // kind, outcome
	Seconds  *prometheus.HistogramVec // kind
	RowsOut  prometheus.Counter
	RowsIn   prometheus.Counter
	BytesOut prometheus.Counter
	BytesIn  prometheus.Counter
	Running  prometheus.Gauge
	Sessions prometheus.Gauge
	Logins   *prometheus.CounterVec // outcome
	Slow     prometheus.Counter

	PlanHits    prometheus.Counter
	PlanMisses  prometheus.Counter
	PlanEntries prometheus.Gauge
	PlanBytes   prometheus.Gauge
}

// Transactions are the instruments of the transaction manager.
type Transactions struct {
	Open     prometheus.Gauge
	Finished *prometheus.CounterVec // outcome: commit, rollback, conflict, error
	Seconds  prometheus.Histogram   // of a commit, until its acknowledgement
}

// Storage are the instruments of the log, the memtables and the segments.
type Storage struct {
	WALSyncSeconds  prometheus.Histogram
	WALGroupCommits prometheus.Histogram
	WALBytes        prometheus.Counter
	WALUnflushed    prometheus.Gauge // bytes
	WALLimit        prometheus.Gauge // bytes
	ReadOnly        prometheus.Gauge // 0 or 1
	MemtableBytes   prometheus.Gauge
	MemtableLimit   prometheus.Gauge // bytes
	SegmentBytes    prometheus.Gauge
	Segments        prometheus.Gauge
	FlushSeconds    prometheus.Histogram
	Flushes         *prometheus.CounterVec // outcome

	Compactions       *prometheus.CounterVec // outcome
	CompactionSeconds prometheus.Histogram
	CompactedSegments prometheus.Counter
	CompactionBytes   prometheus.Counter
	CompactionMemory  prometheus.Gauge
}

// Connections are the instruments of the doors.
type Connections struct {
	Open     *prometheus.GaugeVec   // door
	Requests *prometheus.CounterVec // door, outcome
}

// Set is all of them.
type Set struct {
	Queries      Queries
	Transactions Transactions
	Storage      Storage
	Connections  Connections
}

// latencies are the buckets of request times in seconds, 100 µs to 100 s.
func latencies() []float64 { return prometheus.ExponentialBuckets(1e-4, 2.5, 16) }

// New makes all instruments and registers them, with those of the Go runtime and the process.
func New(r prometheus.Registerer, version string) *Set {
	m := maker{r}
	r.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gaugeVec("micodb_build_info", "The version that runs; always 1.", "version").WithLabelValues(version).Set(1)
	m.gauge("micodb_start_time_seconds", "When the process started, in seconds since the epoch.").
		Set(float64(time.Now().UnixMilli()) / 1e3)
	set := &Set{
		Queries: Queries{
			Finished: m.counterVec("micodb_queries_total", "Statements that ended.", "kind", "outcome"),
			Seconds: m.histogramVec("micodb_query_duration_seconds",
				"Time of a statement from its arrival to its last row.", "kind"),
			RowsOut:  m.counter("micodb_rows_returned_total", "Rows sent to clients."),
			RowsIn:   m.counter("micodb_rows_ingested_total", "Rows appended by clients."),
			BytesOut: m.counter("micodb_bytes_returned_total", "Bytes of Arrow data sent to clients."),
			BytesIn:  m.counter("micodb_bytes_ingested_total", "Bytes of Arrow data received from clients."),
			Running:  m.gauge("micodb_queries_running", "Statements that run now."),
			Sessions: m.gauge("micodb_sessions", "Sessions that are open."),
			Logins:   m.counterVec("micodb_logins_total", "Attempts to log in.", "outcome"),
			Slow:     m.counter("micodb_slow_queries_total", "Statements that took --slow-query-threshold or longer."),

			PlanHits: m.counter("micodb_plan_cache_hits_total",
				"Statements that were prepared or run with a plan that was there."),
			PlanMisses: m.counter("micodb_plan_cache_misses_total",
				"Statements for which a plan was made that is kept for the next ones."),
			PlanEntries: m.gauge("micodb_plan_cache_entries", "Plans that are kept."),
			PlanBytes:   m.gauge("micodb_plan_cache_bytes", "About the memory that kept plans take."),
		},
		Transactions: Transactions{
			Open:     m.gauge("micodb_transactions_open", "Transactions that are open."),
			Finished: m.counterVec("micodb_transactions_total", "Transactions that ended.", "outcome"),
			Seconds:  m.histogram("micodb_commit_duration_seconds", "Time of a commit.", latencies()),
		},
		Storage: newStorage(m),
		Connections: Connections{
			Open:     m.gaugeVec("micodb_connections", "Connections that are open.", "door"),
			Requests: m.counterVec("micodb_requests_total", "Requests that ended.", "door", "outcome"),
		},
	}
	set.begin()
	return set
}

// troubles are the outcomes that tell of the server rather than of the request.
func troubles() []sqlerr.Code {
	return []sqlerr.Code{
		sqlerr.DiskFull, sqlerr.OutOfMemory, sqlerr.TooManyConnections, sqlerr.LimitExceeded, sqlerr.IOError,
		sqlerr.InternalError, sqlerr.DataCorrupted,
	}
}

// begin makes the series at 0 whose first step an alert must see: the increase of a series that begins at 1 is 0.
func (s *Set) begin() {
	for vec, outcomes := range map[*prometheus.CounterVec][]string{
		s.Queries.Logins:        {"ok", "denied"},
		s.Transactions.Finished: {"commit", "rollback", "conflict", "error"},
		s.Storage.Flushes:       {"success", "error"},
		s.Storage.Compactions:   {"success", "error"},
	} {
		for _, outcome := range outcomes {
			vec.WithLabelValues(outcome)
		}
	}
	for _, door := range []Door{Flight, JSON} {
		s.Connections.Open.WithLabelValues(string(door))
		s.Connections.Requests.WithLabelValues(string(door), "ok")
		for _, code := range troubles() {
			s.Connections.Requests.WithLabelValues(string(door), string(code))
		}
	}
}

func newStorage(m maker) Storage {
	return Storage{
		WALSyncSeconds: m.histogram("micodb_wal_sync_duration_seconds", "Time of one sync of the log.",
			prometheus.ExponentialBuckets(2e-5, 2, 16)),
		WALGroupCommits: m.histogram("micodb_wal_group_commits", "Commits that one sync made durable.",
			prometheus.ExponentialBuckets(1, 2, 11)),
		WALBytes:     m.counter("micodb_wal_written_bytes_total", "Bytes written to the log."),
		WALUnflushed: m.gauge("micodb_wal_unflushed_bytes", "Bytes of the log that a start would have to read."),
		WALLimit: m.gauge("micodb_wal_unflushed_limit_bytes",
			"Bytes of micodb_wal_unflushed_bytes beyond which a flush begins."),
		ReadOnly: m.gauge("micodb_read_only",
			"1 from a change that the disk had no room for until the next one that is committed."),
		MemtableBytes:     m.gauge("micodb_memtable_bytes", "Bytes of recent rows that are not in segments."),
		MemtableLimit:     m.gauge("micodb_memtable_limit_bytes", "Bytes of recent rows beyond which a flush begins."),
		SegmentBytes:      m.gauge("micodb_segment_bytes", "Bytes of all segment files."),
		Segments:          m.gauge("micodb_segments", "Segment files."),
		FlushSeconds:      m.histogram("micodb_flush_duration_seconds", "Time of a flush.", latencies()),
		Flushes:           m.counterVec("micodb_flushes_total", "Flushes that ended.", "outcome"),
		Compactions:       m.counterVec("micodb_compactions_total", "Compactions that ended.", "outcome"),
		CompactionSeconds: m.histogram("micodb_compaction_duration_seconds", "Time of a compaction.", latencies()),
		CompactedSegments: m.counter("micodb_compacted_segments_total", "Segments that compactions have replaced."),
		CompactionBytes:   m.counter("micodb_compaction_written_bytes_total", "Bytes written by compactions."),
		CompactionMemory: m.gauge("micodb_compaction_memory_bytes",
			"Bytes of the memory budget that a compaction has reserved."),
	}
}

// maker makes and registers instruments.
type maker struct{ r prometheus.Registerer }

func (m maker) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.r.MustRegister(c)
	return c
}

func (m maker) counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.r.MustRegister(c)
	return c
}

func (m maker) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	m.r.MustRegister(g)
	return g
}

func (m maker) gaugeVec(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.r.MustRegister(g)
	return g
}

func (m maker) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	m.r.MustRegister(h)
	return h
}

func (m maker) histogramVec(name, help string, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: latencies()}, labels)
	m.r.MustRegister(h)
	return h
}
