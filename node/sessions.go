package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
	"github.com/micodb/micodb/txn"
)

// secretFile keeps the key that signs tokens when no flag names one.
const secretFile = "jwt-secret"

// openSessions builds the one door: who may come in, and what runs behind it.
func (n *Node) openSessions(ctx context.Context, set *metrics.Set) (*session.Server, error) {
	secret, err := n.cfg.secret()
	if err != nil {
		return nil, err
	}
	tokens, err := authz.NewTokens(secret, nil)
	if err != nil {
		return nil, err
	}
	c := n.sessionConfig(set)
	if n.cfg.InsecureNoAuth {
		open := authz.NewNoAuth(tokens)
		c.Authenticator, c.Authorizer = open, open
		return session.NewServer(c), nil //nolint:contextcheck // it outlives the start's context
	}
	directory, err := n.openDirectory(ctx, tokens)
	if err != nil {
		return nil, err
	}
	if err := n.bootstrap(ctx, directory); err != nil {
		return nil, err
	}
	c.Authenticator, c.Authorizer, c.Users = directory, directory, directory
	return session.NewServer(c), nil //nolint:contextcheck // it outlives the start's context
}

// sessionConfig is what runs behind the door; who may come in is left open.
func (n *Node) sessionConfig(set *metrics.Set) session.Config {
	return session.Config{
		Transactions: n.transactions(),
		Storage:      n.manager,
		Executor:     executor{scheduler: n.scheduler, scratch: n.scratch},
		Functions:    n.functions,
		Files:        n.files,
		Budget:       n.memory,
		Metrics:      set,
		Log:          n.log,
		SlowQuery:    n.cfg.SlowQuery,
		Limits:       n.limits,
	}
}

// openDirectory reads the users.
func (n *Node) openDirectory(ctx context.Context, tokens *authz.Tokens) (*authz.Directory, error) {
	store, err := session.OpenUserStore(ctx, n.transactions())
	if err != nil {
		return nil, err
	}
	return authz.Open(ctx, authz.Options{Store: store, Tokens: tokens, Log: n.log})
}

// bootstrap makes admin on first start, and tells a generated password once.
func (n *Node) bootstrap(ctx context.Context, directory *authz.Directory) error {
	password := n.cfg.AdminPassword
	if file := n.cfg.AdminPasswordFile; password == "" && file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "--admin-password-file can't be read: %v", err)
		}
		password = string(bytes.TrimRight(b, "\r\n"))
	}
	generated, err := directory.Bootstrap(ctx, password)
	if err != nil || generated == "" {
		return err
	}
	_, err = fmt.Fprintf(n.cfg.Out, "First start: user admin has the password %s\n"+
		"It is shown only now; change it with: micodb user passwd admin -u admin\n", generated)
	return err
}

// secret returns the key that signs tokens: of a flag, of a file, else the one kept in the data directory.
func (c *Config) secret() ([]byte, error) {
	if c.JWTSecret != "" {
		return []byte(c.JWTSecret), nil
	}
	if c.JWTSecretFile != "" {
		b, err := os.ReadFile(c.JWTSecretFile)
		if err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "--jwt-secret-file can't be read: %v", err)
		}
		if b = bytes.TrimSpace(b); len(b) < authz.MinSecretBytes {
			return nil, shortSecret("--jwt-secret-file", len(b))
		}
		return b, nil
	}
	name := filepath.Join(c.DataDir, secretFile)
	b, err := os.ReadFile(name)
	if err == nil {
		return bytes.TrimSpace(b), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, sqlerr.Wrap(err, sqlerr.IOError, "%s can't be read", name)
	}
	b = authz.GenerateSecret()
	if err := os.WriteFile(name, append(b, '\n'), 0o600); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.IOError, "%s can't be written", name)
	}
	return b, nil
}

// transactions gives sessions the transaction manager's transactions.
type transactions struct {
	manager *txn.Manager
	async   bool
}

func (n *Node) transactions() transactions {
	return transactions{manager: n.manager, async: n.cfg.Durability == durabilityAsync}
}

// Begin starts a transaction.
func (t transactions) Begin(ctx context.Context, o session.TransactionOptions) (session.Handle, error) {
	return t.manager.Begin(ctx, txn.TransactionOptions{ReadOnly: o.ReadOnly, Async: o.Async || t.async})
}
