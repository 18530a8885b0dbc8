package server_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

// An aggregation whose states take several times the memory that the limit leaves to queries. Its keys and its greatest
// texts are all different, but for one key that each tenth row has.
const (
	groupLimit     = "128MiB"
	groupPeakBytes = 128 << 20 * 12 / 10
	groupRows      = 2_000_000
	groupSQL       = `SELECT count(*) AS groups, sum(n) AS of_rows, sum(total) AS total, min(longest) AS least,
		count(DISTINCT longest) AS texts FROM (
		SELECT CASE WHEN n % 10 = 0 THEN -1 ELSE n END AS k, count(*) AS n, sum(n) AS total,
			max('a text of forty bytes that ends with ' || CAST(n AS VARCHAR)) AS longest
		FROM numbers GROUP BY k) g`
	spillBudget = 64 << 20 // bytes of the limit that queries share
)

func groupServer(t *testing.T) *harness.Server {
	t.Helper()
	s := harness.Start(t, "--memory-limit", groupLimit)
	sum, from := numbersBelow(1_000_000)
	db := s.Connect(t.Context())
	execute(t, db, "CREATE TABLE numbers (n BIGINT NOT NULL)")
	for million := range groupRows / 1_000_000 {
		execute(t, db, fmt.Sprintf("INSERT INTO numbers SELECT %d + %s FROM %s", million*1_000_000,
			sum, from))
	}
	return s
}

// numbersBelow is an expression that has each number below a power of ten once, and the FROM that it is of.
func numbersBelow(limit int) (sum, from string) {
	var digits, places []string
	for i, place := 0, 1; place < limit; i, place = i+1, place*10 {
		digits = append(digits, fmt.Sprintf("(VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS d%d(n)", i))
		places = append(places, fmt.Sprintf("%d * d%d.n", place, i))
	}
	return strings.Join(places, " + "), strings.Join(digits, " CROSS JOIN ")
}

func execute(t *testing.T, db *client.Conn, sql string) {
	t.Helper()
	_, err := db.Execute(t.Context(), sql)
	require.NoError(t, err, sql)
}

func requireNoScratch(t *testing.T, s *harness.Server) {
	t.Helper()
	names, err := os.ReadDir(filepath.Join(s.Dir, "spill"))
	require.NoError(t, err)
	require.Empty(t, names)
	require.Zero(t, reading(t, s, "micodb_spill_bytes"))
}

// reading returns a metric's value.
func reading(t *testing.T, s *harness.Server, name string) float64 {
	t.Helper()
	_, metrics := get(t, "http://"+s.HTTP+"/metrics")
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(metrics)
	require.NotNil(t, found, name)
	v, err := strconv.ParseFloat(found[1], 64)
	require.NoError(t, err)
	return v
}

func TestAnAggregationLargerThanMemory(t *testing.T) {
	s := groupServer(t)
	db := s.Connect(t.Context())
	t.Logf("the server had at most %d MiB when it had filled the table", s.PeakBytes()>>20)
	rows, err := db.Stream(t.Context(), groupSQL)
	require.NoError(t, err)
	require.True(t, rows.Next())
	b := rows.Batch()
	require.Equal(t, int64(1), b.NumRows())
	for i, want := range []string{
		"1800001", "2000000", "1999999000000", "a text of forty bytes that ends with 1", "1800001",
	} {
		require.Equal(t, want, b.Column(i).ValueStr(0), b.ColumnName(i))
	}
	require.False(t, rows.Next())
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.Greater(t, reading(t, s, "micodb_spill_written_bytes_total"), 2.0*spillBudget)
	require.Less(t, s.PeakBytes(), int64(groupPeakBytes))
	requireNoScratch(t, s)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- drain(ctx, db) }()
	waitForScratch(t, s)
	cancel()
	require.Error(t, <-ended)
	require.Eventually(t, func() bool { return reading(t, s, "micodb_spill_bytes") == 0 }, time.Minute, time.Millisecond)
	requireNoScratch(t, s)

	go func() { ended <- drain(t.Context(), db) }()
	waitForScratch(t, s)
	s.Kill()
	require.Error(t, <-ended)
	s.Start()
	requireNoScratch(t, s)
}

func drain(ctx context.Context, db *client.Conn) error {
	rows, err := db.Stream(ctx, groupSQL)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

func waitForScratch(t *testing.T, s *harness.Server) {
	t.Helper()
	require.Eventually(t, func() bool { return reading(t, s, "micodb_spill_bytes") > spillBudget/4 },
		time.Minute, time.Millisecond)
}
