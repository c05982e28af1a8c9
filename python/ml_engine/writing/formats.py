"""Which formats a table can be written as, and which of them a path means."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ml_engine.errors import OpError
from ml_engine.names import nearest

FormatName = Literal[
    "csv",
    "tsv",
    "jsonl",
    "parquet",
    "arrow",
    "excel",
    "sqlite",
    "duckdb",
    "lance",
    "delta",
    "huggingface",
    "postgresql",
]
PACKED = {".gz": "gzip", ".zst": "zstd"}
TEXT_PACKING = ("none", "gzip", "zstd")


@dataclass(frozen=True)
class Format:
    """What one format is written as."""

    name: FormatName
    suffixes: tuple[str, ...]
    place: Literal["file", "folder", "database"]
    compressions: tuple[str, ...] = ()
    """What it can be compressed with, its default first."""
    partitioned: bool = False
    mime: str = "application/octet-stream"


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("csv", (".csv", ".txt"), "file", TEXT_PACKING, partitioned=True, mime="text/csv"),
        Format("tsv", (".tsv", ".tab"), "file", TEXT_PACKING, partitioned=True, mime="text/tab-separated-values"),
        Format("jsonl", (".jsonl", ".ndjson"), "file", TEXT_PACKING, partitioned=True, mime="application/jsonlines"),
        Format(
            "parquet",
            (".parquet", ".pq"),
            "file",
            ("zstd", "snappy", "gzip", "lz4", "none"),
            partitioned=True,
            mime="application/vnd.apache.parquet",
        ),
        Format(
            "arrow",
            (".arrow", ".feather", ".ipc"),
            "file",
            ("none", "lz4", "zstd"),
            partitioned=True,
            mime="application/vnd.apache.arrow.file",
        ),
        Format(
            "excel",
            (".xlsx",),
            "file",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        Format("sqlite", (".sqlite", ".sqlite3", ".db"), "file", mime="application/vnd.sqlite3"),
        Format("duckdb", (".duckdb", ".ddb"), "file"),
        Format("lance", (".lance",), "folder"),
        Format("delta", (".delta",), "folder", partitioned=True),
        Format("huggingface", (), "folder", ("zstd", "snappy", "gzip", "lz4", "none")),
        Format("postgresql", (), "database"),
    )
}
SUFFIXES = {suffix: one for one in FORMATS.values() for suffix in one.suffixes}


def is_address(path: str) -> bool:
    """Whether a target is a database's address rather than a path."""
    return path.lower().startswith(("postgresql://", "postgres://"))


def choose_format(path: str, wanted: str | None) -> Format:
    """The format asked for, else the one that the path's ending means.

    Raises:
        OpError: neither says one, or the two cannot go together.
    """
    if is_address(path) != (wanted == "postgresql") and (wanted is not None or is_address(path)):
        if wanted is None:
            return FORMATS["postgresql"]
        raise OpError(
            "invalid_input",
            f"format: `{wanted}` does not go with that path",
            "A postgresql:// address is written as a table; every other format is a file or a folder.",
        )
    if wanted is not None:
        return FORMATS[wanted]
    name = Path(path).name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    suffix = Path(name).suffix
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    guess = nearest(suffix, SUFFIXES) if suffix else None
    suggestion = f"; did you mean `{guess}`?" if guess else ""
    raise OpError(
        "invalid_input",
        f"path: no format has the ending `{suffix}`{suggestion}"
        if suffix
        else "path: it has no ending to tell a format by",
        f"Endings: {', '.join(SUFFIXES)}; or say `format`: {', '.join(FORMATS)}.",
    )


def choose_compression(path: str, chosen: Format, wanted: str | None) -> str | None:
    """What the file is compressed with: as asked, as the ending says, or the format's default; None where it has none.

    Raises:
        OpError: the format cannot be compressed so, or the ending says otherwise.
    """
    by_ending = next((packing for suffix, packing in PACKED.items() if path.lower().endswith(suffix)), None)
    if wanted is not None and wanted not in chosen.compressions:
        listed = ", ".join(chosen.compressions) or "none of its own: leave `compression` out"
        guess = nearest(wanted, chosen.compressions)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError("invalid_input", f"compression: {chosen.name} has no `{wanted}`{suggestion}", f"It has {listed}.")
    if by_ending is not None and chosen.compressions != TEXT_PACKING:
        raise OpError(
            "invalid_input", f"path: {chosen.name} is not packed into `{Path(path).suffix}`", "Leave that ending out."
        )
    if by_ending is not None and wanted not in (None, by_ending):
        raise OpError(
            "invalid_input",
            f"compression: `{wanted}`, but the path ends in `{Path(path).suffix}`",
            "Leave one of them out.",
        )
    return wanted or by_ending or (chosen.compressions[0] if chosen.compressions else None)
