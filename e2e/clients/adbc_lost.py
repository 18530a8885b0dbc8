"""Checks that ADBC's clients are told of a lost session.

    adbc_lost.py grpc://HOST:PORT USER PASSWORD

It begins transactions by SQL, prints "begun", and goes on with a line on its standard input, before which the server
was killed and started again.
"""

import base64
import sys
import time

import adbc_driver_flightsql.dbapi as flight_sql

URI, USER, PASSWORD = sys.argv[1:]
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
CLIENTS = {
    "token": {"username": USER, "password": PASSWORD},
    "cookie": {
        "adbc.flight.sql.authorization_header": BASIC,
        "adbc.flight.sql.rpc.with_cookie_middleware": "true",
    },
}
PATIENCE_SECONDS = 60


def execute(conn, sql):
    with conn.cursor() as cur:
        cur.execute(sql)
        return cur.fetchall() if cur.description else None


def answer(conn, sql):
    """Executes until a server answers, and returns what it said, or None."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            execute(conn, sql)
            return None
        except flight_sql.Error as e:
            if "navailable" not in str(e).lower() or time.monotonic() > end:
                return str(e)
            time.sleep(0.05)


def main():
    with flight_sql.connect(URI, db_kwargs=CLIENTS["token"], autocommit=True) as conn:
        execute(conn, "CREATE TABLE lost (x INT)")
    conns = {name: flight_sql.connect(URI, db_kwargs=o, autocommit=True) for name, o in CLIENTS.items()}
    for conn in conns.values():
        execute(conn, "BEGIN")
        execute(conn, "INSERT INTO lost VALUES (1)")
    print("begun", flush=True)
    sys.stdin.readline()
    for name, conn in conns.items():
        told = answer(conn, "INSERT INTO lost VALUES (2)")
        assert told is not None and "08003" in told, f"{name}: {told}"
        told = answer(conn, "INSERT INTO lost VALUES (3)")
        assert told is None, f"{name}: {told}"
        told = answer(conn, "ROLLBACK")
        assert told is not None and "25P01" in told, f"{name}: {told}"
        print("ok", name, flush=True)
    rows = execute(conns["token"], "SELECT x FROM lost")
    assert rows == [(3,), (3,)], rows
    for conn in conns.values():
        conn.close()


main()
