package jsonproto_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/metrics"
)

// Requests are counted by their SQLSTATE, those too that fail in the middle of their answer.
func TestRequestsAreCountedByOutcome(t *testing.T) {
	counts := metrics.New(prometheus.NewRegistry(), "test").Connections
	p := dial(t, startCounted(t, &door{}, limits.Limits{}, counts))
	for _, request := range []struct {
		text  string
		lines int // of its answer
	}{
		{login, 1},
		{`{"command":"create_database","db_name":"d"}` + "\n", 1},
		{`{"command":"sql","db_name":"d","query":"hello"}` + "\n", 1},
		{`{"command":"sql","db_name":"d","query":"SELECT broken"}` + "\n", 1},
		{`{"command":"sql","db_name":"d","query":"SELECT broken","format":"ndjson"}` + "\n", 4},
		{`[1]` + "\n", 1},
		{`{"command":"drop_table","db_name":"d","table_name":"t"}` + "\n", 1}, // it is counted behind its answer
	} {
		p.send(request.text)
		for range request.lines {
			p.line()
		}
	}
	for outcome, n := range map[string]float64{"42601": 1, "53200": 2, "08P01": 1} {
		require.InDelta(t, n, testutil.ToFloat64(counts.Requests.WithLabelValues("json", outcome)), 0, outcome)
	}
	require.GreaterOrEqual(t, testutil.ToFloat64(counts.Requests.WithLabelValues("json", "ok")), 2.0)
}
