package flightsrv

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

// Door is what the server needs of the sessions; session.Server is one.
type Door interface {
	// Authenticate tells whose the credentials are: 28P01 or 28000 when they are wrong.
	Authenticate(ctx context.Context, credentials session.Credentials) (session.Principal, error)

	// Open authenticates and opens a session.
	Open(ctx context.Context, credentials session.Credentials) (session.Session, error)

	// Fork opens another session for the principal of an open one, with a database of its own.
	Fork(ctx context.Context, s session.Session, database string) (session.Session, error)

	// Login checks a password and returns a bearer token.
	Login(ctx context.Context, credentials session.Credentials) (session.Login, error)

	// SignTicket returns bytes from which only OpenTicket, of this server and for this user, gets the payload back.
	SignTicket(user string, payload []byte) []byte

	// OpenTicket fails with 28000 for bytes that SignTicket did not return for this user. The address is who sent them.
	OpenTicket(ctx context.Context, user, address string, ticket []byte) ([]byte, error)
}

// Config is what a server is made of besides its door.
type Config struct {
	Version string
	Limits  limits.Limits
	Budget  *budget.Server // batches of clients are decoded within it
	Metrics *metrics.Set
	Log     *slog.Logger
	TLS     *tls.Config // nil: plain text

	// What GetSqlInfo tells beside the limits.
	Functions Functions
	Keywords  []string
}

// Server serves Flight SQL. It is safe for concurrent use.
type Server struct {
	door    Door
	config  Config
	limits  limits.Limits
	log     *slog.Logger
	clients *clients
	handles *handles
	now     func() time.Time

	grpc        *grpc.Server
	health      *health.Server
	connections *connections

	stop       chan struct{}  // closed by Shutdown
	stopOnce   sync.Once      // Shutdown may be called again
	background sync.WaitGroup // the sweeper, and sessions that end with their connections
}

// New makes a server that answers once Serve is called. It reports NOT_SERVING until SetServing. The caller calls
// Shutdown in the end.
func New(door Door, config Config) (*Server, error) { return newServer(door, config, time.Now) }

func newServer(door Door, config Config, now func() time.Time) (*Server, error) {
	l := limits.Complete(config.Limits)
	s := &Server{
		door: door, config: config, limits: l, log: config.Log, now: now,
		handles: newHandles(l, now), health: health.NewServer(), connections: newConnections(l, config.Log),
		stop: make(chan struct{}),
	}
	s.clients = newClients(l, now, s.sessionEnded)
	handlers, err := newHandlers(s)
	if err != nil {
		return nil, err
	}
	s.grpc = grpc.NewServer(s.options()...)
	flight.RegisterFlightServiceServer(s.grpc, newService(s, handlers))
	healthpb.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	s.SetServing(false)
	s.background.Go(s.sweep)
	return s, nil
}

func (s *Server) options() []grpc.ServerOption {
	l := s.limits
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(int(l.MessageBytes)),
		grpc.MaxSendMsgSize(1<<31 - 1), // one row may be larger than a message should be
		grpc.MaxConcurrentStreams(uint32(l.Calls)),
		grpc.NumStreamWorkers(callWorkers),
		grpc.StaticStreamWindowSize(limits.StreamWindowBytes),
		grpc.StaticConnWindowSize(limits.ConnectionWindowBytes),
		grpc.MaxHeaderListSize(uint32(l.HeaderBytes)),
		grpc.ConnectionTimeout(l.ConnectTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: l.KeepAliveTime, Timeout: l.KeepAliveTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime: l.KeepAliveMinimum, PermitWithoutStream: true,
		}),
		grpc.StatsHandler(&connectionStats{server: s}),
		grpc.UnaryInterceptor(s.unary),
		grpc.StreamInterceptor(s.stream),
	}
	if s.config.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.config.TLS)))
	}
	return options
}

// callWorkers is how many goroutines wait for calls; when all have one, a call gets a goroutine of its own. Their
// stacks have grown already to what a call needs, which takes a new goroutine a good part of a small query's time.
const callWorkers = 32

// Serve answers on a listener until Shutdown, and then returns nil.
func (s *Server) Serve(listener net.Listener) error {
	return s.grpc.Serve(&cappedListener{Listener: listener, connections: s.connections})
}

// serviceName is Flight's own, for which the health service answers too.
const serviceName = "arrow.flight.protocol.FlightService"

// SetServing is what the health service says.
func (s *Server) SetServing(serving bool) {
	status := healthpb.HealthCheckResponse_NOT_SERVING
	if serving {
		status = healthpb.HealthCheckResponse_SERVING
	}
	s.health.SetServingStatus("", status)
	s.health.SetServingStatus(serviceName, status)
}

// Sessions returns how many are open.
func (s *Server) Sessions() int { return s.clients.count() }

// Shutdown takes no new calls, waits for those that run until ctx ends, cancels what is left, and closes all
// sessions.
func (s *Server) Shutdown(ctx context.Context) {
	s.health.Shutdown()
	s.stopOnce.Do(func() { close(s.stop) })
	drained := make(chan struct{})
	s.background.Go(func() {
		s.grpc.GracefulStop()
		close(drained)
	})
	select {
	case <-drained:
	case <-ctx.Done():
		s.grpc.Stop() // ends GracefulStop too
	}
	s.clients.endAll(func(*client) bool { return true })
	s.background.Wait()
}

// sweep closes what idles, until Shutdown.
func (s *Server) sweep() {
	ticker := time.NewTicker(max(min(s.limits.SessionIdle, s.limits.TicketLife)/sweepsPerLife, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			s.clients.sweep()
			s.handles.sweep()
		}
	}
}

const sweepsPerLife = 8

// sessionEnded lets go all that a client held.
func (s *Server) sessionEnded(c *client) {
	<-c.opened
	s.handles.closeAll(func(h *handle) bool { return h.owner == c })
	if c.session == nil {
		return
	}
	if err := c.session.Close(); err != nil {
		s.log.Warn("closing a session failed", slog.String("cause", err.Error()))
	}
}

// allocator is what the server itself builds Arrow data with: schemas, metadata.
func allocator() memory.Allocator { return memory.DefaultAllocator }
