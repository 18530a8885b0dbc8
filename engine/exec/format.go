package exec

import "strings"

// Format returns the tree as indented lines, the root first.
func Format(op Operator) string {
	var b strings.Builder
	format(&b, op, 0)
	return b.String()
}

func format(b *strings.Builder, op Operator, depth int) {
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteString(op.String())
	b.WriteByte('\n')
	for _, in := range op.Inputs() {
		format(b, in, depth+1)
	}
}
