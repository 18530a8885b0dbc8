package exec

// Query is what the operators of one running query share.
type Query struct {
	Workers int
}
