"""Loads TPC-H into MicoDB from DuckDB's generator and compares the answers: tpch.py URL SCALE DIRECTORY."""
import pathlib
import sys

import duckdb
import duckdb_extension_tpch

import oracle

QUERIES = pathlib.Path(__file__).parents[2] / "engine/parser/testdata/tpch"  # with the specification's parameters
VIEWS = pathlib.Path(__file__).parent / "testdata/q15_view.sql"  # the specification's own form of Q15: three statements
TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]


def generator(scale: float, directory: str) -> duckdb.DuckDBPyConnection:
    """Returns DuckDB with TPC-H's tables, made slice by slice of about a gigabyte each."""
    duck = oracle.generator(duckdb_extension_tpch, "tpch", directory)
    slices = max(1, round(scale))
    for step in range(slices):
        duck.execute(f"CALL dbgen(sf={scale}, children={slices}, step={step})" if slices > 1 else f"CALL dbgen(sf={scale})")
    return duck


def main() -> None:
    url, scale, directory = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    duck = generator(scale, directory)
    with oracle.connect(url) as connection, connection.cursor() as cursor:
        comparison = oracle.Comparison(duck, connection)
        comparison.load(TABLES)
        for file in sorted(QUERIES.glob("q*.sql")):
            sql = file.read_text().strip().rstrip(";").replace("0.0001", f"0.0001 / {scale}")  # Q11's fraction of the scale
            comparison.compare(f"Q{int(file.stem[1:])}", sql)
        create, select, drop = VIEWS.read_text().strip().rstrip(";").split(";")
        for door in (duck, cursor):
            door.execute(create)
        comparison.compare("Q15 by a view", select)
        for door in (duck, cursor):
            door.execute(drop)
    sys.exit(comparison.failed > 0)


if __name__ == "__main__":
    main()
