package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"

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
	tlsInsecure  bool
}

func (f *connectFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.url, "url", defaultURL, "the server's Flight SQL address; grpc+tls:// for TLS")
	fs.StringVarP(&f.user, "user", "u", "", "user name (MICODB_USER)")
	fs.StringVar(&f.passwordFile, "password-file", "", "file with the password "+
		"(or set MICODB_PASSWORD; else it is asked for)")
	fs.BoolVar(&f.tlsInsecure, "tls-insecure", false, "trust any certificate of the server")
}

func (f *connectFlags) open(ctx context.Context) (*client.Client, error) {
	o := client.Options{URL: f.url, Username: f.user}
	if o.Username == "" {
		o.Username = os.Getenv(envPrefix + "USER")
	}
	if f.tlsInsecure {
		o.TLS = &tls.Config{InsecureSkipVerify: true}
	}
	if o.Username != "" {
		password, err := readPassword(f.passwordFile, envPrefix+"PASSWORD", "Password for "+o.Username+": ")
		if err != nil {
			return nil, err
		}
		o.Password = password
	}
	return client.Open(ctx, o)
}

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
