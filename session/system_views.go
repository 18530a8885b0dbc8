package session

import (
	"context"
	"time"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

type emitter = func(row ...vector.Scalar) error

// systemProviders returns the views of the system database: settings, roles, and what runs now.
func (s *Server) systemProviders() []catalog.Provider {
	text := vector.Of(vector.Text)
	return []catalog.Provider{
		systemView{"settings", []catalog.Column{
			notNull("name", text), notNull("default_value", text), notNull("description", text),
		}, settingRows},
		systemView{"roles", []catalog.Column{
			notNull("role_name", text),
			{Name: "permission", Type: text},
			{Name: "database_name", Type: text},
			{Name: "table_name", Type: text},
		}, s.roleRows},
		systemView{"queries", queryColumns(), ofAll(s.queryRows)},
		systemView{"sessions", sessionColumns(), ofAll(s.sessionRows)},
		systemView{"tokens", tokenColumns(), ofAll(s.tokenRows)},
		systemView{"transactions", transactionColumns(), s.transactionRows},
	}
}

// systemView is a provider of rows that are the same for every reader.
type systemView struct {
	name    string
	columns []catalog.Column
	rows    func(emit emitter) error
}

// Name is within system.
func (v systemView) Name() catalog.TableName {
	return catalog.TableName{Database: catalog.SystemDatabase, Table: v.name}
}

// Columns returns the view's columns.
func (v systemView) Columns() []catalog.Column { return v.columns }

// Rows makes the view's rows.
func (v systemView) Rows(_ context.Context, _ catalog.Snapshot, emit func(row ...vector.Scalar) error) error {
	return v.rows(emit)
}

func settingRows(emit emitter) error {
	for _, s := range settings() {
		if err := emit(vector.TextOf(s.name), vector.TextOf(s.otherwise), vector.TextOf(s.help)); err != nil {
			return err
		}
	}
	return nil
}

// roleRows has one row for each permission of a role, and one for a role without any.
func (s *Server) roleRows(emit emitter) error {
	users := s.config.Users
	if users == nil {
		return nil
	}
	for _, role := range users.Roles() {
		held := users.RoleHoldings(role)
		if len(held) == 0 {
			held = []authz.Holding{{}}
		}
		for _, h := range held {
			err := emit(vector.TextOf(role), textOrNull(string(h.Permission)), textOrNull(h.On.Database),
				textOrNull(h.On.Table))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// ofAll are the rows of every user.
func ofAll(rows func(of string, emit emitter) error) func(emitter) error {
	return func(emit emitter) error { return rows("", emit) }
}

func bigint(n int64) vector.Scalar { return vector.IntOf(vector.Of(vector.Int64), n) }

func instant(nanos int64) vector.Scalar {
	return vector.IntOf(instantType(), nanos)
}

func instantType() vector.Type { return vector.Type{Kind: vector.Timestamp, Precision: 9, Zone: true} }

// instantOf is NULL for the zero time.
func instantOf(t time.Time) vector.Scalar {
	if t.IsZero() {
		return vector.NullOf(instantType())
	}
	return instant(t.UnixNano())
}
