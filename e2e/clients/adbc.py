"""Checks of MicoDB with Arrow's ADBC driver for Flight SQL, as Python programs use it.

    adbc.py grpc://HOST:PORT USER PASSWORD

Each function below is one check. It prints a line for each, and exits with 1 when one failed.
"""

import datetime
import decimal
import sys
import threading
import time
import traceback

import adbc_driver_flightsql.dbapi as flight_sql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.compute as pc

URI, USER, PASSWORD = sys.argv[1:]
ROWS = 1_000_000


def connect(autocommit=False, **options):
    """Connects as the user; autocommit is off by default, as in every DB-API driver."""
    return flight_sql.connect(
        URI, db_kwargs={"username": USER, "password": PASSWORD, **options}, autocommit=autocommit
    )


def fails(error, text, call, *args, **options):
    """Calls, and wants an error of a kind whose message has a text."""
    try:
        call(*args, **options)
    except error as e:
        assert text in str(e), f"{text!r} is not in {e}"
        return
    raise AssertionError(f"no error with {text!r}")


def fetches(cur, row, what="the row"):
    """Fetches one row and wants it to be the one."""
    got = cur.fetchone()
    assert got == row, f"{what}: wanted {row}, got {got}"


def select_without_a_table():
    with connect() as conn, conn.cursor() as cur:
        cur.execute("SELECT 1 AS one, 'text' AS t, NULL AS nothing")
        assert [d[0] for d in cur.description] == ["one", "t", "nothing"]
        assert cur.fetchall() == [(1, "text", None)]


def types_come_back_as_they_went():
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "CREATE TABLE all_types (i INT NOT NULL, b BIGINT, t VARCHAR(20), o BOOLEAN, f FLOAT, d DOUBLE,"
            " day DATE, at TIMESTAMP(9), n DECIMAL(12,2), raw VARBINARY(10))"
        )
        cur.execute(
            "INSERT INTO all_types VALUES (1, 9223372036854775807, 'größe', true, 1.5, 2.25, DATE '2024-02-29',"
            " TIMESTAMP '2024-02-29 12:34:56.123456789', 1234567890.12, x'00ff'),"
            " (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
        )
        cur.execute("SELECT * FROM all_types ORDER BY i")
        table = cur.fetch_arrow_table()
        assert table.schema.types == [
            pa.int32(), pa.int64(), pa.string(), pa.bool_(), pa.float32(), pa.float64(),
            pa.date32(), pa.timestamp("ns"), pa.decimal128(12, 2), pa.binary(),
        ], table.schema
        assert not table.schema.field("i").nullable and table.schema.field("b").nullable
        assert table.column("at")[0].value == 1709210096123456789  # nanoseconds do not fit Python's datetime
        assert table.column("at")[1].as_py() is None
        table = table.drop(["at"])
        row = table.to_pylist()[0]
        assert row["b"] == 2**63 - 1 and row["t"] == "größe" and row["o"] is True and row["f"] == 1.5, row
        assert row["day"] == datetime.date(2024, 2, 29) and row["n"] == decimal.Decimal("1234567890.12"), row
        assert row["raw"] == b"\x00\xff", row
        assert set(table.slice(1).drop(["i"]).to_pylist()[0].values()) == {None}
        conn.rollback()


def nested_types_come_back_as_they_went():
    point = pa.struct([("x", pa.int64()), ("tags", pa.list_(pa.string()))])
    data = pa.table({
        "id": pa.array([1, 2, 3, 4], pa.int64()),
        "l": pa.array([[1, None, -3], [], None, [2**31 - 1]], pa.list_(pa.int32())),
        "t": pa.array([["a", "", None], None, [], ["größe"]], pa.list_(pa.string())),
        "s": pa.array([{"x": 1, "tags": ["p", None]}, {"x": None, "tags": None}, None, {"x": -1, "tags": []}], point),
        "ls": pa.array([[{"x": 1, "tags": []}, None], None, [], [{"x": 2, "tags": ["q"]}]], pa.list_(point)),
        "ll": pa.array([[[1.5], [], None], [], None, [[-0.5]]], pa.list_(pa.list_(pa.float64()))),
        "i": pa.array([(1, 15, -30), (-14, 0, 2**40), None, (0, 0, 0)], pa.month_day_nano_interval()),
        "li": pa.array([[(1, 2, 3)], [None], None, []], pa.list_(pa.month_day_nano_interval())),
    })
    with connect() as conn, conn.cursor() as cur:
        assert cur.adbc_ingest("nested", data, mode="create") == 4
        assert cur.adbc_ingest("nested", data.slice(1, 2), mode="append") == 2
        cur.execute("SELECT * FROM nested ORDER BY id, l")
        got = cur.fetch_arrow_table()
        assert got.schema.types == data.schema.types, got.schema
        wanted = sorted(data.to_pylist() + data.slice(1, 2).to_pylist(), key=lambda row: row["id"])
        assert got.to_pylist() == wanted, got.to_pylist()
        cur.execute("UPDATE nested SET l = list_append(l, 7), s = {'x': id, 'tags': t} WHERE id = 1")
        cur.execute("DELETE FROM nested WHERE s IS NULL OR len(ll) = 0")
        cur.execute("SELECT id, l, s, i FROM nested ORDER BY id")
        assert cur.fetch_arrow_table().to_pylist() == [
            {"id": 1, "l": [1, None, -3, 7], "s": {"x": 1, "tags": ["a", "", None]}, "i": wanted[0]["i"]},
            {"id": 4, "l": [2**31 - 1], "s": {"x": -1, "tags": []}, "i": wanted[-1]["i"]},
        ]
        large = pa.table({"l": pa.array([[1], None], pa.large_list(pa.int64())),
                          "f": pa.array([[1, 2], [3, None]], pa.list_(pa.int16(), 2)),
                          "d": pa.array([["a"], ["a", "a"]], pa.list_(pa.dictionary(pa.int8(), pa.string())))})
        assert cur.adbc_ingest("larger", large, mode="create") == 2
        cur.execute("SELECT * FROM larger ORDER BY f")
        got = cur.fetch_arrow_table()
        assert got.schema.types == [pa.list_(pa.int64()), pa.list_(pa.int16()), pa.list_(pa.string())], got.schema
        assert got.to_pylist() == large.to_pylist(), got.to_pylist()
        cur.execute("SELECT count(*) FROM nested WHERE l = ?", parameters=pa.record_batch({"l": [[2**31 - 1]]}))
        fetches(cur, (1,))
        many = pa.table({"l": pa.FixedSizeListArray.from_arrays(pa.nulls(50_000_000), 50_000_000)})
        fails(flight_sql.Error, "53400", cur.adbc_ingest, "hollow", many, mode="create")
        conn.rollback()


def parameters():
    with connect() as conn, conn.cursor() as cur:
        cur.execute("CREATE TABLE named (id BIGINT, name VARCHAR(20), price DOUBLE)")
        cur.executemany(
            "INSERT INTO named VALUES (?, ?, ?)", [(1, "a", 0.5), (2, "b", None), (3, "c", 2.5), (4, None, 3.5)]
        )
        cur.execute("SELECT id, name FROM named WHERE id > ? AND name = ?", (1, "c"))
        assert cur.fetchall() == [(3, "c")]
        cur.execute("SELECT id FROM named WHERE id >= $1 AND id < $2 ORDER BY id", (2, 4))
        assert cur.fetchall() == [(2,), (3,)]
        cur.execute("SELECT count(*) FROM named WHERE price IS NULL")
        fetches(cur, (1,))
        conn.rollback()


def readings(rows):
    """Makes rows of a sensor log."""
    ids = pa.array(range(rows), pa.int64())
    return pa.table({
        "id": ids,
        "sensor": pa.array([f"sensor-{i % 100}" for i in range(rows)]),
        "value": pc.divide(pc.cast(ids, pa.float64()), 4.0),
        "at": pc.cast(pc.add(pc.multiply(ids, 1_000_000), 1_700_000_000_000_000_000), pa.timestamp("ns")),
    })


def ingest_of_a_million_rows():
    data = readings(ROWS)
    with connect() as conn, conn.cursor() as cur:
        started = time.monotonic()
        # The driver sends a batch as one message, and none above 16 MiB: so a reader with smaller ones.
        assert cur.adbc_ingest("readings", data.to_reader(max_chunksize=100_000), mode="create") == ROWS
        conn.commit()
        seconds = time.monotonic() - started
        print(f"    {ROWS} rows in {seconds:.2f} s: {ROWS / seconds:,.0f} rows/s", flush=True)
        cur.execute("SELECT count(*), sum(id), min(value), max(value), count(DISTINCT sensor) FROM readings")
        fetches(cur, (ROWS, ROWS * (ROWS - 1) // 2, 0.0, (ROWS - 1) / 4, 100))
        cur.execute("SELECT id, sensor, value, at FROM readings ORDER BY id")
        assert cur.fetch_arrow_table().equals(data)

        fails(flight_sql.Error, "42P07", cur.adbc_ingest, "readings", data.slice(0, 10), mode="create")
        conn.rollback()
        assert cur.adbc_ingest("readings", data.slice(0, 10), mode="append") == 10
        assert cur.adbc_ingest("readings", data.slice(0, 10).to_reader(max_chunksize=3), mode="create_append") == 10
        cur.execute("SELECT count(*) FROM readings")
        fetches(cur, (ROWS + 20,))
        conn.rollback()
        cur.execute("SELECT count(*) FROM readings")
        fetches(cur, (ROWS,), "the ingest was not part of the transaction")
        assert cur.adbc_ingest("readings", data.slice(0, 5), mode="replace", catalog_name="micodb",
                               db_schema_name="main") == 5
        cur.execute("SELECT count(*) FROM readings")
        fetches(cur, (5,))
        fails(flight_sql.Error, "42P01", cur.adbc_ingest, "nowhere", data.slice(0, 5), mode="append")
        conn.rollback()


def commit_and_rollback():
    with connect() as one, connect() as two, one.cursor() as a, two.cursor() as b:
        a.execute("CREATE TABLE accounts (id BIGINT, amount BIGINT)")
        fails(flight_sql.Error, "42P01", b.execute, "SELECT * FROM accounts")
        one.commit()
        two.rollback()  # and begin anew, where the table is
        a.execute("INSERT INTO accounts VALUES (1, 10), (2, 20)")
        assert a.rowcount == 2, a.rowcount
        a.execute("SELECT sum(amount) FROM accounts")
        fetches(a, (30,), "a transaction sees its own writes")
        b.execute("SELECT count(*) FROM accounts")
        fetches(b, (0,), "others do not")
        one.commit()
        b.execute("SELECT count(*) FROM accounts")
        fetches(b, (0,), "a snapshot stays what it is")
        two.commit()
        b.execute("SELECT count(*) FROM accounts")
        fetches(b, (2,))
        b.execute("INSERT INTO accounts VALUES (3, 30)")
        two.rollback()
        a.execute("SELECT count(*) FROM accounts")
        fetches(a, (2,))
        a.execute("DROP TABLE accounts")
        one.commit()


def execute_without_reading_a_result():
    with connect(autocommit=True) as conn, conn.cursor() as cur:
        cur.execute("CREATE TABLE unread (id BIGINT)")
        cur.execute("INSERT INTO unread SELECT id FROM readings WHERE id < 10")
        cur.execute("SELECT count(*) FROM unread")
        fetches(cur, (10,))
        cur.execute("DROP TABLE unread")


def returning():
    with connect(autocommit=True) as conn, conn.cursor() as cur:
        cur.execute("CREATE TABLE returned (id BIGINT NOT NULL, name VARCHAR(20))")
        cur.execute("INSERT INTO returned VALUES (1, 'a'), (2, NULL) RETURNING id, name")
        assert [d[0] for d in cur.description] == ["id", "name"]
        assert cur.fetchall() == [(1, "a"), (2, None)]
        cur.execute("INSERT INTO returned VALUES (?, ?) RETURNING name, id * 2 AS twice", (3, "c"))
        assert cur.fetchall() == [("c", 6)]
        cur.execute("UPDATE returned SET name = 'x' RETURNING id")  # and reads nothing
        cur.executemany("INSERT INTO returned VALUES (?, ?) RETURNING id", [(4, "x"), (5, "y")])
        cur.execute("SELECT count(*), count(DISTINCT name) FROM returned")
        fetches(cur, (5, 2))
        cur.execute("DELETE FROM returned WHERE id = 2 RETURNING *")
        assert cur.fetch_arrow_table().to_pylist() == [{"id": 2, "name": "x"}]
        cur.execute("DROP TABLE returned")
    with connect() as conn, conn.cursor() as cur:
        cur.execute("CREATE TABLE returned (id BIGINT NOT NULL)")
        cur.execute("INSERT INTO returned VALUES (7) RETURNING id")
        fetches(cur, (7,))
        cur.execute("SELECT count(*) FROM returned")
        fetches(cur, (1,))
        conn.rollback()
        fails(flight_sql.Error, "42P01", cur.execute, "DELETE FROM returned RETURNING id")


def metadata():
    with connect() as conn, conn.cursor() as cur:
        cur.execute("CREATE DATABASE shop")
        cur.execute("CREATE TABLE shop.orders (id BIGINT NOT NULL, price DECIMAL(10,2))")
        conn.commit()
        objects = conn.adbc_get_objects(depth="all").read_all().to_pylist()
        assert [o["catalog_name"] for o in objects] == ["micodb"], objects
        schemas = {s["db_schema_name"]: s for s in objects[0]["catalog_db_schemas"]}
        assert {"main", "shop"} <= schemas.keys(), schemas.keys()
        tables = {t["table_name"]: t for t in schemas["shop"]["db_schema_tables"]}
        assert tables["orders"]["table_type"] == "TABLE"
        columns = [(c["column_name"], c["ordinal_position"]) for c in tables["orders"]["table_columns"]]
        assert columns == [("id", 1), ("price", 2)], columns

        filtered = conn.adbc_get_objects(
            depth="tables", db_schema_filter="sh%", table_name_filter="ord_rs"
        ).read_all().to_pylist()
        assert [t["table_name"] for s in filtered[0]["catalog_db_schemas"] for t in s["db_schema_tables"]] == ["orders"]

        schema = conn.adbc_get_table_schema("orders", db_schema_filter="shop")
        assert schema.names == ["id", "price"] and schema.types == [pa.int64(), pa.decimal128(10, 2)], schema
        assert "TABLE" in conn.adbc_get_table_types()
        info = conn.adbc_get_info()
        assert info["vendor_name"] == "MicoDB", info

        assert conn.adbc_current_catalog == "micodb"
        assert conn.adbc_current_db_schema == "main"
        conn.adbc_current_db_schema = "shop"
        assert conn.adbc_current_db_schema == "shop"
        cur.execute("SELECT count(*) FROM orders")
        fetches(cur, (0,))
        cur.execute("DROP TABLE shop.orders")
        cur.execute("DROP DATABASE shop")
        conn.commit()


def errors_tell_their_state():
    with connect() as conn, conn.cursor() as cur:
        fails(flight_sql.Error, "42601", cur.execute, "SELEC 1")
        fails(flight_sql.Error, "42P01", cur.execute, "SELECT * FROM nowhere")
        fails(flight_sql.Error, "42703", cur.execute, "SELECT missing FROM readings")
        fails(flight_sql.Error, "readings", cur.execute, "SELECT * FROM reading")
        conn.rollback()
        cur.execute("SELECT 1")
        fetches(cur, (1,), "the connection lives on")


def logins():
    fails(flight_sql.Error, "28P01", flight_sql.connect, URI,
          db_kwargs={"username": USER, "password": PASSWORD + "!"})
    with flight_sql.connect(URI, autocommit=True) as nobody, nobody.cursor() as cur:
        fails(flight_sql.Error, "28000", cur.execute, "SELECT 1")
    with connect() as first, first.cursor() as a:
        a.execute("CREATE TABLE kept (id BIGINT)")
        with connect() as second, second.cursor() as b:
            b.execute("SELECT 1")
            fetches(b, (1,))
        a.execute("INSERT INTO kept VALUES (1)")
        a.execute("SELECT count(*) FROM kept")
        fetches(a, (1,), "a second login ended the first")
        first.rollback()


def cancel():
    with connect(autocommit=True) as conn, conn.cursor() as cur:
        ended = threading.Event()
        failed = []

        def read():
            try:
                cur.execute(
                    "SELECT count(*) FROM readings a CROSS JOIN readings b CROSS JOIN readings c"
                    " WHERE a.value + b.value + c.value < 0"
                )
                cur.fetchall()
            except flight_sql.Error as e:
                failed.append(e)
            ended.set()

        reader = threading.Thread(target=read)
        reader.start()
        while not ended.wait(0.05):
            cur.adbc_cancel()  # has no effect until the query runs
        reader.join()
        assert failed, "the query was not cancelled"
    with connect() as conn, conn.cursor() as cur:
        cur.execute("SELECT count(*) FROM readings")
        fetches(cur, (ROWS,))


CHECKS = [
    select_without_a_table, types_come_back_as_they_went, nested_types_come_back_as_they_went, parameters,
    ingest_of_a_million_rows, commit_and_rollback,
    execute_without_reading_a_result, returning, metadata, errors_tell_their_state, logins, cancel,
]


def main():
    print(f"adbc_driver_flightsql, manager {adbc_driver_manager.__version__}, pyarrow {pa.__version__}", flush=True)
    failures = 0
    for check in CHECKS:
        started = time.monotonic()
        try:
            check()
            outcome = "ok"
        except Exception:  # each check is told, whatever it ended by
            traceback.print_exc()
            outcome, failures = "FAILED", failures + 1
        print(f"{outcome:6} {check.__name__} {time.monotonic() - started:.2f} s", flush=True)
    sys.exit(1 if failures else 0)


main()
