package exec

import (
	"cmp"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A merge that is cut into pieces at random places gives the rows of the whole, those of the first list first among
// equals.
func TestAMergeInPiecesIsTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tie := func(a, b uint32) int { return cmp.Compare(a%3, b%3) }
	for range 500 {
		lists := [2][]ranked{}
		for i := range lists {
			for row := range random.IntN(40) {
				lists[i] = append(lists[i], ranked{random.Uint64N(5), uint32(i*100 + row)})
			}
			sortRanked(lists[i], tie)
		}
		a, b := lists[0], lists[1]
		n := len(a) + len(b)
		whole, pieces := make([]ranked, n), make([]ranked, n)
		mergeRanked(a, b, whole, tie)
		for first := 0; first < n; {
			last := first + 1 + random.IntN(n-first)
			from, to := cutRanked(a, b, first, tie), cutRanked(a, b, last, tie)
			mergeRanked(a[from:to], b[first-from:last-to], pieces[first:last], tie)
			first = last
		}
		require.Equal(t, whole, pieces)
	}
}
