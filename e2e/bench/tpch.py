"""TPC-H, ingest and updates beside DuckDB, in one run: same data, same threads, alternating order, results fetched as Arrow."""
import argparse
import datetime
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile

import duckdb
import matplotlib

from cold import run_cold
from engines import DuckDB, MicoDB, machine, read_table, same, summary, timed
from queries import QUERIES

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen first)

TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]


def data_files(base: pathlib.Path, scale: float) -> pathlib.Path:
    """Parquet files of all tables, made once."""
    path = base / f"sf{scale:g}"
    if not (path / "made").exists():
        path.mkdir(parents=True, exist_ok=True)
        print(f"making TPC-H data, scale {scale:g}")
        subprocess.run(["tpchgen-cli", "parquet", "-s", f"{scale:g}", "--output-dir", str(path)], check=True)
        (path / "made").touch()
    return path


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
             "The last three columns: the first query of a fresh process, which reads MicoDB's Parquet files, DuckDB the same",
             "ones; the page cache is warm.", "",
             "| | MicoDB ms | DuckDB ms | ratio | equal | MicoDB, files | DuckDB, files | ratio |",
             "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |"]
    for q, c in zip(report["queries"], report["cold"]):
        s, f = q["median_seconds"], c["median_seconds"]
        lines.append(f"| {q['name']} | {s['MicoDB'] * 1e3:.1f} | {s['DuckDB'] * 1e3:.1f} | {q['ratio']:.2f} | "
                     f"{'yes' if q['equal'] else 'NO'} | {f['MicoDB'] * 1e3:.1f} | {f['DuckDB'] * 1e3:.1f} | "
                     f"{c['ratio']:.2f} |")
    lines.append(f"| geometric mean | | | {report['geometric_mean_ratio']:.2f} | | | | "
                 f"{report['cold_geometric_mean_ratio']:.2f} |")
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
            mico.close()
            cold = run_cold(a.binary, os.path.join(directory, "mico"), a.threads, TABLES, QUERIES, a.repetitions)
            engines[0] = mico = MicoDB(a.binary, os.path.join(directory, "mico"), a.threads)
            update = run_update(engines, a.repetitions)
        finally:
            mico.close()
            duck.close()
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=40"], capture_output=True, text=True)
    write(a.out, {
        "commit": commit.stdout.strip(), "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(), "duckdb": duckdb.__version__, "scale": a.scale, "threads": a.threads,
        "repetitions": a.repetitions, "queries": queries, "ingest": ingest, "update": update,
        "geometric_mean_ratio": statistics.geometric_mean(q["ratio"] for q in queries),
        "cold": cold, "cold_geometric_mean_ratio": statistics.geometric_mean(q["ratio"] for q in cold),
    })


if __name__ == "__main__":
    main()
