"""Takes TPC-H through MicoDB's files and back: roundtrip.py URL SCALE FILES BINARY.

For each format: DuckDB's file → COPY FROM → COPY TO → micodb import → micodb export → DuckDB, which compares.
"""
import os
import subprocess
import sys

import adbc_driver_flightsql.dbapi as flightsql

from tpch import TABLES, generator

# How DuckDB writes a format, and how it reads it with the columns' types.
WRITE = {"parquet": "FORMAT parquet", "csv": "FORMAT csv, HEADER", "ndjson": "FORMAT json"}
READ = {
    "parquet": "read_parquet('{}')",
    "csv": "read_csv('{}', header=true, columns={})",
    "ndjson": "read_json('{}', format='newline_delimited', columns={})",
}


def main() -> None:
    url, scale, files, binary = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
    duck = generator(scale, files)
    environment = dict(os.environ, MICODB_USER="admin")

    def micodb(*arguments: str) -> None:
        subprocess.run([binary, *arguments, "--url", url], env=environment, check=True, stderr=subprocess.DEVNULL)

    failed = False
    db_kwargs = {"username": "admin", "password": os.environ["MICODB_PASSWORD"]}
    with flightsql.connect(url, db_kwargs=db_kwargs, autocommit=True) as connection, connection.cursor() as cursor:
        for form in WRITE:
            for t in TABLES:
                columns = duck.execute(f"SELECT column_name, column_type FROM (DESCRIBE {t})").fetchall()
                definition = ", ".join(f"{name} {of}" for name, of in columns)
                types = "{" + ", ".join(f"'{name}': '{of}'" for name, of in columns) + "}"
                rows = duck.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
                first, second, third = (f"{t}.{i}.{form}" for i in (1, 2, 3))
                duck.execute(f"COPY {t} TO '{files}/{first}' ({WRITE[form]})")
                cursor.execute(f"CREATE TABLE a_{form}_{t} ({definition})")
                cursor.execute(f"CREATE TABLE b_{form}_{t} ({definition})")
                for copy in (f"COPY a_{form}_{t} FROM '{first}'", f"COPY a_{form}_{t} TO '{second}'"):
                    cursor.adbc_statement.set_sql_query(copy)
                    count = cursor.adbc_statement.execute_update()
                    assert count == rows, f"{copy}: {count} of {rows} rows"
                micodb("import", "--table", f"b_{form}_{t}", f"{files}/{second}")
                micodb("export", "--table", f"b_{form}_{t}", f"{files}/{third}")
                read = READ[form].format(f"{files}/{third}", types)
                names = ", ".join(name for name, _ in columns)
                missing = f"TABLE {t} EXCEPT ALL SELECT {names} FROM {read}"
                [(lost,)] = duck.execute(f"SELECT count(*) FROM ({missing})").fetchall()
                [(back,)] = duck.execute(f"SELECT count(*) FROM {read}").fetchall()
                wrong = lost > 0 or back != rows
                failed = failed or wrong
                print(f"{form} {t}: {rows} rows " + ("equal" if not wrong else f"DIFFER: {lost} lost, {back} back"))
                for name in (first, second, third):
                    os.remove(f"{files}/{name}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
