"""Which files a source means, and what is in them by content before name."""

from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote

from ml_engine.errors import OpError

SUFFIXES_OF = {
    "csv": (".csv", ".tsv", ".tab", ".txt", ".data"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet", ".pq"),
    "arrow": (".arrow", ".feather", ".ipc", ".arrows"),
    "avro": (".avro",),
    "orc": (".orc",),
    "excel": (".xlsx", ".xls", ".xlsb", ".ods"),
    "sqlite": (".sqlite", ".sqlite3", ".db"),
    "duckdb": (".duckdb", ".ddb"),
}
SUFFIXES = {suffix: kind for kind, suffixes in SUFFIXES_OF.items() for suffix in suffixes}
COMPRESSED = (".gz", ".zst", ".bz2", ".zip")
MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"Obj\x01", "avro"),
    (b"ORC", "orc"),
    (b"PK\x03\x04", "excel"),
    (b"\xd0\xcf\x11\xe0", "excel"),
    (b"SQLite format 3", "sqlite"),
)
DUCKDB_MAGIC = b"DUCK"
REFUSED_MAGIC = (
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"%PDF", "a PDF"),
)
READABLE = (
    "CSV, TSV, JSON, JSON Lines, Parquet, Arrow/Feather, Avro, ORC, Excel, SQLite, DuckDB; "
    "text also as .gz, .zst, .bz2 or .zip"
)
DESCRIPTIONS = frozenset({"dataset_info.json", "dataset_infos.json", "state.json", "dataset_dict.json"})
"""Files that Hugging Face's `datasets` writes beside the data."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def find_files(source: str, field: str) -> list[Path]:
    """The file at `source`, the data files of the folder there, of its `data` or `key=value` folders, or of the glob.

    By path, in order.

    Raises:
        OpError: `not_found` where there is none.
    """
    path = Path(source)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(child for child in path.iterdir() if _is_data(child))
        found = found or sorted(child for child in (path / "data").glob("*") if _is_data(child))
        found = found or sorted(
            child
            for child in path.rglob("*")
            if _is_data(child) and all("=" in part for part in child.relative_to(path).parts[:-1])
        )
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


def partition_values(path: Path, source: str) -> dict[str, str | None]:
    """What the `key=value` folders between `source`, a folder or glob, and the file at `path` say of it."""
    fixed = Path(*takewhile(lambda part: not any(mark in part for mark in "*?["), Path(source).parts))
    if fixed == path:
        return {}
    pairs = [folder.partition("=") for folder in path.relative_to(fixed).parts[:-1]]
    return {
        unquote(key): None if value == NO_VALUE else unquote(value) for key, equals, value in pairs if key and equals
    }


def kind_of(path: Path, field: str, name: str | None = None) -> str:
    """One of SUFFIXES_OF's kinds; `name` is what the file was called before it was unpacked.

    Raises:
        OpError: it is something that is no table, or not what its name says.
    """
    called = Path(name or path.name)
    with path.open("rb") as file:
        head = file.read(16)
    for magic, what in REFUSED_MAGIC:
        if head.startswith(magic):
            raise OpError("invalid_input", f"{field}: `{called.name}` is {what}, not a table", f"Readable: {READABLE}.")
    by_magic = next((kind for magic, kind in MAGIC if head.startswith(magic)), None)
    if head[8:12] == DUCKDB_MAGIC:
        by_magic = "duckdb"
    by_suffix = SUFFIXES.get(called.suffix.lower())
    if by_suffix not in (None, "csv", "json", "jsonl") and by_magic is None:
        raise OpError(
            "invalid_input", f"{field}: `{called.name}` is empty or no {by_suffix} file", f"Readable: {READABLE}."
        )
    if by_magic is not None:
        return by_magic
    if by_suffix is None and head.lstrip()[:1] in (b"[", b"{"):
        return "json" if head.lstrip()[:1] == b"[" else "jsonl"
    return by_suffix or "csv"


def _is_data(path: Path) -> bool:
    if path.name.startswith((".", "_")) or path.name in DESCRIPTIONS or not path.is_file():
        return False
    plain = Path(path.stem) if path.suffix.lower() in COMPRESSED else path
    return plain.suffix.lower() in SUFFIXES or (path.suffix.lower() in COMPRESSED and not plain.suffix)
