package sqllogictest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Report counts what became of records.
type Report struct {
	Right   int
	Decided map[string]int        // differences that are meant, by their rule
	Wrong   map[string][]Mismatch // by reason; a record that MicoDB refuses is one
}

// Mismatch is a record whose answer is not the one expected.
type Mismatch struct {
	File string
	Line int
	SQL  string
	What string
}

// Share returns how many of the records that count are right, from 0 to 1.
func (r *Report) Share() float64 {
	wrong := 0
	for _, m := range r.Wrong {
		wrong += len(m)
	}
	if r.Right+wrong == 0 {
		return 0
	}
	return float64(r.Right) / float64(r.Right+wrong)
}

// String lists the reasons, the most frequent first, each with its first record.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d right, %.3f %% of what counts\n", r.Right, 100*r.Share())
	for _, rule := range slices.Sorted(maps.Keys(r.Decided)) {
		fmt.Fprintf(&b, "%6d decided otherwise: %s\n", r.Decided[rule], rule)
	}
	reasons := slices.SortedFunc(maps.Keys(r.Wrong), func(a, b string) int {
		if d := len(r.Wrong[b]) - len(r.Wrong[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, reason := range reasons {
		first := r.Wrong[reason][0]
		fmt.Fprintf(&b, "%6d wrong: %s\n", len(r.Wrong[reason]), reason)
		fmt.Fprintf(&b, "       %s:%d: %s\n       %s\n", first.File, first.Line, first.SQL, first.What)
	}
	return b.String()
}
