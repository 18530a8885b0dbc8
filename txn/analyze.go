package txn

import (
	"context"
	"encoding/json"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/table"
)

// Analyze looks at all rows of a table as it is now, keeps for the planner what it finds, durably, and returns it:
// 42P01 when the table does not exist, or is dropped meanwhile. Commits, readers and flushes go on.
//
//  1. The newest state's rows are read.
//  2. Between two flushes, one edit makes the manifest say what was found. Where it does not know of the table yet,
//     a flush comes first.
//  3. The sequencer puts it into the newest state.
//
// It is no commit, and no version has it: no answer depends on statistics.
func (m *Manager) Analyze(ctx context.Context, name catalog.TableName) (*catalog.Statistics, error) {
	if err := m.failure(); err != nil {
		return nil, err
	}
	state := m.snapshots.pin()
	defer m.snapshots.release(state)
	of, err := state.definitions.table(name)
	if err != nil {
		return nil, err
	}
	if !of.Kind.HasRows() {
		return nil, withoutRows(of)
	}
	v := state.tables[of.ID]
	found, err := v.Analyze(ctx)
	if err != nil {
		return nil, err
	}
	if m.manifest.State().Tables[of.ID] == nil {
		if err := m.Flush(ctx); err != nil {
			return nil, err
		}
	}
	if err := m.recordAnalysis(of, found); err != nil {
		return nil, err
	}
	// From here on it counts, whether or not the client still waits.
	err = m.control(context.WithoutCancel(ctx), func() error {
		next := m.snapshots.current.Load().next()
		newest, exists := next.tables[of.ID]
		if !exists {
			return nil
		}
		next.tables[of.ID] = newest.WithAnalysis(found)
		m.snapshots.publish(next)
		return nil
	})
	return v.WithAnalysis(found).Statistics(), err
}

// recordAnalysis is step 2.
func (m *Manager) recordAnalysis(of *catalog.Table, found *table.Analysis) error {
	body, err := json.Marshal(found)
	if err != nil {
		return sqlerr.Wrap(err, sqlerr.InternalError, "statistics can't be written")
	}
	m.flushMu.Lock()
	defer m.flushMu.Unlock()
	if m.manifest.State().Tables[of.ID] == nil {
		return sqlerr.New(sqlerr.UndefinedTable, "table %s was dropped meanwhile", of.Name)
	}
	err = m.manifest.Append([]manifest.Change{&manifest.SetStatistics{Table: of.ID, Statistics: body}})
	if sqlerr.CodeOf(err) == sqlerr.IOError {
		m.fail(err) // whether the edit counts is not known
	}
	return err
}
