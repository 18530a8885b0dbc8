package bind

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// suggest adds the name that is most like the one written, when one is like it.
func suggest(e *sqlerr.Error, written string, names []string) *sqlerr.Error {
	best, least := "", len(written)/3+2
	for _, n := range names {
		if d := editDistance(catalog.FoldName(written), catalog.FoldName(n)); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return e
	}
	return e.WithHint("did you mean %s?", best)
}

// editDistance is the number of letters to insert, drop, replace, or swap with their neighbour, that makes b of a
// (optimal string alignment).
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[0] {
		rows[0][j] = j
	}
	before, last, row := rows[2], rows[0], rows[1]
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			d := last[j-1]
			if x[i-1] != y[j-1] {
				d = 1 + min(last[j-1], last[j], row[j-1])
			}
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
