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

// Insert appends its input to a table and gives the number of rows. The scans of the input were opened before,
// so that it never reads what it inserts.
type Insert struct {
	Input Operator
	Name  catalog.TableName
	Table catalog.TableID
}

// Schema is one count.
func (*Insert) Schema() Schema { return countSchema() }

// Inputs returns the input.
func (i *Insert) Inputs() []Operator { return []Operator{i.Input} }

// String names the table.
func (i *Insert) String() string { return "Insert " + i.Name.String() }

// Start inserts all rows.
func (i *Insert) Start(ctx context.Context, q *Query) (Stream, error) {
	n, err := insert(ctx, q, i.Input, i.Table)
	return countStream(n), err
}

// insert appends an operator's rows to a table. The writer takes one chunk at a time.
func insert(ctx context.Context, q *Query, in Operator, table catalog.TableID) (int64, error) {
	w, err := q.writer()
	if err != nil {
		return 0, err
	}
	var count atomic.Int64
	one := make(chan struct{}, 1) // held by the worker that writes
	err = q.run(ctx, in, func(worker int) (Consumer, error) {
		return consumerOf(func(ctx context.Context, c *vector.Chunk) error {
			count.Add(int64(c.Count()))
			return q.blocking(ctx, worker, func() error {
				select {
				case one <- struct{}{}:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				defer func() { <-one }()
				return w.Insert(ctx, table, c)
			})
		}), nil
	})
	return count.Load(), err
}

// Delete removes the rows whose addresses are its input's columns, and gives their number.
type Delete struct {
	Input Operator
	Name  catalog.TableName
	Table catalog.TableID
}

// Schema is one count.
func (*Delete) Schema() Schema { return countSchema() }

// Inputs returns the input.
func (d *Delete) Inputs() []Operator { return []Operator{d.Input} }

// String names the table.
func (d *Delete) String() string { return "Delete " + d.Name.String() }

// addressBytes is what an address takes in memory.
const addressBytes = 16

// Start reads all addresses, then deletes.
func (d *Delete) Start(ctx context.Context, q *Query) (Stream, error) {
	w, err := q.writer()
	if err != nil {
		return nil, err
	}
	lists := make([][]catalog.Address, q.Workers)
	err = q.run(ctx, d.Input, func(worker int) (Consumer, error) {
		return consumerOf(func(_ context.Context, c *vector.Chunk) error {
			if err := q.Budget.Reserve(int64(c.Count()) * addressBytes); err != nil {
				return err
			}
			for _, r := range chosen(c) {
				i := int(r)
				if c.Columns[0].IsNull(i) {
					return sqlerr.NotSupported("deleting rows that the same transaction inserted")
				}
				lists[worker] = append(lists[worker], catalog.Address{
					Block: catalog.BlockID(c.Columns[0].Int(i)), Offset: uint32(c.Columns[1].Int(i)),
				})
			}
			return nil
		}), nil
	})
	n := 0
	for _, l := range lists {
		n += len(l)
	}
	defer q.Budget.Release(int64(n) * addressBytes)
	if err != nil {
		return nil, err
	}
	for _, l := range lists {
		if len(l) == 0 {
			continue
		}
		if err := w.Delete(ctx, d.Table, l); err != nil {
			return nil, err
		}
	}
	return countStream(int64(n)), nil
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
	n, err := insert(ctx, q, d.As, t.ID)
	return countStream(n), err
}
