package optimize

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// provenSingle tells whether it is proven (ADR 17) that the join gives one row at most for each group above. Either the
// groups decide the row of the other input, and with its keys that of the grouped one, or they decide that of the
// grouped input, and its keys that of the other. NULLs that a left join has in the place of a row decide nothing.
func (e *eagerAggregate) provenSingle() bool {
	if len(e.of.Groups) == 0 {
		return false
	}
	var joined, decided, keys []int // groups below that are keys; columns of the other input
	for _, k := range e.join.Keys {
		own, others := e.ends(k)
		group := e.group(own)
		joined = append(joined, group)
		keys = appendColumn(keys, others)
		if e.join.Kind == plan.InnerJoin && slices.Contains(e.groups, group) {
			decided = appendColumn(decided, others)
		}
	}
	for _, g := range e.of.Groups {
		if c, ok := g.(expr.Column); ok && !e.own(c.Index) {
			decided = append(decided, e.otherColumn(c.Index))
		}
	}
	byOther := !e.whole() && uniqueBy(e.other(), decided)
	for i := range e.below.Groups {
		known := slices.Contains(e.groups, i) || byOther && slices.Contains(joined, i)
		if !known {
			return false
		}
	}
	return byOther || !e.padded && uniqueBy(e.other(), append(decided, keys...))
}
