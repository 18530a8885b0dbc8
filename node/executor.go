package node

import (
	"context"

	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/physical"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/session"
)

// executor runs sessions' plans on this machine.
type executor struct {
	scheduler *exec.Scheduler
	scratch   *spill.Space
}

// Run starts a plan.
func (e executor) Run(ctx context.Context, r session.Request) (batch.Stream, error) {
	return physical.Run(ctx, physical.Request{
		Plan: r.Plan, Snapshot: r.Snapshot, Writer: r.Writer, Scheduler: e.scheduler, Budget: r.Budget,
		Spill: e.scratch, Debug: exec.Debug{
			SpillRows: r.Settings.SpillRows, ChunkRows: r.Settings.ChunkRows, Unpruned: r.Settings.Unpruned,
		},
		Threads: r.Settings.Threads, BatchRows: r.Settings.BatchRows,
	})
}
