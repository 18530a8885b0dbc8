package physical_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/catalog/catalogtest"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/physical"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// memory is an instance in memory: a Snapshot and a Writer, both of which see every change at once.
type memory struct {
	*catalogtest.Snapshot

	tables []*catalog.Table
	chunks map[catalog.TableID][]*vector.Chunk
	asked  []catalog.ScanRequest
	open   int
}

func newMemory() *memory {
	return &memory{Snapshot: catalogtest.Of(), chunks: map[catalog.TableID][]*vector.Chunk{}}
}

func (m *memory) Scan(_ context.Context, id catalog.TableID, req catalog.ScanRequest) (catalog.Scan, error) {
	i := slices.IndexFunc(m.tables, func(t *catalog.Table) bool { return t.ID == id })
	s, err := catalog.NewChunkScan(m.tables[i], m.chunks[id], req)
	m.asked = append(m.asked, req)
	m.open++
	return closing{s, m}, err
}

type closing struct {
	catalog.Scan

	memory *memory
}

func (c closing) Close() error {
	c.memory.open--
	return c.Scan.Close()
}

func (m *memory) Insert(_ context.Context, table catalog.TableID, rows *vector.Chunk) error {
	out := &vector.Chunk{Len: rows.Count()}
	for _, v := range rows.Columns {
		b := vector.NewBuilder(v.Type)
		b.Append(v, rows.Sel)
		out.Columns = append(out.Columns, b.Build())
	}
	m.chunks[table] = append(m.chunks[table], out)
	return nil
}

func (*memory) Delete(context.Context, catalog.TableID, []catalog.Address) error { return nil }

func (m *memory) Define(_ context.Context, d catalog.Definition) error {
	create, ok := d.(catalog.CreateTable)
	if !ok {
		return sqlerr.NotSupported(fmt.Sprintf("%T", d))
	}
	t := catalogtest.Table(create.Name.Database, create.Name.Table, create.Columns...)
	t.ID = catalog.TableID(len(m.tables) + 1)
	for i := range t.Columns {
		t.Columns[i].ID = catalog.ColumnID(i + 1)
	}
	m.tables = append(m.tables, t)
	m.Snapshot = catalogtest.Of(m.tables...)
	return nil
}

func (m *memory) plan(ctx context.Context, sql string) (plan.Node, error) {
	stmt, err := parser.Parse(sql) //nolint:contextcheck // parsing takes no context
	if err != nil {
		return nil, err
	}
	env := bind.Environment{
		Snapshot: m, Database: catalog.DefaultDatabase, Functions: function.NewRegistry(), Now: m.Timestamp(),
	}
	b, err := bind.Bind(ctx, env, stmt)
	if err != nil {
		return nil, err
	}
	return optimize.Optimize(b.Plan)
}

// run returns the rows of a statement as text; in order only where the statement says one.
func (m *memory) run(ctx context.Context, workers int, sql string) ([]string, error) {
	n, err := m.plan(ctx, sql)
	if err != nil {
		return nil, err
	}
	bytes := budget.NewServer(1 << 30).Query(0)
	s, err := physical.Run(ctx, physical.Request{
		Plan: n, Snapshot: m, Writer: m, Scheduler: exec.NewScheduler(workers), Budget: bytes,
	})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var rows []string
	for {
		b, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range int(b.NumRows()) {
			rows = append(rows, line(b, i))
		}
		b.Release()
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	if used := bytes.Used(); used != 0 || m.open != 0 {
		return nil, fmt.Errorf("%d bytes and %d scans are left", used, m.open)
	}
	if !strings.Contains(strings.ToLower(sql), "order by") && !strings.HasPrefix(sql, "EXPLAIN") {
		slices.Sort(rows)
	}
	return rows, nil
}

func line(b arrow.RecordBatch, row int) string {
	parts := make([]string, b.NumCols())
	for i := range parts {
		parts[i] = b.Column(i).ValueStr(row)
	}
	return strings.Join(parts, "|")
}

// shop has customers, orders with dictionary-like texts, and a table of numbers.
func shop(t *testing.T) *memory {
	t.Helper()
	m := newMemory()
	for _, sql := range []string{
		`CREATE TABLE customer (id BIGINT NOT NULL, name VARCHAR, city VARCHAR)`,
		`INSERT INTO customer VALUES (1, 'Ada', 'London'), (2, 'Bob', 'Paris'), (3, 'Cid', NULL), (4, NULL, 'Paris')`,
		`CREATE TABLE sale (id BIGINT NOT NULL, customer BIGINT, amount DECIMAL(10,2), day DATE, kind VARCHAR)`,
		`INSERT INTO sale VALUES (1, 1, 10.50, DATE '2024-01-01', 'a'), (2, 1, 20.00, DATE '2024-01-02', 'b'),
			(3, 2, NULL, DATE '2024-02-01', 'a'), (4, 2, 5.25, DATE '2024-02-01', 'b'), (5, NULL, 1.00, NULL, NULL),
			(6, 9, 7.00, DATE '2025-01-01', 'c')`,
		`CREATE TABLE number (n BIGINT NOT NULL, x DOUBLE)`,
		`INSERT INTO number VALUES (1, 0.5), (2, 1.5), (3, NULL), (4, 4.5), (5, 0.5)`,
	} {
		_, err := m.run(t.Context(), 1, sql)
		require.NoError(t, err, "%s %v", sql, errors.Unwrap(err))
	}
	return m
}

func TestStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, want string }{
		{`SELECT 1 + 1, 'x'`, `2|x`},
		{`SELECT n FROM number WHERE n BETWEEN 2 AND 3`, `2 3`},
		{`SELECT count(*), count(x), sum(n), sum(x), avg(n), min(x), max(x) FROM number`, `5|4|15|7|3|0.5|4.5`},
		{`SELECT count(*), sum(n), min(x) FROM number WHERE n > 100`, `0|(null)|(null)`},
		{`SELECT n FROM number WHERE n > 100 GROUP BY n`, ``},
		{`SELECT city, count(*) FROM customer GROUP BY city`, `(null)|1 London|1 Paris|2`},
		{`SELECT x, count(*) FROM number GROUP BY x`, `(null)|1 0.5|2 1.5|1 4.5|1`},
		{`SELECT DISTINCT city FROM customer`, `(null) London Paris`},
		{`SELECT kind, sum(amount), avg(amount) FROM sale GROUP BY kind HAVING count(*) > 1`, `a|10.5|10.5 b|25.25|12.625`},
		{`SELECT count(DISTINCT kind), count(kind), count(*) FROM sale`, `3|5|6`},
		{
			`SELECT count(DISTINCT x), sum(DISTINCT x), count(DISTINCT n), avg(x), sum(x), max(n), count(*) FROM number`,
			`3|6.5|5|1.75|7|5|5`,
		},
		{
			`SELECT count(DISTINCT x), count(DISTINCT n), count(*), avg(x), sum(n) FROM number WHERE n > 9`,
			`0|0|0|(null)|(null)`,
		},
		{
			`SELECT kind, count(DISTINCT customer), sum(amount), min(day) FROM sale GROUP BY kind`,
			`(null)|0|1|(null) a|2|10.5|2024-01-01 b|2|25.25|2024-01-02 c|1|7|2025-01-01`,
		},
		{`SELECT c.name, s.id FROM customer c JOIN sale s ON c.id = s.customer`, `Ada|1 Ada|2 Bob|3 Bob|4`},
		{
			`SELECT c.name, s.id FROM customer c LEFT JOIN sale s ON c.id = s.customer AND s.amount > 6`,
			`(null)|(null) Ada|1 Ada|2 Bob|(null) Cid|(null)`,
		},
		{`SELECT c.id, s.id FROM customer c JOIN sale s ON c.id + 1 = s.customer * 2`, `1|1 1|2 3|3 3|4`},
		{`SELECT c.id, n.n FROM customer c JOIN number n ON c.id < n.n WHERE c.id >= 3`, `3|4 3|5 4|5`},
		{`SELECT count(*) FROM customer, sale, number`, `120`},
		{`SELECT a.id, b.id FROM customer a JOIN customer b ON a.city = b.city WHERE a.id < b.id`, `2|4`},
		{`SELECT id FROM sale ORDER BY amount DESC, id LIMIT 3`, `2 1 6`},
		{`SELECT id, amount FROM sale ORDER BY amount NULLS FIRST, id LIMIT 2 OFFSET 1`, `5|1 4|5.25`},
		{`SELECT id FROM sale ORDER BY kind DESC NULLS FIRST, day DESC, id`, `5 6 4 2 3 1`},
		{`SELECT name FROM customer ORDER BY id + 0 DESC LIMIT 2`, `(null) Cid`},
		{`SELECT n FROM number UNION ALL SELECT id FROM customer WHERE id = 1`, `1 1 2 3 4 5`},
		{`SELECT sum(d.a) FROM (SELECT amount AS a FROM sale WHERE kind IN ('a', 'b')) d`, `35.75`},
		{`SELECT id FROM sale WHERE kind LIKE 'a%' OR day IS NULL`, `1 3 5`},
		{`SELECT id FROM sale WHERE NOT (kind = 'a' OR amount < 6)`, `2 6`},
		{`SELECT CASE WHEN x > 1 THEN 'big' ELSE 'small' END AS s, count(*) FROM number GROUP BY s`, `big|2 small|3`},
		{`SELECT id, count(*) FROM customer WHERE id > 2 GROUP BY id ORDER BY id DESC`, `4|1 3|1`},
		{`INSERT INTO number SELECT n + 10, x FROM number WHERE n < 3`, `2`},
		{`CREATE TABLE copy AS SELECT name, id FROM customer WHERE city = 'Paris'`, `2`},
		{`SELECT n FROM number LIMIT 0`, ``},
		{`WITH s AS (SELECT n FROM number ORDER BY n DESC)
			SELECT n FROM (SELECT n FROM s LIMIT 1) a UNION ALL SELECT n FROM s`, `5 5 4 3 2 1`},
		{`WITH s AS (SELECT id, customer FROM sale) SELECT a.id, count(*) FROM s a JOIN s b ON a.customer = b.customer
			LEFT JOIN customer c ON c.id = a.id AND c.id > 2 GROUP BY a.id`, `1|2 2|2 3|2 4|2 6|1`},
	} {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			for _, workers := range []int{1, 3} {
				got, err := shop(t).run(t.Context(), workers, c.sql)
				require.NoError(t, err, "%v", errors.Unwrap(err))
				require.Equal(t, c.want, strings.Join(got, " "))
			}
		})
	}
}

func TestCreatedTableIsFilled(t *testing.T) {
	t.Parallel()
	m := shop(t)
	_, err := m.run(t.Context(), 2, `CREATE TABLE copy AS SELECT name, id FROM customer WHERE city = 'Paris'`)
	require.NoError(t, err)
	got, err := m.run(t.Context(), 2, `SELECT * FROM copy`)
	require.NoError(t, err)
	require.Equal(t, []string{"(null)|4", "Bob|2"}, got)
}

func TestErrorsAreReported(t *testing.T) {
	t.Parallel()
	for sql, code := range map[string]sqlerr.Code{
		`SELECT sum(n * 4611686018427387904) FROM number`: sqlerr.NumericOutOfRange,
		`EXPLAIN ANALYZE CREATE TABLE x (k INT)`:          sqlerr.FeatureNotSupported,
	} {
		_, err := shop(t).run(t.Context(), 2, sql)
		require.Equal(t, code, sqlerr.CodeOf(err), "%s: %v", sql, err)
	}
	m := shop(t)
	n, err := m.plan(t.Context(), `INSERT INTO number VALUES (1, 1)`)
	require.NoError(t, err)
	s, err := physical.Run(t.Context(), physical.Request{
		Plan: n, Snapshot: m, Scheduler: exec.NewScheduler(1), Budget: budget.NewServer(1 << 20).Query(0),
	})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Next(t.Context())
	require.Equal(t, sqlerr.ReadOnlyTransaction, sqlerr.CodeOf(err))
}

func TestScansGetPredicatesAndFilters(t *testing.T) {
	t.Parallel()
	m := shop(t)
	m.asked = nil
	_, err := m.run(t.Context(), 1, `SELECT id FROM sale WHERE day >= DATE '2024-01-02' AND day < DATE '2024-03-01'
		AND kind IN ('a', 'b') AND amount <> 3 AND kind LIKE 'ab%' AND customer IS NOT NULL`)
	require.NoError(t, err)
	require.Len(t, m.asked, 1)
	var got []string
	for _, p := range m.asked[0].Where {
		got = append(got, describe(p))
	}
	slices.Sort(got)
	require.Equal(t, []string{
		"2 not null", "3 out 3.00..3.00", "4 in 2024-01-02..NULL", "4 in NULL..2024-02-29", "5 in ab..ac",
		"any(5 in a..a, 5 in b..b)",
	}, got)

	m.asked = nil
	_, err = m.run(t.Context(), 1, `SELECT s.id FROM sale s JOIN customer c ON s.customer = c.id WHERE c.city = 'Paris'`)
	require.NoError(t, err)
	filters := 0
	for _, r := range m.asked {
		for _, f := range r.Runtime {
			require.NotNil(t, f.Values())
			filters++
		}
	}
	require.Equal(t, 1, filters)
}

func describe(p catalog.Predicate) string {
	switch p.Kind {
	case catalog.IsNotNull:
		return fmt.Sprintf("%d not null", p.Column)
	case catalog.IsNull:
		return fmt.Sprintf("%d null", p.Column)
	case catalog.AnyOf:
		parts := make([]string, len(p.Any))
		for i, a := range p.Any {
			parts[i] = describe(a)
		}
		return "any(" + strings.Join(parts, ", ") + ")"
	case catalog.InRange:
		return fmt.Sprintf("%d in %s..%s", p.Column, plain(p.Lo), plain(p.Hi))
	case catalog.OutOfRange:
		return fmt.Sprintf("%d out %s..%s", p.Column, plain(p.Lo), plain(p.Hi))
	case catalog.Matches:
	}
	return fmt.Sprintf("%d matches", p.Column)
}

func plain(s vector.Scalar) string { return expr.FormatScalar(s, false) }

func TestExplain(t *testing.T) {
	t.Parallel()
	got, err := shop(t).run(t.Context(), 1, `EXPLAIN SELECT c.city, sum(s.amount) AS total FROM customer c
		JOIN sale s ON c.id = s.customer WHERE s.kind = 'a' GROUP BY c.city ORDER BY total DESC LIMIT 5`)
	require.NoError(t, err)
	require.Equal(t, strings.TrimPrefix(`
logical plan:
  Limit 5
    Sort total DESC
      Project city, sum(amount)
        Aggregate by city: sum(amount)
          InnerJoin on id = customer
            Scan main.customer AS c [id, city]
            Project customer, amount
              Scan main.sale AS s [customer, amount, kind] where kind = 'a'
physical plan:
  Limit 5 [estimated_rows=5]
    TopN 5 by total DESC [estimated_rows=100]
      Project city, sum(amount) [estimated_rows=100]
        HashAggregate (hash) city, sum(amount) [estimated_rows=100]
          Project city, amount [estimated_rows=1000]
            HashJoin inner on id = customer (filters the scan) [estimated_rows=1000]
              TableScan main.customer AS c [estimated_rows=1000]
              Project customer, amount [estimated_rows=100]
                Filter kind = 'a' [estimated_rows=100]
                  TableScan main.sale AS s`, "\n"), strings.Join(got, "\n"))
}
