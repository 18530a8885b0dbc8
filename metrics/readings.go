package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Readings are the numbers of a server that nobody counts: they are read whenever somebody asks for the metrics. Their
// functions are called by several goroutines at once.
type Readings struct {
	Ready       func() bool  // whether clients are served
	MemoryLimit int64        // bytes, of the whole process
	BudgetLimit int64        // bytes, of all queries
	BudgetUsed  func() int64 // bytes
	Cache       func() Cache
	SpillUsed   func() int64         // bytes of scratch files
	SpillTotal  func() int64         // bytes that were ever written to scratch files
	Disk        func() (Disk, error) // where it fails the numbers of the disk are NaN

	CertificateExpiry time.Time // zero without TLS
}

// Cache is what the cache of decoded columns has done.
type Cache struct {
	Bytes     int64 // held now
	Hits      int64
	Misses    int64
	BytesRead int64 // of columns from segment files, for the cache or past it
}

// Disk is the size of the file system that holds the data, in bytes.
type Disk struct {
	Total uint64
	Free  uint64 // for the server's user
}

// Register makes instruments that show the readings.
func (x Readings) Register(r prometheus.Registerer) {
	m := maker{r}
	m.reading("micodb_ready", "1 while clients are served, 0 during recovery and shutdown.", func() float64 {
		if x.Ready() {
			return 1
		}
		return 0
	})
	m.reading("micodb_memory_limit_bytes", "Memory that the server may use.",
		func() float64 { return float64(x.MemoryLimit) })
	m.reading("micodb_memory_budget_limit_bytes", "The part of the memory that all queries together may reserve.",
		func() float64 { return float64(x.BudgetLimit) })
	m.reading("micodb_memory_budget_used_bytes", "Memory that queries have reserved.",
		func() float64 { return float64(x.BudgetUsed()) })
	m.reading("micodb_spill_bytes", "Scratch files of queries that outgrew their memory.",
		func() float64 { return float64(x.SpillUsed()) })
	m.total("micodb_spill_written_bytes_total", "Bytes written to scratch files.",
		func() float64 { return float64(x.SpillTotal()) })
	m.reading("micodb_chunk_cache_bytes", "Bytes of decoded columns kept in memory.",
		func() float64 { return float64(x.Cache().Bytes) })
	m.total("micodb_chunk_cache_hits_total", "Column reads that the cache served.",
		func() float64 { return float64(x.Cache().Hits) })
	m.total("micodb_chunk_cache_misses_total", "Column reads that the cache did not serve.",
		func() float64 { return float64(x.Cache().Misses) })
	m.total("micodb_segment_read_bytes_total", "Bytes of columns read from segment files.",
		func() float64 { return float64(x.Cache().BytesRead) })
	m.reading("micodb_disk_total_bytes", "Size of the file system that holds the data.",
		x.disk(func(d Disk) uint64 { return d.Total }))
	m.reading("micodb_disk_free_bytes", "What the server may still use of the file system that holds the data.",
		x.disk(func(d Disk) uint64 { return d.Free }))
	if !x.CertificateExpiry.IsZero() {
		m.reading("micodb_tls_certificate_expiry_time_seconds",
			"When the TLS certificate ends, in seconds since the epoch.",
			func() float64 { return float64(x.CertificateExpiry.Unix()) })
	}
}

func (x Readings) disk(of func(Disk) uint64) func() float64 {
	return func() float64 {
		d, err := x.Disk()
		if err != nil {
			return math.NaN()
		}
		return float64(of(d))
	}
}

// reading makes a gauge, total a counter, whose value a function tells.
func (m maker) reading(name, help string, value func() float64) {
	m.r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

func (m maker) total(name, help string, value func() float64) {
	m.r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}
