package plan

import "slices"

// Rule rewrites a plan into one that gives the same rows under the same schema.
type Rule interface {
	Name() string // as errors and traces name it: "push_filters"
	Rewrite(n Node) (Node, error)
}

// Transform applies f to every node from the leaves up and returns the new tree. A shared node stays one.
func Transform(n Node, f func(Node) (Node, error)) (Node, error) {
	return transform(n, f, map[Node]Node{})
}

func transform(n Node, f func(Node) (Node, error), shared map[Node]Node) (Node, error) {
	if made, ok := shared[n]; ok {
		return made, nil
	}
	old := n
	in := n.Inputs()
	var next []Node // nil while nothing has changed
	for i, x := range in {
		y, err := transform(x, f, shared)
		if err != nil {
			return nil, err
		}
		if y != x && next == nil {
			next = slices.Clone(in)
		}
		if next != nil {
			next[i] = y
		}
	}
	if next != nil {
		n = n.WithInputs(next)
	}
	made, err := f(n)
	if _, ok := old.(*Shared); ok && err == nil {
		shared[old] = made
	}
	return made, err
}

// Walk calls f for every node from the root down.
func Walk(n Node, f func(Node)) {
	f(n)
	for _, in := range n.Inputs() {
		Walk(in, f)
	}
}
