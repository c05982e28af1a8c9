"""One table from a file, several files of one shape, or a sample, whatever the format."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import fastexcel
import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import nearest
from ml_engine.reading.delimited import RawTable, locate, long_values, read_delimited
from ml_engine.reading.described import read_described
from ml_engine.reading.dialect import unique_names
from ml_engine.reading.files import READABLE, find_files, kind_of
from ml_engine.reading.inference import Found, as_type, blank_to_null, check_types, find_type
from ml_engine.reading.json_text import read_json, read_json_lines
from ml_engine.reading.options import Reading, ReadOptions, Reject
from ml_engine.reading.samples import PREFIX, read_sample


def read_source(source: str, options: ReadOptions, field: str) -> Reading:
    """The table at `source`: an absolute path of a file or folder, a glob pattern, or `sample:<name>`.

    Raises:
        OpError: naming `field`: nothing there, nothing readable, or files of different shapes.
    """
    if source.startswith(PREFIX):
        frame = read_sample(source, field)
        check_types(options, frame.columns)
        return Reading(frame, "sample", 1, [], [], {})
    paths = find_files(source, field)
    described = read_described(paths[0]) if len(paths) == 1 and options == ReadOptions() else None
    if described is not None:
        return Reading(described, "described", 1, [], [], {})
    kinds = {path: kind_of(path, field) for path in paths}
    if len(set(kinds.values())) > 1:
        other = next(path for path in paths if kinds[path] != kinds[paths[0]])
        raise OpError(
            "invalid_input",
            f"{field}: `{paths[0].name}` is {kinds[paths[0]]} but `{other.name}` is {kinds[other]}",
            "Give files of one format.",
        )
    kind = kinds[paths[0]]
    with TemporaryDirectory() as scratch:
        if kind == "csv":
            return _read_text(paths, options, Path(scratch), field)
        return _read_typed(paths, kind, options, field)


def _read_text(paths: list[Path], options: ReadOptions, scratch: Path, field: str) -> Reading:
    raws = [read_delimited(path, options, scratch, field) for path in paths]
    _same_columns([(raw.path, raw.dialect.names) for raw in raws], field)
    names = raws[0].dialect.names
    check_types(options, names)
    frame = pl.concat([raw.frame.select(names) for raw in raws], rechunk=True)
    warnings = [warning for raw in raws[:1] for warning in (*raw.text.warnings, *raw.dialect.warnings)] + long_values(
        frame
    )
    frame, warned = _without_initial_space(frame)
    frame, met = blank_to_null(frame, options.null_tokens)
    delimiter = raws[0].dialect.delimiter
    columns: list[pl.Series] = []
    found_warnings: list[str] = []
    comma = options.decimal == ","
    for column in frame.get_columns():
        if column.name in options.types:
            columns.append(as_type(column, options.types[column.name], options.decimal))
            continue
        found = find_type(column, options.decimal, delimiter)
        columns.append(found.column)
        comma = comma or found.decimal_comma
        found_warnings += [found.warning] if found.warning else []
    typed_frame = pl.DataFrame(columns)
    typed_frame, rejects = _put_aside(frame, typed_frame, options, _finder(raws))
    dialect = {
        "delimiter": delimiter,
        "encoding": raws[0].text.encoding,
        "quote": raws[0].dialect.quote,
        "decimal": "," if comma else ".",
        "header": "yes" if raws[0].dialect.header else "no",
    }
    all_rejects = sorted(
        [reject for raw in raws for reject in raw.rejects] + rejects, key=lambda reject: (reject.file, reject.line)
    )
    return Reading(typed_frame, "csv", len(paths), all_rejects, warnings + warned + met + found_warnings, dialect)


def _without_initial_space(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    share = frame.select(pl.all().str.starts_with(" ").mean().fill_null(0.0)).row(0)
    spaced = [name for name, value in zip(frame.columns, share, strict=True) if value == 1.0]
    if not spaced:
        return frame, []
    return frame.with_columns(pl.col(spaced).str.strip_chars()), ["Blanks after the delimiter were removed."]


def _finder(raws: list[RawTable]) -> Callable[[list[int]], list[tuple[str, int, str]]]:
    def find(rows: list[int]) -> list[tuple[str, int, str]]:
        found: list[tuple[str, int, str]] = []
        start = 0
        for raw in raws:
            own = {row - start for row in rows if start <= row < start + raw.frame.height}
            places = locate(raw, own) if own else {}
            found += [(raw.path.name, *places.get(row, (0, ""))) for row in sorted(own)]
            start += raw.frame.height
        return found

    return find


def _put_aside(
    before: pl.DataFrame,
    after: pl.DataFrame,
    options: ReadOptions,
    find: Callable[[list[int]], list[tuple[str, int, str]]],
) -> tuple[pl.DataFrame, list[Reject]]:
    """Takes out the rows where a value cannot be read as the type it was said to have."""
    bad = {name: (after[name].is_null() & before[name].is_not_null()) for name in options.types}
    if not any(flags.any() for flags in bad.values()):
        return after, []
    row_is_bad = pl.select(pl.any_horizontal(list(bad.values()))).to_series()
    rows = [int(row) for row in row_is_bad.arg_true()]
    first = [next(name for name, flags in bad.items() if flags[row]) for row in rows]
    rejects = [
        Reject(file, line, f"`{name}`: `{str(before[name][row])[:60]}` is no {options.types[name]}", raw)
        for row, name, (file, line, raw) in zip(rows, first, find(rows), strict=True)
    ]
    if len(rejects) == after.height:
        raise OpError(
            "invalid_input",
            f"types: no row is left; line {rejects[0].line}: {rejects[0].reason}",
            "Change the type, or leave it out to have it found.",
        )
    return after.filter(~row_is_bad), rejects


def _read_typed(paths: list[Path], kind: str, options: ReadOptions, field: str) -> Reading:
    frames: list[pl.DataFrame] = []
    rejects: list[Reject] = []
    for path in paths:
        frame, bad = _read_one(path, kind, options, field)
        frames.append(frame)
        rejects += bad
    _same_columns([(path, frame.columns) for path, frame in zip(paths, frames, strict=True)], field)
    try:
        frame = pl.concat([one.select(frames[0].columns) for one in frames], how="vertical_relaxed", rechunk=True)
    except pl.exceptions.PolarsError as error:
        raise OpError(
            "invalid_input",
            f"{field}: the files' columns have types that do not go together",
            "Give files of one shape.",
        ) from error
    names, warnings = unique_names(frame.columns)
    frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    if frame.height == 0 or frame.width == 0:
        raise OpError("invalid_input", f"{field}: `{paths[0].name}` has no rows", "Give a file with at least one row.")
    check_types(options, names)
    met: list[str] = []
    before = frame
    if kind in ("excel", "json", "jsonl"):
        frame, met = blank_to_null(frame, options.null_tokens)
        before = frame
        for column in [
            column for column in frame.get_columns() if column.dtype == pl.String and column.name not in options.types
        ]:
            found = find_type(column, None, ",") if kind == "excel" else _only_dates(column)
            frame = frame.with_columns(found.column)
            warnings += [found.warning] if found.warning else []
    frame = frame.with_columns(
        [as_type(frame[name], wanted, options.decimal) for name, wanted in options.types.items()]
    )
    frame, more = _put_aside(
        before,
        frame,
        options,
        lambda rows: [
            (paths[0].name, row + 1, json.dumps(before.row(row, named=True), default=str, ensure_ascii=False))
            for row in rows
        ],
    )
    return Reading(frame, kind, len(paths), rejects + more, warnings + met + long_values(frame), {})


def _only_dates(column: pl.Series) -> Found:
    numbers = column.drop_nulls().str.strip_chars().cast(pl.Float64, strict=False)
    return Found(column) if numbers.null_count() < len(numbers) else find_type(column, None, ",")


def _read_one(path: Path, kind: str, options: ReadOptions, field: str) -> tuple[pl.DataFrame, list[Reject]]:
    try:
        if kind == "parquet":
            return pl.read_parquet(path, hive_partitioning=False), []
        if kind == "arrow":
            return pl.read_ipc(path), []
        if kind == "excel":
            return _read_excel(path, options), []
    except (pl.exceptions.PolarsError, fastexcel.FastExcelError, OSError, ValueError, RuntimeError) as error:
        raise OpError(
            "invalid_input",
            f"{field}: `{path.name}` cannot be read as {kind}; it is damaged or something else",
            f"Readable: {READABLE}.",
        ) from error
    return read_json(path, field) if kind == "json" else read_json_lines(path, field)


def _read_excel(path: Path, options: ReadOptions) -> pl.DataFrame:
    sheets = fastexcel.read_excel(path).sheet_names
    if options.sheet is not None and options.sheet not in sheets:
        guess = nearest(options.sheet, sheets)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError(
            "not_found", f"dialect.sheet: no sheet `{options.sheet}`{suggestion}", f"Sheets: {', '.join(sheets[:20])}."
        )
    sheet = options.sheet or sheets[0]
    return pl.read_excel(path, sheet_name=sheet, engine="calamine", infer_schema_length=None)


def _same_columns(found: list[tuple[Path, list[str]]], field: str) -> None:
    first, names = found[0]
    for path, others in found[1:]:
        lacking = [name for name in names if name not in others]
        extra = [name for name in others if name not in names]
        if lacking or extra:
            what = f"has no `{lacking[0]}`" if lacking else f"has a column `{extra[0]}` more"
            raise OpError(
                "invalid_input",
                f"{field}: `{path.name}` {what} than `{first.name}`"
                if extra and not lacking
                else f"{field}: `{path.name}` {what}, which `{first.name}` has",
                "Give files of one shape, or ingest them apart.",
            )
