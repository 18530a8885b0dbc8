"""Compares answers: exactly, but for the last digits of floating point."""
import math

import pyarrow as pa

TOLERANCE = 1e-9


def columns(table: pa.Table) -> list:
    """The columns as Python values: timestamps and dates as integers."""
    out = []
    for c in table.columns:
        if pa.types.is_timestamp(c.type):
            c = c.cast(pa.timestamp("ns")).cast(pa.int64())
        elif pa.types.is_date(c.type):
            c = c.cast(pa.int32())
        out.append(c.to_pylist())
    return out


def rows(table: pa.Table) -> list:
    return list(zip(*columns(table))) if table.num_columns else []


def key(v, digits: int) -> tuple:
    """Orders values of a column, floating point by its first digits, since the last ones may differ."""
    if v is None:
        return (2, 0)
    if isinstance(v, float):
        if math.isnan(v):
            return (1, 1)
        return (0, float(f"{v:.{digits}g}") + 0.0) if not math.isinf(v) else (0, v)
    return (0, v)


def same(a, b) -> bool:
    if a is None or b is None:
        return a is b
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
        return math.isclose(a, b, rel_tol=TOLERANCE) or (a != a and b != b)
    return a == b


def difference(got: list, want: list, ordered: bool) -> str:
    if len(got) != len(want):
        return f"{len(got)} rows, not {len(want)}"
    if ordered:
        return first_difference(got, want)
    wrong = ""
    for digits in (12, 7):  # rows that one rounding puts in another order, the other one does not
        got, want = [sorted(x, key=lambda row: [key(v, digits) for v in row]) for x in (got, want)]
        wrong = first_difference(got, want)
        if not wrong:
            break
    return wrong


def first_difference(got: list, want: list) -> str:
    for i, (a, b) in enumerate(zip(got, want)):
        if not (len(a) == len(b) and all(same(v, w) for v, w in zip(a, b))):
            return f"row {i + 1} is {a}, not {b}"
    return ""
