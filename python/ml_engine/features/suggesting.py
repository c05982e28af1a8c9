"""Candidates for features: deep feature synthesis over related datasets, screened by what they tell of a target."""

import warnings as python_warnings
from typing import Any

import numpy as np
import polars as pl

from ml_engine.cells import preview
from ml_engine.contract.features import Candidate, DefineParams, DefineResult
from ml_engine.errors import OpError
from ml_engine.features.moments import on_one_clock
from ml_engine.features.synthesis import Entity, Kind, Made, Relation, Synthesis
from ml_engine.job import Job
from ml_engine.names import require_column
from ml_engine.tables import Table, read_table, stage_dataset

FEW_LEVELS = 50
MOST_MISSING = 0.95
SAME = 0.999
SCREENED_ROWS = 20_000


def suggest(params: DefineParams, table: Table, job: Job) -> DefineResult:
    """Makes the candidates for the rows of `source`, ranks them, and stages those worth keeping as a dataset.

    Raises:
        OpError: a related dataset shares no key with another, or the source's key is not unique.
    """
    if len(params["entities"]) != 1:
        raise OpError("invalid_input", "entities: `suggest` needs the one column that identifies a row of `source`")
    key = require_column("entities", params["entities"][0], table.frame.columns)
    target = params.get("target")
    if target is not None:
        require_column("target", target, table.frame.columns)
    warnings = list(table.warnings)
    tables = {_stem(table.name): table, **{_stem(one.name): one for one in _related(params)}}
    first = next(iter(tables))
    kept = _known_by_then(tables, first, key, params.get("event_time"), warnings)
    synthesis = _synthesis(kept, first, key, {target, params.get("event_time")} - {None}, warnings)
    job.progress(1, 3, "stacking primitives")
    made = synthesis.run(first, params["depth"])
    frame = synthesis.entities[first].frame
    job.progress(2, 3, "screening")
    candidates = _screen(frame, made, None if target is None else table.frame[target], params["seed"])
    columns = [key, *[one["feature"] for one in candidates if one["kept"]], *([target] if target else [])]
    ready = table.frame.select([key, *([target] if target else [])]).join(
        frame.select([key, *[one["feature"] for one in candidates if one["kept"]]]), on=key, how="left"
    )
    staged = stage_dataset(job, ready.select(columns), name=params["name"], source=f"deep features of {table.name}")
    return {
        "view": None,
        "definition": None,
        "source": table.name,
        "entities": [key],
        "rows": ready.height,
        "features": [],
        "failed_tests": [],
        "preview": preview(ready.select(columns)),
        "candidates": candidates,
        "dataset": staged,
        "warnings": warnings,
    }


def _related(params: DefineParams) -> list[Table]:
    return [read_table(path, f"related[{place}]") for place, path in enumerate(params["related"])]


def _stem(name: str) -> str:
    return name.partition("@")[0].partition(".")[0]


def _known_by_then(
    tables: dict[str, Table], first: str, key: str, time: str | None, warnings: list[str]
) -> dict[str, pl.DataFrame]:
    """The tables without rows that came after the moment of the source's row they belong to."""
    frames = {name: table.frame for name, table in tables.items()}
    if time is None:
        return frames
    require_column("event_time", time, frames[first].columns)
    cutoffs = {
        first: frames[first].select(key, on_one_clock(frames[first][time], "event_time", []).alias("\x00cutoff"))
    }
    keys = {first: key}
    open_tables = [first]
    while open_tables:
        parent = open_tables.pop()
        for name, frame in frames.items():
            if name in cutoffs or keys[parent] not in frame.columns:
                continue
            own = _time_column(frame)
            cut = frame.join(cutoffs[parent], on=keys[parent], how="left")
            if own is None:
                warnings.append(f"`{name}` has no one time column: all its rows count, later ones too.")
            else:
                moments = on_one_clock(cut[own], "related", [])
                cut = cut.filter((moments <= cut["\x00cutoff"]).fill_null(value=False))
            frames[name] = cut.drop("\x00cutoff")
            index = _index_of(frame, keys[parent])
            if index is not None:
                cutoffs[name], keys[name] = cut.select(index, "\x00cutoff"), index
                open_tables.append(name)
    return frames


def _time_column(frame: pl.DataFrame) -> str | None:
    times = [name for name, dtype in frame.schema.items() if dtype.is_temporal()]
    return times[0] if len(times) == 1 else None


def _index_of(frame: pl.DataFrame, other_than: str) -> str | None:
    """The first column that identifies each row."""
    for column in frame.get_columns():
        could_be = column.name != other_than and not (column.dtype.is_float() or column.dtype.is_temporal())
        if could_be and column.null_count() == 0 and column.n_unique() == frame.height:
            return column.name
    return None


def _synthesis(
    frames: dict[str, pl.DataFrame], first: str, key: str, left_out: set[str | None], warnings: list[str]
) -> Synthesis:
    if frames[first][key].null_count() or frames[first][key].n_unique() < frames[first].height:
        raise OpError("invalid_input", f"entities: `{key}` does not identify each row of `{first}`")
    keys = {first: key}
    for name, frame in frames.items():
        if name != first:
            index = _index_of(frame, key)
            keys[name] = index or "\x00row"
            frames[name] = frame if index else frame.with_row_index("\x00row")
    relations = [
        Relation(child, keys[parent], parent)
        for child, frame in frames.items()
        for parent in frames
        if child != parent and keys[parent] in frame.columns and keys[parent] != keys[child]
    ]
    alone = [name for name in frames if name != first and not any(name in (one.child, one.parent) for one in relations)]
    if alone:
        known = ", ".join(f"`{column}` of {name}" for name, column in keys.items() if name not in alone)
        raise OpError(
            "invalid_input", f"related: `{alone[0]}` has no key of another table", f"Keys: {known}. Rename its column."
        )
    foreign = {(one.child, one.column) for one in relations}
    entities = {
        name: Entity(name, frame, keys[name], _kinds(name, frame, foreign, left_out if name == first else set()))
        for name, frame in frames.items()
    }
    warnings.append(
        f"Relations: {', '.join(f'{one.child}.{one.column} → {one.parent}' for one in relations) or 'none'}."
    )
    return Synthesis(entities, relations)


def _kinds(name: str, frame: pl.DataFrame, foreign: set[tuple[str, str]], left_out: set[str | None]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for column in frame.get_columns():
        if column.name in left_out or column.name.startswith("\x00"):
            continue
        if (name, column.name) in foreign and column.dtype != pl.String:
            kinds[column.name] = "key"
        elif column.dtype == pl.Boolean:
            kinds[column.name] = "boolean"
        elif column.dtype.is_numeric():
            kinds[column.name] = "numeric"
        elif column.dtype.is_temporal():
            kinds[column.name] = "time"
        elif column.dtype == pl.String:
            few = column.n_unique() <= max(FEW_LEVELS, 0.05 * len(column))
            kinds[column.name] = "category" if few or (name, column.name) in foreign else "text"
    return kinds


def _screen(frame: pl.DataFrame, made: list[Made], target: pl.Series | None, seed: int) -> list[Candidate]:
    """Leaves out what is constant, almost always missing, or another candidate over again; ranks the rest."""
    usable = [one for one in made if one.kind not in ("key", "text")]
    kept: list[Made] = []
    numbers: list[np.ndarray] = []
    dropped: list[str] = []
    for one in usable:
        column = frame[one.name]
        if column.null_count() > MOST_MISSING * len(column) or column.drop_nulls().n_unique() <= 1:
            dropped.append(one.name)
            continue
        codes = _codes(column)
        if any(_same(codes, other) for other in numbers):
            dropped.append(one.name)
            continue
        kept.append(one)
        numbers.append(codes)
    scores = [None] * len(kept) if target is None else _informative(kept, numbers, target, seed)
    ranked: list[Candidate] = [
        {"feature": one.name, "score": score, "kept": score is None or score > 0}
        for one, score in zip(kept, scores, strict=True)
    ]
    ranked.sort(key=lambda one: -(one["score"] or 0.0))
    return [*ranked, *({"feature": name, "score": None, "kept": False} for name in dropped)]


def _codes(column: pl.Series) -> np.ndarray:
    """Numbers as they are, missing as the median; levels as their rank."""
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        return column.cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.float64)
    values = column.cast(pl.Float64)
    return values.fill_null(values.median()).fill_nan(0.0).to_numpy()


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    spread = a.std() * b.std()
    return bool(spread > 0 and abs(float(((a - a.mean()) * (b - b.mean())).mean()) / spread) > SAME)


def _informative(kept: list[Made], numbers: list[np.ndarray], target: pl.Series, seed: int) -> list[float | None]:
    """Mutual information with the target in nats (Kraskov et al. 2004, as scikit-learn estimates it)."""
    from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

    known = target.is_not_null().to_numpy()
    rows = np.flatnonzero(known)
    if len(rows) > SCREENED_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, SCREENED_ROWS, replace=False))
    labels = target.gather(rows)
    classes = not labels.dtype.is_float() and labels.n_unique() <= FEW_LEVELS
    measure: Any = mutual_info_classif if classes else mutual_info_regression
    truth = labels.cast(pl.String).to_numpy().astype(str) if classes else labels.cast(pl.Float64).to_numpy()
    discrete = np.array([one.kind == "category" for one in kept])
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")
        scores = measure(np.column_stack(numbers)[rows], truth, discrete_features=discrete, random_state=seed)
    return [round(float(score), 6) for score in scores]
