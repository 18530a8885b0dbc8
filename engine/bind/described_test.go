package bind

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/function"
)

// Whatever aggregate can be called is in functions(), with an example that a test runs.
func TestAggregatesAreDescribed(t *testing.T) {
	described := map[string]bool{}
	for _, e := range function.NewRegistry().Entries() {
		described[e.Name] = true
		for _, alias := range e.Aliases {
			described[alias] = true
		}
	}
	for name := range aggregateNames {
		require.True(t, described[name], "%s is not in engine/function/described_table.go", name)
	}
}
