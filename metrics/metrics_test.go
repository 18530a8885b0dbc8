package metrics_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/metrics"
)

func TestNamesFollowPrometheus(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	m := metrics.New(r, "v0.0.0")
	m.Queries.Finished.WithLabelValues("select", "ok").Inc()
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "micodb_") {
			require.Fail(t, p.Metric, p.Text)
		}
	}
	n, err := testutil.GatherAndCount(r, "micodb_queries_total")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func TestSeriesThatAlertsNeedBeginAtZero(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	metrics.New(r, "v0.0.0")
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP micodb_flushes_total Flushes that ended.
# TYPE micodb_flushes_total counter
micodb_flushes_total{outcome="error"} 0
micodb_flushes_total{outcome="success"} 0
# HELP micodb_read_only 1 from a change that the disk had no room for until the next one that is committed.
# TYPE micodb_read_only gauge
micodb_read_only 0
`), "micodb_flushes_total", "micodb_read_only"))
}

func TestReadings(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	disk, broken := metrics.Disk{Total: 100, Free: 30}, error(nil)
	metrics.Readings{
		Ready: func() bool { return true }, MemoryLimit: 7, BudgetLimit: 5, BudgetUsed: func() int64 { return 3 },
		Cache:             func() metrics.Cache { return metrics.Cache{Bytes: 1, Hits: 2, Misses: 4, BytesRead: 8} },
		SpillUsed:         func() int64 { return 16 },
		SpillTotal:        func() int64 { return 32 },
		Disk:              func() (metrics.Disk, error) { return disk, broken },
		CertificateExpiry: time.Unix(1234, 0),
	}.Register(r)
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	require.Empty(t, problems)
	values := func() map[string]float64 {
		families, err := r.Gather()
		require.NoError(t, err)
		all := map[string]float64{}
		for _, f := range families {
			m := f.GetMetric()[0]
			all[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
		return all
	}
	require.Equal(t, map[string]float64{
		"micodb_ready": 1, "micodb_memory_limit_bytes": 7, "micodb_memory_budget_limit_bytes": 5, "micodb_memory_budget_used_bytes": 3,
		"micodb_chunk_cache_bytes": 1, "micodb_chunk_cache_hits_total": 2, "micodb_chunk_cache_misses_total": 4,
		"micodb_spill_bytes": 16, "micodb_spill_written_bytes_total": 32,
		"micodb_segment_read_bytes_total": 8, "micodb_disk_total_bytes": 100, "micodb_disk_free_bytes": 30,
		"micodb_tls_certificate_expiry_time_seconds": 1234,
	}, values())
	broken = errors.New("x")
	require.True(t, math.IsNaN(values()["micodb_disk_free_bytes"]), "0 would say that the disk is full")
}

func TestNoCertificateIsNoneThatExpires(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	metrics.Readings{
		Ready: func() bool { return false }, BudgetUsed: func() int64 { return 0 }, Cache: func() metrics.Cache { return metrics.Cache{} },
		Disk: func() (metrics.Disk, error) { return metrics.Disk{}, nil }, SpillUsed: func() int64 { return 0 },
		SpillTotal: func() int64 { return 0 },
	}.Register(r)
	n, err := testutil.GatherAndCount(r, "micodb_tls_certificate_expiry_time_seconds")
	require.NoError(t, err)
	require.Zero(t, n)
}
