package exec

import (
	"fmt"
	"strings"
)

// Estimates says of operators how many rows they may give.
type Estimates map[Operator]float64

// of returns an operator's estimate. A projection gives as many rows as its input.
func (e Estimates) of(op Operator) (rows float64, ok bool) {
	rows, ok = e[op]
	if p, isProject := op.(*Project); !ok && isProject {
		return e.of(p.Inputs()[0])
	}
	return rows, ok
}

// Format returns the tree as indented lines, the root first, with the estimates in brackets.
func Format(op Operator, e Estimates) string {
	var b strings.Builder
	eachLine(op, 0, map[Operator]bool{}, func(op Operator, depth int) {
		b.WriteString(strings.Repeat("  ", depth))
		b.WriteString(op.String())
		if rows, ok := e.of(op); ok {
			fmt.Fprintf(&b, " [estimated_rows=%.0f]", rows)
		}
		b.WriteByte('\n')
	})
	return b.String()
}

// eachLine calls f for every operator, the root first. What is below a shared one comes where it stands first.
func eachLine(op Operator, depth int, shown map[Operator]bool, f func(op Operator, depth int)) {
	f(op, depth)
	if _, shared := op.(*Shared); shared {
		if shown[op] {
			return
		}
		shown[op] = true
	}
	for _, in := range op.Inputs() {
		eachLine(in, depth+1, shown, f)
	}
}
