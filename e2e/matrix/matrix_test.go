package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// try is what a row does for one actor, by one door; found is false when it was let in and found nothing.
type try func(a *actor, r row) (found bool, err error)

// check runs a row by a door: first those whom it denies, who must leave everything as it was, then the others.
func (w *world) check(t *testing.T, r row, run try) {
	t.Helper()
	w.t = t
	lasting, passing := w.state()
	for _, name := range actors() {
		if allowed(r.cells[name]) {
			continue
		}
		w.log.take()
		a := w.actor[name]
		_, err := run(a, r)
		if got := outcome(t, err); got != r.cells[name] {
			t.Errorf("line %d by %s: want %s, got %s: %v", r.line, name, r.cells[name], got, err)
		}
		if log := w.log.take(); r.cells[name] == "42501" && !strings.Contains(log, "msg=denied audit=true user="+name) {
			t.Errorf("line %d by %s: the audit log does not say so", r.line, name)
		}
		a.finish(r)
	}
	after, passed := w.state()
	same(t, lasting+passing, after+passed, fmt.Sprintf("line %d: who is denied changed something", r.line))
	for _, name := range actors() {
		if !allowed(r.cells[name]) {
			continue
		}
		a := w.actor[name]
		found, err := run(a, r)
		if got := outcome(t, err); got != "ok" || found != (r.cells[name] == "ok") {
			t.Errorf("line %d by %s: want %s, got %s (found: %v): %v", r.line, name, r.cells[name], got, found, err)
		}
		if changed, _ := w.state(); r.changes != (changed != lasting) {
			t.Errorf("line %d by %s: whether it changes something is wrong", r.line, name)
		}
		a.finish(r)
		for _, sql := range r.undo {
			sql = a.fill(sql)
			require.NoError(t, w.admin.overFlight(sql), "line %d by %s: %s", r.line, name, sql)
		}
		undone, _ := w.state()
		same(t, lasting, undone, fmt.Sprintf("line %d by %s: it was not undone", r.line, name))
	}
}

// same ends the test when two states differ, and shows where.
func same(t *testing.T, before, after, what string) {
	t.Helper()
	if before == after {
		return
	}
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	is = slices.DeleteFunc(is, func(line string) bool {
		i := slices.Index(was, line)
		if i >= 0 {
			was = slices.Delete(was, i, i+1)
		}
		return i >= 0
	})
	t.Fatalf("%s: gone %q, new %q", what, was, is)
}

// allowed tells whether a cell lets its actor in; none: to find nothing.
func allowed(cell string) bool { return cell == "ok" || cell == "none" }

// finish runs what ends a row in the actor's sessions; after a denial there may be nothing to end.
func (a *actor) finish(r row) {
	for _, sql := range r.end {
		sql = a.fill(sql)
		if strings.HasPrefix(sql, "{") { // a request of the JSON door
			_ = a.overJSON(sql)
			continue
		}
		_ = a.overFlight(sql)
		_ = a.overJSON(sqlLine(sql))
	}
}

// fill puts the actor's own values into a text.
func (a *actor) fill(text string) string {
	return strings.NewReplacer("{me}", a.name, "{tx}", a.tx, "{login}", a.loginLine()).Replace(text)
}

// script runs the steps of a row up to the first that fails.
func script(run func(a *actor, step string) error) try {
	return func(a *actor, r row) (bool, error) {
		for _, step := range r.steps {
			if err := run(a, a.fill(step)); err != nil {
				return false, err
			}
		}
		return true, nil
	}
}

func TestTheRoleMatrix(t *testing.T) {
	rows := readMatrix(t)
	w := start(t)
	t.Run("statements", func(t *testing.T) {
		complete(t, "statement", statementKinds(t), rows["statements"])
		checkFields(t, rows["statements"])
		for _, r := range rows["statements"] {
			checkKind(t, r)
			w.check(t, r, script((*actor).overFlight))
			w.check(t, r, script(func(a *actor, sql string) error { return a.overJSON(sqlLine(sql)) }))
		}
	})
	t.Run("flight", func(t *testing.T) {
		complete(t, "RPC or message", flightKinds(t), rows["flight"])
		calls := flightCalls()
		for _, r := range rows["flight"] {
			require.Contains(t, calls, r.label, "line %d: no call tries it", r.line)
			w.check(t, r, func(a *actor, r row) (bool, error) { return calls[r.label](a) })
		}
		require.Len(t, rows["flight"], len(calls), "each call has one row")
	})
	t.Run("json", func(t *testing.T) {
		complete(t, "command", jsonKinds(), rows["json"])
		for _, r := range rows["json"] {
			w.check(t, r, script((*actor).overJSON))
		}
	})
}
