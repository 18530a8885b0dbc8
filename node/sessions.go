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
	begin := transactions{manager: n.manager, async: n.cfg.Durability == durabilityAsync}
	c := session.Config{
		Transactions: begin,
		Storage:      n.manager,
		Executor:     executor{scheduler: n.scheduler},
		Functions:    n.functions,
		Files:        n.files,
		Budget:       n.memory,
		Metrics:      set,
		Log:          n.log,
		SlowQuery:    n.cfg.SlowQuery,
		Limits:       n.limits,
	}
	if n.cfg.InsecureNoAuth {
		open := authz.NewNoAuth(tokens)
		c.Authenticator, c.Authorizer = open, open
		return session.NewServer(c), nil //nolint:contextcheck // it outlives the start's context
	}
	directory, err := n.openDirectory(ctx, begin, tokens)
	if err != nil {
		return nil, err
	}
	c.Authenticator, c.Authorizer, c.Users = directory, directory, directory
	return session.NewServer(c), nil //nolint:contextcheck // it outlives the start's context
}

// openDirectory reads the users; on first start it makes admin and tells a generated password once.
func (n *Node) openDirectory(ctx context.Context, begin transactions, tokens *authz.Tokens) (*authz.Directory, error) {
	store, err := session.OpenUserStore(ctx, begin)
	if err != nil {
		return nil, err
	}
	directory, err := authz.Open(ctx, authz.Options{Store: store, Tokens: tokens, Log: n.log})
	if err != nil {
		return nil, err
	}
	password := n.cfg.AdminPassword
	if file := n.cfg.AdminPasswordFile; password == "" && file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "--admin-password-file can't be read: %v", err)
		}
		password = string(bytes.TrimRight(b, "\r\n"))
	}
	generated, err := directory.Bootstrap(ctx, password)
	if err != nil || generated == "" {
		return directory, err
	}
	_, err = fmt.Fprintf(n.cfg.Out, "First start: user admin has the password %s\n"+
		"It is shown only now; change it with: micodb user passwd admin -u admin\n", generated)
	return directory, err
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

// Begin starts a transaction.
func (t transactions) Begin(ctx context.Context, o session.TransactionOptions) (session.Handle, error) {
	return t.manager.Begin(ctx, txn.TransactionOptions{ReadOnly: o.ReadOnly, Async: o.Async || t.async})
}
