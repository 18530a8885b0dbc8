package optimize

import (
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// sharedRows is up to how many estimated rows of a subplan are kept to be read again.
const sharedRows = 1 << 20

// shareSubplans makes one of equal subplans, as those of a common table that is used twice, so that it runs once. It
// takes the largest first. What is shared must cost more than to keep its rows: joins, groupings, and what stands above
// them, of few rows beside those that they read.
func shareSubplans(n plan.Node) (plan.Node, error) {
	s := &sharer{estimator: newEstimator(), seed: maphash.MakeSeed()}
	for {
		class := s.best(n)
		if class == nil {
			return n, nil
		}
		s.number++
		s.shared = &plan.Shared{Input: class[0], Number: s.number}
		s.class, s.done = class, map[plan.Node]plan.Node{}
		n = s.replace(n)
	}
}

// sharer finds equal subplans.
type sharer struct {
	*estimator

	seed   maphash.Seed
	number int
	shared *plan.Shared // takes the place of class
	class  []plan.Node
	done   map[plan.Node]plan.Node // what replace has made of nodes
}

// best returns the places of the largest subplan that stands at several and is worth being shared; nil for none.
func (s *sharer) best(n plan.Node) []plan.Node {
	sizes, buckets := map[plan.Node]int{}, map[uint64][][]plan.Node{}
	hashes := map[plan.Node]uint64{}
	var best []plan.Node
	s.classify(n, sizes, hashes, func(n plan.Node, hash uint64) {
		if !s.worthSharing(n) {
			return
		}
		classes := buckets[hash]
		at := 0
		for at < len(classes) && !samePlan(classes[at][0], n) {
			at++
		}
		if at == len(classes) {
			classes = append(classes, nil)
		}
		classes[at] = append(classes[at], n)
		buckets[hash] = classes
		if c := classes[at]; len(c) > 1 && (best == nil || sizes[n] >= sizes[best[0]]) {
			best = c
		}
	})
	return best
}

// classify visits every place, the inputs first, with a hash that equal subplans have in common; what is shared
// already is one place.
func (s *sharer) classify(
	n plan.Node, sizes map[plan.Node]int, hashes map[plan.Node]uint64, f func(plan.Node, uint64),
) uint64 {
	if _, shared := n.(*plan.Shared); shared && sizes[n] > 0 {
		return hashes[n]
	}
	key := fmt.Sprintf("%T %d %d", n, len(n.Schema().Fields), len(plan.Exprs(n)))
	if scan, ok := n.(*plan.Scan); ok {
		key += fmt.Sprint(scan.Table.ID, scan.Columns)
	}
	size, below := 1, []uint64{}
	for _, in := range n.Inputs() {
		below = append(below, s.classify(in, sizes, hashes, f))
		size += sizes[in]
	}
	sizes[n], hashes[n] = size, maphash.String(s.seed, fmt.Sprint(key, below))
	f(n, hashes[n])
	return hashes[n]
}

func (s *sharer) worthSharing(n plan.Node) bool {
	switch n.(type) {
	case *plan.Join, *plan.Aggregate, *plan.Project, *plan.Filter, *plan.Limit, *plan.Union:
	default:
		return false // an order would be lost; or it is no query
	}
	fields := n.Schema().Fields
	if len(fields) == 0 || slices.ContainsFunc(fields, func(f plan.Field) bool {
		return f.Type.Physical() == vector.Nested // which rows that are kept can't have
	}) {
		return false
	}
	work, costly := 0.0, false
	plan.Walk(n, func(n plan.Node) {
		switch n := n.(type) {
		case *plan.Join, *plan.Aggregate:
			costly = true
		case *plan.Scan:
			work += tableRows(n.Table)
		}
		work += s.estimateRows(n)
	})
	rows := s.estimateRows(n)
	return costly && rows <= sharedRows && work >= 2*rows
}

// replace puts the shared node into all places of the class. A node that stands at several places stays one.
func (s *sharer) replace(n plan.Node) plan.Node {
	if made, ok := s.done[n]; ok {
		return made
	}
	made := n
	if slices.Contains(s.class, n) {
		s.done[n] = s.shared
		return s.shared
	}
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
