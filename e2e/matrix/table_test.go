package matrix

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// row is one line of the matrix: see its file.
type row struct {
	line  int
	label string
	cells map[string]string // by actor: ok, none, or an SQLSTATE
	// changes tells whether it leaves the server another, where it is allowed.
	changes bool
	steps   []string
	end     []string // by the actor
	undo    []string // by admin
}

// kind is what the row is about; the rest of its label tells rows of one kind apart.
func (r row) kind() string {
	kind, _, _ := strings.Cut(r.label, " ")
	return kind
}

// readMatrix returns the rows by section.
func readMatrix(t *testing.T) map[string][]row {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "matrix.txt"))
	require.NoError(t, err)
	sections := map[string][]row{}
	section := ""
	for n, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		default:
			sections[section] = append(sections[section], readRow(t, n+1, line))
		}
	}
	return sections
}

func readRow(t *testing.T, n int, line string) row {
	t.Helper()
	parts := strings.Split(line, "|")
	require.LessOrEqual(t, len(parts), 5, "line %d", n)
	for len(parts) < 5 {
		parts = append(parts, "")
	}
	cells := strings.Fields(parts[1])
	require.Len(t, cells, len(actors()), "line %d: one outcome for each of %v", n, actors())
	what, changes := strings.CutPrefix(strings.TrimSpace(parts[2]), "!")
	r := row{
		changes: changes, line: n, label: strings.TrimSpace(parts[0]), cells: map[string]string{},
		steps: steps(what), end: steps(parts[3]), undo: steps(parts[4]),
	}
	for i, name := range actors() {
		r.cells[name] = cells[i]
	}
	return r
}

func steps(text string) []string {
	var list []string
	for s := range strings.SplitSeq(text, "; ") {
		if s = strings.TrimSpace(s); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// complete fails for what has no row, and for rows of nothing.
func complete(t *testing.T, what string, wanted []string, rows []row) {
	t.Helper()
	has, want := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		has[r.kind()] = true
	}
	for _, kind := range wanted {
		want[kind] = true
		require.True(t, has[kind], "the matrix has no row for the %s %s: add one to testdata/matrix.txt", what, kind)
	}
	for _, r := range rows {
		require.True(t, want[r.kind()], "line %d: there is no %s %s", r.line, what, r.kind())
	}
}
