package server_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/internal/sqlerr"
)

// pressure is how many connections ask at once, how large the tables are, and with how much memory.
func pressure() (connections, rows int, limit int64) {
	if os.Getenv("MICODB_TEST_LONG") != "" {
		return 200, 1_000_000, 1 << 30
	}
	return 48, 200_000, 128 << 20
}

// TestManyHeavyQueriesAtOnce has many queries at once that each would like a good part of the memory: each ends in the
// right answer or a clear error, and most in the former.
func TestManyHeavyQueriesAtOnce(t *testing.T) {
	connections, rows, limit := pressure()
	s, x := joinServer(t, strconv.FormatInt(limit, 10), rows), expectJoins(rows)
	queries := []struct {
		sql  string
		want []int
	}{
		{"SELECT count(*), sum(n), max(c) FROM (SELECT t, n, count(*) AS c FROM a GROUP BY t, n) g", []int{rows, x.sumA, 1}},
		{
			"SELECT count(*), sum(a.n), sum(b.n), min(a.t), min(b.t) FROM a JOIN b ON a.k = b.k",
			[]int{x.pairs, x.pairsA, x.pairsB},
		},
		{"SELECT n FROM a ORDER BY t DESC, n OFFSET " + strconv.Itoa(rows-1), []int{0}},
		{"SELECT count(*), count(b.n), sum(a.n), min(b.t) FROM a LEFT JOIN b ON a.t = b.t AND b.k > 0", []int{rows, x.keyedB, x.sumA}},
		{"SELECT count(DISTINCT t), count(DISTINCT n) FROM b", []int{rows, rows}},
	}
	var wg sync.WaitGroup
	var mu sync.Mutex // guards right and refused
	var right, refused int
	for i := range connections {
		db := s.Connect(t.Context())
		wg.Go(func() {
			q := queries[i%len(queries)]
			got, err := firstRow(t.Context(), db, q.sql, len(q.want))
			failure, told := errors.AsType[*client.Error](err)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && slices.Equal(q.want, got):
				right++
			case told && failure.SQLState == string(sqlerr.OutOfMemory):
				refused++
			default:
				t.Errorf("%s gave %v, not %v: %v", q.sql, got, q.want, err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d right, %d refused; peak %d MiB, spilled %.0f MiB", right, refused, s.PeakBytes()>>20, reading(t, s, spilledBytes)/(1<<20))
	require.GreaterOrEqual(t, right, connections*3/4)
	require.Less(t, s.PeakBytes(), limit*12/10)
}

// firstRow returns the first n columns of the only row of a result.
func firstRow(ctx context.Context, db *client.Conn, sql string, n int) ([]int, error) {
	rows, err := db.Stream(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int
	for rows.Next() {
		b := rows.Batch()
		if out != nil || b.NumRows() != 1 {
			return nil, fmt.Errorf("%d rows more", b.NumRows())
		}
		for i := range n {
			v, err := strconv.Atoi(b.Column(i).ValueStr(0))
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	}
	return out, rows.Err()
}
