package model_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/compact"
	"github.com/micodb/micodb/txn"
)

const (
	retention    = time.Hour
	stepDuration = 30 * time.Second // at most, on the run's clock
	rowsWanted   = 900              // of a table, beyond which more is deleted than added
)

// names are the tables that may exist.
var names = []string{"a", "b"}

// run is one random sequence.
type run struct {
	t       *testing.T
	random  *rand.Rand
	disk    *vfs.Memory
	clock   catalog.Timestamp
	manager *txn.Manager
	oracle  *oracle
	held    []*held // transactions that stay open over other steps
	counts  map[string]int
}

// held is an open transaction.
type held struct {
	tx      *txn.Transaction
	at      catalog.Sequence
	tables  map[string]*table
	changes map[string]*changes
}

func newRun(t *testing.T, seed uint64) *run {
	t.Helper()
	r := &run{
		t: t, random: rand.New(rand.NewPCG(seed, 8)), disk: vfs.NewMemory(), oracle: newOracle(),
		clock: catalog.Timestamp(time.Hour), counts: map[string]int{},
	}
	r.open()
	return r
}

func (r *run) open() {
	m, err := txn.Open(r.t.Context(), txn.Options{
		FS: r.disk, Dir: "data",
		Limits:           txn.Limits{LogFileBytes: 1, WriteSetBytes: 32 << 10},
		Clock:            func() catalog.Timestamp { return r.clock },
		Retention:        retention,
		Compaction:       compact.Policy{FanIn: 3, SmallBytes: 8 << 10, LargeBytes: 256 << 10, GoneShare: 0.1},
		ManualCompaction: true,
	})
	require.NoError(r.t, err)
	r.manager = m
	require.Equal(r.t, r.oracle.newest(), m.Sequence())
}

// steps are what may happen, and how often.
func (r *run) steps() []func() {
	var all []func()
	for _, s := range []struct {
		times int
		do    func()
	}{
		{30, r.change},
		{4, r.truncate},
		{1, r.large},
		{4, r.define},
		{4, r.hold},
		{6, r.letGo},
		{7, r.flush},
		{7, r.compact},
		{1, r.restart},
		{2, r.crash},
		{20, r.readOlder},
		{8, r.readNewest},
		{8, r.readHeld},
		{4, r.refuse},
	} {
		for range s.times {
			all = append(all, s.do)
		}
	}
	return all
}

func (r *run) all(n int) {
	all := r.steps()
	for range n {
		r.clock += catalog.Timestamp(r.random.Int64N(int64(stepDuration)))
		all[r.random.IntN(len(all))]()
	}
	r.restart()
	for range 50 {
		r.readOlder()
	}
	r.readNewest()
}

func (r *run) begin() *held {
	tx, err := r.manager.Begin(r.t.Context(), txn.TransactionOptions{})
	require.NoError(r.t, err)
	require.Equal(r.t, r.oracle.newest(), tx.Sequence())
	return &held{
		tx: tx, at: r.oracle.newest(), tables: maps.Clone(r.oracle.tables), changes: map[string]*changes{},
	}
}

// commit ends a transaction, which conflicts exactly when the oracle says so.
func (r *run) commit(h *held) {
	empty := true
	conflict := false
	for name, c := range h.changes {
		if !c.touched {
			continue
		}
		empty = false
		conflict = conflict || r.oracle.tables[name] != h.tables[name] || c.conflicts()
	}
	at, err := h.tx.Commit(r.t.Context())
	switch {
	case conflict:
		require.Equal(r.t, sqlerr.SerializationFailure, sqlerr.CodeOf(err), "a conflict is not found: %v", err)
		r.counts["conflict"]++
	case empty:
		require.NoError(r.t, err)
	default:
		require.NoError(r.t, err)
		r.oracle.commit(at, h.changes)
	}
	require.Equal(r.t, r.oracle.newest(), r.manager.Sequence())
}

// anyTable returns a table of a transaction; none when there is none.
func (r *run) anyTable(of map[string]*table) string {
	all := slices.Sorted(maps.Keys(of))
	if len(all) == 0 {
		return ""
	}
	return all[r.random.IntN(len(all))]
}

// change is a transaction of its own.
func (r *run) change() {
	h := r.begin()
	for range 1 + r.random.IntN(3) {
		if r.random.IntN(4) == 0 {
			r.undo(h)
		}
		r.write(h)
	}
	if r.random.IntN(10) == 0 {
		require.NoError(r.t, h.tx.Rollback(r.t.Context()))
		return
	}
	r.commit(h)
}

// write adds to a transaction what is to be changed in one table.
func (r *run) write(h *held) {
	name := r.anyTable(h.tables)
	if name == "" {
		return
	}
	c := h.changes[name]
	if c == nil {
		c = newChanges()
		h.changes[name] = c
	}
	many := len(h.tables[name].live) > rowsWanted
	switch k := r.random.IntN(10); {
	case k < 4 && !many:
		r.insert(h, name, c, []int{1, 3, 40, 300, 1500, 4500}[min(r.random.IntN(6), r.random.IntN(7), r.random.IntN(7))])
	case k < 7:
		r.remove(h, name, c, 1+r.random.IntN(20), true)
	case many:
		r.remove(h, name, c, 500+r.random.IntN(1000), false)
	default:
		r.remove(h, name, c, 1+r.random.IntN(10), false)
	}
}

func (r *run) insert(h *held, name string, c *changes, n int) {
	rows := make(map[int64]int64, n)
	for range n {
		r.oracle.nextID++
		rows[r.oracle.nextID] = r.random.Int64N(1000)
	}
	r.add(h, name, c, rows)
}

func (r *run) add(h *held, name string, c *changes, rows map[int64]int64) {
	maps.Copy(c.added, rows)
	c.touched = c.touched || len(rows) > 0
	ids := slices.Sorted(maps.Keys(rows))
	for part := range slices.Chunk(ids, vector.ChunkRows) {
		id, value := vector.NewBuilder(vector.Of(vector.Int64)), vector.NewBuilder(vector.Of(vector.Int64))
		of := vector.NewBuilder(vector.Of(vector.Text))
		for _, k := range part {
			id.AppendInt(k)
			value.AppendInt(rows[k])
			of.AppendText(text(rows[k]))
		}
		chunk := &vector.Chunk{Len: len(part), Columns: []*vector.Vector{id.Build(), value.Build(), of.Build()}}
		require.NoError(r.t, h.tx.Insert(r.t.Context(), h.tables[name].id, chunk))
	}
}

// remove deletes rows, or gives them other values.
func (r *run) remove(h *held, name string, c *changes, n int, update bool) {
	_, where := r.scan(h.tx, h.tables[name].id, 0)
	ids := slices.Sorted(maps.Keys(where))
	r.random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	var gone []catalog.Address
	again := map[int64]int64{}
	for _, id := range ids[:min(n, len(ids))] {
		gone = append(gone, where[id])
		if _, own := c.added[id]; own {
			delete(c.added, id)
		} else {
			c.removed[id] = r.rowOf(h, name, id)
		}
		again[id] = r.random.Int64N(1000)
	}
	c.touched = c.touched || len(gone) > 0
	require.NoError(r.t, h.tx.Delete(r.t.Context(), h.tables[name].id, gone))
	if update && len(again) > 0 {
		r.add(h, name, c, again)
	}
}

// rowOf returns the row with an id that a transaction saw when it began.
func (r *run) rowOf(h *held, name string, id int64) *row {
	t := h.tables[name]
	if x := t.live[id]; x != nil && x.at(h.at) {
		return x
	}
	for _, x := range t.rows {
		if x.id == id && x.at(h.at) {
			return x
		}
	}
	require.Fail(r.t, "a row is read that was never there", "%d", id)
	return nil
}

// large is a transaction with statements of many rows in all tables, which go to files as they come, and what is done
// to them before the commit: they are updated, deleted in part or all, or rolled back.
func (r *run) large() {
	h := r.begin()
	for _, name := range slices.Sorted(maps.Keys(h.tables)) {
		c := newChanges()
		h.changes[name] = c
		if len(h.tables[name].live) > rowsWanted || r.random.IntN(3) == 0 {
			r.remove(h, name, c, 1<<30, false) // a TRUNCATE
		}
		r.insert(h, name, c, 1200+r.random.IntN(1500))
		switch r.random.IntN(4) {
		case 0:
			r.undo(h)
		case 1:
			r.remove(h, name, c, 1<<30, true) // an UPDATE of all rows, those that were just inserted among them
		case 2:
			r.remove(h, name, c, 1<<30, false)
		default:
		}
		r.remove(h, name, c, r.random.IntN(2000), false)
	}
	r.counts["large"]++
	r.commit(h)
}

// undo makes changes that are rolled back to a savepoint, some of them by a statement that was cancelled midway.
func (r *run) undo(h *held) {
	before := map[string]changes{}
	for name, c := range h.changes {
		before[name] = changes{added: maps.Clone(c.added), removed: maps.Clone(c.removed), touched: c.touched}
	}
	require.NoError(r.t, h.tx.Savepoint(r.t.Context(), "s"))
	for range 1 + r.random.IntN(2) {
		r.write(h)
	}
	if name := r.anyTable(h.tables); name != "" && r.random.IntN(2) == 0 {
		r.insert(h, name, newChanges(), 1+r.random.IntN(3000))
		ctx, cancel := context.WithCancel(r.t.Context())
		cancel()
		require.ErrorIs(r.t, h.tx.Delete(ctx, h.tables[name].id, nil), context.Canceled)
	}
	require.NoError(r.t, h.tx.RollbackTo(r.t.Context(), "s"))
	for name, c := range h.changes {
		if old, known := before[name]; known {
			*c = old
		} else {
			delete(h.changes, name)
		}
	}
	r.counts["undo"]++
}

func (r *run) truncate() {
	if r.random.IntN(4) > 0 {
		return
	}
	h := r.begin()
	if name := r.anyTable(h.tables); name != "" {
		h.changes[name] = newChanges()
		r.remove(h, name, h.changes[name], 1<<30, false)
	}
	r.commit(h)
}

// define makes a table, or now and then drops one.
func (r *run) define() {
	name := names[r.random.IntN(len(names))]
	old := r.oracle.tables[name]
	if old != nil && r.random.IntN(8) > 0 {
		return
	}
	h := r.begin()
	of := catalog.TableName{Database: "main", Table: name}
	var d catalog.Definition = catalog.DropTable{Name: of}
	if old == nil {
		d = catalog.CreateTable{Name: of, Columns: []catalog.Column{
			{Name: "id", Type: vector.Of(vector.Int64), NotNull: true},
			{Name: "value", Type: vector.Of(vector.Int64)},
			{Name: "text", Type: vector.Of(vector.Text)},
		}}
	}
	require.NoError(r.t, h.tx.Define(r.t.Context(), d))
	var id catalog.TableID
	if old == nil {
		found, err := h.tx.Table(r.t.Context(), of)
		require.NoError(r.t, err)
		id = found.ID
	}
	at, err := h.tx.Commit(r.t.Context())
	require.NoError(r.t, err)
	r.oracle.commit(at, nil)
	delete(r.oracle.tables, name)
	if old == nil {
		r.oracle.tables[name] = &table{id: id, made: r.oracle.newest(), live: map[int64]*row{}}
	}
}

// hold begins a transaction that stays open, and may change something.
func (r *run) hold() {
	if len(r.held) == 4 {
		return
	}
	h := r.begin()
	r.held = append(r.held, h)
	if r.random.IntN(2) == 0 {
		r.write(h)
	}
}

// letGo ends an open transaction.
func (r *run) letGo() {
	if len(r.held) == 0 {
		return
	}
	k := r.random.IntN(len(r.held))
	h := r.held[k]
	r.held = slices.Delete(r.held, k, k+1)
	if r.random.IntN(2) == 0 {
		r.write(h)
	}
	if r.random.IntN(4) == 0 {
		require.NoError(r.t, h.tx.Rollback(r.t.Context()))
		return
	}
	r.commit(h)
}

func (r *run) flush() {
	require.NoError(r.t, r.manager.Flush(r.t.Context()))
	r.counts["flush"]++
}

func (r *run) compact() {
	for {
		more, err := r.manager.Compact(r.t.Context())
		require.NoError(r.t, err)
		if !more {
			return
		}
		r.counts["compaction"]++
		if r.random.IntN(3) == 0 {
			return
		}
	}
}

// restart ends the instance in good order.
func (r *run) restart() {
	for _, h := range r.held {
		require.NoError(r.t, h.tx.Rollback(r.t.Context()))
	}
	r.held = nil
	require.NoError(r.t, r.manager.Close(context.WithoutCancel(r.t.Context())))
	r.open()
	r.requireNoOtherFiles()
	r.counts["restart"]++
}

// crash cuts the power.
func (r *run) crash() {
	if r.random.IntN(2) == 0 {
		return
	}
	kept := []float64{0, 0.5, 1}[r.random.IntN(3)]
	left := r.disk.CrashClone(kept, r.random.Uint64())
	for _, h := range r.held {
		require.NoError(r.t, h.tx.Rollback(r.t.Context()))
	}
	r.held = nil
	require.NoError(r.t, r.manager.Close(context.WithoutCancel(r.t.Context()))) // of the machine that is gone
	r.disk = left
	r.open()
	r.counts["crash"]++
}
