package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// returned keeps the rows that a change gives, which are handed out when all of it is done.
type returned struct {
	query  *Query
	schema Schema
	texts  *arena
	stores []*store // of each worker
}

// returning keeps rows of a schema; nil keeps none.
func (q *Query) returning(schema Schema) *returned {
	if schema == nil {
		return nil
	}
	return &returned{query: q, schema: schema, texts: newArena(q), stores: make([]*store, q.Workers)}
}

// keep copies the chosen rows of a worker's chunk, whose first columns are those of the schema.
func (r *returned) keep(worker int, c *vector.Chunk) (err error) {
	if r == nil {
		return nil
	}
	if r.stores[worker] == nil {
		if r.stores[worker], err = newStore(r.query, r.schema, r.texts); err != nil {
			return err
		}
	}
	return r.stores[worker].append(c)
}

// stream hands out what each worker kept, in its order.
func (r *returned) stream() Stream {
	return streamOf(func(worker int) (Source, error) {
		s := r.stores[worker]
		if s == nil {
			return sourceOf(nothing), nil
		}
		next, reader := 0, s.reader()
		numbers := make([]uint32, vector.ChunkRows)
		return sourceOf(func(context.Context) (*vector.Chunk, error) {
			rows := numbers[:min(len(numbers), s.n-next)]
			for i := range rows {
				rows[i] = uint32(next + i)
			}
			next += len(rows)
			if len(rows) == 0 {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			return reader.rows(rows), nil
		}), nil
	})
}
