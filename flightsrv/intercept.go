package flightsrv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
)

// open services answer without login: they name no object.
func openMethod(method string) bool {
	return strings.HasPrefix(method, "/grpc.health.") || strings.HasPrefix(method, "/grpc.reflection.")
}

func (s *Server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo,
	handler grpc.UnaryHandler,
) (response any, err error) {
	if openMethod(info.FullMethod) {
		return handler(ctx, request)
	}
	err = s.answer(ctx, info.FullMethod, func(ctx context.Context) (err error) {
		response, err = handler(ctx, request)
		return err
	})
	return response, err
}

func (s *Server) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo,
	handler grpc.StreamHandler,
) error {
	if openMethod(info.FullMethod) {
		return handler(server, stream)
	}
	handled := false
	err := s.answer(stream.Context(), info.FullMethod, func(ctx context.Context) error {
		handled = true
		return handler(server, &clientStream{ServerStream: stream, context: ctx})
	})
	if !handled && info.FullMethod == doPutMethod {
		// The client begins with a message. If that found the call ended, it would learn of an end of file, which
		// arrow-go's hands on, instead of why.
		_ = stream.RecvMsg(new(flight.FlightData)) // the refusal is the error to tell
	}
	return err
}

const doPutMethod = "/arrow.flight.protocol.FlightService/DoPut"

// answer is the frame of every call: the client's session, the panic that must not pass, the error's translation,
// the count.
func (s *Server) answer(ctx context.Context, method string, handle func(context.Context) error) error {
	err := s.guard(ctx, func() error {
		if strings.HasSuffix(method, "/Handshake") {
			return handle(ctx)
		}
		c, err := s.welcome(ctx)
		if l, ok := errors.AsType[*lost](err); ok {
			if strings.HasSuffix(method, "/DoAction") {
				return handle(context.WithValue(ctx, lostKey{}, l))
			}
			return s.tell(l)
		}
		if err != nil {
			return err
		}
		defer s.clients.release(c)
		return handle(context.WithValue(ctx, clientKey{}, c))
	})
	outcome := "ok"
	if err != nil {
		if ctx.Err() != nil {
			err = sqlerr.Wrap(err, sqlerr.QueryCanceled, "the call was cancelled")
		}
		outcome = string(sqlerr.CodeOf(classify(err)))
		s.logFailure(ctx, method, err)
	}
	s.config.Metrics.Connections.Requests.WithLabelValues(string(metrics.Flight), outcome).Inc()
	return toStatus(err)
}

// guard turns a panic into an error: whatever a client sent, the process lives.
func (s *Server) guard(ctx context.Context, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = s.recovered(ctx, r)
		}
	}()
	return f()
}

// recovered makes an error of a panic: the one that it carries, when a budget ended, else a defect, which is
// logged with its stack.
func (s *Server) recovered(ctx context.Context, value any) error {
	if e, ok := value.(*sqlerr.Error); ok {
		return e
	}
	s.log.LogAttrs(ctx, slog.LevelError, "flight call panicked",
		slog.Any("panic", value), slog.String("stack", string(debug.Stack())))
	return sqlerr.Wrap(fmt.Errorf("panic: %v", value), sqlerr.InternalError, "internal error")
}

// clientStream is a stream whose context knows its client.
type clientStream struct {
	grpc.ServerStream

	context context.Context //nolint:containedctx // grpc's way to hand a context to a stream's handler
}

// Context returns the context with the client.
func (c *clientStream) Context() context.Context { return c.context }

// connectionKey is where a connection's context carries the connection.
type connectionKey struct{}

func connectionOf(ctx context.Context) (*connection, error) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok && c != nil {
		return c, nil
	}
	return nil, sqlerr.New(sqlerr.QueryCanceled, "the connection has gone")
}

// connectionStats knows connections by their addresses, and ends the sessions that live by one.
type connectionStats struct{ server *Server }

// TagConn gives a connection's calls the connection.
func (h *connectionStats) TagConn(ctx context.Context, info *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, h.server.connections.find(endsOf(info.LocalAddr, info.RemoteAddr)))
}

// HandleConn counts open connections.
func (h *connectionStats) HandleConn(ctx context.Context, event stats.ConnStats) {
	open := h.server.config.Metrics.Connections.Open.WithLabelValues(string(metrics.Flight))
	switch event.(type) {
	case *stats.ConnBegin:
		open.Inc()
	case *stats.ConnEnd:
		open.Dec()
		if c, err := connectionOf(ctx); err == nil {
			h.server.disconnected(c.number)
		}
	}
}

// TagRPC adds nothing.
func (*connectionStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC looks at nothing.
func (*connectionStats) HandleRPC(context.Context, stats.RPCStats) {}

// disconnected closes sessions beside the transport's goroutine, which must not wait for a rollback. After
// Shutdown began, that closes them.
func (s *Server) disconnected(connection uint64) {
	select {
	case <-s.stop:
	default:
		s.background.Go(func() { s.clients.disconnected(connection) })
	}
}
