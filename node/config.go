package node

import (
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/txn"
)

// Config is what `micodb serve` is told. Defaults gives the values of a server that is told nothing.
type Config struct {
	DataDir    string
	BindAddr   string
	JSONPort   int // 0 picks a free one, as for the other ports
	FlightPort int
	HTTPPort   int

	LogLevel  string // trace, debug, info, warn, error
	LogFormat string // text or json

	JWTSecret         string
	JWTSecretFile     string
	AdminPassword     string // of the first start; empty: AdminPasswordFile, else one is made and printed
	AdminPasswordFile string
	InsecureNoAuth    bool
	InsecurePlaintext bool

	TLSMode     string // "", "auto"
	TLSCert     string
	TLSKey      string
	TLSClientCA string
	JSONTLS     bool

	AllowFiles string // the directory whose files COPY may use; empty: none

	MemoryLimitBytes int64  // 0: a share of the machine's
	SpillLimitBytes  int64  // scratch space of all queries; 0: half of what is free at the start
	SpillDir         string // empty: a directory below DataDir
	Threads          int    // 0: one for each CPU
	Durability       string
	Retention        time.Duration // how long old versions can be read; 0: not at all

	DrainTimeout time.Duration
	SlowQuery    time.Duration // a statement that takes as long goes into the log; 0: none does

	Limits limits.Limits // of what clients may ask for

	Version string
	Out     io.Writer // where people are told addresses and the first password; never a log
	LogOut  io.Writer

	offline bool // no server, but an Offline
}

// The default ports.
const (
	DefaultJSONPort   = 3456
	DefaultFlightPort = 8815
	DefaultHTTPPort   = 8816
)

// Defaults returns the configuration of a server that is told nothing.
func Defaults() Config {
	return Config{
		DataDir:      "./data",
		BindAddr:     "127.0.0.1",
		JSONPort:     DefaultJSONPort,
		FlightPort:   DefaultFlightPort,
		HTTPPort:     DefaultHTTPPort,
		LogLevel:     "info",
		LogFormat:    "text",
		Durability:   durabilitySync,
		Retention:    txn.DefaultRetention,
		DrainTimeout: 30 * time.Second,
		SlowQuery:    5 * time.Second,
		Limits:       limits.Defaults(),
		Version:      "devel",
		Out:          os.Stdout,
		LogOut:       os.Stderr,
	}
}

// The values of --durability.
const (
	durabilitySync  = "sync"
	durabilityAsync = "async"
)

// validate refuses what would be unsafe or can't work, and says what to do instead.
func (c *Config) validate() error {
	invalid := func(format string, args ...any) *sqlerr.Error {
		return sqlerr.New(sqlerr.InvalidParameterValue, format, args...)
	}
	if err := c.validateNumbers(); err != nil {
		return err
	}
	loopback := isLoopback(c.BindAddr)
	switch {
	case c.Durability != durabilitySync && c.Durability != durabilityAsync:
		return invalid("--durability %s is neither sync nor async", c.Durability)
	case c.TLSMode != "" && c.TLSMode != "auto":
		return invalid("--tls %s is not known", c.TLSMode).WithHint("use --tls auto, or --tls-cert and --tls-key")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return invalid("--tls-cert and --tls-key go together")
	case c.TLSClientCA != "" && !c.tls():
		return invalid("--tls-client-ca needs --tls auto, or --tls-cert and --tls-key")
	case c.JSONTLS && !c.tls():
		return invalid("--json-tls needs --tls auto, or --tls-cert and --tls-key")
	case !loopback && !c.tls() && !c.InsecurePlaintext:
		return invalid("a server on %s would send passwords and data in the clear", c.BindAddr).
			WithHint("give --tls auto (or --tls-cert and --tls-key), or accept it with --insecure-plaintext")
	case !loopback && c.InsecureNoAuth:
		return invalid("--insecure-no-auth works on a loopback address alone, not on %s", c.BindAddr)
	case c.JWTSecret != "" && c.JWTSecretFile != "":
		return invalid("--jwt-secret and --jwt-secret-file exclude each other")
	case c.JWTSecret != "" && len(c.JWTSecret) < authz.MinSecretBytes:
		return shortSecret("--jwt-secret", len(c.JWTSecret))
	}
	return nil
}

// memoryLimitBytesMin is the least that a server works with: below it not one query has room for its batches.
const memoryLimitBytesMin = 64 << 20

// portMax is the highest number of a port.
const portMax = 1<<16 - 1

func (c *Config) validateNumbers() error {
	invalid := func(format string, args ...any) *sqlerr.Error {
		return sqlerr.New(sqlerr.InvalidParameterValue, format, args...)
	}
	for _, p := range []struct {
		flag string
		port int
	}{{"--port", c.JSONPort}, {"--flight-port", c.FlightPort}, {"--http-port", c.HTTPPort}} {
		if p.port < 0 || p.port > portMax {
			return invalid("%s %d is no port", p.flag, p.port).
				WithHint("ports go from 1 to %d, and 0 picks a free one", portMax)
		}
	}
	if c.Retention < 0 {
		return invalid("--retention %s is negative", c.Retention).WithHint("write a time as in 30m or 24h")
	}
	if c.DrainTimeout < 0 {
		return invalid("--drain-timeout %s is negative", c.DrainTimeout).WithHint("write a time as in 30s or 5m")
	}
	if c.SlowQuery < 0 {
		return invalid("--slow-query-threshold %s is negative", c.SlowQuery).WithHint("0 logs no statement as slow")
	}
	if c.Threads < 0 {
		return invalid("--threads %d is negative", c.Threads).WithHint("0 takes one for each CPU")
	}
	if c.MemoryLimitBytes != 0 && c.MemoryLimitBytes < memoryLimitBytesMin {
		return invalid("--memory-limit has %d bytes, and needs at least %d MiB", c.MemoryLimitBytes,
			memoryLimitBytesMin>>20).WithHint("0 takes a share of the machine's memory")
	}
	if c.SpillLimitBytes < 0 {
		return invalid("--spill-limit has %d bytes", c.SpillLimitBytes).WithHint("0 takes half of what is free")
	}
	return c.Limits.Validate()
}

// shortSecret is the error about a JWT secret of n bytes.
func shortSecret(name string, n int) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "%s has %d bytes, and needs at least %d", name, n,
		authz.MinSecretBytes).WithHint("make one with: openssl rand -hex 32 " +
		"(or leave it out: a key is made and kept in the data directory)")
}

func (c *Config) tls() bool { return c.TLSMode == "auto" || c.TLSCert != "" }

// jsonHost is where the JSON port listens: its old clients can't speak TLS, so without --json-tls it stays on
// loopback unless plaintext is accepted.
func (c *Config) jsonHost() string {
	if isLoopback(c.BindAddr) || c.JSONTLS || c.InsecurePlaintext {
		return c.BindAddr
	}
	return "127.0.0.1"
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
