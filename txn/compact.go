package txn

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/compact"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/storage/table"
)

// compactor is what the compactions of an instance share.
type compactor struct {
	wake   chan struct{}   // has one token when there may be something to compact
	ctx    context.Context //nolint:containedctx // ends when the instance is closed: a compaction is given up midway
	cancel context.CancelFunc

	mu     sync.Mutex               // held by the one compaction that runs
	failed map[catalog.TableID]bool // tables that are left alone for a while
	next   time.Time                // when more may be read
}

func newCompactor(ctx context.Context) *compactor {
	c := &compactor{wake: make(chan struct{}, 1), failed: map[catalog.TableID]bool{}}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return c
}

func (m *Manager) wakeCompactor() {
	select {
	case m.compactor.wake <- struct{}{}:
	default: // it is awake already
	}
}

// compactOnDemand compacts whenever segments have come, until there is nothing to do. A table whose compaction
// fails is left alone for a while, so that the others go on.
func (m *Manager) compactOnDemand() {
	c := m.compactor
	retry := time.NewTicker(m.options.CompactionRetryDelay)
	defer retry.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.wake:
		case <-retry.C:
			m.tidy()
		}
		for more := true; more; {
			var err error
			if more, err = m.Compact(c.ctx); err != nil && c.ctx.Err() == nil {
				m.options.Log.ErrorContext(c.ctx, "a compaction failed", errorAttr(err))
			}
		}
	}
}

// tidy lets failed tables be tried again, and removes files that nobody reads any more.
func (m *Manager) tidy() {
	m.compactor.mu.Lock()
	clear(m.compactor.failed)
	m.compactor.mu.Unlock()
	m.flushMu.Lock()
	defer m.flushMu.Unlock()
	m.collect()
}

// job is a compaction of one table.
type job struct {
	state *published // pinned
	table catalog.TableID
	ids   []uint64
	done  *table.Compaction
}

// Compact merges small segments of one table, or writes one anew many of whose rows are gone, and tells whether
// there was something to do. Commits, readers and flushes go on.
//
//  1. The policy picks segments of the newest state. A flush makes the manifest name them, where it doesn't yet.
//  2. Their rows are written to a new segment but for those that are gone: deleted before the oldest version that
//     can be read. The manifest has these deletes, so that the log behind it can't delete such a row again.
//  3. Between two flushes, one edit makes the manifest name the new segment for the old ones, with their delete
//     vectors as the manifest has them, and the permutation of the rows, which the log may still delete by their
//     old addresses.
//  4. The sequencer installs the same in the newest state, with the deletes that came since; transactions that
//     began before keep old addresses, which the state's moves translate.
//  5. The old files are removed when no transaction reads them any more: all that older versions need is in the
//     new one.
func (m *Manager) Compact(ctx context.Context) (bool, error) {
	c := m.compactor
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := m.failure(); err != nil {
		return false, err
	}
	state := m.snapshots.pin()
	defer m.snapshots.release(state)
	j := m.pick(state)
	if j == nil {
		return false, nil
	}
	started := time.Now()
	err := m.compact(ctx, j)
	storage, took := &m.options.Metrics.Storage, time.Since(started)
	if err != nil {
		c.failed[j.table] = true
		storage.Compactions.WithLabelValues("error").Inc()
		return true, err
	}
	storage.Compactions.WithLabelValues("success").Inc()
	storage.CompactionSeconds.Observe(took.Seconds())
	storage.CompactedSegments.Add(float64(len(j.done.Old)))
	var rows, bytes int64
	for _, d := range j.done.New {
		rows, bytes = rows+d.Rows, bytes+d.Bytes
	}
	storage.CompactionBytes.Add(float64(bytes))
	m.options.Log.InfoContext(ctx, "segments were compacted", slog.String("table", j.name().String()),
		slog.Int("segments", len(j.done.Old)), slog.Int64("rows", rows), slog.Int64("bytes", bytes),
		slog.Duration("took", took))
	return true, nil
}

func (j *job) name() catalog.TableName { return j.state.definitions.tables[j.table].Name }

// pick is the choice of step 1; nil when there is nothing to do.
func (m *Manager) pick(state *published) *job {
	for _, id := range slices.Sorted(maps.Keys(state.tables)) {
		if m.compactor.failed[id] {
			continue
		}
		var all []compact.Segment
		for _, s := range state.tables[id].SegmentRows() {
			d := s.Descriptor
			all = append(all, compact.Segment{ID: d.ID, Bytes: d.Bytes, Rows: d.Rows, Gone: s.Gone})
		}
		if ids := m.options.Compaction.Pick(all); len(ids) > 0 {
			return &job{state: state, table: id, ids: ids}
		}
	}
	return nil
}

// compact is steps 1 to 5. What goes wrong before the manifest is written, but for a sync, leaves all as it was.
func (m *Manager) compact(ctx context.Context, j *job) (err error) {
	if !j.named(m.manifest.State()) {
		if err := m.Flush(ctx); err != nil {
			return err
		}
	}
	m.options.Log.DebugContext(ctx, "compaction begins", slog.String("table", j.name().String()),
		slog.Int("segments", len(j.ids)))
	j.done, err = j.state.tables[j.table].Compact(ctx, table.Job{
		Segments: j.ids, Since: j.state.since, Take: m.takeForCompaction,
	})
	if errors.Is(err, segment.ErrNotSynced) {
		m.fail(err)
	}
	if err != nil {
		return err
	}
	m.flushMu.Lock()
	defer m.flushMu.Unlock()
	if !j.named(m.manifest.State()) {
		m.discard(pathsOf(j.done.New)) // the table has been dropped
		return nil
	}
	edit, err := j.edit(m.manifest.State(), m.ids.Load()+1)
	if err == nil {
		err = m.manifest.Append(edit)
	}
	switch {
	case err == nil:
	case sqlerr.CodeOf(err) == sqlerr.IOError:
		m.fail(err) // the files stay: whether the edit counts is not known
		return err
	default:
		m.discard(pathsOf(j.done.New))
		return err
	}
	if err := m.installCompaction(ctx, j); err != nil {
		m.fail(err)
		return err
	}
	m.collect()
	return nil
}

// named tells whether the manifest names the segments.
func (j *job) named(s *manifest.State) bool {
	of := s.Tables[j.table]
	if of == nil {
		return false
	}
	found := 0
	for _, g := range of.Segments {
		if slices.Contains(j.ids, g.ID) {
			found++
		}
	}
	return found == len(j.ids)
}

func pathsOf(segments []*segment.Descriptor) []string {
	paths := make([]string, len(segments))
	for i, d := range segments {
		paths[i] = d.Path
	}
	return paths
}

// edit is the edit of step 3.
func (j *job) edit(s *manifest.State, nextID uint64) ([]manifest.Change, error) {
	var changes []manifest.Change
	var vectors []table.DeleteVector
	of := s.Tables[j.table]
	for _, d := range j.done.Old {
		changes = append(changes, &manifest.RemoveSegment{Table: j.table, ID: d.ID})
		for _, g := range d.Groups {
			if v, ok := of.Deletes[g.Block]; ok {
				vectors = append(vectors, table.DeleteVector{Block: g.Block, Offsets: v.Offsets, Erased: v.Erased})
				changes = append(changes, &manifest.SetDeletes{Table: j.table, Block: g.Block})
			}
		}
	}
	for _, d := range j.done.New {
		added, err := addSegment(j.table, d)
		if err != nil {
			return nil, err
		}
		changes = append(changes, added)
	}
	moved, err := j.done.MoveDeletes(vectors)
	if err != nil {
		return nil, err
	}
	for _, d := range moved {
		changes = append(changes, setDeletes(j.table, d))
	}
	permutation, err := addPermutation(j.table, &j.done.Moved)
	checkpoint := s.Checkpoint
	checkpoint.NextID = nextID // the new segment's ids are above the old one
	return append(changes, permutation, &checkpoint), err
}

// installCompaction is step 4. It is not cancelled: the manifest has the compaction already.
func (m *Manager) installCompaction(ctx context.Context, j *job) error {
	oldest := m.snapshots.oldest()
	return m.control(context.WithoutCancel(ctx), func() error {
		next := m.snapshots.current.Load().next()
		next.moves = next.movesSince(oldest)
		v, exists := next.tables[j.table]
		if !exists {
			return nil // dropped since: the next flush removes the old files and the new one
		}
		replaced, err := v.Replace(j.done)
		if err != nil {
			return err
		}
		if err := next.moved(j.table, replaced, &j.done.Moved); err != nil {
			return err
		}
		m.snapshots.publish(next)
		m.measureAll(next)
		m.garbage = append(m.garbage, garbage{generation: next.generation, paths: pathsOf(j.done.Old)})
		return nil
	})
}

// takeForCompaction waits until the disk may be read on, and reserves memory for a row group, which queries may use
// while it waits.
func (m *Manager) takeForCompaction(ctx context.Context, fileBytes, memoryBytes int64) (func(), error) {
	c := m.compactor
	if wait := time.Until(c.next); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	memory := m.options.Memory.Query(0)
	if err := memory.Reserve(memoryBytes); err != nil {
		return nil, err
	}
	pause := time.Duration(float64(fileBytes) / float64(m.options.CompactionBytesPerSecond) * float64(time.Second))
	c.next = time.Now().Add(pause)
	held := m.options.Metrics.Storage.CompactionMemory
	held.Add(float64(memoryBytes))
	return func() {
		memory.Close()
		held.Sub(float64(memoryBytes))
	}, nil
}
