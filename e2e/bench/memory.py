"""Queries that outgrow their memory, beside DuckDB under the same limit: time, peak resident memory, scratch bytes.

Each case makes its data with DuckDB, slice by slice, and sends the same Arrow batches to both engines. Each engine then
runs the query in a process of its own that did nothing before, and its result is read to the end as Arrow.
"""
import argparse
import datetime
import json
import multiprocessing
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
import zlib

import duckdb
import pyarrow as pa

from engines import MicoDB, machine

SLICE_ROWS = 500_000
GIB = 2**30


class Case:
    """A query over one or more tables. A table is its rows at full size and a SELECT from range(a, b) AS t(i)."""

    def __init__(self, what: str, tables: dict, query: str, ordered: bool = False):
        self.what, self.tables, self.query, self.ordered = what, tables, query, ordered


# A row of events takes about 100 bytes in memory, so that all are 5 GB. Its keys are unique: the order is total.
CASES = {
    "sort": Case("external sort of 5 GB", {"events": (50_000_000, """
        SELECT (hash(i) % 3650)::INTEGER AS day, (hash(i + 1) >> 1)::BIGINT AS id, i AS n,
          ((hash(i + 2) % 100000000)::DECIMAL(18, 0) / 100)::DECIMAL(12, 2) AS amount,
          'name ' || (hash(i + 3) % 1000000) AS name, md5(i::VARCHAR) || md5((i + 4)::VARCHAR) AS note""")},
                 "SELECT * FROM events ORDER BY day DESC, id, n", ordered=True),
    "group": Case("GROUP BY with 10 M groups of 60 M rows", {"sales": (60_000_000, """
        SELECT (hash(i) % ({rows} // 6))::BIGINT AS k, (hash(i + 1) % 10000)::INTEGER AS v""")},
                  """SELECT count(*) AS groups, CAST(sum(n) AS BIGINT) AS n, CAST(sum(total) AS BIGINT) AS total,
          CAST(sum(most - least) AS BIGINT) AS spans, CAST(sum(k * (n % 7)) AS BIGINT) AS keys FROM (
          SELECT k, count(*) AS n, sum(v) AS total, min(v) AS least, max(v) AS most FROM sales GROUP BY k) AS g"""),
    # Both sides outgrow the memory, so that it doesn't matter which one is built. Each order has two items or three.
    "join": Case("join with a build side of 20 M rows", {
        "orders": (20_000_000, """
            SELECT (i * 1000003)::BIGINT AS id, (hash(i) % 3650)::INTEGER AS day,
              'customer ' || (hash(i + 1) % 2000000) AS customer"""),
        "items": (50_000_000, """
            SELECT ((hash(i) % ({rows} * 2 // 5)) * 1000003)::BIGINT AS order_id, i AS n,
              ((hash(i + 2) % 100000)::DECIMAL(18, 0) / 100)::DECIMAL(12, 2) AS price""")},
                 """SELECT o.day, count(*) AS items, CAST(sum(i.price) AS DECIMAL(18, 2)) AS paid,
                   CAST(sum(i.n) AS BIGINT) AS n, max(o.customer) AS customer
                 FROM items i JOIN orders o ON i.order_id = o.id GROUP BY o.day ORDER BY o.day""", ordered=True),
}


def slices(case: Case, scale: float):
    """The tables' rows as Arrow tables, with the name and whether it is the first of its table."""
    maker = duckdb.connect()
    for name, (rows, select) in case.tables.items():
        rows = max(int(rows * scale), 1)
        for first in range(0, rows, SLICE_ROWS):
            made = maker.sql(f"{select.replace('{rows}', str(rows))} FROM range({first}, {min(rows, first + SLICE_ROWS)}) AS t(i)")
            yield name, made.to_arrow_table(), first == 0


class Digest:
    """What tells results apart: rows and checksums, of the columns' bytes in their order or, without one, of sums."""

    def __init__(self, ordered: bool):
        self.ordered, self.rows, self.sums = ordered, 0, []

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        self.sums = self.sums or [0] * batch.num_columns
        for i, column in enumerate(batch.columns):
            if self.ordered:
                # The text form has the same bytes whatever the width or layout an engine chose.
                data = column if pa.types.is_string(column.type) else column.cast(pa.string())
                offsets, values = data.buffers()[1:]
                ends = memoryview(offsets).cast("i")[data.offset:data.offset + len(data) + 1]
                self.sums[i] = zlib.crc32(memoryview(values)[ends[0]:ends[-1]], self.sums[i]) if len(data) else 0
            else:
                self.sums[i] += sum(zlib.crc32(str(v).encode()) for v in column.to_pylist())

    def value(self) -> list:
        return [self.rows, *self.sums]


def peak_bytes(pid: str | int) -> int:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def run_duckdb(path: str, scratch: str, limit: int, threads: int, case: Case, into) -> None:
    """The whole life of a process."""
    config = {"threads": threads, "memory_limit": f"{limit // 2**20}MiB", "temp_directory": scratch}
    connection = duckdb.connect(path, config=config, read_only=True)
    connection.execute("SET enable_progress_bar = false")
    digest, start = Digest(case.ordered), time.perf_counter()
    try:
        connection.execute("SET enable_progress_bar = false")
        for batch in connection.sql(case.query).to_arrow_reader(65_536):
            digest.add(batch)
    except duckdb.Error as e:
        into.send({"error": str(e)})
        return
    into.send({"seconds": time.perf_counter() - start, "digest": digest.value(), "peak_bytes": peak_bytes("self")})


class LargestSize(threading.Thread):
    """The largest size that a directory's files have together while it runs."""

    def __init__(self, directory: str):
        super().__init__(daemon=True)
        self.directory, self.bytes, self.ended = directory, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            size = 0
            for f in pathlib.Path(self.directory).rglob("*"):
                try:
                    size += f.stat().st_blocks * 512
                except FileNotFoundError:
                    pass
            self.bytes = max(self.bytes, size)


def measure_duckdb(path: str, directory: str, limit: int, threads: int, case: Case) -> dict:
    scratch = os.path.join(directory, "duck-scratch")
    os.makedirs(scratch, exist_ok=True)
    ours, theirs = multiprocessing.Pipe()
    watch = LargestSize(scratch)
    watch.start()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=run_duckdb, args=(path, scratch, limit, threads, case, theirs))
    process.start()
    theirs.close()
    try:
        out = ours.recv()
    except EOFError:
        out = {"error": "the process died"}
    process.join()
    watch.ended.set()
    watch.join()
    return {**out, "spilled_bytes": watch.bytes}


def scratch_written(server: MicoDB) -> int:
    text = urllib.request.urlopen(f"http://{server.endpoints['http']}/metrics").read().decode()
    return int(float(re.search(r"^micodb_spill_written_bytes_total (\S+)", text, re.M).group(1)))


def measure_micodb(binary: str, path: str, limit: int, threads: int, case: Case) -> dict:
    server = MicoDB(binary, path, threads, "--memory-limit", str(limit))
    try:
        digest, start = Digest(case.ordered), time.perf_counter()
        try:
            server.cursor.execute(case.query)
            for batch in server.cursor.fetch_record_batch():
                digest.add(batch)
        except Exception as e:  # any driver's error is a result of the benchmark
            return {"error": str(e), "spilled_bytes": scratch_written(server)}
        return {"seconds": time.perf_counter() - start, "digest": digest.value(),
                "peak_bytes": peak_bytes(server.process.pid), "spilled_bytes": scratch_written(server)}
    finally:
        server.close()


def run_case(name: str, case: Case, a: argparse.Namespace) -> dict:
    limit = a.limit or int(GIB * a.scale)
    with tempfile.TemporaryDirectory(prefix="micodb-bench-", dir=a.scratch) as directory:
        mico_path, duck_path = os.path.join(directory, "mico"), os.path.join(directory, "duck.db")
        server, duck = MicoDB(a.binary, mico_path, a.threads), duckdb.connect(duck_path)
        data_bytes = 0
        for table, rows, first in slices(case, a.scale):
            data_bytes += rows.nbytes
            server.cursor.adbc_ingest(table, rows.to_reader(max_chunksize=65_536), mode="create" if first else "append")
            duck.register("arriving", rows)
            duck.execute(f"CREATE TABLE {table} AS SELECT * FROM arriving" if first else
                         f"INSERT INTO {table} SELECT * FROM arriving")
        server.close()
        duck.close()
        runs = {"MicoDB": [], "DuckDB": []}
        for i in range(a.repetitions):
            for engine in ["MicoDB", "DuckDB"] if i % 2 == 0 else ["DuckDB", "MicoDB"]:
                runs[engine].append(measure_micodb(a.binary, mico_path, limit, a.threads, case) if engine == "MicoDB" else
                                    measure_duckdb(duck_path, directory, limit, a.threads, case))
                print(name, engine, {k: v for k, v in runs[engine][-1].items() if k != "digest"}, flush=True)
    return {"name": name, "what": case.what, "query": case.query, "limit_bytes": limit, "data_bytes": data_bytes,
            "runs": runs, **summary(runs)}


def summary(runs: dict) -> dict:
    """The engines' medians, and whether all answers are the same: neither is known where an engine failed."""
    medians = {}
    for engine, all_runs in runs.items():
        good = [r for r in all_runs if "error" not in r]
        medians[engine] = {k: statistics.median(r[k] for r in good) for k in ["seconds", "peak_bytes", "spilled_bytes"]
                           } if len(good) == len(all_runs) else None
    digests = {json.dumps(r["digest"]) for all_runs in runs.values() for r in all_runs if "error" not in r}
    ratio = medians["MicoDB"]["seconds"] / medians["DuckDB"]["seconds"] if all(medians.values()) else None
    return {"median": medians, "equal": len(digests) == 1 if ratio is not None else None,
            "ratio": ratio}


def write(out: pathlib.Path, report: dict) -> None:
    out.mkdir(parents=True, exist_ok=True)
    name = "memory" if report["scale"] == 1 else f"memory-{report['scale']:g}"
    (out / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    m = report["machine"]
    lines = [f"# Queries that outgrow their memory, scale {report['scale']:g}, beside DuckDB {report['duckdb']}", "",
             f"Commit {report['commit']}, {report['date']}, {m['cpu']}, {m['cores']} cores, {report['threads']} threads, "
             f"median of {report['repetitions']}, a fresh process for each run, results read whole as Arrow.", "",
             "| | limit MiB | MicoDB s | DuckDB s | ratio | peak MiB | DuckDB's | scratch MiB | DuckDB's | equal |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"]
    for c in report["cases"]:
        mico, duck = (c["median"][e] or dict.fromkeys(["seconds", "peak_bytes", "spilled_bytes"]) for e in c["runs"])

        def cell(value, unit, digits):
            return "failed" if value is None else f"{value / unit:.{digits}f}"
        lines.append(
            f"| {c['name']} ({c['what']}) | {c['limit_bytes'] >> 20} | {cell(mico['seconds'], 1, 1)} | "
            f"{cell(duck['seconds'], 1, 1)} | {cell(c['ratio'], 1, 2) if c['ratio'] else ''} | "
            f"{cell(mico['peak_bytes'], 2**20, 0)} | {cell(duck['peak_bytes'], 2**20, 0)} | "
            f"{cell(mico['spilled_bytes'], 2**20, 0)} | {cell(duck['spilled_bytes'], 2**20, 0)} | "
            f"{'?' if c['equal'] is None else 'yes' if c['equal'] else 'NO'} |")
    lines += ["", "The peak is that of the process: the server's, and that of the Python process DuckDB runs in. MicoDB's scratch "
              "bytes are those written, DuckDB's the largest size of its directory. Sizes shrink with the scale, and so "
              "does the limit. All repetitions are in the JSON file.", ""]
    (out / f"{name}.md").write_text("\n".join(lines))
    print("\n".join(lines))


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--binary", required=True)
    p.add_argument("--out", type=pathlib.Path, required=True)
    p.add_argument("--scratch", type=pathlib.Path, help="directory for the databases; the system's without it")
    p.add_argument("--cases", default=",".join(CASES), help="which to run, with commas between")
    p.add_argument("--scale", type=float, default=1, help="of the rows and of the limit of 1 GiB")
    p.add_argument("--limit", type=int, help="bytes, instead of 1 GiB times the scale")
    p.add_argument("--repetitions", type=int, default=3)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    cases = [run_case(name, CASES[name], a) for name in a.cases.split(",")]
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=40"], capture_output=True, text=True)
    write(a.out, {
        "commit": commit.stdout.strip(), "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(), "duckdb": duckdb.__version__, "scale": a.scale, "threads": a.threads,
        "repetitions": a.repetitions, "cases": cases,
    })


if __name__ == "__main__":
    main()
