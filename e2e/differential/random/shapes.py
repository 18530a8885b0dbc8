"""Makes seeded queries of further shapes: windows, grouping sets, set operations, LATERAL and correlated subqueries."""
from dataclasses import dataclass

from queries import Queries, Query

# A column of each table has another number in each row; what must not depend on the order of equal rows is sorted by it.
UNIQUE = "id"


@dataclass
class Window:
    sql: str
    total: bool  # its order leaves nothing open


class Shapes(Queries):
    def any(self) -> Query:
        """A query of any shape; its rows are sorted, half of the time."""
        r = self.r
        shapes = [(30, self.query), (14, self.windows), (8, self.set_operation), (7, self.correlated), (6, self.statistics)]
        if not self.portable:
            shapes += [(10, self.grouping_sets), (6, self.lateral), (6, self.half_join), (4, self.distinct_on),
                       (4, self.window_of_groups)]
        make = r.choices([s for _, s in shapes], [w for w, _ in shapes])[0]
        q = make()
        if make != self.query and "inexact" not in q.families and r.random() < 0.5:
            q = self.order(q)
        return q

    def one_table(self, most: int) -> tuple:
        """Returns a table's SQL, alias and scope."""
        t, alias = self.table(most), self.name("r")
        return f"{t.name} AS {alias}", alias, self.scope(alias, t)

    # Windows

    def frame(self, total: bool, numeric: bool) -> str:
        r = self.r
        kind = r.choice(["ROWS"] if total else ["RANGE", "GROUPS"])
        offsets = kind != "RANGE" or numeric
        bounds = ["UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"]
        if not offsets:
            bounds = [b for b in bounds if b not in ("PRECEDING", "FOLLOWING")]
        first = r.randrange(len(bounds) - 1)
        last = r.randrange(max(first, 1), len(bounds))
        reach = sorted((r.randint(0, 3), r.randint(0, 3)), reverse=bounds[first] == "PRECEDING")  # its end is not before
        names = [f"{n} {b}" if b in ("PRECEDING", "FOLLOWING") else b for n, b in zip(reach, (bounds[first], bounds[last]))]
        exclude = r.choice(["", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS"])
        return f" {kind} BETWEEN {names[0]} AND {names[1]}{exclude}"

    def window(self, e, alias: str) -> Window:
        r = self.r
        parts = [e.leaf(r.choice(self.families), wild=True) for _ in range(r.choice([0, 1, 1, 2]))]
        sql = f"PARTITION BY {', '.join(parts)}" if parts else ""
        style = r.random()
        if style < 0.2:
            return Window(sql, False)
        total = style < 0.7
        ints = [c for c in e.columns("int", False)]
        if not total and ints and r.random() < 0.5:
            keys, numeric = [r.choice(ints) + r.choice(["", " DESC"]) + self.nulls()], True
        else:
            keys, numeric = [e.leaf(r.choice(self.families), wild=True) + r.choice(["", " DESC"]) + self.nulls()
                             for _ in range(r.randint(1, 2))], False
            keys = [k for k in keys if any(n in k for n, _, _ in e.scope)]  # a constant could be a position
            numeric = False
        if total or not keys:
            keys.append(f"{alias}.{UNIQUE}")
            total = True
        frame = self.frame(total, numeric) if r.random() < 0.5 else ""
        return Window(f"{sql} ORDER BY {', '.join(keys)}{frame}".strip(), total)

    def window_call(self, e, w: Window) -> tuple:
        """Returns a call over a window and its family."""
        r = self.r
        ranks = [("rank()", "int"), ("dense_rank()", "int"), ("percent_rank()", "double"), ("cume_dist()", "double")]
        if "ORDER BY" in w.sql and r.random() < 0.25:
            call, family = r.choice(ranks)
            return f"{call} OVER ({w.sql})", family
        if w.total and r.random() < 0.6:
            family = r.choice(self.families)
            x = e.leaf(family, wild=True)
            call = r.choice(["row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value"])
            match call:
                case "row_number":
                    return f"row_number() OVER ({w.sql})", "int"
                case "ntile":
                    return f"ntile({r.randint(1, 5)}) OVER ({w.sql})", "int"
                case "lag" | "lead":
                    more = r.choice(["", f", {r.randint(0, 3)}", f", {r.randint(1, 2)}, {e.literal(family)}"])
                    return f"{call}({x}{more}) OVER ({w.sql})", family
                case "nth_value":
                    return f"nth_value({x}, {r.randint(1, 4)}) OVER ({w.sql})", family
            return f"{call}({x}) OVER ({w.sql})", family
        call = r.choice(["sum", "count", "min", "max", "count(*)", "avg"])
        if call == "count(*)":
            return f"count(*) OVER ({w.sql})", "int"
        if call in ("sum", "avg"):
            family = r.choice([f for f in self.summed if call == "sum" or f != "dec"])
            return f"{call}({e.leaf(family)}) OVER ({w.sql})", family if call == "sum" else "inexact"
        family = r.choice(self.families)
        return f"{call}({e.leaf(family, wild=True)}) OVER ({w.sql})", "int" if call == "count" else family

    def windows(self) -> Query:
        r = self.r
        source, alias, scope = self.one_table(2000)
        e = self.over(scope)
        outputs = [(f"{alias}.{UNIQUE}", "int")]
        for _ in range(r.randint(1, 3)):
            outputs.append(self.window_call(e, self.window(e, alias)))
        where = f" WHERE {e.make('bool', 2)}" if r.random() < 0.3 else ""
        sql = f"SELECT {', '.join(o for o, _ in outputs)} FROM {source}{where}"
        if not self.portable and r.random() < 0.15:
            w = f"PARTITION BY {e.leaf(r.choice(self.families), wild=True)} ORDER BY {alias}.{UNIQUE}"
            sql += f" QUALIFY row_number() OVER ({w}) <= {r.randint(1, 3)}"
        return Query(sql, [f for _, f in outputs])

    def window_of_groups(self) -> Query:
        r = self.r
        source, _, scope = self.one_table(2000)
        e = self.over(scope)
        family = r.choice(self.families)
        key = e.leaf(family, wild=True)
        if not any(n in key for n, _, _ in scope):
            return self.windows()
        call = r.choice(["sum(count(*))", "max(count(*))", "rank()", "count(*)"])
        order = "ORDER BY count(*)" + r.choice(["", " DESC"])
        return Query(f"SELECT {key}, count(*), {call} OVER ({order}) FROM {source} GROUP BY {key}", [family, "int", "int"])

    # Groups

    def grouping_sets(self) -> Query:
        r = self.r
        source, _, scope = self.one_table(3000)
        e = self.over(scope)
        keys = r.sample(scope, min(len(scope), r.randint(1, 3)))
        names = [n for n, _, _ in keys]
        kind = r.choice(["ROLLUP", "CUBE", "SETS"])
        by = f"{kind} ({', '.join(names)})"
        if kind == "SETS":
            sets = ["(" + ", ".join(r.sample(names, r.randint(0, len(names)))) + ")" for _ in range(r.randint(1, 4))]
            by = f"GROUPING SETS ({', '.join(sets)}, ({', '.join(names)}))"
        outputs = [(n, f) for n, f, _ in keys] + [(f"grouping({', '.join(names)})", "int")]
        outputs += [self.aggregate(e) for _ in range(r.randint(1, 3))]
        where = f" WHERE {e.make('bool', 2)}" if r.random() < 0.3 else ""
        having = f" HAVING count(*) {r.choice(['>', '<='])} {r.randint(1, 3)}" if r.random() < 0.2 else ""
        return Query(f"SELECT {', '.join(o for o, _ in outputs)} FROM {source}{where} GROUP BY {by}{having}",
                     [f for _, f in outputs])

    def statistics(self) -> Query:
        """Aggregates that few queries have."""
        r = self.r
        source, alias, scope = self.one_table(3000)
        e = self.over(scope)
        plain = [c for c in scope if c[1] in ("int", "text", "bool")]
        keys = [r.choice(plain)] if plain and r.random() < 0.7 else []
        calls = []
        for _ in range(r.randint(1, 3)):
            if self.portable:
                calls.append(self.aggregate(e))
                continue
            calls.append(r.choice([
                lambda: (f"{r.choice(['stddev_samp', 'stddev_pop', 'var_samp', 'var_pop'])}({e.leaf('int')})", "inexact"),
                lambda: (f"{r.choice(['corr', 'covar_pop', 'covar_samp', 'regr_slope'])}({e.leaf('double')}, "
                         f"{e.leaf('double')})", "inexact"),
                lambda: (f"median({e.leaf(r.choice(['int', 'double']))})", "double"),
                lambda: (f"quantile_disc({e.leaf('int')}, {r.choice(['0', '0.25', '0.5', '0.9', '1'])})", "int"),
                lambda: (f"quantile_cont({e.leaf('double')}, {r.choice(['0', '0.25', '0.5', '0.9', '1'])})", "inexact"),
                lambda: (f"{r.choice(['bool_and', 'bool_or'])}({e.make('bool', 1)})", "bool"),
                lambda: (f"{r.choice(['bit_and', 'bit_or', 'bit_xor'])}({e.leaf('int')})", "int"),
                lambda: (f"string_agg({e.leaf('text')}, ',' ORDER BY {alias}.{UNIQUE}{r.choice(['', ' DESC'])})", "text"),
                lambda: (f"arg_{r.choice(['min', 'max'])}({e.leaf('text')}, {alias}.{UNIQUE})", "text"),
                lambda: (f"first({e.leaf('int')} ORDER BY {alias}.{UNIQUE}{r.choice(['', ' DESC'])})", "int"),
                lambda: (f"count({e.leaf('int')}) FILTER (WHERE {e.make('bool', 1)})", "int"),
            ])())
        outputs = [(n, f) for n, f, _ in keys] + calls
        sql = f"SELECT {', '.join(o for o, _ in outputs)} FROM {source}"
        if keys:
            sql += f" GROUP BY {keys[0][0]}"
        return Query(sql, [f for _, f in outputs])

    def distinct_on(self) -> Query:
        r = self.r
        source, alias, scope = self.one_table(2000)
        e = self.over(scope)
        keys = r.sample(scope, min(len(scope), r.randint(1, 2)))
        names = [n for n, _, _ in keys]
        families = [r.choice(self.families) for _ in range(2)]
        outputs = ", ".join(names + [e.operand(f, 1) for f in families])
        order = ", ".join(names + [f"{alias}.{UNIQUE}{r.choice(['', ' DESC'])}"])
        sql = f"SELECT DISTINCT ON ({', '.join(names)}) {outputs} FROM {source} ORDER BY {order}"
        return Query(f"SELECT * FROM ({sql}) AS d", [f for _, f, _ in keys] + families)

    # Sets, LATERAL, subqueries

    def side(self, families: list) -> str:
        """A query whose rows are likely to be another one's too: columns as they are."""
        source, _, scope = self.one_table(2000)
        e = self.over(scope)
        where = f" WHERE {e.make('bool', 2)}" if self.r.random() < 0.25 else ""
        return f"SELECT {', '.join(e.leaf(f) for f in families)} FROM {source}{where}"

    def set_operation(self) -> Query:
        r = self.r
        families = [r.choice(self.families) for _ in range(r.randint(1, 2))]
        operators = ["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]
        if self.portable:
            return Query(f" {r.choice(operators)} ".join(self.side(families) for _ in range(2)), families)
        operators += ["INTERSECT ALL", "EXCEPT ALL"]
        sql = f"{self.side(families)} {r.choice(operators)} {self.side(families)}"
        if r.random() < 0.4:
            sql = f"({sql}) {r.choice(operators)} ({self.side(families)})"
        return Query(sql, families)

    def equality(self, left: list, right: list) -> str:
        pairs = [(a, b) for a, fa, _ in left for b, fb, _ in right if fa == fb]
        a, b = self.r.choice(pairs)
        return f"{a} = {b}"

    def lateral(self) -> Query:
        r = self.r
        source, alias, scope = self.one_table(200)
        right, _, own = self.one_table(1200)
        e = self.over(own)
        where = self.equality(own, scope)
        if r.random() < 0.3:
            where += f" AND {e.make('bool', 1)}"
        if r.random() < 0.5:
            calls = [c for c in (self.aggregate(e) for _ in range(4)) if c[1] != "inexact"] or [("COUNT(*)", "int")]
            body = f"SELECT {', '.join(f'{c} AS x{i}' for i, (c, _) in enumerate(calls))} FROM {right} WHERE {where}"
            families = [f for _, f in calls]
        else:
            families = [r.choice(self.families) for _ in range(2)]
            columns = ", ".join(f"{e.leaf(f)} AS x{i}" for i, f in enumerate(families))
            body = f"SELECT {columns} FROM {right} WHERE {where}"
        join = r.choice(["CROSS JOIN LATERAL {}", "LEFT JOIN LATERAL {} ON TRUE"]).format(f"({body}) AS l")
        columns = ", ".join([f"{alias}.{UNIQUE}"] + [f"l.x{i}" for i in range(len(families))])
        return Query(f"SELECT {columns} FROM {source} {join}", ["int"] + families)

    def half_join(self) -> Query:
        r = self.r
        source, _, scope = self.one_table(2000)
        right, _, own = self.one_table(150)
        on = self.condition(scope, own)
        families = [r.choice(self.families) for _ in range(2)]
        e = self.over(scope)
        return Query(f"SELECT {', '.join(e.operand(f, 1) for f in families)} FROM {source} "
                     f"{r.choice(['SEMI', 'ANTI'])} JOIN {right} ON {on}", families)

    def correlated(self) -> Query:
        """Subqueries that read the row outside, one inside another, in WHERE or as a value."""
        r = self.r
        source, alias, scope = self.one_table(1200)
        right, _, own = self.one_table(1200)
        e, inner = self.over(scope), self.over(own)
        link = self.equality(own, scope)
        if r.random() < 0.4:
            third, _, deep = self.one_table(200)
            link += (f" AND {inner.leaf('int')} {r.choice(['>=', '<>', '<'])} (SELECT {r.choice(['MIN', 'MAX', 'COUNT'])}"
                     f"({self.over(deep).leaf('int')}) FROM {third} WHERE {self.equality(deep, own)})")
        kind = r.randint(0, 3 if self.portable else 4)
        family = r.choice(self.families)
        columns = f"{alias}.{UNIQUE}, {e.operand(family, 1)}"
        no = r.choice(["", "NOT "])
        match kind:
            case 0:
                return Query(f"SELECT {columns} FROM {source} WHERE {no}EXISTS (SELECT 1 FROM {right} WHERE {link})",
                             ["int", family])
            case 1:
                call = r.choice(["MIN", "MAX", "COUNT", "SUM"])
                return Query(f"SELECT {columns}, (SELECT {call}({inner.leaf('int')}) FROM {right} WHERE {link}) FROM {source}",
                             ["int", family, "int"])
            case 2:
                of = r.choice(self.families)
                return Query(f"SELECT {columns} FROM {source} WHERE {e.leaf(of)} {no}IN (SELECT {inner.leaf(of)} FROM {right} "
                             f"WHERE {link})", ["int", family])
            case 3:
                of = r.choice(["int", "double"])
                return Query(f"SELECT {columns} FROM {source} WHERE {e.leaf(of)} {r.choice(['>', '<=', '='])} "
                             f"(SELECT {r.choice(['MIN', 'MAX'])}({inner.leaf(of)}) FROM {right} WHERE {link})", ["int", family])
        of = r.choice(["int", "double", "text", "date"])
        return Query(f"SELECT {columns} FROM {source} WHERE {e.leaf(of)} {r.choice(['=', '<>', '<', '>='])} "
                     f"{r.choice(['ANY', 'ALL'])} (SELECT {inner.leaf(of)} FROM {right} WHERE {link})", ["int", family])
