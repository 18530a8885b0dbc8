package exec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

type row = []vector.Scalar

// testColumn is a column of a test table: its values' type, how they are drawn, and how they are encoded.
type testColumn struct {
	name   string
	of     vector.Type
	draw   func(r *rand.Rand) vector.Scalar
	encode func(d []vector.Scalar) *vector.Vector // nil: flat
	words  *vector.Unifier
}

// testTable is a table in memory, as rows and as chunks.
type testTable struct {
	columns []testColumn
	rows    []row
	chunks  []*vector.Chunk
	known   []catalog.ScanColumn
}

func makeTable(r *rand.Rand, rows, chunk int, nulls float64, columns ...testColumn) *testTable {
	t := &testTable{columns: columns}
	for range rows {
		x := make(row, len(columns))
		for i, c := range columns {
			x[i] = c.draw(r)
			if r.Float64() < nulls {
				x[i] = vector.NullOf(c.of)
			}
		}
		t.rows = append(t.rows, x)
	}
	for i, c := range columns {
		known := catalog.ScanColumn{ID: catalog.ColumnID(i + 1), Type: c.of, Physical: c.of.Physical(), Nullable: nulls > 0}
		known.Lo, known.Hi = vector.MaxInt, vector.MinInt
		known.Unifier = c.words
		t.known = append(t.known, known)
	}
	for first := 0; first < rows; first += chunk {
		part := t.rows[first:min(rows, first+chunk)]
		c := &vector.Chunk{Len: len(part)}
		for i, col := range columns {
			d := make([]vector.Scalar, len(part))
			for k := range part {
				d[k] = part[k][i]
			}
			encode := col.encode
			if encode == nil {
				encode = func(d []vector.Scalar) *vector.Vector { return vector.ScalarsOf(col.of, d...) }
			}
			v := encode(d)
			b := vector.Bounds{Lo: t.known[i].Lo, Hi: t.known[i].Hi}.Union(vector.Bounds{Lo: v.Lo, Hi: v.Hi})
			t.known[i].Lo, t.known[i].Hi = b.Lo, b.Hi
			c.Columns = append(c.Columns, v)
		}
		t.chunks = append(t.chunks, c)
	}
	return t
}

// scan returns an operator over a fresh scan of the table.
func (t *testTable) scan(filters ...*catalog.RuntimeFilter) *Scan {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return NewScan("t", &testScan{table: t, filters: filters}, names)
}

type testScan struct {
	table   *testTable
	filters []*catalog.RuntimeFilter
	next    atomic.Int64
	rows    atomic.Int64
	endless bool
}

func (s *testScan) Columns() []catalog.ScanColumn { return s.table.known }
func (s *testScan) Morsels() int                  { return len(s.table.chunks) }
func (s *testScan) Counts() catalog.ScanCounts    { return catalog.ScanCounts{Rows: s.rows.Load()} }
func (*testScan) Close() error                    { return nil }

func (s *testScan) Open(int) (catalog.ChunkSource, error) {
	return &testSource{scan: s, sel: make([]uint16, vector.ChunkRows)}, nil
}

type testSource struct {
	scan *testScan
	sel  []uint16
	out  vector.Chunk
}

func (*testSource) Close() error { return nil }

func (s *testSource) Next(context.Context) (*vector.Chunk, error) {
	for {
		i := int(s.scan.next.Add(1)) - 1
		if s.scan.endless {
			i %= len(s.scan.table.chunks)
		}
		if i >= len(s.scan.table.chunks) {
			return nil, nil
		}
		c := s.scan.table.chunks[i]
		sel := c.Sel
		for _, f := range s.scan.filters {
			if v := f.Values(); v != nil {
				sel = vector.SelectRuntime(c.Columns[f.Column-1], v, sel, s.sel)
			}
		}
		s.out = vector.Chunk{Len: c.Len, Sel: sel, Columns: c.Columns}
		s.scan.rows.Add(int64(s.out.Count()))
		if s.out.Count() > 0 {
			return &s.out, nil
		}
	}
}

// The kinds of columns.

func frameColumn(name string, lo, hi int64) testColumn {
	of := vector.Of(vector.Int64)
	return testColumn{
		name: name, of: of,
		draw: func(r *rand.Rand) vector.Scalar { return vector.IntOf(of, lo+r.Int64N(hi-lo+1)) },
		encode: func(d []vector.Scalar) *vector.Vector {
			return frameOfScalars(of, d, lo, hi)
		},
	}
}

func frameOfScalars(of vector.Type, d []vector.Scalar, lo, hi int64) *vector.Vector {
	v := &vector.Vector{Type: of, Encoding: vector.Frame, Base: lo, Scale: 1, Lo: lo, Hi: hi, NullCode: true}
	codes := make([]uint16, len(d))
	for i, x := range d {
		codes[i] = uint16(x.Int - lo)
		if x.Null {
			codes[i] = math.MaxUint16
		}
	}
	vector.SetCodes(v, codes)
	v.Valid = validOf(d)
	return v
}

func validOf(d []vector.Scalar) []uint64 {
	var valid []uint64
	for i, x := range d {
		if x.Null && valid == nil {
			valid = slices.Repeat([]uint64{math.MaxUint64}, (len(d)+63)/64)
		}
		if x.Null {
			valid[i>>6] &^= 1 << (i & 63)
		}
	}
	return valid
}

func bigColumn(name string) testColumn {
	of := vector.Of(vector.Int64)
	values := []int64{math.MinInt64, -5, 0, 7, 1 << 40, math.MaxInt64}
	return testColumn{name: name, of: of, draw: func(r *rand.Rand) vector.Scalar {
		return vector.IntOf(of, values[r.IntN(len(values))])
	}}
}

func smallDecimal(name string) testColumn {
	of := vector.DecimalType(12, 2)
	return testColumn{name: name, of: of, draw: func(r *rand.Rand) vector.Scalar {
		return vector.DecimalOf(of, vector.Int128Of(r.Int64N(2001)-1000))
	}}
}

func wideColumn(name string) testColumn {
	of := vector.DecimalType(38, 4)
	return testColumn{name: name, of: of, draw: func(r *rand.Rand) vector.Scalar {
		x := vector.Int128Of(r.Int64N(7) - 3)
		if r.IntN(2) == 0 {
			x.Hi = r.Int64N(5) - 2
		}
		return vector.DecimalOf(of, x)
	}}
}

func floatColumn(name string) testColumn {
	values := []float64{0, math.Copysign(0, -1), 1, -1, 2.5, 1e300, -1e300, math.NaN(), math.Inf(1), math.Inf(-1)}
	return testColumn{name: name, of: vector.Of(vector.Float64), draw: func(r *rand.Rand) vector.Scalar {
		return vector.FloatOf(values[r.IntN(len(values))])
	}}
}

// wholeFloats sum up exactly, in any order.
func wholeFloats(name string) testColumn {
	return testColumn{name: name, of: vector.Of(vector.Float64), draw: func(r *rand.Rand) vector.Scalar {
		return vector.FloatOf(float64(r.IntN(1000) - 500))
	}}
}

func textColumn(name string, distinct int) testColumn {
	return testColumn{name: name, of: vector.Of(vector.Text), draw: func(r *rand.Rand) vector.Scalar {
		return vector.TextOf(testText(r.IntN(distinct)))
	}}
}

func testText(i int) string {
	if i == 0 {
		return ""
	}
	return strings.Repeat("long common start ", i%3) + fmt.Sprintf("v%d", i)
}

func wordColumn(name string, distinct int) testColumn {
	u := vector.NewUnifier()
	c := textColumn(name, distinct)
	c.words = u
	c.encode = func(d []vector.Scalar) *vector.Vector {
		local := map[string]uint8{}
		dict := &vector.Dictionary{}
		codes := make([]uint8, len(d))
		for i, x := range d {
			if x.Null {
				continue
			}
			code, ok := local[x.Bytes]
			if !ok {
				code = uint8(len(dict.Values))
				local[x.Bytes] = code
				dict.Values = append(dict.Values, []byte(x.Bytes))
			}
			codes[i] = code
		}
		for i, x := range d {
			if x.Null {
				codes[i] = uint8(len(dict.Values))
			}
		}
		u.Remap(dict)
		v := &vector.Vector{
			Type: c.of, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: dict, Valid: validOf(d),
		}
		vector.SetCodes(v, codes)
		return v
	}
	return c
}

// allColumns has a column of each kind.
func allColumns() []testColumn {
	return []testColumn{
		frameColumn("f", -3, 5), frameColumn("g", 100, 1100), bigColumn("b"), smallDecimal("d"), wideColumn("w"),
		floatColumn("x"), textColumn("t", 40), wordColumn("u", 30), wholeFloats("y"),
	}
}

// intervalColumn can be carried along, and not be grouped or joined by.
func intervalColumn(name string) testColumn {
	of := vector.Of(vector.Interval)
	return testColumn{name: name, of: of, draw: func(r *rand.Rand) vector.Scalar {
		return vector.Scalar{Type: of, Interval: vector.Months{Months: r.Int32N(5), Days: r.Int32N(5) - 2, Nanos: 1e9}}
	}}
}

// newTestQuery returns a query of so many workers; at its end nothing may be reserved.
func newTestQuery(t *testing.T, workers int) *Query {
	t.Helper()
	return limitedQuery(t, workers, 1<<30)
}

// spillingQuery returns a query whose breakers spill after as many rows of a worker, or never.
func spillingQuery(t *testing.T, workers, rows int) *Query {
	t.Helper()
	q := newTestQuery(t, workers)
	q.Debug.SpillRows = rows
	return q
}

func limitedQuery(t *testing.T, workers int, limit int64) *Query {
	t.Helper()
	memory := budget.NewServer(limit).Query(0)
	made := NewQuery(NewScheduler(workers), memory)
	scratch, err := spill.Open(vfs.NewMemory(), "/scratch", 1<<30)
	require.NoError(t, err)
	made.Spill = scratch.Files()
	q := made
	t.Cleanup(func() {
		require.NoError(t, q.Close())
		require.Zero(t, memory.Used())
		require.Zero(t, scratch.Used())
		q, memory, scratch = nil, nil, nil // testing keeps what a parallel test cleaned up until all tests have ended
	})
	return made
}

// collect runs an operator and returns its rows: in order when it has one, else in any.
func collect(t *testing.T, q *Query, op Operator) []row {
	t.Helper()
	rows, err := tryCollect(q, op)
	require.NoError(t, err, "%v", errors.Unwrap(err))
	return rows
}

func tryCollect(q *Query, op Operator) ([]row, error) {
	var mu sync.Mutex
	var rows []row
	schema := op.Schema()
	err := q.run(context.Background(), op, func(int) (Consumer, error) {
		return consumerOf(func(_ context.Context, c *vector.Chunk) error {
			mu.Lock()
			defer mu.Unlock()
			for _, i := range chosen(c) {
				x := make(row, len(c.Columns))
				for k, v := range c.Columns {
					x[k] = v.ScalarAt(int(i))
					if err := schema[k].holds(v, int(i)); err != nil {
						return err
					}
				}
				rows = append(rows, x)
			}
			return nil
		}), nil
	})
	return rows, err
}

// holds tells whether a value is what the schema says.
func (c Column) holds(v *vector.Vector, i int) error {
	switch {
	case v.IsNull(i):
		if !c.Nullable {
			return fmt.Errorf("column %s has a NULL", c.Name)
		}
	case v.Physical == vector.Integer && c.Physical == vector.Integer:
		if x := v.Int(i); x < c.Lo || x > c.Hi || x < v.Lo || x > v.Hi {
			return fmt.Errorf("column %s: %d is not in [%d, %d], [%d, %d]", c.Name, x, c.Lo, c.Hi, v.Lo, v.Hi)
		}
	case v.Physical != c.Physical && (c.Physical != vector.Wide || v.Physical != vector.Integer):
		return fmt.Errorf("column %s lies as %d", c.Name, v.Physical)
	}
	if !c.Type.Equal(v.Type) {
		return fmt.Errorf("column %s is %s, not %s", c.Name, v.Type, c.Type)
	}
	return nil
}

func textOf(s vector.Scalar) string {
	if s.Float == 0 {
		s.Float = 0 // not -0
	}
	return expr.FormatScalar(s, true)
}

func lineOf(r row) string {
	parts := make([]string, len(r))
	for i, s := range r {
		parts[i] = textOf(s)
	}
	return strings.Join(parts, "|")
}

func linesOf(rows []row) []string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = lineOf(r)
	}
	return lines
}

func requireSameRows(t *testing.T, want, got []row) {
	t.Helper()
	w, g := linesOf(want), linesOf(got)
	slices.Sort(w)
	slices.Sort(g)
	require.Equal(t, w, g)
}

// compareScalars orders values of one type: NULL last.
func compareScalars(a, b vector.Scalar) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null:
		return 1
	case b.Null:
		return -1
	}
	switch a.Type.Physical() {
	case vector.Float:
		return vector.CompareFloats(a.Float, b.Float)
	case vector.Bytes:
		return strings.Compare(a.Bytes, b.Bytes)
	default:
		x, y := a.Wide, b.Wide
		if a.Type.Kind != vector.Decimal && a.Type.Kind != vector.UInt64 {
			x, y = vector.Int128Of(a.Int), vector.Int128Of(b.Int)
		}
		return x.Cmp(y)
	}
}

// shapes runs a test for several numbers of workers and rows a chunk.
func shapes(t *testing.T, f func(t *testing.T, r *rand.Rand, workers, chunk int)) {
	t.Helper()
	for _, workers := range []int{1, 3} {
		for _, chunk := range []int{1, 3, vector.ChunkRows} {
			t.Run(fmt.Sprintf("workers=%d/chunk=%d", workers, chunk), func(t *testing.T) {
				t.Parallel()
				f(t, rand.New(rand.NewPCG(uint64(workers), uint64(chunk))), workers, chunk)
			})
		}
	}
}

func columnAt(s Schema, i int) expr.Column {
	return expr.Column{Index: i, Name: s[i].Name, Of: s[i].Type, IsNull: s[i].Nullable}
}
