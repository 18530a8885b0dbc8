package exec

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// countSchema is what statements that change rows give.
func countSchema() Schema {
	return Schema{{Name: "count", Type: vector.Of(vector.Int64), Physical: vector.Integer, Hi: maxCount}}
}

func countStream(n int64) Stream {
	column := vector.Ints64(vector.Of(vector.Int64), n)
	return inOrder([]*vector.Chunk{{Len: 1, Columns: []*vector.Vector{column}}})
}

func (q *Query) writer() (catalog.Writer, error) {
	if q.Writer == nil {
		return nil, sqlerr.New(sqlerr.ReadOnlyTransaction, "a read-only transaction can't change anything")
	}
	return q.Writer, nil
}

// Change is what the operators that change a table's rows have in common.
type Change struct {
	Input Operator
	Name  catalog.TableName
	Table catalog.TableID
	Rows  bool // gives the rows instead of their count
}

// Inputs returns the input.
func (c *Change) Inputs() []Operator { return []Operator{c.Input} }

// kept describes the rows that are given, which are the first n columns of the input: nil for the count.
func (c *Change) kept(n int) Schema {
	if !c.Rows {
		return nil
	}
	return append(Schema{}, c.Input.Schema()[:n]...)
}

// schema is that of the rows, or of one count.
func (c *Change) schema(n int) Schema {
	if s := c.kept(n); s != nil {
		return s
	}
	return countSchema()
}

func (c *Change) title(verb string) string {
	if c.Rows {
		return verb + " " + c.Name.String() + " returning rows"
	}
	return verb + " " + c.Name.String()
}

// addressColumns is how many columns an address has, the last of an input: block and offset.
const addressColumns = 2

// result is the rows that were kept, or the count.
func (r *returned) result(count int64) Stream {
	if r == nil {
		return countStream(count)
	}
	return r.stream()
}

// Insert appends its input to a table and gives the number of rows, or the rows. The scans of the input were opened
// before, so that it never reads what it inserts.
type Insert struct{ Change }

// Schema is one count, or the rows'.
func (i *Insert) Schema() Schema { return i.schema(len(i.Input.Schema())) }

// String names the table.
func (i *Insert) String() string { return i.title("Insert") }

// Start inserts all rows.
func (i *Insert) Start(ctx context.Context, q *Query) (Stream, error) {
	rows := q.returning(i.kept(len(i.Input.Schema())))
	n, err := insert(ctx, q, i.Input, i.Table, rows)
	if err != nil {
		return nil, err
	}
	return rows.result(n), nil
}

// insert appends an operator's rows to a table, and keeps them in rows, which may be nil.
func insert(ctx context.Context, q *Query, in Operator, table catalog.TableID, rows *returned) (int64, error) {
	a, err := q.appender(table)
	if err != nil {
		return 0, err
	}
	var count atomic.Int64
	err = q.run(ctx, in, func(worker int) (Consumer, error) {
		return consumerOf(func(ctx context.Context, c *vector.Chunk) error {
			count.Add(int64(c.Count()))
			if err := rows.keep(worker, c); err != nil {
				return err
			}
			return a.append(ctx, worker, c)
		}), nil
	})
	return count.Load(), err
}

// appender appends the rows of all workers to a table. The writer takes one chunk at a time.
type appender struct {
	query  *Query
	writer catalog.Writer
	table  catalog.TableID
	one    chan struct{} // held by the worker that writes
}

func (q *Query) appender(table catalog.TableID) (*appender, error) {
	w, err := q.writer()
	return &appender{query: q, writer: w, table: table, one: make(chan struct{}, 1)}, err
}

func (a *appender) append(ctx context.Context, worker int, c *vector.Chunk) error {
	return a.query.blocking(ctx, worker, func() error {
		select {
		case a.one <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer func() { <-a.one }()
		return a.writer.Insert(ctx, a.table, c)
	})
}

// Delete removes the rows whose addresses are the last columns of its input, and gives their number, or the columns
// before the addresses.
type Delete struct{ Change }

// Schema is one count, or the rows'.
func (d *Delete) Schema() Schema { return d.schema(len(d.Input.Schema()) - addressColumns) }

// String names the table.
func (d *Delete) String() string { return d.title("Delete") }

// addressBytes is what an address takes in memory.
const addressBytes = 16

// Start reads all addresses, then deletes.
func (d *Delete) Start(ctx context.Context, q *Query) (Stream, error) {
	w, err := q.writer()
	if err != nil {
		return nil, err
	}
	rows := q.returning(d.kept(len(d.Input.Schema()) - addressColumns))
	lists := make([][]catalog.Address, q.Workers)
	err = q.run(ctx, d.Input, func(worker int) (Consumer, error) {
		return consumerOf(func(_ context.Context, c *vector.Chunk) error {
			var err error
			if lists[worker], err = appendAddresses(q, lists[worker], c); err != nil {
				return err
			}
			return rows.keep(worker, c)
		}), nil
	})
	n := addresses(lists)
	defer q.Budget.Release(n * addressBytes)
	if err != nil {
		return nil, err
	}
	return rows.result(n), remove(ctx, w, d.Table, lists)
}

// appendAddresses adds the addresses of a chunk's chosen rows, its last two columns, to a list.
func appendAddresses(q *Query, list []catalog.Address, c *vector.Chunk) ([]catalog.Address, error) {
	if err := q.Budget.Reserve(int64(c.Count()) * addressBytes); err != nil {
		return list, err
	}
	block, offset := c.Columns[len(c.Columns)-addressColumns], c.Columns[len(c.Columns)-1]
	for _, r := range chosen(c) {
		i := int(r)
		if block.IsNull(i) {
			return list, sqlerr.NotSupported("changing the rows of a view")
		}
		list = append(list, catalog.Address{Block: catalog.BlockID(block.Int(i)), Offset: uint32(offset.Int(i))})
	}
	return list, nil
}

func addresses(lists [][]catalog.Address) (n int64) {
	for _, l := range lists {
		n += int64(len(l))
	}
	return n
}

func remove(ctx context.Context, w catalog.Writer, table catalog.TableID, lists [][]catalog.Address) error {
	for _, l := range lists {
		if len(l) == 0 {
			continue
		}
		if err := w.Delete(ctx, table, l); err != nil {
			return err
		}
	}
	return nil
}

// Update replaces the rows whose addresses are the last two columns of its input by rows of the columns before them,
// and gives their number, or the new rows. The scans of the input were opened before, so that it never reads what it
// wrote.
type Update struct{ Change }

// Schema is one count, or the rows'.
func (u *Update) Schema() Schema { return u.schema(len(u.Input.Schema()) - addressColumns) }

// String names the table.
func (u *Update) String() string { return u.title("Update") }

// Start inserts the new rows, then deletes the old ones.
func (u *Update) Start(ctx context.Context, q *Query) (Stream, error) {
	a, err := q.appender(u.Table)
	if err != nil {
		return nil, err
	}
	kept := q.returning(u.kept(len(u.Input.Schema()) - addressColumns))
	lists := make([][]catalog.Address, q.Workers)
	err = q.run(ctx, u.Input, func(worker int) (Consumer, error) {
		return consumerOf(func(ctx context.Context, c *vector.Chunk) error {
			var err error
			if lists[worker], err = appendAddresses(q, lists[worker], c); err != nil {
				return err
			}
			rows := *c
			rows.Columns = c.Columns[:len(c.Columns)-addressColumns]
			if err := kept.keep(worker, &rows); err != nil {
				return err
			}
			return a.append(ctx, worker, &rows)
		}), nil
	})
	n := addresses(lists)
	defer q.Budget.Release(n * addressBytes)
	if err != nil {
		return nil, err
	}
	return kept.result(n), remove(ctx, a.writer, u.Table, lists)
}

// Define changes definitions. With As, it fills the table that it creates and gives the number of rows.
type Define struct {
	Change catalog.Definition
	As     Operator // nil without AS
	Title  string   // as EXPLAIN shows it
}

// Schema is one count with AS, and empty without.
func (d *Define) Schema() Schema {
	if d.As == nil {
		return nil
	}
	return countSchema()
}

// Inputs returns the query of AS.
func (d *Define) Inputs() []Operator {
	if d.As == nil {
		return nil
	}
	return []Operator{d.As}
}

// String names the change.
func (d *Define) String() string { return d.Title }

// Start makes the change, then inserts.
func (d *Define) Start(ctx context.Context, q *Query) (Stream, error) {
	w, err := q.writer()
	if err != nil {
		return nil, err
	}
	if d.As == nil {
		return inOrder(nil), w.Define(ctx, d.Change)
	}
	create, ok := d.Change.(catalog.CreateTable)
	if !ok {
		return nil, sqlerr.New(sqlerr.InternalError, "AS without a table (%T)", d.Change)
	}
	if create.IfNotExists {
		_, err := q.Snapshot.Table(ctx, create.Name)
		if err == nil {
			return countStream(0), nil
		}
		if sqlerr.CodeOf(err) != sqlerr.UndefinedTable {
			return nil, err
		}
	}
	if err := w.Define(ctx, d.Change); err != nil {
		return nil, err
	}
	t, err := q.Snapshot.Table(ctx, create.Name)
	if err != nil {
		return nil, fmt.Errorf("the table that was just created: %w", err)
	}
	n, err := insert(ctx, q, d.As, t.ID, nil)
	return countStream(n), err
}
