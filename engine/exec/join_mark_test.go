package exec

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// truth is what a comparison gives.
type truth int

const (
	isFalse truth = iota
	isUnknown
	isTrue
)

// referenceMark marks each left row with the greatest truth of its pairs, or keeps those where it is FALSE.
func referenceMark(kind JoinKind, left, right *testTable, compare func(l, r row) truth) []row {
	var out []row
	for _, l := range left.rows {
		best := isFalse
		for _, r := range right.rows {
			best = max(best, compare(l, r))
		}
		mark := vector.BoolOf(best == isTrue)
		if best == isUnknown {
			mark = vector.NullOf(mark.Type)
		}
		switch {
		case kind == MarkJoin:
			out = append(out, append(append(row(nil), l...), mark))
		case best == isFalse:
			out = append(out, l)
		}
	}
	return out
}

// compareKey is l = r of one column each.
func compareKey(l, r int) func(x, y row) truth {
	return func(x, y row) truth {
		switch {
		case x[l].Null || y[r].Null:
			return isUnknown
		case textOf(x[l]) == textOf(y[r]):
			return isTrue
		default:
			return isFalse
		}
	}
}

func TestMarkJoinEqualsReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		left, right := joinTables(r, chunk)
		whole := makeTable(r, 40, chunk, 0, left.columns...)
		none := makeTable(r, 0, chunk, 0.1, left.columns...)
		for _, kind := range []JoinKind{MarkJoin, AntiJoin} {
			for _, key := range []int{0, 2, 6, 7} {
				for _, build := range []*testTable{right, whole, none} {
					want := referenceMark(kind, left, build, compareKey(key, key))
					for _, rows := range []int{0, 7} {
						j := &HashJoin{
							Kind: kind, Probe: left.scan(), Build: build.scan(), ProbeKeys: []int{key}, BuildKeys: []int{key},
							NullAware: true,
						}
						requireSameRows(t, want, collect(t, spillingQuery(t, workers, rows), j))
					}
				}
			}
		}
	})
}

// Rows with equal keys are compared by less-than, of which NULLs make the truth unknown; without keys all rows are.
func TestUnknownPairsEqualReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		left, right := joinTables(r, chunk)
		less := lessOf(left.scan().Schema(), right.scan().Schema())
		compare := func(l, r row) truth {
			switch {
			case l[1].Null || r[1].Null:
				return isUnknown
			case isLess(l, r):
				return isTrue
			default:
				return isFalse
			}
		}
		keyed := func(l, r row) truth {
			if !sameKeys([][2]int{{0, 0}})(l, r) {
				return isFalse
			}
			return compare(l, r)
		}
		for _, kind := range []JoinKind{MarkJoin, AntiJoin} {
			want := referenceMark(kind, left, right, keyed)
			for _, rows := range []int{0, 1, 7} {
				hash := &HashJoin{
					Kind: kind, Probe: left.scan(), Build: right.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0},
					Residual: less, Unknown: expr.IsNull{Of: less},
				}
				requireSameRows(t, want, collect(t, spillingQuery(t, workers, rows), hash))
			}
			loop := &LoopJoin{
				Kind: kind, Probe: left.scan(), Build: right.scan(), Residual: less, Unknown: expr.IsNull{Of: less},
			}
			want = referenceMark(kind, left, right, compare)
			requireSameRows(t, want, collect(t, newTestQuery(t, workers), loop))
		}
	})
}

// A mark join without a condition marks by whether there is a row.
func TestMarkOfAnyRow(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	some, none := makeTable(r, 9, 4, 0.2, allColumns()...), makeTable(r, 0, 4, 0, allColumns()...)
	for build, mark := range map[*testTable]truth{some: isTrue, none: isFalse} {
		want := referenceMark(MarkJoin, some, some, func(row, row) truth { return mark })
		j := &LoopJoin{Kind: MarkJoin, Probe: some.scan(), Build: build.scan()}
		requireSameRows(t, want, collect(t, newTestQuery(t, 2), j))
	}
}

// A single join is a left join while every row has one match at most, and 21000 when one has two: both after a
// condition has decided.
func TestSingleJoin(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		of := vector.Of(vector.Int64)
		n := int64(0)
		rising := testColumn{name: "k", of: of, draw: func(*rand.Rand) vector.Scalar { n++; return vector.IntOf(of, n) }}
		left := makeTable(r, 200, chunk, 0.1, frameColumn("k", 0, 90), frameColumn("g", 0, 1000))
		once := makeTable(r, 60, chunk, 0, rising, frameColumn("g", 0, 1000))
		twice := makeTable(r, 400, chunk, 0, frameColumn("k", 0, 90), frameColumn("g", 0, 1000))
		single := func(build *testTable, residual expr.Expr) *HashJoin {
			return &HashJoin{
				Kind: SingleJoin, Probe: left.scan(), Build: build.scan(), ProbeKeys: []int{0}, BuildKeys: []int{0},
				Residual: residual,
			}
		}
		keys := sameKeys([][2]int{{0, 0}})
		less := lessOf(left.scan().Schema(), once.scan().Schema())
		for _, rows := range []int{0, 7} {
			requireSameRows(t, referenceJoin(LeftJoin, left, once, keys),
				collect(t, spillingQuery(t, workers, rows), single(once, nil)))
			requireSameRows(t, referenceJoin(LeftJoin, left, once, func(l, r row) bool { return keys(l, r) && isLess(l, r) }),
				collect(t, spillingQuery(t, workers, rows), single(once, less)))
		}
		spilled := 0
		fails := func(j Operator) {
			q := spillingQuery(t, workers, spilled)
			err := q.run(t.Context(), j, func(int) (Consumer, error) { return consumerOf(drop), nil })
			require.Equal(t, sqlerr.CardinalityViolation, sqlerr.CodeOf(err))
		}
		fails(single(twice, nil))
		fails(single(twice, less))
		spilled = 7
		fails(single(twice, nil))
		fails(single(twice, less))
		fails(&LoopJoin{Kind: SingleJoin, Probe: left.scan(), Build: once.scan()})
		build := columnAt(once.scan().Schema(), 0)
		build.Index = 2
		equal := expr.Compare{Op: expr.Equal, Left: columnAt(left.scan().Schema(), 0), Right: build}
		requireSameRows(t, referenceJoin(LeftJoin, left, once, keys),
			collect(t, newTestQuery(t, workers), &LoopJoin{
				Kind: SingleJoin, Probe: left.scan(), Build: once.scan(), Residual: equal,
			}))
		fails(&LoopJoin{Kind: SingleJoin, Probe: left.scan(), Build: twice.scan(), Residual: equal})
	})
}

func drop(context.Context, *vector.Chunk) error { return nil }
