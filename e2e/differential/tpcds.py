"""Loads TPC-DS into MicoDB from DuckDB's generator and compares the answers: tpcds.py URL SCALE DIRECTORY [QUERY …]."""
import sys

import duckdb_extension_tpcds

import oracle


def main() -> None:
    url, scale, directory, chosen = sys.argv[1], float(sys.argv[2]), sys.argv[3], {int(n) for n in sys.argv[4:]}
    duck = oracle.generator(duckdb_extension_tpcds, "tpcds", directory)
    duck.execute(f"CALL dsdgen(sf={scale})")
    tables = [t for (t,) in duck.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall()]
    with oracle.connect(url) as connection:
        comparison = oracle.Comparison(duck, connection)
        comparison.load(tables)
        for number, sql in duck.execute("SELECT query_nr, query FROM tpcds_queries() ORDER BY query_nr").fetchall():
            if not chosen or number in chosen:
                comparison.compare(f"Q{number}", sql.strip().rstrip(";"))
    sys.exit(comparison.failed > 0)


if __name__ == "__main__":
    main()
