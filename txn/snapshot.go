package txn

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/table"
)

// Timestamp returns the time of the last commit that the transaction sees.
func (t *Transaction) Timestamp() catalog.Timestamp { return t.snapshot.time }

// Databases implements catalog.Snapshot.
func (t *Transaction) Databases(ctx context.Context) ([]catalog.Database, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	return t.writes.definitions.list(), nil
}

// Table implements catalog.Snapshot.
func (t *Transaction) Table(ctx context.Context, name catalog.TableName) (*catalog.Table, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	found, err := t.writes.definitions.table(name)
	if err != nil {
		return nil, err
	}
	with := *found
	if v, ok := t.snapshot.tables[found.ID]; ok {
		with.Statistics = v.Statistics()
	}
	return &with, nil
}

// Tables implements catalog.Snapshot.
func (t *Transaction) Tables(ctx context.Context, database string) ([]catalog.TableName, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	found, err := t.writes.definitions.database(database)
	if err != nil {
		return nil, err
	}
	tables := t.writes.definitions.tablesOf(found.ID)
	names := make([]catalog.TableName, len(tables))
	for i, table := range tables {
		names[i] = table.Name
	}
	return names, nil
}

// Scan implements catalog.Snapshot.
func (t *Transaction) Scan(
	ctx context.Context, id catalog.TableID, request catalog.ScanRequest,
) (catalog.Scan, error) {
	version, overlay, err := t.readable(ctx, id)
	if err != nil {
		return nil, err
	}
	return version.Scan(ctx, request, overlay)
}

// readable returns what the transaction sees of a table.
func (t *Transaction) readable(ctx context.Context, id catalog.TableID) (*table.Version, *table.Overlay, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, nil, err
	}
	if _, ok := t.writes.definitions.tables[id]; !ok {
		return nil, nil, sqlerr.New(sqlerr.UndefinedTable, "the table with the id %d does not exist", id)
	}
	if w, ok := t.writes.tables[id]; ok {
		if err := t.finishBulks(ctx); err != nil {
			return nil, nil, err
		}
		return w.version, w.overlay(), nil
	}
	return t.snapshot.tables[id], nil, nil
}
