package jsonproto_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/jsonproto"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

// slowDoor holds up a login until it is released.
type slowDoor struct {
	*door

	entered, release chan struct{}
}

func (d *slowDoor) Connect(
	ctx context.Context, c session.Credentials,
) (session.Session, session.Login, error) {
	close(d.entered)
	<-d.release
	return d.door.Connect(ctx, c)
}

func server(d jsonproto.Door) *jsonproto.Server {
	return jsonproto.NewServer(jsonproto.Config{
		Door: d, Log: slog.New(slog.DiscardHandler),
		Metrics: metrics.New(prometheus.NewRegistry(), "test").Connections,
	})
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A login lifts the limit on reading; when it ends while the server does, the connection must end all the same.
func TestALoginDuringTheEndDoesNotHoldItUp(t *testing.T) {
	d := &slowDoor{door: &door{}, entered: make(chan struct{}), release: make(chan struct{})}
	s, l := server(d), listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), l) }()
	p := dial(t, l.Addr().String())
	p.send(login)
	<-d.entered
	require.NoError(t, l.Close())
	require.NoError(t, <-served)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	closed := make(chan struct{})
	go func() { defer close(closed); s.Close(ctx) }()
	untilRefused(t, s)
	close(d.release)
	require.Contains(t, p.line(), `"auth_token":"a.b.c"`)
	<-closed
	require.NoError(t, ctx.Err(), "the end waited for its time limit")
}

// untilRefused connects again and again until a connection is refused because the server ends.
func untilRefused(t *testing.T, s *jsonproto.Server) {
	t.Helper()
	l := listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), l) }()
	for refused := false; !refused; {
		probe := dial(t, l.Addr().String())
		require.NoError(t, probe.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		answer, err := probe.read.ReadString('\n')
		if refused = err == nil; refused {
			require.Contains(t, answer, `"code":"57P01"`)
		}
		require.NoError(t, probe.Close())
	}
	require.NoError(t, l.Close())
	require.NoError(t, <-served)
}

// exhausted is a listener that fails some times as one does when the process has no file left.
type exhausted struct {
	net.Listener

	mu    sync.Mutex // guards fails
	fails []error
}

func (l *exhausted) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.fails) > 0 {
		err := l.fails[0]
		l.fails = l.fails[1:]
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", err)}
	}
	return l.Listener.Accept()
}

func TestClientsThatUseUpAllFilesDoNotEndTheServer(t *testing.T) {
	l := &exhausted{Listener: listen(t), fails: []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED}}
	s := server(&door{})
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), l) }()
	p := dial(t, l.Addr().String())
	p.send(login)
	require.Contains(t, p.line(), `"status":"ok"`)
	require.NoError(t, l.Close())
	s.Close(t.Context())
	require.NoError(t, <-served)
}

func TestOnlyErrorsOfStreamsSayThatTheyStream(t *testing.T) {
	p := loggedIn(t, &door{}, limits.Limits{})
	p.send(`{"command":"fly","db_name":"main","format":"ndjson"}` + "\n")
	require.Contains(t, p.line(), `"data":"Unknown command: fly`)
	p.send(`{"command":"commit_transaction","db_name":"main","tx_id":8,"format":"ndjson"}` + "\n")
	require.Contains(t, p.line(), `"data":"no transaction 8 is open`)
	p.send(`{"command":"sql","db_name":"main","query":"x","tx_id":8,"format":"NDJSON"}` + "\n")
	require.Contains(t, p.line(), `"data":"Streaming error: no transaction 8 is open`)
}

// A client that sends nothing in time is told so, and does not wonder about an end of file.
func TestWhoIsTooLateIsTold(t *testing.T) {
	stranger := dial(t, start(t, &door{}, limits.Limits{LoginTimeout: time.Millisecond}))
	require.Contains(t, stranger.line(), `nobody logged in within 1ms`)
	_, err := stranger.read.ReadByte()
	require.ErrorIs(t, err, io.EOF)

	slow := loggedIn(t, &door{}, limits.Limits{LineTimeout: time.Millisecond})
	slow.send(`{"command":`)
	require.Contains(t, slow.line(), `a line took longer than 1ms`)
	_, err = slow.read.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

// A client that waits between requests learns why the server leaves.
func TestTheEndIsTold(t *testing.T) {
	s, l := server(&door{}), listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), l) }()
	p := dial(t, l.Addr().String())
	p.send(login)
	p.line()
	require.NoError(t, l.Close())
	require.NoError(t, <-served)
	s.Close(t.Context())
	require.Contains(t, p.line(), `"code":"57P01"`)
}
