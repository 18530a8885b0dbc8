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

// state is what an instance holds; the table "third" comes and goes, as do the columns "extra" of the others, under a new
// id each time. A row has its own id there, or NULL where it is older than the column.
type state struct {
	rows  map[string]fingerprint
	extra map[string]fingerprint // of the rows that have a value there, by the tables that have the column
	third bool
}

func (s state) clone() state {
	return state{rows: maps.Clone(s.rows), extra: maps.Clone(s.extra), third: s.third}
}

// workload commits to an instance, and knows what each commit makes of it.
type workload struct {
	manager *txn.Manager
	random  *rand.Rand
	live    map[string][]uint64        // ids of rows
	valued  map[string]map[uint64]bool // those of them that have a value in the column "extra"
	nextID  uint64

	compactions int
	states      []state // states[k] is after k commits; guarded by the order of the two counters
	// Commits that have been begun, and that have been acknowledged. A crash in between finds one of the states
	// from acknowledged to begun.
	begun, acknowledged atomic.Int64
}

func newWorkload(m *txn.Manager, seed uint64) *workload {
	return &workload{
		manager: m, random: rand.New(rand.NewPCG(seed, 1)), live: map[string][]uint64{}, valued: map[string]map[uint64]bool{},
		states: []state{{rows: map[string]fingerprint{}, extra: map[string]fingerprint{}}},
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
	return tx.Define(ctx, definition(table))
}

func definition(table string) catalog.CreateTable {
	return catalog.CreateTable{Name: name(table), Columns: []catalog.Column{
		{Name: "id", Type: vector.Of(vector.Int64), NotNull: true},
		{Name: "text", Type: vector.Of(vector.Text)},
		{Name: "nested", Type: nestedType()},
	}}
}

// replace puts a new table with a row and a comment in the place of another one.
func replace(ctx context.Context, tx *txn.Transaction, table string) error {
	d := definition(table)
	d.Replace = true
	if err := tx.Define(ctx, d); err != nil {
		return err
	}
	found, err := tx.Table(ctx, d.Name)
	if err != nil {
		return err
	}
	if err := tx.Insert(ctx, found.ID, rowsOf([]uint64{1}, 3)); err != nil {
		return err
	}
	return tx.Define(ctx, catalog.AlterTable{
		Name: d.Name, Actions: []catalog.TableAction{catalog.Comment{Text: "replaced"}},
	})
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
		if i%11 == 5 {
			if err := w.alter(ctx, tx, tables[i%len(tables)], next); err != nil {
				return err
			}
		}
		if i%19 == 3 && next.third { // a table takes the place of another one
			if err := replace(ctx, tx, "third"); err != nil {
				return err
			}
		}
		count := 1 + w.random.IntN(20)
		if i%40 == 30 {
			count = 3500 // streams to a segment
		}
		for k, t := range tables {
			if err := w.delete(ctx, tx, t, next); err != nil {
				return err
			}
			if err := w.insert(ctx, tx, t, count, next); err != nil {
				return err
			}
			if i%23 == 9 && k == 0 { // rows of the transaction itself, too
				if err := w.alter(ctx, tx, t, next); err != nil {
					return err
				}
			}
			if err := w.update(ctx, tx, t, next); err != nil {
				return err
			}
			if err := w.delete(ctx, tx, t, next); err != nil { // rows that it has just inserted, too
				return err
			}
		}
		return nil
	})
}

// alter gives a table the column "extra", or takes it away.
func (w *workload) alter(ctx context.Context, tx *txn.Transaction, table string, next *state) error {
	w.valued[table] = map[uint64]bool{}
	var action catalog.TableAction = catalog.DropColumn{Column: "extra"}
	if _, there := next.extra[table]; there {
		delete(next.extra, table)
	} else {
		next.extra[table] = fingerprint{}
		action = catalog.AddColumn{Column: catalog.Column{Name: "extra", Type: vector.Of(vector.Int64)}}
	}
	return tx.Define(ctx, catalog.AlterTable{Name: name(table), Actions: []catalog.TableAction{action}})
}

func (w *workload) insert(ctx context.Context, tx *txn.Transaction, table string, count int, next *state) error {
	ids := make([]uint64, count)
	f := next.rows[table]
	for i := range ids {
		w.nextID++
		ids[i] = w.nextID
		f.add(w.nextID, 1)
	}
	next.rows[table] = f
	w.live[table] = append(w.live[table], ids...)
	found, err := tx.Table(ctx, name(table))
	if err != nil {
		return err
	}
	return w.insertRows(ctx, tx, found, ids, next)
}

// insertRows inserts rows with a value in each column that the table has.
func (w *workload) insertRows(
	ctx context.Context, tx *txn.Transaction, of *catalog.Table, ids []uint64, next *state,
) error {
	if f, there := next.extra[of.Name.Table]; there {
		for _, id := range ids {
			if !w.valued[of.Name.Table][id] {
				w.valued[of.Name.Table][id] = true
				f.add(id, 1)
			}
		}
		next.extra[of.Name.Table] = f
	}
	return tx.Insert(ctx, of.ID, rowsOf(ids, len(of.Columns)))
}

func textOf(id uint64) string { return fmt.Sprintf("row %d", id) }

// nestedType has texts in a list and an interval.
func nestedType() vector.Type {
	return vector.StructOf([]string{"texts", "span"},
		[]vector.Type{vector.ListOf(vector.Of(vector.Text)), vector.Of(vector.Interval)})
}

// nestedOf returns the nested value of a row: a list of up to three texts, now and then NULL, and a length.
func nestedOf(id uint64) vector.Scalar {
	of := nestedType()
	list := of.Fields[0].Type
	texts := vector.NullOf(list)
	if id%5 > 0 {
		members := []vector.Scalar{vector.TextOf(textOf(id)), vector.NullOf(list.Element()), vector.TextOf("")}
		texts = vector.PackedOf(list, members[:id%4])
	}
	span := vector.Scalar{Type: of.Fields[1].Type, Interval: vector.Months{Months: -1, Days: int32(id), Nanos: 7}}
	return vector.PackedOf(of, []vector.Scalar{texts, span})
}

// delete removes up to three rows.
func (w *workload) delete(ctx context.Context, tx *txn.Transaction, table string, next *state) error {
	chosen := map[uint64]bool{}
	f, extra := next.rows[table], next.extra[table]
	for range min(w.random.IntN(4), len(w.live[table])) {
		k := w.random.IntN(len(w.live[table]))
		id := w.live[table][k]
		chosen[id] = true
		f.add(id, -1)
		if w.valued[table][id] {
			extra.add(id, -1)
			delete(w.valued[table], id)
		}
		last := len(w.live[table]) - 1
		w.live[table][k] = w.live[table][last]
		w.live[table] = w.live[table][:last]
	}
	if len(chosen) == 0 {
		return nil
	}
	next.rows[table] = f
	if _, there := next.extra[table]; there {
		next.extra[table] = extra
	}
	_, err := removeRows(ctx, tx, table, chosen)
	return err
}

// update replaces up to three rows by rows with the same values elsewhere.
func (w *workload) update(ctx context.Context, tx *txn.Transaction, table string, next *state) error {
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
	return w.insertRows(ctx, tx, of, slices.Sorted(maps.Keys(chosen)), next)
}

// removeRows deletes the rows of some ids, all of which must be there.
func removeRows(
	ctx context.Context, tx *txn.Transaction, table string, chosen map[uint64]bool,
) (*catalog.Table, error) {
	found, err := tx.Table(ctx, name(table))
	if err != nil {
		return nil, err
	}
	var where []catalog.Address
	err = scan(ctx, tx, found, 0, func(id uint64, _ string, _ *uint64, at catalog.Address) {
		if chosen[id] {
			where = append(where, at)
		}
	})
	if err != nil {
		return nil, err
	}
	if len(where) != len(chosen) {
		return nil, fmt.Errorf("%d of %d rows of table %s are there to be deleted", len(where), len(chosen), table)
	}
	return found, tx.Delete(ctx, found.ID, where)
}

// rowsOf makes rows of the first columns, of four.
func rowsOf(ids []uint64, columns int) *vector.Chunk {
	id, text := vector.NewBuilder(vector.Of(vector.Int64)), vector.NewBuilder(vector.Of(vector.Text))
	nested := vector.NewBuilder(nestedType())
	for _, k := range ids {
		id.AppendInt(int64(k))
		text.AppendText(textOf(k))
		nested.AppendScalar(nestedOf(k))
	}
	ints := id.Build()
	return &vector.Chunk{Len: len(ids), Columns: []*vector.Vector{ints, text.Build(), nested.Build(), ints}[:columns]}
}

// abort writes and rolls back.
func (w *workload) abort(ctx context.Context) error {
	tx, err := w.manager.Begin(ctx, txn.TransactionOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	rows := rowsOf([]uint64{1 << 62}, 4)
	for _, t := range tables {
		found, err := tx.Table(ctx, name(t))
		if err != nil {
			return err
		}
		one := *rows
		one.Columns = rows.Columns[:len(found.Columns)]
		if err := tx.Insert(ctx, found.ID, &one); err != nil {
			return err
		}
		if err := w.alterFor(ctx, tx, found); err != nil {
			return err
		}
	}
	return tx.Rollback(ctx)
}

// alterFor alters a table in vain.
func (*workload) alterFor(ctx context.Context, tx *txn.Transaction, of *catalog.Table) error {
	return tx.Define(ctx, catalog.AlterTable{Name: of.Name, Actions: []catalog.TableAction{
		catalog.AddColumn{Column: catalog.Column{Name: "rolled back", Type: vector.Of(vector.Text)}},
		catalog.RenameColumn{From: "text", To: "other"},
	}})
}

// scan hands out all rows of a table, as of a commit when it is not 0: no text where the nested value is another row's;
// extra is nil for NULL, and without the column.
func scan(
	ctx context.Context, s catalog.Snapshot, of *catalog.Table, asOf catalog.Sequence,
	row func(id uint64, text string, extra *uint64, at catalog.Address),
) (err error) {
	request := catalog.ScanRequest{
		AsOf:    asOf,
		Columns: []catalog.ColumnID{1, 2, 3, catalog.AddressBlock, catalog.AddressOffset},
	}
	k := of.Find("extra")
	if k >= 0 {
		request.Columns = append(request.Columns, of.Columns[k].ID)
	}
	all, err := s.Scan(ctx, of.ID, request)
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
			var extra *uint64
			if len(c.Columns) > 5 && !c.Columns[5].IsNull(k) {
				extra = new(uint64(c.Columns[5].Int(k)))
			}
			at := catalog.Address{
				Block: catalog.BlockID(c.Columns[3].Int(k)), Offset: uint32(c.Columns[4].Int(k)),
			}
			id, text := uint64(c.Columns[0].Int(k)), string(c.Columns[1].Bytes(k))
			if c.Columns[2].ScalarAt(k).Bytes != nestedOf(id).Bytes {
				text = ""
			}
			row(id, text, extra, at)
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
	s := state{rows: map[string]fingerprint{}, extra: map[string]fingerprint{}}
	for _, of := range names {
		if of.Table == "third" {
			s.third = true
			continue
		}
		found, err := tx.Table(t.Context(), of)
		require.NoError(t, err)
		all, extra := fingerprintOf(t, tx, found, 0)
		s.rows[of.Table] = all
		if found.Find("extra") >= 0 {
			s.extra[of.Table] = extra
		}
	}
	return s
}

// fingerprintOf stands for all rows of a table, and for those that have a value in the column "extra".
func fingerprintOf(
	t *testing.T, tx *txn.Transaction, of *catalog.Table, asOf catalog.Sequence,
) (all, valued fingerprint) {
	t.Helper()
	wrong := 0
	require.NoError(t, scan(t.Context(), tx, of, asOf, func(id uint64, text string, extra *uint64, _ catalog.Address) {
		all.add(id, 1)
		if extra != nil {
			valued.add(*extra, 1)
		}
		if text != textOf(id) || extra != nil && *extra != id {
			wrong++
		}
	}))
	require.Zero(t, wrong, "rows of table %s whose columns don't belong together", of.Name)
	return all, valued
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
		rows, _ := fingerprintOf(t, tx, found, asOf)
		require.Equal(t, w.states[asOf].rows[of], rows, "table %s as of %d", of, asOf)
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
