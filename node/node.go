package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/flightsrv"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/jsonproto"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/txn"
)

// Node is a running server.
type Node struct {
	cfg       Config
	log       *slog.Logger
	limits    limits.Limits // as the parts are given them
	endpoints Endpoints

	listeners listeners
	status    *status
	manager   *txn.Manager
	scheduler *exec.Scheduler
	scratch   *spill.Space
	functions *function.Registry
	memory    *budget.Server
	files     *tablefile.Directory
	sessions  *session.Server
	flight    *flightsrv.Server
	json      *jsonproto.Server

	failed  chan error     // of a part that can't go on
	serving sync.WaitGroup // the doors' accept loops
	once    sync.Once
	closed  error
}

// Run serves until ctx ends or a part fails, and drains.
func Run(ctx context.Context, cfg Config) error {
	n, err := Start(ctx, cfg)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		n.log.LogAttrs(ctx, slog.LevelInfo, "shutting down", slog.Duration("drain_timeout", cfg.DrainTimeout))
	case err = <-n.failed:
		n.log.LogAttrs(ctx, slog.LevelError, "a part failed", slog.Any("error", err))
	}
	return errors.Join(err, n.Close(context.WithoutCancel(ctx)))
}

// Start builds and starts all parts; the server is ready when it returns.
func Start(ctx context.Context, cfg Config) (_ *Node, err error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	log, err := NewLogger(cfg.LogOut, cfg.LogLevel, cfg.LogFormat)
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, log: log, failed: make(chan error, 8)}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close(context.WithoutCancel(ctx)))
		}
	}()
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.IOError, "the data directory %s can't be made: %v", cfg.DataDir, err)
	}
	secure, fingerprint, err := cfg.loadTLS()
	if err != nil {
		return nil, err
	}
	if n.listeners, err = listen(ctx, &cfg); err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	set := metrics.New(registry, cfg.Version)
	n.status = cfg.startStatus(n.listeners.http, secure, registry, log)
	if err := n.openStorage(ctx, set, registry, secure); err != nil {
		return nil, err
	}
	if n.sessions, err = n.openSessions(ctx, set); err != nil {
		return nil, err
	}
	if err := n.openDoors(ctx, secure, set); err != nil {
		return nil, err
	}
	return n, n.announce(ctx, fingerprint)
}

// Endpoints returns the addresses that the server listens on.
func (n *Node) Endpoints() Endpoints { return n.endpoints }

// listeners are opened before anything else, so that a port in use is told first.
type listeners struct{ flight, json, http net.Listener }

func listen(ctx context.Context, cfg *Config) (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for _, p := range []struct {
		into *net.Listener
		flag string
		host string
		port int
	}{
		{&l.flight, "--flight-port", cfg.BindAddr, cfg.FlightPort},
		{&l.json, "--port", cfg.jsonHost(), cfg.JSONPort},
		{&l.http, "--http-port", cfg.BindAddr, cfg.HTTPPort},
	} {
		var lc net.ListenConfig
		if *p.into, err = lc.Listen(ctx, "tcp", address(p.host, p.port)); err != nil {
			return l, sqlerr.Wrap(err, sqlerr.CannotConnectNow, "%s can't listen: %v", p.flag, err).
				WithHint("is another server running? choose another port with %s, or 0 for a free one", p.flag)
		}
	}
	return l, nil
}

func (l listeners) close() {
	for _, x := range []net.Listener{l.flight, l.json, l.http} {
		if x != nil {
			_ = x.Close() // its owner may have done so
		}
	}
}

// openStorage opens the data directory, and builds what runs queries on it.
func (n *Node) openStorage(
	ctx context.Context, set *metrics.Set, registry prometheus.Registerer, secure *tls.Config,
) error {
	limit := n.cfg.MemoryLimitBytes
	if limit == 0 {
		limit = defaultMemoryLimit()
	}
	n.limits = clientLimits(n.cfg.Limits, limit)
	debug.SetMemoryLimit(runtimeLimit(limit))
	threads := n.cfg.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	n.memory = budget.NewServer(shareOf(limit, queryShare))
	cache := segment.NewCache(shareOf(limit, cacheShare))
	scratch, err := n.cfg.openScratch()
	if err != nil {
		return err
	}
	n.scratch = scratch
	metrics.Readings{
		Ready:       n.ready,
		MemoryLimit: limit, BudgetLimit: n.memory.Limit(), BudgetUsed: n.memory.Used, Cache: cache.Counts,
		SpillUsed: scratch.Used, SpillTotal: scratch.Written,
		Disk: n.disk, CertificateExpiry: certificateExpiry(secure),
	}.Register(registry)
	manager, err := txn.Open(ctx, txn.Options{
		FS: vfs.Disk{}, Dir: n.cfg.DataDir, Log: n.log, Metrics: set,
		Cache:     cache,
		Memory:    n.memory,
		Retention: n.cfg.Retention,
		Fatal:     n.fail,
		Limits:    storageLimits(limit),

		ManualCompaction: n.cfg.offline,
	})
	if err != nil {
		return err
	}
	n.manager = manager
	n.scheduler, n.functions = exec.NewScheduler(threads), function.NewRegistry()
	n.files, err = openFiles(n.cfg.AllowFiles, n.cfg.DataDir)
	return err
}

// ready tells whether the doors are open; a directory that is opened offline has none.
func (n *Node) ready() bool { return n.status != nil && n.status.ready.Load() }

// disk is the size of what holds the data.
func (n *Node) disk() (metrics.Disk, error) {
	space, err := vfs.SpaceOf(n.cfg.DataDir)
	return metrics.Disk(space), err
}

// fail reports a part that can't go on; the first one is told, the others are logged.
func (n *Node) fail(err error) {
	select {
	case n.failed <- err:
	default:
		n.log.Error("a part failed", slog.Any("error", err))
	}
}

func (n *Node) openDoors(ctx context.Context, secure *tls.Config, set *metrics.Set) (err error) {
	n.flight, err = flightsrv.New(n.sessions, flightsrv.Config{
		Version: n.cfg.Version, Budget: n.memory, Metrics: set, Log: n.log, TLS: secure,
		Functions: functionNames(n.functions), Keywords: parser.Keywords(),
		Limits: n.limits,
	})
	if err != nil {
		return err
	}
	n.json = jsonproto.NewServer(jsonproto.Config{
		Door: n.sessions, Ticket: n.flightTicket, Metrics: set.Connections, Log: n.log, Limits: n.limits,
	})
	jsonListener := n.listeners.json
	if n.cfg.JSONTLS {
		jsonListener = tls.NewListener(jsonListener, secure)
	}
	work := context.WithoutCancel(ctx) // the doors' Close ends it, when what runs has finished
	n.serving.Go(func() {
		if err := n.flight.Serve(n.listeners.flight); err != nil {
			n.fail(err)
		}
	})
	n.serving.Go(func() {
		if err := n.json.Serve(work, jsonListener); err != nil {
			n.fail(err)
		}
	})
	n.endpoints = Endpoints{
		Flight: n.listeners.flight.Addr().String(), JSON: n.listeners.json.Addr().String(),
		HTTP: n.listeners.http.Addr().String(), TLS: secure != nil, PID: os.Getpid(),
	}
	n.flight.SetServing(true)
	n.status.ready.Store(true)
	return n.endpoints.write(n.cfg.DataDir)
}

// announce tells a person where the server is.
func (n *Node) announce(ctx context.Context, fingerprint string) error {
	e := n.endpoints
	flight, health, json := "grpc", "http", ""
	if e.TLS {
		flight, health = "grpc+tls", "https"
	}
	if n.cfg.JSONTLS {
		json = " (TLS)"
	}
	text := fmt.Sprintf("MicoDB %s serves %s\n  Flight SQL  %s://%s\n  JSON        %s%s\n  health      %s://%s\n",
		n.cfg.Version, n.cfg.DataDir, flight, e.Flight, e.JSON, json, health, e.HTTP)
	if fingerprint != "" {
		text += "  certificate SHA-256 " + fingerprint + "\n"
	}
	if n.cfg.InsecureNoAuth {
		text += "  no logins: everybody on this machine is admin (--insecure-no-auth)\n"
	}
	n.log.LogAttrs(ctx, slog.LevelInfo, "ready", slog.String("flight", e.Flight), slog.String("json", e.JSON),
		slog.String("http", e.HTTP), slog.String("data_dir", n.cfg.DataDir))
	_, err := fmt.Fprint(n.cfg.Out, text)
	return err
}

// Close stops accepting, lets what runs finish for the drain timeout, flushes, and releases the data directory.
// It is idempotent.
func (n *Node) Close(ctx context.Context) error {
	n.once.Do(func() { n.closed = n.close(ctx) })
	return n.closed
}

func (n *Node) close(ctx context.Context) error {
	drain, cancel := context.WithTimeout(ctx, n.cfg.DrainTimeout)
	defer cancel()
	if n.status != nil {
		n.status.ready.Store(false)
	}
	if n.listeners.json != nil {
		_ = n.listeners.json.Close() // ends the accept loop
	}
	var doors sync.WaitGroup
	if n.json != nil {
		doors.Go(func() { n.json.Close(drain) })
	}
	if n.flight != nil {
		doors.Go(func() { n.flight.Shutdown(drain) })
	}
	doors.Wait()
	n.serving.Wait()
	var errs []error
	if n.sessions != nil {
		errs = append(errs, n.sessions.Close(drain))
	}
	errs = append(errs, n.files.Close())
	if n.manager != nil {
		errs = append(errs, n.manager.Close(ctx))
		if err := os.Remove(endpointsPath(n.cfg.DataDir)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if n.status != nil {
		errs = append(errs, n.status.close(drain))
	}
	n.listeners.close()
	return errors.Join(errs...)
}
