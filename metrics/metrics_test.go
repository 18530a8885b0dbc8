package metrics_test

import (
	"strings"
	"testing"

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
