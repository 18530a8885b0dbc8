package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/node"
)

// serveFlags are the flags that have no place in node.Config: the configuration file, and what the cluster of
// the old server had.
type serveFlags struct {
	configFile  string
	cluster     bool
	nodeType    string
	nodeConfig  string
	nodeID      string
	coordinator string
}

func newServe() *cobra.Command {
	cfg, f := node.Defaults(), serveFlags{}
	cfg.Version = version
	c := &cobra.Command{
		Use:   "serve",
		Short: "Start the server",
		Long: "Start the server.\n\nEvery flag can also be set by an environment variable (--data-dir: " +
			"MICODB_DATA_DIR) and by a key of the YAML file that --config names (data-dir: ./data).\n" +
			"A flag goes before a variable, a variable before the file.",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := loadSettings(c.Flags(), f.configFile); err != nil {
				return usage(err)
			}
			if err := f.refuseCluster(); err != nil {
				return usage(err)
			}
			if err := f.tellUnused(c.ErrOrStderr()); err != nil {
				return err
			}
			cfg.AdminPassword = os.Getenv("MICODB_ADMIN_PASSWORD")
			cfg.Out, cfg.LogOut = c.OutOrStdout(), c.ErrOrStderr()
			ctx, stop := untilEnded(c.Context())
			defer stop()
			err := node.Run(ctx, cfg)
			var e *sqlerr.Error
			if errors.As(err, &e) && e.Code == sqlerr.InvalidParameterValue {
				return usage(err)
			}
			return err
		},
	}
	addServeFlags(c.Flags(), &cfg)
	f.add(c.Flags())
	return c
}

func addServeFlags(fs *pflag.FlagSet, cfg *node.Config) {
	fs.StringVarP(&cfg.DataDir, "data-dir", "d", cfg.DataDir, "where the data is kept")
	fs.StringVar(&cfg.BindAddr, "bind-addr", cfg.BindAddr, "address to listen on")
	fs.IntVarP(&cfg.JSONPort, "port", "p", cfg.JSONPort, "port of the JSON protocol; 0 picks a free one")
	fs.IntVar(&cfg.FlightPort, "flight-port", cfg.FlightPort, "port of Flight SQL; 0 picks a free one")
	fs.IntVar(&cfg.HTTPPort, "http-port", cfg.HTTPPort, "port of health and metrics; 0 picks a free one")
	fs.StringVar(&cfg.LogLevel, "log-level", cfg.LogLevel, "trace, debug, info, warn or error")
	fs.StringVar(&cfg.LogFormat, "log-format", cfg.LogFormat, "text or json")
	fs.StringVar(&cfg.JWTSecret, "jwt-secret", "", "key that signs tokens, at least 32 bytes")
	fs.StringVar(&cfg.JWTSecretFile, "jwt-secret-file", "", "file with the key that signs tokens")
	fs.StringVar(&cfg.AdminPasswordFile, "admin-password-file", "", "file with admin's password for the first start")
	fs.BoolVar(&cfg.InsecureNoAuth, "insecure-no-auth", false, "let everybody in as admin (loopback only)")
	fs.BoolVar(&cfg.InsecurePlaintext, "insecure-plaintext", false, "serve other machines without TLS")
	fs.StringVar(&cfg.TLSMode, "tls", "", "auto: TLS with a certificate made on first start")
	fs.StringVar(&cfg.TLSCert, "tls-cert", "", "certificate, PEM")
	fs.StringVar(&cfg.TLSKey, "tls-key", "", "key of the certificate, PEM")
	fs.StringVar(&cfg.TLSClientCA, "tls-client-ca", "", "accept only clients with a certificate of this CA, PEM")
	fs.BoolVar(&cfg.JSONTLS, "json-tls", false, "TLS on the JSON port too")
	fs.StringVar(&cfg.AllowFiles, "allow-files", "", "directory whose files users with the privilege FILE "+
		"may read and write with COPY; none without it")
	fs.Var((*byteSize)(&cfg.MemoryLimitBytes), "memory-limit", "memory for queries and caches, as in 4GiB; "+
		"0: 60 % of the machine's")
	fs.StringVar(&cfg.SpillDir, "spill-directory", "", "where queries that outgrow their memory keep scratch files; "+
		"spill in the data directory without it")
	fs.Var((*byteSize)(&cfg.SpillLimitBytes), "spill-limit", "scratch space of all queries together, as in 100GiB; "+
		"0: half of what is free at the start")
	fs.IntVar(&cfg.Threads, "threads", 0, "workers that run queries; 0: one for each CPU")
	fs.StringVar(&cfg.Durability, "durability", cfg.Durability, "sync: a commit is on disk when it is acknowledged; "+
		"async: some milliseconds later")
	fs.DurationVar(&cfg.SlowQuery, "slow-query-threshold", cfg.SlowQuery,
		"log a statement that takes so long, with its text; 0: none")
	fs.DurationVar(&cfg.DrainTimeout, "drain-timeout", cfg.DrainTimeout,
		"how long to let running queries finish at the end")
	fs.DurationVar(&cfg.Retention, "retention", cfg.Retention,
		"how long deleted rows are kept for SELECT … FROM table AS OF VERSION n; 0: not at all")
	addLimitFlags(fs, &cfg.Limits)
}

// addLimitFlags adds a flag for every limit.
func addLimitFlags(fs *pflag.FlagSet, l *limits.Limits) {
	for _, f := range l.Flags() {
		help := "limit: " + f.Help
		if f.Zero != "" {
			help += "; 0: " + f.Zero
		}
		switch v := f.Value.(type) {
		case *time.Duration:
			fs.DurationVar(v, f.Name, *v, help)
		case *int:
			fs.IntVar(v, f.Name, *v, help)
		case *int64:
			fs.Var((*byteSize)(v), f.Name, help)
		}
	}
}

func (f *serveFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.configFile, "config", "", "YAML file with the flags' names as keys")
	fs.BoolVar(&f.cluster, "cluster", false, "start as a node of a cluster")
	fs.StringVar(&f.nodeType, "node-type", "standalone", "coordinator, worker or standalone")
	fs.StringVar(&f.nodeConfig, "node-config", "", "JSON file that describes a node of a cluster; unused without one")
	fs.StringVar(&f.nodeID, "node-id", "", "name of a node of a cluster; unused without one")
	fs.StringVar(&f.coordinator, "coordinator", "", "address of the coordinator")
}

// tellUnused says which of the old server's flags a single server takes and does not use.
func (f *serveFlags) tellUnused(w io.Writer) error {
	for _, flag := range []struct{ name, value string }{
		{"--node-config", f.nodeConfig}, {"--node-id", f.nodeID},
	} {
		if flag.value == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "micodb: %s %s is not used: it describes a node of a cluster, and this is a "+
			"single server\n", flag.name, flag.value); err != nil {
			return err
		}
	}
	return nil
}

// refuseCluster ends the start of a cluster node: serving alone in silence would look like a working cluster.
func (f *serveFlags) refuseCluster() error {
	switch f.nodeType {
	case "standalone", "coordinator", "worker":
	default:
		return fmt.Errorf("--node-type %s is not one of coordinator, worker, standalone", f.nodeType)
	}
	var given []string
	if f.cluster {
		given = append(given, "--cluster")
	}
	if f.nodeType != "standalone" {
		given = append(given, "--node-type "+f.nodeType)
	}
	if f.coordinator != "" {
		given = append(given, "--coordinator")
	}
	if len(given) > 0 {
		return fmt.Errorf("%s: this version runs as a single server and has no cluster; "+
			"leave the flag out to serve alone", strings.Join(given, ", "))
	}
	return nil
}
