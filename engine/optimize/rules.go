package optimize

import (
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
)

// rule is a named function.
type rule struct {
	name    string
	rewrite func(plan.Node) (plan.Node, error)
}

// Name returns the rule's name.
func (r rule) Name() string { return r.name }

// Rewrite applies the rule.
func (r rule) Rewrite(n plan.Node) (plan.Node, error) { return r.rewrite(n) }

// Rules returns the rules in their order.
func Rules() []plan.Rule {
	fold := rule{"fold_constants", foldConstants}
	push := rule{"push_filters", pushFilters}
	merge := rule{"merge_projects", mergeProjects}
	return []plan.Rule{
		// First: every later rule sees constants, comparisons with the constant on the right, and NOT at the leaves.
		fold,
		// Before all that knows of joins: no later rule meets a dependent one.
		rule{"unnest", unnest},
		// Before pushing: what all branches of an OR have in common can be pushed and joined by, the OR can't.
		rule{"factor_disjunctions", factorDisjunctions},
		// Brings conditions to the join that sees both their sides, and below every join that sees one.
		push,
		// After pushing, when an equality stands at the join of its two sides.
		rule{"extract_join_keys", extractJoinKeys},
		// Needs the keys, which refuse NULLs. Filters go farther down an inner join than an outer one.
		rule{"reduce_outer_joins", reduceOuterJoins},
		// After factoring, from the ORs that are left at joins: what each of their branches says of one side.
		rule{"restrict_sides", restrictSides},
		// Needs the keys, and the filters where they were pushed to.
		rule{"infer_predicates", inferPredicates},
		// Again, for what the two rules above added; and pushing may have put constants in the place of columns.
		push,
		fold,
		// Needs keys and every filter in its place, for its estimates.
		rule{"order_joins", orderJoins},
		// Ordering puts projections above joins: they go before columns are pruned, so that none is kept for them.
		merge,
		// After ordering, which says what is joined without keys; before pruning, for the columns it needs no more.
		rule{"compute_sides", computeSides},
		// Needs the order of joins, whose inputs it groups, and no projections between a grouping and its join; before
		// pruning, for the columns it needs no more.
		rule{"push_aggregates", pushAggregates},
		merge,
		// Brings a limit down to its sort, as a top-N.
		rule{"push_limits", pushLimits},
		// Last: no rule after it may ask for a column that it removed. It may leave projections to merge.
		rule{"prune_columns", pruneColumns},
		merge,
		// Needs to know which columns a top-N hands on. It prunes those that it has taken out of the way itself.
		rule{"fetch_late", fetchLate},
		merge,
		// After ordering and pruning, for its estimates.
		rule{"choose_sides", chooseSides},
		// After all that makes two uses of a subplan differ, and last: no rule may part what it made one.
		rule{"share_subplans", shareSubplans},
	}
}

// Settle folds the constants that parameters became in a plan that was optimized before it had them.
func Settle(n plan.Node) (plan.Node, error) {
	return apply(n, []plan.Rule{rule{"fold_constants", foldConstants}})
}

// Optimize applies all rules. EXPLAIN is told how many rows each node may give.
func Optimize(n plan.Node) (plan.Node, error) {
	n, err := apply(n, Rules())
	if e, ok := n.(*plan.Explain); ok && err == nil {
		c, est := *e, newEstimator()
		c.Rows = map[plan.Node]float64{}
		plan.Walk(e.Input, func(n plan.Node) { c.Rows[n] = est.estimateRows(n) })
		return &c, nil
	}
	return n, err
}

// apply applies rules and checks the plan after each.
func apply(n plan.Node, rules []plan.Rule) (plan.Node, error) {
	checker := plan.Checker{}
	for _, r := range rules {
		next, err := r.Rewrite(n)
		if err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.CodeOf(err), "rule %s: %s", r.Name(), sqlerr.From(err).Message)
		}
		err = checker.Check(next)
		if err == nil {
			err = plan.CheckSame(n.Schema(), next.Schema())
		}
		if err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.InternalError, "rule %s made a wrong plan: %s", r.Name(),
				sqlerr.From(err).Message)
		}
		n = next
	}
	return n, nil
}
