package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Window computes window functions: its output is the first Width columns of its input, then a column of each call.
// It sorts its input by Keys, of which each call says how many of the first partition the rows, and how many more order
// a partition. The rows of the output come in any order.
//
// The sorted rows are cut into blocks beyond which no call needs to look (align): for running numbers and sums any
// chunk will do, for others a block is whole groups of rows with equal keys, or whole partitions. Calls evaluate one
// block after the other, and what they carry from block to block is theirs. In memory, partitions are tasks of the
// workers; rows that the sort has spilled are read by one, so that more rows than memory holds need calls that carry,
// or partitions that fit.
type Window struct {
	Input Operator
	Keys  []SortKey
	Calls []WindowCall
	Width int

	out   Schema
	align int // how many keys: a block ends where one of them changes
	parts int // how many keys partition for every call
}

// WindowCall is a call over columns of the input.
type WindowCall struct {
	Kind        expr.WindowKind
	Aggregate   AggregateCall // of expr.AggregateWindow
	Value       int           // column of the value that is given
	Number      int           // column of the number of rows, of the row, of parts
	IgnoreNulls bool
	Partition   int // how many of the first keys partition
	Order       int // how many after those order
	Frame       WindowFrame
	Name        string
	Of          vector.Type // of the result
}

// WindowFrame is the rows about the current one that a call reads.
type WindowFrame struct {
	Unit     expr.FrameUnit
	From, To WindowBound
	Exclude  expr.FrameExclusion
	Key      int // column that the limits of a range are compared with
}

// WindowBound is an end of a frame. Preceding and Following are by Offset; of a range they reach to the value of the
// column Limit.
type WindowBound struct {
	Kind   expr.BoundKind
	Offset int64
	Limit  int
}

// maxWindowKeys is how many keys a row's place among its neighbours can name.
const maxWindowKeys = 250

// NewWindow makes the operator.
func NewWindow(in Operator, keys []SortKey, calls []WindowCall, width int) (*Window, error) {
	if len(keys) > maxWindowKeys {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "a window has %d keys; it can have %d",
			len(keys), maxWindowKeys)
	}
	w := &Window{Input: in, Keys: keys, Calls: calls, Width: width, align: len(keys) + 1, parts: len(keys)}
	schema := in.Schema()
	w.out = append(w.out, schema[:width]...)
	for i := range calls {
		c := &calls[i]
		w.out = append(w.out, c.column(schema))
		w.align = min(w.align, c.align(schema, len(keys)))
		w.parts = min(w.parts, c.Partition)
	}
	return w, nil
}

// column is what is known of the result.
func (c *WindowCall) column(in Schema) Column {
	switch {
	case c.Kind == expr.AggregateWindow:
		return c.Aggregate.column(in, false)
	case c.Kind.ReadsValue():
		k := in[c.Value]
		k.Name, k.Nullable = c.Name, true
		return k
	case c.Of.Physical() == vector.Float:
		return Column{Name: c.Name, Type: c.Of, Physical: vector.Float}
	default:
		return Column{
			Name: c.Name, Type: c.Of, Physical: vector.Integer, Lo: 1, Hi: maxCount, Nullable: c.Kind == expr.NTile,
		}
	}
}

// align is how many of the keys a block must not part for this call. More than all is none.
func (c *WindowCall) align(in Schema, keys int) int {
	switch c.Kind {
	case expr.RowNumber, expr.Rank, expr.DenseRank:
		return keys + 1
	case expr.AggregateWindow:
		if c.Aggregate.refersToRows(in) {
			return c.Partition
		}
		switch c.Frame.shape() {
		case frameRunningRows:
			return keys + 1
		case frameRunningPeers:
			return c.Partition + c.Order
		default:
		}
	default:
	}
	return c.Partition
}

// refersToRows tells whether a state refers to texts of the rows that it was made of.
func (c AggregateCall) refersToRows(in Schema) bool {
	switch c.Kind {
	case Minimum, Maximum, expr.AnyValue, expr.First, expr.Last:
	default:
		return false
	}
	return in[c.Arg].Physical == vector.Bytes && in[c.Arg].Unifier == nil
}

// frameShape says how an aggregate over a frame is computed.
type frameShape uint8

const (
	frameWhole        frameShape = iota // once a partition
	frameRunningRows                    // from the row before
	frameRunningPeers                   // from the rows with the keys before
	frameMoving                         // from the ends of each frame
)

func (f *WindowFrame) shape() frameShape {
	switch {
	case f.Exclude != expr.ExcludeNothing || f.From.Kind != expr.FromStart:
		return frameMoving
	case f.To.Kind == expr.ToEnd:
		return frameWhole
	case f.To.Kind != expr.AtCurrent:
		return frameMoving
	case f.Unit == expr.Rows:
		return frameRunningRows
	default:
		return frameRunningPeers
	}
}

// Schema returns the input's first columns, then the calls.
func (w *Window) Schema() Schema { return w.out }

// Inputs returns the input.
func (w *Window) Inputs() []Operator { return []Operator{w.Input} }

// String shows the keys and the calls.
func (w *Window) String() string {
	var b strings.Builder
	b.WriteString("Window")
	if len(w.Keys) > 0 {
		b.WriteString(" by " + sortedBy(w.Input.Schema(), w.Keys))
	}
	for i, c := range w.Calls {
		fmt.Fprintf(&b, "%s%s", map[bool]string{true: ": ", false: ", "}[i == 0], c.Name)
	}
	return b.String()
}

// Start sorts the whole input.
func (w *Window) Start(ctx context.Context, q *Query) (Stream, error) {
	sink, err := (&Sort{Input: w.Input, Keys: w.Keys}).sink(q)
	if err != nil {
		return nil, err
	}
	return q.breaker(ctx, w.Input, &windowSink{sortSink: sink, window: w})
}

// windowSink is the sort with what reads its rows.
type windowSink struct {
	*sortSink

	window *Window
}

// Finish orders the rows, and lets workers evaluate them.
func (s *windowSink) Finish(ctx context.Context) (Stream, error) {
	all, err := s.inMemory(ctx)
	if err != nil {
		return nil, err
	}
	if all == nil {
		return s.spilled(ctx)
	}
	return s.window.tasks(s.query, all), nil
}

// evaluators returns a worker's functions.
func (w *Window) evaluators(q *Query) ([]windowFunction, error) {
	var out []windowFunction
	shared := map[windowKey]*windowAggregate{}
	for i := range w.Calls {
		c := &w.Calls[i]
		switch {
		case c.Kind == expr.AggregateWindow:
			key := windowKey{c.Partition, c.Order, c.Frame}
			if a := shared[key]; a != nil {
				a.calls = append(a.calls, i)
				continue
			}
			a := &windowAggregate{window: w, query: q, calls: []int{i}}
			shared[key] = a
			out = append(out, a)
		case c.Kind.ReadsValue():
			out = append(out, newWindowValue(q, w, i))
		default:
			out = append(out, &windowRank{WindowCall: c, number: i})
		}
	}
	for _, a := range shared {
		if err := a.prepare(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// windowKey is what aggregates share that are computed together.
type windowKey struct {
	partition, order int
	frame            WindowFrame
}
