package expr

// Children returns nothing: a leaf.
func (Column) Children() []Expr { return nil }

// Children returns nothing: a leaf.
func (Literal) Children() []Expr { return nil }

// Children returns nothing: a leaf.
func (Parameter) Children() []Expr { return nil }

// Children returns nothing: a leaf.
func (Outer) Children() []Expr { return nil }

// Children returns left and right.
func (e Arithmetic) Children() []Expr { return []Expr{e.Left, e.Right} }

// Children returns left and right.
func (e Compare) Children() []Expr { return []Expr{e.Left, e.Right} }

// Children returns the conjuncts.
func (e And) Children() []Expr { return e.Of }

// Children returns the disjuncts.
func (e Or) Children() []Expr { return e.Of }

// Children returns the operand.
func (e Not) Children() []Expr { return []Expr{e.Of} }

// Children returns the operand.
func (e IsNull) Children() []Expr { return []Expr{e.Of} }

// Children returns the operand, then the list.
func (e In) Children() []Expr { return append([]Expr{e.Of}, e.List...) }

// Children returns text and pattern.
func (e Like) Children() []Expr { return []Expr{e.Of, e.Pattern} }

// Children returns conditions and results in turn, then ELSE.
func (e Case) Children() []Expr {
	var c []Expr
	for _, w := range e.Whens {
		c = append(c, w.If, w.Then)
	}
	return append(c, e.Else)
}

// Children returns the operand.
func (e Cast) Children() []Expr { return []Expr{e.Of} }

// Children returns the arguments.
func (e Call) Children() []Expr { return e.Args }

// WithChildren returns the leaf.
func (e Column) WithChildren([]Expr) Expr { return e }

// WithChildren returns the leaf.
func (e Literal) WithChildren([]Expr) Expr { return e }

// WithChildren returns the leaf.
func (e Parameter) WithChildren([]Expr) Expr { return e }

// WithChildren returns the leaf.
func (e Outer) WithChildren([]Expr) Expr { return e }

// WithChildren replaces left and right.
func (e Arithmetic) WithChildren(c []Expr) Expr { e.Left, e.Right = c[0], c[1]; return e }

// WithChildren replaces left and right.
func (e Compare) WithChildren(c []Expr) Expr { e.Left, e.Right = c[0], c[1]; return e }

// WithChildren replaces the conjuncts.
func (e And) WithChildren(c []Expr) Expr { e.Of = c; return e }

// WithChildren replaces the disjuncts.
func (e Or) WithChildren(c []Expr) Expr { e.Of = c; return e }

// WithChildren replaces the operand.
func (e Not) WithChildren(c []Expr) Expr { e.Of = c[0]; return e }

// WithChildren replaces the operand.
func (e IsNull) WithChildren(c []Expr) Expr { e.Of = c[0]; return e }

// WithChildren replaces operand and list.
func (e In) WithChildren(c []Expr) Expr { e.Of, e.List = c[0], c[1:]; return e }

// WithChildren replaces text and pattern.
func (e Like) WithChildren(c []Expr) Expr { e.Of, e.Pattern = c[0], c[1]; return e }

// WithChildren replaces conditions, results and ELSE.
func (e Case) WithChildren(c []Expr) Expr {
	n := Case{Whens: make([]When, len(e.Whens)), Else: c[len(c)-1]}
	for i := range n.Whens {
		n.Whens[i] = When{If: c[2*i], Then: c[2*i+1]}
	}
	return n
}

// WithChildren replaces the operand.
func (e Cast) WithChildren(c []Expr) Expr { e.Of = c[0]; return e }

// WithChildren replaces the arguments.
func (e Call) WithChildren(c []Expr) Expr { e.Args = c; return e }

// Rewrite applies f to every node from the leaves up and returns the new tree.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	switch x := e.(type) { // those that are met most need no list of their children
	case Column, Literal:
		return f(e)
	case Compare:
		x.Left, x.Right = Rewrite(x.Left, f), Rewrite(x.Right, f)
		return f(x)
	case Arithmetic:
		x.Left, x.Right = Rewrite(x.Left, f), Rewrite(x.Right, f)
		return f(x)
	case Cast:
		x.Of = Rewrite(x.Of, f)
		return f(x)
	}
	old := e.Children()
	if len(old) > 0 {
		c := make([]Expr, len(old))
		for i, x := range old {
			c[i] = Rewrite(x, f)
		}
		e = e.WithChildren(c)
	}
	return f(e)
}

// Walk calls f for every node from the root down, and leaves a subtree out where f returns false.
func Walk(e Expr, f func(Expr) bool) {
	if !f(e) {
		return
	}
	switch x := e.(type) { // as above
	case Column, Literal:
	case Compare:
		Walk(x.Left, f)
		Walk(x.Right, f)
	case Arithmetic:
		Walk(x.Left, f)
		Walk(x.Right, f)
	case Cast:
		Walk(x.Of, f)
	case In:
		Walk(x.Of, f)
		for _, c := range x.List {
			Walk(c, f)
		}
	default:
		for _, c := range e.Children() {
			Walk(c, f)
		}
	}
}
