package exec

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// tableKinds are the kinds of joins of which a pair of rows matches or does not.
func tableKinds() []JoinKind {
	return []JoinKind{
		InnerJoin, LeftJoin, FullJoin, SemiJoin, AntiJoin, BuildLeftJoin, BuildSemiJoin, BuildAntiJoin,
	}
}

// referenceJoin compares every pair of rows.
func referenceJoin(kind JoinKind, left, right *testTable, matches func(l, r row) bool) []row {
	var out []row
	matched := make([]bool, len(right.rows))
	for _, l := range left.rows {
		n := 0
		for i, r := range right.rows {
			if !matches(l, r) {
				continue
			}
			n++
			matched[i] = true
			if kind.pairs() {
				out = append(out, append(append(row(nil), l...), r...))
			}
		}
		switch {
		case kind.padded() && n == 0:
			out = append(out, append(append(row(nil), l...), right.nulls()...))
		case kind == SemiJoin && n > 0, kind == AntiJoin && n == 0:
			out = append(out, l)
		}
	}
	for i, r := range right.rows {
		switch {
		case (kind == FullJoin || kind == BuildLeftJoin) && !matched[i]:
			out = append(out, append(left.nulls(), r...))
		case kind == BuildSemiJoin && matched[i], kind == BuildAntiJoin && !matched[i]:
			out = append(out, r)
		}
	}
	return out
}

func (t *testTable) nulls() row {
	var out row
	for _, c := range t.columns {
		out = append(out, vector.NullOf(c.of))
	}
	return out
}

func sameKeys(keys [][2]int) func(l, r row) bool {
	return func(l, r row) bool {
		for _, k := range keys {
			x, y := l[k[0]], r[k[1]]
			if x.Null || y.Null || textOf(x) != textOf(y) {
				return false
			}
		}
		return true
	}
}

func joinTables(r *rand.Rand, chunk int) (left, right *testTable) {
	left = makeTable(r, 150, chunk, 0.1, append(allColumns(), intervalColumn("i"))...)
	shared := allColumns()
	shared[7] = left.columns[7] // the same numbering
	right = makeTable(r, 90, chunk, 0.1, append(shared, frameColumn("f2", 0, 60000), wordColumn("u2", 20),
		intervalColumn("i"))...)
	return left, right
}

func TestHashJoinEqualsReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		left, right := joinTables(r, chunk)
		for _, keys := range [][][2]int{
			{{0, 0}},
			{{1, 1}},
			{{2, 2}},
			{{3, 3}},
			{{4, 4}},
			{{5, 5}},
			{{6, 6}},
			{{7, 7}},
			{{7, 10}},
			{{1, 9}},
			{{0, 0}, {7, 7}},
			{{0, 0}, {6, 6}},
			{{2, 2}, {5, 5}},
			{{6, 7}, {4, 4}},
			{{0, 0}, {2, 2}, {7, 10}},
		} {
			for _, kind := range tableKinds() {
				want := referenceJoin(kind, left, right, sameKeys(keys))
				for _, rows := range []int{0, 1, 20} {
					j := &HashJoin{Kind: kind, Probe: left.scan(), Build: right.scan()}
					for _, k := range keys {
						j.ProbeKeys, j.BuildKeys = append(j.ProbeKeys, k[0]), append(j.BuildKeys, k[1])
					}
					requireSameRows(t, want, collect(t, spillingQuery(t, workers, rows), j))
				}
			}
		}
	})
}

// lessOf is left.g < right.g over the columns of both.
func lessOf(left, right Schema) expr.Expr {
	l, r := columnAt(left, 1), columnAt(right, 1)
	r.Index += len(left)
	return expr.Compare{Op: expr.Less, Left: l, Right: r}
}

func isLess(l, r row) bool { return !l[1].Null && !r[1].Null && l[1].Int < r[1].Int }

func TestResidualEqualsReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		left, right := joinTables(r, chunk)
		keys := [][2]int{{0, 0}}
		for _, kind := range tableKinds() {
			j := &HashJoin{
				Kind: kind, Probe: left.scan(), Build: right.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0},
				Residual: lessOf(left.scan().Schema(), right.scan().Schema()),
			}
			want := referenceJoin(kind, left, right, func(l, r row) bool { return sameKeys(keys)(l, r) && isLess(l, r) })
			for _, rows := range []int{0, 1, 20} {
				j.Probe, j.Build = left.scan(), right.scan()
				requireSameRows(t, want, collect(t, spillingQuery(t, workers, rows), j))
			}
			if kind >= BuildLeftJoin {
				continue
			}
			for _, residual := range []expr.Expr{nil, j.Residual} {
				matches := isLess
				if residual == nil {
					matches = func(row, row) bool { return true }
				}
				want := referenceJoin(kind, left, right, matches)
				for _, rows := range []int{0, 1, 20} {
					q := spillingQuery(t, workers, rows)
					loop := &LoopJoin{Kind: kind, Probe: left.scan(), Build: right.scan(), Residual: residual}
					requireSameRows(t, want, collect(t, q, loop))
					require.Equal(t, rows > 0, q.Spill.Written() > 0)
				}
			}
		}
	})
}

func TestLoopJoinOverManyBuildRows(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	left := makeTable(r, 9, 4, 0.2, allColumns()...)
	right := makeTable(r, 9000, 1000, 0.2, frameColumn("f", 0, 9), frameColumn("g", 0, 2000), wordColumn("u", 9))
	for _, kind := range tableKinds()[:5] {
		residual := lessOf(left.scan().Schema(), right.scan().Schema())
		want := referenceJoin(kind, left, right, isLess)
		for _, rows := range []int{0, 900} {
			loop := &LoopJoin{Kind: kind, Probe: left.scan(), Build: right.scan(), Residual: residual}
			requireSameRows(t, want, collect(t, spillingQuery(t, 2, rows), loop))
		}
	}
}

func TestJoinWithNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	some, none := makeTable(r, 9, 4, 0, allColumns()...), makeTable(r, 0, 4, 0, allColumns()...)
	for _, kind := range tableKinds() {
		for _, tables := range [][2]*testTable{{some, none}, {none, some}, {none, none}} {
			for _, key := range []int{0, 2, 6, 7} {
				j := &HashJoin{
					Kind: kind, Probe: tables[0].scan(), Build: tables[1].scan(), ProbeKeys: []int{key}, BuildKeys: []int{key},
				}
				want := referenceJoin(kind, tables[0], tables[1], sameKeys([][2]int{{key, key}}))
				for _, rows := range []int{0, 2} {
					j.Probe, j.Build = tables[0].scan(), tables[1].scan()
					requireSameRows(t, want, collect(t, spillingQuery(t, 2, rows), j))
				}
			}
			if kind >= BuildLeftJoin {
				continue
			}
			loop := &LoopJoin{Kind: kind, Probe: tables[0].scan(), Build: tables[1].scan()}
			want := referenceJoin(kind, tables[0], tables[1], func(row, row) bool { return true })
			requireSameRows(t, want, collect(t, newTestQuery(t, 2), loop))
		}
	}
}

func TestLargeBuilds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	of := vector.Of(vector.Int64)
	for name, draw := range map[string]func(*rand.Rand) int64{
		"direct": func(r *rand.Rand) int64 { return r.Int64N(100000) - 500 },
		"exact":  func(r *rand.Rand) int64 { return r.Int64N(100000) * 20000 },
		"hashed": func(r *rand.Rand) int64 { return r.Int64N(100000) << 40 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(r.Uint64(), 8))
			column := testColumn{name: "k", of: of, draw: func(r *rand.Rand) vector.Scalar { return vector.IntOf(of, draw(r)) }}
			build := makeTable(r, 80000, vector.ChunkRows, 0.01, column, frameColumn("g", 0, 1000))
			probe := makeTable(r, 20000, 1000, 0.01, column, frameColumn("g", 0, 1000))
			counts := map[int64]int{}
			for _, x := range build.rows {
				if !x[0].Null {
					counts[x[0].Int]++
				}
			}
			want := 0
			for _, x := range probe.rows {
				if !x[0].Null {
					want += counts[x[0].Int]
				}
			}
			for _, workers := range []int{1, 4} {
				filter := &catalog.RuntimeFilter{Column: 1}
				scan := probe.scan(filter)
				j := &HashJoin{Probe: scan, Build: build.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0}}
				j.Filters = []*catalog.RuntimeFilter{filter}
				require.Len(t, collect(t, newTestQuery(t, workers), j), want)
				require.Less(t, scan.From.Counts().Rows, int64(19000), "the filter keeps most rows away")
			}
		})
	}
}

// A filter that would let all rows pass is not set.
func TestUselessFilter(t *testing.T) {
	t.Parallel()
	of := vector.Of(vector.Int64)
	n := int64(0)
	rising := testColumn{name: "k", of: of, draw: func(*rand.Rand) vector.Scalar { n++; return vector.IntOf(of, n%1000) }}
	r := rand.New(rand.NewPCG(7, 8))
	table, few := makeTable(r, 1000, 100, 0, rising), makeTable(r, 500, 100, 0, rising)
	for build, set := range map[*testTable]bool{table: false, few: true} {
		filter := &catalog.RuntimeFilter{Column: 1}
		j := &HashJoin{
			Probe: table.scan(filter), Build: build.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0},
			Filters: []*catalog.RuntimeFilter{filter},
		}
		require.Len(t, collect(t, newTestQuery(t, 2), j), len(build.rows))
		require.Equal(t, set, filter.Values() != nil)
	}
}

// A cross join's result is never held: its consumer stops after some of it.
func TestCrossJoinStreams(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	table := makeTable(r, 20000, vector.ChunkRows, 0, frameColumn("f", 0, 9), textColumn("t", 500))
	q := limitedQuery(t, 2, 4<<20)
	rows := 0
	err := q.run(context.Background(), &LoopJoin{Probe: table.scan(), Build: table.scan()}, func(worker int) (Consumer, error) {
		return consumerOf(func(_ context.Context, c *vector.Chunk) error {
			if worker != 0 {
				return nil
			}
			if rows += c.Count(); rows > 5_000_000 {
				return sqlerr.New(sqlerr.QueryCanceled, "enough")
			}
			return nil
		}), nil
	})
	require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(err))
	require.Less(t, q.Budget.Peak(), int64(4<<20))
}
