"""Holds docs/sql/differences.md to what the engines answer."""
import pathlib
import re

PAGE = pathlib.Path(__file__).parents[3] / "docs/sql/differences.md"
CLASSES = 20  # at most
ROW = re.compile(r"^\| ([^|]+) \| `(.+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]+) \|$")
NOT_ASKED = "–"  # what an engine has not


def check(engines: list) -> list:
    """Returns what is wrong with the table: columns of answers stand in the order of the engines."""
    wrong, rows = [], [m for m in map(ROW.match, PAGE.read_text().splitlines()) if m]
    if not 0 < len(rows) <= CLASSES:
        wrong.append(f"{len(rows)} classes of differences, from 1 to {CLASSES} are allowed")
    for row in rows:
        sql, answers = row.group(2).replace("\\|", "|"), []
        for engine, said in zip(engines, row.group(3, 4, 5)):
            if said == NOT_ASKED:
                continue
            got, error = engine.answer(sql)
            answers.append("error" if error else ", ".join("NULL" if v is None else str(v) for r in got for v in r))
            if answers[-1] != said:
                wrong.append(f"{row.group(1)}: {sql} is {answers[-1]} for {engine.name}, the page says {said}")
        if len(set(answers)) == 1:
            wrong.append(f"{row.group(1)}: {sql} is no difference")
    return wrong
