"""Files that an export described: read by their datasheet, so that every type and empty text comes back."""

import json
import re
from pathlib import Path
from typing import Any, cast

import polars as pl

from ml_engine.writing.carriers import ISO_DATE, ISO_DATETIME, ISO_ZONED
from ml_engine.writing.datasheet import CONFORMS_TO
from ml_engine.writing.publishing import DATASHEET, sha256

KINDS = ("csv", "tsv", "jsonl", "excel")
TEXT_SEPARATOR = {"csv": ",", "tsv": "\t"}
UNGUARD = r"^'('*[=+\-@\t\r])"
WIDTHS: dict[str, pl.DataType] = {
    str(dtype): dtype
    for dtype in (
        *(pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64()),
        *(pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.Float32(), pl.Float64()),
        *(pl.Boolean(), pl.String(), pl.Date()),
    )
}


def read_described(path: Path) -> pl.DataFrame | None:
    """The table as it was before it was exported; None where `path` has no datasheet beside it, or is not the file
    that it describes any more."""
    sheet = _sheet(path)
    if sheet is None or sheet.get("mle:format") not in KINDS:
        return None
    files = cast("list[dict[str, Any]]", sheet["distribution"])
    if len(files) != 1 or files[0]["sha256"] != sha256(path):
        return None
    fields = cast("list[dict[str, Any]]", sheet["recordSet"][0]["field"])
    frame = _raw(path, str(sheet["mle:format"]), int(sheet["mle:rows"]), fields)
    return frame.select([_restored(frame, field) for field in fields])


def _sheet(path: Path) -> dict[str, Any] | None:
    beside = path.with_name(path.name + DATASHEET)
    if not beside.is_file():
        return None
    try:
        sheet = json.loads(beside.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return None
    ours = isinstance(sheet, dict) and sheet.get("conformsTo") == CONFORMS_TO and "mle:format" in sheet
    return cast("dict[str, Any]", sheet) if ours else None


def _raw(path: Path, kind: str, rows: int, fields: list[dict[str, Any]]) -> pl.DataFrame:
    names = [str(field["name"]) for field in fields]
    headers = [str(field["source"]["extract"]["column"]) for field in fields]
    if kind == "excel":
        floats = {header: pl.Float64() for header, field in zip(headers, fields, strict=True) if _is_float(field)}
        frame = pl.read_excel(
            path,
            engine="calamine",
            infer_schema_length=None,
            schema_overrides=floats,
            drop_empty_rows=False,
            drop_empty_cols=False,
        )
        empty = pl.DataFrame(schema=frame.schema).clear(rows - frame.height)
        frame = pl.concat([frame, empty])
        frame.columns = names
        return frame
    schema = {name: _held(str(field["mle:dtype"])) for name, field in zip(names, fields, strict=True)}
    if kind == "jsonl":
        return pl.read_ndjson(path, schema={name: _wide(dtype) for name, dtype in schema.items()})
    held = dict(zip(headers, schema.values(), strict=True))
    return pl.read_csv(path, schema=held, separator=TEXT_SEPARATOR[kind]).rename(dict(zip(headers, names, strict=True)))


def _is_float(field: dict[str, Any]) -> bool:
    return str(field["mle:dtype"]).startswith("Float")


def _held(dtype: str) -> pl.DataType:
    """The type that text holds a column as: dates and times stay text until their zone is put back."""
    return WIDTHS[dtype] if dtype in WIDTHS and dtype != "Date" else pl.String()


def _wide(dtype: pl.DataType) -> pl.DataType:
    """The type that Polars' reader of JSON Lines, which has one width of each, reads a column as."""
    return pl.Int64() if dtype.is_integer() else pl.Float64() if dtype.is_float() else dtype


def dtype_of(name: str) -> pl.DataType:
    """The type that `roles.dtype_name` has this name for.

    Raises:
        KeyError: a stored dataset has no such type.
    """
    zoned = re.fullmatch(r"Datetime(?:\[(.+)\])?", name)
    return pl.Datetime("us", zoned.group(1)) if zoned else WIDTHS[name]


def _restored(frame: pl.DataFrame, field: dict[str, Any]) -> pl.Expr:
    name, wanted = str(field["name"]), dtype_of(str(field["mle:dtype"]))
    values, held = pl.col(name), frame.schema[name]
    if field.get("mle:guarded"):
        values = values.str.replace(UNGUARD, "$1")
    if held == pl.String and isinstance(wanted, pl.Date):
        return values.str.to_date(ISO_DATE)
    if held == pl.String and isinstance(wanted, pl.Datetime):
        if wanted.time_zone is None:
            return values.str.to_datetime(ISO_DATETIME, time_unit="us")
        return values.str.to_datetime(ISO_ZONED, time_unit="us").dt.convert_time_zone(wanted.time_zone)
    return values.cast(wanted)
