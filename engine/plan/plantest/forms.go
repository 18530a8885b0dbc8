package plantest

import "fmt"

// forms returns a query of set operations, or of queries in FROM that read the rows before them.
func (g *Generator) forms() string {
	numbers, texts := []string{"x", "y"}, []string{"s"}
	where := g.condition(numbers, texts, 1)
	switch g.IntN(8) {
	case 0, 1:
		return fmt.Sprintf("select x, s from (select x, s from a where %s %s select z, s from b) t where %s", where,
			g.pick("intersect", "intersect all", "except", "except all", "union"),
			g.condition([]string{"x"}, texts, 1))
	case 6: // of rows that are as near the values are the same
		return fmt.Sprintf("select * from (select a.x, a.s, b.z from a asof %s join b on %s a.y %s b.z) t where %s",
			g.pick("", "left"), g.pick("", "a.x = b.x and", "a.x = b.x and a.s = b.s and"),
			g.pick("<", "<=", ">", ">="), g.condition([]string{"x", "z"}, []string{"s"}, 1))
	case 7:
		return fmt.Sprintf("with recursive r(x, n) as (select x, 0 from a where %s union %s"+
			" select %s from r join b on r.x = b.x where n < 3) select * from r where %s",
			where, g.pick("", "all"), g.pick("b.z, n + 1", "b.x + 1, n + 1", "r.x, n + b.z + 1"),
			g.condition([]string{"x", "n"}, []string{"'p'"}, 1))
	case 2:
		return fmt.Sprintf("select y from a where %s %s select x from b %s select z from b", where,
			g.pick("intersect", "except", "except all"), g.pick("intersect all", "except", "union all"))
	case 3:
		return fmt.Sprintf("select a.x, l.* from a, lateral (select %s from b where %s) l where %s",
			g.pick("z, s", "count(*)", "max(z), count(z)", "distinct z", "a.y + z"), g.correlation("a.x"),
			g.condition([]string{"a.x", "a.y"}, []string{"a.s"}, 1))
	case 4:
		return fmt.Sprintf("select a.s, l.v from a left join lateral (select %s as v from b where %s%s) l on %s",
			g.pick("z", "b.x", "a.y + z"), g.correlation("a.x"),
			g.pick("", " union all select a.y", " intersect select 1", " except all select a.x"),
			g.condition([]string{"a.x", "l.v"}, []string{"a.s"}, 1))
	default:
		return fmt.Sprintf("select a.x, i, j from a, range(a.y) r(i), generate_series(1, %s) q(j) where %s",
			g.pick("i", "2", "a.x"), g.condition([]string{"a.x", "i", "j"}, []string{"a.s"}, 1))
	}
}
