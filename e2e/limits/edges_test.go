package limits_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/internal/limits"
)

// edge is the test of one limit.
type edge struct {
	value string   // of the limit's flag
	flags []string // others that the test needs

	// test asks for what is just allowed, and then for more. It returns the SQLSTATE that it was told then, and
	// leaves nothing open that counts against the limit.
	test func(t *testing.T, s *server) (code string)
}

// server is a server with one small limit.
type server struct {
	*harness.Server

	flag limits.Flag
}

// patience is how long something may take that is sure to come; nothing takes a tenth of it.
const patience = time.Minute

// pause is between two looks at something that is sure to come.
const pause = 5 * time.Millisecond

func edges() map[string]edge {
	all := map[string]edge{}
	for _, some := range []map[string]edge{
		statementEdges(), parameterEdges(), sessionEdges(), connectionEdges(), flightEdges(), pingEdges(), jsonEdges(),
		streamEdges(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// The table of internal/limits says which limits there are, what flag each has, and what a client is told beyond it.
func TestEachLimitAtItsEdge(t *testing.T) {
	tests := edges()
	defaults := limits.Defaults()
	for _, f := range defaults.Flags() {
		e, ok := tests[f.Name]
		delete(tests, f.Name)
		t.Run(f.Name, func(t *testing.T) {
			require.True(t, ok, "the limit has no test at its edge")
			t.Parallel()
			s := &server{Server: harness.Start(t, append(e.flags, "--"+f.Name, e.value)...), flag: f}
			require.Equal(t, string(f.Above), e.test(t, s), "docs/limits.md says what a client is told")
			eventually(t, func() bool { return serves(t, s) })
			s.Stop()
		})
	}
	require.Empty(t, tests, "limits that there are no more")
}

// told is the outcome of what is not told with an SQLSTATE.
const told = ""
