package shell

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/micodb/micodb/client"
)

// namesTimeout bounds one reading of the names.
const namesTimeout = 10 * time.Second

// catalog is what there is on the server, as of some moment. It does not change.
type catalog struct {
	tables    map[string]map[string][]string // database → table → columns, all in the order in which they came
	functions []string
}

// names keeps a catalog for completion, which is read over a connection of its own so that no key waits for it.
type names struct {
	open func(ctx context.Context) (*client.Conn, error)
	wake chan struct{} // holds one wish for a new reading

	mu  sync.Mutex // guards now
	now catalog

	cancel context.CancelFunc
	ended  chan struct{}
}

func startNames(ctx context.Context, open func(context.Context) (*client.Conn, error)) *names {
	ctx, cancel := context.WithCancel(ctx)
	n := &names{open: open, wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{})}
	n.refresh()
	go n.run(ctx)
	return n
}

// refresh asks for a new reading and does not wait for it.
func (n *names) refresh() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// catalog returns the latest reading.
func (n *names) catalog() catalog {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

// close ends the readings and waits for it.
func (n *names) close() {
	n.cancel()
	<-n.ended
}

func (n *names) run(ctx context.Context) {
	defer close(n.ended)
	var db *client.Conn
	defer func() {
		if db != nil {
			_ = db.Close() // nothing depends on it
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}
		if db == nil {
			var err error
			if db, err = n.open(ctx); err != nil {
				continue // completion does without names until it is asked again
			}
		}
		if c, err := readCatalog(ctx, db); err == nil {
			n.mu.Lock()
			n.now = c
			n.mu.Unlock()
		}
	}
}

func readCatalog(ctx context.Context, db *client.Conn) (catalog, error) {
	ctx, cancel := context.WithTimeout(ctx, namesTimeout)
	defer cancel()
	c := catalog{tables: map[string]map[string][]string{}}
	databases, err := texts(ctx, db, "SHOW DATABASES")
	if err != nil {
		return c, err
	}
	for _, row := range databases {
		c.tables[row[0]] = map[string][]string{}
	}
	columns, err := texts(ctx, db, "SELECT table_schema, table_name, column_name FROM information_schema.columns "+
		"ORDER BY table_schema, table_name, ordinal_position")
	if err != nil {
		return c, err
	}
	for _, row := range columns {
		if c.tables[row[0]] == nil {
			c.tables[row[0]] = map[string][]string{}
		}
		c.tables[row[0]][row[1]] = append(c.tables[row[0]][row[1]], row[2])
	}
	functions, err := texts(ctx, db, "SHOW FUNCTIONS")
	for _, row := range functions {
		c.functions = append(c.functions, row[0])
	}
	return c, err
}

func texts(ctx context.Context, db *client.Conn, sql string) ([][]string, error) {
	rows, err := db.Stream(ctx, sql)
	if err != nil {
		return nil, err
	}
	_, body, err := Collect(rows)
	return body, err
}

func (c catalog) databases() []string { return slices.Sorted(maps.Keys(c.tables)) }

// database finds a database's tables by name, whatever its case.
func (c catalog) database(name string) map[string][]string { return folded(c.tables, name) }

// columns returns the columns of a table, given by its name, or its database's and its own; database is where a name
// without one is looked for.
func (c catalog) columns(table []string, database string) []string {
	if len(table) > 1 {
		database = table[0]
	}
	return folded(c.database(database), table[len(table)-1])
}

func folded[V any](m map[string]V, name string) V {
	for key, value := range m {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	var none V
	return none
}

// learn takes in what a statement that ran may have changed of names.
func (s *Shell) learn(sql string) {
	words := scan(sql).all()
	if len(words) == 0 {
		return
	}
	switch strings.ToUpper(words[0]) {
	case "USE":
		if len(words) > 1 {
			name := partsOf(words[len(words)-1])[0]
			if s.database = name.name; name.quote == 0 {
				s.database = strings.ToLower(name.name)
			}
		}
	case "CREATE", "DROP", "ALTER", "COMMIT", "COPY":
		if s.names != nil {
			s.names.refresh()
		}
	}
}
