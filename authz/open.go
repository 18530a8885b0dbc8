package authz

import "context"

// NoAuth lets everybody do everything, as administrator: --insecure-no-auth. Credentials are ignored but for the
// name; a login still gives a token, because old clients expect one.
type NoAuth struct{ tokens *Tokens }

// NewNoAuth returns the Authenticator and Authorizer of --insecure-no-auth.
func NewNoAuth(tokens *Tokens) *NoAuth { return &NoAuth{tokens: tokens} }

// Authenticate accepts every attempt.
func (n *NoAuth) Authenticate(_ context.Context, a Attempt) (Principal, error) {
	name, proof := fold(a.Username), Proof{}
	switch a.Method {
	case Password:
	case Token:
		var err error
		if name, proof, err = n.tokens.check(a.Secret); err != nil {
			name = ""
		}
	default:
		name = ""
	}
	if name == "" {
		name = "anonymous"
	}
	return Principal{Username: name, DisplayName: name, Roles: []string{RoleAdmin}, Proof: proof}, nil
}

// Issue returns a token.
func (n *NoAuth) Issue(p Principal) (token string, proof Proof, err error) {
	return n.tokens.Issue(p, 0)
}

// Authorize allows everything.
func (*NoAuth) Authorize(Principal, Permission, Object) error { return nil }

// Sees is true.
func (*NoAuth) Sees(Principal, Object) bool { return true }

// Valid accepts everybody.
func (*NoAuth) Valid(Principal) error { return nil }

// Epoch is always the same one.
func (*NoAuth) Epoch() uint64 { return 0 }
