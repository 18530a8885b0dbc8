package physical

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
)

// Request is a plan, without parameters, with all that its run needs. What it carries stays the caller's.
type Request struct {
	Plan      plan.Node
	Snapshot  catalog.Snapshot
	Writer    catalog.Writer // nil for plans that only read
	Scheduler *exec.Scheduler
	Budget    *budget.Query
	Spill     *spill.Space // nil: over budget the query fails
	Debug     exec.Debug
	Threads   int // 0: all of the scheduler's
	BatchRows int // rows of an output batch; 0: the default
}

// Run starts a plan. Work begins at once, and as much of it is done as the queue of batches holds, but for a pipeline
// over few rows, which runs while it is read; the stream's Close ends it. Plans that change something do so whether or
// not their count is read.
func Run(ctx context.Context, r Request) (batch.Stream, error) {
	b := &builder{snapshot: r.Snapshot, debug: r.Debug, memory: r.Budget.Allocator(memory.DefaultAllocator)}
	op, err := b.root(ctx, r.Plan)
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	q := exec.NewQuery(r.Scheduler, r.Budget)
	q.Snapshot, q.Writer = r.Snapshot, r.Writer
	q.Spill, q.Debug = r.Spill.Files(), r.Debug
	if r.Threads > 0 {
		q.Workers = min(q.Workers, r.Threads)
	}
	output := exec.Output{Schema: Schema(r.Plan), BatchRows: r.BatchRows, Finish: b.close}
	morsels := b.morsels()
	if morsels <= directMorsels && exec.IsPipeline(op) {
		return exec.Direct(ctx, q, op, output), nil
	}
	q.Workers = min(q.Workers, morsels) // more would find nothing to do
	return exec.Results(ctx, q, op, output), nil
}

// directMorsels is up to how many pieces of a scan, those of one row group, no second worker is worth waking for.
const directMorsels = 4

// morsels is into how many pieces the largest scan falls after pruning, at least one.
func (b *builder) morsels() int {
	n := 1
	for _, s := range b.scans {
		n = max(n, s.Morsels())
	}
	return n
}

// Schema returns the Arrow schema of a plan's result.
func Schema(n plan.Node) *arrow.Schema {
	s := n.Schema()
	fields := make([]arrow.Field, len(s.Fields))
	for i, f := range s.Fields {
		fields[i] = batch.FieldOf(f.Name, f.Type, f.Nullable)
	}
	return arrow.NewSchema(fields, nil)
}
