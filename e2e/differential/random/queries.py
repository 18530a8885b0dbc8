"""Makes seeded queries over tables, and predicates for metamorphic checks."""
import random
from dataclasses import dataclass

from expressions import FAMILIES, PORTABLE, Expressions
from tables import Table

MOST_ROWS = 300_000  # of the product of a query's tables

SUMMED = ["int", "double", "dec"]


@dataclass
class Query:
    sql: str
    families: list  # of its columns; inexact is floating point whose last digit may differ
    ordered: bool = False


class Queries:
    """Queries over tables; portable ones are of what SQLite has too and means alike."""

    def __init__(self, r: random.Random, tables: list, portable: bool = False):
        self.r, self.tables, self.names, self.portable = r, tables, 0, portable
        self.families = PORTABLE if portable else FAMILIES
        self.summed = [f for f in SUMMED if f in self.families]

    def over(self, scope: list, subquery=None) -> Expressions:
        return Expressions(self.r, scope, subquery, self.portable)

    def scope(self, alias: str, t: Table) -> list:
        """The columns of a table; SQLite has no NaN, and rounds what is beyond its integers."""
        return [(f"{alias}.{c.name}", c.family, c.wild) for c in t.columns
                if c.family in self.families and not (self.portable and c.wild)]

    def nulls(self) -> str:
        """Where NULLs stand; SQLite has another default."""
        return self.r.choice([" NULLS FIRST", " NULLS LAST"] if self.portable else ["", "", " NULLS FIRST", " NULLS LAST"])

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    # Relations

    def table(self, most: int) -> Table:
        """A table of so many rows at most; those of none and of one are rare."""
        fitting = [t for t in self.tables if t.rows <= most]
        return self.r.choices(fitting, [t.rows > 1 or 0.06 + 0.1 * t.rows for t in fitting])[0]

    def relation(self, most: int, depth: int) -> tuple:
        """Returns SQL, its scope, and about how many rows it has."""
        r = self.r
        alias = self.name("r")
        if depth > 0 and r.random() < 0.25:
            inner = self.select(most, depth - 1)
            names = [f"x{i}" for i in range(len(inner.families))]
            scope = [(f"{alias}.{n}", f, True) for n, f in zip(names, inner.families) if f != "inexact"]
            if scope:
                listed = ", ".join(names)
                sql = f"WITH named({listed}) AS ({inner.sql}) SELECT * FROM named" if self.portable else inner.sql
                end = "" if self.portable else f"({listed})"
                return f"({sql}) AS {alias}{end}", scope, min(most, 1000)
        t = self.table(most)
        return f"{t.name} AS {alias}", self.scope(alias, t), t.rows

    def condition(self, left: list, right: list) -> str:
        """A join's condition: equalities of columns of both sides, and perhaps more."""
        r = self.r
        pairs = [(a, b) for a, fa, _ in left for b, fb, _ in right
                 if fa == fb or {fa, fb} == {"int", "dec"}]
        keys = r.sample(pairs, min(len(pairs), r.choice([1, 1, 1, 1, 2])))
        parts = [f"{a} = {b}" if r.random() < 0.8 else f"{b} = {a}" for a, b in keys]
        if r.random() < 0.1:
            parts = []
        if r.random() < 0.18 or not parts:
            parts.append(self.over(left + right).make("bool", 2))
        if r.random() < 0.1:
            parts.append(self.over(r.choice([left, right])).make("bool", 1))
        return " AND ".join(parts)

    def source(self, depth: int, most: int) -> tuple:
        r = self.r
        sql, scope, rows = self.relation(most, depth)
        where = []
        for _ in range(r.choice([0, 0, 0, 0, 1, 1, 1, 2])):
            limit = MOST_ROWS // max(rows, 1)
            right, more, count = self.relation(min(limit, most), depth - 1)
            kind = r.choice(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "FULL JOIN",
                             "CROSS JOIN", ","])
            if kind == "CROSS JOIN":
                sql = f"{sql} CROSS JOIN {right}"
            elif kind == ",":
                sql = f"{sql} CROSS JOIN {right}"
                where.append(self.condition(scope, more))
            else:
                sql = f"{sql} {kind} {right} ON {self.condition(scope, more)}"
            scope, rows = scope + more, rows * max(count, 1)
        return sql, scope, where

    # Subqueries

    def inner(self, scope: list, alias: str, t: Table) -> tuple:
        """Returns the expressions over a subquery's table, and its WHERE, which may read a row of scope."""
        r = self.r
        own = self.scope(alias, t)
        e = self.over(own)
        parts = [e.make("bool", 1)] if r.random() < 0.5 else []
        pairs = [(a, b) for a, fa, _ in own for b, fb, _ in scope if fa == fb]
        if pairs and r.random() < 0.5:
            parts += [f"{a} = {b}" for a, b in r.sample(pairs, min(len(pairs), r.choice([1, 1, 2])))]
        return e, " WHERE " + " AND ".join(parts) if parts else ""

    def scalar(self, family: str, scope: list) -> str:
        r = self.r
        t = self.table(2000)
        alias = self.name("s")
        e, where = self.inner(scope, alias, t)
        call = r.choice(["MIN", "MAX"])
        if family == "int" and r.random() < 0.3:
            call = "COUNT"
        return f"(SELECT {call}({e.leaf(family)}) FROM {t.name} AS {alias}{where})"

    def membership(self, scope: list) -> str:
        r = self.r
        t = self.table(2000)
        alias = self.name("s")
        e, where = self.inner(scope, alias, t)
        family = r.choice([f for _, f, _ in scope])
        no = r.choice(["", "NOT "])
        if r.random() < 0.3:
            return f"{no}EXISTS (SELECT * FROM {t.name} AS {alias}{where})"
        left = self.over(scope).operand(family, 1)
        return f"{left} {no}IN (SELECT {e.operand(family, 1)} FROM {t.name} AS {alias}{where})"

    # Queries

    def where(self, scope: list, parts: list) -> str:
        r = self.r
        parts = list(parts)
        if r.random() < 0.32:
            p = self.over(scope, self).make("bool", 3)
            parts.append(f"({p} OR {self.over(scope).make('bool', 1)})" if r.random() < 0.4 else p)
        if r.random() < 0.1:
            parts.append(self.membership(scope))
        return " WHERE " + " AND ".join(parts) if parts else ""

    def aggregate(self, e: Expressions) -> tuple:
        """Returns an aggregate call and its family."""
        r = self.r
        call = r.choice(["COUNT", "COUNT", "SUM", "SUM", "AVG", "MIN", "MAX", "MIN", "MAX", "STAR"])
        distinct = "DISTINCT " if r.random() < 0.3 else ""
        match call:
            case "STAR":
                where = f" FILTER (WHERE {e.make('bool', 1)})" if r.random() < 0.2 else ""
                return f"COUNT(*){where}", "int"
            case "COUNT":
                return f"COUNT({distinct}{e.operand(r.choice(self.families), 1)})", "int"
            case "SUM":
                family = r.choice(self.summed)
                if r.random() < 0.2 and not self.portable:
                    return f"SUM({distinct}{e.leaf('float')})", "double"
                arg = e.make("int", 1) if family == "int" else e.leaf(family)
                return f"SUM({distinct}{arg})", family
            case "AVG":
                family = r.choice(self.summed)
                return f"AVG({distinct}{e.leaf(family)})", "inexact"
            case _:
                family = r.choice(self.families)
                return f"{call}({distinct}{e.operand(family, 1)})", family

    def grouped(self, source: str, scope: list, where: str) -> Query:
        r = self.r
        e = self.over(scope)
        keys, families = [], []
        for _ in range(r.choice([0, 1, 1, 2, 2, 3])):
            family = r.choice(self.families)
            keys.append(e.leaf(family, wild=True) if r.random() < 0.7 else e.make(family, 2))
            families.append(family)
        # a constant would be an ordinal or not a key: it is no column of the input
        real = [(k, f) for k, f in zip(keys, families) if any(n in k for n, _, _ in scope)]
        keys, families = [k for k, _ in real], [f for _, f in real]
        calls = [self.aggregate(e) for _ in range(r.randint(0 if keys else 1, 4))]
        outputs = list(zip(keys, families)) + calls
        r.shuffle(outputs)
        sql = f"SELECT {', '.join(o for o, _ in outputs)} FROM {source}{where}"
        if keys:
            sql += " GROUP BY " + ", ".join(keys)
        if keys and r.random() < 0.3:
            exact = [c for c in (self.aggregate(e) for _ in range(3)) if c[1] != "inexact"] or [("COUNT(*)", "int")]
            sql += f" HAVING {self.over([(c, f, True) for c, f in exact] + list((k, f, True) for k, f in real)).make('bool', 1)}"
        return Query(sql, [f for _, f in outputs])

    def select(self, most: int, depth: int) -> Query:
        r = self.r
        source, scope, parts = self.source(depth, most)
        where = self.where(scope, parts)
        if r.random() < 0.4:
            return self.grouped(source, scope, where)
        e = self.over(scope, self)
        families = [r.choice(self.families) for _ in range(r.randint(1, 5))]
        outputs = [e.operand(f, 3) for f in families]
        distinct = "DISTINCT " if r.random() < 0.25 else ""
        if not distinct and not self.portable and r.random() < 0.1:
            outputs.append(f"({e.leaf('dec')} / NULLIF({e.leaf('dec')}, 0))")
            families.append("inexact")
        return Query(f"SELECT {distinct}{', '.join(outputs)} FROM {source}{where}", families)

    def union(self, depth: int) -> Query:
        r = self.r
        families = [r.choice(self.families) for _ in range(r.randint(1, 3))]
        sides = []
        for _ in range(r.randint(2, 3)):
            source, scope, parts = self.source(depth - 1, 2000)
            e = self.over(scope)
            sides.append(f"SELECT {', '.join(e.operand(f, 1) for f in families)} FROM {source}{self.where(scope, parts)}")
        return Query(r.choice([" UNION ALL ", " UNION "]).join(sides), families)

    def order(self, q: Query) -> Query:
        """Sorts by every column, so that the order is total but for equal rows."""
        r = self.r
        columns = list(range(1, len(q.families) + 1))
        r.shuffle(columns)
        keys = [f"{c}{r.choice(['', ' ASC', ' DESC'])}{self.nulls()}" for c in columns]
        sql = f"{q.sql} ORDER BY {', '.join(keys)}"
        if r.random() < 0.35:
            sql += f" LIMIT {r.choice([0, 1, 2, 2, 3, 5, 5, 7, 10, 10, 50, 50, 1000, 1000])}"
            if r.random() < 0.4:
                sql += f" OFFSET {r.choice([0, 0, 0, 1, 1, 1, 2, 3, 20])}"
        return Query(sql, q.families, True)

    def query(self) -> Query:
        r = self.r
        kind = r.random()
        if kind < 0.12:
            q = self.union(1)
        elif kind < 0.24:
            inner = self.select(1000, 1)
            name = self.name("w")
            names = [f"x{i}" for i in range(len(inner.families))]
            self_scope = [(n, f, True) for n, f in zip(names, inner.families) if f != "inexact"]
            head = f"WITH {name}({', '.join(names)}) AS ({inner.sql})"
            if not self_scope:
                q = Query(f"{head} SELECT * FROM {name}", inner.families)
            elif r.random() < 0.3:
                a, b = [[(f"{x}.{n}", f, True) for n, f, _ in self_scope] for x in "ab"]
                q = self.grouped(f"{name} AS a JOIN {name} AS b ON {self.condition(a, b)}", a + b, "")
                q = Query(f"{head} {q.sql}", q.families)
            else:
                q = self.grouped(name, self_scope, self.where(self_scope, []))
                q = Query(f"{head} {q.sql}", q.families)
        else:
            q = self.select(10_000, r.choice([0, 1, 1, 2]))
        if "inexact" not in q.families and r.random() < 0.5:
            q = self.order(q)
        return q
