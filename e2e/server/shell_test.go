package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/toolchain"
)

// newShell starts a shell for a person, with a home of its own.
func newShell(t *testing.T, s *harness.Server, home string, env ...string) *harness.Terminal {
	t.Helper()
	c := exec.CommandContext(t.Context(), harness.Binary(t), "sql", "--url", "grpc://"+s.Flight)
	c.Dir = home
	c.Env = append(os.Environ(), "HOME="+home, "TERM=xterm", "LESS=", "PAGER=less -SR", "MICODB_USER=admin",
		"MICODB_PASSWORD="+harness.Password)
	c.Env = append(c.Env, env...)
	term := harness.NewTerminal(t, "micodb>", c)
	term.OnScreen("Connected to grpc://" + s.Flight)
	return term
}

func prepare(t *testing.T, s *harness.Server, statements ...string) {
	t.Helper()
	db := s.Connect(t.Context())
	for _, sql := range statements {
		_, err := db.Execute(t.Context(), sql)
		require.NoError(t, err, sql)
	}
}

const digits = "CREATE TABLE d AS SELECT * FROM (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS v(n)"

// endless is a query that takes longer than anybody waits.
const endless = "SELECT SUM(a.n + l.n) FROM d a, d b, d c, d e, d f, d g, d h, d i, d j, d k, d l;\r"

// running waits until the server runs so many queries.
func running(t *testing.T, s *harness.Server, n string) {
	t.Helper()
	require.True(t, assertEventually(func() bool {
		_, metrics := get(t, "http://"+s.HTTP+"/metrics")
		return strings.Contains(metrics, "micodb_queries_running "+n+"\n")
	}, time.Minute), "%s queries run", n)
}

func leave(t *testing.T, term *harness.Terminal) {
	t.Helper()
	term.AtPrompt()
	term.Types("\\q\r")
	require.NoError(t, term.Wait())
}

func TestTheShellOnATerminal(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, digits)
	term := newShell(t, s, t.TempDir())
	term.AtPrompt()
	term.Types("SELECT 40 +\r")
	term.OnScreen("micodb> SELECT 40 +\n   ...>\n")
	term.Types("2 AS sum;\r")
	term.OnScreen("│ sum │", "│  42 │", "1 row returned in ")
	term.Enter("SELECT no_such_column FROM d;", "error: 42703")

	term.AtPrompt()
	term.Types(endless)
	running(t, s, "1")
	term.OnScreen(" 0 rows so far (Ctrl-C cancels)")
	term.Types("\x03")
	term.OnScreen("error: 57014", "!so far")
	running(t, s, "0")
	term.Enter("SELECT 7 * 6 AS product;", "│      42 │")
	term.AtPrompt()
	term.Types("SELECT half a st\x03")
	term.Enter("SELECT 'still here' AS it;", "still here")
	term.AtPrompt()
	term.Types("\x04")
	require.NoError(t, term.Wait())
}

func TestTheShellCompletes(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, digits, "CREATE DATABASE shop", "CREATE TABLE shop.customer (customer_key BIGINT, name VARCHAR)",
		"CREATE TABLE shop.customs (office VARCHAR)")
	term := newShell(t, s, t.TempDir())
	term.AtPrompt()
	term.Types("sel\t")
	term.OnScreen("micodb> select\n")
	term.Types(" * from shop.cust")
	term.Presses("\t", "micodb> select * from shop.custom", "shop.customer", "shop.customs") // when the names are read
	term.Types("e\t where customer_\t")
	term.OnScreen("micodb> select * from shop.customer where customer_key\n")
	term.Types(" > 0 and (nam\t")
	term.OnScreen("customer_key > 0 and (name\n")
	term.Types(" = '');\r")
	term.OnScreen("0 rows returned")

	term.Enter("USE shop;", "0 rows changed")
	term.Enter("CREATE TABLE zebra (stripes INT);", "0 rows changed")
	term.AtPrompt()
	term.Types("SELECT z. FROM zeb")
	term.Presses("\t", "micodb> SELECT z. FROM zebra\n") // when the names are read again
	term.Types(" z;\x01" + strings.Repeat("\x1b[C", len("SELECT z.")) + "\t")
	term.OnScreen("micodb> SELECT z.stripes FROM zebra z;\n")
	term.Types("\r")
	term.OnScreen("│ stripes │")
	term.AtPrompt()
	term.Types("\\forma\t cs\t\r")
	term.OnScreen("micodb> \\format csv\n")
	term.Enter("SELECT 1 AS a, 2 AS b;", "a,b\n1,2\n")
	leave(t, term)
}

func TestTheShellKnowsViews(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, digits, "CREATE VIEW evens AS SELECT n AS whole FROM d WHERE n % 2 = 0")
	term := newShell(t, s, t.TempDir())
	term.Enter(`\dt`, "│ main     │ d     │ BASE TABLE │", "│ main     │ evens │ VIEW       │")
	term.Enter(`\dv ev*`, "│ main     │ evens │ VIEW │", "1 row returned")
	term.Enter(`\d evens`, "│ whole       │ INTEGER     │ YES  │")
	term.Enter(`\sf evens`, "CREATE VIEW main.evens (whole) AS SELECT n AS whole")
	term.AtPrompt()
	term.Types("SELECT who")
	term.Types(" FROM evens;\x01" + strings.Repeat("\x1b[C", len("SELECT who")))
	term.Presses("\t", "micodb> SELECT whole FROM evens;\n")
	term.Types("\r")
	term.OnScreen("5 rows returned")
	term.AtPrompt()
	term.Types("DROP VIEW ev\t;\r")
	term.OnScreen("micodb> DROP VIEW evens;", "0 rows changed")
	leave(t, term)
}

// Names that would not be read back as they are stand in quotes, which the person need not know beforehand.
func TestTheShellCompletesNamesInQuotes(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, `CREATE DATABASE "My Shop"`, `CREATE TABLE "My Shop"."Order Lines" ("group" INT, "Unit Price" INT, n INT)`,
		`INSERT INTO "My Shop"."Order Lines" VALUES (1, 20, 3)`)
	term := newShell(t, s, t.TempDir())
	term.AtPrompt()
	term.Types("SELECT * FROM my")
	term.Presses("\t", `micodb> SELECT * FROM "My Shop"`+"\n") // when the names are read
	term.Types(".ord\t")
	term.OnScreen(`micodb> SELECT * FROM "My Shop"."Order Lines"` + "\n")
	term.Types(" WHERE unit\t > 1 AND gro\t")
	term.OnScreen(`FROM "My Shop"."Order Lines" WHERE "Unit Price" > 1`, ` AND gro`, `"group"       group_concat  group`) // or the keyword
	term.Types("\x17\"gr\t = 1;\r")
	term.OnScreen(`"Unit Price" > 1 AND "group" = 1;`, "│     1 │         20 │ 3 │")

	term.AtPrompt()
	term.Types("\\c my\t\r")
	term.OnScreen(`micodb> \c "My Shop"`)
	term.Enter(`\conninfo`, "the database is My Shop.")
	term.AtPrompt()
	term.Types("SELECT \"u FROM \"or\t")
	term.OnScreen(`micodb> SELECT "u FROM "or` + "\n") // its quotes are paired: there is no name to complete
	term.Types("\x15SELECT  FROM \"ord\t l;\x01" + strings.Repeat("\x1b[C", len("SELECT ")) + "\"u\t")
	term.OnScreen(`micodb> SELECT "Unit Price" FROM`)
	term.Types("\r")
	term.OnScreen("│ Unit Price │", "│         20 │")
	leave(t, term)
}

func TestTheShellsCommands(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, digits, "CREATE DATABASE shop", "CREATE TABLE shop.sale (item VARCHAR NOT NULL, price DECIMAL(9,2))",
		"INSERT INTO shop.sale VALUES ('a|b', 1.50)")
	home := t.TempDir()
	term := newShell(t, s, home)
	term.Enter(`\conninfo`, "Connected to grpc://"+s.Flight+" as admin; the database is main.")
	term.Enter(`\d`, "│ main     │ d    │", "│ shop     │ sale │", "!information_schema")
	term.Enter(`\dt s*`, "0 rows returned")
	term.Enter(`\dt shop.s*`, "│ shop     │ sale │")
	term.Enter(`\d shop.sale`, "item", "DECIMAL(9,2)")
	term.Enter(`\l`, "shop", "information_schema")
	term.Enter(`\du`, "│ admin ")
	term.Enter(`\dp admin`, "ManageUsers")
	term.Enter(`\pset pager off`, "Pager is off.") // the next is wide
	term.Enter(`\df round`, "round(")
	term.Enter(`.schema shop.sale`, "CREATE TABLE")
	term.Enter(`\c shop`)
	term.Enter(`\conninfo`, "the database is shop.")
	term.Enter(`\x`, "Expanded display is on.")
	term.Enter(`SELECT * FROM sale;`, "─ row 1 ", "item  │ a|b", "price │ 1.50")
	term.Enter(`\x off`, "Expanded display is off.")
	term.Enter(`SELECT * FROM sale\G`, "item  │ a|b")
	term.Enter(`\pset null -none-`)
	term.Enter(`SELECT NULL AS nothing;`, "│ -none-  │")
	term.Enter(`\timing`, "Timing is off.")
	term.Enter(`\format markdown`)
	term.Enter(`\o sale.md`)
	term.Enter(`SELECT * FROM sale;`, "!a|b")
	term.Enter(`\o`)
	kept, err := os.ReadFile(filepath.Join(home, "sale.md"))
	require.NoError(t, err)
	require.Equal(t, "| item | price |\n| --- | --: |\n| a\\|b | 1.50 |\n", string(kept))
	require.NoError(t, os.WriteFile(filepath.Join(home, "script.sql"), []byte("-- two\nSELECT 1 AS one;\n\nSELECT x;\n"), 0o600))
	term.Enter(`\i script.sql`, "| one |", "error: script.sql:4: 42703")
	term.Enter(`\nonsense`, `there is no command \nonsense`)
	term.Enter(`\?`, `\conninfo`, "run a script")
	term.Enter(`\! echo from the system`, "\nfrom the system\n")
	leave(t, term)
}

// A script that a person reads stops at its first error, which names each script on the way to it and the line there;
// the shell goes on.
func TestTheShellReadsScripts(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, "CREATE TABLE kept (n INT)")
	home := t.TempDir()
	for name, text := range map[string]string{
		"good.sql":  "-- fills\nINSERT INTO kept VALUES (1),\n  (2);\n\\x on\nSELECT SUM(n) AS total\nFROM kept;\n\\x off\n",
		"inner.sql": "INSERT INTO kept VALUES (3);\n\n/* of\nthree lines */ SELECT n,\n  no_such_column FROM kept;\nDELETE FROM kept;\n",
		"outer.sql": "SELECT 'the outer one' AS which;\n.read inner.sql\nDELETE FROM kept;\n",
		"open.sql":  "SELECT 1 AS a;\nSELECT 'never closed;\n",
		"odd.sql":   "SELECT 2 AS b;\n\\nonsense\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(home, name), []byte(text), 0o600))
	}
	term := newShell(t, s, home)
	term.AtPrompt()
	term.Types(".read go\t\r")
	term.OnScreen("micodb> .read good.sql\n", "2 rows changed", "─ row 1 ", "total │ 3", "1 row returned")
	term.Enter(".read outer.sql", "│ the outer one │", "error: outer.sql:2: inner.sql:4: 42703", "no_such_column", "1 row changed")
	term.Enter("SELECT COUNT(*) AS rows_left FROM kept;", "│         3 │")
	term.Enter(".read open.sql", "│ 1 │", "error: open.sql:2: the string that begins here has no end")
	term.Enter(".read odd.sql", "│ 2 │", `error: odd.sql:2: there is no command \nonsense`)
	term.Enter(".read missing.sql", "error: open missing.sql: no such file")
	term.Enter(".read", "error: ")
	term.Enter("SELECT 7 * 6 AS product;", "│      42 │")
	leave(t, term)
}

func TestTheShellDrawsAnAnalyzedPlan(t *testing.T) {
	s := harness.Start(t)
	prepare(t, s, digits)
	term := newShell(t, s, t.TempDir())
	term.Enter("EXPLAIN ANALYZE SELECT a.n, count(*) FROM d a JOIN d b ON a.n = b.n GROUP BY a.n;",
		"elapsed ", " workers, at most ", "  rows  chunks ", " 10       1 ", "└─ HashJoin inner on n = n",
		"   ├─ TableScan main.d AS a", "   └─ TableScan main.d AS b", "!time=")
	term.Enter("EXPLAIN SELECT 1;", "logical plan:\n  Project 1\n", "!│")
	leave(t, term)
}

func TestTheShellsPager(t *testing.T) {
	toolchain.Require(t, "less")
	s := harness.Start(t)
	prepare(t, s, digits)
	term := newShell(t, s, t.TempDir())
	term.AtPrompt()
	term.Types("SELECT a.n * 10 + b.n AS number FROM d a, d b ORDER BY 1;\r")
	term.OnScreen("│     17 │", "!│     99 │", "!micodb>")
	term.Types("G")
	term.OnScreen("│     99 │", "!│     17 │", "(END)")
	term.Types("q")
	term.OnScreen("100 rows returned in ", "!│     99 │")
	term.Enter("\\pset pager off", "Pager is off.")
	term.AtPrompt()
	term.Types("SELECT a.n * 10 + b.n AS number FROM d a, d b ORDER BY 1;\r")
	term.OnScreen("│     99 │", "micodb>\n")
	term.Enter("\\pset pager on", "Pager is on.")
	// A pager that is left early ends the statement that feeds it.
	term.Enter("\\format csv")
	term.Types("SELECT a.n FROM d a, d b, d c, d e, d f, d g, d h, d i, d j, d k, d l;\r")
	term.OnScreen("n\n0\n", "!micodb>")
	term.Types("q")
	term.AtPrompt()
	running(t, s, "0")
	leave(t, term)
}

func TestTheShellsHistoryKeepsNoSecrets(t *testing.T) {
	s := harness.Start(t)
	home := t.TempDir()
	term := newShell(t, s, home)
	term.Enter("SELECT 1 AS first;", "│ first │")
	term.Enter("CREATE USER eve IDENTIFIED BY 'a-secret-of-eve';", "0 rows changed")
	term.Enter("SELECT 2\rAS second;", "│ second │")
	term.AtPrompt()
	term.Types("\x04")
	require.NoError(t, term.Wait())
	file := filepath.Join(home, ".micodb_history")
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "\"SELECT 1 AS first;\"\n\"SELECT 2\\nAS second;\"\n", string(kept))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	term = newShell(t, s, home)
	term.AtPrompt()
	term.Types("\x1b[A\x1b[A\x1b[A")
	term.OnScreen("micodb> SELECT 1 AS first;")
	term.Types("\r")
	term.OnScreen("│ first │")
	leave(t, term)
}

func TestScriptsStopAtTheFirstError(t *testing.T) {
	s := harness.Start(t)
	login := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password, "MICODB_URL=grpc://" + s.Flight}
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	script := file("a.sql", "-- a comment; with a semicolon\nSELECT 1 AS one;\n\\format csv\nSELECT 'a;\nb' AS text; SELECT\n"+
		"  2 AS two;\n\nSELECT 3,\n x;\nSELECT 4 AS four;\n")
	code, out := runToEnd(t, login, "sql", "--format", "csv", "-f", script)
	require.Equal(t, 1, code)
	require.Contains(t, out, "one\n1\ntext\n\"a;\nb\"\ntwo\n2\n")
	require.Contains(t, out, "micodb: "+script+":8: 42703")
	require.NotContains(t, out, "four")

	code, out = runToEnd(t, login, "sql", "--format", "csv", "--continue", "-f", script)
	require.Equal(t, 1, code)
	require.Contains(t, out, "error: "+script+":8: 42703")
	require.Contains(t, out, "four\n4\n")
	require.Contains(t, out, "micodb: 1 statement failed")

	outer := file("outer.sql", "SELECT 0 AS zero;\n.read "+script+"\nSELECT 5;\n")
	code, out = runToEnd(t, login, "sql", "--format", "csv", "-f", outer)
	require.Equal(t, 1, code)
	require.Contains(t, out, outer+":2: "+script+":8: 42703")

	self := file("self.sql", "\\i "+filepath.Join(dir, "self.sql")+"\n")
	code, out = runToEnd(t, login, "sql", "-f", self)
	require.Equal(t, 1, code)
	require.Contains(t, out, "does one read itself?")

	rows := filepath.Join(dir, "rows.json")
	code, out = runToEnd(t, login, "sql", "information_schema", "--format", "json", "-o", rows, "-e",
		"SELECT table_name FROM tables WHERE table_name = 'tables'")
	require.Zero(t, code, out)
	require.Empty(t, out)
	kept, err := os.ReadFile(rows)
	require.NoError(t, err)
	require.JSONEq(t, `[{"table_name":"tables"}]`, string(kept))
}
