package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
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
	MemtableBytes   prometheus.Gauge
	SegmentBytes    prometheus.Gauge
	Segments        prometheus.Gauge
	FlushSeconds    prometheus.Histogram
	Flushes         *prometheus.CounterVec // outcome

	Compactions       *prometheus.CounterVec // outcome
	CompactionSeconds prometheus.Histogram
	CompactedSegments prometheus.Counter
	CompactionBytes   prometheus.Counter

	CacheBytes       prometheus.Gauge
	CacheHits        prometheus.Counter
	CacheMisses      prometheus.Counter
	SegmentBytesRead prometheus.Counter
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
	return &Set{
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
}

func newStorage(m maker) Storage {
	return Storage{
		WALSyncSeconds: m.histogram("micodb_wal_sync_duration_seconds", "Time of one sync of the log.",
			prometheus.ExponentialBuckets(2e-5, 2, 16)),
		WALGroupCommits: m.histogram("micodb_wal_group_commits", "Commits that one sync made durable.",
			prometheus.ExponentialBuckets(1, 2, 11)),
		WALBytes:          m.counter("micodb_wal_written_bytes_total", "Bytes written to the log."),
		MemtableBytes:     m.gauge("micodb_memtable_bytes", "Bytes of recent rows that are not in segments."),
		SegmentBytes:      m.gauge("micodb_segment_bytes", "Bytes of all segment files."),
		Segments:          m.gauge("micodb_segments", "Segment files."),
		FlushSeconds:      m.histogram("micodb_flush_duration_seconds", "Time of a flush.", latencies()),
		Flushes:           m.counterVec("micodb_flushes_total", "Flushes that ended.", "outcome"),
		Compactions:       m.counterVec("micodb_compactions_total", "Compactions that ended.", "outcome"),
		CompactionSeconds: m.histogram("micodb_compaction_duration_seconds", "Time of a compaction.", latencies()),
		CompactedSegments: m.counter("micodb_compacted_segments_total", "Segments that compactions have replaced."),
		CompactionBytes:   m.counter("micodb_compaction_written_bytes_total", "Bytes written by compactions."),
		CacheBytes:        m.gauge("micodb_chunk_cache_bytes", "Bytes of decoded columns kept in memory."),
		CacheHits:         m.counter("micodb_chunk_cache_hits_total", "Column reads that the cache served."),
		CacheMisses:       m.counter("micodb_chunk_cache_misses_total", "Column reads that went to a file."),
		SegmentBytesRead:  m.counter("micodb_segment_read_bytes_total", "Bytes read from segment files."),
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
