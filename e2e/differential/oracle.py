"""DuckDB as the oracle: its generators' tables, sent to MicoDB, and its answers beside MicoDB's."""
import glob
import os
import pathlib

import adbc_driver_flightsql.dbapi as flightsql
import duckdb

from compare import differences, order, unlimited, unordered


def generator(extension, name: str, directory: str) -> duckdb.DuckDBPyConnection:
    """Returns DuckDB with the extension that the package brings; its tables lie in a file in directory."""
    config = {"allow_unsigned_extensions": "true", "memory_limit": "4GB"}
    duck = duckdb.connect(str(pathlib.Path(directory) / f"{name}.duckdb"), config=config)
    [file] = glob.glob(os.path.dirname(extension.__file__) + f"/extensions/**/{name}.duckdb_extension", recursive=True)
    duck.execute(f"LOAD '{file}'")
    return duck


def arrow(duck: duckdb.DuckDBPyConnection, sql: str):
    result = duck.execute(sql)
    fetch = getattr(result, "to_arrow_table", None) or result.fetch_arrow_table
    return fetch()


def batches(duck: duckdb.DuckDBPyConnection, table: str):
    """Returns a reader of the table's rows: no more than a batch of them is held."""
    result = duck.execute(f"SELECT * FROM {table}")
    reader = getattr(result, "to_arrow_reader", None) or result.fetch_record_batch
    return reader(32_768)  # a batch is one message


def connect(url: str):
    """Returns an autocommitting connection to MicoDB."""
    db_kwargs = {"username": "admin", "password": os.environ["MICODB_PASSWORD"]}
    return flightsql.connect(url, db_kwargs=db_kwargs, autocommit=True)


class Comparison:
    """Compares answers and counts the queries whose answers differ."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, connection) -> None:
        self.duck, self.connection, self.failed = duck, connection, 0

    def load(self, tables: list) -> None:
        """Makes MicoDB's tables of DuckDB's."""
        for t in tables:
            [rows] = self.duck.execute(f"SELECT COUNT(*) FROM {t}").fetchone()
            with self.connection.cursor() as cursor:
                added = cursor.adbc_ingest(t, batches(self.duck, t), mode="create")
            assert added in (rows, -1), f"{t}: {added} of {rows} rows"
            assert list(self.answer(f"SELECT COUNT(*) FROM {t}")[0].values()) == [rows], t

    def compare(self, name: str, sql: str) -> None:
        """Prints how many rows the query has, and whether they are equal.

        What the query's order leaves open is not compared: the rows are, as a set, without the LIMIT, and so are the
        values of the columns that it orders by, one by one.
        """
        want = rows(arrow(self.duck, sql))
        try:
            wrong = self.wrong(sql, want)
        except flightsql.Error as e:
            wrong = str(e).splitlines()[0]
        print(f"{name}: {len(want)} rows " + ("equal" if not wrong else f"DIFFER: {wrong}"), flush=True)
        self.failed += bool(wrong)

    def wrong(self, sql: str, want: list) -> str:
        """What is wrong with MicoDB's answer, empty when nothing is."""
        got, whole = self.answer(sql), unlimited(sql)
        keys = order(sql, list(want[0])) if want else []
        pick = [[{k: row[k] for k in keys} for row in answer] for answer in (got, want)]
        if found := differences(*pick):
            return found
        if whole == sql:
            return differences(unordered(got), unordered(want))
        all_got, all_want = self.answer(whole), rows(arrow(self.duck, whole))
        strange = {repr(row) for row in got} - {repr(row) for row in all_got}
        return differences(unordered(all_got), unordered(all_want)) or (f"not without LIMIT: {strange}" if strange else "")

    def answer(self, sql: str) -> list:
        """MicoDB's rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return rows(cursor.fetch_arrow_table())


def rows(table) -> list:
    """The table's rows as dicts; columns of one name are told apart by their place."""
    names = [n if table.column_names.index(n) == i else f"{n}:{i}" for i, n in enumerate(table.column_names)]
    return table.rename_columns(names).to_pylist()
