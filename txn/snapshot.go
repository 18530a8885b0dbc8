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
		if _, written := t.writes.tables[found.ID]; written && with.Statistics != nil {
			others := *with.Statistics
			others.Keys = nil // which the transaction's own rows may have doubled
			with.Statistics = &others
		}
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
	if request.AsOf > 0 {
		version, err := t.retained(ctx, id, request.AsOf)
		if err != nil {
			return nil, err
		}
		return version.ScanAsOf(ctx, request, request.AsOf)
	}
	version, overlay, err := t.readable(ctx, id)
	if err != nil {
		return nil, err
	}
	return version.Scan(ctx, request, overlay)
}

// Sequence returns the sequence of the last commit that the transaction sees: the version that it reads.
func (t *Transaction) Sequence() catalog.Sequence { return t.snapshot.sequence }

// OldestSequence returns the oldest version that the transaction can read of tables that were there.
func (t *Transaction) OldestSequence() catalog.Sequence { return t.snapshot.since }

// retained returns the version of a table from which an older state can be read, and says why there is none.
func (t *Transaction) retained(
	ctx context.Context, id catalog.TableID, asOf catalog.Sequence,
) (*table.Version, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	of, version := t.writes.definitions.tables[id], t.snapshot.tables[id]
	switch {
	case of != nil && !of.Kind.HasRows():
		return nil, withoutRows(of)
	case of == nil:
		return nil, sqlerr.New(sqlerr.UndefinedTable, "the table with the id %d does not exist", id)
	case asOf > t.snapshot.sequence:
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "there is no version %d yet", asOf).
			WithHint("the newest version that this transaction sees is %d", t.snapshot.sequence)
	case version == nil:
		return nil, sqlerr.New(sqlerr.UndefinedTable, "table %s did not exist at version %d", of.Name, asOf).
			WithHint("this transaction has made it")
	case asOf < catalog.Sequence(of.Since()):
		return nil, sqlerr.New(sqlerr.UndefinedTable, "table %s did not exist at version %d", of.Name, asOf).
			WithHint("its first version is %d", of.Since())
	case asOf < t.snapshot.since:
		return nil, sqlerr.New(sqlerr.SnapshotTooOld, "version %d is no longer kept", asOf).
			WithHint("the oldest version that can be read is %d; --retention says how long versions are kept",
				t.snapshot.since)
	}
	if w := t.writes.tables[id]; w != nil { // which has altered it, perhaps
		version = w.version
	}
	return version, nil
}

// readable returns what the transaction sees of a table.
func (t *Transaction) readable(ctx context.Context, id catalog.TableID) (*table.Version, *table.Overlay, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, nil, err
	}
	if err := t.hasRows(id); err != nil {
		return nil, nil, err
	}
	if w, ok := t.writes.tables[id]; ok {
		if err := t.finishBulks(ctx); err != nil {
			return nil, nil, err
		}
		return w.version, w.overlay(), nil
	}
	return t.snapshot.tables[id], nil, nil
}

// hasRows fails for the id of no table, and for that of a view, whose rows are its query's.
func (t *Transaction) hasRows(id catalog.TableID) error {
	of, ok := t.writes.definitions.tables[id]
	switch {
	case !ok:
		return sqlerr.New(sqlerr.UndefinedTable, "the table with the id %d does not exist", id)
	case !of.Kind.HasRows():
		return withoutRows(of)
	default:
		return nil
	}
}

func withoutRows(of *catalog.Table) error {
	return sqlerr.New(sqlerr.WrongObjectType, "%s %s has no rows of its own", noun(of.Kind), of.Name)
}
