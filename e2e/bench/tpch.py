"""TPC-H, ingest and updates beside DuckDB, in one run: same data, same threads, alternating order, results fetched as Arrow."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from decimal import Decimal

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import matplotlib
import pyarrow as pa
import pyarrow.parquet as pq

from queries import QUERIES

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen first)

TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]
PASSWORD = "a password for benchmarks"


def data_files(base: pathlib.Path, scale: float) -> pathlib.Path:
    """Parquet files of all tables, made once."""
    path = base / f"sf{scale:g}"
    if not (path / "made").exists():
        path.mkdir(parents=True, exist_ok=True)
        print(f"making TPC-H data, scale {scale:g}")
        subprocess.run(["tpchgen-cli", "parquet", "-s", f"{scale:g}", "--output-dir", str(path)], check=True)
        (path / "made").touch()
    return path


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


def run_ingest(engines: list, files: pathlib.Path, repetitions: int) -> dict:
    lineitem = read_table(files, "lineitem")
    times = {e.name: [] for e in engines}
    for i in range(repetitions):
        for e in engines if i % 2 == 0 else engines[::-1]:
            seconds, _ = timed(e.ingest, f"ingest_{i}", lineitem)
            times[e.name].append(seconds)
            e.run(f"DROP TABLE ingest_{i}")
    out = summary(times)
    out["rows"] = lineitem.num_rows
    out["rows_per_second"] = {k: lineitem.num_rows / v for k, v in out["median_seconds"].items()}
    return out


def run_query(engines: list, name: str, make, repetitions: int) -> dict:
    texts = [make(random.Random(f"{name}-{i}")) for i in range(repetitions)]
    times, equal = {e.name: [] for e in engines}, True
    for e in engines:  # warm: caches and pages, not this run's parameters
        e.query(make(random.Random(f"{name}-warm")))
    for i, sql in enumerate(texts):
        results = {}
        for e in engines if i % 2 == 0 else engines[::-1]:
            seconds, results[e.name] = timed(e.query, sql)
            times[e.name].append(seconds)
        equal = equal and same(results["MicoDB"], results["DuckDB"])
    return {"name": name, "equal": equal, "sql": texts, **summary(times)}


def run_update(engines: list, repetitions: int) -> dict:
    """Updates of 1 % of lineitem, other rows each time, committed: DuckDB's table is on disk like ours."""
    times, equal = {e.name: [] for e in engines}, True
    for i in range(repetitions):
        sums = {}
        for e in engines if i % 2 == 0 else engines[::-1]:
            seconds, _ = timed(e.run, "UPDATE lineitem SET l_quantity = l_quantity + 1, l_comment = 'changed' "
                                      f"WHERE l_orderkey % 100 = {7 * i + 3}")
            times[e.name].append(seconds)
            sums[e.name] = e.query("SELECT count(*) AS n, sum(l_quantity) AS q, min(l_comment) AS c FROM lineitem "
                                   "WHERE l_comment = 'changed'")
        equal = equal and same(sums["MicoDB"], sums["DuckDB"])
    return {"equal": equal, "rows": sums["MicoDB"].column("n")[0].as_py() // repetitions, **summary(times)}


def write(out: pathlib.Path, report: dict) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "tpch.json").write_text(json.dumps(report, indent=1) + "\n")
    m = report["machine"]
    lines = [f"# TPC-H scale {report['scale']:g} beside DuckDB {report['duckdb']}", "",
             f"Commit {report['commit']}, {report['date']}, {m['cpu']}, {m['cores']} cores, {report['threads']} threads, "
             f"median of {report['repetitions']}, results fetched whole as Arrow, parameters varied.", "",
             "| | MicoDB ms | DuckDB ms | ratio | equal |", "| --- | ---: | ---: | ---: | --- |"]
    for q in report["queries"]:
        s = q["median_seconds"]
        lines.append(f"| {q['name']} | {s['MicoDB'] * 1e3:.1f} | {s['DuckDB'] * 1e3:.1f} | {q['ratio']:.2f} | "
                     f"{'yes' if q['equal'] else 'NO'} |")
    lines.append(f"| geometric mean | | | {report['geometric_mean_ratio']:.2f} | |")
    i = report["ingest"]
    lines += ["", f"Ingest of lineitem ({i['rows']:,} rows) from Arrow, committed: "
              f"MicoDB through ADBC {i['rows_per_second']['MicoDB'] / 1e6:.2f} M rows/s, "
              f"DuckDB in process {i['rows_per_second']['DuckDB'] / 1e6:.2f} M rows/s.", ""]
    u = report["update"]
    s = u["median_seconds"]
    lines += [f"UPDATE of 1 % of lineitem (about {u['rows']:,} rows, two columns), committed: MicoDB {s['MicoDB']:.2f} s, "
              f"DuckDB {s['DuckDB']:.2f} s, ratio {u['ratio']:.2f}, {'equal' if u['equal'] else 'NOT EQUAL'} after.", "",
              "A ratio below 1 means that MicoDB is faster. All repetitions are in tpch.json.", ""]
    (out / "tpch.md").write_text("\n".join(lines))
    print("\n".join(lines))
    plot(out / "tpch.png", report)


def plot(path: pathlib.Path, report: dict) -> None:
    names = [q["name"] for q in report["queries"]]
    figure, axes = plt.subplots(figsize=(9, 4))
    for k, (engine, color) in enumerate([("MicoDB", "#1b6e53"), ("DuckDB", "#e0b030")]):
        medians = [q["median_seconds"][engine] * 1e3 for q in report["queries"]]
        low = [q["median_seconds"][engine] * 1e3 - min(q["seconds"][engine]) * 1e3 for q in report["queries"]]
        high = [max(q["seconds"][engine]) * 1e3 - q["median_seconds"][engine] * 1e3 for q in report["queries"]]
        axes.bar([i + 0.4 * k for i in range(len(names))], medians, 0.38, yerr=[low, high], color=color, label=engine,
                 capsize=2)
    axes.set_xticks([i + 0.2 for i in range(len(names))], names)
    axes.set_ylabel("ms, median with range")
    axes.set_title(f"TPC-H scale {report['scale']:g}, {report['threads']} threads, commit {report['commit'][:10]}")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--binary", required=True)
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--out", type=pathlib.Path, required=True)
    p.add_argument("--scale", type=float, default=1)
    p.add_argument("--repetitions", type=int, default=5)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    files = data_files(a.data, a.scale)
    with tempfile.TemporaryDirectory(prefix="micodb-bench-") as directory:
        mico = MicoDB(a.binary, os.path.join(directory, "mico"), a.threads)
        duck = DuckDB(directory, a.threads)
        engines = [mico, duck]
        try:
            ingest = run_ingest(engines, files, a.repetitions)
            for t in TABLES:
                table = read_table(files, t)
                for e in engines:
                    e.ingest(t, table)
            duck.connection.execute("CHECKPOINT")
            queries = [run_query(engines, name, make, a.repetitions) for name, make in QUERIES.items()]
            update = run_update(engines, a.repetitions)
        finally:
            mico.close()
            duck.close()
    product = 1.0
    for q in queries:
        product *= q["ratio"]
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=40"], capture_output=True, text=True)
    write(a.out, {
        "commit": commit.stdout.strip(), "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(), "duckdb": duckdb.__version__, "scale": a.scale, "threads": a.threads,
        "repetitions": a.repetitions, "queries": queries, "ingest": ingest, "update": update,
        "geometric_mean_ratio": product ** (1 / len(queries)),
    })


if __name__ == "__main__":
    main()
