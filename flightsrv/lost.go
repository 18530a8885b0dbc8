package flightsrv

import (
	linked "container/list"
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// A caller with a name (its cookie, or a token that is its alone) for which no session is open, and which nothing
// makes one expect, had a session before: in a process that has ended, or one that idled too long or was ended. What it
// sends next may belong to a transaction that is gone, and must not be committed by itself. So it is refused once, with
// 08003, and from then on its name is expected.

// expected are the names that may come without an open session. It is not safe for concurrent use.
type expected struct {
	order *linked.List // of the names, the oldest first
	known map[string]*linked.Element
}

func newExpected() *expected {
	return &expected{order: linked.New(), known: map[string]*linked.Element{}}
}

// arrival is a name that may come.
type arrival struct {
	name  string
	again bool // after a loss, of which it was told
}

// add lets a name come. Of too many the oldest are forgotten: they will be told of a loss that is none.
func (e *expected) add(a arrival) {
	e.take(a.name)
	e.known[a.name] = e.order.PushBack(a)
	if e.order.Len() > limits.NamesExpected {
		e.remove(e.order.Front())
	}
}

// take returns that of the names which is expected, and expects it no more.
func (e *expected) take(names ...string) (arrival, bool) {
	for _, name := range names {
		if at, ok := e.known[name]; ok {
			return e.remove(at), true
		}
	}
	return arrival{}, false
}

func (e *expected) remove(at *linked.Element) arrival {
	a, _ := e.order.Remove(at).(arrival) // nothing else is in it
	delete(e.known, a.name)
	return a
}

// expect lets names come for the first time, or after their client closed its session itself.
func (cs *clients) expect(names ...string) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, name := range names {
		cs.expected.add(arrival{name: name})
	}
}

// expectAgain lets a caller come that was told of its loss.
func (cs *clients) expectAgain(who caller) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.expected.add(arrival{name: who.key, again: true})
}

// freshCookie is the name of a cookie that was just made, whatever credentials it will come with.
func freshCookie(cookie string) string { return "cookie " + cookie }

// names are those by which a session is expected for the caller, none for one without a name.
func (c *caller) names() []string {
	switch {
	case !c.named:
		return nil
	case c.cookie == "":
		return []string{c.key}
	default:
		return []string{c.key, freshCookie(c.cookie)}
	}
}

// newNames are those by which a handshake's caller comes next, and never came: those of a new cookie and of a new
// login. A token that is only renewed keeps its name, and whoever had a cookie that.
func newNames(who caller, cookie string, login *session.Login) []string {
	var names []string
	if who.cookie == "" {
		names = append(names, freshCookie(cookie))
	}
	if login == nil || who.credentials.Method != session.Password {
		return names
	}
	proof := login.Principal.Proof
	if who.cookie != "" {
		with := who
		with.knownBy(proof)
		names = append(names, with.key)
	}
	if proof.OneClient {
		alone := who
		alone.cookie = ""
		alone.knownBy(proof)
		names = append(names, alone.key)
	}
	return names
}

// errLost is why find finds nothing.
var errLost = errors.New("the session is lost")

// sessionLost is what a client is told.
func sessionLost(how string) error {
	return sqlerr.New(sqlerr.SessionLost, "the session %s, and with it any transaction that was open in it", how).
		WithHint("begin the transaction again; the next call opens a new session")
}

// lost is a caller that is to be told.
type lost struct {
	who  caller
	open opener
	told error
}

// Error says what it will be told.
func (l *lost) Error() string { return l.told.Error() }

// Unwrap is what it will be told.
func (l *lost) Unwrap() error { return l.told }

// tell counts the caller as told: its next call opens a session.
func (s *Server) tell(l *lost) error {
	s.clients.expectAgain(l.who)
	return l.told
}

// lostKey is where the context of an action carries a caller that was not told yet.
type lostKey struct{}

// DoAction serves actions. One of a caller whose session is lost, and whose answer clients tend not to look at, does
// not count as having told it: the next call will.
func (f *service) DoAction(action *flight.Action, stream flight.FlightService_DoActionServer) error {
	l, ok := stream.Context().Value(lostKey{}).(*lost)
	if !ok {
		return f.FlightServer.DoAction(action, stream)
	}
	switch action.GetType() {
	case flightsql.ClosePreparedStatementActionType:
		return stream.Send(&flight.Result{}) // it was closed with its session
	case flightsql.CancelQueryActionType, flight.CancelFlightInfoActionType:
		return l.told
	case flight.CloseSessionActionType:
		return f.closeAnew(l, action, stream)
	}
	return f.server.tell(l)
}

// closeAnew opens a session to close it, so that the caller's token is logged out.
func (f *service) closeAnew(l *lost, action *flight.Action, stream flight.FlightService_DoActionServer) error {
	f.server.clients.expectAgain(l.who)
	c, err := f.server.clients.acquire(stream.Context(), l.who, l.open)
	if err != nil {
		return err
	}
	defer f.server.clients.release(c)
	return f.FlightServer.DoAction(action, &actionStream{
		FlightService_DoActionServer: stream, context: context.WithValue(stream.Context(), clientKey{}, c),
	})
}

// actionStream is the stream of an action whose context knows its client.
type actionStream struct {
	flight.FlightService_DoActionServer

	context context.Context //nolint:containedctx // as clientStream has one
}

// Context returns the context with the client.
func (a *actionStream) Context() context.Context { return a.context }
