"""The engines: each answers with rows or the text of an error."""
import sqlite3
import time

import duckdb
import pyarrow as pa

from answers import rows
from expressions import PORTABLE, dialect

SQLITE_SECONDS = 5  # its joins are nested loops


class MicoDB:
    name = "MicoDB"

    def __init__(self, cursor):
        self.cursor = cursor

    def answer(self, sql: str) -> tuple:
        try:
            self.cursor.execute(dialect(sql, duck=False))
            return rows(self.cursor.fetch_arrow_table()), ""
        except Exception as e:  # the driver has many kinds
            return None, str(e)


class DuckDB:
    name = "DuckDB"

    def __init__(self, tables: list):
        self.duck = duckdb.connect()
        self.duck.execute("SET threads = 1")
        for t in tables:
            self.duck.execute(t.create())
            self.duck.register("data", t.data)
            self.duck.execute(f"INSERT INTO {t.name} SELECT * FROM data")
            self.duck.unregister("data")

    def answer(self, sql: str) -> tuple:
        try:
            result = self.duck.execute(dialect(sql, duck=True))
            return rows((getattr(result, "to_arrow_table", None) or result.fetch_arrow_table)()), ""
        except (duckdb.Error, pa.ArrowException) as e:
            return None, str(e)

    def close(self) -> None:
        self.duck.close()


class SQLite:
    """SQLite with the columns of PORTABLE families; a BOOLEAN is an integer, which Python holds equal."""

    name = "SQLite"

    def __init__(self, tables: list):
        self.lite = sqlite3.connect(":memory:", isolation_level=None)
        self.lite.execute("PRAGMA case_sensitive_like = ON")  # see the page of differences
        self.end = 0.0
        self.lite.set_progress_handler(lambda: time.monotonic() > self.end, 100_000)
        types = {"int": "INTEGER", "double": "REAL", "text": "TEXT", "bool": "INTEGER"}
        for t in tables:
            self.end = time.monotonic() + 60
            columns = [c for c in t.columns if c.family in PORTABLE and not c.wild]
            self.lite.execute(f"CREATE TABLE {t.name} ({', '.join(f'{c.name} {types[c.family]}' for c in columns)})")
            values = zip(*(t.data.column(c.name).to_pylist() for c in columns))
            self.lite.executemany(f"INSERT INTO {t.name} VALUES ({', '.join('?' * len(columns))})", values)

    def answer(self, sql: str) -> tuple:
        self.end = time.monotonic() + SQLITE_SECONDS
        try:
            return self.lite.execute(sql).fetchall(), ""
        except sqlite3.Error as e:
            return None, str(e)

    def close(self) -> None:
        self.lite.close()
