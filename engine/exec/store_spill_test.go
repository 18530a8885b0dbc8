package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

// filesOver returns scratch files that are closed at the test's end, when nothing of them may be left.
func filesOver(t *testing.T, fsys vfs.FS) *spill.Files {
	t.Helper()
	space, err := spill.Open(fsys, "/scratch", 1<<40)
	require.NoError(t, err)
	files := space.Files()
	t.Cleanup(func() {
		require.NoError(t, files.Close())
		require.Zero(t, space.Used())
		names, err := fsys.List("/scratch")
		require.NoError(t, err)
		require.Empty(t, names)
	})
	return files
}

// inTurn runs f as the worker 0 of a query.
func inTurn(t *testing.T, q *Query, f func(ctx context.Context) error) error {
	t.Helper()
	return q.parallel(context.Background(), func(ctx context.Context, worker int) error {
		if worker > 0 {
			return nil
		}
		return f(ctx)
	})
}

func storeOf(t *testing.T, q *Query, table *testTable) *store {
	t.Helper()
	s, err := newStore(q, table.scan().Schema(), newArena(q))
	require.NoError(t, err)
	for _, c := range table.chunks {
		require.NoError(t, s.append(c))
	}
	return s
}

func rowsOfStore(s *store) []row {
	var rows []row
	reader := s.reader()
	for i := range s.n {
		rows = append(rows, rowsOf(reader.rows([]uint32{uint32(i)}))...)
	}
	return rows
}

func rowsOf(c *vector.Chunk) []row {
	var rows []row
	for _, i := range chosen(c) {
		x := make(row, len(c.Columns))
		for k, v := range c.Columns {
			x[k] = v.ScalarAt(int(i))
		}
		rows = append(rows, x)
	}
	return rows
}

// longColumn has texts that fill pages, and empty ones.
func longColumn(name string) testColumn {
	return testColumn{name: name, of: vector.Of(vector.Text), draw: func(r *rand.Rand) vector.Scalar {
		return vector.TextOf(strings.Repeat(fmt.Sprint(r.IntN(10)), []int{0, 1, 9, 70000, maxText}[r.IntN(5)]))
	}}
}

func TestSpilledRowsComeBack(t *testing.T) {
	t.Parallel()
	for _, nulls := range []float64{0, 0.2, 1} {
		for _, sizes := range [][]int{{0}, {1}, {64, 128}, {3, 1, 61, 200, 0, 5}, {4096, 17, 4096}} {
			t.Run(fmt.Sprintf("nulls=%g/%v", nulls, sizes), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(5, 6))
				columns := append(allColumns(), intervalColumn("i"))
				if sizes[0] < 64 {
					columns = append(columns, longColumn("l"))
				}
				rows := 0
				for _, n := range sizes {
					rows += n
				}
				table := makeTable(r, rows, vector.ChunkRows, nulls, columns...)
				q, fsys := newTestQuery(t, 1), vfs.NewMemory()
				f, err := filesOver(t, fsys).Create()
				require.NoError(t, err)
				scratch, err := q.words(spillScratchWords)
				require.NoError(t, err)
				back, err := newStore(q, table.scan().Schema(), newArena(q))
				require.NoError(t, err)
				var want []row
				require.NoError(t, inTurn(t, q, func(ctx context.Context) error {
					first := 0
					for _, n := range sizes {
						part := &testTable{columns: table.columns, known: table.known}
						part.rows = table.rows[first : first+n]
						s, err := newStore(q, table.scan().Schema(), newArena(q))
						require.NoError(t, err)
						for k := range n {
							c := *table.chunks[(first+k)/vector.ChunkRows]
							c.Sel = []uint16{uint16((first + k) % vector.ChunkRows)}
							require.NoError(t, s.append(&c))
						}
						first, want = first+n, append(want, part.rows...)
						spilled, err := s.spill(ctx, 0, f, scratch)
						require.NoError(t, err)
						s.texts.arena.release()
						s.release()
						require.NoError(t, back.unspill(ctx, 0, &spilled))
					}
					return nil
				}))
				require.Equal(t, linesOf(want), linesOf(rowsOfStore(back)))
			})
		}
	}
}

// Neighbours that share a text share it in the file: a constant of a megabyte does not grow with the rows.
func TestSpilledTextsAreShared(t *testing.T) {
	t.Parallel()
	of := vector.Of(vector.Text)
	long := vector.TextOf(strings.Repeat("x", 1<<19))
	same := testColumn{
		name: "c", of: of, draw: func(*rand.Rand) vector.Scalar { return long },
		encode: func(d []vector.Scalar) *vector.Vector {
			return &vector.Vector{
				Type: of, Physical: vector.Bytes, Encoding: vector.Constant, Len: len(d),
				Dictionary: &vector.Dictionary{Values: [][]byte{[]byte(long.Bytes)}},
			}
		},
	}
	table := makeTable(rand.New(rand.NewPCG(5, 6)), 4000, 4000, 0, same)
	q := newTestQuery(t, 1)
	files := filesOver(t, vfs.NewMemory())
	f, err := files.Create()
	require.NoError(t, err)
	s := storeOf(t, q, table)
	require.NoError(t, inTurn(t, q, func(ctx context.Context) error {
		_, err := s.spill(ctx, 0, f, make([]uint64, spillScratchWords))
		return err
	}))
	require.Less(t, files.Written(), int64(1<<20))
}

// everyFault runs what works with each call to the file system failing in each way: the error has the fault's code,
// and no scratch space stays in use.
func everyFault(t *testing.T, run func(files *spill.Files) error) {
	t.Helper()
	attempt := func(at int, fault vfs.Fault) (*vfs.Faults, error) {
		faults := vfs.NewFaults(vfs.NewMemory())
		faults.CountReads = true
		space, err := spill.Open(faults, "/scratch", 1<<40)
		require.NoError(t, err)
		faults.Inject(faults.Count()+at, fault)
		files := space.Files()
		err = run(files)
		require.NoError(t, files.Close())
		require.Zero(t, space.Used())
		return faults, err
	}
	for fault, code := range map[vfs.Fault]sqlerr.Code{
		vfs.InputError: sqlerr.IOError, vfs.NoSpace: sqlerr.DiskFull, vfs.ShortWrite: sqlerr.IOError,
	} {
		for at := 0; ; at++ {
			faults, err := attempt(at, fault)
			if !faults.Happened() {
				require.NoError(t, err)
				require.Greater(t, at, 20)
				break
			}
			require.Equal(t, code, sqlerr.CodeOf(err), "call %d: %v", at, err)
		}
	}
}

func TestSpilledRowsMeetFaults(t *testing.T) {
	t.Parallel()
	columns := append(allColumns(), longColumn("l"))
	table := makeTable(rand.New(rand.NewPCG(5, 6)), 20, 20, 0.1, columns...)
	everyFault(t, func(files *spill.Files) error {
		f, err := files.Create()
		if err != nil {
			return err
		}
		q := newTestQuery(t, 1)
		s, back := storeOf(t, q, table), storeOf(t, q, table)
		return inTurn(t, q, func(ctx context.Context) error {
			spilled, err := s.spill(ctx, 0, f, make([]uint64, spillScratchWords))
			if err != nil {
				return err
			}
			return back.unspill(ctx, 0, &spilled)
		})
	})
}
