"""TPC-H from Parquet files with nothing decoded in memory: each query is the first of a fresh process, which reads
MicoDB's segment files. DuckDB reads the same ones. The operating system's page cache is warm for both."""
import json
import random
import subprocess
import sys

from engines import MicoDB, summary, timed

# A process that answers one query over Parquet files: what it is told comes as JSON, its seconds go back.
CHILD = """
import json, sys, time
import duckdb
told = json.load(sys.stdin)
c = duckdb.connect(config={"threads": told["threads"]})
for name, files in told["files"].items():
    c.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({files})")
start = time.perf_counter()
result = c.sql(told["sql"]).to_arrow_table()
print(time.perf_counter() - start)
"""


def segment_files(mico: MicoDB, directory: str, tables: list) -> dict:
    """The files of each table. They must hold all of its rows and no others."""
    files = {}
    for t in tables:
        segments = mico.query("SELECT segment_id, row_count, deleted_rows FROM system.segments "
                              f"WHERE table_name = '{t}'").to_pylist()
        rows = mico.query(f"SELECT count(*) AS n FROM {t}").to_pylist()[0]["n"]
        if any(g["deleted_rows"] for g in segments) or sum(g["row_count"] for g in segments) != rows:
            sys.exit(f"the files of {t} do not hold just its rows")
        files[t] = [f"{directory}/segments/{g['segment_id']:016x}.parquet" for g in segments]
    return files


def run_cold(binary: str, directory: str, threads: int, tables: list, queries: dict, repetitions: int) -> list:
    """Each query on each engine, alternating, in a process of its own; MicoDB's result is fetched through ADBC."""
    mico = MicoDB(binary, directory, threads)
    files = segment_files(mico, directory, tables)
    mico.close()
    reports = []
    for name, make in queries.items():
        texts = [make(random.Random(f"{name}-{i}")) for i in range(repetitions)]
        times = {"MicoDB": [], "DuckDB": []}
        for i, sql in enumerate(texts):
            def on_mico():
                fresh = MicoDB(binary, directory, threads)
                fresh.query("SELECT 1")
                times["MicoDB"].append(timed(fresh.query, sql)[0])
                fresh.close()

            def on_duck():
                told = json.dumps({"threads": threads, "files": files, "sql": sql})
                child = subprocess.run([sys.executable, "-c", CHILD], input=told, capture_output=True, text=True, check=True)
                times["DuckDB"].append(float(child.stdout))

            for run in (on_mico, on_duck) if i % 2 == 0 else (on_duck, on_mico):
                run()
        reports.append({"name": name, "sql": texts, **summary(times)})
    return reports
