"""Reads a Parquet file with filters, and as a whole: segments.py FILE.

DuckDB and Arrow leave out row groups by the bounds in the footer. What they find must be what they find among all rows.
"""
import sys

import duckdb
import pyarrow as arrow
import pyarrow.compute as compute
import pyarrow.dataset as dataset
import pyarrow.parquet as parquet

OPERATORS = {"=": compute.equal, "<": compute.less, "<=": compute.less_equal, ">": compute.greater,
             ">=": compute.greater_equal, "<>": compute.not_equal}


def by_duckdb(duck, column: str) -> tuple[int, list[str]]:
    """Compares the numbers of rows that DuckDB finds in the file and in its own table of the same rows."""
    checks, wrong = 0, []
    (of,) = duck.execute(f"SELECT typeof({column}) FROM whole LIMIT 1").fetchone()
    literals = duck.execute(f"SELECT DISTINCT {column}::VARCHAR FROM whole WHERE {column} IS NOT NULL").fetchall()
    conditions = [f"{column} IS NULL", f"{column} IS NOT NULL"]
    for (text,) in literals:
        literal = "'" + text.replace("'", "''") + f"'::{of}"
        if "\0" in text:
            literal = "(" + " || chr(0) || ".join(f"'{part}'" for part in text.split("\0")) + f")::{of}"
        conditions += [f"{column} {operator} {literal}" for operator in OPERATORS]
        conditions.append(f"{column} IN ({literal})")
    for select in [f"count(*) WHERE {c}" for c in conditions] + [f"min({column})::VARCHAR, max({column})::VARCHAR", f"count({column})"]:
        head, _, tail = select.partition(" WHERE ")
        queries = [f"SELECT {head} FROM {table}" + (f" WHERE {tail}" if tail else "") for table in ("file", "whole")]
        found, want = (str(duck.execute(query).fetchall()) for query in queries)
        checks += 1
        if found != want:
            wrong.append(f"DuckDB, {select!r}: {found} instead of {want}")
    return checks, wrong


def by_arrow(file: str, whole: arrow.Table, column: str) -> tuple[int, list[str]]:
    """Compares the rows that Arrow finds in the file and among the rows in memory."""
    checks, wrong = 0, []
    values = whole[column]
    of = dataset.dataset(file).to_table
    if isinstance(values.type, arrow.BaseExtensionType):  # which Arrow compares with nothing
        return 0, []
    for value in values.unique().drop_null():
        for name, operator in OPERATORS.items():
            want = compute.sum(operator(values, value)).as_py() or 0
            found = of(columns=[column], filter=operator(compute.field(column), value)).num_rows
            checks += 1
            if found != want:
                wrong.append(f"Arrow, {column} {name} {value}: {found} rows instead of {want}")
    if of(columns=[column], filter=compute.field(column).is_null()).num_rows != values.null_count:
        wrong.append(f"Arrow, {column}: other NULLs")
    return checks + 1, wrong


def main() -> None:
    file = sys.argv[1]
    duck = duckdb.connect()
    duck.execute(f"CREATE VIEW file AS FROM read_parquet('{file}')")
    duck.execute("CREATE TABLE whole AS FROM file")
    whole = parquet.read_table(file)
    failed = False
    for column in whole.column_names:
        (checks, wrong), (more, other) = by_duckdb(duck, column), by_arrow(file, whole, column)
        failed = failed or wrong or other
        for line in wrong + other:
            print(line)
        outcome = "DIFFER" if wrong or other else "equal"
        print(f"{column} {whole[column].type}: {checks} + {more} answers {outcome}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
