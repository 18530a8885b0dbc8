package authz_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/sqlerr"
)

func TestARoleGivesItsGrantsToItsMembers(t *testing.T) {
	store, ctx := &memoryStore{}, t.Context()
	d, _ := open(t, store)
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	require.NoError(t, d.CreateRole(ctx, "Writers"))
	table, other := authz.Object{Database: "lab", Table: "t"}, authz.Object{Database: "lab", Table: "u"}
	require.NoError(t, d.GrantRoles(ctx, []string{"ann"}, []string{"WRITERS"}))
	ann := principal(t, d, "ann")
	require.Equal(t, []string{"writers"}, ann.Roles)
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(ann, authz.Insert, table))

	insert := authz.Grant{Grantee: "writers", Permission: authz.Insert, On: table}
	require.NoError(t, d.Grant(ctx, insert))
	for range 2 { // and again after a restart
		ann = principal(t, d, "ann")
		require.NoError(t, d.Authorize(ann, authz.Insert, table))
		require.NoError(t, d.Authorize(ann, authz.ExecuteQuery, authz.Object{}))
		require.NoError(t, d.Authorize(ann, authz.BeginTransaction, authz.Object{}))
		for _, p := range []authz.Permission{authz.Update, authz.Delete, authz.Write, authz.Read} {
			requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(ann, p, table))
		}
		requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(ann, authz.Insert, other))
		require.True(t, d.Sees(ann, table))
		require.False(t, d.Sees(ann, other))
		d, _ = open(t, store)
	}
	ann = principal(t, d, "ann")
	user, held, err := d.Holdings("ANN")
	require.NoError(t, err)
	require.Equal(t, "ann", user)
	require.Equal(t, []authz.Holding{{Permission: authz.Insert, On: table, Role: "writers"}}, held)

	require.NoError(t, d.Revoke(ctx, insert))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(ann, authz.Insert, table))
	require.NoError(t, d.Grant(ctx, insert))
	require.NoError(t, d.RevokeRoles(ctx, []string{"ann"}, []string{"writers"}))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(ann, authz.Insert, table))
}

func TestADroppedRoleLeavesNothing(t *testing.T) {
	store, ctx := &memoryStore{}, t.Context()
	d, _ := open(t, store)
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password", "readonly"))
	require.NoError(t, d.CreateRole(ctx, "r"))
	require.NoError(t, d.Grant(ctx, authz.Grant{Grantee: "r", Permission: authz.Insert}))
	require.NoError(t, d.GrantRoles(ctx, []string{"ann"}, []string{"r"}))
	ann := principal(t, d, "ann")
	require.NoError(t, d.Authorize(ann, authz.Insert, authz.Object{}))
	require.NoError(t, d.DropRole(ctx, "R"))
	require.NoError(t, d.Valid(ann), "the user is still the same")
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(ann, authz.Insert, authz.Object{}))
	require.NoError(t, d.CreateRole(ctx, "r")) // a namesake inherits neither grants nor members
	require.Equal(t, []string{"readonly"}, principal(t, d, "ann").Roles)
	require.NoError(t, d.GrantRoles(ctx, []string{"ann"}, []string{"r"}))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Authorize(ann, authz.Insert, authz.Object{}))
	require.Empty(t, store.state.Grants)
	require.Equal(t, []authz.Role{{Name: "r", DisplayName: "r"}}, store.state.Roles)
}

func TestRolesAreChecked(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	ctx := t.Context()
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	require.NoError(t, d.CreateRole(ctx, "r"))
	for _, taken := range []string{"R", "ann", "admin", "READONLY"} {
		requireCode(t, sqlerr.DuplicateObject, d.CreateRole(ctx, taken))
	}
	requireCode(t, sqlerr.DuplicateObject, d.CreateUser(ctx, "r", "a long password"))
	requireCode(t, sqlerr.InvalidParameterValue, d.CreateRole(ctx, ""))
	requireCode(t, sqlerr.UndefinedObject, d.DropRole(ctx, "nothing"))
	requireCode(t, sqlerr.UndefinedObject, d.DropRole(ctx, "ann"))
	requireCode(t, sqlerr.InsufficientPrivilege, d.DropRole(ctx, "readonly"))
	requireCode(t, sqlerr.UndefinedObject, d.GrantRoles(ctx, []string{"r"}, []string{"readonly"}))
	requireCode(t, sqlerr.UndefinedObject, d.DropUser(ctx, "r"))
	requireCode(t, sqlerr.InsufficientPrivilege, d.Grant(ctx, authz.Grant{Grantee: "readonly", Permission: authz.Insert}))
	requireCode(t, sqlerr.UndefinedObject, d.Grant(ctx, authz.Grant{Grantee: "x", Permission: authz.Insert}))
	_, _, err := d.Holdings("x")
	requireCode(t, sqlerr.UndefinedObject, err)
	require.Equal(t, []string{"admin", "poweruser", "readonly", "r"}, d.Roles())
}

func TestRevokeAllTakesWhatWasGrantedOnTheObject(t *testing.T) {
	d, _ := open(t, &memoryStore{})
	ctx := t.Context()
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	require.NoError(t, d.CreateUser(ctx, "bob", "a long password"))
	table := authz.Object{Database: "lab", Table: "t"}
	grant := func(p authz.Permission, on authz.Object) authz.Grant {
		return authz.Grant{Grantee: "ann", Permission: p, On: on}
	}
	require.NoError(t, d.Grant(ctx, grant(authz.Read, table), grant(authz.Write, table), grant(authz.Read, authz.Object{})))
	requireCode(t, sqlerr.UndefinedObject, d.RevokeAll(ctx, []string{"ann", "bob"}, table))
	require.NoError(t, d.RevokeAll(ctx, []string{"ann", "ann"}, table))
	requireCode(t, sqlerr.UndefinedObject, d.RevokeAll(ctx, []string{"ann"}, table))
	_, held, err := d.Holdings("ann")
	require.NoError(t, err)
	require.Equal(t, []authz.Holding{{Permission: authz.Read}}, held)
}

func TestAUserNamedTwiceIsChangedOnce(t *testing.T) {
	store, ctx := &memoryStore{}, t.Context()
	d, _ := open(t, store)
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	require.NoError(t, d.GrantRoles(ctx, []string{"ann", "ANN"}, []string{"readonly", "readonly"}))
	require.Len(t, store.state.Users, 1)
	require.NoError(t, d.RevokeRoles(ctx, []string{"ann", "ann"}, []string{"readonly"}))
	require.Len(t, store.state.Users, 1)
}

func TestForgetWaitsForTheCommit(t *testing.T) {
	store, ctx := &memoryStore{}, t.Context()
	d, _ := open(t, store)
	require.NoError(t, d.CreateUser(ctx, "ann", "a long password"))
	ann := principal(t, d, "ann")
	table, other := authz.Object{Database: "lab", Table: "t"}, authz.Object{Database: "lab", Table: "u"}
	read := func(on authz.Object) authz.Grant {
		return authz.Grant{Grantee: "ann", Permission: authz.Read, On: on}
	}
	require.NoError(t, d.Grant(ctx, read(table), read(other)))
	full := sqlerr.New(sqlerr.DiskFull, "full")
	err := d.Forget(ctx, []authz.Object{table}, func() error {
		require.Error(t, d.Authorize(ann, authz.Read, table), "a namesake may be there the moment that it is committed")
		return full
	})
	requireCode(t, sqlerr.DiskFull, err)
	require.NoError(t, d.Authorize(ann, authz.Read, table), "nothing was dropped")

	store.fail = full
	require.NoError(t, d.Forget(ctx, []authz.Object{table}, func() error { return nil }), "it is dropped all the same")
	require.Error(t, d.Authorize(ann, authz.Read, table))
	require.NoError(t, d.Authorize(ann, authz.Read, other))
	require.Len(t, store.state.Grants, 2)
	store.fail = nil
	require.NoError(t, d.CreateRole(ctx, "r"))
	require.Equal(t, []authz.Grant{read(other)}, store.state.Grants, "the next change made up for it")
	require.NoError(t, d.Forget(ctx, []authz.Object{{Database: "lab"}}, func() error { return nil }))
	require.Empty(t, store.state.Grants)
}
