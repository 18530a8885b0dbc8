package sqldriver

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/micodb/micodb/client"
)

// Name is what sql.Open knows the driver by.
const Name = "micodb"

func init() { //nolint:gochecknoinits // how every driver of database/sql makes itself known
	sql.Register(Name, Driver{})
}

// Driver opens connections by data source names.
type Driver struct{}

// Open connects to where a data source name says.
func (d Driver) Open(name string) (driver.Conn, error) {
	c, err := d.OpenConnector(name)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector reads a data source name: client.ErrAddress when it names no server.
func (Driver) OpenConnector(name string) (driver.Connector, error) {
	return NewConnector(client.Options{URL: name})
}

// NewConnector returns what sql.OpenDB connects by, for options that fit in no data source name. The limits of a
// client.Client's pool are not looked at: database/sql has its own.
func NewConnector(o client.Options) (driver.Connector, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	return &connector{options: o}, nil
}

type connector struct{ options client.Options }

// Connect opens a connection.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := client.Open(ctx, c.options)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: opened}, nil
}

// Driver returns the driver.
func (*connector) Driver() driver.Driver { return Driver{} }
