package txn_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/compact"
	"github.com/micodb/micodb/txn"
)

// mirror is two tables that every commit changes alike, so that a reader who sees them differ has seen half of
// a commit.
type mirror struct {
	manager     *txn.Manager
	left, right catalog.TableID
	lastID      atomic.Int64
	rows        atomic.Int64 // that acknowledged commits have left
	conflicts   atomic.Int64
}

// write commits an insert of some rows and the deletion of one, in both tables.
func (b *mirror) write(ctx context.Context, random *rand.Rand, async bool) error {
	tx, err := b.manager.Begin(ctx, txn.TransactionOptions{Async: async})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	count := 1 + random.IntN(50)
	first := int(b.lastID.Add(int64(count))) - count
	rows := rowsOf(span(first, first+count-1)...)
	left, err := b.read(ctx, tx, b.left)
	if err != nil {
		return err
	}
	right, err := b.read(ctx, tx, b.right)
	if err != nil {
		return err
	}
	deleted := 0
	for id, at := range left { // any one
		deleted = 1
		if err := tx.Delete(ctx, b.left, []catalog.Address{at}); err != nil {
			return err
		}
		if err := tx.Delete(ctx, b.right, []catalog.Address{right[id]}); err != nil {
			return err
		}
		break
	}
	if err := tx.Insert(ctx, b.left, rows); err != nil {
		return err
	}
	if err := tx.Insert(ctx, b.right, rows); err != nil {
		return err
	}
	_, err = tx.Commit(ctx)
	switch {
	case err == nil:
		b.rows.Add(int64(count - deleted))
	case sqlerr.CodeOf(err) == sqlerr.SerializationFailure:
		b.conflicts.Add(1)
		err = nil
	}
	return err
}

func (*mirror) read(ctx context.Context, s catalog.Snapshot, id catalog.TableID) (map[int]catalog.Address, error) {
	found, err := read(ctx, s, id)
	rows := make(map[int]catalog.Address, len(found))
	for _, r := range found {
		rows[r.id] = r.address
	}
	return rows, err
}

// check reads both tables twice in one snapshot.
func (b *mirror) check(ctx context.Context) error {
	tx, err := b.manager.Begin(ctx, txn.TransactionOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	var seen [][]int
	for _, id := range []catalog.TableID{b.left, b.right, b.left} {
		rows, err := b.read(ctx, tx, id)
		if err != nil {
			return err
		}
		seen = append(seen, slices.Sorted(maps.Keys(rows)))
	}
	if !slices.Equal(seen[0], seen[1]) || !slices.Equal(seen[0], seen[2]) {
		return sqlerr.New(sqlerr.InternalError, "a snapshot has %d, %d and then %d rows",
			len(seen[0]), len(seen[1]), len(seen[2]))
	}
	return nil
}

func TestReadersNeverSeeHalfACommit(t *testing.T) {
	fsys := vfs.NewMemory()
	o := options(fsys)
	o.Compaction = compact.Policy{FanIn: 2}
	m := open(t, o)
	createTable(t, m, "l")
	createTable(t, m, "r")
	tx := begin(t, m)
	b := &mirror{manager: m, left: tableID(t, tx, "l"), right: tableID(t, tx, "r")}
	require.NoError(t, tx.Close())

	const writers, commits = 4, 40
	working, stop := context.WithCancel(t.Context())
	defer stop()
	var background, foreground errgroup.Group
	loop := func(do func() error) {
		background.Go(func() error {
			for working.Err() == nil {
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	loop(func() error { return m.Flush(t.Context()) })
	loop(func() error {
		_, err := m.Compact(t.Context())
		return err
	})
	loop(func() error { return b.check(t.Context()) })
	loop(func() error { return b.check(t.Context()) })
	for i := range writers {
		foreground.Go(func() error {
			random := rand.New(rand.NewPCG(uint64(i), 7))
			for n := range commits {
				if err := b.write(t.Context(), random, n%3 == 0); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, foreground.Wait())
	stop()
	require.NoError(t, background.Wait())
	require.NoError(t, b.check(t.Context()))
	require.Len(t, current(t, m, "l"), int(b.rows.Load()))
	want := current(t, m, "l")
	closeAll(t, m)
	again := open(t, options(fsys.CrashClone(0, 1)))
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(current(t, again, "l"))))
	closeAll(t, again)
}
