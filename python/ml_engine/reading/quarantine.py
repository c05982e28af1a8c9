"""Every bad row of a table in one file, in the order of the files and their lines."""

import csv
import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ml_engine.reading.options import Reject
from ml_engine.reading.parts import Part
from ml_engine.reading.storing import Bad

SHOWN = 10
HEADER = ("file", "line", "reason", "raw")


class Quarantine(NamedTuple):
    """How many rows are bad, the first of them, and the CSV file with all; no file where there is none."""

    rows: int
    first: list[Reject]
    path: Path | None


def put_aside(parts: list[Part], bad: list[Bad], names: list[str], types: dict[str, str], folder: Path) -> Quarantine:
    """Writes the rows that could not be read, and those whose value is not of the type asked for."""
    path = folder / "quarantine.csv"
    first: list[Reject] = []
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        start = 0
        for part in parts:
            own = [Bad(row - start, column) for row, column in bad if start <= row < start + part.rows]
            start += part.rows
            for reject in heapq.merge(
                part.rejects(), _mistyped(part, own, names, types), key=lambda reject: reject.line
            ):
                writer.writerow(reject)
                rows += 1
                if len(first) < SHOWN:
                    first.append(reject)
    return Quarantine(rows, first, path if rows else None)


def _mistyped(part: Part, bad: list[Bad], names: list[str], types: dict[str, str]) -> Iterator[Reject]:
    if not bad:
        return
    for (_, column), (line, cells, raw) in zip(bad, part.locate([row for row, _ in bad]), strict=True):
        name = names[column]
        yield Reject(part.path.name, line, f"`{name}`: `{str(cells[name])[:60]}` is no {types[name]}", raw)
