"""The newest features by key: an SQLite index beside a dataset of them, written whole and never changed."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from ml_engine.cells import Cell, cell
from ml_engine.errors import OpError
from ml_engine.features.rows import CREATED, EVENT
from ml_engine.names import require_column

INDEX_FILE = "online.sqlite"
EVENT_COLUMN = "event_time"


def newest_rows(rows: pl.DataFrame, entities: Sequence[str]) -> pl.DataFrame:
    """The newest row of each key: of equal event times the one created last, of those the last one."""
    ordered = rows.sort([EVENT, CREATED], nulls_last=False, maintain_order=True)
    newest = ordered.group_by(list(entities), maintain_order=True).last().sort(list(entities))
    kept = [name for name in rows.columns if name not in (*entities, EVENT, CREATED)]
    return newest.select([*entities, pl.col(EVENT).alias(EVENT_COLUMN), *kept])


def write_index(newest: pl.DataFrame, entities: Sequence[str], view: str, path: Path) -> None:
    """Writes the index of `newest` to a new file: key as JSON, event time, features as JSON."""
    names = [name for name in newest.columns if name not in (*entities, EVENT_COLUMN)]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE about (view TEXT NOT NULL, entities TEXT NOT NULL, features INT NOT NULL)")
        database.execute("INSERT INTO about VALUES (?, ?, ?)", (view, json.dumps(list(entities)), len(names)))
        database.execute(
            "CREATE TABLE newest (key TEXT PRIMARY KEY, event_time TEXT, features TEXT NOT NULL) WITHOUT ROWID"
        )
        database.executemany(
            "INSERT INTO newest VALUES (?, ?, ?)",
            (
                (_key([row[name] for name in entities]), _moment(row[EVENT_COLUMN]), _features(row, names))
                for row in newest.iter_rows(named=True)
            ),
        )


def look_up(folder: str, keys: Sequence[Mapping[str, object]]) -> tuple[str, int, list[dict[str, Cell]], int]:
    """The view, how many features it has, for each key their values, `event_time` and `found`; how many keys were not.

    Raises:
        OpError: the dataset is no online store, or a key lacks a column.
    """
    path = Path(folder) / INDEX_FILE
    if not path.is_file():
        raise OpError(
            "invalid_input",
            f"dataset: `{Path(folder).parent.name}@{Path(folder).name}` is no online store",
            "Make one with action `materialize`.",
        )
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        view, listed, count = database.execute("SELECT view, entities, features FROM about").fetchone()
        entities = [str(name) for name in json.loads(listed)]
        found: list[dict[str, Cell]] = []
        missing = 0
        for place, key in enumerate(keys):
            for name in entities:
                require_column(f"keys[{place}]", name, list(key))
            asked = _key([key[name] for name in entities])
            row = database.execute("SELECT event_time, features FROM newest WHERE key = ?", (asked,)).fetchone()
            missing += row is None
            features = {} if row is None else json.loads(row[1])
            moment = {} if row is None else {EVENT_COLUMN: row[0]}
            found.append(
                {**{name: cell(key[name]) for name in entities}, "found": row is not None, **moment, **features}
            )
    return str(view), int(count), found, missing


def _key(values: Sequence[object]) -> str:
    return json.dumps([value if isinstance(value, (int, bool)) else str(value) for value in values], ensure_ascii=False)


def _features(row: Mapping[str, object], names: Sequence[str]) -> str:
    return json.dumps({name: cell(row[name]) for name in names}, ensure_ascii=False)


def _moment(value: object) -> Cell:
    return cell(value)
