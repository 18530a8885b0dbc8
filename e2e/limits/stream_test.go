package limits_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/jsonproto"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

// streamEdges are those of what is sent at once. No client can see that, so the server runs within the test, on a
// listener that counts.
func streamEdges() map[string]edge {
	return map[string]edge{
		"stream-rows": {value: "10", test: func(t *testing.T, s *server) string {
			t.Helper()
			l := limits.Limits{StreamRows: 10}
			require.Equal(t, []int{9}, flushes(t, l, 9, 0))
			require.Equal(t, []int{10, 0}, flushes(t, l, 10, 0))
			require.Equal(t, []int{10, 1}, flushes(t, l, 11, 0))
			require.Equal(t, "25", countStreamed(openJSON(t, s), 25, 0))
			return told
		}},
		"max-stream-rows": {value: "10", test: func(t *testing.T, s *server) string {
			t.Helper()
			l := limits.Limits{StreamRowsMax: 10}
			require.Equal(t, []int{9, 1}, flushes(t, l, 10, 9))
			require.Equal(t, []int{10, 1}, flushes(t, l, 11, 10))
			require.Equal(t, []int{10, 1}, flushes(t, l, 11, 11), "it counts as the largest")
			require.Equal(t, "25", countStreamed(openJSON(t, s), 25, 1000))
			return told
		}},
		"stream-buffer-size": {value: "1KiB", test: func(t *testing.T, s *server) string {
			t.Helper()
			const rows = 10
			most := int64(len(streamHead) + rows*len(streamedRow))
			require.Equal(t, []int{rows, 5}, flushes(t, limits.Limits{StreamBufferBytes: most}, rows+5, 0))
			require.Equal(t, []int{rows, 5}, flushes(t, limits.Limits{StreamBufferBytes: most - 1}, rows+5, 0))
			require.Equal(t, []int{rows + 1, 4}, flushes(t, limits.Limits{StreamBufferBytes: most + 1}, rows+5, 0))
			require.Equal(t, "1000", countStreamed(openJSON(t, s), 1000, 0))
			return told
		}},
	}
}

// countStreamed reads a stream of so many rows, with a batch_size where it is not 0.
func countStreamed(p peer, rows, batchSize int) string {
	p.t.Helper()
	request := map[string]any{
		"command": "sql", "db_name": "main", "format": "ndjson",
		"query": fmt.Sprintf("SELECT d0.n FROM %s LIMIT %d", digitsOf(4), rows),
	}
	if batchSize > 0 {
		request["batch_size"] = batchSize
	}
	p.write(p.request(request) + "\n")
	require.Empty(p.t, p.answer().Code)
	n := 0
	for p.line() != streamEnd {
		n++
	}
	p.close()
	return fmt.Sprint(n)
}

const streamEnd = `{"end":true}`

// What a stream begins with, and each of its rows.
const (
	streamedRow = `{"i":0}` + "\n"
	streamHead  = `{"status":"ok","data":{"streaming":true},"auth_token":null,"token_expires_at":null}` + "\n"
)

// flushes streams so many rows and returns how many were in each write, the last one being that of the end.
func flushes(t *testing.T, l limits.Limits, rows, batchSize int) []int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	writes := &written{Listener: listener}
	server := jsonproto.NewServer(jsonproto.Config{
		Door: zeros{t: t, rows: rows}, Limits: l, Log: slog.New(slog.DiscardHandler),
		Metrics: metrics.New(prometheus.NewRegistry(), "test").Connections,
	})
	served := make(chan error, 1)
	go func() { served <- server.Serve(t.Context(), writes) }()
	p := dial(t, listener.Addr().String())
	p.write(fmt.Sprintf(`{"command":"sql","db_name":"main","format":"ndjson","query":"","batch_size":%d}`+"\n", batchSize))
	for p.line() != streamEnd {
		continue
	}
	p.close()
	require.NoError(t, listener.Close())
	server.Close(t.Context())
	require.NoError(t, <-served)
	var counts []int
	for _, text := range writes.texts {
		counts = append(counts, strings.Count(text, streamedRow))
		if strings.Contains(text, streamEnd) {
			break // what follows is the server's farewell
		}
	}
	require.True(t, strings.HasPrefix(writes.texts[0], streamHead), writes.texts[0])
	return counts
}

// written is a listener of one connection that notes what is written to it at once.
type written struct {
	net.Listener

	texts []string // to be read when the connection has ended
}

func (w *written) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	return noted{Conn: c, in: w}, err
}

type noted struct {
	net.Conn

	in *written
}

func (n noted) Write(b []byte) (int, error) {
	n.in.texts = append(n.in.texts, string(b))
	return n.Conn.Write(b)
}

// zeros is a database in which every query returns so many rows of 0. What the protocol must not ask of it panics.
type zeros struct {
	session.Session
	session.Statement

	t    *testing.T
	rows int
}

func (z zeros) Open(context.Context, session.Credentials) (session.Session, error) { return z, nil }

func (z zeros) Connect(context.Context, session.Credentials) (session.Session, session.Login, error) {
	return z, session.Login{}, nil
}

func (zeros) Use(context.Context, string) error { return nil }

func (z zeros) Prepare(context.Context, session.Transaction, string) (session.Statement, error) {
	return z, nil
}

func (zeros) Close() error { return nil }

func (z zeros) Result() *arrow.Schema { return numbers(z.t, 0).Schema() }

func (z zeros) Query(context.Context, batch.Stream) (batch.Stream, error) {
	return &oneBatch{record: numbers(z.t, z.rows)}, nil
}

type oneBatch struct{ record arrow.RecordBatch }

func (o *oneBatch) Schema() *arrow.Schema { return o.record.Schema() }

func (o *oneBatch) Next(context.Context) (arrow.RecordBatch, error) {
	if o.record.NumRows() == 0 {
		return nil, io.EOF
	}
	record := o.record
	o.record = record.NewSlice(0, 0)
	record.Retain()
	return record, nil
}

func (*oneBatch) Close() error { return nil }
