package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

// plans is an instance with what its plan cache counts, and the last plan that was run.
type plans struct {
	*instance

	metrics *metrics.Set
	last    plan.Node
}

func startPlans(t *testing.T) *plans {
	t.Helper()
	p := &plans{}
	p.instance = start(t, func(c *session.Config) { p.metrics = c.Metrics },
		withFault(func(r session.Request) error { p.last = r.Plan; return nil }))
	return p
}

// counted runs f and returns how many hits and misses it made.
func (p *plans) counted(f func()) (hits, misses int) {
	q := p.metrics.Queries
	h, m := testutil.ToFloat64(q.PlanHits), testutil.ToFloat64(q.PlanMisses)
	f()
	return int(testutil.ToFloat64(q.PlanHits) - h), int(testutil.ToFloat64(q.PlanMisses) - m)
}

func (p *plans) requireMade(f func()) {
	p.t.Helper()
	_, misses := p.counted(f)
	require.Equal(p.t, 1, misses, "a plan that does not hold was used")
}

func (p *plans) requireKept(f func()) {
	p.t.Helper()
	hits, misses := p.counted(f)
	require.Zero(p.t, misses, "a plan was made anew")
	require.Positive(p.t, hits)
}

func TestPlansAreKept(t *testing.T) {
	p := startPlans(t)
	a, b := p.admin(), p.admin()
	a.exec("CREATE TABLE t (id INT, name VARCHAR)")
	a.exec("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
	const sql = "SELECT name FROM t WHERE id = ?"
	p.requireMade(func() { require.Equal(t, []string{"one"}, a.rows(sql, 1)) })
	p.requireKept(func() { require.Equal(t, []string{"two"}, a.rows(sql, 2)) })
	p.requireKept(func() { require.Equal(t, []string{"two"}, b.rows(sql, 2)) })
	p.requireMade(func() { a.rows("SELECT  name FROM t WHERE id = ?", 1) })
	require.InDelta(t, 3, testutil.ToFloat64(p.metrics.Queries.PlanEntries), 0, "two queries and an INSERT")
	require.Positive(t, testutil.ToFloat64(p.metrics.Queries.PlanBytes))

	// Values of another type are cast to the one that the text asks for, as without a cache.
	p.requireKept(func() { require.Equal(t, []string{"two"}, a.rows(sql, int32(2))) })
	p.requireKept(func() { require.Equal(t, []string{"two"}, a.rows(sql, "2")) })
	p.requireKept(func() { require.Empty(t, a.rows(sql, nil)) })
	_, err := a.query(nil, sql, "many")
	requireCode(t, sqlerr.InvalidText, err)

	// Nobody else has these, so they are made each time.
	for _, own := range []string{"SHOW TABLES", "EXPLAIN SELECT 1", "SELECT now() IS NULL FROM t"} {
		for range 2 {
			hits, misses := p.counted(func() { a.rows(own) })
			require.Zero(t, hits+misses, own)
		}
	}
	long := "SELECT 1 -- " + strings.Repeat("x", limits.PlanTextBytes)
	hits, misses := p.counted(func() { a.rows(long) })
	require.Zero(t, hits+misses)
}

func TestPlansFollowDefinitions(t *testing.T) {
	p := startPlans(t)
	c := p.admin()
	c.exec("CREATE TABLE t (id INT, name VARCHAR)")
	c.exec("INSERT INTO t VALUES (1, 'one')")
	const sql = "SELECT name FROM t WHERE id = ?"
	c.rows(sql, 1)
	held, err := c.Prepare(t.Context(), nil, sql)
	require.NoError(t, err)
	c.exec("DROP TABLE t")
	_, err = c.query(nil, sql, 1)
	requireCode(t, sqlerr.UndefinedTable, err)
	c.exec("CREATE TABLE t (name INT, id VARCHAR)")
	c.exec("INSERT INTO t VALUES (7, 'seven')")
	p.requireMade(func() { require.Equal(t, []string{"7"}, c.rows(sql, "seven")) })
	_, err = held.Query(t.Context(), paramRows(t, []any{1}))
	requireCode(t, sqlerr.FeatureNotSupported, err)

	// What a transaction makes is nobody else's until it commits, nor after it rolled back.
	other := p.admin()
	c.exec("BEGIN")
	c.exec("CREATE TABLE u (x INT)")
	_, misses := p.counted(func() { c.rows("SELECT x FROM u") })
	require.Zero(t, misses, "it is kept")
	other.fails(sqlerr.UndefinedTable, "SELECT x FROM u")
	c.exec("ROLLBACK")
	c.exec("CREATE TABLE u (y INT)")
	c.fails(sqlerr.UndefinedColumn, "SELECT x FROM u")
}

func TestPlansFollowViews(t *testing.T) {
	p := startPlans(t)
	c, other := p.admin(), p.admin()
	c.exec("CREATE TABLE t (id INT)")
	c.exec("INSERT INTO t VALUES (1), (2)")
	c.exec("CREATE VIEW inner_view AS SELECT id FROM t")
	c.exec("CREATE VIEW v AS SELECT id FROM inner_view")
	const sql = "SELECT sum(id) FROM v"
	p.requireMade(func() { require.Equal(t, []string{"3"}, c.rows(sql)) })
	p.requireKept(func() { require.Equal(t, []string{"3"}, other.rows(sql)) })
	held, err := c.Prepare(t.Context(), nil, sql)
	require.NoError(t, err)
	heldRows := func() []string {
		r, err := held.Query(t.Context(), nil)
		require.NoError(t, err)
		rows, err := drain(r)
		require.NoError(t, err)
		return rows
	}
	c.exec("CREATE OR REPLACE VIEW v AS SELECT id FROM inner_view WHERE id > 1")
	p.requireMade(func() { require.Equal(t, []string{"2"}, other.rows(sql)) })
	require.Equal(t, []string{"2"}, heldRows())

	// The one below, whose tables stay the same.
	c.exec("CREATE OR REPLACE VIEW inner_view AS SELECT CAST(id + 10 AS INT) AS id FROM t")
	p.requireMade(func() { require.Equal(t, []string{"23"}, other.rows(sql)) })
	require.Equal(t, []string{"23"}, heldRows())

	// A table in the view's place, and a view that reads no table.
	c.exec("DROP VIEW v")
	other.fails(sqlerr.UndefinedTable, sql)
	c.exec("CREATE TABLE v (id INT)")
	require.Equal(t, []string{"(null)"}, other.rows(sql))
	c.exec("DROP TABLE v")
	c.exec("CREATE VIEW v AS SELECT 5 AS id")
	require.Equal(t, []string{"5"}, other.rows(sql))
	c.exec("CREATE OR REPLACE VIEW v AS SELECT 6 AS id")
	p.requireMade(func() { require.Equal(t, []string{"6"}, other.rows(sql)) })

	// One that a transaction made is nobody else's.
	c.exec("BEGIN")
	c.exec("CREATE OR REPLACE VIEW v AS SELECT 7 AS id")
	_, misses := p.counted(func() { require.Equal(t, []string{"7"}, c.rows(sql)) })
	require.Zero(t, misses, "it is kept")
	require.Equal(t, []string{"6"}, other.rows(sql))
	c.exec("ROLLBACK")
	require.Equal(t, []string{"6"}, c.rows(sql))
}

// TestAPreparedViewIsMadeOfWhatThereIs when it runs, and by whoever may then.
func TestAPreparedViewIsMadeOfWhatThereIs(t *testing.T) {
	p := startPlans(t)
	admin := p.admin()
	admin.exec("CREATE TABLE t (id INT)")
	ann := p.user("ann", "poweruser")
	made, err := ann.Prepare(t.Context(), nil, "CREATE OR REPLACE VIEW v AS SELECT * FROM t")
	require.NoError(t, err)
	admin.exec("DROP TABLE t")
	admin.exec("CREATE TABLE t (name VARCHAR, id BIGINT)")
	_, err = made.Exec(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"name|VARCHAR|YES", "id|BIGINT|YES"}, ann.rows("DESCRIBE v"))
	_, err = made.Exec(t.Context(), nil)
	requireCode(t, sqlerr.InsufficientPrivilege, err, "now there is one, and ann may not drop")
	require.Contains(t, p.log.String(), "CREATE VIEW")
}

func TestPlansFollowGrants(t *testing.T) {
	p := startPlans(t)
	admin := p.admin()
	admin.exec("CREATE TABLE t (id INT)")
	admin.exec("INSERT INTO t VALUES (1)")
	admin.rows("SELECT id FROM t")
	bob := p.user("bob")
	bob.fails(sqlerr.InsufficientPrivilege, "SELECT id FROM t")
	admin.exec("GRANT SELECT ON main.t TO bob")
	require.Equal(t, []string{"1"}, bob.rows("SELECT id FROM t"))
	held, err := bob.Prepare(t.Context(), nil, "SELECT id FROM t")
	require.NoError(t, err)
	admin.exec("REVOKE ALL ON main.t FROM bob")
	bob.fails(sqlerr.InsufficientPrivilege, "SELECT id FROM t")
	_, err = held.Query(t.Context(), nil)
	requireCode(t, sqlerr.InsufficientPrivilege, err)
	admin.exec("GRANT SELECT ON main.t TO bob")
	p.requireMade(func() { require.Equal(t, []string{"1"}, bob.rows("SELECT id FROM t")) })
}

func TestPlansFollowSettingsAndDatabases(t *testing.T) {
	p := startPlans(t)
	c := p.admin()
	for i, database := range []string{"main", "other"} {
		if i > 0 {
			c.exec("CREATE DATABASE other")
		}
		c.exec(fmt.Sprintf("CREATE TABLE %s.t (id INT)", database))
		c.exec(fmt.Sprintf("INSERT INTO %s.t VALUES (%d)", database, i))
	}
	const sql = "SELECT id FROM t"
	p.requireMade(func() { require.Equal(t, []string{"0"}, c.rows(sql)) })
	held, err := c.Prepare(t.Context(), nil, sql)
	require.NoError(t, err)
	c.exec("SET threads = 1")
	p.requireMade(func() { c.rows(sql) })
	c.exec("RESET threads")
	p.requireKept(func() { c.rows(sql) })

	c.exec("USE other")
	p.requireMade(func() { require.Equal(t, []string{"1"}, c.rows(sql)) })
	s, err := held.Query(t.Context(), nil)
	require.NoError(t, err)
	rows, err := drain(s)
	require.NoError(t, err)
	require.Equal(t, []string{"0"}, rows, "a statement means what it meant when it was prepared")
	c.exec("DROP TABLE main.t")
	_, err = held.Query(t.Context(), nil)
	requireCode(t, sqlerr.UndefinedTable, err, "and not what it would mean now")
}

// Plans that are kept know nothing of what is in the tables: rows beyond all that was there, NULLs where there were
// none and the first rows of an empty table are found.
func TestPlansFollowRows(t *testing.T) {
	p := startPlans(t)
	c := p.admin()
	c.exec("CREATE TABLE t (id INT, name VARCHAR)")
	c.exec("CREATE TABLE u (id INT)")
	queries := []string{
		"SELECT name FROM t WHERE id > ?",
		"SELECT count(*) FROM t WHERE id IS NULL AND ? = 0",
		"SELECT t.name FROM t JOIN u ON t.id = u.id WHERE u.id >= ?",
		"SELECT name FROM t WHERE id IN (SELECT id FROM u WHERE id >= ?)",
		"SELECT name FROM t WHERE id < 0 - ? ORDER BY id LIMIT 1",
		"SELECT min(id), max(id) FROM t WHERE ? = 0",
	}
	want := func(step int, rows ...string) {
		t.Helper()
		require.Equal(t, append([]string{}, rows...), c.rows(queries[step], 0))
	}
	for _, sql := range queries {
		c.rows(sql, 0)
	}
	p.requireKept(func() {
		want(0)
		want(1, "0")
		want(5, "(null)|(null)")
	})
	c.exec("INSERT INTO t VALUES (1000000, 'far'), (NULL, 'none'), (-5, 'below')")
	c.exec("INSERT INTO u VALUES (1000000)")
	p.requireKept(func() {
		want(0, "far")
		want(1, "1")
		want(2, "far")
		want(3, "far")
		want(4, "below")
		want(5, "-5|1000000")
	})
	plan.Walk(p.last, func(n plan.Node) {
		if s, ok := n.(*plan.Scan); ok {
			require.Nil(t, s.Table.Statistics, "statistics are in a plan that is kept")
		}
	})
	c.rows(queries[2], 0)
	scans := 0
	plan.Walk(p.last, func(n plan.Node) {
		if s, ok := n.(*plan.Scan); ok {
			scans++
			require.Positive(t, s.Table.Statistics.Rows, "a join is planned with the statistics of its run")
		}
	})
	require.Equal(t, 2, scans)
}

// A template gets its values before the plan is built, and what they make constant is folded: pruning and LIMIT see
// them.
func TestTemplatesTakeValues(t *testing.T) {
	p := startPlans(t)
	c := p.admin()
	c.exec("CREATE TABLE t (id INT, name VARCHAR)")
	c.exec("INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')")
	require.Equal(t, []string{"two"}, c.rows("SELECT name FROM t WHERE id = ? + 1", 1))
	require.Equal(t, []string{"three"}, c.rows("SELECT name FROM t WHERE id = ? + 1", 2))
	found := false
	plan.Walk(p.last, func(n plan.Node) {
		for _, e := range conditions(n) {
			c, ok := e.(expr.Compare)
			require.True(t, ok)
			require.IsType(t, expr.Literal{}, c.Right)
			found = true
		}
	})
	require.True(t, found, plan.Format(p.last))
	const limited = "SELECT id FROM t ORDER BY id LIMIT ? OFFSET ?"
	require.Equal(t, []string{"1", "2"}, c.rows(limited, 2, 0))
	require.Equal(t, []string{"3"}, c.rows(limited, 2, 2))
	require.Empty(t, c.rows(limited, 0, 0))
	require.Equal(t, []string{"1", "2"}, c.rows(limited, 2, 0))
	_, err := c.query(nil, limited, -1, 0)
	requireCode(t, sqlerr.InvalidParameterValue, err)
	c.exec("DELETE FROM t WHERE id = ?", 1)
	c.exec("UPDATE t SET name = ? WHERE id = ?", "zwei", 2)
	c.exec("UPDATE t SET name = ? WHERE id = ?", "drei", 3)
	c.exec("INSERT INTO t VALUES (?, ?)", 4, "vier")
	c.exec("INSERT INTO t VALUES (?, ?)", 5, nil)
	require.Equal(t, []string{"2|zwei", "3|drei", "4|vier", "5|(null)"}, c.rows("SELECT * FROM t ORDER BY id"))
}

func conditions(n plan.Node) []expr.Expr {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Where
	case *plan.Filter:
		return []expr.Expr{n.Predicate}
	default:
		return nil
	}
}
