package optimize

import "slices"

// size estimates the rows of the join of a set of units; it depends on no order. Of equal expressions each but the one
// with the fewest values divides by its values: the values of the fewer are taken to be among those of the more
// (containment), and conditions to be independent.
func (g *joinGraph) size(of units) float64 {
	if rows, ok := g.sizes[of]; ok {
		return rows
	}
	rows := 1.0
	for i, u := range g.units {
		switch {
		case !of.has(i):
		case u.attach == nil || of.single():
			rows *= u.rows
		default:
			rows *= u.attach.factor
		}
	}
	for _, c := range g.classes {
		rows /= c.values(of)
	}
	for _, c := range g.corrected {
		if of.holds(c.both) {
			rows *= c.factor
		}
	}
	for _, c := range g.conditions {
		if of.holds(c.reads) && !of.single() {
			rows *= c.fraction
		}
	}
	rows = max(rows, 1)
	g.sizes[of] = rows
	return rows
}

// values is the product of the distinct values of the class's expressions in a set, but for the fewest.
func (c *equalityClass) values(in units) float64 {
	var distinct []float64
	var seen units
	for _, m := range c.members {
		if in.has(m.unit) && !seen.has(m.unit) {
			seen |= unitOf(m.unit)
			distinct = append(distinct, m.distinct)
		}
	}
	if len(distinct) < 2 {
		return 1
	}
	slices.Sort(distinct)
	product := 1.0
	for _, d := range distinct[1:] {
		product *= d
	}
	return product
}
