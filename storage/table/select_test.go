package table

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// Where there are runtime filters, the scan leaves out every row that fails a predicate on a column of integers, or of
// few texts; without them that is left to the engine.
func TestCheapPredicatesGoBeforeRuntimeFilters(t *testing.T) {
	g := newGrower(t)
	g.grow(1, 4000)
	g.flush()

	open := vector.NullOf(vector.Of(vector.Text))
	text := func(kind catalog.PredicateKind, lo, hi vector.Scalar) catalog.Predicate {
		return catalog.Predicate{Column: 2, Kind: kind, Lo: lo, Hi: hi}
	}
	v1, v3, v9 := vector.TextOf("v1"), vector.TextOf("v3"), vector.TextOf("v9")
	day := catalog.Predicate{
		Column: 6, Kind: catalog.InRange, Lo: vector.IntOf(vector.Of(vector.Date), 70), Hi: vector.NullOf(vector.Of(vector.Date)),
	}
	dayHolds := func(id int) bool { return id%12 != 0 && id%1000 >= 10 }
	few := func(is func(n int) bool) func(int) bool {
		return func(id int) bool { return id%8 != 0 && is(id%13) }
	}
	all := &catalog.RuntimeFilter{Column: 1}
	all.Set(&catalog.RuntimeValues{Lo: 0, Hi: vector.MaxInt})
	for k, c := range []struct {
		where []catalog.Predicate
		holds func(id int) bool
	}{
		{[]catalog.Predicate{text(catalog.InRange, v3, v3)}, few(func(n int) bool { return n == 3 })},
		{[]catalog.Predicate{text(catalog.OutOfRange, v3, v3)}, few(func(n int) bool { return n != 3 })},
		{[]catalog.Predicate{text(catalog.InRange, v9, open)}, few(func(n int) bool { return n == 9 })},
		{[]catalog.Predicate{text(catalog.InRange, open, v1)}, few(func(n int) bool { return n < 2 })},
		{[]catalog.Predicate{day}, dayHolds},
		{
			[]catalog.Predicate{{Kind: catalog.AnyOf, Any: []catalog.Predicate{
				text(catalog.InRange, v1, v1), text(catalog.InRange, v9, v9),
			}}},
			few(func(n int) bool { return n == 1 || n == 9 }),
		},
		{
			[]catalog.Predicate{day, text(catalog.InRange, v3, v3)},
			func(id int) bool { return dayHolds(id) && id%8 != 0 && id%13 == 3 },
		},
		{[]catalog.Predicate{text(catalog.InRange, v9, v1)}, func(int) bool { return false }},
		{ // of two columns: left to the engine
			[]catalog.Predicate{{Kind: catalog.AnyOf, Any: []catalog.Predicate{day, text(catalog.InRange, v3, v3)}}},
			func(int) bool { return true },
		},
	} {
		got := rowsOf(t, g.version, catalog.ScanRequest{Where: c.where, Runtime: []*catalog.RuntimeFilter{all}}, nil)
		for id := 1; id <= 4000; id++ {
			_, ok := got[id]
			require.Equal(t, c.holds(id), ok, "case %d, row %d", k, id)
		}
	}
	require.Len(t, rowsOf(t, g.version, catalog.ScanRequest{Where: []catalog.Predicate{text(catalog.InRange, v3, v3)}}, nil), 4000)
}
