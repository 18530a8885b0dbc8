package txn_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/compact"
	"github.com/micodb/micodb/txn"
)

func alter(table string, actions ...catalog.TableAction) catalog.AlterTable {
	return catalog.AlterTable{Name: named(table), Actions: actions}
}

func add(name string, of vector.Type) catalog.AddColumn {
	return catalog.AddColumn{Column: catalog.Column{Name: name, Type: of}}
}

// contents returns the rows of a table with all of its columns, as texts in order.
func contents(t *testing.T, s catalog.Snapshot, table string, asOf catalog.Sequence) []string {
	t.Helper()
	of, err := s.Table(t.Context(), named(table))
	require.NoError(t, err)
	request := catalog.ScanRequest{AsOf: asOf}
	for _, c := range of.Columns {
		request.Columns = append(request.Columns, c.ID)
	}
	scan, err := s.Scan(t.Context(), of.ID, request)
	require.NoError(t, err)
	defer scan.Close()
	source, err := scan.Open(0)
	require.NoError(t, err)
	defer source.Close()
	rows := []string{}
	for {
		c, err := source.Next(t.Context())
		require.NoError(t, err)
		if c == nil {
			slices.Sort(rows)
			return rows
		}
		sel := c.Sel
		if sel == nil {
			sel = vector.All(c.Len)
		}
		for _, i := range sel {
			var row []string
			for k, v := range c.Columns {
				require.Equal(t, of.Columns[k].Type, v.Type)
				switch x := v.ScalarAt(int(i)); {
				case x.Null:
					row = append(row, "NULL")
				case x.Type.Physical() == vector.Bytes:
					row = append(row, x.Bytes)
				default:
					row = append(row, fmt.Sprint(x.Int))
				}
			}
			rows = append(rows, strings.Join(row, " "))
		}
	}
}

func now(t *testing.T, m *txn.Manager, table string) []string {
	t.Helper()
	return contents(t, begin(t, m), table, 0)
}

func insertRow(t *testing.T, tx *txn.Transaction, table string, values ...vector.Scalar) {
	t.Helper()
	c := &vector.Chunk{Len: 1}
	for _, x := range values {
		b := vector.NewBuilder(x.Type)
		b.AppendScalar(x)
		c.Columns = append(c.Columns, b.Build())
	}
	require.NoError(t, tx.Insert(t.Context(), tableID(t, tx, table), c))
}

// TestAlteredTablesAreReadFromEverywhere alters a table whose rows are in segments, in memory and in the log, flushes,
// compacts and reopens at every place in between.
func TestAlteredTablesAreReadFromEverywhere(t *testing.T) {
	text, number, small := vector.Of(vector.Text), vector.Of(vector.Int64), vector.Of(vector.Int16)
	steps := []func(t *testing.T, m *txn.Manager){
		func(t *testing.T, m *txn.Manager) { t.Helper(); createTable(t, m, "t") },
		func(t *testing.T, m *txn.Manager) {
			t.Helper()
			tx := begin(t, m)
			insert(t, tx, "t", 1, 2)
			commit(t, tx)
		},
		func(t *testing.T, m *txn.Manager) {
			t.Helper()
			define(t, m, alter("t", add("n", small), add("s", text)))
		},
		func(t *testing.T, m *txn.Manager) {
			t.Helper()
			tx := begin(t, m)
			insertRow(t, tx, "t", vector.IntOf(number, 3), textOf(3), vector.IntOf(small, 30), vector.TextOf("new"))
			commit(t, tx)
		},
		func(t *testing.T, m *txn.Manager) {
			t.Helper()
			define(t, m, alter("t", catalog.DropColumn{Column: "text"}, catalog.ChangeType{Column: "n", Type: number}))
		},
		func(t *testing.T, m *txn.Manager) {
			t.Helper()
			tx := begin(t, m)
			insertRow(t, tx, "t", vector.IntOf(number, 4), vector.IntOf(number, 1<<40), vector.NullOf(text))
			commit(t, tx)
		},
		func(t *testing.T, m *txn.Manager) {
			t.Helper()
			define(t, m, alter("t", add("text", text), catalog.RenameTable{To: "u"}, catalog.Comment{Text: "said"},
				catalog.Comment{Column: "n", Text: "of it"}))
		},
	}
	want := []string{"1 NULL NULL NULL", "2 NULL NULL NULL", "3 30 new NULL", "4 1099511627776 NULL NULL"}
	for choice := range 1 << len(steps) {
		disk := vfs.NewMemory()
		o := options(disk)
		o.ManualCompaction, o.Compaction = true, compact.Policy{FanIn: 2}
		m := open(t, o)
		for i, step := range steps {
			step(t, m)
			if choice&(1<<i) == 0 {
				continue
			}
			switch i % 3 {
			case 0:
				require.NoError(t, m.Flush(t.Context()))
			case 1: // the log is replayed
				disk = disk.CrashClone(0, 0)
				o.FS = disk
				m = open(t, o)
			default:
				require.NoError(t, m.Flush(t.Context()))
				_, err := m.Compact(t.Context())
				require.NoError(t, err)
			}
		}
		require.Equal(t, want, now(t, m, "u"), "choice %b", choice)
		m = open(t, txn.Options{FS: disk.CrashClone(0, 0), Dir: "data", Limits: o.Limits})
		require.Equal(t, want, now(t, m, "u"), "choice %b", choice)
		require.NoError(t, m.Flush(t.Context()))
		require.Equal(t, want, now(t, m, "u"), "choice %b", choice)
		found, err := begin(t, m).Table(t.Context(), named("u"))
		require.NoError(t, err)
		ids := []catalog.ColumnID{}
		for _, c := range found.Columns {
			ids = append(ids, c.ID)
		}
		require.Equal(t, []catalog.ColumnID{1, 3, 4, 5}, ids, "no id is given twice")
		require.Equal(t, []string{"said", "of it"}, []string{found.Comment, found.Columns[1].Comment})
	}
}

func TestAnIdOfADroppedColumnIsNotGivenAgain(t *testing.T) {
	disk := vfs.NewMemory()
	m := open(t, options(disk))
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", 1, 2)
	commit(t, tx)
	require.NoError(t, m.Flush(t.Context()))
	define(t, m, alter("t", catalog.DropColumn{Column: "text"}))
	require.NoError(t, m.Flush(t.Context()))
	m = open(t, options(disk.CrashClone(0, 0)))
	define(t, m, alter("t", add("text", vector.Of(vector.Text))))
	require.Equal(t, []string{"1 NULL", "2 NULL"}, now(t, m, "t"))
}

// TestDefinitionsHaveSnapshots reads and writes in transactions that are older than an ALTER TABLE.
func TestDefinitionsHaveSnapshots(t *testing.T) {
	m := open(t, options(vfs.NewMemory()))
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", 1, 2)
	commit(t, tx)
	reader, writer, remover, other := begin(t, m), begin(t, m), begin(t, m), begin(t, m)
	insert(t, writer, "t", 3)
	remove(t, remover, "t", 1)
	require.NoError(t, other.Define(t.Context(), alter("t", catalog.RenameColumn{From: "text", To: "word"})))
	define(t, m, alter("t", catalog.DropColumn{Column: "text"}, add("n", vector.Of(vector.Int64))))
	require.Equal(t, []string{"1 " + textOf(1).Bytes, "2 " + textOf(2).Bytes}, contents(t, reader, "t", 0))
	for _, late := range []*txn.Transaction{writer, remover, other} {
		_, err := late.Commit(t.Context())
		requireCode(t, sqlerr.SerializationFailure, err)
	}
	require.NoError(t, m.Flush(t.Context()))
	require.Equal(t, []string{"1 " + textOf(1).Bytes, "2 " + textOf(2).Bytes}, contents(t, reader, "t", 0))
	require.Equal(t, []string{"1 NULL", "2 NULL"}, now(t, m, "t"))

	early := begin(t, m) // an ALTER TABLE does not conflict with rows that came since it began
	require.NoError(t, early.Define(t.Context(), alter("t", add("m", vector.Of(vector.Int64)))))
	tx = begin(t, m)
	insertRow(t, tx, "t", vector.IntOf(vector.Of(vector.Int64), 5), vector.IntOf(vector.Of(vector.Int64), 55))
	commit(t, tx)
	commit(t, early)
	require.Equal(t, []string{"1 NULL NULL", "2 NULL NULL", "5 55 NULL"}, now(t, m, "t"))
}

func TestOlderVersionsHaveTheColumnsOfNow(t *testing.T) {
	o := options(vfs.NewMemory())
	o.Retention = 1 << 40
	m := open(t, o)
	createTable(t, m, "before")
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", 1)
	commit(t, tx)
	then := m.Sequence()
	define(t, m, alter("t", add("n", vector.Of(vector.Int64))))
	require.Equal(t, []string{"1 b NULL"}, contents(t, begin(t, m), "t", then))
	tx = begin(t, m)
	require.NoError(t, tx.Define(t.Context(),
		alter("t", catalog.DropColumn{Column: "text"}, add("m", vector.Of(vector.Text)))))
	require.Equal(t, []string{"1 NULL NULL"}, contents(t, tx, "t", then), "of the transaction's own definition, too")
	_, err := tx.Scan(t.Context(), tableID(t, tx, "t"), catalog.ScanRequest{AsOf: then - 2})
	requireCode(t, sqlerr.UndefinedTable, err)
}

// TestCommitsOfOneGroupAreAltered commits rows and alterations at once, many of which share a group.
func TestCommitsOfOneGroupAreAltered(t *testing.T) {
	disk := vfs.NewMemory()
	m := open(t, options(disk))
	createTable(t, m, "t")
	var all sync.WaitGroup
	var mu sync.Mutex
	written, altered := 0, 0
	for w := range 8 {
		all.Go(func() {
			for i := range 40 {
				tx, err := m.Begin(t.Context(), txn.TransactionOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				of, err := tx.Table(t.Context(), named("t"))
				if err != nil {
					t.Error(err)
					return
				}
				if w < 2 {
					err = tx.Define(t.Context(), alter("t", add(fmt.Sprintf("c%d_%d", w, i), vector.Of(vector.Int64))))
				} else {
					rows := rowsOf(w*1000 + i)
					for range of.Columns[2:] {
						rows.Columns = append(rows.Columns, rows.Columns[0])
					}
					err = tx.Insert(t.Context(), of.ID, rows)
				}
				if err == nil {
					_, err = tx.Commit(t.Context())
				}
				mu.Lock()
				switch {
				case err == nil && w < 2:
					altered++
				case err == nil:
					written++
				case sqlerr.CodeOf(err) != sqlerr.SerializationFailure:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for _, m := range []*txn.Manager{m, open(t, options(disk.CrashClone(0, 0)))} {
		of, err := begin(t, m).Table(t.Context(), named("t"))
		require.NoError(t, err)
		require.Len(t, of.Columns, 2+altered)
		require.Len(t, now(t, m, "t"), written)
		require.Len(t, seen(t, m, "t"), written)
	}
	require.Positive(t, altered)
	require.Positive(t, written)
}

func TestASavepointBringsADefinitionBack(t *testing.T) {
	m := open(t, options(vfs.NewMemory()))
	createTable(t, m, "t")
	tx := begin(t, m)
	insert(t, tx, "t", 1)
	require.NoError(t, tx.Savepoint(t.Context(), "s"))
	require.NoError(t, tx.Define(t.Context(),
		alter("t", catalog.DropColumn{Column: "text"}, add("n", vector.Of(vector.Int64)))))
	insertRow(t, tx, "t", vector.IntOf(vector.Of(vector.Int64), 2), vector.IntOf(vector.Of(vector.Int64), 22))
	require.Equal(t, []string{"1 NULL", "2 22"}, contents(t, tx, "t", 0))
	require.NoError(t, tx.RollbackTo(t.Context(), "s"))
	insert(t, tx, "t", 3)
	commit(t, tx)
	require.ElementsMatch(t, []int{1, 3}, seen(t, m, "t"))
}

// TestOwnSegmentsAreAltered alters a table to which the transaction has written more than stays in memory.
func TestOwnSegmentsAreAltered(t *testing.T) {
	disk := vfs.NewMemory()
	m := open(t, smallWriteSets(disk))
	createTable(t, m, "t")
	tx := begin(t, m)
	for i := range 40 {
		insert(t, tx, "t", span(1000*i, 1000*i+999)...)
	}
	require.NoError(t, tx.Define(t.Context(),
		alter("t", add("n", vector.Of(vector.Int64)), catalog.DropColumn{Column: "text"})))
	insertRow(t, tx, "t", vector.IntOf(vector.Of(vector.Int64), -1), vector.IntOf(vector.Of(vector.Int64), 5))
	require.Len(t, contents(t, tx, "t", 0), 40001)
	commit(t, tx)
	for _, m := range []*txn.Manager{m, open(t, smallWriteSets(disk.CrashClone(0, 0)))} {
		rows := now(t, m, "t")
		require.Len(t, rows, 40001)
		require.Contains(t, rows, "-1 5")
		require.Contains(t, rows, "39999 NULL")
	}
}
