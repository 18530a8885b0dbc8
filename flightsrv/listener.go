package flightsrv

import (
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
)

// cappedListener closes the connections that come above the limit, before anything is read from them.
type cappedListener struct {
	net.Listener

	server *Server
	open   atomic.Int64
}

// Accept returns the next connection that the limit has room for.
func (l *cappedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= int64(l.server.limits.Connections) {
			return &countedConn{Conn: c, left: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		l.server.log.Warn("connection refused", slog.Int("connections_max", l.server.limits.Connections),
			slog.String("address", c.RemoteAddr().String()))
		_ = c.Close() // nothing was sent
	}
}

// countedConn leaves its place when it is closed.
type countedConn struct {
	net.Conn

	left func()
}

// Close closes the connection.
func (c *countedConn) Close() error {
	c.left()
	return c.Conn.Close()
}
