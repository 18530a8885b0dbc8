package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
)

// Both doors tell how many rows a statement changed.
func TestChangesCountTheirRows(t *testing.T) {
	s := harness.New(t, t.TempDir())
	s.Start()
	db := s.Connect(t.Context())
	for _, step := range []struct {
		sql     string
		changed int64
	}{
		{"CREATE TABLE t (k INT)", 0},
		{"INSERT INTO t VALUES (1), (2), (3), (4), (5), (6)", 6},
		{"UPDATE t SET k = k + 10 WHERE k > 2", 4},
		{"UPDATE t SET k = 0 WHERE k = 3", 0},
		{"DELETE FROM t WHERE k = 1", 1},
	} {
		n, err := db.Execute(t.Context(), step.sql)
		require.NoError(t, err, step.sql)
		require.Equal(t, step.changed, n, step.sql)
	}
	answers := ask(t, dialJSON(t, s), loginLine,
		`{"command":"sql","db_name":"main","query":"UPDATE t SET k = k + 1 WHERE k > 13"}`,
		`{"command":"sql","db_name":"main","query":"DELETE FROM t WHERE k = 2"}`,
		`{"command":"sql","db_name":"main","query":"TRUNCATE t"}`,
		`{"command":"sql","db_name":"main","query":"SELECT count(*) AS left_over FROM t"}`)
	for i, want := range []string{`[{"count":3}]`, `[{"count":1}]`, `[{"count":4}]`, `[{"left_over":0}]`} {
		require.JSONEq(t, want, string(answers[i+1].Data))
	}
}

// RETURNING gives rows through the JSON door too, in every format that runs the statement once.
func TestReturningOverJSON(t *testing.T) {
	s := harness.New(t, t.TempDir())
	s.Start()
	_, err := s.Connect(t.Context()).Execute(t.Context(), "CREATE TABLE t (k INT, v TEXT)")
	require.NoError(t, err)
	c := dialJSON(t, s)
	answers := ask(t, c, loginLine,
		`{"command":"sql","db_name":"main","query":"INSERT INTO t VALUES (1,'a'),(2,NULL) RETURNING *"}`,
		`{"command":"sql","db_name":"main","query":"DELETE FROM t WHERE k = 3 RETURNING k"}`,
		`{"command":"sql","db_name":"main","format":"arrowflight","query":"DELETE FROM t RETURNING k"}`,
		`{"command":"sql","db_name":"main","query":"SELECT count(*) AS n FROM t"}`)
	require.JSONEq(t, `[{"k":1,"v":"a"},{"k":2,"v":null}]`, string(answers[1].Data))
	require.JSONEq(t, `[]`, string(answers[2].Data))
	require.Equal(t, "ok", answers[3].Status)
	require.JSONEq(t, `[{"n":2}]`, string(answers[4].Data), "a ticket that nobody fetched changed nothing")
}
