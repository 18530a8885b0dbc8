package optimize_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/catalog/catalogtest"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden plans the queries of testdata/*.golden. A file holds cases between empty lines: a query, a line of four
// dashes, the plan before, a line of four dashes, the plan after. A file named as a rule shows that rule alone, on what
// the rules before it made of the query; another file shows all rules. Lines that begin with # are comments.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	require.NoError(t, err)
	rules := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".golden")
		rules[name] = true
		t.Run(name, func(t *testing.T) { golden(t, file, name) })
	}
	for _, r := range optimize.Rules() {
		require.True(t, rules[r.Name()], "rule %s has no golden file", r.Name())
	}
}

func golden(t *testing.T, file, name string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var out []string
	for block := range strings.SplitSeq(strings.Trim(string(raw), "\n"), "\n\n") {
		comments, input := "", ""
		for line := range strings.SplitAfterSeq(block+"\n", "\n") {
			if strings.HasPrefix(line, "#") {
				comments += line
			} else {
				input += line
			}
		}
		input, want, _ := strings.Cut(input, "----\n")
		if strings.TrimSpace(input) == "" {
			out = append(out, comments)
			continue
		}
		before, after := plans(t, strings.TrimSpace(input), name)
		got := before + "----\n" + after
		if !*update {
			require.Equal(t, strings.TrimSpace(want), strings.TrimSpace(got), "%s", input)
		}
		out = append(out, comments+input+"----\n"+got)
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(out, "\n")), 0o600))
	}
}

// plans returns the plan of a query before and after the rule of a name, or all rules when none has it.
func plans(t *testing.T, sql, name string) (before, after string) {
	t.Helper()
	n := bound(t, sql)
	before = plan.Format(n)
	for _, r := range optimize.Rules() {
		next, err := r.Rewrite(n)
		require.NoError(t, err, "%s: rule %s", sql, r.Name())
		require.NoError(t, plan.Check(next), "%s: rule %s:\n%s", sql, r.Name(), plan.Format(next))
		if r.Name() == name {
			return plan.Format(n), plan.Format(next)
		}
		n = next
	}
	whole, err := optimize.Optimize(bound(t, sql))
	require.NoError(t, err, sql)
	require.Equal(t, plan.Format(n), plan.Format(whole))
	return before, plan.Format(n)
}

// bound binds a query over TPC-H, and two tables of which nothing is known but what is given: a(x, y, s) and
// b(x, z, s).
func bound(t *testing.T, sql string, known ...*catalog.Statistics) plan.Node {
	t.Helper()
	big, text := vector.Of(vector.Int64), vector.Of(vector.Text)
	column := catalogtest.Column
	a := catalogtest.Table("main", "a", column("x", big), column("y", big), column("s", text))
	b := catalogtest.Table("main", "b", column("x", big), column("z", big), column("s", text))
	if len(known) == 2 {
		a.Statistics, b.Statistics = known[0], known[1]
	}
	snapshot := catalogtest.Of(append(catalogtest.TPCH(), a, b)...)
	stmt, err := parser.Parse(sql)
	require.NoError(t, err, sql)
	out, err := bind.Bind(t.Context(), bind.Environment{
		Snapshot: snapshot, Database: catalog.DefaultDatabase, Functions: function.NewRegistry(),
		Setting: func(string) (string, bool) { return "", false }, Now: snapshot.Timestamp(),
	}, stmt)
	require.NoError(t, err, sql)
	return out.Plan
}
