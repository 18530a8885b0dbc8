package parser

import (
	"maps"
	"slices"
)

// Keywords returns the words that can't be names without quotes, in order.
func Keywords() []string { return slices.Sorted(maps.Keys(reserved)) }
