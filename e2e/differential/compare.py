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


def untied(sql: str, got: list, want: list) -> tuple:
    """Both without what the query's order leaves open: rows with equal keys are sorted, and those that tie with the
    last row at a LIMIT are left out, of which any may be among the answer. Of those only the keys are compared."""
    _, order, tail = sql.upper().rpartition("ORDER BY")
    keys, _, limit = tail.partition("LIMIT")
    names = [k.split()[0].lower() for k in keys.split(",")]
    if not order:
        return sorted(got, key=repr), sorted(want, key=repr)

    def key(row: dict) -> tuple:
        return tuple(row[n] for n in names)

    def settled(rows: list) -> list:
        cut = key(rows[-1]) if rows and limit.strip() and len(rows) == int(limit) else None
        whole = sorted((r for r in rows if key(r) != cut), key=lambda r: repr(sorted(r.items(), key=str)))
        place = {}
        for r in rows:
            place.setdefault(key(r), len(place))
        whole.sort(key=lambda r: place[key(r)])  # stable: the order of the keys is the answer's
        return whole + [{n: r[n] for n in names} for r in rows if key(r) == cut]

    return settled(got), settled(want)
