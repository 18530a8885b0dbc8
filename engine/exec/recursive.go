package exec

import (
	"context"
	"fmt"
	"sync"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Recursive gives the rows of Base, and of Step in rounds, as plan.Recursive has it. All rounds run when it is started:
// each of them is a query of its own within the query, whose memory is given back at its end, while all rows are kept
// for what stands above.
type Recursive struct {
	Base, Step Operator
	All        bool
	Working    *Working
	Fixed      []*Shared // of Step: what gives the same in every round
	Varying    []*Shared // of Step: what does not
}

// Working is the rows of the round before.
type Working struct {
	Number int // as EXPLAIN names it
	out    Schema
}

// NewWorking makes the operator. Of its columns nothing is known but their types, for what the next round may give.
func NewWorking(number int, names []string, types []vector.Type) *Working {
	w := &Working{Number: number}
	for i, t := range types {
		k := Column{Name: names[i], Type: t, Physical: t.Physical(), Nullable: true}
		if k.Physical == vector.Integer {
			k.Lo, k.Hi = t.Limits()
		}
		w.out = append(w.out, k)
	}
	return w
}

// Schema returns the columns.
func (w *Working) Schema() Schema { return w.out }

// Inputs returns nothing: a leaf.
func (*Working) Inputs() []Operator { return nil }

// String tells the number.
func (w *Working) String() string { return fmt.Sprintf("Working %d", w.Number) }

// Start hands out the rows that the round before gave.
func (w *Working) Start(_ context.Context, q *Query) (Stream, error) {
	rows := q.keeper.round(w)
	if rows == nil {
		return nil, sqlerr.New(sqlerr.InternalError, "%s outside of its rounds", w)
	}
	return rows.stream(), nil
}

// Schema returns the columns.
func (r *Recursive) Schema() Schema { return r.Working.out }

// Inputs returns base and step.
func (r *Recursive) Inputs() []Operator { return []Operator{r.Base, r.Step} }

// String tells the number.
func (r *Recursive) String() string {
	s := fmt.Sprintf("Recursive %d", r.Working.Number)
	if !r.All {
		s += " distinct"
	}
	return s
}

// Start runs all rounds.
func (r *Recursive) Start(ctx context.Context, q *Query) (Stream, error) {
	out := q.keep(r.Schema())
	var seen *seenRows
	if !r.All {
		var err error
		if seen, err = newSeenRows(q, r.Schema()); err != nil {
			return nil, err
		}
	}
	for _, s := range r.Fixed { // with the query's own memory
		if _, err := q.start(ctx, s); err != nil {
			return nil, err
		}
	}
	rows := q.keep(r.Schema())
	if err := q.run(ctx, r.Base, roundSink{out, rows, seen}.Worker); err != nil {
		return nil, err
	}
	for n := 0; rows.number() > 0; n++ {
		if n == limits.RecursionRounds {
			return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "a recursive query has more than %d rounds",
				limits.RecursionRounds).WithHint("does it end? its last rounds still give new rows")
		}
		next, err := r.round(ctx, q, rows, roundSink{out: out, seen: seen})
		if err != nil {
			return nil, err
		}
		rows = next
	}
	q.keeper.setRound(r.Working, nil)
	rows.release()
	return out.stream(), nil
}

// round runs the step once over rows, which it gives back, and returns those of the next round.
func (r *Recursive) round(ctx context.Context, q *Query, rows *keptRows, to roundSink) (*keptRows, error) {
	to.next = q.keep(r.Schema())
	q.keeper.setRound(r.Working, rows)
	inner := q.nested()
	err := inner.run(ctx, r.Step, to.Worker)
	for _, s := range r.Varying {
		q.keeper.forget(s)
	}
	inner.endNested()
	rows.release()
	return to.next, err
}

// roundSink takes the rows of a round: to be given, and for the next round.
type roundSink struct {
	out, next *keptRows
	seen      *seenRows // nil: every row counts
}

// Worker returns a consumer that keeps a worker's rows.
func (s roundSink) Worker(worker int) (Consumer, error) {
	w := &roundWriter{out: s.out.writer(worker), next: s.next.writer(worker), seen: s.seen}
	if s.seen != nil {
		w.sel = make([]uint16, 0, vector.ChunkRows)
	}
	return w, nil
}

type roundWriter struct {
	out, next *keptWriter
	seen      *seenRows
	sel       []uint16
}

// Consume keeps the rows of a chunk, those that are new.
func (w *roundWriter) Consume(ctx context.Context, c *vector.Chunk) error {
	some := *c
	if w.seen != nil {
		rows, err := w.seen.add(c, w.sel)
		if err != nil || len(rows) == 0 {
			return err
		}
		some.Sel = rows
	}
	again := some
	if err := w.out.Consume(ctx, &some); err != nil {
		return err
	}
	return w.next.Consume(ctx, &again)
}

// Close ends both.
func (w *roundWriter) Close() error {
	if err := w.out.Close(); err != nil {
		return err
	}
	return w.next.Close()
}

// seenRows is the set of rows that a recursive query gave so far.
type seenRows struct {
	mu     sync.Mutex // guards what follows
	layout *stateLayout
	keys   *packer
	table  *groupTable
	words  []uint64
	hashes []uint64
	groups []uint32
}

func newSeenRows(q *Query, schema Schema) (*seenRows, error) {
	keys := make([]column, len(schema))
	for i, k := range schema {
		keys[i] = column{index: i, known: k}
	}
	packed, err := newKeyLayout(keys)
	if err != nil {
		return nil, err
	}
	layout, err := newStateLayout(schema, packed, nil)
	if err != nil {
		return nil, err
	}
	return &seenRows{
		layout: layout, keys: packed.packer(),
		table: &groupTable{query: q, layout: layout, texts: &arenaWriter{arena: newArena(q)}},
		words: make([]uint64, vector.ChunkRows*packed.words), hashes: make([]uint64, vector.ChunkRows),
		groups: make([]uint32, vector.ChunkRows),
	}, nil
}

// add returns the rows of a chunk that are new, each once.
func (s *seenRows) add(c *vector.Chunk, sel []uint16) ([]uint16, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, n := chosen(c), s.layout.keys.words
	words, hashes, groups := s.words[:len(rows)*n], s.hashes[:len(rows)], s.groups[:len(rows)]
	if err := s.keys.pack(c, rows, words); err != nil {
		return nil, err
	}
	hashRows(words, n, n, s.layout.keys.refs, hashes)
	next := s.table.n // new groups have numbers in the order in which their rows come
	if err := s.table.find(words, n, hashes, rowTexts(c, rows), groups); err != nil {
		return nil, err
	}
	sel = sel[:0]
	for i, at := range groups {
		if int(at)/s.layout.stride == next {
			sel = append(sel, rows[i])
			next++
		}
	}
	return sel, nil
}
