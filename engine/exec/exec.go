package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// Operator is an immutable node of a physical plan.
type Operator interface {
	Schema() Schema
	Inputs() []Operator
	String() string // one line, as EXPLAIN shows it
	// Start runs every pipeline below the operator's last breaker.
	Start(ctx context.Context, q *Query) (Stream, error)
}

// Stream is a started operator.
type Stream interface {
	// Open returns a worker's source; each worker opens one at most.
	Open(worker int) (Source, error)
}

// Source hands out chunks to one worker: nil, nil at the end. A chunk is valid until the next call.
type Source interface {
	Next(ctx context.Context) (*vector.Chunk, error)
	Close() error
}

// Consumer takes the chunks of one worker; it copies what it keeps.
type Consumer interface {
	Consume(ctx context.Context, in *vector.Chunk) error
	Close() error
}

// Sink is the upper end of a pipeline: a build, an aggregation, a sort, an insert.
type Sink interface {
	Worker(i int) (Consumer, error)
	// Finish is called once, when all consumers are closed, and may run partition tasks.
	Finish(ctx context.Context) (Stream, error)
	// Reclaim asks to spill about so many bytes and returns how many were given back; 0 without a way to.
	Reclaim(bytes int64) (int64, error)
}

// Schema is what is known of an operator's columns.
type Schema []Column

// Column carries what is proven of a column: its type and physical family, bounds, nullability, and for texts
// that always come as dictionary codes their common numbering.
type Column struct {
	Name     string
	Type     vector.Type
	Physical vector.Physical
	Lo, Hi   int64 // Integer: bounds of the non-NULL values
	Nullable bool

	// Unifier is nil when any encoding may come. Words is its dictionary as of when the plan was built: it has
	// every value of the column, and no number is greater.
	Unifier *vector.Unifier
	Words   *vector.Dictionary
}
