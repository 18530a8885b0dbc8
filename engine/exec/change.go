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
	a, err := q.changer(table)
	if err != nil {
		return 0, err
	}
	var count atomic.Int64
	err = q.run(ctx, in, func(worker int) (Consumer, error) {
		return consumerOf(func(ctx context.Context, c *vector.Chunk) error {
			count.Add(int64(c.Count()))
			if err := rows.keep(ctx, worker, c); err != nil {
				return err
			}
			return a.append(ctx, worker, c)
		}), nil
	})
	return count.Load(), err
}

// changer changes a table by what all workers hand it. The writer takes one chunk at a time.
type changer struct {
	query  *Query
	writer catalog.Writer
	table  catalog.TableID
	one    chan struct{} // held by the worker that writes
}

func (q *Query) changer(table catalog.TableID) (*changer, error) {
	w, err := q.writer()
	return &changer{query: q, writer: w, table: table, one: make(chan struct{}, 1)}, err
}

func (w *changer) append(ctx context.Context, worker int, c *vector.Chunk) error {
	return w.alone(ctx, worker, func() error { return w.writer.Insert(ctx, w.table, c) })
}

func (w *changer) remove(ctx context.Context, worker int, rows []catalog.Address) error {
	return w.alone(ctx, worker, func() error { return w.writer.Delete(ctx, w.table, rows) })
}

// alone writes while no other worker does.
func (w *changer) alone(ctx context.Context, worker int, write func() error) error {
	return w.query.blocking(ctx, worker, func() error {
		select {
		case w.one <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer func() { <-w.one }()
		return write()
	})
}

// Delete removes the rows whose addresses are the last columns of its input, and gives their number, or the columns
// before the addresses.
type Delete struct{ Change }

// Schema is one count, or the rows'.
func (d *Delete) Schema() Schema { return d.schema(len(d.Input.Schema()) - addressColumns) }

// String names the table.
func (d *Delete) String() string { return d.title("Delete") }

// Start deletes all rows.
func (d *Delete) Start(ctx context.Context, q *Query) (Stream, error) {
	w, err := q.changer(d.Table)
	if err != nil {
		return nil, err
	}
	rows := q.returning(d.kept(len(d.Input.Schema()) - addressColumns))
	n, err := d.change(ctx, q, w, func(ctx context.Context, worker int, c *vector.Chunk) error {
		return rows.keep(ctx, worker, c)
	})
	if err != nil {
		return nil, err
	}
	return rows.result(n), nil
}

// change removes the rows of the input, whose last two columns are their addresses, and returns their number. Before,
// it hands each chunk to with. The writer takes the addresses as they come: nobody here keeps those of a whole table.
func (c *Change) change(
	ctx context.Context, q *Query, w *changer, with func(ctx context.Context, worker int, c *vector.Chunk) error,
) (int64, error) {
	var count atomic.Int64
	err := q.run(ctx, c.Input, func(worker int) (Consumer, error) {
		var rows []catalog.Address
		return consumerOf(func(ctx context.Context, chunk *vector.Chunk) error {
			var err error
			if rows, err = appendAddresses(rows[:0], chunk); err != nil {
				return err
			}
			if err := with(ctx, worker, chunk); err != nil {
				return err
			}
			count.Add(int64(len(rows)))
			return w.remove(ctx, worker, rows)
		}), nil
	})
	return count.Load(), err
}

// appendAddresses adds the addresses of a chunk's chosen rows, its last two columns, to a list.
func appendAddresses(list []catalog.Address, c *vector.Chunk) ([]catalog.Address, error) {
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

// Update replaces the rows whose addresses are the last two columns of its input by rows of the columns before them,
// and gives their number, or the new rows. The scans of the input were opened before, so that it never reads what it
// wrote.
type Update struct{ Change }

// Schema is one count, or the rows'.
func (u *Update) Schema() Schema { return u.schema(len(u.Input.Schema()) - addressColumns) }

// String names the table.
func (u *Update) String() string { return u.title("Update") }

// Start inserts the new rows and deletes the old ones.
func (u *Update) Start(ctx context.Context, q *Query) (Stream, error) {
	w, err := q.changer(u.Table)
	if err != nil {
		return nil, err
	}
	kept := q.returning(u.kept(len(u.Input.Schema()) - addressColumns))
	n, err := u.change(ctx, q, w, func(ctx context.Context, worker int, c *vector.Chunk) error {
		rows := *c
		rows.Columns = c.Columns[:len(c.Columns)-addressColumns]
		if err := kept.keep(ctx, worker, &rows); err != nil {
			return err
		}
		return w.append(ctx, worker, &rows)
	})
	if err != nil {
		return nil, err
	}
	return kept.result(n), nil
}

// Define changes definitions. With As, it fills the table that it creates and gives the number of rows.
type Define struct {
	Change catalog.Definition
	Also   []catalog.Definition // further ones, done behind it
	As     Operator             // nil without AS
	Title  string               // as EXPLAIN shows it
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
		err := w.Define(ctx, d.Change)
		for i := 0; err == nil && i < len(d.Also); i++ {
			err = w.Define(ctx, d.Also[i])
		}
		return inOrder(nil), err
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
