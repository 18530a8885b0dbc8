package exec

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// numbered is a column that has every row's number, so that an order by it has no ties.
func numbered(name string, rows int64) testColumn {
	c := frameColumn(name, 0, rows)
	next := int64(-1)
	c.draw = func(*rand.Rand) vector.Scalar {
		next++
		return vector.IntOf(c.of, next)
	}
	return c
}

// The first columns of the tables below.
const (
	idColumn = iota
	partColumn
	keyColumn
	intColumn
	floatsColumn
)

// windowTable has NULLs but in the first column.
func windowTable(r *rand.Rand, rows, chunk int, nulls float64) *testTable {
	columns := []testColumn{
		numbered("id", int64(rows)), frameColumn("part", 0, 4), frameColumn("key", 0, 30), frameColumn("int", -50, 50),
		wholeFloats("float"), wideColumn("wide"), textColumn("text", 40), wordColumn("word", 20),
	}
	for i, c := range columns[1:] {
		columns[1+i].draw = func(r *rand.Rand) vector.Scalar {
			if r.Float64() < nulls {
				return vector.NullOf(c.of)
			}
			return c.draw(r)
		}
	}
	const never = 1e-300 // but all columns may be NULL
	return makeTable(r, rows, chunk, never, columns...)
}

// windowReference computes calls the way they are defined: row by row, over a list of the frame's rows.
type windowReference struct {
	rows []row // in order
	keys []SortKey
}

func (w *windowReference) same(keys, a, b int) bool {
	return referenceOrder(w.keys[:keys])(w.rows[a], w.rows[b]) == 0
}

// frame lists the rows of a row's frame.
func (w *windowReference) frame(c *WindowCall, i int) []int {
	part, order := c.Partition, c.Partition+c.Order
	var all []int
	groups := map[int]int{} // of each row of the partition
	for j := range w.rows {
		if !w.same(part, i, j) {
			continue
		}
		if len(all) > 0 {
			last := all[len(all)-1]
			groups[j] = groups[last]
			if !w.same(order, last, j) {
				groups[j]++
			}
		}
		all = append(all, j)
	}
	at := func(b WindowBound, j int) int { // how j lies to the bound
		switch unit := c.Frame.Unit; {
		case b.Kind == expr.FromStart:
			return 1
		case b.Kind == expr.ToEnd:
			return -1
		case unit == expr.Rows:
			return cmp.Compare(j, i+b.delta())
		default:
			return cmp.Compare(groups[j], groups[i]+b.delta())
		}
	}
	var out []int
	for _, j := range all {
		excluded := false
		switch c.Frame.Exclude {
		case expr.ExcludeCurrent:
			excluded = i == j
		case expr.ExcludeGroup:
			excluded = groups[i] == groups[j]
		case expr.ExcludeTies:
			excluded = groups[i] == groups[j] && i != j
		default:
		}
		if at(c.Frame.From, j) >= 0 && at(c.Frame.To, j) <= 0 && !excluded {
			out = append(out, j)
		}
	}
	return out
}

// value computes a call that reads the frame.
func (w *windowReference) value(c *WindowCall, i int) string {
	var values []vector.Scalar
	column := c.Value
	if c.Kind == expr.AggregateWindow {
		column = c.Aggregate.Arg
	}
	for _, j := range w.frame(c, i) {
		v := w.rows[j][column]
		if !v.Null || !c.IgnoreNulls && c.Kind != expr.AggregateWindow {
			values = append(values, v)
		}
	}
	if c.Kind == expr.AggregateWindow {
		return totalOf(c.Aggregate.Kind, values)
	}
	if len(values) == 0 {
		return "NULL"
	}
	if c.Kind == expr.LastValue {
		return textOf(values[len(values)-1])
	}
	return textOf(values[0])
}

// totalOf aggregates values that are not NULL.
func totalOf(kind AggregateKind, values []vector.Scalar) string {
	if kind == Count {
		return fmt.Sprint(len(values))
	}
	if len(values) == 0 {
		return "NULL"
	}
	best := values[0]
	for _, v := range values[1:] {
		switch d := compareScalars(v, best); kind {
		case Minimum, Maximum:
			if d < 0 == (kind == Minimum) && d != 0 {
				best = v
			}
		case expr.Last:
			best = v
		case Sum:
			best.Int, best.Float = best.Int+v.Int, best.Float+v.Float
		default: // the first
		}
	}
	return textOf(best)
}

func randomFrame(r *rand.Rand) WindowFrame {
	f := WindowFrame{Unit: []expr.FrameUnit{expr.Rows, expr.Groups}[r.IntN(2)]}
	f.Exclude = expr.FrameExclusion(r.IntN(4) * r.IntN(2))
	for {
		from, to := expr.BoundKind(r.IntN(4)), expr.BoundKind(1+r.IntN(4))
		if from > to {
			continue
		}
		f.From, f.To = WindowBound{Kind: from, Offset: r.Int64N(40)}, WindowBound{Kind: to, Offset: r.Int64N(5)}
		return f
	}
}

func randomWindowCall(r *rand.Rand, in Schema) WindowCall {
	c := WindowCall{Partition: 1, Order: 1 + r.IntN(2), Frame: randomFrame(r), Name: "call"}
	if c.Frame.Unit == expr.Rows {
		c.Order = 2 // of which no two rows have the same
	}
	if r.IntN(3) == 0 {
		c.Kind = []expr.WindowKind{expr.FirstValue, expr.LastValue}[r.IntN(2)]
		c.Value, c.IgnoreNulls = r.IntN(len(in)), r.IntN(2) == 0
		c.Order = 2
		c.Of = in[c.Value].Type
		return c
	}
	c.Kind = expr.AggregateWindow
	kinds := []AggregateKind{Count, Minimum, Maximum, expr.First, expr.Last, Sum}
	c.Aggregate = AggregateCall{Kind: kinds[r.IntN(len(kinds))], Arg: r.IntN(len(in)), Name: "call"}
	switch a := &c.Aggregate; a.Kind {
	case Sum:
		a.Arg = []int{intColumn, floatsColumn}[r.IntN(2)]
	case expr.First, expr.Last:
		c.Order = 2
	default:
	}
	c.Aggregate.Of = in[c.Aggregate.Arg].Type
	if c.Aggregate.Kind == Count {
		c.Aggregate.Of = vector.Of(vector.Int64)
	}
	c.Of = c.Aggregate.Of
	return c
}

func TestWindowEqualsReference(t *testing.T) {
	t.Parallel()
	shapes(t, func(t *testing.T, r *rand.Rand, workers, chunk int) {
		t.Helper()
		const rows = 200
		table := windowTable(r, rows, chunk, 0.15)
		in := table.scan().Schema()
		for round := range 12 {
			order := SortKey{Column: keyColumn, Descending: round%2 == 1, NullsFirst: round%3 == 1}
			keys := []SortKey{{Column: partColumn}, order, {Column: idColumn}}
			calls := make([]WindowCall, 3)
			for i := range calls {
				calls[i] = randomWindowCall(r, in)
			}
			ref := &windowReference{rows: slices.Clone(table.rows), keys: keys}
			slices.SortStableFunc(ref.rows, referenceOrder(keys))
			op, err := NewWindow(table.scan(), keys, calls, len(in))
			require.NoError(t, err)
			q := littleQuery(t, workers, 1<<30, []int{0, 20}[round%2])
			got := collect(t, q, op)
			require.Len(t, got, rows)
			byID := make([]row, rows)
			for _, x := range got {
				byID[x[idColumn].Int] = x
			}
			for i, x := range ref.rows {
				own := byID[x[idColumn].Int]
				require.Equal(t, lineOf(x), lineOf(own[:len(in)]))
				for k := range calls {
					require.Equal(t, ref.value(&calls[k], i), textOf(own[len(in)+k]),
						"round %d, row %d, call %d: %+v", round, i, k, calls[k])
				}
			}
		}
	})
}

// TestSegmentTree folds every run of rows of random sizes, and compares with a fold of the rows one by one.
func TestSegmentTree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for _, op := range []foldOp{foldCount, foldSum, foldWide, foldMax, foldMaxWide, foldXor, foldFirst, foldLast, foldBest} {
		for _, n := range []int{1, 15, 16, 17, 33, 256, 257, 700, 5000} {
			q := newTestQuery(t, 1)
			f, in := &fold{op: op}, make([]uint64, n*op.inWords())
			for i := range in {
				in[i] = uint64(r.IntN(3)) * uint64(r.IntN(1000))
			}
			m := &windowMoving{windowAggregate: &windowAggregate{query: q, slots: make([]uint32, vector.ChunkRows)}}
			b := &windowBlock{query: q, rows: make([]uint32, n)}
			m.emitter = &emitter{}
			require.NoError(t, q.parallel(t.Context(), func(ctx context.Context, _ int) error {
				tree, err := m.tree(ctx, b, f, in)
				if err != nil {
					return err
				}
				for range 200 {
					lo := r.IntN(n)
					hi := lo + r.IntN(n-lo+1)
					got, want := make([]uint64, op.stateWords()), make([]uint64, op.stateWords())
					require.True(t, tree.fold(got, lo, hi))
					require.True(t, foldRows(op, want, make([]uint32, hi-lo), words{in[lo*op.inWords():], op.inWords()}))
					require.Equal(t, want, got, "fold %d of rows %d to %d of %d", op, lo, hi, n)
				}
				return nil
			}))
			b.release()
		}
	}
}

func TestLowerBound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		keys := make([]int64, r.IntN(40))
		for i := range keys {
			keys[i] = r.Int64N(30)
		}
		slices.Sort(keys)
		lo := r.IntN(len(keys) + 1)
		hi := lo + r.IntN(len(keys)-lo+1)
		x := r.Int64N(32) - 1
		at, _ := slices.BinarySearch(keys[lo:hi], x)
		require.Equal(t, lo+at, lowerBound(keys, lo, hi, lo+r.IntN(hi-lo+1), x), "%v", keys)
	}
}

// A partition that memory can't hold is no matter to functions that carry, and 53200 to those that look ahead.
func TestWindowOverAPartitionLargerThanMemory(t *testing.T) {
	t.Parallel()
	const rows = 60_000
	table := windowTable(rand.New(rand.NewPCG(9, 10)), rows, 4000, 0)
	running := WindowFrame{Unit: expr.Rows, To: WindowBound{Kind: expr.AtCurrent}}
	sum := AggregateCall{Kind: Sum, Arg: idColumn, Name: "sum", Of: vector.Of(vector.Int64)}
	number := WindowCall{Kind: expr.RowNumber, Order: 1, Name: "n", Of: vector.Of(vector.Int64)}
	keys := []SortKey{{Column: idColumn}}
	width := len(table.columns)
	for _, workers := range []int{1, 3} {
		q := littleQuery(t, workers, int64(workers+1)*2<<20, 0)
		op, err := NewWindow(table.scan(), keys, []WindowCall{
			number, {Kind: expr.AggregateWindow, Aggregate: sum, Order: 1, Frame: running, Name: "sum", Of: sum.Of},
		}, width)
		require.NoError(t, err)
		got := collect(t, q, op)
		require.Positive(t, q.Spill.Written())
		require.Len(t, got, rows)
		for i, x := range got { // one worker merges, in order
			require.Equal(t, int64(i+1), x[width].Int)
			require.Equal(t, int64(i*(i+1)/2), x[width+1].Int)
		}
		q = littleQuery(t, workers, int64(workers+1)*2<<20, 0)
		whole := WindowFrame{To: WindowBound{Kind: expr.ToEnd}}
		op, err = NewWindow(table.scan(), keys, []WindowCall{
			{Kind: expr.AggregateWindow, Aggregate: sum, Order: 1, Frame: whole, Name: "sum", Of: sum.Of},
		}, width)
		require.NoError(t, err)
		_, err = tryCollect(q, op)
		require.Equal(t, sqlerr.OutOfMemory, sqlerr.CodeOf(err))
	}
}
