"""Prints TPC-H and TPC-DS as JSON: statements that make their tables with some of their rows, and their queries.

benchmarks.py DIRECTORY; DuckDB's generators make both, in files in the directory.
"""
import datetime
import decimal
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "differential"))

import duckdb_extension_tpcds
import duckdb_extension_tpch

import oracle

ROWS = 200  # of a table


def literal(v) -> str:
    if v is None:
        return "NULL"
    if isinstance(v, (int, float, decimal.Decimal)):
        return str(v)
    if isinstance(v, datetime.date):
        return f"DATE '{v}'"
    return "'" + str(v).replace("'", "''") + "'"


def statements(duck, table: str) -> list:
    columns = ", ".join(f'"{name}" {of}' for name, of, *_ in duck.execute(f"DESCRIBE {table}").fetchall())
    rows = duck.execute(f"SELECT * FROM {table} LIMIT {ROWS}").fetchall()
    out = [f"CREATE TABLE {table} ({columns})"]
    if rows:
        values = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in rows)
        out.append(f"INSERT INTO {table} VALUES {values}")
    return out


def benchmark(extension, name: str, generate: str, directory: str) -> dict:
    duck = oracle.generator(extension, name, directory)
    duck.execute(f"CALL {generate}(sf=0.01)")
    tables = [t for (t,) in duck.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall()]
    queries = [q.strip().rstrip(";") for (q,) in
               duck.execute(f"SELECT query FROM {name}_queries() ORDER BY query_nr").fetchall()]
    return {"Tables": [s for t in tables for s in statements(duck, t)], "Queries": queries}


def main() -> None:
    directory = sys.argv[1]
    json.dump({
        "tpch": benchmark(duckdb_extension_tpch, "tpch", "dbgen", directory),
        "tpcds": benchmark(duckdb_extension_tpcds, "tpcds", "dsdgen", directory),
    }, sys.stdout)


if __name__ == "__main__":
    main()
