package optimize

import (
	"math/bits"
	"slices"
)

const (
	// Up to so many units the best order is looked for. A clique of so many has 261,625 pairs to try.
	exactUnits = 12
	// How much a row of a join's table costs beside one of its result: it is hashed, copied, and met
	// again at random places of memory.
	buildWeight = 2
)

// joinPlanner chooses joins for sets of units, and remembers the best for each.
type joinPlanner struct {
	*joinGraph

	best map[units]*choice
}

// choice is the last join of a set.
type choice struct {
	left, right units
	cost        float64
}

// plan chooses how all units are joined and returns their set.
func (p *joinPlanner) plan() units {
	for i := range p.units {
		p.best[unitOf(i)] = &choice{}
	}
	var parts []units
	for _, part := range p.components() {
		if bits.OnesCount64(uint64(part)) <= exactUnits {
			p.exact(part)
			parts = append(parts, part)
			continue
		}
		for i := range p.units {
			if part.has(i) {
				parts = append(parts, unitOf(i))
			}
		}
	}
	return p.greedy(parts)
}

// components returns the connected parts of the graph. An attachment that reads several parts is one of its own.
func (p *joinPlanner) components() []units {
	var parts []units
	join := func(with units) {
		var rest []units
		for _, c := range parts {
			if c&with != 0 {
				with |= c
			} else {
				rest = append(rest, c)
			}
		}
		parts = append(rest, with)
	}
	attachments := units(0)
	for i, u := range p.units {
		if u.attach != nil {
			attachments |= unitOf(i)
		}
	}
	for i, u := range p.units {
		if u.attach == nil {
			join(unitOf(i) | p.edges[i]&^attachments)
		}
	}
	for i, u := range p.units { // in the order in which one may read another
		if u.attach == nil {
			continue
		}
		own := unitOf(i)
		for _, c := range parts {
			if u.attach.reads != 0 && c.holds(u.attach.reads) {
				own |= c
			}
		}
		join(own)
	}
	return parts
}

// offer considers the join of two sets that have been planned, in both directions.
func (p *joinPlanner) offer(a, b units) {
	p.consider(a, b)
	p.consider(b, a)
}

func (p *joinPlanner) consider(left, right units) {
	l, r := p.best[left], p.best[right]
	if l == nil || r == nil || !p.allowed(left, right) {
		return
	}
	out := p.size(left | right)
	cost := l.cost + r.cost + out + buildWeight*p.held(left, right)
	if best := p.best[left|right]; best == nil || cost < best.cost {
		p.best[left|right] = &choice{left, right, cost}
	}
}

// held is the rows of the side that the join's table is made of: of an attachment the smaller one (chooseSides).
func (p *joinPlanner) held(left, right units) float64 {
	if p.attached(right) == nil {
		return p.size(right)
	}
	return min(p.size(left), p.size(right))
}

// allowed tells whether two sets may be joined in this direction: an attachment goes right, to what it reads.
func (p *joinPlanner) allowed(left, right units) bool {
	if p.attached(left) != nil {
		return false
	}
	a := p.attached(right)
	return a == nil || left.holds(a.reads)
}

// neighbours are the units with an edge into a set.
func (p *joinPlanner) neighbours(of units) units {
	var out units
	for i := range p.units {
		if of.has(i) {
			out |= p.edges[i]
		}
	}
	return out &^ of
}

// pair is two connected sets with an edge between them.
type pair struct{ a, b units }

// exact plans a connected part by dynamic programming over all pairs of connected sets that are connected (DPccp,
// Moerkotte and Neumann, Analysis of Two Existing and One New Dynamic Programming Algorithm for the Generation of
// Optimal Bushy Join Trees without Cross Products, 2006). The pairs are taken by the size of their union, so that
// both are planned when they are met.
func (p *joinPlanner) exact(part units) {
	pairs := make([][]pair, bits.OnesCount64(uint64(part))+1)
	emit := func(a, b units) {
		size := bits.OnesCount64(uint64(a | b))
		pairs[size] = append(pairs[size], pair{a, b})
	}
	for i := range slices.Backward(p.units) {
		if !part.has(i) {
			continue
		}
		below := unitOf(i)<<1 - 1
		p.complements(unitOf(i), part, emit)
		p.grow(unitOf(i), below|^part, func(set units) { p.complements(set, part, emit) })
	}
	for _, of := range pairs {
		for _, x := range of {
			p.offer(x.a, x.b)
		}
	}
}

// grow calls f for every connected set that has set and further units, none of them excluded.
func (p *joinPlanner) grow(set, excluded units, f func(units)) {
	near := p.neighbours(set) &^ excluded
	for more := near & -near; more != 0; more = (more - near) & near {
		f(set | more)
	}
	for more := near & -near; more != 0; more = (more - near) & near {
		p.grow(set|more, excluded|near, f)
	}
}

// complements calls f with a set and every connected set beside it that has an edge to it and no unit before its own.
func (p *joinPlanner) complements(set, part units, f func(a, b units)) {
	excluded := (set&-set<<1 - 1) | set | ^part
	near := p.neighbours(set) &^ excluded
	for i := range slices.Backward(p.units) {
		if !near.has(i) {
			continue
		}
		f(set, unitOf(i))
		below := unitOf(i)<<1 - 1
		p.grow(unitOf(i), excluded|below&near, func(other units) { f(set, other) })
	}
}

// greedy joins sets until one is left: always the two that are connected and whose join is smallest, and two that
// are not connected only where there are no others (greedy operator ordering; Fegaras, A New Heuristic for Optimizing
// Large Queries, 1998).
func (p *joinPlanner) greedy(sets []units) units {
	for len(sets) > 1 {
		bestA, bestB, bestNear := -1, -1, false
		for a := range sets {
			for b := range a {
				if !p.allowed(sets[a], sets[b]) && !p.allowed(sets[b], sets[a]) {
					continue
				}
				near := p.neighbours(sets[a])&sets[b] != 0
				smaller := bestA >= 0 && p.size(sets[a]|sets[b]) < p.size(sets[bestA]|sets[bestB])
				if bestA < 0 || near && !bestNear || near == bestNear && smaller {
					bestA, bestB, bestNear = a, b, near
				}
			}
		}
		p.offer(sets[bestB], sets[bestA])
		sets[bestB] |= sets[bestA]
		sets = append(sets[:bestA], sets[bestA+1:]...)
	}
	return sets[0]
}
