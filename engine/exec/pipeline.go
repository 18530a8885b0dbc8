package exec

import (
	"context"
	"math"
)

// pipeline starts the pipeline that ends in an operator, and tells how many workers shall read it. A worker that would
// find nothing to do is none: to wake it, to give it its buffers and to wait for its end takes longer than a short
// query's other work.
func (q *Query) pipeline(ctx context.Context, op Operator) (from Stream, workers int, err error) {
	own := *q
	own.together = min(q.Workers, pieces(op))
	from, err = own.start(ctx, op)
	return from, own.together, err
}

// readers is how many workers read the pipeline that is being started, each of them to its end.
func (q *Query) readers() int {
	if q.together > 0 {
		return min(q.together, q.Workers)
	}
	return q.Workers
}

// pieces is into how many parts the rows of a pipeline fall at most, each of which one worker takes as a whole.
func pieces(op Operator) int {
	switch op := op.(type) {
	case *Scan:
		return max(op.From.Morsels(), 1)
	case *Filter:
		return pieces(op.Input)
	case *Project:
		return pieces(op.Input)
	case *Limit:
		return pieces(op.Input)
	case *HashJoin:
		return pieces(op.Probe)
	case *LoopJoin:
		return pieces(op.Probe)
	case *Sort, *Values: // the first worker hands out their rows
		return 1
	case *Aggregate:
		if keys, err := newKeyLayout(op.keyColumns()); err == nil && op.dense(keys) {
			return 1 // chunk
		}
	}
	return math.MaxInt
}
