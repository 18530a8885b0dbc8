package mutated_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/inprocess"
	"github.com/micodb/micodb/e2e/mutated"
	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/e2e/toolchain"
)

// inChild names the file of the statement that runs, in the process that runs it.
const inChild = "MICODB_MUTATED_LAST"

// seed is of all random numbers; MICODB_MUTATED_SEED is another one.
func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("MICODB_MUTATED_SEED")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	return n
}

// count returns how many statements are tried, of those that MICODB_TEST_LONG makes.
func count(long int) int {
	const less = 25
	if os.Getenv("MICODB_TEST_LONG") != "" {
		return long
	}
	return long / less
}

// survives runs the test in a process of its own, and shows the statement that it died of. It returns the name of the
// statement's file in that process, and "" in the one that only waits.
func survives(t *testing.T) string {
	t.Helper()
	if last := os.Getenv(inChild); last != "" {
		return last
	}
	last := filepath.Join(t.TempDir(), "last.sql")
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.timeout=0", "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), inChild+"="+last)
	out, err := c.CombinedOutput()
	if err != nil {
		sql, _ := os.ReadFile(last)
		t.Fatalf("%s\n%v; the last statement was\n%s", out, err, sql)
	}
	t.Logf("%s", out)
	return ""
}

// Statements of the corpus, changed, are answered. Each record of a file is asked in several forms when those before
// it have run, so that what it names is there.
func TestMutatedRecords(t *testing.T) {
	last := survives(t)
	if last == "" {
		return
	}
	const long = 80_000
	files, err := filepath.Glob("../sqllogic/testdata/*.slt")
	require.NoError(t, err)
	corpus := map[string][]sqllogic.Record{}
	var statements []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		corpus[file], err = sqllogic.Parse(string(content))
		require.NoError(t, err)
		for _, r := range corpus[file] {
			statements = append(statements, r.SQL)
		}
	}
	m := mutated.New(seed(t), statements)
	r := newRun(t, last)
	due, each := 0.0, float64(count(long))/float64(len(statements))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r.begin(t)
			sessions := map[string]*inprocess.Session{}
			for _, record := range corpus[file] {
				play(t, r.database, sessions, record)
				due += each
				for ; due >= 1; due-- {
					r.ask(t.Context(), t, m.Mutate(record.SQL))
				}
			}
		})
	}
	r.report(seed(t))
}

// play runs a record as it is, on a session of its connection. What it answers is for others to judge: what was asked
// before it may have changed the tables.
func play(t *testing.T, d *inprocess.Database, sessions map[string]*inprocess.Session, record sqllogic.Record) {
	t.Helper()
	s, ok := sessions[record.Connection]
	if !ok {
		user, password := inprocess.Administrator, harness.Password
		if record.Login.User != "" {
			user, password = record.Login.User, record.Login.Password
		}
		if opened, err := d.Open(t.Context(), user, password); err == nil {
			t.Cleanup(func() { require.NoError(t, opened.Close()) })
			s = &opened
		}
		sessions[record.Connection] = s // nil is not tried again: logins slow down after each that fails
	}
	if s == nil {
		return
	}
	_ = execute(t.Context(), *s, record.SQL)
}

// benchmark is what benchmark.py prints: statements that make tables of some rows, and the queries over them.
type benchmark struct{ Tables, Queries []string }

// The queries of TPC-H and TPC-DS, changed, are answered.
func TestMutatedBenchmarks(t *testing.T) {
	last := survives(t)
	if last == "" {
		return
	}
	const long = 20_000
	c := exec.CommandContext(t.Context(), toolchain.Python(t), "benchmarks.py", t.TempDir())
	out, err := c.Output()
	require.NoError(t, err)
	var all map[string]benchmark
	require.NoError(t, json.Unmarshal(out, &all))
	r := newRun(t, last)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b := all[name]
		t.Run(name, func(t *testing.T) {
			r.begin(t)
			for _, sql := range b.Tables {
				require.NoError(t, execute(t.Context(), r.session, sql), sql)
			}
			m := mutated.New(seed(t), b.Queries)
			for i := range count(long) / len(all) {
				r.ask(t.Context(), t, m.Mutate(b.Queries[i%len(b.Queries)]))
			}
		})
	}
	r.report(seed(t))
}
