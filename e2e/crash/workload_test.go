package crash_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/compact"
	"github.com/micodb/micodb/txn"
)

// tables are those that every commit of the workload changes together.
var tables = []string{"left", "right"}

func name(table string) catalog.TableName { return catalog.TableName{Database: "main", Table: table} }

// openInstance opens an instance that retains the versions of 80 looks at the clock, which are a commit each, or a
// segment.
func openInstance(ctx context.Context, fsys vfs.FS) (*txn.Manager, error) {
	var looks atomic.Int64
	return txn.Open(ctx, txn.Options{
		FS: fsys, Dir: "data", Limits: txn.Limits{LogFileBytes: 1, WriteSetBytes: 64 << 10},
		Clock:     func() catalog.Timestamp { return catalog.Timestamp(looks.Add(1)) },
		Retention: 80, Compaction: compact.Policy{FanIn: 3}, ManualCompaction: true,
	})
}

// fingerprint stands for the rows of a table.
type fingerprint struct {
	rows int
	sum  uint64
}

// add counts a row in (sign 1) or out (sign -1).
func (f *fingerprint) add(id uint64, sign int) {
	x := (id + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	x ^= x >> 31
	x *= 0x94d049bb133111eb
	f.rows += sign
	f.sum += uint64(sign) * (x ^ x>>29)
}

// state is what an instance holds; the table "third" comes and goes.
type state struct {
	rows  map[string]fingerprint
	third bool
}

func (s state) clone() state {
	return state{rows: maps.Clone(s.rows), third: s.third}
}

// workload commits to an instance, and knows what each commit makes of it.
type workload struct {
	manager *txn.Manager
	random  *rand.Rand
	live    map[string][]uint64 // ids of rows
	nextID  uint64

	compactions int
	states      []state // states[k] is after k commits; guarded by the order of the two counters
	// Commits that have been begun, and that have been acknowledged. A crash in between finds one of the states
	// from acknowledged to begun.
	begun, acknowledged atomic.Int64
}

func newWorkload(m *txn.Manager, seed uint64) *workload {
	return &workload{
		manager: m, random: rand.New(rand.NewPCG(seed, 1)), live: map[string][]uint64{},
		states: []state{{rows: map[string]fingerprint{}}},
	}
}

// commit runs one transaction, which does as change says.
func (w *workload) commit(ctx context.Context, change func(tx *txn.Transaction, next *state) error) error {
	tx, err := w.manager.Begin(ctx, txn.TransactionOptions{})
	if err != nil {
		return err
	}
	next := w.states[len(w.states)-1].clone()
	if err := change(tx, &next); err != nil {
		_ = tx.Rollback(ctx)
		return err
	}
	w.states = append(w.states, next)
	w.begun.Add(1)
	if _, err := tx.Commit(ctx); err != nil {
		return err
	}
	w.acknowledged.Add(1)
	return nil
}

// prepare makes the tables.
func (w *workload) prepare(ctx context.Context) error {
	return w.commit(ctx, func(tx *txn.Transaction, next *state) error {
		for _, t := range tables {
			next.rows[t] = fingerprint{}
			if err := define(ctx, tx, t); err != nil {
				return err
			}
		}
		return nil
	})
}

func define(ctx context.Context, tx *txn.Transaction, table string) error {
	return tx.Define(ctx, catalog.CreateTable{Name: name(table), Columns: []catalog.Column{
		{Name: "id", Type: vector.Of(vector.Int64), NotNull: true}, {Name: "text", Type: vector.Of(vector.Text)},
	}})
}

// run does n commits, with flushes and rollbacks between them.
func (w *workload) run(ctx context.Context, n int) error {
	for i := range n {
		if err := w.step(ctx, i); err != nil {
			return err
		}
		if i%24 == 11 {
			if err := w.manager.Flush(ctx); err != nil {
				return err
			}
		}
		if i%24 == 20 {
			if err := w.compact(ctx); err != nil {
				return err
			}
		}
		if i%10 == 4 {
			if err := w.abort(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// compact compacts until there is nothing to do.
func (w *workload) compact(ctx context.Context) error {
	for {
		more, err := w.manager.Compact(ctx)
		if err != nil || !more {
			return err
		}
		w.compactions++
	}
}

// step deletes from, inserts into and updates both tables, own rows among them, and makes or drops the third now and
// then.
func (w *workload) step(ctx context.Context, i int) error {
	return w.commit(ctx, func(tx *txn.Transaction, next *state) error {
		if i%17 == 8 {
			next.third = !next.third
			if next.third {
				if err := define(ctx, tx, "third"); err != nil {
					return err
				}
			} else if err := tx.Define(ctx, catalog.DropTable{Name: name("third")}); err != nil {
				return err
			}
		}
		count := 1 + w.random.IntN(20)
		if i%40 == 30 {
			count = 3500 // streams to a segment
		}
		for _, t := range tables {
			f := next.rows[t]
			if err := w.delete(ctx, tx, t, &f); err != nil {
				return err
			}
			if err := w.insert(ctx, tx, t, count, &f); err != nil {
				return err
			}
			if err := w.update(ctx, tx, t); err != nil {
				return err
			}
			if err := w.delete(ctx, tx, t, &f); err != nil { // rows that it has just inserted, too
				return err
			}
			next.rows[t] = f
		}
		return nil
	})
}

func (w *workload) insert(ctx context.Context, tx *txn.Transaction, table string, count int, f *fingerprint) error {
	ids := make([]uint64, count)
	for i := range ids {
		w.nextID++
		ids[i] = w.nextID
		f.add(w.nextID, 1)
	}
	w.live[table] = append(w.live[table], ids...)
	found, err := tx.Table(ctx, name(table))
	if err != nil {
		return err
	}
	return tx.Insert(ctx, found.ID, rowsOf(ids))
}

func textOf(id uint64) string { return fmt.Sprintf("row %d", id) }

// delete removes up to three rows.
func (w *workload) delete(ctx context.Context, tx *txn.Transaction, table string, f *fingerprint) error {
	chosen := map[uint64]bool{}
	for range min(w.random.IntN(4), len(w.live[table])) {
		k := w.random.IntN(len(w.live[table]))
		id := w.live[table][k]
		chosen[id] = true
		f.add(id, -1)
		last := len(w.live[table]) - 1
		w.live[table][k] = w.live[table][last]
		w.live[table] = w.live[table][:last]
	}
	if len(chosen) == 0 {
		return nil
	}
	_, err := removeRows(ctx, tx, table, chosen)
	return err
}

// update replaces up to three rows by rows with the same values elsewhere.
func (w *workload) update(ctx context.Context, tx *txn.Transaction, table string) error {
	chosen := map[uint64]bool{}
	for range min(w.random.IntN(4), len(w.live[table])) {
		chosen[w.live[table][w.random.IntN(len(w.live[table]))]] = true
	}
	if len(chosen) == 0 {
		return nil
	}
	of, err := removeRows(ctx, tx, table, chosen)
	if err != nil {
		return err
	}
	return tx.Insert(ctx, of, rowsOf(slices.Sorted(maps.Keys(chosen))))
}

// removeRows deletes the rows of some ids, all of which must be there.
func removeRows(
	ctx context.Context, tx *txn.Transaction, table string, chosen map[uint64]bool,
) (catalog.TableID, error) {
	found, err := tx.Table(ctx, name(table))
	if err != nil {
		return 0, err
	}
	var where []catalog.Address
	err = scan(ctx, tx, found.ID, 0, func(id uint64, _ string, at catalog.Address) {
		if chosen[id] {
			where = append(where, at)
		}
	})
	if err != nil {
		return 0, err
	}
	if len(where) != len(chosen) {
		return 0, fmt.Errorf("%d of %d rows of table %s are there to be deleted", len(where), len(chosen), table)
	}
	return found.ID, tx.Delete(ctx, found.ID, where)
}

func rowsOf(ids []uint64) *vector.Chunk {
	id, text := vector.NewBuilder(vector.Of(vector.Int64)), vector.NewBuilder(vector.Of(vector.Text))
	for _, k := range ids {
		id.AppendInt(int64(k))
		text.AppendText(textOf(k))
	}
	return &vector.Chunk{Len: len(ids), Columns: []*vector.Vector{id.Build(), text.Build()}}
}

// abort writes and rolls back.
func (w *workload) abort(ctx context.Context) error {
	tx, err := w.manager.Begin(ctx, txn.TransactionOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	rows := &vector.Chunk{Len: 1, Columns: []*vector.Vector{
		vector.Ints64(vector.Of(vector.Int64), -1), vector.TextsOf("rolled back"),
	}}
	for _, t := range tables {
		found, err := tx.Table(ctx, name(t))
		if err != nil {
			return err
		}
		if err := tx.Insert(ctx, found.ID, rows); err != nil {
			return err
		}
	}
	return tx.Rollback(ctx)
}

// scan hands out all rows of a table, as of a commit when it is not 0.
func scan(
	ctx context.Context, s catalog.Snapshot, id catalog.TableID, asOf catalog.Sequence,
	row func(id uint64, text string, at catalog.Address),
) (err error) {
	all, err := s.Scan(ctx, id, catalog.ScanRequest{
		AsOf:    asOf,
		Columns: []catalog.ColumnID{1, 2, catalog.AddressBlock, catalog.AddressOffset},
	})
	if err != nil {
		return err
	}
	defer all.Close()
	source, err := all.Open(0)
	if err != nil {
		return err
	}
	defer source.Close()
	for {
		c, err := source.Next(ctx)
		if err != nil || c == nil {
			return err
		}
		sel := c.Sel
		if sel == nil {
			sel = vector.All(c.Len)
		}
		for _, i := range sel {
			k := int(i)
			at := catalog.Address{
				Block: catalog.BlockID(c.Columns[2].Int(k)), Offset: uint32(c.Columns[3].Int(k)),
			}
			row(uint64(c.Columns[0].Int(k)), string(c.Columns[1].Bytes(k)), at)
		}
	}
}

// observe reads the state of an instance, and checks each row.
func observe(t *testing.T, m *txn.Manager) state {
	t.Helper()
	tx, err := m.Begin(t.Context(), txn.TransactionOptions{ReadOnly: true})
	require.NoError(t, err)
	defer tx.Close()
	names, err := tx.Tables(t.Context(), "main")
	require.NoError(t, err)
	s := state{rows: map[string]fingerprint{}}
	for _, of := range names {
		if of.Table == "third" {
			s.third = true
			continue
		}
		found, err := tx.Table(t.Context(), of)
		require.NoError(t, err)
		s.rows[of.Table] = fingerprintOf(t, tx, found, 0)
	}
	return s
}

func fingerprintOf(t *testing.T, tx *txn.Transaction, of *catalog.Table, asOf catalog.Sequence) fingerprint {
	t.Helper()
	var f fingerprint
	wrong := 0
	require.NoError(t, scan(t.Context(), tx, of.ID, asOf, func(id uint64, text string, _ catalog.Address) {
		f.add(id, 1)
		if text != textOf(id) {
			wrong++
		}
	}))
	require.Zero(t, wrong, "rows of table %s whose columns don't belong together", of.Name)
	return f
}

// requireOlder checks a version in the middle of those that are retained.
func requireOlder(t *testing.T, w *workload, m *txn.Manager) {
	t.Helper()
	tx, err := m.Begin(t.Context(), txn.TransactionOptions{ReadOnly: true})
	require.NoError(t, err)
	defer tx.Close()
	oldest := tx.OldestSequence()
	asOf := oldest + (tx.Sequence()-oldest)/2
	if asOf == 0 {
		return
	}
	for _, of := range tables {
		found, err := tx.Table(t.Context(), name(of))
		require.NoError(t, err)
		require.Equal(t, w.states[asOf].rows[of], fingerprintOf(t, tx, found, asOf), "table %s as of %d", of, asOf)
	}
}

// requireState checks that an instance holds the state after some number of commits, from acknowledged to begun.
func requireState(t *testing.T, w *workload, m *txn.Manager, from, to int64) {
	t.Helper()
	k := int64(m.Sequence())
	require.GreaterOrEqual(t, k, from, "acknowledged commits are lost")
	require.LessOrEqual(t, k, to, "there are commits that nobody made")
	require.Equal(t, w.states[k], observe(t, m), "the state after commit %d", k)
	requireOlder(t, w, m)
}
