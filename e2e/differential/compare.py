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
