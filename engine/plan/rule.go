package plan

// Rule rewrites a plan into one that gives the same rows under the same schema.
type Rule interface {
	Name() string // as errors and traces name it: "push_filters"
	Rewrite(n Node) (Node, error)
}

// Transform applies f to every node from the leaves up and returns the new tree.
func Transform(n Node, f func(Node) (Node, error)) (Node, error) {
	old := n.Inputs()
	if len(old) > 0 {
		in := make([]Node, len(old))
		changed := false
		for i, x := range old {
			y, err := Transform(x, f)
			if err != nil {
				return nil, err
			}
			in[i], changed = y, changed || y != x
		}
		if changed {
			n = n.WithInputs(in)
		}
	}
	return f(n)
}

// Walk calls f for every node from the root down.
func Walk(n Node, f func(Node)) {
	f(n)
	for _, in := range n.Inputs() {
		Walk(in, f)
	}
}
