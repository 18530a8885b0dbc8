"""Makes seeded tables of all column types."""
import datetime
import decimal
import random
from dataclasses import dataclass

import pyarrow as pa

# The families of the expression generator, with the column types of each.
TYPES = {
    "INT": ("int", pa.int32()),
    "BIGINT": ("int", pa.int64()),
    "FLOAT": ("float", pa.float32()),
    "DOUBLE": ("double", pa.float64()),
    "DECIMAL(9,2)": ("dec", pa.decimal128(9, 2)),
    "DECIMAL(18,4)": ("dec", pa.decimal128(18, 4)),
    "DECIMAL(38,10)": ("dec", pa.decimal128(38, 10)),
    "VARCHAR": ("text", pa.utf8()),
    "BOOLEAN": ("bool", pa.bool_()),
    "DATE": ("date", pa.date32()),
    "TIMESTAMP(9)": ("ts", pa.timestamp("ns")),
    "VARBINARY": ("bin", pa.binary()),
}

WORDS = ["", "a", "A", "ab", "abc", "b", "B", "foo", "Foo", "foobar", "o", "%", "_", "a%b", "a_b", "\\", "it's", " ",
         " a", "a ", "é", "日本", "𝄞x", "zzz", "12", "-7", "3.5", "true", "null", "x" * 40, "x" * 41]
BLOBS = [b"", b"\x00", b"\x01", b"\xff", b"\x00\x01", b"ab", b"abc", b"\xff\xff", b"a\x00b", b"0123456789abcdef"]


@dataclass
class Column:
    name: str
    sql: str  # its type
    wild: bool  # holds extremes: it is compared, sorted and grouped, never computed with

    @property
    def family(self) -> str:
        return TYPES[self.sql][0]


@dataclass
class Table:
    name: str
    columns: list
    rows: int
    data: pa.Table

    def create(self) -> str:
        columns = ", ".join(f"{c.name} {c.sql}" for c in self.columns)
        return f"CREATE TABLE {self.name} ({columns})"


EXTREMES = {
    "INT": [2**31 - 1, -(2**31), 2**31 - 2],
    "BIGINT": [2**63 - 1, -(2**63), 2**63 - 2, 2**53, 2**53 + 1, 2**32],
    "FLOAT": [float("inf"), float("-inf"), float("nan"), -0.0, 2.0**127, 2.0**-149],
    "DOUBLE": [float("inf"), float("-inf"), float("nan"), -0.0, 1.7976931348623157e308, 5e-324],
    "DECIMAL(9,2)": [decimal.Decimal("9999999.99"), decimal.Decimal("-9999999.99")],
    "DECIMAL(18,4)": [decimal.Decimal("99999999999999.9999"), decimal.Decimal("-99999999999999.9999")],
    "DECIMAL(38,10)": [decimal.Decimal("9" * 28 + "." + "9" * 10), decimal.Decimal("-" + "9" * 28 + "." + "9" * 10),
                       decimal.Decimal(2**64), decimal.Decimal(-(2**63))],
    "VARCHAR": ["\U0010ffff", "y" * 300, "\x01"],
    "BOOLEAN": [True],
    "DATE": [datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(1969, 12, 31)],
    "TIMESTAMP(9)": [-(2**63) + 2, 2**63 - 2, -1, 1, 999_999_999, -999_999_999],
    "VARBINARY": [b"\xff" * 40, bytes(range(256))],
}


def value(r: random.Random, sql: str, spread: int):
    """A value of moderate size, one of about spread."""
    n = r.randint(-spread // 3, spread)
    match sql:
        case "INT" | "BIGINT":
            return n
        case "FLOAT" | "DOUBLE":
            return n / 4  # sums are exact in any order
        case "DECIMAL(9,2)":
            return decimal.Decimal(n * 25).scaleb(-2)
        case "DECIMAL(18,4)":
            return decimal.Decimal(n * 2500 + r.choice([0, 0, 1, 5000])).scaleb(-4)
        case "DECIMAL(38,10)":
            return decimal.Decimal(n * 2500000000 + r.choice([0, 0, 1])).scaleb(-10)
        case "VARCHAR":
            return r.choice(WORDS) if spread < 1000 or r.random() < 0.3 else f"w{n}"
        case "BOOLEAN":
            return r.random() < 0.5
        case "DATE":
            return datetime.date(2020, 2, 25) + datetime.timedelta(days=n * 3)
        case "TIMESTAMP(9)":
            return 1_582_588_800_000_000_000 + n * 21_600_000_000_000 + r.choice([0, 0, 1000, 999_999_000])
        case _:
            return r.choice(BLOBS) if spread < 1000 or r.random() < 0.3 else str(n).encode()


def column_data(r: random.Random, column: Column, rows: int) -> pa.Array:
    nulls = r.choice([0, 0, 0.1, 0.1, 0.1, 0.5, 1.0 if r.random() < 0.3 else 0.5])
    spread = r.choice([3, 10, 40, 40, 5000])
    sticky = r.random() < 0.2  # long runs of one value
    out, last = [], None
    for _ in range(rows):
        if sticky and out and r.random() < 0.9:
            out.append(last)
            continue
        if r.random() < nulls:
            last = None
        elif column.wild and r.random() < 0.3:
            last = r.choice(EXTREMES[column.sql])
        else:
            last = value(r, column.sql, spread)
        out.append(last)
    return pa.array(out, TYPES[column.sql][1])


def tables(seed: int) -> list:
    """The tables of a seed: always the same. Column id has another value in each row."""
    r = random.Random(seed)
    out = []
    for i, rows in enumerate([0, 1, r.randint(2, 30), r.randint(30, 200), r.randint(200, 1200), r.choice([3000, 9000])]):
        columns = []
        for j, sql in enumerate(TYPES):
            if r.random() < 0.85:
                columns.append(Column(f"c{j}", sql, False))
            if r.random() < 0.25:
                columns.append(Column(f"w{j}", sql, True))
        if not any(c.family == "int" and not c.wild for c in columns):
            columns.append(Column("c0", "INT", False))
        r.shuffle(columns)
        data = pa.table([column_data(r, c, rows) for c in columns], names=[c.name for c in columns])
        columns.append(Column("id", "INT", False))
        data = data.append_column("id", pa.array(r.sample(range(rows), rows), pa.int32()))
        out.append(Table(f"t{i}", columns, rows, data))
    return out
