package plantest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/micodb/micodb/internal/vector"
)

// Generator makes random queries over the tables a(x BIGINT, y BIGINT, s VARCHAR) and b(x BIGINT, z BIGINT, s
// VARCHAR), and rows for these.
type Generator struct{ *rand.Rand }

// NewGenerator returns a generator that makes the same from the same seed.
func NewGenerator(seed uint64) *Generator {
	return &Generator{rand.New(rand.NewPCG(seed, 7))} //nolint:gosec // tests want the same each time, not secrecy
}

func (g *Generator) pick(of ...string) string { return of[g.IntN(len(of))] }

// Rows are of two small numbers and a text, each NULL now and then.
func (g *Generator) Rows(n int) []Row {
	var out []Row
	for range n {
		r := make(Row, 3)
		for i := range 2 {
			r[i] = vector.IntOf(vector.Of(vector.Int64), g.Int64N(4))
		}
		r[2] = vector.TextOf(g.pick("p", "q", "pq"))
		for i := range r {
			if g.IntN(4) == 0 {
				r[i] = vector.NullOf(r[i].Type)
			}
		}
		out = append(out, r)
	}
	return out
}

// condition is over the number columns and text columns of some tables.
func (g *Generator) condition(numbers, texts []string, depth int) string {
	if depth > 0 && g.IntN(3) > 0 {
		l, r := g.condition(numbers, texts, depth-1), g.condition(numbers, texts, depth-1)
		switch g.IntN(7) {
		case 0:
			return "not (" + l + ")"
		case 1, 2:
			return "(" + l + " or " + r + ")"
		case 3: // with something in common
			c := g.condition(numbers, texts, 0)
			return fmt.Sprintf("((%s and %s) or (%s and %s))", c, l, r, c)
		default:
			return "(" + l + " and " + r + ")"
		}
	}
	n, m := g.pick(numbers...), g.pick(numbers...)
	switch g.IntN(10) {
	case 0:
		return n + g.pick(" is null", " is not null")
	case 1:
		return g.pick(texts...) + g.pick(" like 'p%'", " = 'q'", " not like '%q'", " is null", " in ('p', 'pq')")
	case 2:
		return n + g.pick(" in (1, 2)", " not in (0, 3)", " between 1 and 2", " is distinct from 1",
			" is not distinct from null")
	case 3, 4, 5:
		return n + " = " + m
	case 6:
		return fmt.Sprintf("%s + %s %s %d", n, m, g.pick("=", "<", ">="), g.IntN(6))
	case 7:
		return fmt.Sprintf("%d %s %s", g.IntN(4), g.pick("<", "=", ">="), n)
	case 8:
		return g.pick("1 = 1", "1 = 2", "null", "true")
	default:
		return fmt.Sprintf("case when %s > 1 then %s else 1 end %s 2", n, m, g.pick("=", "<>", "<"))
	}
}

// Query returns a SELECT.
func (g *Generator) Query() string {
	numbers, texts := []string{"a.x", "a.y", "b.x", "b.z"}, []string{"a.s", "b.s"}
	on := func() string { return g.pick("", "a.x = b.x and ", "b.z = a.y and ") + g.condition(numbers, texts, 1) }
	where := func() string { return g.condition(numbers, texts, 3) }
	if g.IntN(2) == 0 {
		return g.subqueries()
	}
	switch g.IntN(14) {
	case 0:
		return "select * from a, b where " + where()
	case 1:
		return fmt.Sprintf("select a.x + b.x, b.s, z from a %s join b on %s where %s",
			g.pick("left", "right", "inner", "full"), on(), where())
	case 2:
		more := append(numbers, "c.x", "c.y")
		return fmt.Sprintf("select a.x, b.z, c.s from a, b, a as c where %s and %s",
			g.condition(more, append(texts, "c.s"), 3), g.condition(more, texts, 2))
	case 3:
		return fmt.Sprintf("select * from (select x, sum(y) as y, count(*) as n, max(s) as s from a where %s"+
			" group by x) a %s join b on %s where %s",
			g.condition([]string{"x", "y"}, []string{"s"}, 2), g.pick("left", "inner", "full"), on(), where())
	case 4:
		return fmt.Sprintf("select k, t from (select x + 1 as k, y, s as t from a union all select z, x, 'p' from b) u"+
			" where %s",
			g.condition([]string{"k", "y"}, []string{"t"}, 3))
	case 5:
		return fmt.Sprintf("select x, s from a where %s and %s %s (select z from b where %s)",
			g.condition([]string{"x", "y"}, []string{"s"}, 2), g.pick("x", "y + 1"), g.pick("in", "not in"),
			g.condition([]string{"x", "z"}, []string{"s"}, 1))
	case 6:
		return fmt.Sprintf("select a.s, count(*), sum(z), min(b.x) from a left join b on %s where %s"+
			" group by a.s, a.x + 1 having %s", on(), where(),
			g.pick("count(*) > 1", "a.s = 'p' or sum(z) > 2", "min(b.x) is null", "a.x + 1 = 2"))
	case 7:
		return fmt.Sprintf("select z from (select a.x, z, b.s from a, b where %s order by 1, 2, 3 limit 5) t where %s",
			where(), g.condition([]string{"x", "z"}, []string{"s"}, 1))
	case 8:
		return g.joins()
	case 10, 11:
		return g.forms()
	case 9: // a common table that is used twice
		of := g.pick("select x, sum(y) as y, count(*) as n from a group by x",
			"select a.x, z as y, count(*) as n from a, b where a.x = b.x group by a.x, z",
			"select a.x, a.y, z as n from a join b on a.x = b.x")
		l, r := g.condition([]string{"x", "n"}, []string{"'p'"}, 1), g.condition([]string{"x", "y"}, []string{"'q'"}, 1)
		return fmt.Sprintf(g.pick(
			"with c as (%s) select l.x, r.n from (select * from c where %s) l join (select * from c where %s) r"+
				" on l.x = r.x",
			"with c as (%s) select x, n from c where %s union all select y, n from c where %s",
			"with c as (%s) select l.x, l.y from c l where %s and l.y in (select n from c where %s)"), of,
			l, r)
	default:
		return fmt.Sprintf("select (select max(y) from a), b.x from b, (select distinct x, s from a) a where %s and"+
			" (exists (select * from a where y = 1) or b.z > (select min(x) from a))",
			g.condition([]string{"a.x", "b.x", "b.z"}, texts, 2))
	}
}

// joins returns a query that joins three to five tables in every way.
func (g *Generator) joins() string {
	numbers, texts := []string{"a.x", "a.y"}, []string{"a.s"}
	from := []string{"a"}
	for _, name := range []string{"b", "c", "d", "e"}[:2+g.IntN(3)] {
		of, own := "a", []string{name + ".x", name + ".y"}
		if name == "b" || g.IntN(2) == 0 {
			of, own = "b", []string{name + ".x", name + ".z"}
		}
		on := fmt.Sprintf("%s = %s", g.pick(numbers...), g.pick(own...))
		numbers, texts = append(numbers, own...), append(texts, name+".s")
		switch g.IntN(6) {
		case 0:
			on += " and " + g.condition(numbers, texts, 1)
		case 1:
			on = g.condition(numbers, texts, 0)
		}
		from = append(from, g.pick("inner", "inner", "left"), "join", of, name, "on", on)
	}
	where := g.condition(numbers, texts, 1)
	if g.IntN(2) == 0 {
		where += fmt.Sprintf(" and %s %s (select x from b)", g.pick(numbers...), g.pick("in", "not in"))
	}
	return fmt.Sprintf("select %s, %s, %s from %s where %s", g.pick(numbers...), g.pick(numbers...), g.pick(texts...),
		strings.Join(from, " "), where)
}
