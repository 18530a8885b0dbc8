package sqllogic_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/inprocess"
	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/internal/vector"
)

// variant is a way to run queries that must change no answer.
type variant struct {
	threads   int
	chunkRows int  // of the engine's chunks, of the pieces that threads take, and of result batches
	spill     bool // at every breaker, after each row
	unpruned  bool // no row group is left out
	segments  bool // rows are in segments before each record, else in the memtable
	scalar    bool // without vector instructions
}

// variants are such that every two choices are made together by one. MICODB_TEST_LONG makes them all.
func variants() []variant {
	const all = inprocess.Threads
	if os.Getenv("MICODB_TEST_LONG") == "" {
		return []variant{
			{1, 1, false, false, false, false},
			{all, 1, true, true, true, true},
			{1, 3, true, false, true, false},
			{all, 3, false, true, false, true},
			{1, 4096, true, true, false, false},
			{all, 4096, false, false, true, false},
			{all, 3, true, false, false, true},
			{1, 4096, false, true, true, true},
		}
	}
	var list []variant
	for _, threads := range []int{1, all} {
		for _, rows := range []int{1, 3, vector.ChunkRows} {
			for bits := range 1 << 4 {
				list = append(list, variant{threads, rows, bits&1 > 0, bits&2 > 0, bits&4 > 0, bits&8 > 0})
			}
		}
	}
	return list
}

// choices returns what a variant chose, each with its name.
func (v variant) choices() []string {
	name := func(choice bool, yes, no string) string {
		if choice {
			return yes
		}
		return no
	}
	return []string{
		fmt.Sprintf("threads=%d", v.threads), fmt.Sprintf("rows=%d", v.chunkRows), name(v.spill, "spill", "hold"),
		name(v.unpruned, "unpruned", "pruned"), name(v.segments, "segments", "memtable"), name(v.scalar, "scalar", "vector"),
	}
}

// settings are the statements that begin a session.
func (v variant) settings() []string {
	set := []string{
		fmt.Sprintf("SET threads = %d", v.threads), fmt.Sprintf("SET batch_rows = %d", v.chunkRows),
		fmt.Sprintf("SET debug_chunk_rows = %d", v.chunkRows),
	}
	if v.spill {
		set = append(set, "SET debug_spill_rows = 1")
	}
	if v.unpruned {
		set = append(set, "SET debug_pruning = off")
	}
	return set
}

// TestEquivalences runs the whole corpus in process, in many ways to run queries, and holds each to the recorded
// answers.
func TestEquivalences(t *testing.T) {
	for _, v := range variants() {
		name := strings.Join(v.choices(), ",")
		t.Run(name, func(t *testing.T) {
			if v.scalar && vector.SIMD() {
				runScalar(t, name)
				return
			}
			if !v.scalar && !vector.SIMD() {
				t.Log("this build or processor has no vector instructions: scalar kernels instead")
			}
			v.probe(t)
			files, err := filepath.Glob("testdata/*.slt")
			require.NoError(t, err)
			records := 0
			for _, file := range files { // each by itself, so that its database ends before the next one begins
				t.Run(strings.TrimSuffix(filepath.Base(file), ".slt"), func(t *testing.T) {
					records += runFile(t, file, door{name, v.start}).Records
				})
			}
			t.Logf("%d records", records)
		})
	}
}

// TestVariantsPair holds the short list to its claim.
func TestVariantsPair(t *testing.T) {
	together := map[[2]string]bool{}
	kinds := make([]map[string]bool, len(variant{}.choices()))
	for _, v := range variants() {
		for i, a := range v.choices() {
			if kinds[i] == nil {
				kinds[i] = map[string]bool{}
			}
			kinds[i][a] = true
			for _, b := range v.choices() {
				together[[2]string{a, b}] = true
			}
		}
	}
	for i := range kinds {
		for j := range i {
			for a := range kinds[i] {
				for b := range kinds[j] {
					require.True(t, together[[2]string{a, b}], "%s with %s", a, b)
				}
			}
		}
	}
}

// runScalar runs a variant in a process of its own, where the kernels find no vector instructions.
func runScalar(t *testing.T, name string) {
	t.Helper()
	pattern := "^TestEquivalences$/^" + regexp.QuoteMeta(name) + "$"
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", pattern)
	c.Env = append(os.Environ(), "MICODB_SIMD=off")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `[1-9][0-9]* records`, string(out))
}

// start builds a database whose sessions run as the variant says.
func (v variant) start(t *testing.T) sqllogic.Open {
	t.Helper()
	p := inprocess.Start(t, inprocess.Options{})
	open := openProcess(p)
	return func(ctx context.Context, l sqllogic.Login) (sqllogic.Runner, error) {
		s, err := open(ctx, l)
		if err != nil {
			return nil, err
		}
		r := variantRunner{Runner: s, variant: v, process: p}
		return r, r.begin(ctx)
	}
}

// variantRunner is a session that runs as a variant says.
type variantRunner struct {
	sqllogic.Runner

	variant variant
	process *inprocess.Database
}

// begin makes the settings.
func (r variantRunner) begin(ctx context.Context) error {
	for _, sql := range r.variant.settings() {
		if _, _, err := r.Runner.Exec(ctx, sql, ""); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// Exec runs a record.
func (r variantRunner) Exec(ctx context.Context, sql, types string) ([]string, [][]string, error) {
	if r.variant.segments {
		if err := r.process.Manager.Flush(ctx); err != nil {
			return nil, nil, err
		}
	}
	columns, rows, err := r.Runner.Exec(ctx, sql, types)
	if strings.HasPrefix(sql, "RESET ") {
		if err := r.begin(ctx); err != nil {
			return nil, nil, err
		}
	}
	return columns, rows, err
}

// probe shows by EXPLAIN ANALYZE that queries do run as the variant says.
func (v variant) probe(t *testing.T) {
	t.Helper()
	const rows, apart = 2000, 1000 // sparse keys, for which an aggregation needs a hash table
	s, err := v.start(t)(t.Context(), sqllogic.Login{})
	require.NoError(t, err)
	values := make([]string, rows)
	for i := range values {
		values[i] = fmt.Sprintf("(%d)", i*apart)
	}
	ask := func(sql string) []string {
		_, answer, err := s.Exec(t.Context(), sql, "T")
		require.NoError(t, err, sql)
		var lines []string
		for _, row := range answer {
			lines = append(lines, row...)
		}
		return lines
	}
	ask("CREATE TABLE probe (k INT)")
	ask("INSERT INTO probe VALUES " + strings.Join(values, ", "))
	for breaker, sql := range map[string]string{
		"Aggregate": "SELECT k, count(*) FROM probe GROUP BY k", "Sort": "SELECT k FROM probe ORDER BY k DESC",
		"HashJoin": "SELECT 1 FROM probe AS a JOIN probe AS b ON a.k = b.k",
	} {
		lines := ask("EXPLAIN ANALYZE " + sql)
		workers := min(v.threads, (rows+v.chunkRows-1)/v.chunkRows)
		require.Contains(t, lines[0], fmt.Sprintf("workers=%d ", workers))
		line := lineOf(t, lines, breaker)
		require.Equal(t, v.spill, strings.Contains(line, "spilled="), line)
		scan := lineOf(t, lines, "TableScan")
		require.Contains(t, scan, fmt.Sprintf("chunks=%d ", (rows+v.chunkRows-1)/v.chunkRows))
		require.Equal(t, v.segments, strings.Contains(scan, " row_groups=1 "), scan)
	}
	scan := lineOf(t, ask(fmt.Sprintf("EXPLAIN ANALYZE SELECT k FROM probe WHERE k > %d", rows*apart)), "TableScan")
	read := 0
	if v.unpruned {
		read = rows
	}
	require.Contains(t, scan, "rows="+strconv.Itoa(read)+" ")
	require.Equal(t, v.segments && !v.unpruned, strings.Contains(scan, " row_groups_pruned=1 "), scan)
	require.NoError(t, s.Close())
}

// lineOf returns the line of an operator.
func lineOf(t *testing.T, lines []string, operator string) string {
	t.Helper()
	for _, line := range lines {
		if strings.Contains(line, operator) {
			return line
		}
	}
	require.Fail(t, "no line", "%s in\n%s", operator, strings.Join(lines, "\n"))
	return ""
}
