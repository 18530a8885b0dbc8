"""Compares MicoDB with DuckDB and SQLite on random tables and queries: check.py STEP URL FIRST_SEED SEEDS QUERIES.

The steps:

load makes the tables of the seeds with half of their rows; run adds the rest, and checks so many queries of each seed;
again checks the same queries once more. A restart between load and run leaves rows in segments and in memory. Each
fourth query is of what SQLite has, too. parts makes so many checks of each seed that need no other engine: partitions.py.
differences holds docs/sql/differences.md to the engines' answers.

An error on both sides counts as nothing, and neither does what MicoDB does not support (0A000); an error on one side is
a finding. Each finding is printed, and any makes the exit code 1, as do fewer answers with rows than LEAST.
"""
import collections
import os
import random
import sys
import time

import adbc_driver_flightsql.dbapi as flightsql

import differences
from answers import difference
from engines import DuckDB, MicoDB, SQLite
from expressions import dialect
from partitions import Partitions
from shapes import Shapes
from tables import tables

LEAST = 0.8  # of the answers must have rows


class Checker:
    def __init__(self, cursor):
        self.cursor, self.mico = cursor, MicoDB(cursor)
        self.counts = collections.Counter()
        self.errors = collections.Counter()  # by their texts

    def finding(self, seed: int, what: str, sql: str) -> None:
        self.counts["findings"] += 1
        print(f"FINDING seed {seed}: {what}\n  {dialect(sql, duck=False)}", flush=True)

    def compare(self, seed: int, q, others: list) -> None:
        self.counts["queries"] += 1
        got, error = self.mico.answer(q.sql)
        if "0A000" in error:
            self.counts["unsupported"] += 1
            self.errors[error[:110]] += 1
            return
        for other in others:
            want, refusal = other.answer(q.sql)
            if error and refusal:
                self.counts[f"errors of {other.name} too"] += 1
                self.errors[f"{error[:110]} | {refusal[:60]}"] += 1
            elif refusal == "interrupted":
                self.counts[f"too slow for {other.name}"] += 1
            elif error or refusal:
                self.finding(seed, f"MicoDB: {error or 'rows'} {other.name}: {refusal or 'rows'}", q.sql)
            else:
                self.counts[f"equal to {other.name}"] += 1
                wrong = difference(got, want, q.ordered)
                if wrong:
                    self.counts[f"equal to {other.name}"] -= 1
                    self.finding(seed, f"{wrong} ({other.name})", q.sql)
        if not error:
            self.counts["answers"] += 1
            self.counts["answers with rows"] += bool(got)

    def seed(self, seed: int, count: int) -> None:
        """Compares queries of a seed."""
        data = tables(seed)
        duck, lite = DuckDB(data), SQLite(data)
        self.cursor.execute(f"USE s{seed}")
        for i in range(count):
            portable = i % 4 == 3
            queries = Shapes(random.Random(seed * 1_000_003 + i), data, portable)
            self.compare(seed, queries.any(), [duck, lite] if portable else [duck])
        duck.close()
        lite.close()

    def parts(self, seed: int, count: int) -> None:
        """Makes the checks of a seed that MicoDB's own answers are enough for."""
        data = tables(seed)
        self.cursor.execute(f"USE s{seed}")
        for i in range(count):
            queries = Shapes(random.Random(seed * 2_000_003 + i), data)
            what, wrong, sql = Partitions(queries, self.mico).check()
            self.counts[what] += 1
            if wrong:
                self.finding(seed, f"{what}: {wrong}", sql)

    def enough(self) -> bool:
        return self.counts["answers with rows"] >= LEAST * self.counts["answers"]


def ingest(cursor, seed: int, t, data) -> None:
    if data.num_rows:
        cursor.adbc_ingest(t.name, data.to_reader(max_chunksize=4096), mode="append", db_schema_name=f"s{seed}")


def load(cursor, seed: int) -> None:
    cursor.execute(f"CREATE DATABASE s{seed}")
    cursor.execute(f"USE s{seed}")
    for t in tables(seed):
        cursor.execute(t.create())
        ingest(cursor, seed, t, t.data.slice(0, t.rows // 2))


def main() -> None:
    step, url = sys.argv[1:3]
    first, seeds, count = map(int, sys.argv[3:6])
    db_kwargs = {"username": "admin", "password": os.environ["MICODB_PASSWORD"]}
    with flightsql.connect(url, db_kwargs=db_kwargs, autocommit=True) as connection, connection.cursor() as cursor:
        checker = Checker(cursor)
        began = time.monotonic()
        if step == "differences":
            for wrong in differences.check([MicoDB(cursor), DuckDB([]), SQLite([])]):
                checker.finding(0, wrong, "")
            seeds = 0
        for seed in range(first, first + seeds):
            if step == "load":
                load(cursor, seed)
                continue
            if step == "run":
                for t in tables(seed):
                    ingest(cursor, seed, t, t.data.slice(t.rows // 2))
            checker.parts(seed, count) if step == "parts" else checker.seed(seed, count)
    for what, n in checker.errors.most_common():
        print(f"{n:6} {what}")
    print(f"seeds {first} to {first + seeds - 1}: {dict(checker.counts)} in {time.monotonic() - began:.1f} s")
    sys.exit(checker.counts["findings"] > 0 or not checker.enough())


if __name__ == "__main__":
    main()
