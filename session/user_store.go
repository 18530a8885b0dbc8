package session

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// userStore keeps users, roles and grants in transactional system tables.
type userStore struct{ transactions Transactions }

// OpenUserStore returns the store of users, roles and grants, whose tables it makes on first start.
func OpenUserStore(ctx context.Context, t Transactions) (authz.Store, error) {
	s := &userStore{transactions: t}
	return s, s.write(ctx, func(h Handle) error {
		define := []catalog.Definition{catalog.CreateDatabase{Name: catalog.SystemDatabase, IfNotExists: true}}
		text, number := vector.Of(vector.Text), vector.Of(vector.Int64)
		for _, t := range []struct {
			name    catalog.TableName
			columns []catalog.Column
		}{
			{usersTable, []catalog.Column{
				notNull("name", text), notNull("display_name", text), notNull("epoch", number),
			}},
			{credentialsTable, []catalog.Column{notNull("user_name", text), notNull("password_hash", text)}},
			{membershipsTable, []catalog.Column{notNull("user_name", text), notNull("role_name", text)}},
			{rolesTable, []catalog.Column{notNull("name", text), notNull("display_name", text)}},
			{grantsTable, []catalog.Column{
				notNull("grantee", text), notNull("permission", text),
				notNull("database_name", text), notNull("table_name", text),
			}},
			{keysTable, []catalog.Column{
				notNull("name", text), notNull("user_name", text), notNull("hash", text),
				notNull("created", number), notNull("expires", number), notNull("last_used", number),
			}},
			{revokedTable, []catalog.Column{notNull("login_id", text), notNull("until", number)}},
		} {
			define = append(define, catalog.CreateTable{
				Name: t.name, Kind: catalog.SystemTable, Columns: t.columns, IfNotExists: true,
			})
		}
		for _, d := range define {
			if err := h.Define(ctx, d); err != nil {
				return err
			}
		}
		return dropStaleGrants(ctx, h)
	})
}

// dropStaleGrants removes the grants on objects that are not there: the server ended after it had dropped them and
// before it had removed the grants.
func dropStaleGrants(ctx context.Context, h Handle) error {
	var failed error
	err := deleteRows(ctx, h, grantsTable, func(r storedRow) bool {
		on := r.grant().On
		if on.Database == "" || on.Database == catalog.InformationSchema || on.Database == catalog.SystemDatabase {
			return false
		}
		id, err := identify(ctx, h, on)
		if err != nil {
			failed = err
		}
		return id == 0 && err == nil
	})
	return errors.Join(err, failed)
}

func notNull(name string, t vector.Type) catalog.Column {
	return catalog.Column{Name: name, Type: t, NotNull: true}
}

// write runs f in a transaction.
func (s *userStore) write(ctx context.Context, f func(Handle) error) error {
	h, err := s.transactions.Begin(ctx, TransactionOptions{})
	if err != nil {
		return err
	}
	if err := f(h); err != nil {
		return errors.Join(err, h.Rollback(context.WithoutCancel(ctx)))
	}
	_, err = h.Commit(ctx)
	return err
}

// Load reads everything.
func (s *userStore) Load(ctx context.Context) (state authz.State, err error) {
	h, err := s.transactions.Begin(ctx, TransactionOptions{ReadOnly: true})
	if err != nil {
		return authz.State{}, err
	}
	defer func() { err = errors.Join(err, h.Rollback(context.WithoutCancel(ctx))) }()
	users := map[string]*authz.User{}
	read := func(name catalog.TableName, f func(row storedRow)) {
		if err == nil {
			err = scanRows(ctx, h, name, func(row storedRow) error { f(row); return nil })
		}
	}
	user := func(name string) *authz.User {
		if users[name] == nil {
			users[name] = &authz.User{Name: name}
		}
		return users[name]
	}
	read(usersTable, func(r storedRow) {
		u := user(r.text(0))
		u.DisplayName, u.Epoch = r.text(1), r.chunk.Columns[2].Int(r.at)
	})
	read(credentialsTable, func(r storedRow) { user(r.text(0)).Hash = r.text(1) })
	read(membershipsTable, func(r storedRow) {
		u := user(r.text(0))
		u.Roles = append(u.Roles, r.text(1))
	})
	read(rolesTable, func(r storedRow) {
		state.Roles = append(state.Roles, authz.Role{Name: r.text(0), DisplayName: r.text(1)})
	})
	read(grantsTable, func(r storedRow) { state.Grants = append(state.Grants, r.grant()) })
	if err == nil {
		err = scanRows(ctx, h, keysTable, func(r storedRow) error {
			k, err := r.key()
			state.Keys = append(state.Keys, k)
			return err
		})
	}
	for _, u := range users {
		slices.Sort(u.Roles)
		state.Users = append(state.Users, *u)
	}
	slices.SortFunc(state.Users, func(a, b authz.User) int { return strings.Compare(a.Name, b.Name) })
	return state, err
}

// Revoked reads the revocations.
func (s *userStore) Revoked(ctx context.Context) (all []authz.Revocation, err error) {
	h, err := s.transactions.Begin(ctx, TransactionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Rollback(context.WithoutCancel(ctx))) }()
	err = scanRows(ctx, h, revokedTable, func(r storedRow) error {
		all = append(all, authz.Revocation{ID: r.text(0), Until: r.instant(1)})
		return nil
	})
	return all, err
}

// Apply changes everything in one transaction.
func (s *userStore) Apply(ctx context.Context, c authz.Change) error {
	return s.write(ctx, func(h Handle) error {
		if err := dropStale(ctx, h, c); err != nil {
			return err
		}
		return insertAll(ctx, h, c)
	})
}

// dropStale deletes what a change drops or replaces.
func dropStale(ctx context.Context, h Handle, c authz.Change) error {
	gone := map[string]bool{}
	for _, name := range c.DropUsers {
		gone[name] = true
	}
	for _, u := range c.PutUsers {
		gone[u.Name] = true
	}
	changed := slices.Concat(c.DropKeys, c.PutKeys)
	byUser := func(r storedRow) bool { return gone[r.text(0)] }
	for _, drop := range []struct {
		from  catalog.TableName
		any   bool
		which func(storedRow) bool
	}{
		{usersTable, len(gone) > 0, byUser},
		{credentialsTable, len(gone) > 0, byUser},
		{membershipsTable, len(gone) > 0, byUser},
		{rolesTable, len(c.DropRoles) > 0, func(r storedRow) bool { return slices.Contains(c.DropRoles, r.text(0)) }},
		{grantsTable, len(c.DropGrants) > 0, func(r storedRow) bool {
			return slices.Contains(c.DropGrants, r.grant())
		}},
		{keysTable, len(changed) > 0, func(r storedRow) bool {
			return slices.ContainsFunc(changed, func(k authz.Key) bool {
				return k.Name == r.text(0) && k.User == r.text(1)
			})
		}},
		{revokedTable, !c.DropRevokedUntil.IsZero(), func(r storedRow) bool {
			return r.instant(1).Before(c.DropRevokedUntil)
		}},
	} {
		if !drop.any {
			continue
		}
		if err := deleteRows(ctx, h, drop.from, drop.which); err != nil {
			return err
		}
	}
	return nil
}

func insertAll(ctx context.Context, h Handle, c authz.Change) error {
	rows := map[catalog.TableName][][]vector.Scalar{}
	add := func(table catalog.TableName, row ...vector.Scalar) { rows[table] = append(rows[table], row) }
	for _, u := range c.PutUsers {
		name := vector.TextOf(u.Name)
		add(usersTable, name, vector.TextOf(u.DisplayName), vector.IntOf(vector.Of(vector.Int64), u.Epoch))
		add(credentialsTable, name, vector.TextOf(u.Hash))
		for _, role := range u.Roles {
			add(membershipsTable, name, vector.TextOf(role))
		}
	}
	for _, r := range c.PutRoles {
		add(rolesTable, vector.TextOf(r.Name), vector.TextOf(r.DisplayName))
	}
	for _, g := range c.PutGrants {
		add(grantsTable, vector.TextOf(g.Grantee), vector.TextOf(string(g.Permission)),
			vector.TextOf(g.On.Database), vector.TextOf(g.On.Table))
	}
	for _, k := range c.PutKeys {
		add(keysTable, vector.TextOf(k.Name), vector.TextOf(k.User), vector.TextOf(hex.EncodeToString(k.Hash[:])),
			bigint(microsOf(k.Created)), bigint(microsOf(k.Expires)), bigint(microsOf(k.LastUsed)))
	}
	for _, r := range c.PutRevoked {
		add(revokedTable, vector.TextOf(r.ID), bigint(microsOf(r.Until)))
	}
	for table, list := range rows {
		if err := insertRows(ctx, h, table, list); err != nil {
			return err
		}
	}
	return nil
}

// storedRow is one row of a scanned chunk: the table's columns, then the address.
type storedRow struct {
	chunk *vector.Chunk
	at    int
}

func (r storedRow) text(column int) string { return string(r.chunk.Columns[column].Bytes(r.at)) }

func (r storedRow) grant() authz.Grant {
	return authz.Grant{
		Grantee: r.text(0), Permission: authz.Permission(r.text(1)),
		On: authz.Object{Database: r.text(2), Table: r.text(3)},
	}
}

func (r storedRow) key() (authz.Key, error) {
	k := authz.Key{Name: r.text(0), User: r.text(1)}
	hash, err := hex.DecodeString(r.text(2))
	if err != nil || len(hash) != len(k.Hash) {
		return k, sqlerr.New(sqlerr.DataCorrupted, "the hash of API key %q of user %q is damaged", k.Name, k.User)
	}
	k.Hash = [32]byte(hash)
	k.Created, k.Expires, k.LastUsed = r.instant(3), r.instant(4), r.instant(5)
	return k, nil
}

// instant is the zero time where none is stored.
func (r storedRow) instant(column int) time.Time {
	micros := r.chunk.Columns[column].Int(r.at)
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// microsOf is how an instant is stored: 0 for none.
func microsOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func (r storedRow) address() (catalog.Address, error) {
	n := len(r.chunk.Columns)
	block, offset := r.chunk.Columns[n-2], r.chunk.Columns[n-1]
	if block.IsNull(r.at) {
		return catalog.Address{}, sqlerr.New(sqlerr.InternalError, "a row of a system table has no address")
	}
	return catalog.Address{Block: catalog.BlockID(block.Int(r.at)), Offset: uint32(offset.Int(r.at))}, nil
}

// scanRows calls f for each row of a table.
func scanRows(ctx context.Context, s catalog.Snapshot, name catalog.TableName, f func(storedRow) error) (err error) {
	t, err := s.Table(ctx, name)
	if err != nil {
		return err
	}
	var columns []catalog.ColumnID
	for _, c := range t.Columns {
		columns = append(columns, c.ID)
	}
	scan, err := s.Scan(ctx, t.ID, catalog.ScanRequest{
		Columns: append(columns, catalog.AddressBlock, catalog.AddressOffset),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scan.Close()) }()
	source, err := scan.Open(0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	for {
		c, err := source.Next(ctx)
		if err != nil || c == nil {
			return err
		}
		sel := c.Sel
		if sel == nil {
			sel = vector.All(c.Len)
		}
		for _, i := range sel {
			if err := f(storedRow{c, int(i)}); err != nil {
				return err
			}
		}
	}
}

func deleteRows(ctx context.Context, h Handle, name catalog.TableName, which func(storedRow) bool) error {
	var found []catalog.Address
	err := scanRows(ctx, h, name, func(r storedRow) error {
		if !which(r) {
			return nil
		}
		a, err := r.address()
		found = append(found, a)
		return err
	})
	if err != nil || len(found) == 0 {
		return err
	}
	t, err := h.Table(ctx, name)
	if err != nil {
		return err
	}
	return h.Delete(ctx, t.ID, found)
}

func insertRows(ctx context.Context, h Handle, name catalog.TableName, rows [][]vector.Scalar) error {
	t, err := h.Table(ctx, name)
	if err != nil {
		return err
	}
	c := &vector.Chunk{Len: len(rows)}
	for i, column := range t.Columns {
		b := vector.NewBuilder(column.Type)
		for _, row := range rows {
			b.AppendScalar(row[i])
		}
		c.Columns = append(c.Columns, b.Build())
	}
	return h.Insert(ctx, t.ID, c)
}
