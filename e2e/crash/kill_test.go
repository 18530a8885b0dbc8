package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

// The sizes of the SIGKILL loop.
const (
	flightWriters   = 4
	jsonWriters     = 4
	killsAtFlush    = 10
	killsInRecovery = 10
	payloadBytes    = 2000
	rollbackEvery   = 17 // each writer's every so many-th transaction is rolled back
)

// acksWanted is how many acknowledgements the loop gathers.
func acksWanted() int {
	if os.Getenv("MICODB_TEST_LONG") != "" {
		return 50_000
	}
	return 5000
}

// What the server logs before and after what it is killed in.
const (
	flushBegins      = `msg="flush begins"`
	compactionBegins = `msg="compaction begins"`
	compactionEnds   = `msg="segments were compacted"`
)

// Writers commit over both doors, and from files, while the server is killed: in turn during flushes, during
// compactions and after them, and during recoveries. Nothing that was acknowledged may be lost, nothing may be half
// applied, nothing rolled back may appear. Without retention each flush has rows for a compaction to leave out.
func TestSIGKILL(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	files := t.TempDir()
	s := harness.New(t, t.TempDir(), "--memory-limit", "64MiB", "--log-level", "debug", "--retention", "0s",
		"--allow-files", files)
	s.Start()
	db := s.Connect(t.Context())
	for _, table := range []string{"left_rows", "right_rows"} {
		_, err := db.Execute(t.Context(), "CREATE TABLE "+table+" (writer INT NOT NULL, number INT NOT NULL, part INT NOT NULL, payload VARCHAR)")
		require.NoError(t, err)
	}
	for _, sql := range []string{
		"CREATE TABLE counters (writer INT NOT NULL, number INT NOT NULL)",
		"CREATE TABLE latest (writer INT NOT NULL, number INT NOT NULL)",
		"CREATE TABLE sparse (writer INT NOT NULL, number INT NOT NULL)",
		"INSERT INTO counters VALUES " + countersAtZero(),
	} {
		_, err := db.Execute(t.Context(), sql)
		require.NoError(t, err)
	}
	l := newLedger()
	kills, started := 0, time.Now()
	for round := 0; round < killsAtFlush || l.acknowledgements() < acksWanted(); round++ {
		stop := startWriters(s, l, files)
		wanted := l.acknowledgements() + acksWanted()/(killsAtFlush+1)
		require.Eventually(t, func() bool { return l.acknowledgements() >= wanted }, 2*time.Minute, time.Millisecond)
		for _, event := range [][]string{
			{flushBegins}, {compactionBegins}, {flushBegins, compactionEnds},
		}[round%3] {
			require.True(t, s.Logged(event, time.Minute), "the server logs %s within the time", event)
		}
		pause(time.Duration(random.IntN(60)) * time.Millisecond)
		s.Kill()
		kills++
		stop()
		if round < killsInRecovery {
			s.Launch()
			pause(time.Duration(random.IntN(100)) * time.Millisecond)
			s.Kill()
			kills++
		}
		s.Start()
		require.NoError(t, check(t, s, l))
		t.Logf("round %d: %d acknowledgements after %s", round, l.acknowledgements(), time.Since(started).Round(time.Second))
	}
	t.Logf("%d acknowledgements, %d kills in %s", l.acknowledgements(), kills, time.Since(started).Round(time.Second))
	s.Stop()
	s.Start()
	require.Positive(t, compacted(t, s), "segments of compactions")
	require.NoError(t, check(t, s, l), "after a clean end")
	require.Len(t, latest(t, s.Connect(t.Context()), "latest"), flightWriters+jsonWriters, "all writers have committed")
}

func pause(d time.Duration) { <-time.After(d) }

// startWriters lets all writers commit until stop is called, or their server is gone.
func startWriters(s *harness.Server, l *ledger, files string) (stop func()) {
	var work sync.WaitGroup
	var ended atomic.Bool
	for w := range flightWriters + jsonWriters {
		work.Go(func() {
			switch {
			case w >= flightWriters:
				jsonWriter(s, l, w, &ended)
			case w == 0:
				flightWriter(s, l, w, &ended, copying(files))
			default:
				flightWriter(s, l, w, &ended, inserting)
			}
		})
	}
	return func() {
		ended.Store(true)
		work.Wait()
	}
}

// numbers hands out each writer's next number, over all rounds.
var numbers [flightWriters + jsonWriters]atomic.Int64

func next(w int) commit { return commit{writer: w, number: int(numbers[w].Add(1))} }

// values are the rows of a commit as SQL.
func values(c commit) string {
	rows := make([]string, c.parts())
	for i := range rows {
		rows[i] = fmt.Sprintf("(%d, %d, %d, '%s')", c.writer, c.number, i, payload(c))
	}
	return strings.Join(rows, ", ")
}

// inserting returns the statement that adds a commit's rows to a table.
func inserting(c commit, table string) (string, error) {
	return "INSERT INTO " + table + " VALUES " + values(c), nil
}

// copying is inserting from a file.
func copying(files string) func(c commit, table string) (string, error) {
	return func(c commit, table string) (string, error) {
		name := fmt.Sprintf("%s.%d.csv", table, c.writer)
		text := "writer,number,part,payload\n"
		for i := range c.parts() {
			text += fmt.Sprintf("%d,%d,%d,%s\n", c.writer, c.number, i, payload(c))
		}
		return fmt.Sprintf("COPY %s FROM '%s'", table, name),
			os.WriteFile(filepath.Join(files, name), []byte(text), 0o600)
	}
}

// sparseAfter is after how many commits a row of the table sparse is deleted, if it is.
const sparseAfter = 50

// changes are the statements by which a commit names itself the writer's last: in the one row that the writer has in
// counters, which is updated, and in the one that it has in latest, which is deleted, inserted and updated. Of the rows
// that it adds to sparse every second one is deleted later: those that go with even commits.
func changes(c commit) []string {
	return []string{
		fmt.Sprintf("UPDATE counters SET number = %d WHERE writer = %d", c.number, c.writer),
		fmt.Sprintf("DELETE FROM latest WHERE writer = %d", c.writer),
		fmt.Sprintf("INSERT INTO latest VALUES (%d, 0)", c.writer),
		fmt.Sprintf("UPDATE latest SET number = number + %d WHERE writer = %d", c.number, c.writer),
		fmt.Sprintf("INSERT INTO sparse VALUES (%d, %d)", c.writer, c.number),
		fmt.Sprintf("DELETE FROM sparse WHERE writer = %d AND number = %d AND number %% 2 = 0", c.writer, c.number-sparseAfter),
	}
}

func countersAtZero() string {
	rows := make([]string, flightWriters+jsonWriters)
	for w := range rows {
		rows[w] = fmt.Sprintf("(%d, 0)", w)
	}
	return strings.Join(rows, ", ")
}

func payload(c commit) string {
	return strings.Repeat(fmt.Sprintf("%d.%d ", c.writer, c.number), payloadBytes/8)
}

func flightWriter(
	s *harness.Server, l *ledger, w int, ended *atomic.Bool, add func(c commit, table string) (string, error),
) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	db, err := client.Open(ctx, client.Options{URL: "grpc://" + s.Flight, Username: "admin", Password: harness.Password})
	if err != nil {
		return // the server is gone already
	}
	defer db.Close()
	for !ended.Load() {
		c := next(w)
		l.set(c, unknown)
		end, f := "COMMIT", acknowledged
		if c.number%rollbackEvery == 0 {
			end, f = "ROLLBACK", rolledBack
			l.set(c, rolledBack)
		}
		left, err := add(c, "left_rows")
		if err != nil {
			return
		}
		right, err := add(c, "right_rows")
		if err != nil {
			return
		}
		for _, sql := range slices.Concat([]string{"BEGIN", left}, changes(c), []string{right, end}) {
			if _, err = db.Execute(ctx, sql); err != nil {
				return
			}
		}
		l.set(c, f)
	}
}

func jsonWriter(s *harness.Server, l *ledger, w int, ended *atomic.Bool) {
	p, err := dialJSON(s.JSON)
	if err != nil {
		return
	}
	defer p.conn.Close()
	for !ended.Load() {
		c := next(w)
		l.set(c, unknown)
		end, f := "commit_transaction", acknowledged
		if c.number%rollbackEvery == 0 {
			end, f = "rollback_transaction", rolledBack
			l.set(c, rolledBack)
		}
		if p.transaction(c, end) != nil {
			return
		}
		l.set(c, f)
	}
}

// check reads both tables and compares them with the ledger.
func check(t *testing.T, s *harness.Server, l *ledger) error {
	t.Helper()
	db := s.Connect(t.Context())
	defer db.Close()
	left := count(t, db, "left_rows")
	last := map[int]int{} // of each writer
	for c := range left {
		last[c.writer] = max(last[c.writer], c.number)
	}
	require.Equal(t, last, latest(t, db, "latest"), "the rows that are deleted and inserted anew")
	sparse := map[commit]int{}
	for c := range left {
		if later := (commit{c.writer, c.number + sparseAfter}); c.number%2 == 1 || left[later] == 0 {
			sparse[c] = 1
		}
	}
	require.Equal(t, sparse, rowsOfCommits(t, db, "SELECT writer, number, COUNT(*), COUNT(*) FROM sparse GROUP BY writer, number"))
	for w := range flightWriters + jsonWriters {
		last[w] += 0 // a writer without commits has its row, too
	}
	require.Equal(t, last, latest(t, db, "counters"), "the rows that are updated")
	return l.check(left, count(t, db, "right_rows"))
}

// latest reads a table that has at most one row of each writer.
func latest(t *testing.T, db *client.Conn, table string) map[int]int {
	t.Helper()
	rows, err := db.Stream(t.Context(), "SELECT writer, number FROM "+table)
	require.NoError(t, err)
	out := map[int]int{}
	for rows.Next() {
		b := rows.Batch()
		writer, number := b.Column(0).(*array.Int32), b.Column(1).(*array.Int32)
		for i := range int(b.NumRows()) {
			w := int(writer.Value(i))
			require.NotContains(t, out, w, "writer %d has two rows in %s", w, table)
			out[w] = int(number.Value(i))
		}
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	return out
}

// compacted returns how many of the segments are those of compactions.
func compacted(t *testing.T, s *harness.Server) int64 {
	t.Helper()
	db := s.Connect(t.Context())
	defer db.Close()
	rows, err := db.Stream(t.Context(), "SELECT COUNT(*) FROM system.segments WHERE origin = 'compaction'")
	require.NoError(t, err)
	require.True(t, rows.Next())
	n := rows.Batch().Column(0).(*array.Int64).Value(0)
	require.False(t, rows.Next())
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	return n
}

func count(t *testing.T, db *client.Conn, table string) map[commit]int {
	t.Helper()
	return rowsOfCommits(t, db, "SELECT writer, number, COUNT(*), COUNT(DISTINCT part) FROM "+table+" GROUP BY writer, number")
}

// rowsOfCommits runs a query for writer, number, rows and distinct rows.
func rowsOfCommits(t *testing.T, db *client.Conn, query string) map[commit]int {
	t.Helper()
	rows, err := db.Stream(t.Context(), query)
	require.NoError(t, err)
	out := map[commit]int{}
	for rows.Next() {
		b := rows.Batch()
		writer, number := b.Column(0).(*array.Int32), b.Column(1).(*array.Int32)
		n, distinct := b.Column(2).(*array.Int64), b.Column(3).(*array.Int64)
		for i := range int(b.NumRows()) {
			c := commit{int(writer.Value(i)), int(number.Value(i))}
			require.Equal(t, n.Value(i), distinct.Value(i), "rows of %+v are doubled: %s", c, query)
			out[c] = int(n.Value(i))
		}
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	return out
}
