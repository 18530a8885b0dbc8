package jsonproto

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

// Door is what the protocol needs of session.Server.
type Door interface {
	// Open opens a session for credentials that come with a request.
	Open(ctx context.Context, c session.Credentials) (session.Session, error)

	// Connect opens the session of a connection that logs in, and returns the token that login answers with.
	Connect(ctx context.Context, c session.Credentials) (session.Session, session.Login, error)
}

// TicketFunc makes a Flight ticket for a query, for `"format":"arrowflight"`: the same result is then read with
// an ordinary DoGet by the same user.
type TicketFunc func(ctx context.Context, s session.Session, tx session.Transaction, sql string) (
	endpoint string, ticket []byte, err error)

// Config is what a Server is made of. Door, Metrics and Log are needed.
type Config struct {
	Door    Door
	Ticket  TicketFunc // nil: 0A000
	Limits  limits.Limits
	Metrics metrics.Connections
	Log     *slog.Logger
}

// Server serves the protocol on a listener.
type Server struct {
	config Config
	limits limits.Limits
	work   sync.WaitGroup

	mu        sync.Mutex // guards all below
	conns     map[*conn]struct{}
	strangers int // connections on which nobody has logged in
	ended     bool
}

// NewServer returns a server; Serve starts it.
func NewServer(c Config) *Server {
	return &Server{config: c, limits: limits.Complete(c.Limits), conns: map[*conn]struct{}{}}
}

// Serve accepts connections until the listener is closed, and returns nil then. Queries end when ctx does.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if isPassing(err) {
			s.config.Log.LogAttrs(ctx, slog.LevelWarn, "connection not accepted", slog.Any("error", err))
			pause(ctx, acceptPause)
			continue
		}
		if err != nil {
			return sqlerr.Wrap(err, sqlerr.IOError, "the JSON port accepts no connections")
		}
		s.accept(ctx, c)
	}
}

// acceptPause is how long no connection is accepted after one could not be: something must be freed first.
const acceptPause = 20 * time.Millisecond

// isPassing tells whether a listener that failed may work again: the peer left too early, or the process or the
// machine ran out of files or memory, which clients can bring about and which ends with their connections.
func isPassing(err error) bool {
	for _, passing := range []syscall.Errno{
		syscall.ECONNABORTED, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (s *Server) accept(ctx context.Context, n net.Conn) {
	c := &conn{
		server: s, net: n, read: bufio.NewReader(n), address: n.RemoteAddr().String(),
		answered: make(chan struct{}, 1),
		log:      s.config.Log.With(slog.String("peer", n.RemoteAddr().String())),
	}
	if err := s.add(c); err != nil {
		_ = c.write(failure(err, "").line()) // the client may be gone
		_ = n.Close()
		return
	}
	s.config.Metrics.Open.WithLabelValues(string(metrics.JSON)).Inc()
	s.work.Go(func() {
		defer s.remove(c)
		if c.readUntil(time.Now().Add(s.limits.LoginTimeout)) == nil {
			c.serve(ctx)
		}
	})
}

func (s *Server) add(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return sqlerr.New(sqlerr.ShuttingDown, "the server is shutting down")
	}
	if len(s.conns) >= s.limits.JSONConnections {
		return sqlerr.New(sqlerr.TooManyConnections, "%d connections are open, the most that are allowed",
			s.limits.JSONConnections)
	}
	if s.strangers >= s.limits.ConnectionsNoUser {
		return sqlerr.New(sqlerr.TooManyConnections, "%d connections are open on which nobody has logged in, "+
			"the most that are allowed", s.strangers).WithHint("connect again later")
	}
	s.conns[c] = struct{}{}
	s.strangers++
	return nil
}

func (s *Server) remove(c *conn) {
	s.config.Metrics.Open.WithLabelValues(string(metrics.JSON)).Dec()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if !c.trusted.Load() {
		s.strangers--
	}
}

// welcome counts a connection out of the strangers'.
func (s *Server) welcome() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strangers--
}

func (s *Server) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// count counts a request by the code of its error; "" is none.
func (s *Server) count(outcome sqlerr.Code) {
	if outcome == "" {
		outcome = "ok"
	}
	s.config.Metrics.Requests.WithLabelValues(string(metrics.JSON), string(outcome)).Inc()
}

// Close ends all connections when their current request is answered, or when ctx ends, and waits for them. The
// listener is closed by its owner first.
func (s *Server) Close(ctx context.Context) {
	s.mu.Lock()
	s.ended = true
	for c := range s.conns {
		// A reader that waits for a request ends; one that was read is still answered.
		_ = c.net.SetReadDeadline(time.Now())
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { defer close(done); s.work.Wait() }()
	select {
	case <-done:
	case <-ctx.Done():
		s.mu.Lock()
		for c := range s.conns {
			_ = c.net.Close()
		}
		s.mu.Unlock()
		<-done
	}
}
