package server_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// Joins whose build sides take several times the memory that the limit leaves to queries.
const (
	joinLimit     = "128MiB"
	joinPeakBytes = 128 << 20 * 12 / 10
	joinRows      = 2_000_000 // of each table
)

// leftKey and rightKey are what the tables' columns k have for each n; false is NULL.
func leftKey(n int) (int, bool)  { return 2 * n, n%10 != 0 }
func rightKey(n int) (int, bool) { return 3 * n, n%7 != 0 }

const spilledBytes = "micodb_spill_written_bytes_total"

const joinText = "a text of forty bytes that ends with "

// joinServer has two tables of n below rows, k and t, a text of n.
func joinServer(t *testing.T, limit string, rows int) *harness.Server {
	t.Helper()
	s := harness.Start(t, "--memory-limit", limit)
	db := s.Connect(t.Context())
	sum, from := numbersBelow(100_000)
	for table, key := range map[string]string{
		"a": "CASE WHEN n % 10 <> 0 THEN 2 * n END", "b": "CASE WHEN n % 7 <> 0 THEN 3 * n END",
	} {
		execute(t, db, fmt.Sprintf("CREATE TABLE %s (n BIGINT NOT NULL, k BIGINT, t VARCHAR NOT NULL)", table))
		for first := 0; first < rows; first += 100_000 {
			execute(t, db, fmt.Sprintf("INSERT INTO %s SELECT n, %s, '%s' || CAST(n AS VARCHAR) FROM (SELECT %d + %s AS n FROM %s) x",
				table, key, joinText, first, sum, from))
		}
	}
	require.NoError(t, db.Close())
	s.Stop()
	s.Start()
	return s
}

// joinSums are what the queries below give, computed row by row.
type joinSums struct {
	pairs, pairsA, pairsB int // rows that have the same key, and the sums of n on both sides
	sumA                  int // of n of all rows of a
	keyedB, keyedBSum     int // rows of b that have a key, and the sum of n
}

func expectJoins(rows int) joinSums {
	var x joinSums
	rights := map[int]int{}
	for n := range rows {
		if k, ok := rightKey(n); ok {
			rights[k] = n
		}
	}
	for n := range rows {
		x.sumA += n
		k, keyed := leftKey(n)
		if r, found := rights[k]; keyed && found {
			x.pairs, x.pairsA, x.pairsB = x.pairs+1, x.pairsA+n, x.pairsB+r
		}
		_, keyedB := rightKey(n)
		if keyedB {
			x.keyedB, x.keyedBSum = x.keyedB+1, x.keyedBSum+n
		}
	}
	return x
}

func TestJoinsLargerThanMemory(t *testing.T) {
	s, x := joinServer(t, joinLimit, joinRows), expectJoins(joinRows)
	db := s.Connect(t.Context())
	for _, c := range []struct {
		kind, sql string
		want      []int
	}{
		{
			"inner", "SELECT count(*), sum(a.n), sum(b.n), sum(length(a.t)) > 0, sum(length(b.t)) > 0 FROM a JOIN b ON a.k = b.k",
			[]int{x.pairs, x.pairsA, x.pairsB},
		},
		{
			"left", "SELECT count(*), count(b.n), sum(a.n), sum(b.n), min(b.t) FROM a LEFT JOIN b ON a.k = b.k",
			[]int{joinRows, x.pairs, x.sumA, x.pairsB},
		},
		{
			"full", "SELECT count(*), count(a.n), count(b.n), min(a.t), max(b.t) FROM a FULL JOIN b ON a.k = b.k",
			[]int{2*joinRows - x.pairs, joinRows, joinRows},
		},
		{
			"semi", "SELECT count(*), sum(n), min(t) FROM a WHERE t IN (SELECT t FROM b WHERE k IS NOT NULL)",
			[]int{x.keyedB, x.keyedBSum},
		},
		{
			"anti", "SELECT count(*), sum(n), min(t) FROM a WHERE t NOT IN (SELECT t FROM b WHERE k IS NOT NULL)",
			[]int{joinRows - x.keyedB, x.sumA - x.keyedBSum},
		},
	} {
		before := reading(t, s, spilledBytes)
		got, err := firstRow(t.Context(), db, c.sql, len(c.want))
		require.NoError(t, err, c.sql)
		require.Equal(t, c.want, got, c.kind)
		require.Greater(t, reading(t, s, spilledBytes), before, c.kind)
		t.Logf("%s: %.0f MiB spilled, peak %d MiB", c.kind, (reading(t, s, spilledBytes)-before)/(1<<20), s.PeakBytes()>>20)
	}
	require.Less(t, s.PeakBytes(), int64(joinPeakBytes))
}
