package expr

import (
	"fmt"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// WindowKind is a window function.
type WindowKind uint8

// The window functions. AggregateWindow is an aggregate over the rows of the frame.
const (
	RowNumber WindowKind = iota
	Rank
	DenseRank
	PercentRank
	CumeDist
	NTile
	Lag
	Lead
	FirstValue
	LastValue
	NthValue
	AggregateWindow
)

// String returns the function's name.
func (k WindowKind) String() string {
	return [...]string{
		"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value",
		"last_value", "nth_value", "aggregate",
	}[k]
}

// ReadsFrame tells whether a function is computed from the rows of the frame, not from those of the partition.
func (k WindowKind) ReadsFrame() bool { return k >= FirstValue }

// ReadsValue tells whether a function gives a value of another row: its first argument there.
func (k WindowKind) ReadsValue() bool { return k >= Lag && k <= NthValue }

// Window is a call of a window function. It is no Expr: a plan's Window node, whose keys order the rows, holds it.
type Window struct {
	Kind      WindowKind
	Aggregate Aggregate // of AggregateWindow

	// Args are the value that ReadsValue says, then a number as BIGINT: of rows for LAG and LEAD, of the row for
	// NTH_VALUE, of parts for NTILE.
	Args        []Expr
	IgnoreNulls bool

	Partition int // how many of the node's first keys partition the rows
	Order     int // how many keys after those order the rows of a partition
	Frame     Frame
	Of        vector.Type // of the result
}

// FrameUnit is what a frame counts.
type FrameUnit uint8

// The units: rows, values of the only key, groups of rows with equal keys.
const (
	Rows FrameUnit = iota
	Range
	Groups
)

// FrameExclusion says which rows of a frame don't count.
type FrameExclusion uint8

// The exclusions. ExcludeGroup leaves out the rows with keys like the current one's, ExcludeTies those but it.
const (
	ExcludeNothing FrameExclusion = iota
	ExcludeCurrent
	ExcludeGroup
	ExcludeTies
)

// BoundKind is an end of a frame.
type BoundKind uint8

// The ends, from the first row of the partition to its last.
const (
	FromStart BoundKind = iota
	Preceding
	AtCurrent
	Following
	ToEnd
)

// FrameBound is one end of a frame. Preceding and Following are by Offset, a constant. Of a Range, Limit is how far
// they reach: the key's value at the row less or plus the offset.
type FrameBound struct {
	Kind   BoundKind
	Offset Expr // BIGINT but for Range
	Limit  Expr // of the type of the frame's key
}

// Frame is the rows about the current one that a function reads.
type Frame struct {
	Unit     FrameUnit
	From, To FrameBound
	Exclude  FrameExclusion
	Key      Expr // with a Limit: what the rows are ordered by alone, in the type of the limits
}

// DefaultFrame reaches from the start of the partition to the last row with keys like the current row's.
func DefaultFrame() Frame {
	return Frame{Unit: Range, From: FrameBound{Kind: FromStart}, To: FrameBound{Kind: AtCurrent}}
}

// WholeFrame is all rows of the partition.
func WholeFrame() Frame {
	return Frame{Unit: Rows, From: FrameBound{Kind: FromStart}, To: FrameBound{Kind: ToEnd}}
}

// Nullable tells whether the result may be NULL: a value that may be, or is of a row that is not there.
func (w Window) Nullable() bool {
	switch w.Kind {
	case RowNumber, Rank, DenseRank, PercentRank, CumeDist:
		return false
	case NTile:
		return w.Args[0].Nullable()
	case AggregateWindow:
		return w.Aggregate.Nullable(false)
	default:
		return true
	}
}

// MapExprs returns a copy with f applied to each expression of the call.
func (w Window) MapExprs(f func(Expr) Expr) Window {
	w.Aggregate = w.Aggregate.MapInputs(f)
	args := make([]Expr, len(w.Args))
	for i, a := range w.Args {
		args[i] = f(a)
	}
	w.Args = args
	for _, b := range []*FrameBound{&w.Frame.From, &w.Frame.To} {
		if b.Offset != nil {
			b.Offset = f(b.Offset)
		}
		if b.Limit != nil {
			b.Limit = f(b.Limit)
		}
	}
	if w.Frame.Key != nil {
		w.Frame.Key = f(w.Frame.Key)
	}
	return w
}

// Exprs returns the expressions of the call, in the order of MapExprs.
func (w Window) Exprs() []Expr {
	var out []Expr
	w.MapExprs(func(e Expr) Expr {
		out = append(out, e)
		return e
	})
	return out
}

// Same tells whether two calls compute the same over one order of the rows.
func (w Window) Same(o Window) bool {
	return w.SameShape(o) && sameExprs(w.Exprs(), o.Exprs())
}

// SameShape is Same but for the expressions.
func (w Window) SameShape(o Window) bool {
	return w.Kind == o.Kind && w.IgnoreNulls == o.IgnoreNulls && w.Partition == o.Partition && w.Order == o.Order &&
		w.Of.Equal(o.Of) && len(w.Args) == len(o.Args) && w.Frame.sameShape(o.Frame) &&
		w.Aggregate.SameCall(o.Aggregate)
}

func (f Frame) sameShape(o Frame) bool {
	return f.Unit == o.Unit && f.Exclude == o.Exclude && f.From.Kind == o.From.Kind && f.To.Kind == o.To.Kind &&
		(f.Key == nil) == (o.Key == nil)
}

func sameExprs(a, b []Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !SameExpr(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Name shows the call without its window.
func (w Window) Name() string {
	s := w.Aggregate.String()
	if w.Kind != AggregateWindow {
		s = fmt.Sprintf("%s(%s)", w.Kind, join(w.Args, ", "))
	}
	if w.IgnoreNulls {
		s += " IGNORE NULLS"
	}
	return s
}

// Over shows the call with its window, of a node with these keys.
func (w Window) Over(keys []SortKey) string {
	var parts []string
	list := func(of []SortKey) string {
		out := make([]string, len(of))
		for i, k := range of {
			out[i] = k.String()
		}
		return strings.Join(out, ", ")
	}
	if w.Partition > 0 {
		by := make([]Expr, w.Partition)
		for i, k := range keys[:w.Partition] {
			by[i] = k.Of
		}
		parts = append(parts, "PARTITION BY "+join(by, ", "))
	}
	if w.Order > 0 {
		parts = append(parts, "ORDER BY "+list(keys[w.Partition:w.Partition+w.Order]))
	}
	if w.Kind.ReadsFrame() && !w.Frame.sameShape(DefaultFrame()) {
		parts = append(parts, w.Frame.String())
	}
	return w.Name() + " OVER (" + strings.Join(parts, " ") + ")"
}

// String shows the frame.
func (f Frame) String() string {
	s := [...]string{"ROWS", "RANGE", "GROUPS"}[f.Unit] + " BETWEEN " + f.From.String() + " AND " + f.To.String()
	return s + [...]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude]
}

// String shows the end.
func (b FrameBound) String() string {
	s := [...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[b.Kind]
	if b.Offset != nil {
		return b.Offset.String() + " " + s
	}
	return s
}

// CheckFrameOffset tells whether a constant is one by which a frame may reach: not NULL, and not less than nothing
// (22013).
func CheckFrameOffset(l Literal) error {
	v := l.Value
	negative := v.Int < 0 || v.Float < 0 || v.Float != v.Float || v.Wide.Hi < 0 || v.Interval.Cmp(vector.Months{}) < 0
	if v.Null || negative {
		return sqlerr.New(sqlerr.InvalidFrameOffset,
			"a window's frame reaches by %s; it must not be NULL or negative", l)
	}
	return nil
}
