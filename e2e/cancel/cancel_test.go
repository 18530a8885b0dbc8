package cancel_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

const (
	// The target is how soon a statement shall have ended, and the slack what is still no fault of a busy machine.
	target, slack = 100 * time.Millisecond, 10
	timeout       = 300 * time.Millisecond
	latest        = 900 * time.Millisecond // a statement is ended at a random moment before
	numbers       = 2_000_000              // rows of the table that all statements read
)

// statement is a long one.
type statement struct {
	name, sql string
	changes   bool
}

// statements keep each operator busy for longer than a test waits, most of them with more than fits in memory.
func statements() []statement {
	// many has 40 M rows.
	const many = "(SELECT n * 20 + d AS n FROM numbers CROSS JOIN (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)," +
		"(10),(11),(12),(13),(14),(15),(16),(17),(18),(19)) AS v(d))"
	return []statement{
		{"scan and filter", "SELECT count(*) FROM (" +
			strings.TrimSuffix(strings.Repeat("SELECT n FROM numbers UNION ALL ", 40), " UNION ALL ") +
			") AS x WHERE CAST(n AS VARCHAR) LIKE '%7%7%7%'", false},
		{"cross join", "SELECT count(*) FROM numbers AS a CROSS JOIN numbers AS b WHERE a.n + b.n * 3 = 7", false},
		{"aggregation", "SELECT count(*) FROM (SELECT n, count(*) AS c FROM " + many + " AS m GROUP BY n) AS g", false},
		{"distinct", "SELECT count(DISTINCT n), count(DISTINCT -n) FROM " + many + " AS m", false},
		{"join that spills", "SELECT count(*), max(a.n) FROM " + many + " AS a JOIN " + many + " AS b ON a.n = b.n", false},
		{"join of many pairs", "SELECT max(a.n + b.n) FROM numbers AS a JOIN numbers AS b ON a.n % 100 = b.n % 100", false},
		{"sort", "SELECT n FROM (SELECT n FROM numbers UNION ALL SELECT -n FROM numbers UNION ALL SELECT n + 1 FROM numbers) AS x " +
			"ORDER BY n * 7919 % 1000003, n", false},
		{"sort that spills", "SELECT CAST(n AS VARCHAR) AS t FROM " + many + " AS m ORDER BY t DESC", false},
		{"insert", "INSERT INTO filled SELECT n, CAST(n AS VARCHAR) FROM " + many + " AS m", true},
		{"delete", "DELETE FROM deleted WHERE CAST(n AS VARCHAR) NOT LIKE '%123456789%'", true},
		{"copy from", "COPY filled FROM 'rows.csv'", true},
		{"copy to", "COPY (SELECT n FROM " + many + " AS m) TO 'all.csv'", true},
	}
}

func TestWhateverIsCancelledEndsSoonAndLeavesNothing(t *testing.T) {
	files := t.TempDir()
	s := harness.Start(t, "--memory-limit", "512MiB", "--threads", "2", "--allow-files", files)
	fill(t, s, files)
	rounds := 1
	if os.Getenv("MICODB_TEST_LONG") != "" {
		rounds = 50
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var all []time.Duration
	for range rounds {
		for _, st := range statements() {
			var some []time.Duration
			for _, w := range ways() {
				if w.queries && st.changes {
					continue
				}
				t.Run(st.name+" by "+w.name, func(t *testing.T) {
					for before := latest; before > latest/100; before /= 3 { // until it is not too late
						took, ended := cancelled(t, s, st, w, time.Duration(random.Int64N(int64(before))))
						if left(t, s, files) && ended {
							some = append(some, took)
							require.Less(t, took, slack*target)
							return
						}
					}
				})
			}
			t.Logf("%-20s %v", st.name, some)
			all = append(all, some...)
		}
	}
	require.NotEmpty(t, all)
	slices.Sort(all)
	t.Logf("%d statements ended after %v (median), %v (95 %%), %v (the last); the target is %v", len(all),
		all[len(all)/2], all[len(all)*95/100], all[len(all)-1], target)
	require.Positive(t, reading(t, s, "micodb_spill_written_bytes_total"))
}

// fill makes the tables and the file.
func fill(t *testing.T, s *harness.Server, files string) {
	t.Helper()
	db := s.Connect(t.Context())
	digits := "(VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9))"
	var from, sum []string
	for i, place := 0, 1; i < 6; i, place = i+1, place*10 {
		from = append(from, fmt.Sprintf("%s AS d%d(n)", digits, i))
		sum = append(sum, fmt.Sprintf("%d * d%d.n", place, i))
	}
	million := fmt.Sprintf("SELECT %s AS n FROM %s", strings.Join(sum, " + "), strings.Join(from, " CROSS JOIN "))
	for _, sql := range []string{
		"CREATE TABLE numbers (n BIGINT NOT NULL)", "CREATE TABLE deleted (n BIGINT NOT NULL)",
		"CREATE TABLE filled (n BIGINT, t VARCHAR)",
		"INSERT INTO numbers " + million, "INSERT INTO numbers SELECT n + 1000000 FROM (" + million + ") AS m",
		"INSERT INTO deleted SELECT n FROM numbers",
	} {
		_, err := db.Execute(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	require.EqualValues(t, numbers, count(t, db, "deleted"))
	var csv bytes.Buffer
	csv.WriteString("n,t\n")
	for i := range numbers {
		fmt.Fprintf(&csv, "%d,a text of some length that ends with %d\n", i, i)
	}
	require.NoError(t, os.WriteFile(filepath.Join(files, "rows.csv"), csv.Bytes(), 0o600))
}

// cancelled ends a statement some time after it has begun, and returns how long after that the server had given back
// what it held; false when it had ended before.
func cancelled(t *testing.T, s *harness.Server, st statement, w way, after time.Duration) (time.Duration, bool) {
	t.Helper()
	end := w.begin(t, s, st.sql)
	give := time.Now().Add(30 * time.Second)
	for reading(t, s, "micodb_queries_running") == 0 {
		require.True(t, time.Now().Before(give), "the statement was not seen")
	}
	asked := time.Now().Add(timeout)
	if end != nil {
		time.Sleep(after)
		if reading(t, s, "micodb_queries_running") == 0 {
			return 0, false
		}
		asked = time.Now()
		end()
	}
	for {
		page := metrics(t, s)
		used := value(t, page, "micodb_memory_budget_used_bytes") - value(t, page, "micodb_compaction_memory_bytes")
		if value(t, page, "micodb_queries_running") == 0 && used == 0 && value(t, page, "micodb_spill_bytes") == 0 {
			return max(0, time.Since(asked)), true
		}
		if time.Since(asked) > 100*slack*target {
			require.Fail(t, "the statement does not end", "%s", page)
		}
		time.Sleep(time.Millisecond)
	}
}

// left shows that no part of a change stays. It returns false for one that is there as a whole, since it was committing
// already, and makes the tables what they were.
func left(t *testing.T, s *harness.Server, files string) (none bool) {
	t.Helper()
	none = true
	db := s.Connect(t.Context())
	rows, err := db.Stream(t.Context(), "SELECT sql FROM system.queries WHERE sql NOT LIKE '%system.queries%'")
	require.NoError(t, err)
	for rows.Next() {
		require.Zero(t, rows.Batch().NumRows())
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.NoFileExists(t, filepath.Join(files, "all.csv"))
	if n := count(t, db, "filled"); n != 0 {
		none = false
		require.EqualValues(t, numbers, n)
		_, err := db.Execute(t.Context(), "TRUNCATE TABLE filled")
		require.NoError(t, err)
	}
	if count(t, db, "deleted") != numbers {
		none = false
		require.Zero(t, count(t, db, "deleted WHERE CAST(n AS VARCHAR) NOT LIKE '%123456789%'"))
		_, err := db.Execute(t.Context(), "INSERT INTO deleted SELECT n FROM numbers")
		require.NoError(t, err)
	}
	return none
}

func count(t *testing.T, db *client.Conn, from string) (n int64) {
	t.Helper()
	rows, err := db.Stream(t.Context(), "SELECT count(*) FROM "+from)
	require.NoError(t, err)
	require.True(t, rows.NextRow())
	require.NoError(t, rows.Scan(&n))
	require.NoError(t, rows.Close())
	return n
}

// metrics returns the server's page of metrics.
func metrics(t *testing.T, s *harness.Server) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.HTTP+"/metrics", http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return string(page)
}

func reading(t *testing.T, s *harness.Server, name string) float64 {
	t.Helper()
	return value(t, metrics(t, s), name)
}

// value returns a metric's value.
func value(t *testing.T, page, name string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(page)
	require.NotNil(t, found, name)
	v, err := strconv.ParseFloat(found[1], 64)
	require.NoError(t, err)
	return v
}
