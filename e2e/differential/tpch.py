"""Loads TPC-H into MicoDB from DuckDB's generator and compares the answers: tpch.py URL SCALE."""
import glob
import os
import pathlib
import sys

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import duckdb_extension_tpch

from compare import differences, untied

QUERIES = pathlib.Path(__file__).parents[2] / "engine/parser/testdata/tpch"  # with the specification's parameters
VIEWS = pathlib.Path(__file__).parent / "testdata/q15_view.sql"  # the specification's own form of Q15: three statements
TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]


def arrow(connection: duckdb.DuckDBPyConnection, sql: str):
    result = connection.execute(sql)
    fetch = getattr(result, "to_arrow_table", None) or result.fetch_arrow_table
    return fetch()


def generator(scale: float) -> duckdb.DuckDBPyConnection:
    """Returns DuckDB with TPC-H's tables."""
    duck = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    here = os.path.dirname(duckdb_extension_tpch.__file__)
    [extension] = glob.glob(here + "/extensions/**/tpch.duckdb_extension", recursive=True)
    duck.execute(f"LOAD '{extension}'")
    duck.execute(f"CALL dbgen(sf={scale})")
    return duck


def main() -> None:
    url, scale = sys.argv[1], float(sys.argv[2])
    duck = generator(scale)
    db_kwargs = {"username": "admin", "password": os.environ["MICODB_PASSWORD"]}
    with flightsql.connect(url, db_kwargs=db_kwargs, autocommit=True) as connection, connection.cursor() as cursor:
        for t in TABLES:
            rows = arrow(duck, f"SELECT * FROM {t}")
            added = cursor.adbc_ingest(t, rows.to_reader(max_chunksize=32_768), mode="create")  # a batch is one message
            assert added in (rows.num_rows, -1), f"{t}: {added} of {rows.num_rows} rows"
            cursor.execute(f"SELECT COUNT(*) FROM {t}")
            assert cursor.fetchone()[0] == rows.num_rows, t
        failed = False

        def compare(name: str, sql: str) -> None:
            nonlocal failed
            want = arrow(duck, sql).to_pylist()
            cursor.execute(sql)
            wrong = differences(*untied(sql, cursor.fetch_arrow_table().to_pylist(), want))
            print(f"{name}: {len(want)} rows " + ("equal" if not wrong else f"DIFFER: {wrong}"))
            failed = failed or bool(wrong)

        for file in sorted(QUERIES.glob("q*.sql")):
            compare(f"Q{int(file.stem[1:])}", file.read_text().strip().rstrip(";"))
        create, select, drop = VIEWS.read_text().strip().rstrip(";").split(";")
        for door in (duck, cursor):
            door.execute(create)
        compare("Q15 by a view", select)
        for door in (duck, cursor):
            door.execute(drop)
    sys.exit(failed)


if __name__ == "__main__":
    main()
