package limits_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// statementEdges are those of SQL texts and their runs.
func statementEdges() map[string]edge {
	return map[string]edge{
		"max-statement-size": {value: "1KiB", test: func(t *testing.T, s *server) string {
			t.Helper()
			return eachDoor(t, s, func(d door) string {
				const query = "SELECT 1 -- "
				room := 1<<10 - len(query)
				require.Empty(t, d.run(query+strings.Repeat("x", room)))
				return d.run(query + strings.Repeat("x", room+1))
			})
		}},
		"max-statement-depth": {value: "10", test: func(t *testing.T, s *server) string {
			t.Helper()
			return eachDoor(t, s, func(d door) string {
				brackets := func(n int) string {
					return "SELECT " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n)
				}
				require.Empty(t, d.run(brackets(10)))
				return d.run(brackets(11))
			})
		}},
		"max-query-memory": {value: "4MiB", test: func(t *testing.T, s *server) string {
			t.Helper()
			return eachDoor(t, s, func(d door) string {
				groups := "SELECT count(*) FROM (SELECT DISTINCT " + names(6) + " FROM " + digitsOf(6) + ")"
				require.Empty(t, d.run(groups), "which goes on in scratch files")
				require.Equal(t, "1000", d.value(held(3)))
				return d.run(held(6))
			})
		}},
		"max-returning-size": {value: "1KiB", test: returningEdge},
		"statement-timeout": {value: "1s", test: func(t *testing.T, s *server) string {
			t.Helper()
			return eachDoor(t, s, func(d door) string {
				require.Empty(t, d.run("SELECT 1"))
				require.Empty(t, d.run("SET statement_timeout = 0"), "which is the server's, not none")
				return d.run(endless())
			})
		}},
	}
}

// endless runs longer than any test.
func endless() string { return "SELECT count(*) FROM " + digitsOf(16) }

// held joins the texts of ten rows to the power of digits into one, which has to be in memory as a whole.
func held(digits int) string {
	return "SELECT length(string_agg(substr('abcdefghij', d0.n + 1, 1), '')) FROM " + digitsOf(digits)
}

func names(digits int) string {
	n := make([]string, digits)
	for i := range n {
		n[i] = fmt.Sprintf("d%d.n AS n%d", i, i)
	}
	return strings.Join(n, ", ")
}

// digitsOf is a FROM clause of ten rows to the power of digits.
func digitsOf(digits int) string {
	from := make([]string, digits)
	for i := range from {
		from[i] = fmt.Sprintf("(VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) AS d%d(n)", i)
	}
	return strings.Join(from, " CROSS JOIN ")
}

// A session's own time may be shorter than the server's, and is no other session's.
func TestASessionsOwnTimeout(t *testing.T) {
	t.Parallel()
	s := &server{Server: startDefault(t)}
	other := openFlight(t, s)
	code := eachDoor(t, s, func(d door) string {
		require.Empty(t, d.run("SET statement_timeout = 100"))
		require.Equal(t, "100", d.value("SHOW statement_timeout"))
		code := d.run(endless())
		require.Equal(t, "0", other.value("SHOW statement_timeout"))
		require.Empty(t, d.run("SET statement_timeout = 60000"))
		require.Equal(t, "100000", d.value("SELECT count(*) FROM "+digitsOf(5)))
		return code
	})
	require.Equal(t, "57014", code)
}

// returningEdge gives 128 numbers of eight bytes, and then one more.
func returningEdge(t *testing.T, s *server) string {
	t.Helper()
	require.Empty(t, openFlight(t, s).run("CREATE TABLE t (i BIGINT NOT NULL)"))
	return eachDoor(t, s, func(d door) string {
		insert := func(n int) string {
			return fmt.Sprintf("INSERT INTO t SELECT * FROM (SELECT d0.n + 10 * d1.n + 100 * d2.n AS i FROM %s) "+
				"WHERE i < %d RETURNING i", digitsOf(3), n)
		}
		require.Empty(t, d.run("DELETE FROM t"))
		require.Empty(t, d.run(insert(128)))
		code := d.run(insert(129))
		require.Equal(t, "128", d.value("SELECT count(*) FROM t"), "nothing of what was refused happened")
		return code
	})
}
