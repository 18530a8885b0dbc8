package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// returned keeps the rows that a change gives, which are handed out when all of it is done.
type returned struct {
	rows    *keptRows
	writers []*keptWriter // of each worker
}

// returning keeps rows of a schema; nil keeps none.
func (q *Query) returning(schema Schema) *returned {
	if schema == nil {
		return nil
	}
	r := &returned{rows: q.keep(schema), writers: make([]*keptWriter, q.Workers)}
	r.rows.once = true
	for i := range r.writers {
		r.writers[i] = r.rows.writer(i)
	}
	return r
}

// keep copies the chosen rows of a worker's chunk, whose first columns are those of the schema.
func (r *returned) keep(ctx context.Context, worker int, c *vector.Chunk) error {
	if r == nil {
		return nil
	}
	return r.writers[worker].Consume(ctx, c)
}

// result is the rows that were kept, what each worker did in its order; or the count.
func (r *returned) result(count int64) Stream {
	if r == nil {
		return countStream(count)
	}
	for _, w := range r.writers {
		w.seal()
	}
	return r.rows.ordered()
}
