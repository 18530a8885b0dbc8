package txn

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/storage/table"
	"github.com/micodb/micodb/storage/wal"
)

// garbage is files that states before a generation may still read.
type garbage struct {
	generation uint64
	paths      []string
}

// frozen is the state that a flush makes durable.
type frozen struct {
	state    *published
	retain   *manifest.Retain
	position wal.LSN // of the log of later commits
	flushes  map[catalog.TableID]*table.Flush
	dropped  []string // files of tables that are dropped in state
	taken    int      // how many of them the sequencer had noted
}

// Flush makes a checkpoint of the whole instance: it writes the rows in memory to segments, records them in the
// manifest with everything else that the log says up to now, and trims the log. Commits and readers go on.
//
//  1. The sequencer fixes, between two groups, the state and the end of the log, which it syncs.
//  2. What has become too old to be retained is forgotten, and the rows in memory of each table are written to
//     segments, without those that are gone.
//  3. One edit makes the manifest say exactly that state. It has the permutations of the moved rows, since the
//     log behind the state may delete them by their old addresses. From here on recovery begins there.
//  4. The sequencer installs the segments in the newest state, with the deletes that came since; transactions
//     that began before keep old addresses, which the state's moves translate.
//  5. Files that no state needs are removed, and the log is trimmed.
func (m *Manager) Flush(ctx context.Context) error {
	m.flushMu.Lock()
	defer m.flushMu.Unlock()
	if err := m.failure(); err != nil {
		return err
	}
	started := time.Now()
	f, err := m.freeze(ctx)
	if err != nil {
		return err
	}
	if f.state.sequence == m.manifest.State().Through && m.retain(f.state).Since == f.state.since {
		m.collect()
		m.memory.ended(nil)
		return nil
	}
	m.options.Log.DebugContext(ctx, "flush begins", slog.Uint64("sequence", uint64(f.state.sequence)))
	err = m.flush(ctx, f)
	storage, took := &m.options.Metrics.Storage, time.Since(started)
	if err != nil {
		storage.Flushes.WithLabelValues("error").Inc()
		return err
	}
	m.options.Log.DebugContext(ctx, "flush ends", slog.Duration("took", took))
	m.memory.ended(nil)
	storage.Flushes.WithLabelValues("success").Inc()
	storage.FlushSeconds.Observe(took.Seconds())
	return nil
}

// freeze is step 1.
func (m *Manager) freeze(ctx context.Context) (*frozen, error) {
	f := &frozen{flushes: map[catalog.TableID]*table.Flush{}}
	err := m.control(ctx, func() error {
		if err := m.failure(); err != nil {
			return err
		}
		if err := m.syncLog(); err != nil {
			return err
		}
		f.state, f.position, f.dropped = m.snapshots.current.Load(), m.log.End(), slices.Clone(m.dropped)
		f.taken = len(f.dropped)
		return nil
	})
	return f, err
}

// flush is steps 2 to 5. What goes wrong before the manifest is written, but for a sync, leaves all as it was.
func (m *Manager) flush(ctx context.Context, f *frozen) error {
	f.retain = m.retain(f.state)
	f.state = f.state.forget(f.retain.Since)
	err := f.writeSegments(ctx)
	lost := errors.Is(err, segment.ErrNotSynced)
	var edit []manifest.Change
	if err == nil {
		edit, err = m.edit(f)
	}
	if err == nil {
		err = m.manifest.Append(edit)
		lost = sqlerr.CodeOf(err) == sqlerr.IOError
	}
	if lost {
		m.fail(err) // the files stay: whether the edit counts is not known
		return err
	}
	if err != nil {
		m.discard(f.paths())
		return err
	}
	m.checkpointed.Store(uint64(f.position))
	if err := m.install(ctx, f); err != nil {
		m.fail(err)
		return err
	}
	slices.Sort(f.dropped)
	m.garbage = append(m.garbage, garbage{generation: f.state.generation, paths: slices.Compact(f.dropped)})
	m.collect()
	if err := m.log.Trim(f.position); err != nil {
		m.options.Log.WarnContext(ctx, "the log could not be trimmed", errorAttr(err))
	}
	return nil
}

func (f *frozen) paths() []string {
	var paths []string
	for _, flush := range f.flushes {
		for _, d := range flush.Segments {
			paths = append(paths, d.Path)
		}
	}
	return paths
}

// writeSegments is step 2.
func (f *frozen) writeSegments(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(f.state.tables)) {
		flush, err := f.state.tables[id].Flush(ctx)
		if err != nil {
			return err
		}
		if flush != nil {
			f.flushes[id] = flush
		}
	}
	return nil
}

// edit returns the changes that make the manifest say the frozen state, with the new segments, and adds the files
// that it no longer names to the dropped ones.
func (m *Manager) edit(f *frozen) ([]manifest.Change, error) {
	e := editor{old: m.manifest.State(), state: f.state}
	e.add(&manifest.ClearPermutations{})
	e.definitions()
	for _, id := range slices.Sorted(maps.Keys(f.state.tables)) {
		e.table(id, f.state.tables[id])
		if flush := f.flushes[id]; flush != nil {
			e.flushed(id, flush)
		}
	}
	e.add(f.retain)
	e.add(&manifest.Checkpoint{
		Through: f.state.sequence, Time: f.state.time, WAL: uint64(f.position), NextID: m.ids.Load() + 1,
	})
	f.dropped = append(f.dropped, e.dropped...)
	return e.changes, e.err
}

// editor compares a state with the manifest's.
type editor struct {
	old     *manifest.State
	state   *published
	changes []manifest.Change
	dropped []string
	err     error
}

func (e *editor) add(c manifest.Change) { e.changes = append(e.changes, c) }

func (e *editor) check(err error) { e.err = errors.Join(e.err, err) }

func (e *editor) definitions() {
	now := e.state.definitions
	for _, id := range slices.Sorted(maps.Keys(e.old.Tables)) {
		if _, exists := now.tables[id]; exists {
			continue
		}
		e.add(&manifest.DropTable{ID: id})
		for _, s := range e.old.Tables[id].Segments {
			e.drop(s)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.old.Databases)) {
		if _, exists := now.databases[id]; !exists {
			e.add(&manifest.DropDatabase{ID: id})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(now.databases)) {
		if _, known := e.old.Databases[id]; !known {
			e.add(&manifest.CreateDatabase{ID: id, Name: now.databases[id].Name})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(now.tables)) {
		of := now.tables[id]
		switch old := e.old.Tables[id]; {
		case old == nil:
			e.changes = append(e.changes, manifest.Definitions(of)...)
		case old.Definition.Version != of.Version:
			e.add(&manifest.AlterTable{Table: *of})
		}
	}
}

func (e *editor) drop(s manifest.Segment) {
	d, err := decodeSegment(s.Descriptor)
	if err != nil {
		e.check(err)
		return
	}
	e.dropped = append(e.dropped, d.Path)
}

// table adds what has changed in the segments and delete vectors of a table.
func (e *editor) table(id catalog.TableID, v *table.Version) {
	old := e.old.Tables[id]
	if old == nil {
		old = &manifest.Table{}
	}
	now := map[uint64]bool{}
	known := map[uint64]bool{}
	for _, s := range old.Segments {
		known[s.ID] = true
	}
	for _, d := range v.Segments() {
		now[d.ID] = true
		if !known[d.ID] {
			c, err := addSegment(id, d)
			e.check(err)
			e.add(c)
		}
	}
	for _, s := range old.Segments {
		if !now[s.ID] {
			e.add(&manifest.RemoveSegment{Table: id, ID: s.ID})
			e.drop(s)
		}
	}
	vectors, err := v.DeleteVectors()
	e.check(err)
	current := map[catalog.BlockID]bool{}
	for _, d := range vectors {
		current[d.Block] = true
		was := old.Deletes[d.Block]
		if !bytes.Equal(was.Offsets, d.Offsets) || !bytes.Equal(was.Erased, d.Erased) {
			e.add(setDeletes(id, d))
		}
	}
	for _, block := range slices.Sorted(maps.Keys(old.Deletes)) {
		if !current[block] {
			e.add(&manifest.SetDeletes{Table: id, Block: block})
		}
	}
}

func (e *editor) flushed(id catalog.TableID, flush *table.Flush) {
	for _, d := range flush.Segments {
		c, err := addSegment(id, d)
		e.check(err)
		e.add(c)
	}
	for _, d := range flush.Deletes {
		e.add(setDeletes(id, d))
	}
	c, err := addPermutation(id, &flush.Moved)
	e.check(err)
	e.add(c)
}

func setDeletes(id catalog.TableID, d table.DeleteVector) manifest.Change {
	return &manifest.SetDeletes{Table: id, Block: d.Block, Offsets: d.Offsets, Erased: d.Erased}
}

// install is step 4. It is not cancelled: the manifest has the flush already.
func (m *Manager) install(ctx context.Context, f *frozen) error {
	oldest, fresh := m.snapshots.oldest(), f.taken
	return m.control(context.WithoutCancel(ctx), func() error {
		next := m.snapshots.current.Load().next().forget(f.state.since)
		next.moves = next.movesSince(oldest)
		m.dropped = slices.Clone(m.dropped[fresh:])
		for id, flush := range f.flushes {
			v, exists := next.tables[id]
			if !exists {
				continue // dropped since: the next flush drops it, with the new segments, from the manifest
			}
			installed, err := v.Install(flush)
			if err != nil {
				return err
			}
			if err := next.moved(id, installed, &flush.Moved); err != nil {
				return err
			}
		}
		m.snapshots.publish(next)
		m.measureAll(next)
		m.wakeCompactor()
		return nil
	})
}

// collect removes files that no state needs any more. The caller holds flushMu.
func (m *Manager) collect() {
	oldest := m.snapshots.oldest()
	m.garbage = slices.DeleteFunc(m.garbage, func(g garbage) bool {
		if g.generation > oldest {
			return false
		}
		m.discard(g.paths)
		return true
	})
}
