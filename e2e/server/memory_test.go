package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

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
