package authz_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/sqlerr"
)

// memoryStore is a Store in memory.
type memoryStore struct {
	mu      sync.Mutex
	state   authz.State
	revoked []authz.Revocation
	fail    error
}

func (m *memoryStore) Load(context.Context) (authz.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return authz.State{
		Users: slices.Clone(m.state.Users), Roles: slices.Clone(m.state.Roles), Grants: slices.Clone(m.state.Grants), Keys: slices.Clone(m.state.Keys),
	}, nil
}

func (m *memoryStore) Revoked(context.Context) ([]authz.Revocation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.revoked), nil
}

func (m *memoryStore) Apply(_ context.Context, c authz.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.state.Users = slices.DeleteFunc(m.state.Users, func(u authz.User) bool {
		return slices.Contains(c.DropUsers, u.Name) ||
			slices.ContainsFunc(c.PutUsers, func(p authz.User) bool { return p.Name == u.Name })
	})
	m.state.Grants = slices.DeleteFunc(m.state.Grants, func(g authz.Grant) bool {
		return slices.Contains(c.DropGrants, g)
	})
	m.state.Keys = slices.DeleteFunc(m.state.Keys, func(k authz.Key) bool {
		return slices.ContainsFunc(slices.Concat(c.DropKeys, c.PutKeys), func(x authz.Key) bool {
			return k.User == x.User && k.Name == x.Name
		})
	})
	m.state.Roles = slices.DeleteFunc(m.state.Roles, func(r authz.Role) bool {
		return slices.Contains(c.DropRoles, r.Name)
	})
	m.state.Roles = append(m.state.Roles, c.PutRoles...)
	m.state.Keys = append(m.state.Keys, c.PutKeys...)
	m.state.Users = append(m.state.Users, c.PutUsers...)
	m.state.Grants = append(m.state.Grants, c.PutGrants...)
	m.revoked = slices.DeleteFunc(m.revoked, func(r authz.Revocation) bool { return r.Until.Before(c.DropRevokedUntil) })
	m.revoked = append(m.revoked, c.PutRevoked...)
	return nil
}

const secret = "0123456789abcdef0123456789abcdef"

func open(t *testing.T, store authz.Store) (*authz.Directory, *authz.Tokens) {
	t.Helper()
	tokens, err := authz.NewTokens([]byte(secret), nil)
	require.NoError(t, err)
	d, err := authz.Open(t.Context(), authz.Options{Store: store, Tokens: tokens})
	require.NoError(t, err)
	return d, tokens
}

func login(d *authz.Directory, user, password string) (authz.Principal, error) {
	return d.Authenticate(context.Background(), authz.Attempt{
		Method: authz.Password, Username: user, Secret: password, Address: "192.0.2.1",
	})
}

// principal returns a user as a login does, without its cost.
func principal(t *testing.T, d *authz.Directory, user string) authz.Principal {
	t.Helper()
	for _, p := range d.Users() {
		if p.Username == user {
			return p
		}
	}
	require.FailNow(t, "there is no such user", user)
	return authz.Principal{}
}

func requireCode(t *testing.T, code sqlerr.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, sqlerr.CodeOf(err), err.Error())
}

func TestBootstrapMakesOneAdministrator(t *testing.T) {
	store := &memoryStore{}
	d, _ := open(t, store)
	generated, err := d.Bootstrap(t.Context(), "")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(generated), 20)
	p, err := login(d, "admin", generated)
	require.NoError(t, err)
	require.Equal(t, []string{authz.RoleAdmin}, p.Roles)
	_, err = login(d, "admin", "admin123")
	requireCode(t, sqlerr.InvalidPassword, err)
	require.NotContains(t, store.state.Users[0].Hash, generated)
	require.True(t, strings.HasPrefix(store.state.Users[0].Hash, "$argon2id$v=19$m=19456,t=2,p=1$"))

	again, err := d.Bootstrap(t.Context(), "another password")
	require.NoError(t, err)
	require.Empty(t, again)
	_, err = login(d, "admin", generated)
	require.NoError(t, err)
}

func TestBootstrapTakesAPassword(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	generated, err := d.Bootstrap(t.Context(), "chosen by hand")
	require.NoError(t, err)
	require.Empty(t, generated)
	_, err = login(d, "ADMIN", "chosen by hand") // names match without case
	require.NoError(t, err)
}

func TestStateSurvivesReopening(t *testing.T) {
	store := &memoryStore{}
	d, _ := open(t, store)
	require.NoError(t, d.CreateUser(t.Context(), "Ann", "a long password", "readonly"))
	require.NoError(t, d.Grant(t.Context(), authz.Grant{
		Grantee: "ann", Permission: authz.Write, On: authz.Object{Database: "lab"},
	}))
	d, _ = open(t, store)
	p, err := login(d, "ann", "a long password")
	require.NoError(t, err)
	require.Equal(t, "ann", p.Username)
	require.Equal(t, "Ann", p.DisplayName)
	require.Equal(t, []string{"readonly"}, p.Roles)
	require.NoError(t, d.Authorize(p, authz.Write, authz.Object{Database: "lab", Table: "t"}))
}

func TestUsersAreChecked(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	ctx := t.Context()
	_, err := d.Bootstrap(ctx, "the first password")
	require.NoError(t, err)
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	requireCode(t, sqlerr.DuplicateObject, d.CreateUser(ctx, "ANN", "a long password"))
	requireCode(t, sqlerr.InvalidParameterValue, d.CreateUser(ctx, "bob", "short"))
	requireCode(t, sqlerr.InvalidParameterValue, d.CreateUser(ctx, "bob", strings.Repeat("x", 1025)))
	requireCode(t, sqlerr.InvalidParameterValue, d.CreateUser(ctx, "", "a long password"))
	requireCode(t, sqlerr.InvalidParameterValue, d.CreateUser(ctx, "a:b", "a long password"))
	requireCode(t, sqlerr.UndefinedObject, d.CreateUser(ctx, "bob", "a long password", "emperor"))
	requireCode(t, sqlerr.UndefinedObject, d.DropUser(ctx, "nobody"))
	requireCode(t, sqlerr.UndefinedObject, d.GrantRoles(ctx, []string{"nobody"}, []string{"readonly"}))
	requireCode(t, sqlerr.UndefinedObject, d.RevokeRoles(ctx, []string{"ann"}, []string{"readonly"}))
	requireCode(t, sqlerr.UndefinedObject, d.AlterUser(ctx, "nobody", authz.Alteration{Password: "a long password"}))
	requireCode(t, sqlerr.UndefinedObject, d.Grant(ctx, authz.Grant{Grantee: "ann", Permission: "Fly"}))
	requireCode(t, sqlerr.ObjectInUse, d.DropUser(ctx, "admin"))
	requireCode(t, sqlerr.ObjectInUse, d.RevokeRoles(ctx, []string{"admin"}, []string{"admin"}))
	require.NoError(t, d.GrantRoles(ctx, []string{"ann"}, []string{"admin"}))
	require.NoError(t, d.DropUser(ctx, "admin"))
	_, err = login(d, "admin", "the first password")
	requireCode(t, sqlerr.InvalidPassword, err)
}

func TestAFailedChangeLeavesTheState(t *testing.T) {
	store := &memoryStore{}
	d, _ := open(t, store)
	store.fail = sqlerr.New(sqlerr.DiskFull, "full")
	requireCode(t, sqlerr.DiskFull, d.CreateUser(t.Context(), "ann", "a long password"))
	_, err := login(d, "ann", "a long password")
	requireCode(t, sqlerr.InvalidPassword, err)
	store.fail = nil
	require.NoError(t, d.CreateUser(t.Context(), "ann", "a long password"))
}

func TestConcurrentChangesKeepNamesUnique(t *testing.T) {
	store := &memoryStore{}
	d, _ := open(t, store)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = d.CreateUser(context.Background(), "ann", "a long password") })
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		}
	}
	require.Equal(t, 1, made)
	require.Len(t, store.state.Users, 1)
}

func TestRolesGrantTheLegacyPermissions(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	ctx := t.Context()
	allowed := map[string][]authz.Permission{
		"admin": authz.Permissions(),
		"poweruser": {
			authz.Read, authz.Write, authz.Insert, authz.Update, authz.Delete, authz.CreateTable, authz.CreateDatabase,
			authz.ReadSchema, authz.ExecuteQuery, authz.BeginTransaction, authz.CommitTransaction, authz.RollbackTransaction,
		},
		"readonly": {authz.Read, authz.ReadSchema, authz.ExecuteQuery},
		"":         nil,
	}
	on := authz.Object{Database: "lab", Table: "t"}
	for role, permissions := range allowed {
		name := "user_" + role
		require.NoError(t, d.CreateUser(ctx, name, "a long password"))
		if role != "" {
			require.NoError(t, d.GrantRoles(ctx, []string{name}, []string{role}))
		}
		p := principal(t, d, name)
		for _, permission := range authz.Permissions() {
			for _, object := range []authz.Object{{}, {Database: "lab"}, on} {
				err := d.Authorize(p, permission, object)
				if slices.Contains(permissions, permission) {
					require.NoError(t, err, "%s %s", role, permission)
				} else {
					requireCode(t, sqlerr.InsufficientPrivilege, err)
				}
			}
		}
		require.Equal(t, role != "", d.Sees(p, on))
	}
}

func TestGrantsCoverWhatLiesWithin(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	ctx := t.Context()
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	p := principal(t, d, "ann")
	p.Roles = []string{"admin"} // what it says does not count
	table, other := authz.Object{Database: "lab", Table: "t"}, authz.Object{Database: "lab", Table: "u"}
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(p, authz.Read, table))

	g := authz.Grant{Grantee: "ann", Permission: authz.Read, On: table}
	require.NoError(t, d.Grant(ctx, g))
	require.NoError(t, d.Grant(ctx, g)) // twice is once
	require.NoError(t, d.Authorize(p, authz.Read, table))
	require.NoError(t, d.Authorize(p, authz.ReadSchema, table))
	require.NoError(t, d.Authorize(p, authz.ExecuteQuery, authz.Object{}))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(p, authz.BeginTransaction, authz.Object{}))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(p, authz.Read, other))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(p, authz.Read, authz.Object{Database: "lab"}))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(p, authz.Write, table))
	require.True(t, d.Sees(p, authz.Object{Database: "lab"}))
	require.False(t, d.Sees(p, other))
	require.False(t, d.Sees(p, authz.Object{Database: "main"}))

	require.NoError(t, d.Revoke(ctx, g))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(p, authz.Read, table))
	requireCode(t, sqlerr.UndefinedObject, d.Revoke(ctx, g))
	require.False(t, d.Sees(p, authz.Object{Database: "lab"}))

	require.NoError(t, d.Grant(ctx, authz.Grant{Grantee: "ann", Permission: authz.Write, On: authz.Object{Database: "lab"}}))
	require.NoError(t, d.Authorize(p, authz.Write, other))
	require.NoError(t, d.Authorize(p, authz.BeginTransaction, authz.Object{}))
	require.NoError(t, d.DropUser(ctx, "ann"))
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password")) // a namesake inherits nothing
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(principal(t, d, "ann"), authz.Write, other))
}

func TestNamesakesAreNotTheSameUser(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	ctx := t.Context()
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password", "admin"))
	require.NoError(t, d.CreateUser(ctx, "bob", "a long password", "admin"))
	before := principal(t, d, "ann")
	require.NoError(t, d.Valid(before))
	require.NoError(t, d.DropUser(ctx, "ann"))
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(before))
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password", "admin"))

	after := principal(t, d, "ann")
	require.NoError(t, d.Valid(after))
	require.NoError(t, d.Authorize(after, authz.Read, authz.Object{}))
	require.False(t, before.Is(after))
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(before))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(before, authz.Read, authz.Object{}))
	require.False(t, d.Sees(before, authz.Object{Database: "main"}))
	_, _, err := d.Issue(before)
	requireCode(t, sqlerr.InvalidAuthorization, err)
	require.NoError(t, d.AlterUser(ctx, "ann", authz.Alteration{Password: "another password"}))
	require.NoError(t, d.Valid(after), "a new password makes nobody else of a user")
	requireCode(t, sqlerr.InvalidAuthorization, d.Valid(authz.Principal{Username: "ann"}))
}

func TestChangesOfManyAreAllOrNothing(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	ctx := t.Context()
	for _, name := range []string{"ann", "bob"} {
		require.NoError(t, d.CreateUser(ctx, name, "a long password"))
	}
	ann := principal(t, d, "ann")
	read := func(user string) authz.Grant { return authz.Grant{Grantee: user, Permission: authz.Read} }
	requireCode(t, sqlerr.UndefinedObject, d.Grant(ctx, read("ann"), read("nobody")))
	requireCode(t, sqlerr.UndefinedObject, d.GrantRoles(ctx, []string{"ann", "nobody"}, []string{"readonly"}))
	require.Error(t, d.Authorize(ann, authz.Read, authz.Object{}))
	require.NoError(t, d.Grant(ctx, read("ann"), read("bob"), read("ann")))
	require.NoError(t, d.Authorize(ann, authz.Read, authz.Object{}))
	requireCode(t, sqlerr.UndefinedObject, d.Revoke(ctx, read("ann"), authz.Grant{Grantee: "bob", Permission: authz.Write}))
	require.NoError(t, d.Authorize(ann, authz.Read, authz.Object{}))
	require.NoError(t, d.Revoke(ctx, read("ann"), read("bob")))
	require.Error(t, d.Authorize(ann, authz.Read, authz.Object{}))

	require.NoError(t, d.GrantRoles(ctx, []string{"ann", "bob"}, []string{"admin"}))
	requireCode(t, sqlerr.ObjectInUse, d.RevokeRoles(ctx, []string{"ann", "bob"}, []string{"admin"}))
	require.NoError(t, d.RevokeRoles(ctx, []string{"ann"}, []string{"admin"}))
	requireCode(t, sqlerr.ObjectInUse, d.RevokeRoles(ctx, []string{"bob"}, []string{"admin"}))
}

func TestLongNamesAreNobodys(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	_, err := login(d, strings.Repeat("x", 1<<20), "a long password")
	requireCode(t, sqlerr.InvalidPassword, err)
	require.Less(t, len(err.Error()), 1000)
}

func TestAuthenticateRefuses(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	for method, code := range map[authz.Method]sqlerr.Code{
		authz.Anonymous: sqlerr.InvalidAuthorization,
		authz.APIKey:    sqlerr.InvalidAuthorization,
		authz.Token:     sqlerr.InvalidAuthorization,
		authz.Password:  sqlerr.InvalidPassword,
		99:              sqlerr.InvalidAuthorization,
	} {
		_, err := d.Authenticate(t.Context(), authz.Attempt{Method: method, Username: "x", Secret: "s3cr3t-value"})
		requireCode(t, code, err)
		require.NotContains(t, err.Error(), "s3cr3t-value")
	}
}

func TestFailuresAreDelayed(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	require.NoError(t, d.CreateUser(t.Context(), "ann", "a long password"))
	synctest.Test(t, func(t *testing.T) {
		took := func(user, password, address string) (time.Duration, error) {
			start := time.Now()
			_, err := d.Authenticate(t.Context(), authz.Attempt{
				Method: authz.Password, Username: user, Secret: password, Address: address,
			})
			return time.Since(start), err
		}
		var delays []time.Duration
		for range 8 {
			n, err := took("ann", "a wrong password", "192.0.2.7")
			requireCode(t, sqlerr.InvalidPassword, err)
			delays = append(delays, n)
		}
		require.Equal(t, []time.Duration{
			0, 0, 0, 0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second,
			2 * time.Second,
		}, delays)

		n, err := took("bob", "a wrong password", "192.0.2.7") // the address is slowed for other users too
		requireCode(t, sqlerr.InvalidPassword, err)
		require.Equal(t, 4*time.Second, n)
		n, err = took("ann", "a long password", "198.51.100.1") // a user is never locked out for long
		require.NoError(t, err)
		require.LessOrEqual(t, n, 2*time.Second)
		n, err = took("ann", "a long password", "198.51.100.1")
		require.NoError(t, err)
		require.Zero(t, n)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = d.Authenticate(ctx, authz.Attempt{Method: authz.Password, Username: "bob", Address: "192.0.2.7"})
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestParallelGuessesStandInLine(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	synctest.Test(t, func(t *testing.T) {
		guess := func() {
			_, err := d.Authenticate(context.Background(), authz.Attempt{
				Method: authz.Password, Username: "ann", Secret: "a wrong password", Address: "192.0.2.7",
			})
			requireCode(t, sqlerr.InvalidPassword, err)
		}
		for range 8 {
			guess()
		}
		start := time.Now()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(guess)
		}
		wg.Wait()
		require.GreaterOrEqual(t, time.Since(start), 4*4*time.Second)
	})
}

func TestTokensComeBack(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	ctx := t.Context()
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password", "readonly"))
	p, err := login(d, "ann", "a long password")
	require.NoError(t, err)
	token, proof, err := d.Issue(p)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), proof.Expires, time.Minute)
	require.Len(t, strings.Split(token, "."), 3)

	use := func() (authz.Principal, error) {
		return d.Authenticate(ctx, authz.Attempt{Method: authz.Token, Secret: token})
	}
	again, err := use()
	require.NoError(t, err)
	require.Equal(t, p.Username, again.Username)
	require.Equal(t, proof, again.Proof)
	require.NoError(t, d.GrantRoles(ctx, []string{"ann"}, []string{"poweruser"}))
	again, err = use()
	require.NoError(t, err)
	require.Equal(t, []string{"readonly", "poweruser"}, again.Roles)

	require.NoError(t, d.AlterUser(ctx, "ann", authz.Alteration{Password: "another password"}))
	_, err = use()
	requireCode(t, sqlerr.InvalidAuthorization, err)
	p, err = login(d, "ann", "another password")
	require.NoError(t, err)
	token, _, err = d.Issue(p)
	require.NoError(t, err)
	_, err = use()
	require.NoError(t, err)
	require.NoError(t, d.DropUser(ctx, "ann"))
	_, err = use()
	requireCode(t, sqlerr.InvalidAuthorization, err)
	_, _, err = d.Issue(p)
	requireCode(t, sqlerr.InvalidAuthorization, err)
}

func TestForgedTokensAreRefused(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	require.NoError(t, d.CreateUser(t.Context(), "ann", "a long password", "admin"))
	p, err := login(d, "ann", "a long password")
	require.NoError(t, err)
	good, _, err := d.Issue(p)
	require.NoError(t, err)
	claims := jwt.MapClaims{}
	_, _, err = jwt.NewParser().ParseUnverified(good, claims)
	require.NoError(t, err)
	for _, name := range []string{"sub", "name", "roles", "iat", "exp", "jti"} {
		require.Contains(t, claims, name)
	}
	sign := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		c := jwt.MapClaims{}
		maps.Copy(c, claims)
		if change != nil {
			change(c)
		}
		s, err := jwt.NewWithClaims(method, c).SignedString(key)
		require.NoError(t, err)
		return s
	}
	none := jwt.UnsafeAllowNoneSignatureType
	keep := sign(jwt.SigningMethodHS256, []byte(secret), nil)
	_, err = d.Authenticate(t.Context(), authz.Attempt{Method: authz.Token, Secret: keep})
	require.NoError(t, err, "the forger of this test must be able to make a good one")
	forged := map[string]string{
		"none":           sign(jwt.SigningMethodNone, none, nil),
		"another method": sign(jwt.SigningMethodHS384, []byte(secret), nil),
		"another key":    sign(jwt.SigningMethodHS256, []byte(strings.Repeat("k", 32)), nil),
		"expired": sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) {
			c["exp"] = time.Now().Add(-time.Minute).Unix()
		}),
		"without end": sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { delete(c, "exp") }),
		"from the future": sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) {
			c["iat"] = time.Now().Add(time.Hour).Unix()
		}),
		"without subject": sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { delete(c, "sub") }),
		"without id":      sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { delete(c, "jti") }),
		"another epoch": sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) {
			c["epoch"] = 1
		}),
		"cut":   good[:len(good)-4],
		"empty": "",
	}
	for name, token := range forged {
		t.Run(name, func(t *testing.T) {
			_, err := d.Authenticate(t.Context(), authz.Attempt{Method: authz.Token, Secret: token})
			requireCode(t, sqlerr.InvalidAuthorization, err)
			if token != "" {
				require.NotContains(t, err.Error(), token)
			}
		})
	}
}

func TestShortSecretsAreRefused(t *testing.T) {
	_, err := authz.NewTokens([]byte("too-short-secret"), nil)
	requireCode(t, sqlerr.InvalidParameterValue, err)
	require.ErrorContains(t, err, "openssl rand")
	require.NotContains(t, err.Error(), "too-short-secret")
	_, err = authz.NewTokens(authz.GenerateSecret(), nil)
	require.NoError(t, err)
}

func TestDamagedHashesAreErrors(t *testing.T) {
	for _, hash := range []string{
		"plain", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHRzYWx0$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=x,t=2,p=1$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=19456,t=2,p=1$!$aGFzaA",
	} {
		store := &memoryStore{state: authz.State{Users: []authz.User{{Name: "ann", Hash: hash}}}}
		d, _ := open(t, store)
		_, err := login(d, "ann", "a long password")
		requireCode(t, sqlerr.DataCorrupted, err)
		require.NotContains(t, err.Error(), hash)
	}
}

func TestNoAuthLetsEverybodyIn(t *testing.T) {
	tokens, err := authz.NewTokens([]byte(secret), nil)
	require.NoError(t, err)
	n := authz.NewNoAuth(tokens)
	for _, a := range []authz.Attempt{{}, {Method: authz.Token, Secret: "x"}, {Method: authz.APIKey}} {
		p, err := n.Authenticate(t.Context(), a)
		require.NoError(t, err)
		require.Equal(t, "anonymous", p.Username)
		require.NoError(t, n.Authorize(p, authz.ManageSystem, authz.Object{}))
		require.True(t, n.Sees(p, authz.Object{Database: "x"}))
	}
	p, err := n.Authenticate(t.Context(), authz.Attempt{Method: authz.Password, Username: "Ann", Secret: "x"})
	require.NoError(t, err)
	require.Equal(t, "ann", p.Username)
	token, _, err := n.Issue(p)
	require.NoError(t, err)
	require.NotEmpty(t, token)
}
