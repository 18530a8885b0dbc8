package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// denseBits is how wide packed keys may be for an array of all possible groups.
const denseBits = 12

// Aggregate groups by columns of its input: its output is the keys, then the calls. Without keys it gives one
// row. Without calls it is DISTINCT.
type Aggregate struct {
	Input Operator
	Keys  []int
	Calls []AggregateCall
	out   Schema
}

// NewAggregate makes the operator.
func NewAggregate(in Operator, keys []int, calls []AggregateCall) *Aggregate {
	a := &Aggregate{Input: in, Keys: keys, Calls: calls}
	schema := in.Schema()
	for _, k := range keys {
		a.out = append(a.out, schema[k])
	}
	for _, c := range calls {
		a.out = append(a.out, c.column(schema, len(keys) > 0))
	}
	return a
}

// maxCount bounds every count of rows.
const maxCount = 1 << 56

// column is what is known of a call's result.
func (c AggregateCall) column(in Schema, grouped bool) Column {
	k := Column{Name: c.Name, Type: c.Of, Physical: c.Of.Physical(), Lo: vector.MinInt, Hi: vector.MaxInt}
	switch c.Kind {
	case CountRows, Count, SumCounts:
		k.Lo, k.Hi = 0, maxCount
	case Minimum, Maximum, expr.AnyValue, expr.First, expr.Last, expr.ArgMin, expr.ArgMax:
		k = in[c.Arg]
		k.Name, k.Nullable = c.Name, k.Nullable || !grouped
	case expr.RegrCount, expr.ApproxCountDistinct:
		k.Lo, k.Hi = 0, maxCount
	default:
		k.Nullable = !grouped || in[c.Arg].Nullable || c.Kind.Partial()
	}
	if c.Kind.Arguments() == 2 {
		k.Nullable = k.Nullable || in[c.Weight].Nullable && !c.Kind.Counts()
	}
	return k
}

// Schema returns the keys, then the calls.
func (a *Aggregate) Schema() Schema { return a.out }

// Inputs returns the input.
func (a *Aggregate) Inputs() []Operator { return []Operator{a.Input} }

// String shows keys, calls and the way that the groups are found.
func (a *Aggregate) String() string {
	how := "hash"
	if l, err := newKeyLayout(a.keyColumns()); err == nil && a.dense(l) {
		how = "array"
	}
	if len(a.Keys) == 0 {
		how = "one group"
	}
	in := a.Input.Schema()
	parts := make([]string, 0, len(a.Keys)+len(a.Calls))
	for _, k := range a.Keys {
		parts = append(parts, in[k].Name)
	}
	for _, c := range a.Calls {
		parts = append(parts, c.Name)
	}
	return fmt.Sprintf("HashAggregate (%s) %s", how, strings.Join(parts, ", "))
}

func (a *Aggregate) keyColumns() []column {
	in := a.Input.Schema()
	keys := make([]column, len(a.Keys))
	for i, k := range a.Keys {
		keys[i] = column{index: k, known: in[k]}
	}
	return keys
}

func (a *Aggregate) dense(l *keyLayout) bool {
	return len(a.Keys) == 0 || l.single && l.bits <= denseBits
}

// Start aggregates the whole input.
func (a *Aggregate) Start(ctx context.Context, q *Query) (Stream, error) {
	s, err := a.sink(q)
	if err != nil {
		return nil, err
	}
	return q.breaker(ctx, a.Input, s)
}

func (a *Aggregate) sink(q *Query) (Sink, error) {
	keys, err := newKeyLayout(a.keyColumns())
	if err != nil {
		return nil, err
	}
	layout, err := newStateLayout(a.Input.Schema(), keys, a.Calls)
	if err != nil {
		return nil, err
	}
	if a.dense(keys) {
		layout.nKeys = 0
		layout.place()
		return &denseSink{query: q, op: a, layout: layout, workers: make([]denseWorker, q.Workers)}, nil
	}
	whole, err := q.ahead(int64(q.Workers) * radixLeast)
	if err != nil {
		return nil, err
	}
	return &radixSink{
		whole: whole, query: q.spillable(), op: a, layout: layout, workers: make([]*radixWorker, q.Workers),
	}, nil
}

// folder folds chunks into states for one worker.
type folder struct {
	layout *stateLayout
	keys   *packer
	loader *loader
	texts  *arenaWriter
	words  []uint64 // key words
	in     []uint64 // of one fold
	slots  []uint32
}

func (l *stateLayout) folder(q *Query) *folder {
	return &folder{
		layout: l, keys: l.keys.packer(), loader: l.loader(), texts: &arenaWriter{arena: newArena(q)},
		words: make([]uint64, vector.ChunkRows*l.keys.words), in: make([]uint64, vector.ChunkRows*mostInWords),
		slots: make([]uint32, vector.ChunkRows),
	}
}

// fold folds every call's input into the states at slots, and counts the rows. When it fails with 53200, the rows may
// be folded again.
func (f *folder) fold(c *vector.Chunk, rows []uint16, states []uint64, slots []uint32) error {
	if err := f.foldTexts(c, rows, states, slots); err != nil {
		return err
	}
	foldOnes(states[f.layout.nKeys:], slots)
	for i := range f.layout.folds {
		if f.layout.folds[i].op.isText() {
			continue
		}
		if err := f.foldOne(i, c, rows, states, slots); err != nil {
			return err
		}
	}
	return nil
}

// foldOne folds the input of one fold, which is of no text.
func (f *folder) foldOne(i int, c *vector.Chunk, rows []uint16, states []uint64, slots []uint32) error {
	k := &f.layout.folds[i]
	in := f.in[:len(rows)*k.op.inWords()]
	if err := f.loader.load(i, c, rows, in); err != nil {
		return err
	}
	if !foldRows(k.op, states[k.at:], slots, words{in, k.op.inWords()}) {
		return sumOverflow(k.known)
	}
	return nil
}

// foldTexts folds the texts. Nothing else may fail for want of memory, and to fold a text twice does no harm.
func (f *folder) foldTexts(c *vector.Chunk, rows []uint16, states []uint64, slots []uint32) error {
	for i := range f.layout.folds {
		k := &f.layout.folds[i]
		if !k.op.isText() {
			continue
		}
		v := c.Columns[k.column]
		in := f.in[:len(rows)]
		if err := f.loader.load(i, c, rows, in); err != nil {
			return err
		}
		from := func(ref uint64) []byte { return v.Bytes(int(rows[ref-1])) }
		if err := foldText(k.op, states[k.at:], slots, words{in, 1}, foldTexts{from, f.texts}); err != nil {
			return err
		}
	}
	return nil
}
