package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

// The result that must stream: its size, under a memory limit that it passes several times.
const (
	streamLimit     = "256MiB"
	streamPeakBytes = 300 << 20
	streamRowBytes  = 4 + 4 + 8 + 38 // two integers, an offset and the text of crossJoin, at least
)

// streamBytes is 1 GB, and 10 GB in the long tests.
func streamBytes() int {
	if os.Getenv("MICODB_TEST_LONG") != "" {
		return 10 << 30
	}
	return 1 << 30
}

func TestAResultLargerThanMemoryStreamsThroughFlight(t *testing.T) {
	s := harness.Start(t, "--memory-limit", streamLimit)
	want := streamBytes() / streamRowBytes
	rows, err := s.Connect(t.Context()).Stream(t.Context(), crossJoin(want))
	require.NoError(t, err)
	n := 0
	for rows.Next() {
		n += int(rows.Batch().NumRows())
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.Equal(t, want, n)
	require.Less(t, s.PeakBytes(), int64(streamPeakBytes))
}

func TestAResultLargerThanMemoryStreamsAsNDJSON(t *testing.T) {
	s := harness.Start(t, "--memory-limit", streamLimit)
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", s.JSON)
	require.NoError(t, err)
	defer c.Close()
	want := streamBytes() / 58 // a line of JSON has 59 bytes, or a few more
	for _, request := range []map[string]string{
		{"command": "login", "db_name": "main", "auth_method": "password", "username": "admin", "password": harness.Password},
		{"command": "sql", "db_name": "main", "format": "ndjson", "query": crossJoin(want)},
	} {
		line, err := json.Marshal(request)
		require.NoError(t, err)
		_, err = fmt.Fprintf(c, "%s\n", line)
		require.NoError(t, err)
	}
	read := bufio.NewReaderSize(c, 1<<20)
	line, err := read.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, `"auth_token":"`)
	line, err = read.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, `"streaming":true`)
	n, bytes := 0, 0
	for {
		line, err := read.ReadSlice('\n')
		require.NoError(t, err)
		if string(line) == `{"end":true}`+"\n" {
			break
		}
		require.Contains(t, string(line[:8]), `{"a":`)
		n++
		bytes += len(line)
	}
	require.Equal(t, want, n)
	require.Greater(t, bytes, streamBytes()*9/10)
	require.Less(t, s.PeakBytes(), int64(streamPeakBytes))
}

// changedRows is how many rows the statements below change: of one column, so that what a server keeps of each row
// that it deletes weighs most.
const changedRows = 6_000_000

func TestAStatementThatChangesAllRowsStaysInMemory(t *testing.T) {
	for _, c := range []struct {
		change string
		left   int64
	}{
		{"DELETE FROM t", 0},
		{"UPDATE t SET i = 7 WHERE i IS NULL", changedRows},
	} {
		t.Run(c.change[:6], func(t *testing.T) {
			s := harness.Start(t, "--memory-limit", streamLimit)
			db := s.Connect(t.Context())
			_, err := db.Execute(t.Context(), "CREATE TABLE t (i INT)")
			require.NoError(t, err)
			n, err := db.Execute(t.Context(), "INSERT INTO t SELECT NULL FROM ("+crossJoin(changedRows)+") AS many")
			require.NoError(t, err)
			require.EqualValues(t, changedRows, n)
			t.Logf("the server had at most %d MiB when it had filled the table", s.PeakBytes()>>20)
			n, err = db.Execute(t.Context(), c.change)
			require.NoError(t, err)
			require.EqualValues(t, changedRows, n)
			require.Less(t, s.PeakBytes(), int64(streamPeakBytes))
			s.Kill()
			s.Start() // reads the change from the log
			require.Less(t, s.PeakBytes(), int64(streamPeakBytes))
			require.Equal(t, c.left, number(t, s.Connect(t.Context()), "SELECT COUNT(*) FROM t WHERE i IS NULL OR i = 7"))
			require.Zero(t, number(t, s.Connect(t.Context()), "SELECT COUNT(*) FROM t WHERE i IS NULL"))
			t.Logf("the server had at most %d MiB", s.PeakBytes()>>20)
		})
	}
}

// number runs a query of one number.
func number(t *testing.T, db *client.Conn, sql string) (n int64) {
	t.Helper()
	rows, err := db.Stream(t.Context(), sql)
	require.NoError(t, err)
	for rows.Next() {
		n = rows.Batch().Column(0).(*array.Int64).Value(0)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	return n
}
