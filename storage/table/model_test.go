package table

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/memtable"
	"github.com/micodb/micodb/storage/segment"
)

// The test's table: the row with id i has values that follow from i.
var modelTable = &catalog.Table{
	ID: 9, Name: catalog.TableName{Database: "main", Table: "t"},
	Columns: []catalog.Column{
		{ID: 1, Name: "id", Type: vector.Of(vector.Int64), NotNull: true},
		{ID: 2, Name: "few", Type: vector.Of(vector.Text)},
		{ID: 3, Name: "many", Type: vector.Of(vector.Text)},
		{ID: 4, Name: "wide", Type: vector.DecimalType(38, 2)},
		{ID: 5, Name: "real", Type: vector.Of(vector.Float64)},
		{ID: 6, Name: "day", Type: vector.Of(vector.Date)},
		{ID: 7, Name: "unsigned", Type: vector.Of(vector.UInt64)},
	},
}

const wideFrom = 8_000 // ids from here on have decimals over 64 bits

// modelCell is the printable value of a column in the row with an id.
func modelCell(column, id int) string {
	if column > 0 && id%(7+column) == 0 {
		return "NULL"
	}
	switch column {
	case 1:
		return fmt.Sprintf("%q", fmt.Sprint("v", id%13))
	case 2:
		return fmt.Sprintf("%q", fmt.Sprint("row ", id))
	case 3:
		return fmt.Sprint(modelWide(id))
	case 4:
		return fmt.Sprint(math.Float64bits(float64(id) / 3))
	case 5:
		return fmt.Sprint(vector.Int128Of(int64(id % 1000 * 7)))
	default:
		return fmt.Sprint(vector.Int128Of(int64(id)))
	}
}

func modelWide(id int) vector.Int128 {
	if id >= wideFrom {
		return vector.Int128{Lo: uint64(id), Hi: 5}
	}
	return vector.Int128Of(int64(-id))
}

func modelChunk(first, n int) *vector.Chunk {
	c := &vector.Chunk{Len: n}
	for j, of := range modelTable.Columns {
		v := &vector.Vector{Type: of.Type, Physical: of.Type.Physical(), Lo: vector.MinInt, Hi: vector.MaxInt, Len: n}
		if !of.NotNull {
			v.Valid = make([]uint64, (n+63)/64)
		}
		var ints []int64
		var wide []vector.Int128
		var floats []float64
		v.Offsets = []int32{0}
		for i := range n {
			id := first + i
			if v.Valid != nil && modelCell(j, id) != "NULL" {
				v.Valid[i/64] |= 1 << (i % 64)
			}
			floats = append(floats, float64(id)/3)
			switch j {
			case 1:
				v.Data = fmt.Append(v.Data, "v", id%13)
			case 2:
				v.Data = fmt.Append(v.Data, "row ", id)
			case 3:
				wide = append(wide, modelWide(id))
			case 5:
				ints = append(ints, int64(id%1000*7))
			default:
				ints = append(ints, int64(id))
				wide = append(wide, vector.Int128Of(int64(id)))
			}
			v.Offsets = append(v.Offsets, int32(len(v.Data)))
		}
		switch v.Physical {
		case vector.Integer:
			v.Lo, v.Hi = ints[0], ints[0]
			for _, x := range ints {
				v.Lo, v.Hi = min(v.Lo, x), max(v.Hi, x)
			}
			vector.SetCodes(v, ints)
		case vector.Wide:
			vector.SetCodes(v, wide)
		case vector.Float:
			vector.SetCodes(v, floats)
		default:
		}
		c.Columns = append(c.Columns, v)
	}
	return c
}

func cellOf(v *vector.Vector, i int) string {
	switch {
	case v.IsNull(i):
		return "NULL"
	case v.Physical == vector.Float:
		return fmt.Sprint(math.Float64bits(v.Float(i)))
	case v.Physical == vector.Bytes:
		return fmt.Sprintf("%q", v.Bytes(i))
	default:
		return fmt.Sprint(v.Wide(i))
	}
}

// rowsOf scans a version, in large chunks and in small ones, and checks every row's values and all that the scan
// promised; it returns the addresses by id.
func rowsOf(t require.TestingT, v *Version, request catalog.ScanRequest, own *Overlay) map[int]catalog.Address {
	rows := scanned(t, v, request, own)
	request.ChunkRows = 97 // begins and ends within words of validity
	require.Equal(t, rows, scanned(t, v, request, own))
	return rows
}

func scanned(t require.TestingT, v *Version, request catalog.ScanRequest, own *Overlay) map[int]catalog.Address {
	request.Columns = []catalog.ColumnID{1, 3, 2, 4, 5, 6, 7, catalog.AddressBlock, catalog.AddressOffset}
	scan, err := v.Scan(context.Background(), request, own)
	require.NoError(t, err)
	rows := map[int]catalog.Address{}
	columns := scan.Columns()
	for worker := range 2 {
		source, err := scan.Open(worker)
		require.NoError(t, err)
		for {
			c, err := source.Next(context.Background())
			require.NoError(t, err)
			if c == nil {
				break
			}
			require.Positive(t, c.Count())
			require.LessOrEqual(t, c.Len, vector.ChunkRows)
			require.True(t, request.ChunkRows == 0 || c.Count() <= request.ChunkRows)
			checkCodes(t, columns, c)
			sel := c.Sel
			if sel == nil {
				sel = vector.All(c.Len)
			}
			for _, i := range sel {
				checkRow(t, columns, c, int(i), rows)
			}
		}
		require.NoError(t, source.Close())
	}
	require.EqualValues(t, len(rows), scan.Counts().Rows)
	require.NoError(t, scan.Close())
	return rows
}

func checkRow(t require.TestingT, columns []catalog.ScanColumn, c *vector.Chunk, i int, rows map[int]catalog.Address) {
	id := int(c.Columns[0].Int(i))
	if _, twice := rows[id]; twice {
		require.Fail(t, "a row came twice", "%d", id)
	}
	rows[id] = catalog.Address{Block: catalog.BlockID(c.Columns[7].Int(i)), Offset: uint32(c.Columns[8].Int(i))}
	for j, column := range columns[:7] {
		v := c.Columns[j]
		want, got := modelCell(int(column.ID)-1, id), cellOf(v, i)
		if want != got || v.Physical != column.Physical || v.IsNull(i) && !column.Nullable {
			require.Fail(t, "wrong value", "row %d column %d: %s instead of %s", id, column.ID, got, want)
		}
		if v.Physical == vector.Integer && !v.IsNull(i) {
			x := v.Int(i)
			if x < column.Lo || x > column.Hi || x < v.Lo || x > v.Hi || v.Lo < column.Lo || v.Hi > column.Hi {
				require.Fail(t, "a bound does not hold", "column %d: %d in %d..%d in %d..%d",
					column.ID, x, v.Lo, v.Hi, column.Lo, column.Hi)
			}
		}
	}
}

func checkCodes(t require.TestingT, columns []catalog.ScanColumn, c *vector.Chunk) {
	for j, column := range columns {
		if column.Unifier == nil {
			continue
		}
		v := c.Columns[j]
		require.Equal(t, vector.Dict, v.Encoding)
		for _, number := range column.Unifier.Remap(v.Dictionary) {
			if number >= uint32(column.Distinct) && number != vector.NullID {
				require.Fail(t, "a number is over the promised bound")
			}
		}
	}
}

type pinned struct {
	version *Version
	ids     map[int]bool
}

func testEnvironment(cacheBytes int64) Environment {
	var ids atomic.Uint64
	return Environment{
		FS: vfs.NewMemory(), Dir: "/data", Cache: segment.NewCache(cacheBytes),
		NewID: func() uint64 { return ids.Add(1) },
		Now:   func() catalog.Timestamp { return 1 },
	}
}

func TestVersionsAgainstModel(t *testing.T) {
	seeds := uint64(3)
	if raceDetector {
		seeds = 1
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1))
		env := testEnvironment(1 << 20)
		require.NoError(t, env.FS.MkdirAll(env.Dir))
		v, err := New(env, modelTable)
		require.NoError(t, err)
		tail, next := v.Tail(), 0
		now := pinned{v, map[int]bool{}}
		pins := []pinned{now}
		var flush *Flush
		for step := range 60 {
			now.ids = maps.Clone(now.ids)
			switch k := r.IntN(10); {
			case k < 5:
				n := 1 + r.IntN([]int{4096, 300, 5}[r.IntN(3)])
				c := modelChunk(next, n)
				require.NoError(t, now.version.Check(c))
				at := tail.Place(c, func() catalog.BlockID { return catalog.BlockID(env.NewID()) })
				now.version, err = now.version.Append(c, at, catalog.Sequence(step+1))
				require.NoError(t, err)
				for i := range n {
					now.ids[next+i] = true
				}
				next += n
			case k < 7:
				now.version = deleteSome(t, r, now, catalog.Sequence(step+1))
			case k == 7 && flush == nil:
				flush, err = pins[len(pins)-1].version.Flush(t.Context())
				require.NoError(t, err)
			case flush != nil:
				old := now.version
				now.version, err = now.version.Install(flush)
				require.NoError(t, err)
				checkMoved(t, old, now.version, flush)
				flush = nil
			}
			require.EqualValues(t, len(now.ids), now.version.Rows(), "step %d", step)
			pins = append(pins, now)
			p := pins[r.IntN(len(pins))]
			got := rowsOf(t, p.version, catalog.ScanRequest{}, nil)
			sameRows(t, p.ids, got)
			if step%15 == 14 {
				checkPredicates(t, r, now, next)
				checkOverlay(t, r, now, next)
				checkReopened(t, env, now)
			}
			require.LessOrEqual(t, env.Cache.Counts().Bytes, int64(1<<20))
		}
	}
}

func sameRows(t *testing.T, want map[int]bool, got map[int]catalog.Address) {
	t.Helper()
	require.Len(t, got, len(want))
	within(t, want, got)
}

func within(t *testing.T, all map[int]bool, got map[int]catalog.Address) {
	t.Helper()
	for id := range got {
		if !all[id] {
			require.Fail(t, "a row that is not there", "%d", id)
		}
	}
}

func setOf(rows ...catalog.Address) *catalog.AddressSet {
	s := &catalog.AddressSet{}
	s.Add(rows)
	return s
}

func deleteSome(t *testing.T, r *rand.Rand, now pinned, sequence catalog.Sequence) *Version {
	t.Helper()
	var gone []catalog.Address
	for id, a := range rowsOf(t, now.version, catalog.ScanRequest{}, nil) {
		if r.IntN(20) == 0 {
			gone = append(gone, a)
			delete(now.ids, id)
		}
	}
	v, err := now.version.Delete(setOf(gone...), sequence)
	require.NoError(t, err)
	for _, a := range gone {
		if !v.AnyDeleted(setOf(a)) {
			require.Fail(t, "a row is not deleted")
		}
	}
	if len(gone) > 0 {
		_, err = v.Delete(setOf(gone[:1]...), sequence)
		require.Equal(t, sqlerr.SerializationFailure, sqlerr.CodeOf(err))
	}
	return v
}

// checkMoved holds the permutation against where the rows are.
func checkMoved(t *testing.T, old, now *Version, f *Flush) {
	t.Helper()
	where, err := f.Moved.Translator()
	require.NoError(t, err)
	after := rowsOf(t, now, catalog.ScanRequest{}, nil)
	for id, a := range rowsOf(t, old, catalog.ScanRequest{}, nil) {
		to, fate := where.Translate(a)
		if fate == Dropped || after[id] != to {
			require.Fail(t, "a row is elsewhere", "row %d: %v instead of %v", id, after[id], to)
		}
	}
}

func checkPredicates(t *testing.T, r *rand.Rand, now pinned, next int) {
	t.Helper()
	lo := r.IntN(next + 1)
	hi := lo + r.IntN(next/2+1)
	number := func(x int) vector.Scalar { return vector.IntOf(vector.Of(vector.Int64), int64(x)) }
	open := vector.NullOf(vector.Of(vector.Date))
	date := func(x int) vector.Scalar { return vector.IntOf(vector.Of(vector.Date), int64(x)) }
	inRange := catalog.Predicate{Column: 1, Kind: catalog.InRange, Lo: number(lo), Hi: number(hi)}
	cases := []struct {
		where []catalog.Predicate
		holds func(id int) bool
	}{
		{[]catalog.Predicate{inRange}, func(id int) bool { return id >= lo && id <= hi }},
		{
			[]catalog.Predicate{{Column: 1, Kind: catalog.OutOfRange, Lo: number(lo), Hi: number(hi)}},
			func(id int) bool { return id < lo || id > hi },
		},
		{[]catalog.Predicate{{Column: 2, Kind: catalog.IsNull}}, func(id int) bool { return id%8 == 0 }},
		{
			[]catalog.Predicate{{Column: 6, Kind: catalog.InRange, Lo: date(7000), Hi: open}},
			func(int) bool { return false },
		},
		{
			[]catalog.Predicate{{Column: 4, Kind: catalog.InRange, Lo: vector.DecimalOf(
				vector.DecimalType(38, 2), vector.Int128{Hi: 5}), Hi: vector.NullOf(vector.DecimalType(38, 2))}},
			func(id int) bool { return id >= wideFrom && id%10 != 0 },
		},
		{
			[]catalog.Predicate{{Column: 3, Kind: catalog.Matches, Min: []byte("row 9"), Max: []byte("row 9z")}},
			func(id int) bool { return fmt.Sprint(id)[0] == '9' && id%9 != 0 },
		},
		{
			[]catalog.Predicate{{Kind: catalog.AnyOf, Any: []catalog.Predicate{
				inRange, {Column: 2, Kind: catalog.IsNull},
			}}},
			func(id int) bool { return id >= lo && id <= hi || id%8 == 0 },
		},
	}
	all := &catalog.RuntimeFilter{Column: 1}
	all.Set(&catalog.RuntimeValues{Lo: 0, Hi: vector.MaxInt})
	for k, c := range cases {
		for _, runtime := range [][]*catalog.RuntimeFilter{nil, {all}} { // with one the ranges go before it
			got := rowsOf(t, now.version, catalog.ScanRequest{Where: c.where, Runtime: runtime}, nil)
			for id := range now.ids {
				if _, ok := got[id]; c.holds(id) && !ok {
					require.Fail(t, "a row was pruned", "case %d, row %d", k, id)
				}
			}
			within(t, now.ids, got)
		}
	}
	filter := &catalog.RuntimeFilter{Column: 6}
	bits := make([]uint64, 110)
	for day := 70; day < 7000; day += 70 {
		bits[day/64] |= 1 << (day % 64)
	}
	filter.Set(&catalog.RuntimeValues{Lo: 0, Hi: 7000, Bits: bits})
	got := rowsOf(t, now.version, catalog.ScanRequest{Runtime: []*catalog.RuntimeFilter{filter}}, nil)
	for id := range now.ids {
		day := id % 1000 * 7
		if want := id%12 != 0 && day >= 70 && day%70 == 0; want != (got[id] != catalog.Address{}) {
			require.Fail(t, "the runtime filter is wrong", "row %d, day %d", id, day)
		}
	}
}

func checkOverlay(t *testing.T, r *rand.Rand, now pinned, next int) {
	t.Helper()
	committed := rowsOf(t, now.version, catalog.ScanRequest{}, nil)
	own := now.version.NewWriteSet()
	require.NoError(t, own.Add(modelChunk(next, 4000)))
	require.NoError(t, own.Add(modelChunk(next+4000, 1000)))
	w, err := now.version.NewSegment()
	require.NoError(t, err)
	require.NoError(t, w.Append(t.Context(), modelChunk(next+5000, 3000)))
	d, err := w.Finish(t.Context())
	require.NoError(t, err)
	overlay := &Overlay{Rows: own.View(), Segments: []*segment.Descriptor{d}, Deletes: setOf()}
	want := maps.Clone(now.ids)
	for i := range 8000 {
		want[next+i] = true
	}
	for id, a := range committed {
		if r.IntN(3) == 0 {
			overlay.Deletes.Add([]catalog.Address{a})
			delete(want, id)
		}
	}
	got := rowsOf(t, now.version, catalog.ScanRequest{}, overlay)
	sameRows(t, want, got)

	gone := roaring.New() // of the segment
	for id := next; id < next+8000; id++ {
		require.True(t, IsOwn(got[id].Block))
		if r.IntN(3) > 0 {
			continue
		}
		overlay.Deletes.Add([]catalog.Address{got[id]})
		delete(want, id)
		if got[id].Block == OwnBlock(0) {
			gone.Add(got[id].Offset)
		}
	}
	sameRows(t, want, rowsOf(t, now.version, catalog.ScanRequest{}, overlay))
	overlay.Segments[0], err = now.version.Rewrite(t.Context(), d, gone)
	require.NoError(t, err)
	kept := setOf()
	for a := range overlay.Deletes.All() {
		if a.Block != OwnBlock(0) {
			kept.Add([]catalog.Address{a})
		}
	}
	overlay.Deletes = kept
	sameRows(t, want, rowsOf(t, now.version, catalog.ScanRequest{}, overlay))
}

func checkReopened(t *testing.T, env Environment, now pinned) {
	t.Helper()
	deleted, err := now.version.DeleteVectors()
	require.NoError(t, err)
	v, err := Open(env, modelTable, now.version.Segments(), deleted)
	require.NoError(t, err)
	require.Equal(t, now.version.Rows(), v.Rows()+liveInMemory(now.version))
	got := rowsOf(t, v, catalog.ScanRequest{}, nil)
	require.Len(t, got, int(v.Rows()))
	within(t, now.ids, got)
}

func liveInMemory(v *Version) int64 {
	n := v.MemoryRows()
	for i := range v.memory.Blocks() {
		b := v.memory.Block(i)
		if d := v.deletes[b.ID]; d != nil {
			n -= int64(d.offsets.CardinalityInRange(uint64(b.First), uint64(b.End)))
		}
	}
	return n
}

func TestReadersBesideTheWriter(t *testing.T) {
	env := testEnvironment(4 << 20)
	require.NoError(t, env.FS.MkdirAll(env.Dir))
	v, err := New(env, modelTable)
	require.NoError(t, err)
	var current atomic.Pointer[pinned]
	current.Store(&pinned{v, map[int]bool{}})
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				p := current.Load()
				got := rowsOf(t, p.version, catalog.ScanRequest{}, nil)
				if len(got) != len(p.ids) {
					t.Errorf("%d rows instead of %d", len(got), len(p.ids))
					return
				}
			}
		})
	}
	tail, next := memtable.Tail{}, 0
	r := rand.New(rand.NewPCG(5, 6))
	for step := range 150 {
		p := pinned{current.Load().version, maps.Clone(current.Load().ids)}
		n := 1 + r.IntN(200)
		c := modelChunk(next, n)
		at := tail.Place(c, func() catalog.BlockID { return catalog.BlockID(env.NewID()) })
		if p.version, err = p.version.Append(c, at, catalog.Sequence(step+1)); err != nil {
			break
		}
		for i := range n {
			p.ids[next+i] = true
		}
		next += n
		if step%40 == 39 {
			var f *Flush
			if f, err = p.version.Flush(t.Context()); err == nil {
				p.version, err = p.version.Install(f)
			}
		}
		if err != nil {
			break
		}
		current.Store(&p)
	}
	close(done)
	readers.Wait()
	require.NoError(t, err)
}
