package physical_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/catalog/catalogtest"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/physical"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/budget"
)

// planned is a TPC-H query after each step of planning.
type planned struct {
	name, sql   string
	tree        ast.Statement
	bound, best plan.Node
}

// tpchBench plans over the tables of TPC-H at scale factor 1, with their statistics and without their rows.
type tpchBench struct {
	*memory

	env       bind.Environment
	scheduler *exec.Scheduler
	budget    *budget.Server
}

func newTPCHBench() *tpchBench {
	m := newMemory()
	m.tables = catalogtest.TPCH()
	m.Snapshot = catalogtest.Of(m.tables...)
	env := bind.Environment{
		Snapshot: m, Database: catalog.DefaultDatabase, Functions: function.NewRegistry(), Now: m.Timestamp(),
		Setting: func(string) (string, bool) { return "", false },
	}
	return &tpchBench{memory: m, env: env, scheduler: exec.NewScheduler(2), budget: budget.NewServer(1 << 30)}
}

func (*tpchBench) parse(_ context.Context, q *planned) (err error) {
	q.tree, err = parser.Parse(q.sql) //nolint:contextcheck // parsing takes no context
	return err
}

func (t *tpchBench) bind(ctx context.Context, q *planned) error {
	out, err := bind.Bind(ctx, t.env, q.tree)
	if err == nil {
		q.bound = out.Plan
	}
	return err
}

func (*tpchBench) optimize(_ context.Context, q *planned) (err error) {
	q.best, err = optimize.Optimize(q.bound)
	return err
}

// start makes the operators, without rows to read; it is what remains of a query of an empty table.
func (t *tpchBench) start(ctx context.Context, q *planned) error {
	memory := t.budget.Query(0)
	defer memory.Close()
	s, err := physical.Run(ctx, physical.Request{
		Plan: q.best, Snapshot: t, Scheduler: t.scheduler, Budget: memory,
	})
	if err != nil {
		return err
	}
	for err == nil {
		_, err = s.Next(ctx)
	}
	return s.Close()
}

// BenchmarkPlanTPCH takes each query of TPC-H through the steps of planning, one after the other and all together.
func BenchmarkPlanTPCH(b *testing.B) {
	t := newTPCHBench()
	var queries []*planned
	for i := range 22 {
		text, err := os.ReadFile(filepath.Join("..", "parser", "testdata", "tpch", fmt.Sprintf("q%02d.sql", i+1)))
		require.NoError(b, err)
		queries = append(queries, &planned{name: fmt.Sprintf("Q%d", i+1), sql: string(text)})
	}
	steps := []struct {
		name string
		run  func(context.Context, *planned) error
	}{{"parse", t.parse}, {"bind", t.bind}, {"optimize", t.optimize}, {"start", t.start}}
	for _, q := range queries {
		for _, s := range steps {
			require.NoError(b, s.run(b.Context(), q), "%s of %s", s.name, q.name)
		}
	}
	for _, s := range steps {
		b.Run("step="+s.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, q := range queries {
					require.NoError(b, s.run(b.Context(), q))
				}
			}
		})
	}
	for _, q := range queries {
		b.Run("query="+q.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range steps {
					require.NoError(b, s.run(b.Context(), q))
				}
			}
		})
	}
}
