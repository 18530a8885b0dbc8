"""The engines of the benchmarks, each behind the same few calls, and what compares them."""
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from decimal import Decimal

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

PASSWORD = "a password for benchmarks"


def read_table(files: pathlib.Path, name: str) -> pa.Table:
    """A table with plain texts: what a program that makes rows would send."""
    t = pq.read_table(files / f"{name}.parquet")
    plain = [f.with_type(pa.string()) if pa.types.is_string_view(f.type) or pa.types.is_dictionary(f.type) else f
             for f in t.schema]
    return t.cast(pa.schema(plain))


class MicoDB:
    name = "MicoDB"

    def __init__(self, binary: str, directory: str, threads: int, *flags: str):
        env = dict(os.environ, MICODB_ADMIN_PASSWORD=PASSWORD)
        endpoints = pathlib.Path(directory) / "endpoints.json"
        endpoints.unlink(missing_ok=True)  # of a server before this
        self.process = subprocess.Popen(
            [binary, "serve", "--data-dir", directory, "--port", "0", "--flight-port", "0", "--http-port", "0",
             "--threads", str(threads), "--log-level", "warn", *flags], env=env, stdout=subprocess.DEVNULL)
        while not endpoints.exists():
            if self.process.poll() is not None:
                sys.exit("the server did not start")
            time.sleep(0.02)
        self.endpoints = json.loads(endpoints.read_text())
        url = "grpc://" + self.endpoints["flight"]
        self.connection = flightsql.connect(url, db_kwargs={"username": "admin", "password": PASSWORD}, autocommit=True)
        self.cursor = self.connection.cursor()

    def ingest(self, name: str, table: pa.Table) -> None:
        self.cursor.adbc_ingest(name, table.to_reader(max_chunksize=65_536), mode="create")  # a batch is one message

    def run(self, sql: str) -> None:
        self.cursor.execute(sql)

    def query(self, sql: str) -> pa.Table:
        self.cursor.execute(sql)
        return self.cursor.fetch_arrow_table()

    def close(self) -> None:
        self.cursor.close()
        self.connection.close()
        self.process.terminate()
        self.process.wait()


class DuckDB:
    name = "DuckDB"

    def __init__(self, directory: str, threads: int):
        self.connection = duckdb.connect(os.path.join(directory, "duck.db"), config={"threads": threads})

    def ingest(self, name: str, table: pa.Table) -> None:
        self.connection.register("arriving", table)
        self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arriving")
        self.connection.unregister("arriving")

    def run(self, sql: str) -> None:
        self.connection.execute(sql)

    def query(self, sql: str) -> pa.Table:
        result = self.connection.execute(sql)
        fetch = getattr(result, "to_arrow_table", None) or result.fetch_arrow_table
        return fetch()

    def close(self) -> None:
        self.connection.close()


def timed(f, *args):
    start = time.perf_counter()
    out = f(*args)
    return time.perf_counter() - start, out


def same(a: pa.Table, b: pa.Table) -> bool:
    """Equal rows: exact but for floating point, which may differ by 1e-9 relative."""
    if a.num_rows != b.num_rows or a.num_columns != b.num_columns:
        return False
    for x, y in zip(a.columns, b.columns):
        for v, w in zip(x.to_pylist(), y.to_pylist()):
            if isinstance(v, float) or isinstance(w, float):
                if abs(float(v) - float(w)) > 1e-9 * max(abs(float(v)), abs(float(w)), 1e-300):
                    return False
            elif isinstance(v, (int, Decimal)) and isinstance(w, (int, Decimal)):
                if Decimal(v) != Decimal(w):
                    return False
            elif v != w:
                return False
    return True


def machine() -> dict:
    cpu = platform.processor()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": round(pages / 2**30, 1), "kernel": platform.release()}


def summary(times: dict) -> dict:
    medians = {k: statistics.median(v) for k, v in times.items()}
    return {"seconds": times, "median_seconds": medians, "ratio": medians["MicoDB"] / medians["DuckDB"]}
