package txn_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/txn"
)

// columns are those of every table of the tests: an id, and a text that says it.
func columns() []catalog.Column {
	return []catalog.Column{
		{Name: "id", Type: vector.Of(vector.Int64), NotNull: true},
		{Name: "text", Type: vector.Of(vector.Text)},
	}
}

func named(table string) catalog.TableName { return catalog.TableName{Database: "main", Table: table} }

func options(fsys vfs.FS) txn.Options {
	return txn.Options{FS: fsys, Dir: "data", Limits: txn.Limits{LogFileBytes: 1}}
}

func open(t *testing.T, o txn.Options) *txn.Manager {
	t.Helper()
	m, err := txn.Open(t.Context(), o)
	require.NoError(t, err)
	return m
}

func begin(t *testing.T, m *txn.Manager) *txn.Transaction {
	t.Helper()
	tx, err := m.Begin(t.Context(), txn.TransactionOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tx.Close()) })
	return tx
}

func commit(t *testing.T, tx *txn.Transaction) {
	t.Helper()
	_, err := tx.Commit(t.Context())
	require.NoError(t, err)
}

// define commits one definition.
func define(t *testing.T, m *txn.Manager, d catalog.Definition) {
	t.Helper()
	tx := begin(t, m)
	require.NoError(t, tx.Define(t.Context(), d))
	commit(t, tx)
}

func createTable(t *testing.T, m *txn.Manager, name string) {
	t.Helper()
	define(t, m, tableDefinition(name))
}

func tableDefinition(name string) catalog.Definition {
	return catalog.CreateTable{Name: named(name), Columns: columns()}
}

// rowsOf makes a chunk of rows with some ids.
func rowsOf(ids ...int) *vector.Chunk {
	id, text := vector.NewBuilder(vector.Of(vector.Int64)), vector.NewBuilder(vector.Of(vector.Text))
	for _, i := range ids {
		id.AppendScalar(vector.IntOf(vector.Of(vector.Int64), int64(i)))
		text.AppendScalar(textOf(i))
	}
	return &vector.Chunk{Len: len(ids), Columns: []*vector.Vector{id.Build(), text.Build()}}
}

// textOf returns the text of a row: some are NULL, and few are distinct.
func textOf(id int) vector.Scalar {
	if id%7 == 0 {
		return vector.NullOf(vector.Of(vector.Text))
	}
	return vector.TextOf(string(rune('a' + id%5)))
}

func tableID(t *testing.T, s catalog.Snapshot, name string) catalog.TableID {
	t.Helper()
	table, err := s.Table(t.Context(), named(name))
	require.NoError(t, err)
	return table.ID
}

func insert(t *testing.T, tx *txn.Transaction, table string, ids ...int) {
	t.Helper()
	require.NoError(t, tx.Insert(t.Context(), tableID(t, tx, table), rowsOf(ids...)))
}

// addresses reads a table: the ids of its rows with their addresses, zero for uncommitted ones. Each id is there
// once, and its text belongs to it.
func addresses(t *testing.T, s catalog.Snapshot, table string) map[int]catalog.Address {
	t.Helper()
	found, err := read(t.Context(), s, tableID(t, s, table))
	require.NoError(t, err)
	rows := make(map[int]catalog.Address, len(found))
	for _, r := range found {
		_, twice := rows[r.id]
		require.False(t, twice, "row %d is there twice", r.id)
		require.Equal(t, textOf(r.id).Null, r.null, "row %d", r.id)
		require.Equal(t, textOf(r.id).Bytes, r.text, "row %d", r.id)
		rows[r.id] = r.address
	}
	return rows
}

type row struct {
	id      int
	text    string
	null    bool
	address catalog.Address
}

func read(ctx context.Context, s catalog.Snapshot, id catalog.TableID) ([]row, error) {
	scan, err := s.Scan(ctx, id, catalog.ScanRequest{
		Columns: []catalog.ColumnID{1, 2, catalog.AddressBlock, catalog.AddressOffset},
	})
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	source, err := scan.Open(0)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	var rows []row
	for {
		c, err := source.Next(ctx)
		if err != nil || c == nil {
			return rows, err
		}
		sel := c.Sel
		if sel == nil {
			sel = vector.All(c.Len)
		}
		for _, i := range sel {
			r := row{id: int(c.Columns[0].Int(int(i))), null: c.Columns[1].IsNull(int(i))}
			if !r.null {
				r.text = string(c.Columns[1].Bytes(int(i)))
			}
			if !c.Columns[2].IsNull(int(i)) {
				r.address.Block = catalog.BlockID(c.Columns[2].Int(int(i)))
				r.address.Offset = uint32(c.Columns[3].Int(int(i)))
			}
			rows = append(rows, r)
		}
	}
}

// ids returns the ids of a table's rows.
func ids(t *testing.T, s catalog.Snapshot, table string) []int {
	t.Helper()
	var out []int
	for id := range addresses(t, s, table) {
		out = append(out, id)
	}
	return out
}

// current reads a table in a transaction of its own.
func current(t *testing.T, m *txn.Manager, table string) map[int]catalog.Address {
	t.Helper()
	tx, err := m.Begin(t.Context(), txn.TransactionOptions{ReadOnly: true})
	require.NoError(t, err)
	defer tx.Close()
	return addresses(t, tx, table)
}

// seen returns the ids that a new transaction sees in a table.
func seen(t *testing.T, m *txn.Manager, table string) []int {
	t.Helper()
	return slices.Collect(maps.Keys(current(t, m, table)))
}

// remove deletes rows by their ids.
func remove(t *testing.T, tx *txn.Transaction, table string, ids ...int) {
	t.Helper()
	where := addresses(t, tx, table)
	rows := make([]catalog.Address, len(ids))
	for i, id := range ids {
		a, ok := where[id]
		require.True(t, ok, "row %d", id)
		rows[i] = a
	}
	require.NoError(t, tx.Delete(t.Context(), tableID(t, tx, table), rows))
}

// span returns the numbers from first up to last.
func span(first, last int) []int {
	var out []int
	for i := first; i <= last; i++ {
		out = append(out, i)
	}
	return out
}
