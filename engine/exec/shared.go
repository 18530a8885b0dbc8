package exec

import (
	"context"
	"fmt"
	"sync"

	"github.com/micodb/micodb/internal/vector"
)

// Shared is an input of several operators: it runs to its end when the first of them starts it, and keeps its rows
// for all, so that no reader waits for another. The rows come in any order.
type Shared struct {
	Input  Operator
	Number int // as EXPLAIN names it
}

// Schema returns the input's.
func (s *Shared) Schema() Schema { return s.Input.Schema() }

// Inputs returns the input.
func (s *Shared) Inputs() []Operator { return []Operator{s.Input} }

// String tells the number.
func (s *Shared) String() string { return fmt.Sprintf("Shared %d", s.Number) }

// keeper has the rows of the shared operators of a query that have run.
type keeper struct {
	mu   sync.Mutex // guards kept
	kept map[*Shared]*returned
}

func (k *keeper) get(s *Shared) *returned {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept[s]
}

func (k *keeper) put(s *Shared, r *returned) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[*Shared]*returned{}
	}
	k.kept[s] = r
}

// Start runs the input, unless it has run.
func (s *Shared) Start(ctx context.Context, q *Query) (Stream, error) {
	if r := q.keeper.get(s); r != nil {
		return r.shares(), nil
	}
	r := q.returning(s.Schema())
	err := q.run(ctx, s.Input, func(worker int) (Consumer, error) {
		return consumerOf(func(_ context.Context, c *vector.Chunk) error { return r.keep(worker, c) }), nil
	})
	if err != nil {
		return nil, err
	}
	q.keeper.put(s, r)
	return r.shares(), nil
}

// share is a run of kept rows that one worker hands out.
type share struct{ store, first int }

// shares hands out all kept rows, in chunks that workers take as they come.
func (r *returned) shares() Stream {
	var all []share
	for i, s := range r.stores {
		for first := 0; s != nil && first < s.n; first += vector.ChunkRows {
			all = append(all, share{i, first})
		}
	}
	next := &counter{}
	return streamOf(func(worker int) (Source, error) {
		readers := make([]*storeReader, len(r.stores))
		numbers := make([]uint32, vector.ChunkRows)
		return sourceOf(func(ctx context.Context) (*vector.Chunk, error) {
			if err := r.query.Checkpoint(ctx, worker); err != nil {
				return nil, err
			}
			i, ok := next.take(len(all))
			if !ok {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			from := all[i]
			s := r.stores[from.store]
			if readers[from.store] == nil {
				readers[from.store] = s.reader()
			}
			rows := numbers[:min(len(numbers), s.n-from.first)]
			for j := range rows {
				rows[j] = uint32(from.first + j)
			}
			return readers[from.store].rows(rows), nil
		}), nil
	})
}
