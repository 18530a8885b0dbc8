"""Compares MicoDB with DuckDB on random tables and queries: check.py load|run|again URL FIRST_SEED SEEDS QUERIES.

load makes the tables of the seeds with half of their rows; run adds the rest, and checks so many queries of each seed;
again checks the same queries once more. A restart between load and run leaves rows in segments and in memory. Every
fifth query is no comparison: it parts a query's rows by a predicate, on MicoDB alone. An error on both sides counts as
nothing, and neither does what MicoDB does not support (0A000); an error on one side is a finding. Each finding is
printed, and any makes the exit code 1.
"""
import collections
import math
import os
import random
import sys
import time

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pyarrow as pa

from expressions import dialect
from queries import Queries
from tables import tables

TOLERANCE = 1e-9


def columns(table: pa.Table) -> list:
    """The columns as Python values: timestamps and dates as integers."""
    out = []
    for c in table.columns:
        if pa.types.is_timestamp(c.type):
            c = c.cast(pa.timestamp("ns")).cast(pa.int64())
        elif pa.types.is_date(c.type):
            c = c.cast(pa.int32())
        out.append(c.to_pylist())
    return out


def rows(table: pa.Table) -> list:
    return list(zip(*columns(table))) if table.num_columns else []


def key(v, digits: int) -> tuple:
    """Orders values of a column, floating point by its first digits, since the last ones may differ."""
    if v is None:
        return (2, 0)
    if isinstance(v, float):
        if math.isnan(v):
            return (1, 1)
        return (0, float(f"{v:.{digits}g}") + 0.0) if not math.isinf(v) else (0, v)
    return (0, v)


def same(a, b) -> bool:
    if a is None or b is None:
        return a is b
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
        return math.isclose(a, b, rel_tol=TOLERANCE) or (a != a and b != b)
    return a == b


def difference(got: list, want: list, ordered: bool) -> str:
    if len(got) != len(want):
        return f"{len(got)} rows, not {len(want)}"
    if ordered:
        return first_difference(got, want)
    wrong = ""
    for digits in (12, 7):  # rows that one rounding puts in another order, the other one does not
        got, want = [sorted(x, key=lambda row: [key(v, digits) for v in row]) for x in (got, want)]
        wrong = first_difference(got, want)
        if not wrong:
            break
    return wrong


def first_difference(got: list, want: list) -> str:
    for i, (a, b) in enumerate(zip(got, want)):
        if not (len(a) == len(b) and all(same(v, w) for v, w in zip(a, b))):
            return f"row {i + 1} is {a}, not {b}"
    return ""


class Checker:
    def __init__(self, cursor, add: bool):
        self.cursor, self.add = cursor, add
        self.counts = collections.Counter()
        self.errors = collections.Counter()  # by their texts
        self.duck = None

    def mico(self, sql: str):
        """Rows, or an error's text."""
        try:
            self.cursor.execute(dialect(sql, duck=False))
            return rows(self.cursor.fetch_arrow_table()), ""
        except Exception as e:  # the driver has many kinds
            return None, str(e)

    def duckdb(self, sql: str):
        try:
            result = self.duck.execute(dialect(sql, duck=True))
            return rows((getattr(result, "to_arrow_table", None) or result.fetch_arrow_table)()), ""
        except (duckdb.Error, pa.ArrowException) as e:
            return None, str(e)

    def finding(self, seed: int, what: str, sql: str) -> None:
        self.counts["findings"] += 1
        print(f"FINDING seed {seed}: {what}\n  {dialect(sql, duck=False)}", flush=True)

    def compare(self, seed: int, q) -> None:
        self.counts["queries"] += 1
        got, error = self.mico(q.sql)
        if "0A000" in error:
            self.counts["unsupported"] += 1
            self.errors[error[:110]] += 1
            return
        want, other = self.duckdb(q.sql)
        if error and other:
            self.counts["errors"] += 1
            self.errors[f"{error[:110]} | {other[:60]}"] += 1
        elif error or other:
            self.finding(seed, f"MicoDB: {error or 'rows'} DuckDB: {other or 'rows'}", q.sql)
        else:
            self.counts["rows"] += len(want)
            wrong = difference(got, want, q.ordered)
            if wrong:
                self.finding(seed, wrong, q.sql)

    def parts(self, seed: int, sql: str, p: str) -> None:
        """The rows where p is true, false and unknown are all rows; and as many as say so in the SELECT list."""
        self.counts["partitions"] += 1
        whole, error = self.mico(sql)
        together = []
        for condition in (f"({p})", f"(NOT ({p}))", f"(({p}) IS NULL)"):
            part, other = self.mico(f"{sql} WHERE {condition}")
            if other or error:
                if not (other and error):
                    self.finding(seed, f"the whole: {error or 'rows'} {condition}: {other or 'rows'}", sql)
                return
            together += part
        wrong = difference(together, whole, False)
        if wrong:
            self.finding(seed, wrong, f"{sql} WHERE {p}")

    def seed(self, seed: int, count: int) -> None:
        data = tables(seed)
        self.duck = duckdb.connect()
        self.duck.execute("SET threads = 1")
        self.cursor.execute(f"USE s{seed}")
        for t in data:
            self.duck.execute(t.create())
            self.duck.register("data", t.data)
            self.duck.execute(f"INSERT INTO {t.name} SELECT * FROM data")
            self.duck.unregister("data")
            if self.add:
                ingest(self.cursor, seed, t, t.data.slice(t.rows // 2))
        for i in range(count):
            queries = Queries(random.Random(seed * 1_000_003 + i), data)
            if i % 5 == 4:
                self.parts(seed, *queries.partition())
            else:
                self.compare(seed, queries.query())
        self.duck.close()


def ingest(cursor, seed: int, t, data) -> None:
    if data.num_rows:
        cursor.adbc_ingest(t.name, data.to_reader(max_chunksize=4096), mode="append", db_schema_name=f"s{seed}")


def main() -> None:
    step, url = sys.argv[1:3]
    first, seeds, count = map(int, sys.argv[3:6])
    db_kwargs = {"username": "admin", "password": os.environ["MICODB_PASSWORD"]}
    with flightsql.connect(url, db_kwargs=db_kwargs, autocommit=True) as connection, connection.cursor() as cursor:
        if step == "load":
            for seed in range(first, first + seeds):
                cursor.execute(f"CREATE DATABASE s{seed}")
                cursor.execute(f"USE s{seed}")
                for t in tables(seed):
                    cursor.execute(t.create())
                    ingest(cursor, seed, t, t.data.slice(0, t.rows // 2))
            return
        checker = Checker(cursor, step == "run")
        began = time.monotonic()
        for seed in range(first, first + seeds):
            checker.seed(seed, count)
    for what, n in checker.errors.most_common():
        print(f"{n:6} {what}")
    print(dict(checker.counts), f"in {time.monotonic() - began:.1f} s")
    sys.exit(checker.counts["findings"] > 0)


if __name__ == "__main__":
    main()
