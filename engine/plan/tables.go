package plan

import "github.com/micodb/micodb/catalog"

// WithTables returns a plan whose scans read the tables that of gives for theirs: the same definitions, as of another
// snapshot. What is shared within the plan stays shared.
func WithTables(n Node, of func(*catalog.Table) *catalog.Table) Node {
	return withTables(n, of, map[Node]Node{})
}

func withTables(n Node, of func(*catalog.Table) *catalog.Table, done map[Node]Node) Node {
	if made, ok := done[n]; ok {
		return made
	}
	out := n
	if s, ok := n.(*Scan); ok {
		c := *s
		c.Table = of(s.Table)
		out = NewScan(c)
	} else if old := n.Inputs(); len(old) > 0 {
		in := make([]Node, len(old))
		for i, x := range old {
			in[i] = withTables(x, of, done)
		}
		out = n.WithInputs(in)
	}
	done[n] = out
	return out
}
