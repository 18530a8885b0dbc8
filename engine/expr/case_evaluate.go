package expr

import (
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// compileCase evaluates each branch for the rows that reach it, and no others: a branch can't fail for rows that
// its condition keeps away.
func compileCase(e Case) (Evaluator, error) {
	if len(e.Whens)+1 > vector.MaxParts {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "a CASE has %d branches; %d are the most",
			len(e.Whens), vector.MaxParts-1)
	}
	conditions, results := make([]Predicate, len(e.Whens)), make([]Evaluator, len(e.Whens)+1)
	var err error
	for i, w := range e.Whens {
		if conditions[i], err = compilePredicate(w.If, false); err != nil {
			return nil, err
		}
		if results[i], err = compile(w.Then); err != nil {
			return nil, err
		}
	}
	if results[len(e.Whens)], err = compile(e.Else); err != nil {
		return nil, err
	}
	var b vector.Buffer
	t, rows, left := e.Type(), newRows(), newRows()
	hits, parts := make([]uint16, 0, vector.ChunkRows), make([]vector.Part, len(results))
	return func(c *vector.Chunk, sel []uint16) (*vector.Vector, error) {
		rest := append(left[:0], rowsOf(c, sel)...)
		hits = hits[:0]
		for i, condition := range conditions {
			got, err := condition(c, rest, rows)
			if err != nil {
				return nil, err
			}
			from := len(hits)
			hits = append(hits, got...) // all branches together have no more rows than the chunk
			parts[i].Rows = hits[from:]
			rest = vector.Difference(rest, got, left)
		}
		parts[len(conditions)].Rows = rest
		for i, result := range results {
			v, err := result(c, parts[i].Rows)
			if err != nil {
				return nil, err
			}
			parts[i].Of = v
		}
		return b.Assemble(t, c.Len, parts), nil
	}, nil
}
