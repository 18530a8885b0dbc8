package physical_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/plan/plantest"
)

// TestRandomQueriesGiveWhatTheirPlansSay runs random queries over rows full of NULLs, optimized and on two workers,
// against an interpreter of the plan as it was bound.
func TestRandomQueriesGiveWhatTheirPlansSay(t *testing.T) {
	t.Parallel()
	for seed := range 150 {
		g := plantest.NewGenerator(uint64(1000 + seed))
		sql := g.Query()
		in := &plantest.Interpreter{T: t, Tables: map[string][]plantest.Row{"a": g.Rows(7), "b": g.Rows(6)}}
		m := newMemory()
		for _, create := range []string{
			"create table a (x bigint, y bigint, s varchar)", "create table b (x bigint, z bigint, s varchar)",
		} {
			_, err := m.run(t.Context(), 1, create)
			require.NoError(t, err)
		}
		for name, rows := range in.Tables {
			values := make([]string, len(rows))
			for i, r := range rows {
				values[i] = "(" + strings.ReplaceAll(r.String(), " ", ", ") + ")"
			}
			_, err := m.run(t.Context(), 1, fmt.Sprintf("insert into %s values %s", name, strings.Join(values, ", ")))
			require.NoError(t, err)
		}
		stmt, err := parser.Parse(sql)
		require.NoError(t, err)
		bound, err := bind.Bind(t.Context(), bind.Environment{
			Snapshot: m, Database: catalog.DefaultDatabase, Functions: function.NewRegistry(),
		}, stmt)
		require.NoError(t, err, sql)
		text := strings.NewReplacer("'", "", "NULL", "(null)", " ", "|")
		want := []string{}
		for _, r := range in.Run(bound.Plan) {
			want = append(want, text.Replace(r.String()))
		}
		got, err := m.run(t.Context(), 2, sql)
		require.NoError(t, err, "seed %d: %s: %v", seed, sql, errors.Unwrap(err))
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"), "seed %d: %s", seed, sql)
	}
}
