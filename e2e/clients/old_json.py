"""A client of the old server, as such clients are written: one send, one recv(4096), one json.loads.

old_json.py HOST:PORT PASSWORD
"""
import json
import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
connection = socket.create_connection((host, int(port)), timeout=60)


def ask(**request):
    connection.sendall((json.dumps(request) + "\n").encode())
    answer = json.loads(connection.recv(4096).decode())
    assert list(answer)[:4] == ["status", "data", "auth_token", "token_expires_at"], answer
    return answer


def ok(**request):
    answer = ask(**request)
    assert answer["status"] == "ok", (request, answer)
    return answer["data"]


def fails(code, **request):
    answer = ask(**request)
    assert answer["status"] == "error" and answer["code"] == code, (request, answer)
    return answer["data"]


fails("28P01", command="login", db_name="main", auth_method="password", username="admin", password="admin123")
login = ask(command="login", db_name="main", auth_method="password", username="admin", password=sys.argv[2])
assert login["status"] == "ok" and login["data"]["username"] == "admin" and "admin" in login["data"]["roles"], login
token = login["auth_token"]
assert token.count(".") == 2 and login["token_expires_at"].endswith("Z"), login

ok(command="create_database", db_name="my_database")
fails("42P04", command="create_database", db_name="my_database")
ok(command="create_table", db_name="my_database", table_name="users", tx_id=None, schema=[
    {"name": "id", "type": "Int32", "nullable": False}, {"name": "name", "type": "Utf8", "nullable": False},
    {"name": "active", "type": "Boolean", "nullable": True}, {"name": "score", "type": "Float64", "nullable": True},
    {"name": "born", "type": "Date32", "nullable": True}, {"name": "seen", "type": "TimestampNanosecond", "nullable": True}])
rows = [
    {"id": 1, "name": "Alice", "active": True, "score": 1.5, "born": 0, "seen": 1700000000123456789},
    {"id": 2, "name": "Zoë \"Z\"\n", "active": False, "score": None, "born": -1, "seen": -1},
    {"id": 3, "name": ""},
]
ok(command="append", db_name="my_database", table_name="users", rows=rows)
want = [dict.fromkeys(["id", "name", "active", "score", "born", "seen"]) | r for r in rows]
assert ok(command="read", db_name="my_database", table_name="users") == want
assert ok(command="sql", db_name="my_database", query="SELECT * FROM users WHERE active = true") == want[:1]
fails("22003", command="append", db_name="my_database", table_name="users", rows=[{"id": 4, "name": "x"}, {"id": 2**31, "name": "y"}])
assert ok(command="sql", db_name="my_database", query="SELECT COUNT(*) AS n FROM users") == [{"n": 3}]

# A transaction: seen by itself alone until it commits, from any connection of the same user.
tx = ok(command="begin_transaction", db_name="my_database")["tx_id"]
assert isinstance(tx, int) and tx >= 1
ok(command="create_table", db_name="my_database", table_name="orders", tx_id=tx, schema=[
    {"name": "order_id", "type": "Int32", "nullable": False}, {"name": "total", "type": "Float64", "nullable": False}])
ok(command="append", db_name="my_database", table_name="orders", tx_id=tx,
   rows=[{"order_id": 101, "total": 99.99}, {"order_id": 102, "total": 149.95}])
assert len(ok(command="read", db_name="my_database", table_name="orders", tx_id=tx)) == 2
fails("42P01", command="read", db_name="my_database", table_name="orders")
first = connection
connection = socket.create_connection((host, int(port)), timeout=60)
ok(command="commit_transaction", db_name="my_database", tx_id=tx, auth_method="jwt", token=token)
connection.close()
connection = first
assert ok(command="sql", db_name="my_database", query="SELECT SUM(total) AS t FROM orders") == [{"t": 249.94}]
fails("25P01", command="commit_transaction", db_name="my_database", tx_id=tx)

tx = ok(command="begin_transaction", db_name="my_database")["tx_id"]
ok(command="append", db_name="my_database", table_name="users", rows=[{"id": 9, "name": "gone"}], tx_id=tx)
ok(command="rollback_transaction", db_name="my_database", tx_id=tx)
assert ok(command="sql", db_name="my_database", query="SELECT COUNT(*) AS n FROM users") == [{"n": 3}]

assert ask(command="fly", db_name="my_database")["data"] == "Unknown command: fly"
connection.sendall(b"{broken\n")
assert json.loads(connection.recv(4096))["data"].startswith("Invalid request format:")
fails("28000", command="sql", db_name="my_database", query="SELECT 1", auth_method="apikey", api_key="k")

# A stream of many rows, read line by line.
connection.sendall((json.dumps({"command": "sql", "db_name": "my_database", "format": "ndjson", "batch_size": 7, "query":
                                "SELECT a.id AS x FROM users a, users b, users c, users d"}) + "\n").encode())
lines = connection.makefile("rb")
assert json.loads(lines.readline())["data"] == {"streaming": True}
assert sum(1 for _ in range(81) if "x" in json.loads(lines.readline())) == 81
assert json.loads(lines.readline()) == {"end": True}
ok(command="drop_table", db_name="my_database", table_name="orders")
fails("42P01", command="read", db_name="my_database", table_name="orders")
print("all answers are as the old server's clients expect")
