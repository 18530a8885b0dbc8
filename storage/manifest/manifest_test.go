package manifest_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/manifest"
)

func initial() manifest.Options {
	return manifest.Options{Initial: []manifest.Change{
		&manifest.CreateDatabase{ID: 1, Name: "main"},
		&manifest.Checkpoint{NextID: 2},
	}}
}

func table(id catalog.TableID) catalog.Table {
	return catalog.Table{
		ID: id, Database: 1, Name: catalog.TableName{Database: "main", Table: fmt.Sprintf("t%d", id)}, Version: 4,
		Columns: []catalog.Column{
			{ID: 1, Name: "a", Type: vector.Of(vector.Int64), NotNull: true},
			{ID: 9, Name: "v", Type: vector.Of(vector.Text), Length: 20},
			{ID: 2, Name: "b", Type: vector.DecimalType(30, 4)},
			{ID: 3, Name: "c", Type: vector.Type{Kind: vector.List, Fields: []vector.Field{
				{Name: "item", Type: vector.Type{Kind: vector.Timestamp, Precision: 6, Zone: true}, Nullable: true},
			}}},
		},
	}
}

func view() catalog.Table {
	return catalog.Table{
		ID: 7, Database: 1, Name: catalog.TableName{Database: "main", Table: "v"}, Kind: catalog.View, Version: 8,
		Columns: []catalog.Column{{ID: 1, Name: "n", Type: vector.Of(vector.Int64)}},
		Query:   &catalog.ViewQuery{Text: "SELECT count(*) AS n FROM t5", Database: "main"},
	}
}

// edits is a history of which each edit changes something.
func edits() [][]manifest.Change {
	return [][]manifest.Change{
		{&manifest.CreateTable{Table: table(5)}, &manifest.CreateTable{Table: table(6)}},
		{
			&manifest.AddSegment{Table: 5, ID: 10, Descriptor: json.RawMessage(`{"path":"x"}`)},
			&manifest.AddSegment{Table: 6, ID: 11, Descriptor: json.RawMessage(`{"path":"y"}`)},
			&manifest.SetDeletes{Table: 5, Block: 100, Offsets: []byte{1, 2, 3}, Erased: json.RawMessage(`[]`)},
			&manifest.SetDeletes{Table: 5, Block: 101, Offsets: []byte{4}},
			&manifest.AddPermutation{Table: 5, Permutation: json.RawMessage(`{"from":[]}`)},
			&manifest.Retain{Since: 3, Times: []manifest.Instant{{Sequence: 3, Time: 70}}},
			&manifest.Checkpoint{Through: 9, Time: 77, WAL: 4096, NextID: 200},
		},
		{&manifest.SetDeletes{Table: 5, Block: 101}, &manifest.CreateDatabase{ID: 2, Name: "other"}},
		{&manifest.RemoveSegment{Table: 6, ID: 11}, &manifest.ClearPermutations{}, &manifest.DropDatabase{ID: 2}},
		{&manifest.DropTable{ID: 6}, &manifest.CreateTable{Table: view()}},
	}
}

func open(t *testing.T, fsys vfs.FS) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Open(fsys, "manifest", initial())
	require.NoError(t, err)
	return m
}

func TestStateIsReadAgain(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, fsys)
	require.True(t, m.Created())
	for i, e := range edits() {
		require.NoError(t, m.Append(e))
		again := open(t, fsys.CrashClone(0, uint64(i)))
		require.False(t, again.Created())
		require.Equal(t, m.Instance(), again.Instance())
		require.Equal(t, m.State(), again.State())
	}
	s := m.State()
	require.Equal(t, manifest.Checkpoint{Through: 9, Time: 77, WAL: 4096, NextID: 200}, s.Checkpoint)
	require.Len(t, s.Databases, 1)
	require.Len(t, s.Tables, 2)
	require.Equal(t, table(5), s.Tables[5].Definition)
	require.Equal(t, view(), s.Tables[7].Definition)
	require.Equal(t, map[catalog.BlockID]manifest.DeleteVector{
		100: {Offsets: []byte{1, 2, 3}, Erased: json.RawMessage(`[]`)},
	}, s.Tables[5].Deletes)
	require.Empty(t, s.Tables[5].Permutations)
}

func TestAnEditThatDoesNotFitChangesNothing(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, fsys)
	before := m.State()
	for _, c := range []manifest.Change{
		&manifest.DropTable{ID: 99},
		&manifest.DropDatabase{ID: 99},
		&manifest.CreateDatabase{ID: 1, Name: "again"},
		&manifest.AddSegment{Table: 99, ID: 1, Descriptor: json.RawMessage("{}")},
		&manifest.Checkpoint{NextID: 1},
	} {
		err := m.Append([]manifest.Change{&manifest.CreateTable{Table: table(5)}, c})
		require.Equal(t, sqlerr.InternalError, sqlerr.CodeOf(err), "%T", c)
	}
	require.Equal(t, before, m.State())
	require.Equal(t, before, open(t, fsys.CrashClone(1, 0)).State())
}

func TestCrashAtEveryCallKeepsAcknowledgedEdits(t *testing.T) {
	for at := 0; ; at++ {
		fsys := vfs.NewMemory()
		faults := vfs.NewFaults(fsys)
		faults.Inject(at, vfs.Crash)
		states := []*manifest.State{}
		m, err := manifest.Open(faults, "manifest", initial())
		if err == nil {
			states = append(states, m.State())
			for _, e := range edits() {
				if err = m.Append(e); err != nil {
					break
				}
				states = append(states, m.State())
			}
		}
		if err == nil {
			require.Greater(t, at, 15)
			return
		}
		for i, kept := range []float64{0, 0.5, 1} {
			again := open(t, fsys.CrashClone(kept, uint64(3*at+i)))
			if len(states) == 0 {
				continue
			}
			require.False(t, again.Created())
			require.Contains(t, expected(t, len(states)), asJSON(t, again.State()), "crash at call %d", at)
		}
	}
}

func asJSON(t *testing.T, s *manifest.State) string {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	return string(text)
}

// expected returns the states that a crash may leave: the one after the first n-1 edits, which are acknowledged,
// and the one after the next.
func expected(t *testing.T, n int) []string {
	t.Helper()
	m := open(t, vfs.NewMemory())
	states := []string{asJSON(t, m.State())}
	for _, e := range edits()[:min(n, len(edits()))] {
		require.NoError(t, m.Append(e))
		states = append(states, asJSON(t, m.State()))
	}
	return states[n-1:]
}

func TestDamageIsRefusedAndATornEditIsCutOff(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, fsys)
	var last int64
	path := filepath.Join("manifest", fmt.Sprintf("%020d.manifest", 1))
	for _, e := range edits() {
		last = fsys.Files()[path]
		require.NoError(t, m.Append(e))
	}
	data, err := vfs.ReadFile(fsys, path)
	require.NoError(t, err)
	for at := 0; at < len(data); at += 37 {
		damaged := fsys.CrashClone(0, 0)
		f, err := damaged.OpenReadWrite(path)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte{data[at] ^ 4}, int64(at))
		require.NoError(t, err)
		_, err = manifest.Open(damaged, "manifest", initial())
		if int64(at) < last {
			require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err), "offset %d", at)
			require.ErrorContains(t, err, path)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, last, damaged.Files()[path], "the last edit is cut off")
	}
}

func TestALargeFileIsReplaced(t *testing.T) {
	fsys := vfs.NewMemory()
	m := open(t, fsys)
	require.NoError(t, m.Append(edits()[0]))
	big := json.RawMessage(`"` + strings.Repeat("x", 3<<20) + `"`) // chained over frames
	for i := range 4 {
		require.NoError(t, m.Append([]manifest.Change{
			&manifest.AddSegment{Table: 5, ID: uint64(20 + i), Descriptor: big},
		}))
		require.NoError(t, m.Append([]manifest.Change{&manifest.RemoveSegment{Table: 5, ID: uint64(20 + i)}}))
		require.Equal(t, m.State(), open(t, fsys.CrashClone(0, 0)).State())
	}
	names, err := fsys.List("manifest")
	require.NoError(t, err)
	require.Len(t, names, 2, "CURRENT and one file")
	require.NotContains(t, names, fmt.Sprintf("%020d.manifest", 1))
}

func TestAFullDiskLeavesTheManifestAsItWas(t *testing.T) {
	fsys := vfs.NewMemory()
	faults := vfs.NewFaults(fsys)
	m, err := manifest.Open(faults, "manifest", initial())
	require.NoError(t, err)
	faults.Inject(faults.Count(), vfs.NoSpace)
	require.Equal(t, sqlerr.DiskFull, sqlerr.CodeOf(m.Append(edits()[0])))
	require.NoError(t, m.Append(edits()[0]))
	faults.Inject(faults.Count()+1, vfs.InputError) // the sync
	require.Equal(t, sqlerr.IOError, sqlerr.CodeOf(m.Append(edits()[1])))
	calls := faults.Count()
	require.Error(t, m.Append(edits()[1]))
	require.Equal(t, calls, faults.Count(), "nothing is tried after a failed sync")
}

func TestANewerChangeIsRefused(t *testing.T) {
	_, err := manifest.Decode([]byte(`[{"kind":"create_index","change":{}}]`))
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
	require.ErrorContains(t, err, `does not know the change "create_index"`)
}

func TestAViewHasAQueryAndATableHasNone(t *testing.T) {
	for _, change := range []string{
		`{"id":7,"kind":"view","columns":[]}`, `{"id":7,"kind":"table","columns":[],"query":{"text":"SELECT 1"}}`,
	} {
		_, err := manifest.Decode([]byte(`[{"kind":"create_table","change":` + change + `}]`))
		require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err), change)
		require.ErrorContains(t, err, "a query belongs to a view alone", change)
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range edits() {
		body, err := manifest.Encode(e)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		changes, err := manifest.Decode(body)
		if err != nil {
			return
		}
		again, err := manifest.Encode(changes)
		if err != nil {
			return // a raw member that is no JSON text any more
		}
		_, err = manifest.Decode(again)
		require.NoError(t, err)
	})
}

func FuzzOpen(f *testing.F) {
	fsys := vfs.NewMemory()
	m, err := manifest.Open(fsys, "manifest", initial())
	require.NoError(f, err)
	for _, e := range edits() {
		require.NoError(f, m.Append(e))
	}
	path := filepath.Join("manifest", fmt.Sprintf("%020d.manifest", 1))
	data, err := vfs.ReadFile(fsys, path)
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		clone := fsys.CrashClone(0, 0)
		require.NoError(t, vfs.WriteFile(clone, path, data))
		m, err := manifest.Open(clone, "manifest", initial())
		if err != nil {
			require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
			return
		}
		require.NoError(t, m.Close())
	})
}
