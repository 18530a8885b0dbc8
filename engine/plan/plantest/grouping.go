package plantest

import (
	"fmt"
	"strings"
)

// Grouping returns a query that groups a join of two or three tables.
func (g *Generator) Grouping() string {
	numbers, texts := []string{"a.x", "a.y", "b.x", "b.z"}, []string{"a.s", "b.s"}
	from := fmt.Sprintf("a %s join b on %s = %s", g.pick("inner", "inner", "left", "left", "right", "full"),
		g.pick("a.x", "a.y"), g.pick("b.x", "b.z"))
	switch g.IntN(6) {
	case 0:
		from += g.pick(" and a.y < b.z", " and a.s = b.s", " and a.y + b.z > 2", " and b.z > 1")
	case 1:
		numbers, texts = append(numbers, "c.x", "c.y"), append(texts, "c.s")
		from += fmt.Sprintf(" %s join a as c on %s = %s", g.pick("inner", "left"), g.pick(numbers[:4]...),
			g.pick("c.x", "c.y"))
	case 2:
		from = "b join a on b.x = a.x left join (select x, y from a where y > 0) c on c.x = b.z"
	}
	var groups, out []string
	for range g.IntN(3) {
		switch g.IntN(6) {
		case 0:
			groups = append(groups, g.pick(texts...))
		case 1:
			groups = append(groups, fmt.Sprintf("%s + %s", g.pick(numbers...), g.pick(numbers...)))
		case 2:
			groups = append(groups, fmt.Sprintf("coalesce(%s, 7)", g.pick(numbers...)))
		default:
			groups = append(groups, g.pick(numbers...))
		}
	}
	side := g.pick("a.x", "b.x")[:1]
	own := []string{side + ".x", side + map[string]string{"a": ".y", "b": ".z"}[side]}
	for range 1 + g.IntN(4) {
		out = append(out, g.call(own, side+".s", numbers))
	}
	sql := fmt.Sprintf("select %s from %s", strings.Join(append(groups, out...), ", "), from)
	if g.IntN(3) == 0 {
		sql += " where " + g.condition(numbers, texts, 0)
	}
	if len(groups) > 0 {
		sql += " group by " + strings.Join(groups, ", ")
	}
	if g.IntN(4) == 0 {
		sql += fmt.Sprintf(" having %s > %d", g.call(own, side+".s", numbers[:1]), g.IntN(3))
	}
	return sql
}

// call returns an aggregate of numbers that is a number.
func (g *Generator) call(own []string, text string, all []string) string {
	n := g.pick(own...)
	switch g.IntN(12) {
	case 0, 1:
		return "count(*)"
	case 2:
		return fmt.Sprintf("count(%s)", g.pick(n, text))
	case 3:
		return fmt.Sprintf("sum(cast(%s as integer))", n)
	case 4:
		return fmt.Sprintf("avg(%s)", n)
	case 5:
		return fmt.Sprintf("%s(%s)", g.pick("min", "max"), g.pick(all...))
	case 6:
		return fmt.Sprintf("sum(case when %s > 1 then %s end)", n, g.pick(own...))
	case 7:
		return fmt.Sprintf("sum(coalesce(%s, 5))", n)
	case 8:
		return fmt.Sprintf("count(*) filter (where %s > 1)", n)
	case 9:
		return fmt.Sprintf("sum(%s + %s)", n, g.pick(all...))
	case 10:
		return fmt.Sprintf("sum(%s) - count(%s)", n, g.pick(own...))
	default:
		return fmt.Sprintf("sum(%s)", n)
	}
}
