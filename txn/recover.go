package txn

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/storage/table"
	"github.com/micodb/micodb/storage/wal"
)

// Names in a data directory.
const (
	lockName          = "LOCK"
	manifestDirectory = "manifest"
	logDirectory      = "wal"
)

// CurrentFile is the file by which a data directory is known, with slashes: every instance has it once it was open.
const CurrentFile = manifestDirectory + "/" + manifest.CurrentName

// The ids of the databases that every instance has.
const (
	mainID catalog.DatabaseID = 1 + iota
	systemID
	firstFreeID
)

// Open opens the instance in a directory, or makes one where there is none: 55006 when another process has it
// open, XX001 when what was synced can't be read. It returns when everything that was acknowledged is there.
func Open(ctx context.Context, options Options) (*Manager, error) {
	options.complete()
	m := &Manager{
		options:  options,
		requests: make(chan *request, queuedCommits), controls: make(chan func()),
		quit: make(chan struct{}), sequenced: make(chan struct{}),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), idle: make(chan struct{}),
		compactor: newCompactor(ctx),
	}
	m.snapshots.live = map[uint64]int{}
	storage := &options.Metrics.Storage
	storage.MemtableLimit.Set(float64(options.MemtableBytes))
	storage.WALLimit.Set(float64(options.LogBytes))
	m.memory = pressure{tables: map[catalog.TableID]int64{}, flushed: make(chan struct{})}
	m.environment = table.Environment{
		FS: options.FS, Dir: options.Dir, Cache: options.Cache, NewID: m.newID, Now: options.Clock,
	}
	err := options.FS.MkdirAll(options.Dir)
	if err == nil {
		err = options.FS.SyncDir(filepath.Dir(filepath.Clean(options.Dir)))
	}
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.IOError, "the data directory %s can't be made", options.Dir)
	}
	lock, err := options.FS.Lock(m.path(lockName))
	if errors.Is(err, vfs.ErrLocked) {
		return nil, sqlerr.Wrap(err, sqlerr.ObjectInUse, "another process has the data directory %s open", options.Dir).
			WithHint("stop that one, or choose another --data-dir")
	}
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.IOError, "the data directory %s can't be locked", options.Dir)
	}
	m.lock = lock
	if err := m.recover(ctx); err != nil {
		return nil, errors.Join(coded(err), m.closeFiles())
	}
	go m.sequence()
	m.flusher.Go(func() { m.flushOnDemand(context.WithoutCancel(ctx)) })
	if !options.ManualCompaction {
		m.flusher.Go(m.compactOnDemand)
		m.wakeCompactor()
	}
	return m, nil
}

// coded gives an error of the file system its code.
func coded(err error) error {
	if _, known := errors.AsType[*sqlerr.Error](err); known {
		return err
	}
	code := sqlerr.From(err).Code
	if code == sqlerr.InternalError {
		code = sqlerr.IOError
	}
	return sqlerr.Wrap(err, code, "the data directory can't be opened: %v", err)
}

// recover reads the manifest and then the log, and removes files that neither names.
func (m *Manager) recover(ctx context.Context) error {
	if err := m.checkComplete(); err != nil {
		return err
	}
	var err error
	m.manifest, err = manifest.Open(m.options.FS, m.path(manifestDirectory), manifest.Options{
		Initial: []manifest.Change{
			&manifest.CreateDatabase{ID: mainID, Name: catalog.DefaultDatabase},
			&manifest.CreateDatabase{ID: systemID, Name: catalog.SystemDatabase},
		},
	})
	if err != nil {
		return err
	}
	state := m.manifest.State()
	// The first checkpoint is written when the log has been made: without it there has been no commit.
	fresh := state.NextID == 0
	m.ids.Store(max(state.NextID, uint64(firstFreeID)) - 1)
	r := &recovery{manager: m, from: state}
	if err := r.readManifest(); err != nil {
		return err
	}
	m.log, err = wal.Open(ctx, m.options.FS, m.path(logDirectory), wal.Options{
		Instance: m.manifest.Instance(), FileBytes: m.options.LogFileBytes,
		From: wal.LSN(state.WAL), Synced: wal.LSN(state.WAL), Create: fresh,
	}, r.replay)
	if err != nil {
		return err
	}
	if fresh {
		if err := m.manifest.Append([]manifest.Change{&manifest.Checkpoint{NextID: uint64(firstFreeID)}}); err != nil {
			return err
		}
	}
	m.checkpointed.Store(state.WAL)
	m.snapshots.publish(r.state)
	m.measureAll(r.state)
	return r.removeUnnamed()
}

// checkComplete refuses a directory that has lost its manifest and still has a log: a new manifest would hide it.
func (m *Manager) checkComplete() error {
	names, err := m.list(manifestDirectory)
	if err != nil || slices.Contains(names, manifest.CurrentName) {
		return err
	}
	names, err = m.list(logDirectory)
	if err != nil || len(names) == 0 {
		return err
	}
	return sqlerr.New(sqlerr.DataCorrupted, "%s is missing, and there is a log",
		m.path(manifestDirectory+"/"+manifest.CurrentName)).WithHint("restore the data directory from a backup")
}

// list returns the names in a directory of the data directory; none when it does not exist.
func (m *Manager) list(directory string) ([]string, error) {
	names, err := m.options.FS.List(m.path(directory))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return names, err
}

// recovery makes the state that the manifest and the log say.
type recovery struct {
	manager *Manager
	from    *manifest.State
	state   *published
	moves   map[catalog.TableID][]*table.Translator
}

// readManifest makes the state as of the manifest's checkpoint.
func (r *recovery) readManifest() error {
	var changes []manifest.Change
	for _, id := range slices.Sorted(maps.Keys(r.from.Databases)) {
		changes = append(changes, &manifest.CreateDatabase{ID: id, Name: r.from.Databases[id].Name})
	}
	for _, id := range slices.Sorted(maps.Keys(r.from.Tables)) {
		changes = append(changes, &manifest.CreateTable{Table: r.from.Tables[id].Definition})
	}
	definitions, err := newDefinitions().apply(changes, 0)
	if err != nil {
		return sqlerr.Wrap(err, sqlerr.DataCorrupted, "the manifest contradicts itself: %v", err)
	}
	r.state = &published{
		sequence: r.from.Through, time: r.from.Time, definitions: definitions,
		tables: map[catalog.TableID]*table.Version{}, moves: map[catalog.TableID][]move{},
	}
	r.state.since = r.from.Through // older programs did not keep what is before it
	if r.from.Retain != nil {
		r.state.since = r.from.Retain.Since
	}
	r.moves = map[catalog.TableID][]*table.Translator{}
	for id, of := range r.from.Tables {
		if !of.Definition.Kind.HasRows() {
			continue
		}
		if err := r.readTable(id, of); err != nil {
			return err
		}
	}
	return nil
}

func (r *recovery) readTable(id catalog.TableID, of *manifest.Table) error {
	segments := make([]*segment.Descriptor, len(of.Segments))
	for i, s := range of.Segments {
		var err error
		if segments[i], err = decodeSegment(s.Descriptor); err != nil {
			return err
		}
	}
	var vectors []table.DeleteVector
	for _, block := range slices.Sorted(maps.Keys(of.Deletes)) {
		d := of.Deletes[block]
		vectors = append(vectors, table.DeleteVector{Block: block, Offsets: d.Offsets, Erased: d.Erased})
	}
	for _, p := range of.Permutations {
		t, err := decodePermutation(p)
		if err != nil {
			return err
		}
		r.moves[id] = append(r.moves[id], t)
	}
	v, err := table.Open(r.manager.environment, r.state.definitions.tables[id], segments, vectors)
	if err != nil {
		return err
	}
	if of.Statistics != nil {
		a := &table.Analysis{}
		if err := json.Unmarshal(of.Statistics, a); err != nil {
			return sqlerr.Wrap(err, sqlerr.DataCorrupted, "the statistics of the manifest can't be read: %v", err)
		}
		v = v.WithAnalysis(a)
	}
	r.state.tables[id] = v
	return nil
}

// replay applies a commit of the log.
func (r *recovery) replay(c wal.Committed) error {
	if c.Sequence != r.state.sequence+1 {
		return sqlerr.New(sqlerr.DataCorrupted, "in the log commit %d follows commit %d", c.Sequence, r.state.sequence)
	}
	placed := c.Placed
	for _, record := range c.Records {
		var err error
		switch record := record.(type) {
		case *wal.Definition:
			err = r.define(record, catalog.Version(c.Sequence))
		case *wal.Insert:
			if len(placed) == 0 {
				return sqlerr.New(sqlerr.DataCorrupted, "commit %d of the log places too few rows", c.Sequence)
			}
			err = r.insert(record, placed[0], c.Sequence)
			placed = placed[1:]
		case *wal.Segments:
			err = r.addSegments(record, c.Sequence)
		case *wal.Delete:
			err = r.remove(record, c.Sequence)
		default:
			err = sqlerr.New(sqlerr.DataCorrupted, "the log has a record of an unexpected form (%T)", record)
		}
		if err != nil {
			return sqlerr.Wrap(err, sqlerr.DataCorrupted, "commit %d of the log can't be applied: %v", c.Sequence, err)
		}
	}
	r.state.sequence, r.state.time = c.Sequence, c.Time
	return nil
}

// used keeps ids from being given again.
func (r *recovery) used(id uint64) {
	if ids := &r.manager.ids; id > ids.Load() {
		ids.Store(id)
	}
}

func (r *recovery) define(record *wal.Definition, version catalog.Version) error {
	changes, err := manifest.Decode(record.Body)
	if err != nil {
		return err
	}
	before := r.state.definitions
	if r.state.definitions, err = before.apply(changes, version); err != nil {
		return err
	}
	for id, of := range r.state.definitions.tables {
		r.used(uint64(id))
		if !of.Kind.HasRows() {
			continue
		}
		switch v := r.state.tables[id]; {
		case v == nil:
			r.state.tables[id], err = table.New(r.manager.environment, of)
		case v.Definition() != of:
			r.state.tables[id], err = v.Alter(of)
		}
		if err != nil {
			return err
		}
	}
	for id := range before.tables {
		if r.state.definitions.tables[id] == nil {
			delete(r.state.tables, id)
		}
	}
	for id := range r.state.definitions.databases {
		r.used(uint64(id))
	}
	return nil
}

// table returns the version of a table that a record names.
func (r *recovery) table(id catalog.TableID) (*table.Version, error) {
	v := r.state.tables[id]
	if v == nil {
		return nil, sqlerr.New(sqlerr.DataCorrupted, "there is no table %d", id)
	}
	return v, nil
}

func (r *recovery) insert(record *wal.Insert, at []wal.Range, sequence catalog.Sequence) error {
	v, err := r.table(record.Table)
	if err != nil {
		return err
	}
	definition := v.Definition()
	rows, err := decodeRows(record.Body, definition.Columns)
	if err != nil {
		return err
	}
	for _, p := range at {
		r.used(uint64(p.Block))
	}
	next, err := v.Append(rows, memtableRanges(at), sequence)
	if err != nil {
		return err
	}
	r.state.tables[record.Table] = next
	return nil
}

func (r *recovery) addSegments(record *wal.Segments, sequence catalog.Sequence) error {
	changes, err := manifest.Decode(record.Body)
	if err != nil {
		return err
	}
	for _, change := range changes {
		added, ok := change.(*manifest.AddSegment)
		if !ok {
			return sqlerr.New(sqlerr.DataCorrupted, "a record of segments has a change of another form (%T)", change)
		}
		v, err := r.table(added.Table)
		if err != nil {
			return err
		}
		d, err := decodeSegment(added.Descriptor)
		if err != nil {
			return err
		}
		r.used(d.ID)
		for _, g := range d.Groups {
			r.used(uint64(g.Block))
		}
		one := committed([]*segment.Descriptor{d}, sequence, v.Definition().Version)
		if r.state.tables[added.Table], err = v.AddSegments(one); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes rows, which the log may name by addresses that they had before the manifest's flush.
func (r *recovery) remove(record *wal.Delete, sequence catalog.Sequence) error {
	v, err := r.table(record.Table)
	if err != nil {
		return err
	}
	rows := record.Rows
	for _, t := range r.moves[record.Table] {
		var twice *catalog.Address
		if rows, twice = t.TranslateAll(rows); twice != nil {
			return sqlerr.New(sqlerr.DataCorrupted, "row %d of block %d is deleted twice", twice.Offset, twice.Block)
		}
	}
	r.state.tables[record.Table], err = v.Delete(rows, sequence)
	return err
}

// removeUnnamed removes the files of transactions and flushes that did not come to their end.
func (r *recovery) removeUnnamed() error {
	m := r.manager
	named := map[string]bool{}
	for _, v := range r.state.tables {
		for _, d := range v.Segments() {
			named[d.Path] = true
		}
	}
	for _, of := range r.from.Tables { // dropped in the log: the next flush removes these
		for _, s := range of.Segments {
			d, err := decodeSegment(s.Descriptor)
			if err != nil {
				return err
			}
			named[d.Path] = true
		}
	}
	names, err := m.list(segment.Directory)
	if err != nil {
		return err
	}
	var unnamed []string
	for _, name := range names {
		relative := segment.Directory + "/" + name
		if !named[relative] && (strings.HasSuffix(name, ".parquet") || strings.HasSuffix(name, ".tmp")) {
			unnamed = append(unnamed, relative)
		}
	}
	for _, path := range unnamed {
		if err := m.options.FS.Remove(m.path(path)); err != nil {
			return sqlerr.Wrap(err, sqlerr.IOError, "file %s, which nothing needs, can't be removed", path)
		}
	}
	if len(unnamed) > 0 {
		return m.options.FS.SyncDir(filepath.Join(m.options.Dir, segment.Directory))
	}
	return nil
}
