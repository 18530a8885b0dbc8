package model_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// scan reads a table: values and addresses by id.
func (r *run) scan(
	s catalog.Snapshot, id catalog.TableID, asOf catalog.Sequence,
) (values map[int64]int64, where map[int64]catalog.Address) {
	ctx := r.t.Context()
	scan, err := s.Scan(ctx, id, catalog.ScanRequest{
		AsOf: asOf, Columns: []catalog.ColumnID{1, 2, 3, catalog.AddressBlock, catalog.AddressOffset},
	})
	require.NoError(r.t, err)
	source, err := scan.Open(0)
	require.NoError(r.t, err)
	values, where = map[int64]int64{}, map[int64]catalog.Address{}
	for {
		c, err := source.Next(ctx)
		require.NoError(r.t, err)
		if c == nil {
			break
		}
		sel := c.Sel
		if sel == nil {
			sel = vector.All(c.Len)
		}
		for _, k := range sel {
			i := int(k)
			row, value := c.Columns[0].Int(i), c.Columns[1].Int(i)
			if _, twice := values[row]; twice || string(c.Columns[2].Bytes(i)) != text(value) {
				require.Fail(r.t, "a row comes twice, or its columns don't belong together", "row %d", row)
			}
			values[row] = value
			where[row] = catalog.Address{
				Block: catalog.BlockID(c.Columns[3].Int(i)), Offset: uint32(c.Columns[4].Int(i)),
			}
		}
	}
	require.NoError(r.t, source.Close())
	require.NoError(r.t, scan.Close())
	return values, where
}

// readNewest reads all tables.
func (r *run) readNewest() {
	h := r.begin()
	defer h.tx.Close()
	for name, t := range r.oracle.tables {
		values, _ := r.scan(h.tx, t.id, 0)
		require.Equal(r.t, t.at(h.at), values, "table %s after commit %d", name, h.at)
		found, err := h.tx.Table(r.t.Context(), catalog.TableName{Database: "main", Table: name})
		require.NoError(r.t, err)
		require.EqualValues(r.t, len(values), found.Statistics.Rows)
	}
}

// readOlder reads an older version, of a new transaction or of an open one.
func (r *run) readOlder() {
	h := r.begin()
	defer h.tx.Close()
	if len(r.held) > 0 && r.random.IntN(3) == 0 {
		h = r.held[r.random.IntN(len(r.held))]
	}
	name := r.anyTable(h.tables)
	if name == "" {
		return
	}
	t := h.tables[name]
	oldest := max(h.tx.OldestSequence(), t.made)
	n := oldest + catalog.Sequence(r.random.Int64N(int64(h.at-oldest)+1))
	if n == 0 {
		return
	}
	values, _ := r.scan(h.tx, t.id, n)
	require.Equal(r.t, t.at(n), values, "table %s as of %d, read after commit %d", name, n, h.at)
	r.counts["as of"]++
}

// readHeld reads what an open transaction sees, its own changes included.
func (r *run) readHeld() {
	if len(r.held) == 0 {
		return
	}
	h := r.held[r.random.IntN(len(r.held))]
	for name, t := range h.tables {
		want := t.at(h.at)
		if c := h.changes[name]; c != nil {
			for id := range c.removed {
				delete(want, id)
			}
			maps.Copy(want, c.added)
		}
		values, _ := r.scan(h.tx, t.id, 0)
		require.Equal(r.t, want, values, "table %s in a transaction of commit %d", name, h.at)
	}
}

// refuse asks for versions that are not there, and sees that none is missing that must be kept.
func (r *run) refuse() {
	h := r.begin()
	defer h.tx.Close()
	oldest := h.tx.OldestSequence()
	if oldest > 0 {
		require.LessOrEqual(r.t, r.oracle.times[oldest-1], r.clock-catalog.Timestamp(retention),
			"version %d of %d is forgotten before its time", oldest-1, h.at)
	}
	for _, t := range r.oracle.tables {
		r.requireRefused(h, t, h.at+1, sqlerr.InvalidParameterValue)
		if t.made > 1 {
			r.requireRefused(h, t, t.made-1, sqlerr.UndefinedTable)
		}
		if oldest > t.made && oldest > 1 {
			r.requireRefused(h, t, oldest-1, sqlerr.SnapshotTooOld)
			r.counts["too old"]++
		}
	}
}

func (r *run) requireRefused(h *held, t *table, n catalog.Sequence, code sqlerr.Code) {
	_, err := h.tx.Scan(r.t.Context(), t.id, catalog.ScanRequest{AsOf: n, Columns: []catalog.ColumnID{1}})
	require.Equal(r.t, code, sqlerr.CodeOf(err), "version %d: %v", n, err)
}

// requireNoOtherFiles checks that there are no files but those of segments in use.
func (r *run) requireNoOtherFiles() {
	want := map[string]bool{}
	for _, s := range r.manager.Segments() {
		want[filepath.Join("data", filepath.FromSlash(s.Path))] = true
	}
	got := map[string]bool{}
	for path := range r.disk.Files() {
		if strings.HasPrefix(path, filepath.Join("data", "segments")) {
			got[path] = true
		}
	}
	require.Equal(r.t, want, got)
}

// seeds returns the seeds of the runs.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	first, last := uint64(1), uint64(10)
	if os.Getenv("MICODB_TEST_LONG") != "" {
		last = 200
	}
	if of := os.Getenv("MICODB_MODEL_SEED"); of != "" {
		from, to, several := strings.Cut(of, "-")
		var err error
		first, err = strconv.ParseUint(from, 10, 64)
		require.NoError(t, err, "MICODB_MODEL_SEED")
		if last = first; several {
			last, err = strconv.ParseUint(to, 10, 64)
			require.NoError(t, err, "MICODB_MODEL_SEED")
		}
	}
	var all []uint64
	for seed := first; seed <= last; seed++ {
		all = append(all, seed)
	}
	return all
}

const stepsWanted = 2000

// TestRandomSequences is the whole of it.
func TestRandomSequences(t *testing.T) {
	total := map[string]int{}
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Logf("to run this one alone: MICODB_MODEL_SEED=%d", seed)
			r := newRun(t, seed)
			r.all(stepsWanted)
			t.Logf("%d commits, %v", r.oracle.newest(), r.counts)
			for what, n := range r.counts {
				total[what] += n
			}
		})
	}
	for _, what := range []string{"as of", "too old", "conflict", "flush", "compaction", "restart", "crash", "large", "undo"} {
		require.Positive(t, total[what], "no run has met this: %s", what)
	}
}
