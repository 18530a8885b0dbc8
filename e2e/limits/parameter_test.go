package limits_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// parameterEdges are those of the values that are bound to statements, which Flight SQL alone has.
func parameterEdges() map[string]edge {
	return map[string]edge{
		"max-parameters": {value: "3", test: func(t *testing.T, s *server) string {
			t.Helper()
			d := openFlight(t, s)
			_, err := d.Execute(t.Context(), "SELECT ?, ?, ?", 1, 2, 3)
			require.NoError(t, err)
			_, err = d.Prepare(t.Context(), "SELECT ?, ?, ?, ?")
			return state(t, err)
		}},
		"max-parameter-rows": {value: "100", test: func(t *testing.T, s *server) string {
			t.Helper()
			require.Empty(t, openFlight(t, s).run("CREATE TABLE t (i BIGINT)"))
			c := openRaw(t, s)
			p, err := c.Prepare(c.ctx, "INSERT INTO t VALUES (?)")
			require.NoError(t, err)
			insert := func(n int) string {
				record := numbers(t, n)
				record.Retain() // the statement lets go of it
				p.SetParameters(record)
				_, err := p.ExecuteUpdate(c.ctx)
				return stateOf(t, err)
			}
			require.Empty(t, insert(100))
			code := insert(101)
			require.Empty(t, insert(1))
			require.Equal(t, "101", openFlight(t, s).value("SELECT count(*) FROM t"))
			return code
		}},
		"max-parameter-size": {value: "8KiB", test: func(t *testing.T, s *server) string {
			t.Helper()
			d := openFlight(t, s)
			st, err := d.Prepare(t.Context(), "SELECT length(?)")
			require.NoError(t, err)
			length := func(n int) string {
				rows, err := st.Stream(t.Context(), strings.Repeat("x", n))
				if err != nil {
					return state(t, err)
				}
				defer rows.Close()
				require.True(t, rows.NextRow(), "%v", rows.Err())
				require.EqualValues(t, n, rows.Value(0))
				return ""
			}
			const offsets = 8 // of the text's beginning and its end
			require.Empty(t, length(8<<10-offsets))
			code := length(8<<10 - offsets + 1)
			require.Empty(t, length(1))
			require.NoError(t, st.Close())
			return code
		}},
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
