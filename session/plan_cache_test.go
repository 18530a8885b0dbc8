package session

import (
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/metrics"
)

func TestThePlanUsedLongestAgoGoesFirst(t *testing.T) {
	m := metrics.New(prometheus.NewRegistry(), "test").Queries
	c := newPlanCache(100, m)
	named := func(i int) planKey { return planKey{text: strconv.Itoa(i)} }
	for i := range 10 {
		c.put(&prepared{key: named(i), bytes: 10})
	}
	require.NotNil(t, c.get(named(0)))
	c.put(&prepared{key: named(10), bytes: 10})
	require.Nil(t, c.get(named(1)))
	require.NotNil(t, c.get(named(0)))
	require.InDelta(t, 10, testutil.ToFloat64(m.PlanEntries), 0)
	require.InDelta(t, 100, testutil.ToFloat64(m.PlanBytes), 0)

	c.put(&prepared{key: named(0), bytes: 95})
	require.NotNil(t, c.get(named(0)))
	require.InDelta(t, 1, testutil.ToFloat64(m.PlanEntries), 0, "the rest made room, and so did its own old one")
	c.put(&prepared{key: named(11), bytes: 101})
	require.Nil(t, c.get(named(11)))
	require.Zero(t, testutil.ToFloat64(m.PlanEntries))
	require.Zero(t, c.used)
}
