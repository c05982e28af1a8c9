"""Which files a source means, and what is in them by content before name."""

from pathlib import Path

from ml_engine.errors import OpError

SUFFIXES_OF = {
    "csv": (".csv", ".tsv", ".tab", ".txt", ".data"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet", ".pq"),
    "arrow": (".arrow", ".feather", ".ipc"),
    "excel": (".xlsx", ".xls", ".xlsb", ".ods"),
}
SUFFIXES = {suffix: kind for kind, suffixes in SUFFIXES_OF.items() for suffix in suffixes}
MAGIC = ((b"PAR1", "parquet"), (b"ARROW1", "arrow"), (b"PK\x03\x04", "excel"), (b"\xd0\xcf\x11\xe0", "excel"))
REFUSED_MAGIC = (
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"SQLite format 3", "an SQLite database"),
)
READABLE = "CSV, TSV, JSON, JSON Lines, Parquet, Arrow/Feather, Excel"


def find_files(source: str, field: str) -> list[Path]:
    """The file at `source`, the data files of the folder there, or what the glob matches, by name.

    Raises:
        OpError: `not_found` where there is none.
    """
    path = Path(source)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(child for child in path.iterdir() if child.is_file() and child.suffix.lower() in SUFFIXES)
        if not found:
            raise OpError("not_found", f"{field}: the folder `{path.name}` has no data file", f"Readable: {READABLE}.")
        return found
    found = sorted(match for match in Path(path.anchor).glob(str(path.relative_to(path.anchor))) if match.is_file())
    if not found:
        raise OpError(
            "not_found",
            f"{field}: there is no file `{path.name}`",
            "Check the path, or use `sample:iris` to try something out.",
        )
    return found


def kind_of(path: Path, field: str) -> str:
    """`csv`, `json`, `jsonl`, `parquet`, `arrow` or `excel`.

    Raises:
        OpError: it is something that is no table, or not what its name says.
    """
    with path.open("rb") as file:
        head = file.read(16)
    for magic, what in REFUSED_MAGIC:
        if head.startswith(magic):
            raise OpError("invalid_input", f"{field}: `{path.name}` is {what}, not a table", f"Readable: {READABLE}.")
    by_magic = next((kind for magic, kind in MAGIC if head.startswith(magic)), None)
    by_suffix = SUFFIXES.get(path.suffix.lower())
    if by_suffix in ("parquet", "arrow", "excel") and by_magic is None:
        raise OpError(
            "invalid_input", f"{field}: `{path.name}` is empty or no {by_suffix} file", f"Readable: {READABLE}."
        )
    if by_magic is not None:
        return by_magic
    if by_suffix is None and head.lstrip()[:1] in (b"[", b"{"):
        return "json" if head.lstrip()[:1] == b"[" else "jsonl"
    return by_suffix or "csv"
