package optimize

import (
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// sharedRows is up to how many estimated rows of a subplan are kept to be read again.
const sharedRows = 1 << 20

// shareSubplans makes one of equal subplans, as those of a common table that is used twice, so that it runs once. It
// takes the largest first. Subplans that differ in the columns that they give are one with the columns of all. What is
// shared must cost more than to keep its rows: joins, groupings, and what stands above them, of few rows beside those
// that they read.
func shareSubplans(n plan.Node) (plan.Node, error) {
	s := &sharer{estimator: newEstimator(), seed: maphash.MakeSeed()}
	for {
		places := s.best(n)
		if places == nil {
			return mergeProjects(n) // with those that choose columns of what is shared
		}
		s.number++
		s.done = share(places, s.number)
		n = s.replace(n)
	}
}

// sharer finds equal subplans.
type sharer struct {
	*estimator

	seed   maphash.Seed
	number int
	done   map[plan.Node]plan.Node // what replace has made of nodes
}

// share makes one subplan of those that a class has, and says what takes the place of each.
func share(c class, number int) map[plan.Node]plan.Node {
	one := c[0]
	at := [][]int{identity(len(one.Schema().Fields))}
	for _, n := range c[1:] {
		u, _ := unite(one, n)
		for i := range at {
			for j, column := range at[i] {
				at[i][j] = u.left[column]
			}
		}
		one, at = u.node, append(at, slices.Clone(u.right))
	}
	shared, places := &plan.Shared{Input: one, Number: number}, map[plan.Node]plan.Node{}
	width := len(one.Schema().Fields)
	for i, n := range c {
		places[n] = shared
		if !slices.Equal(at[i], identity(width)) {
			places[n] = choose(shared, n.Schema(), at[i])
		}
	}
	return places
}

// class is the places of subplans that do the same.
type class []plan.Node

// best returns the places of the largest subplan that stands at several and is worth being shared; nil for none.
func (s *sharer) best(n plan.Node) class {
	c := classifier{
		sharer: s, sizes: map[plan.Node]int{}, hashes: map[plan.Node]uint64{}, of: map[plan.Node]*class{},
		buckets: map[uint64][]*class{},
	}
	c.visit(n)
	var best class
	for _, at := range c.all {
		if some := *at; len(some) > 1 && (best == nil || c.sizes[some[0]] >= c.sizes[best[0]]) {
			best = some
		}
	}
	return best
}

// classifier puts the places of a plan into classes.
type classifier struct {
	*sharer

	sizes   map[plan.Node]int
	hashes  map[plan.Node]uint64 // that the subplans of a class have in common
	of      map[plan.Node]*class
	buckets map[uint64][]*class
	all     []*class
}

// visit visits every place, the inputs first; what is shared already is one place.
func (c *classifier) visit(n plan.Node) {
	if _, shared := n.(*plan.Shared); shared && c.sizes[n] > 0 {
		return
	}
	key, size := keyOf(n), 1
	for _, in := range n.Inputs() {
		c.visit(in)
		key += fmt.Sprint(" ", c.hashes[in])
		size += c.sizes[in]
	}
	c.sizes[n], c.hashes[n] = size, maphash.String(c.seed, key)
	switch {
	case onlyChooses(n): // does what its input does, and gives less to keep
		in := n.Inputs()[0]
		c.sizes[n], c.hashes[n] = c.sizes[in], c.hashes[in]
		if at := c.of[in]; at != nil && c.worthSharing(n) {
			(*at)[len(*at)-1], c.of[n] = n, at
		}
	case c.worthSharing(n):
		c.put(n)
	}
}

func (c *classifier) put(n plan.Node) {
	bucket := c.buckets[c.hashes[n]]
	for _, at := range bucket {
		if _, same := unite((*at)[0], n); same {
			*at, c.of[n] = append(*at, n), at
			return
		}
	}
	at := &class{n}
	c.of[n], c.all, c.buckets[c.hashes[n]] = at, append(c.all, at), append(bucket, at)
}

// keyOf tells of a node, without its inputs, what unite wants to be the same, as far as it is cheap.
func keyOf(n plan.Node) string {
	key := fmt.Sprintf("%T", n)
	switch n := n.(type) {
	case *plan.Scan:
		key += fmt.Sprint(n.Table.ID)
	case *plan.Project, *plan.Aggregate, *plan.Values: // the columns of which may differ, or may be many
		return key
	}
	for _, e := range plan.Exprs(n) {
		expr.Walk(e, func(e expr.Expr) bool {
			if l, ok := e.(expr.Literal); ok {
				key += " " + l.String()
			}
			return true
		})
	}
	return key
}

func (s *sharer) worthSharing(n plan.Node) bool {
	switch n.(type) {
	case *plan.Join, *plan.Aggregate, *plan.Window, *plan.Project, *plan.Filter, *plan.Limit, *plan.Union:
	default:
		return false // an order would be lost; or it is no query
	}
	if len(n.Schema().Fields) == 0 {
		return false
	}
	work, costly := 0.0, false
	plan.Walk(n, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Join, *plan.Aggregate, *plan.Window:
			costly = true
		case *plan.Scan:
			work += tableRows(n.Table)
		}
		work += s.estimateRows(n)
	})
	rows := s.estimateRows(n)
	return costly && rows <= sharedRows && work >= 2*rows
}

// replace puts the shared node into all its places. A node that stands at several places stays one.
func (s *sharer) replace(n plan.Node) plan.Node {
	if made, ok := s.done[n]; ok {
		return made
	}
	made := n
	in, changed := make([]plan.Node, len(n.Inputs())), false
	for i, old := range n.Inputs() {
		in[i] = s.replace(old)
		changed = changed || in[i] != old
	}
	if changed {
		made = n.WithInputs(in)
	}
	s.done[n] = made
	return made
}
