"""Makes seeded SQL expressions of a wanted family: int, double, float, dec, text, bool, date, ts or bin.

Some literals differ between the dialects; they are written as «kind:value», and dialect() makes SQL of them. What
MicoDB decides otherwise than the others stands in docs/sql/differences.md, and the generator keeps clear of it: columns
that are computed with have no extremes and no nanoseconds, divisors are NULLIF(…, 0), DATE ± INTERVAL is cast to DATE,
FLOAT meets FLOAT and exact literals alone, a DOUBLE is rounded before it becomes an integer, and is no text. AVG and the
division of decimals differ in the last digit: they are neither sorted, compared nor grouped by.
"""
import random
import re

from tables import BLOBS, EXTREMES, WORDS

UNITS = ["DAY", "MONTH", "YEAR"]
FIELDS = ["year", "quarter", "month", "day", "week", "doy", "dow", "isodow"]
FAMILIES = ["int", "double", "float", "dec", "text", "bool", "date", "ts", "bin"]
PORTABLE = ["int", "double", "text", "bool"]  # what SQLite has, too


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def dialect(sql: str, duck: bool) -> str:
    def literal(m):
        kind, text = m.group(1), m.group(2)
        if kind == "ts":
            return f"CAST('{text}' AS TIMESTAMP(9))" if duck else f"TIMESTAMP '{text}'"
        if duck:
            return "'" + "".join(f"\\x{text[i:i + 2]}" for i in range(0, len(text), 2)) + "'::BLOB"
        return f"X'{text}'"

    return re.sub("«(ts|bin):([^»]*)»", literal, sql)


class Expressions:
    """Expressions over columns in scope: a list of (sql name, family, wild)."""

    def __init__(self, r: random.Random, scope: list, subquery=None, portable: bool = False):
        self.r, self.scope, self.subquery, self.portable = r, scope, subquery, portable
        self.families = PORTABLE if portable else FAMILIES

    def columns(self, family: str, wild: bool) -> list:
        return [name for name, f, w in self.scope if f == family and (wild or not w)]

    def literal(self, family: str) -> str:
        r = self.r
        n = r.choice([-7, -1, 0, 0, 1, 1, 2, 3, 5, 10, 25, 100, 1000])
        match family:
            case "int":
                return str(n)
            case "double":
                return f"CAST({n / 4} AS DOUBLE)"  # SQLite: REAL
            case "float":
                return f"CAST({n / 4} AS FLOAT)"
            case "dec":
                return r.choice([f"{n}.25", f"{n}.5", f"{n}.00", f"CAST('{n}.0001' AS DECIMAL(18,4))"])
            case "text":
                return quote(r.choice(WORDS))
            case "bool":
                return r.choice(["TRUE", "FALSE"])
            case "date":
                return f"DATE '{r.choice([2019, 2020, 2020, 2021])}-{r.randint(1, 12):02}-{r.randint(1, 28):02}'"
            case "ts":
                day = f"2020-{r.randint(1, 6):02}-{r.randint(1, 28):02}"
                return f"«ts:{day} {r.choice(['00:00:00', '06:00:00', '12:00:00.000001', '23:59:59.999999'])}»"
            case _:
                return f"«bin:{r.choice(BLOBS[1:]).hex()}»"

    def extreme(self, family: str) -> str:
        """A literal at a border, only to compare with."""
        r = self.r
        match family:
            case "int":
                return str(r.choice(EXTREMES["INT"] + EXTREMES["BIGINT"]))
            case "dec":
                return str(r.choice(EXTREMES["DECIMAL(9,2)"] + EXTREMES["DECIMAL(18,4)"]))
            case "date":
                return "DATE '" + str(r.choice(EXTREMES["DATE"])) + "'"
            case _:
                return self.literal(family)

    def leaf(self, family: str, wild: bool = False) -> str:
        columns = self.columns(family, wild)
        if columns and self.r.random() < 0.8:
            return self.r.choice(columns)
        if self.r.random() < 0.07:
            return f"CAST(NULL AS {self.type_name(family)})"
        return self.literal(family)

    def type_name(self, family: str) -> str:
        return {"int": "BIGINT", "double": "DOUBLE", "float": "FLOAT", "dec": "DECIMAL(18,4)", "text": "VARCHAR",
                "bool": "BOOLEAN", "date": "DATE", "ts": "TIMESTAMP(9)", "bin": "VARBINARY"}[family]

    def make(self, family: str, depth: int) -> str:
        r = self.r
        if depth <= 0 or r.random() < 0.2:
            return self.leaf(family)
        if r.random() < 0.03 and family != "bool" and not self.portable:
            call = r.choice(["greatest", "least"])
            return f"{call}({self.make(family, depth - 1)}, {self.make(family, depth - 1)})"
        general = r.random()
        if general < 0.10:
            return self.case(family, depth)
        if general < 0.15:
            return f"COALESCE({self.make(family, depth - 1)}, {self.make(family, depth - 1)})"
        if general < 0.19:
            return f"NULLIF({self.make(family, depth - 1)}, {self.make(family, depth - 1)})"
        if general < 0.21 and self.subquery and family in ("int", "double", "dec", "text", "date", "ts"):
            return self.subquery.scalar(family, self.scope)
        return getattr(self, "make_" + family)(depth - 1)

    def case(self, family: str, depth: int) -> str:
        r = self.r
        whens = r.randint(1, 3)
        if r.random() < 0.3:
            of = r.choice(["int", "text"] if self.portable else ["int", "text", "date"])
            parts = [f"WHEN {self.literal(of)} THEN {self.make(family, depth - 1)}" for _ in range(whens)]
            head = f"CASE {self.make(of, depth - 1)} "
        else:
            parts = [f"WHEN {self.make('bool', depth - 1)} THEN {self.make(family, depth - 1)}" for _ in range(whens)]
            head = "CASE "
        end = f" ELSE {self.make(family, depth - 1)}" if r.random() < 0.7 else ""
        return head + " ".join(parts) + end + " END"

    def small(self) -> str:
        """An integer small enough to multiply."""
        return self.leaf("int")

    def make_int(self, d: int) -> str:
        r = self.r
        match r.choice([0, 1, 2, 3, 4, 7, 8, 12] if self.portable else range(13)):
            case 10:
                return (f"date_diff({quote(r.choice(['year', 'month', 'day', 'hour']))}, {self.make('ts', d)}, "
                        f"{self.make('ts', d)})")
            case 11:
                return r.choice([f"strpos({self.make('text', d)}, {self.literal('text')})", f"sign({self.leaf('int')})",
                                 f"bit_count(abs(CAST({self.small()} AS BIGINT)))",
                                 f"levenshtein({quote(r.choice(['a', 'abcd', 'foo', '']))}, 'abc')",
                                 f"(CAST({self.small()} AS BIGINT) // NULLIF({self.small()}, 0))"])
            case 12:
                return f"(CAST({self.small()} AS BIGINT) {r.choice('&|')} {self.small()})"
            case 0 | 1 | 2:
                return f"(CAST({self.make('int', min(d, 1))} AS BIGINT) {r.choice('+-')} {self.make('int', min(d, 1))})"
            case 3:
                return f"(CAST({self.small()} AS BIGINT) * {self.small()})"
            case 4:
                return f"(CAST({self.make('int', min(d, 1))} AS BIGINT) % NULLIF({self.small()}, 0))"
            case 5:
                return f"EXTRACT({r.choice(FIELDS).upper()} FROM {self.make(r.choice(['date', 'ts']), d)})"
            case 6:
                return f"({self.make('date', d)} - {self.make('date', d)})"
            case 7:
                return f"length({self.make('text', d)})"
            case 8:
                return r.choice([f"abs(CAST({self.small()} AS BIGINT))", f"(- CAST({self.small()} AS BIGINT))",
                                 f"CAST(round({self.leaf('double')}) AS BIGINT)",
                                 f"CAST({self.make('bool', d)} AS INT)",
                                 f"CAST(CAST({self.small()} AS VARCHAR) AS BIGINT)"])
            case _:
                return r.choice([f"CAST({self.leaf('dec')} AS BIGINT)", f"CAST(round({self.leaf('double')}) AS BIGINT)"])

    def make_double(self, d: int) -> str:
        r = self.r
        match r.choice([0, 1, 2, 3, 5, 9] if self.portable else range(11)):
            case 9:
                return r.choice([f"abs({self.leaf('double')})", f"round({self.leaf('double')})"])
            case 10:
                return f"sqrt(abs({self.leaf('double')}))"
            case 7:
                return f"{r.choice(['floor', 'ceil', 'abs', 'round'])}({self.leaf('double')})"
            case 8:
                return f"CAST({self.leaf('float')} AS DOUBLE)"
            case 0 | 1 | 2:
                return f"({self.make('double', min(d, 1))} {r.choice('+-*')} {self.leaf('double')})"
            case 3:
                return f"({self.make('double', d)} / NULLIF({self.leaf('double')}, CAST(0 AS DOUBLE)))"
            case 4:
                return f"({self.small()} / NULLIF({self.small()}, 0))"
            case 5:
                return f"CAST({self.make('int', d)} AS DOUBLE)"
            case _:
                return f"CAST({self.leaf('dec')} AS DOUBLE)"

    def make_float(self, d: int) -> str:
        return self.r.choice([self.leaf("float"), f"(- {self.leaf('float')})", f"CAST({self.small()} AS FLOAT)"])

    def make_dec(self, d: int) -> str:
        r = self.r
        match r.randint(0, 7):
            case 6:
                return f"CAST(round({self.leaf('dec')}, {r.randint(0, 2)}) AS DECIMAL(18,4))"
            case 7:
                return f"CAST({self.leaf('double')} AS DECIMAL({r.choice(['18,1', '18,4', '12,0'])}))"
            case 0 | 1:
                return f"({self.leaf('dec')} {r.choice('+-')} {self.leaf('dec')})"
            case 2:
                return f"(CAST({self.leaf('dec')} AS DECIMAL(9,2)) * CAST({self.leaf('dec')} AS DECIMAL(9,2)))"
            case 3:
                return f"CAST({self.make('dec', d)} AS DECIMAL({r.choice(['18,4', '18,2', '12,1', '20,0', '38,10'])}))"
            case 4:
                return r.choice([f"abs({self.leaf('dec')})", f"(- {self.leaf('dec')})"])
            case _:
                return f"CAST({self.make('int', d)} AS DECIMAL(18,2))"

    def make_text(self, d: int) -> str:
        r = self.r
        match r.choice([0, 1, 5, 7, 8] if self.portable else range(13)):
            case 7:
                return f"{r.choice(['trim', 'ltrim', 'rtrim'])}({self.leaf('text')})"
            case 8:
                return f"substr({self.make('text', d)}, {r.randint(1, 4)}, {r.randint(0, 3)})"
            case 9:
                return f"{r.choice(['left', 'right'])}({self.make('text', d)}, {r.randint(0, 3)})"
            case 10:
                return r.choice([f"reverse({self.leaf('text')})", f"md5({self.leaf('text')})",
                                 f"repeat({self.leaf('text')}, {r.randint(0, 3)})",
                                 f"concat_ws('-', {self.leaf('text')}, {self.leaf('text')}, {self.leaf('text')})"])
            case 11:
                return f"{r.choice(['lpad', 'rpad'])}({self.make('text', d)}, {r.randint(0, 5)}, {quote(r.choice(['*', 'ab']))})"
            case 12:
                return r.choice([f"strftime({self.leaf('date')}, '%Y-%m')",
                                 f"split_part({self.leaf('text')}, {quote(r.choice(['a', 'o', '_']))}, {r.randint(1, 2)})",
                                 f"regexp_replace({self.leaf('text')}, '[ao]+', 'X', 'g')",
                                 f"translate({self.leaf('text')}, 'abo', 'xy')"])
            case 0 | 1:
                return f"({self.make('text', d)} || {self.make('text', d)})"
            case 2:
                return f"{r.choice(['upper', 'lower', 'trim', 'ltrim', 'rtrim'])}({self.leaf('text')})"
            case 3:
                return f"substring({self.make('text', d)}, {r.randint(1, 4)}, {r.randint(0, 3)})"
            case 4:
                return f"CAST({self.make(r.choice(['int', 'date', 'bool']), d)} AS VARCHAR)"
            case 5:
                return f"replace({self.make('text', d)}, {self.literal('text')}, {self.literal('text')})"
            case _:
                return f"concat({self.make('text', d)}, {self.make('text', d)})"

    def interval(self) -> str:
        return f"INTERVAL '{self.r.choice([-40, -1, 1, 3, 31, 100])}' {self.r.choice(UNITS)}"

    def make_date(self, d: int) -> str:
        r = self.r
        match r.randint(0, 5):
            case 5:
                return f"last_day({self.leaf('date')})"
            case 0 | 1:
                return f"CAST({self.leaf('date')} {r.choice('+-')} {self.interval()} AS DATE)"
            case 2:
                return f"({self.leaf('date')} {r.choice('+-')} {r.choice([0, 1, 30, 366])})"
            case 3:
                return f"CAST({self.make('ts', d)} AS DATE)"
            case _:
                return f"CAST(date_trunc('{r.choice(['year', 'quarter', 'month', 'week', 'day'])}', {self.leaf('date')}) AS DATE)"

    def make_ts(self, d: int) -> str:
        r = self.r
        match r.randint(0, 3):
            case 0 | 1:
                unit = r.choice(UNITS + ["HOUR", "MINUTE", "SECOND"])
                return f"({self.leaf('ts')} {r.choice('+-')} INTERVAL '{r.choice([-3, 1, 13, 61])}' {unit})"
            case 2:
                return f"CAST({self.make('date', d)} AS TIMESTAMP(9))"
            case _:
                return f"date_trunc('{r.choice(['year', 'month', 'week', 'day', 'hour', 'minute', 'second'])}', {self.leaf('ts')})"

    def make_bin(self, d: int) -> str:
        return self.leaf("bin")

    def operand(self, family: str, d: int) -> str:
        """What may be compared: wild columns too."""
        return self.leaf(family, wild=True) if self.r.random() < 0.6 else self.make(family, d)

    def make_bool(self, d: int) -> str:
        r = self.r
        family = r.choice(self.families)
        match r.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17] if self.portable else range(20)):
            case 19:
                word = quote(r.choice(["a", "o", "", "b", "w1"]))
                return r.choice([f"starts_with({self.operand('text', d)}, {word})", f"contains({self.operand('text', d)}, {word})",
                                 f"ends_with({self.operand('text', d)}, {word})",
                                 f"regexp_matches({self.operand('text', d)}, '^[a-f]+$')"])
            case 16:
                return f"({self.operand('text', d)} {r.choice(['', 'NOT '])}ILIKE {quote(r.choice(['a%', '%O%', 'É', '_B%']))})"
            case 17:
                pattern = r.choice(["a!%b", "%!_%", "!!", "!%", "%b!%%"])
                return f"({self.operand('text', d)} {r.choice(['', 'NOT '])}LIKE {quote(pattern)} ESCAPE '!')"
            case 18:
                left, right = r.choice([("int", "double"), ("double", "dec"), ("date", "ts"), ("double", "float")])
                wild = left != "date" and r.random() < 0.5  # not every DATE is a TIMESTAMP(9)
                return (f"({self.leaf(left, wild)} {r.choice(['=', '<>', '<', '<=', '>', '>='])} "
                        f"{self.leaf(right, wild)})")
            case 0 | 1 | 2 | 3:
                beside = r.choice(["int", "dec"]) if family in ("int", "dec") and not self.portable else family
                right = self.extreme(family) if r.random() < 0.15 else self.operand(beside, d)
                return f"({self.operand(family, d)} {r.choice(['=', '<>', '<', '<=', '>', '>='])} {right})"
            case 4 | 5:
                parts = [self.make("bool", d) for _ in range(r.randint(2, 3))]
                return "(" + r.choice([" AND ", " OR "]).join(parts) + ")"
            case 6:
                return f"(NOT {self.make('bool', d)})"
            case 7 | 8:
                return f"({self.operand(family, d)} IS {r.choice(['', 'NOT '])}NULL)"
            case 9 | 10:
                items = [self.operand(family, 0) if r.random() < 0.3 else self.literal(family)
                         for _ in range(r.randint(1, 5))]
                if r.random() < 0.15:
                    items.append("NULL")
                return f"({self.operand(family, d)} {r.choice(['', 'NOT '])}IN ({', '.join(items)}))"
            case 11:
                return (f"({self.operand(family, d)} {r.choice(['', 'NOT '])}BETWEEN {self.operand(family, 0)} "
                        f"AND {self.operand(family, 0)})")
            case 12:
                pattern = r.choice(["%", "a%", "%a", "%a%", "_", "a_", "%o%o%", "__%", "", "f%r", "x%x", "%\\%", "é", "_本"])
                return f"({self.operand('text', d)} {r.choice(['', 'NOT '])}LIKE {quote(pattern)})"
            case 13:
                return f"({self.operand(family, d)} IS {r.choice(['', 'NOT '])}DISTINCT FROM {self.operand(family, 0)})"
            case 14:
                return f"({self.make('bool', d)} IS {r.choice(['', 'NOT '])}{r.choice(['TRUE', 'FALSE'])})"
            case _:
                return f"CAST({self.small()} AS BOOLEAN)"
