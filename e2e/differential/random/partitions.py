"""Checks that need no other engine: ternary logic partitioning (Rigger and Su, OOPSLA 2020) and NoREC (ESEC/FSE 2020).

A predicate parts the rows of a query in those where it is TRUE, FALSE and NULL: the three answers together are the
answer without it. And as many rows pass it in WHERE, where the optimizer works on it, as have it TRUE in the SELECT list.
"""
from answers import difference, key
from queries import Queries


class Partitions:
    def __init__(self, queries: Queries, engine):
        self.queries, self.engine, self.r = queries, engine, queries.r

    def check(self) -> tuple:
        """Returns what was checked, what is wrong with it, if anything, and the query."""
        source, scope, parts = self.queries.source(1, 2000)
        if parts:
            source = f"{source} JOIN (SELECT 1 AS one) AS one ON {' AND '.join(parts)}"
        e = self.queries.over(scope)
        p = e.make("bool", 3)
        make = self.r.choice([self.where, self.where, self.distinct, self.group_by, self.aggregate, self.having, self.norec])
        what = make.__name__
        try:
            wrong, sql = make(source, e, p)
        except Refused as refused:
            return f"{what} refused", refused.finding, refused.sql
        return what, wrong, sql

    def ask(self, sql: str) -> list:
        got, error = self.engine.answer(sql)
        if error:
            raise Refused(sql, error)
        return got

    def parted(self, head: str, p: str, tail: str = "", clause: str = "WHERE") -> tuple:
        """Returns the answer without a predicate, and the answers of the three parts."""
        whole, error = self.engine.answer(head + tail)
        answers = []
        for condition in (f"({p})", f"(NOT ({p}))", f"(({p}) IS NULL)"):
            got, other = self.engine.answer(f"{head} {clause} {condition}{tail}")
            if bool(error) != bool(other):
                raise Refused(f"{head} {clause} {condition}{tail}", other or error,
                              f"the whole: {error or 'rows'}, a part: {other or 'rows'}")
            answers.append(got)
        if error:
            raise Refused(head + tail, error)
        return whole, answers

    def columns(self, e) -> list:
        return [e.operand(self.r.choice(self.queries.families), 2) for _ in range(self.r.randint(1, 3))]

    def where(self, source: str, e, p: str) -> tuple:
        head = f"SELECT {', '.join(self.columns(e))} FROM {source}"
        whole, parts = self.parted(head, p)
        return difference(sum(parts, []), whole, False), f"{head} WHERE {p}"

    def distinct(self, source: str, e, p: str) -> tuple:
        head = f"SELECT DISTINCT {', '.join(self.columns(e))} FROM {source}"
        whole, parts = self.parted(head, p)
        return difference(unique(sum(parts, [])), whole, False), f"{head} WHERE {p}"

    def group_by(self, source: str, e, p: str) -> tuple:
        keys = [n for n, _, _ in self.r.sample(e.scope, min(len(e.scope), 2))]
        head = f"SELECT {', '.join(keys)} FROM {source}"
        whole, parts = self.parted(head, p, f" GROUP BY {', '.join(keys)}")
        return difference(unique(sum(parts, [])), whole, False), f"{head} WHERE {p} GROUP BY {', '.join(keys)}"

    def aggregate(self, source: str, e, p: str) -> tuple:
        calls = {"COUNT": total, "MIN": least, "MAX": greatest, "SUM": total}
        names = [self.r.choice(list(calls)) for _ in range(self.r.randint(1, 4))]
        families = [self.r.choice(["int", "dec"] if n == "SUM" else self.queries.families) for n in names]
        columns = ", ".join(f"{n}({e.leaf(f, n != 'SUM')})" for n, f in zip(names, families))
        head = f"SELECT {columns}, COUNT(*) FROM {source}"
        whole, parts = self.parted(head, p)
        together = [tuple(calls[n]([part[0][i] for part in parts]) for i, n in enumerate([*names, "COUNT"]))]
        return difference(together, whole, False), f"{head} WHERE {p}"

    def having(self, source: str, e, p: str) -> tuple:
        keys = [n for n, _, _ in self.r.sample(e.scope, min(len(e.scope), self.r.randint(1, 2)))]
        calls = [c for c in (self.queries.aggregate(e) for _ in range(4)) if c[1] != "inexact"] or [("COUNT(*)", "int")]
        head = f"SELECT {', '.join(keys + [c for c, _ in calls])} FROM {source} GROUP BY {', '.join(keys)}"
        of = self.queries.over([(c, f, True) for c, f in calls])
        p = of.make("bool", 1)
        whole, parts = self.parted(head, p, clause="HAVING")
        return difference(sum(parts, []), whole, False), f"{head} HAVING {p}"

    def norec(self, source: str, e, p: str) -> tuple:
        passed = self.ask(f"SELECT COUNT(*) FROM {source} WHERE {p}")[0][0]
        rows = len(self.ask(f"SELECT {e.leaf('int')} FROM {source} WHERE {p}"))
        told = sum(1 for (v,) in self.ask(f"SELECT ({p}) FROM {source}") if v)
        wrong = "" if passed == told == rows else f"WHERE counts {passed} and gives {rows} rows, SELECT has {told}"
        return wrong, f"SELECT COUNT(*) FROM {source} WHERE {p}"


class Refused(Exception):
    """An error of the engine; with a finding where another form of the query gave rows."""

    def __init__(self, sql: str, error: str, finding: str = ""):
        super().__init__(error)
        self.sql, self.finding = sql, finding


def unique(rows: list) -> list:
    """Each row once, NaN and NULL being equal to themselves."""
    return list({tuple((key(v, 17), isinstance(v, bytes)) for v in row): row for row in rows}.values())


def there(values: list) -> list:
    return [v for v in values if v is not None]


def total(values: list):
    return sum(there(values)) if there(values) else None


def least(values: list):
    return min(there(values), key=lambda v: key(v, 17), default=None)


def greatest(values: list):
    return max(there(values), key=lambda v: key(v, 17), default=None)
