package exec

import (
	"context"
	"fmt"
	"sync"
)

// Shared is an input of several operators: it runs to its end when the first of them starts it, and keeps its rows
// for all, so that no reader waits for another. The rows come in any order.
type Shared struct {
	Input  Operator
	Number int // as EXPLAIN names it; 0: it is no subplan of the logical plan
}

// Schema returns the input's.
func (s *Shared) Schema() Schema { return s.Input.Schema() }

// Inputs returns the input.
func (s *Shared) Inputs() []Operator { return []Operator{s.Input} }

// String tells the number.
func (s *Shared) String() string {
	if s.Number == 0 {
		return "Kept" // for the rounds of a recursive query, or for aggregates that are computed apart
	}
	return fmt.Sprintf("Shared %d", s.Number)
}

// keeper has the rows of the shared operators of a query that have run.
type keeper struct {
	mu     sync.Mutex // guards what follows
	kept   map[*Shared]*keptRows
	rounds map[*Working]*keptRows // the rows of the round before
}

func (k *keeper) get(s *Shared) *keptRows {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept[s]
}

func (k *keeper) put(s *Shared, r *keptRows) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[*Shared]*keptRows{}
	}
	k.kept[s] = r
}

// Start runs the input, unless it has run.
func (s *Shared) Start(ctx context.Context, q *Query) (Stream, error) {
	if r := q.keeper.get(s); r != nil {
		return r.stream(), nil
	}
	r := q.keep(s.Schema())
	if err := q.run(ctx, s.Input, r.Worker); err != nil {
		return nil, err
	}
	q.keeper.put(s, r)
	return r.stream(), nil
}
