package jsonproto

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// conn is one client. A goroutine reads lines ahead, one at most; the connection's own answers them in order.
type conn struct {
	server  *Server
	net     net.Conn
	read    *bufio.Reader
	address string
	log     *slog.Logger

	trusted  atomic.Bool     // somebody has logged in on the connection
	answered chan struct{}   // told after each line until then: no line is read ahead that a login may allow
	session  session.Session // of the last login; nil before one
}

// line is what the reader gives the answerer: a request's bytes, or why there are none.
type line struct {
	text []byte
	err  error // a *sqlerr.Error is answered and the connection goes on; anything else ends it
}

// serve answers until the client leaves or ctx ends. A client that closes its sending half still gets answers
// to all that it sent; one whose connection breaks has its query cancelled.
func (c *conn) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	lines := make(chan line)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.readLines(ctx, lines, cancel)
	}()
	defer func() { <-done }()
	defer cancel()
	defer c.close()
	for {
		select {
		case <-ctx.Done():
			return
		case l := <-lines:
			if err := c.answerLine(ctx, l); err != nil {
				c.log.LogAttrs(ctx, slog.LevelDebug, "connection ends", slog.Any("error", err))
				return
			}
			select {
			case c.answered <- struct{}{}:
			default: // the reader no longer waits
			}
		}
	}
}

func (c *conn) close() {
	if c.session != nil {
		_ = c.session.Close() // what it rolls back is logged by the session
	}
	_ = c.net.Close() // the peer may have done so first
}

// readLines hands over one line after the other. A broken connection cancels what runs; an end of input does not.
func (c *conn) readLines(ctx context.Context, lines chan<- line, cancel context.CancelFunc) {
	for {
		text, err := c.readLine()
		var known *sqlerr.Error
		if err != nil && !ended(err) && !errors.As(err, &known) {
			cancel()
			return
		}
		if err == nil && isBlank(text) {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case lines <- line{text: text, err: err}:
		}
		if ended(err) {
			return
		}
		if c.trusted.Load() {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-c.answered:
		}
	}
}

// ended tells whether no more lines come though the connection may still take answers: the client closed its
// sending half, or a deadline passed, its own or the server's end.
func ended(err error) bool {
	var timeout net.Error
	return errors.Is(err, io.EOF) || errors.As(err, &timeout) && timeout.Timeout()
}

// readLine reads one line of bounded length in bounded time; of a longer one it reads and drops the rest.
func (c *conn) readLine() ([]byte, error) {
	limits := &c.server.limits
	if _, err := c.read.Peek(1); err != nil { // waits for the next request, after a login without limit
		return nil, err
	}
	if c.trusted.Load() {
		if err := c.readUntil(time.Now().Add(limits.LineTimeout)); err != nil {
			return nil, err
		}
	}
	var text []byte
	size, full := 0, false
	for {
		part, err := c.read.ReadSlice('\n')
		part = bytes.TrimSuffix(part, []byte("\n"))
		size += len(part)
		most := limits.LoginLineBytes
		if c.trusted.Load() {
			most = limits.LineBytes
		}
		if full = full || int64(size) > most; full {
			text = nil
		} else {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && size > 0:
			err = nil // the last line lacks its end: it counts; the next read tells of the end
		}
		if err != nil {
			return nil, err
		}
		if full {
			err := sqlerr.New(sqlerr.ProgramLimitExceeded, "%sthe line has %d bytes, over the limit of %d",
				invalidFormat, size, most)
			if !c.trusted.Load() {
				return nil, c.rest(err.WithHint("log in first: then lines may have %d bytes", limits.LineBytes))
			}
			return nil, c.rest(err)
		}
		return text, c.rest(nil)
	}
}

// rest ends the time limit of a line.
func (c *conn) rest(err *sqlerr.Error) error {
	if c.trusted.Load() {
		if e := c.readUntil(time.Time{}); e != nil {
			return e
		}
	}
	if err == nil {
		return nil
	}
	return err
}

// trust lifts the limits of a connection on which nobody has logged in yet.
func (c *conn) trust() error {
	if c.trusted.Swap(true) {
		return nil
	}
	c.server.welcome()
	return c.readUntil(time.Time{})
}

// readUntil sets the time after which no more is read, zero for none. Once the server ends nothing more is read,
// whatever time is asked for.
func (c *conn) readUntil(t time.Time) error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.server.ended {
		t = time.Now()
	}
	return c.net.SetReadDeadline(t)
}

// write sends bytes as one write, in bounded time.
func (c *conn) write(b []byte) error {
	if err := c.net.SetWriteDeadline(time.Now().Add(c.server.limits.WriteTimeout)); err != nil {
		return err
	}
	_, err := c.net.Write(b)
	return err
}

// tooLate returns why nothing more is read though the client may still send, nil when that is not so.
func (c *conn) tooLate(err error) error {
	limits := c.server.limits
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case c.server.ending():
		return sqlerr.New(sqlerr.ShuttingDown, "the server is shutting down")
	case c.trusted.Load():
		return sqlerr.New(sqlerr.ProtocolViolation, "a line took longer than %s", limits.LineTimeout).
			WithHint("send a request in one go, or raise --line-timeout")
	default:
		return sqlerr.New(sqlerr.InvalidAuthorization, "nobody logged in within %s", limits.LoginTimeout).
			WithHint("connect again and log in at once")
	}
}

// answerLine answers one line; an error ends the connection.
func (c *conn) answerLine(ctx context.Context, l line) error {
	if l.err != nil {
		if known, ok := errors.AsType[*sqlerr.Error](l.err); ok {
			c.server.count(known.Code)
			return c.write(failure(known, "").line())
		}
		if why := c.tooLate(l.err); why != nil {
			return errors.Join(l.err, c.write(failure(why, "").line()))
		}
		return l.err
	}
	r, err := parseRequest(l.text, c.server.limits.JSONDepth)
	if err != nil {
		c.server.count(sqlerr.CodeOf(err))
		return c.write(failure(err, "").line())
	}
	outcome, err := c.handle(ctx, r)
	c.server.count(outcome)
	return err
}
