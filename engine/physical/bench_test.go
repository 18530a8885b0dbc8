package physical_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/catalog/catalogtest"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/physical"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/vector"
)

// The benchmarks run queries of TPC-H's shapes over generated tables of about scale 1/6, encoded as the cache of
// decoded chunks has them: a million rows of lineitem.
const (
	benchOrders    = 250_000
	benchCustomers = 25_000
	linesPerOrder  = 4
)

// coded is a table in encoded chunks.
type coded struct {
	known  []catalog.ScanColumn
	chunks []*vector.Chunk
}

// benchInstance serves encoded tables.
type benchInstance struct {
	*memory

	coded map[catalog.TableID]*coded
}

func (b *benchInstance) Scan(_ context.Context, id catalog.TableID, req catalog.ScanRequest) (catalog.Scan, error) {
	s := &codedScan{table: b.coded[id], req: req}
	for _, c := range req.Columns {
		s.columns = append(s.columns, s.table.known[c-1])
	}
	return s, nil
}

type codedScan struct {
	table   *coded
	req     catalog.ScanRequest
	columns []catalog.ScanColumn
	next    atomic.Int64
}

func (s *codedScan) Columns() []catalog.ScanColumn { return s.columns }
func (s *codedScan) Morsels() int                  { return len(s.table.chunks) }
func (*codedScan) Counts() catalog.ScanCounts      { return catalog.ScanCounts{} }
func (*codedScan) Close() error                    { return nil }

func (s *codedScan) Open(int) (catalog.ChunkSource, error) {
	return &codedSource{codedScan: s, sel: make([]uint16, vector.ChunkRows)}, nil
}

type codedSource struct {
	*codedScan

	sel []uint16
	out vector.Chunk
}

func (s *codedSource) Next(context.Context) (*vector.Chunk, error) {
	for {
		i := int(s.next.Add(1)) - 1
		if i >= len(s.table.chunks) {
			return nil, nil
		}
		c := s.table.chunks[i]
		s.out.Len, s.out.Sel, s.out.Columns = c.Len, nil, s.out.Columns[:0]
		for _, id := range s.req.Columns {
			s.out.Columns = append(s.out.Columns, c.Columns[id-1])
		}
		for _, f := range s.req.Runtime {
			if v := f.Values(); v != nil {
				s.out.Sel = vector.SelectRuntime(c.Columns[f.Column-1], v, s.out.Sel, s.sel)
			}
		}
		if s.out.Count() > 0 {
			return &s.out, nil
		}
	}
}

// integers makes a column of codes; value gives row i's.
func (c *coded) integers(rows int, of vector.Type, lo, hi int64, value func(i int) int64) {
	id := catalog.ColumnID(len(c.known) + 1)
	c.known = append(c.known, catalog.ScanColumn{ID: id, Type: of, Physical: vector.Integer, Lo: lo, Hi: hi})
	c.each(rows, func(first, n int) *vector.Vector {
		v := &vector.Vector{Type: of, Encoding: vector.Frame, Base: lo, Scale: 1, Lo: lo, Hi: hi}
		switch span := hi - lo; {
		case span < 1<<8:
			vector.SetCodes(v, codesOf[uint8](first, n, lo, value))
		case span < 1<<16:
			vector.SetCodes(v, codesOf[uint16](first, n, lo, value))
		default:
			vector.SetCodes(v, codesOf[uint32](first, n, lo, value))
		}
		return v
	})
}

func codesOf[T vector.Code](first, n int, lo int64, value func(i int) int64) []T {
	d := make([]T, n)
	for i := range d {
		d[i] = T(value(first+i) - lo)
	}
	return d
}

func (c *coded) words(rows int, words []string, value func(i int) int64) {
	u := vector.NewUnifier()
	d := &vector.Dictionary{}
	for _, w := range words {
		d.Values = append(d.Values, []byte(w))
	}
	u.Remap(d)
	of := vector.Of(vector.Text)
	c.known = append(c.known, catalog.ScanColumn{
		ID: catalog.ColumnID(len(c.known) + 1), Type: of, Physical: vector.Bytes, Unifier: u, Distinct: len(words),
	})
	c.each(rows, func(first, n int) *vector.Vector {
		v := &vector.Vector{Type: of, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: d}
		vector.SetCodes(v, codesOf[uint8](first, n, 0, value))
		return v
	})
}

func (c *coded) each(rows int, column func(first, n int) *vector.Vector) {
	for i, first := 0, 0; first < rows; i, first = i+1, first+vector.ChunkRows {
		n := min(vector.ChunkRows, rows-first)
		if i == len(c.chunks) {
			c.chunks = append(c.chunks, &vector.Chunk{Len: n})
		}
		c.chunks[i].Columns = append(c.chunks[i].Columns, column(first, n))
	}
}

var benchTables = sync.OnceValue(func() *benchInstance {
	r := rand.New(rand.NewPCG(1, 1))
	random := func(lo, hi int64) func(int) int64 {
		return func(int) int64 { return lo + r.Int64N(hi-lo+1) }
	}
	big, date, money := vector.Of(vector.Int64), vector.Of(vector.Date), vector.DecimalType(15, 2)
	column := func(name string, of vector.Type) catalog.Column {
		return catalog.Column{Name: name, Type: of, NotNull: true}
	}
	text := vector.Of(vector.Text)
	b := &benchInstance{memory: newMemory(), coded: map[catalog.TableID]*coded{}}
	add := func(t *catalog.Table, rows int64, c *coded) {
		t.ID = catalog.TableID(len(b.tables) + 1)
		t.Statistics = &catalog.Statistics{Rows: rows}
		b.tables = append(b.tables, t)
		b.coded[t.ID] = c
	}
	customer := &coded{}
	customer.integers(benchCustomers, big, 1, benchCustomers, func(i int) int64 { return int64(i + 1) })
	customer.words(benchCustomers, []string{"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"}, random(0, 4))
	add(catalogtest.Table("main", "customer", column("c_custkey", big), column("c_mktsegment", text)), benchCustomers, customer)

	days := make([]int64, benchOrders)
	for i := range days {
		days[i] = 8035 + r.Int64N(2400)
	}
	orders := &coded{}
	orders.integers(benchOrders, big, 1, 4*benchOrders, func(i int) int64 { return int64(4*i + 1) })
	orders.integers(benchOrders, big, 1, benchCustomers, random(1, benchCustomers))
	orders.integers(benchOrders, date, 8035, 10600, func(i int) int64 { return days[i] })
	orders.integers(benchOrders, big, 0, 0, random(0, 0))
	add(catalogtest.Table("main", "orders", column("o_orderkey", big), column("o_custkey", big),
		column("o_orderdate", date), column("o_shippriority", big)), benchOrders, orders)

	lines := benchOrders * linesPerOrder
	l := &coded{}
	l.integers(lines, big, 1, 4*benchOrders, func(i int) int64 { return int64(4*(i/linesPerOrder) + 1) })
	l.integers(lines, money, 100, 5000, func(int) int64 { return 100 * (1 + r.Int64N(50)) })
	l.integers(lines, money, 90_100, 10_494_950, random(90_100, 10_494_950))
	l.integers(lines, money, 0, 10, random(0, 10))
	l.integers(lines, money, 0, 8, random(0, 8))
	l.words(lines, []string{"A", "N", "R"}, random(0, 2))
	l.words(lines, []string{"F", "O"}, random(0, 1))
	l.integers(lines, date, 8036, 10721, func(i int) int64 { return days[i/linesPerOrder] + 1 + r.Int64N(121) })
	add(catalogtest.Table("main", "lineitem", column("l_orderkey", big), column("l_quantity", money),
		column("l_extendedprice", money), column("l_discount", money), column("l_tax", money),
		column("l_returnflag", text), column("l_linestatus", text), column("l_shipdate", date)), int64(lines), l)
	b.Snapshot = catalogtest.Of(b.tables...)
	return b
})

func BenchmarkQueries(b *testing.B) {
	for _, q := range []struct {
		name, sql string
		rows      int64
	}{
		{"Q1", `SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
			sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
			avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
			FROM lineitem WHERE l_shipdate <= DATE '1998-09-02' GROUP BY l_returnflag, l_linestatus
			ORDER BY l_returnflag, l_linestatus`, 6},
		{"Q3", `SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
			FROM customer, orders, lineitem WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey
			AND l_orderkey = o_orderkey AND o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15'
			GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate LIMIT 10`, 10},
		{"Q6", `SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_shipdate >= DATE '1994-01-01'
			AND l_shipdate < DATE '1995-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24`, 1},
		{"GroupByOrder", `SELECT count(*) FROM (SELECT l_orderkey, sum(l_quantity) AS q, count(*) AS c FROM lineitem
			GROUP BY l_orderkey) g WHERE q > 100`, 1},
		{"Join", `SELECT count(*), sum(o_custkey) FROM lineitem JOIN orders ON l_orderkey = o_orderkey`, 1},
		{"Sort", `SELECT count(*) FROM (SELECT l_orderkey, l_extendedprice FROM lineitem
			ORDER BY l_extendedprice, l_shipdate LIMIT 900000) s`, 1},
		{"Fetch", `SELECT l_orderkey, l_quantity, l_returnflag, l_shipdate FROM lineitem`, int64(benchOrders * linesPerOrder)},
	} {
		for _, workers := range []int{1, 2} {
			b.Run(q.name+"/threads="+string(rune('0'+workers)), func(b *testing.B) {
				benchmark(b, q.sql, workers, q.rows)
			})
		}
	}
}

func benchmark(b *testing.B, sql string, workers int, want int64) {
	b.Helper()
	m, ctx := benchTables(), b.Context()
	n, err := m.plan(ctx, sql)
	require.NoError(b, err)
	scheduler, server := exec.NewScheduler(workers), budget.NewServer(4<<30)
	b.ReportAllocs()
	for b.Loop() {
		memory := server.Query(0)
		s, err := physical.Run(ctx, physical.Request{Plan: n, Snapshot: m, Scheduler: scheduler, Budget: memory})
		require.NoError(b, err)
		rows := int64(0)
		for {
			r, err := s.Next(ctx)
			if r == nil {
				require.ErrorContains(b, err, "EOF")
				break
			}
			rows += r.NumRows()
			r.Release()
		}
		require.NoError(b, s.Close())
		memory.Close()
		require.Equal(b, want, rows)
	}
}
