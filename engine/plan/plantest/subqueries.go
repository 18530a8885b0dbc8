package plantest

import "fmt"

// subqueries returns a SELECT with subqueries that read rows of those around them.
func (g *Generator) subqueries() string {
	where := g.condition([]string{"a.x", "a.y"}, []string{"a.s"}, 1)
	switch g.IntN(8) {
	case 0:
		return fmt.Sprintf("select x, s from a where %s and %s", where, g.truth("a.x"))
	case 1:
		return fmt.Sprintf("select x, %s, %s from a where %s", g.scalar("a.x"), g.truth("a.x"), where)
	case 2:
		return fmt.Sprintf("select x from a where %s or %s", g.truth("a.x"), g.truth("a.y"))
	case 3:
		return fmt.Sprintf("select case when %s then x else %s end from a", g.truth("a.x"), g.scalar("a.x"))
	case 4:
		return fmt.Sprintf("select x, count(*), %s from a group by x having %s", g.scalar("a.x"), g.truth("a.x"))
	case 5:
		return fmt.Sprintf("select a.y, c.z from a %s join b c on a.x = c.x and %s where %s",
			g.pick("inner", "left", "full"), g.truth(g.pick("a.x", "c.x")), where)
	case 6: // two levels, the inner of which may read both rows
		return fmt.Sprintf("select x from a where %s (select 1 from b where %s and"+
			" %s (select 1 from a d where d.x %s %s and d.y %s b.z))",
			g.pick("exists", "not exists"), g.pick("b.x = a.x", "b.z < a.y", "true"),
			g.pick("exists", "not exists"), g.pick("=", "<"), g.pick("a.y", "b.x"), g.pick("=", "<>"))
	default:
		return fmt.Sprintf("select sum(case when %s then 1 else %s end), count(%s) from a where %s",
			g.truth("a.x"), g.scalar("a.x"), g.scalar("a.y"), where)
	}
}

// truth is a condition with a subquery over b that reads a column of a row around it.
func (g *Generator) truth(outer string) string {
	in := fmt.Sprintf("(select %s from b where %s)", g.pick("z", "b.x", "z + 1"), g.correlation(outer))
	grouped := fmt.Sprintf("(select %s from b where %s group by s having %s)", g.pick("max(z)", "count(*)"),
		g.correlation(outer), g.pick("true", "count(*) > 1"))
	switch g.IntN(6) {
	case 0:
		return fmt.Sprintf("%s (select z from b where %s)", g.pick("exists", "not exists"), g.correlation(outer))
	case 1, 2:
		return fmt.Sprintf("%s %s %s", g.pick(outer, "1"), g.pick("in", "not in"), g.pick(in, grouped))
	case 3:
		return fmt.Sprintf("%s %s %s %s", g.pick(outer, "2"), g.pick("=", "<>", "<", ">="), g.pick("any", "all"), in)
	case 4:
		return fmt.Sprintf("%s %s %s", outer, g.pick("=", "<", ">="), g.scalar(outer))
	default:
		return fmt.Sprintf("(exists (select 1 from b where %s) or %s is null)", g.correlation(outer), outer)
	}
}

// scalar is a subquery over b of one row at most.
func (g *Generator) scalar(outer string) string {
	aggregate := g.pick("max(z)", "count(*)", "count(z)", "sum(z) + count(*)", "min(z) + "+outer, "count(distinct z)")
	correlation := g.correlation(outer)
	switch g.IntN(7) {
	case 0:
		return fmt.Sprintf("(select %s from b where %s having count(*) %s 1)", aggregate, correlation,
			g.pick("=", ">", "<="))
	case 1:
		return fmt.Sprintf("(select max(n) from (select s, %s as n from b where %s group by s) g)",
			g.pick("count(*)", "sum(z)"), correlation)
	case 2: // rows with equal keys have equal results
		return fmt.Sprintf("(select z from b where %s order by %s limit 1)", correlation,
			g.pick("z", "z desc", "z + z", "0 - z"))
	case 3:
		return fmt.Sprintf("(select count(*) from (select z from b where %s"+
			" union all select y from a c where c.x = %s) u)", correlation, outer)
	case 4:
		return fmt.Sprintf("(select count(c.y) from b left join a c on c.x = b.z and c.y < %s where %s)",
			outer, correlation)
	default:
		return fmt.Sprintf("(select %s from b where %s)", aggregate, correlation)
	}
}

// correlation is a condition of a subquery over b.
func (g *Generator) correlation(outer string) string {
	own := g.condition([]string{"b.x", "b.z"}, []string{"b.s"}, 1)
	return g.pick("b.x = "+outer, "b.x = "+outer, "b.z < "+outer, "b.x + 1 = "+outer+" + b.z",
		"b.x is not distinct from "+outer, fmt.Sprintf("(b.x = %s or b.z = 2)", outer), own+" and b.x = "+outer, own)
}
