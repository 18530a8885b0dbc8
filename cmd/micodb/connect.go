package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/micodb/micodb/client"
)

// defaultURL is where a server listens that was told nothing.
const defaultURL = "grpc://127.0.0.1:" + client.DefaultPort

// connectFlags say which server a subcommand talks to. A password never stands on the command line, where other
// users of the machine could read it.
type connectFlags struct {
	url          string
	user         string
	passwordFile string
	tls          tlsFlags

	connectSeconds, operationSeconds float64 // 0: no limit
}

// tlsFlags say whom a client trusts, and who it is to a server that wants to know by certificate.
type tlsFlags struct {
	ca       string
	cert     string
	key      string
	insecure bool
}

func (f *tlsFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.ca, "tls-ca", "", "trust servers with a certificate of this CA, PEM: tls-cert.pem in the data "+
		"directory of --tls auto")
	fs.StringVar(&f.cert, "tls-cert", "", "certificate to show to a server with --tls-client-ca, PEM")
	fs.StringVar(&f.key, "tls-key", "", "key of the certificate, PEM")
}

func (f *tlsFlags) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: f.insecure}
	if f.ca != "" {
		pem, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, usage(fmt.Errorf("--tls-ca can't be read: %w", err))
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usage(fmt.Errorf("--tls-ca: %s holds no PEM certificate", f.ca))
		}
	}
	if (f.cert == "") != (f.key == "") {
		return nil, usage(errors.New("--tls-cert and --tls-key go together"))
	}
	if f.cert != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, usage(fmt.Errorf("--tls-cert %s with --tls-key %s can't be used: %w", f.cert, f.key, err))
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func (f *connectFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.url, "url", "", "the server's Flight SQL address (MICODB_URL; else "+defaultURL+
		"); grpc+tls:// for TLS")
	fs.StringVarP(&f.user, "user", "u", "", "user name (MICODB_USER)")
	fs.StringVar(&f.passwordFile, "password-file", "", "file with the password "+
		"(or set MICODB_PASSWORD; else it is asked for)")
	f.tls.add(fs)
	fs.BoolVar(&f.tls.insecure, "tls-insecure", false, "trust any certificate of the server")
	fs.Float64Var(&f.connectSeconds, "connect-timeout", 0, "give up connecting after so many seconds; 0 never")
	fs.Float64Var(&f.operationSeconds, "operation-timeout", 0, "give up a statement after so many seconds; 0 never")
}

// options are how to connect. It asks for a password where one is needed and none is given.
func (f *connectFlags) options() (client.Options, error) {
	trust, err := f.tls.config()
	if err != nil {
		return client.Options{}, err
	}
	o := client.Options{URL: f.url, Username: f.user, TLS: trust}
	if o.URL == "" {
		o.URL = os.Getenv(envPrefix + "URL")
	}
	if o.URL == "" {
		o.URL = defaultURL
	}
	if o.Username == "" {
		o.Username = os.Getenv(envPrefix + "USER")
	}
	if o.Username != "" {
		o.Password, err = readPassword(f.passwordFile, envPrefix+"PASSWORD", "Password for "+o.Username+": ")
	}
	return o, err
}

// connect opens a connection within the time that the flags allow.
func (f *connectFlags) connect(ctx context.Context, o client.Options) (*client.Conn, error) {
	if f.connectSeconds > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, seconds(f.connectSeconds))
		defer cancel()
	}
	c, err := client.Open(ctx, o)
	if errors.Is(err, client.ErrAddress) {
		return nil, usage(err)
	}
	return c, err
}

func (f *connectFlags) open(ctx context.Context) (*client.Conn, error) {
	o, err := f.options()
	if err != nil {
		return nil, err
	}
	return f.connect(ctx, o)
}

// operationLimit is how long a statement may take; 0 is for ever.
func (f *connectFlags) operationLimit() time.Duration { return seconds(f.operationSeconds) }

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// readPassword takes a password from a file, else from a variable, else asks the terminal.
func readPassword(file, variable, prompt string) (string, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		return strings.TrimRight(string(b), "\r\n"), err
	}
	if p, ok := os.LookupEnv(variable); ok {
		return p, nil
	}
	stdin := int(os.Stdin.Fd())
	if !term.IsTerminal(stdin) {
		return "", usage(fmt.Errorf("no password: set %s, or give a file with it", variable))
	}
	if _, err := fmt.Fprint(os.Stderr, prompt); err != nil {
		return "", err
	}
	b, err := term.ReadPassword(stdin)
	_, newline := fmt.Fprintln(os.Stderr)
	return string(b), errors.Join(err, newline)
}
