"""Compares result rows: exact but for floating point, which may differ by 1e-9 relative."""
import math
from decimal import Decimal

TOLERANCE = 1e-9


def same_value(a, b) -> bool:
    if a is None or b is None:
        return a is b
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
        return math.isclose(a, b, rel_tol=TOLERANCE) or (a != a and b != b)
    if isinstance(a, (int, Decimal)) and isinstance(b, (int, Decimal)):
        return Decimal(a) == Decimal(b)
    return a == b


def same_row(a: dict, b: dict) -> bool:
    return len(a) == len(b) and all(same_value(v, w) for v, w in zip(a.values(), b.values()))


def differences(got: list, want: list) -> str:
    """What is wrong with got, empty when nothing is."""
    if len(got) != len(want):
        return f"{len(got)} rows, not {len(want)}"
    for i, (a, b) in enumerate(zip(got, want)):
        if not same_row(a, b):
            return f"row {i + 1} is {a}, not {b}"
    return ""


def unordered(rows: list) -> list:
    """The rows in an order of their own: by their exact values, then by the floating-point ones, roughly."""
    def key(row: dict) -> tuple:
        exact = tuple(repr(v) for v in row.values() if not isinstance(v, float))
        return exact, tuple(f"{v:.6g}" for v in row.values() if isinstance(v, float))

    return sorted(rows, key=key)


def outside(sql: str, word: str) -> int:
    """The place of the last word of sql, in capitals, that stands in no parentheses; -1 without one."""
    depth, found, text = 0, -1, sql.upper()
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0 and text.startswith(word, i) and not text[i - 1].isalnum():
            found = i
    return found


def unlimited(sql: str) -> str:
    """The query without its LIMIT."""
    at = outside(sql, "LIMIT")
    return sql if at < 0 else sql[:at]


def order(sql: str, columns: list) -> list:
    """The columns that the query orders by, up to the first key that is no column of the answer."""
    at = outside(sql, "ORDER BY")
    if at < 0:
        return []
    keys = []
    for key in unlimited(sql)[at + len("ORDER BY"):].split(","):
        name = key.split()[0].lower().rpartition(".")[2]
        if name.isdigit() and int(name) <= len(columns):
            name = columns[int(name) - 1]
        if name not in columns:
            break
        keys.append(name)
    return keys
