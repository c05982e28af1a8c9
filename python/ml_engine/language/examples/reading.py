"""Examples out of a registered dataset or a file, in whichever format they are."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import polars as pl

from ml_engine.errors import OpError
from ml_engine.integrity import sha256_of
from ml_engine.language.examples.example import Example, MalformedError
from ml_engine.language.examples.formats import FORMATS, KEPT, Format, FormatSpec, Kind
from ml_engine.language.examples.messages import opened
from ml_engine.names import require_column
from ml_engine.reading.formats import read_source
from ml_engine.reading.options import ReadOptions
from ml_engine.tables import MANIFEST_FILE, Table, read_table

NESTED = {"messages", "conversations", "history", KEPT}
HINT = "Formats: " + ", ".join(f"{spec.name} ({', '.join(spec.needs)})" for spec in FORMATS.values()) + "."


@dataclass(frozen=True)
class Bad:
    """A row that holds no example: its number from 0, and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class Examples:
    """What a dataset holds. `rows[i]` is the row, from 0, that `examples[i]` came from."""

    name: str
    """`name@version`, or the file's name."""
    hash: str
    format: Format
    examples: Sequence[Example]
    rows: Sequence[int]
    bad: Sequence[Bad]
    warnings: Sequence[str]
    contains_pii: bool = False

    @property
    def kind(self) -> Kind:
        """What can be learnt from them."""
        return FORMATS[self.format].kind

    @property
    def given(self) -> int:
        """Rows of the dataset."""
        return len(self.rows) + len(self.bad)


def read_examples(
    path: str, field: str = "dataset", form: Format | None = None, names: Mapping[str, str] | None = None
) -> Examples:
    """The examples at `path`, a registered dataset's folder or a file.

    Args:
        form: Its format; found out from the columns where None.
        names: A format's column to the column that plays its part, as `{"prompt": "question"}`.

    Raises:
        OpError: naming `field`: nothing there, or no format that has such columns.
    """
    found = _table(Path(path), field)
    known = list(found.names)
    for part, column in (names or {}).items():
        require_column(f"columns.{part}", column, known)
    calls = {column: part for part, column in (names or {}).items()}
    spec = FORMATS[form] if form else _detected([calls.get(name, name) for name in known], known, field)
    missing = [name for name in spec.needs if name not in {calls.get(one, one) for one in known}]
    if missing:
        raise OpError(
            "invalid_input",
            f"{field}: format {spec.name} needs a column `{missing[0]}`",
            f"There are {', '.join(known)}; `columns` says which plays its part. {HINT}",
        )
    examples: list[Example] = []
    rows: list[int] = []
    bad = list(found.bad)
    for at, row in found.rows:
        try:
            examples.append(_example(spec, {calls.get(name, name): value for name, value in row.items()}))
        except MalformedError as error:
            bad.append(Bad(at, str(error)))
        else:
            rows.append(at)
    pii = found.contains_pii
    return Examples(found.name, found.hash, spec.name, examples, rows, bad, found.warnings, pii)


@dataclass(frozen=True)
class _Found:
    name: str
    hash: str
    names: Sequence[str]
    rows: Iterator[tuple[int, dict[str, Any]]]
    bad: Sequence[Bad]
    warnings: Sequence[str]
    contains_pii: bool


def _table(path: Path, field: str) -> _Found:
    if path.suffix in (".jsonl", ".ndjson") and path.is_file():
        return _json_lines(path, field)
    table = read_table(str(path), field) if (path / MANIFEST_FILE).is_file() or path.is_dir() else _texts(path, field)
    frame = table.frame
    numbers = [name for name, dtype in frame.schema.items() if dtype.is_float() or dtype.is_temporal()]
    parts = {name for spec in FORMATS.values() for name in spec.columns}
    said = [
        f"`{name}` is stored as {frame.schema[name]}, not as text: how it was written may be lost. Prepare the file."
        for name in numbers
        if name in parts
    ]
    frame = frame.with_columns(
        pl.col(name).cast(pl.String) for name, dtype in frame.schema.items() if dtype.is_temporal()
    )
    rows = enumerate(frame.iter_rows(named=True))
    return _Found(table.name, table.hash, frame.columns, rows, [], [*table.warnings, *said], table.contains_pii)


def _texts(path: Path, field: str) -> Table:
    """A file's table with every cell as it is written: an answer `NA` or `007` is not a missing value or a number."""
    if not path.is_file():
        return read_table(str(path), field)
    with TemporaryDirectory() as scratch:
        for part in ("names", "texts"):
            (Path(scratch) / part).mkdir()
        first = read_source(str(path), ReadOptions(), field, Path(scratch) / "names")
        options = ReadOptions(text=frozenset(first.missing), null_tokens=())
        reading = read_source(str(path), options, field, Path(scratch) / "texts")
        frame = reading.frame()
    left_out = [f"{reading.rejected_rows} bad rows were left out."] if reading.rejected_rows else []
    return Table(frame, [], path.name, reading.hash, warnings=(*reading.warnings, *left_out))


def _json_lines(path: Path, field: str) -> _Found:
    """JSON Lines as they are: nested lists stay lists, texts stay texts, a line that is not UTF-8 is a bad row."""
    rows: list[tuple[int, dict[str, Any]]] = []
    bad: list[Bad] = []
    names: dict[str, None] = {}
    with path.open("rb") as lines:
        for at, line in enumerate(line for line in lines if line.strip()):
            try:
                found: object = json.loads(line.decode("utf-8-sig" if at == 0 else "utf-8"))
            except UnicodeDecodeError:
                bad.append(Bad(at, "not UTF-8"))
                continue
            except json.JSONDecodeError:
                found = None
            if not isinstance(found, dict):
                bad.append(Bad(at, "no JSON object"))
                continue
            row = cast(dict[str, Any], found)
            names.update(dict.fromkeys(row))
            rows.append((at, row))
    if not rows:
        raise OpError("invalid_input", f"{field}: `{path.name}` holds no JSON object", "Give one object a line.")
    return _Found(path.name, sha256_of(path), list(names), iter(rows), bad, [], contains_pii=False)


def _detected(names: Sequence[str], known: Sequence[str], field: str) -> FormatSpec:
    spec = next((spec for spec in FORMATS.values() if set(spec.needs) <= set(names)), None)
    if spec is None:
        raise OpError(
            "invalid_input",
            f"{field}: its columns ({', '.join(known[:12])}) are of no format of examples",
            f"`columns` says which play its parts, as {{prompt: 'question', completion: 'answer'}}. {HINT}",
        )
    return spec


def _example(spec: FormatSpec, row: dict[str, Any]) -> Example:
    cells = {name: opened(value) if name in NESTED else value for name, value in row.items()}
    if spec.name == "sharegpt" and _said_in_roles(cells["conversations"]):
        spec = FORMATS["messages"]
        cells = {"messages": cells.pop("conversations"), **cells}
    elif spec.name == "messages" and _said_by_speakers(cells["messages"]):
        spec = FORMATS["sharegpt"]
        cells = {"conversations": cells.pop("messages"), **cells}
    if not all(name in cells for name in spec.needs):
        raise MalformedError(f"no {next(name for name in spec.needs if name not in cells)}")
    others = {name: value for name, value in cells.items() if name not in spec.columns and name != KEPT}
    return replace(spec.read(cells), columns=others)


def _first(turns: Any) -> dict[str, Any]:
    listed = isinstance(turns, list) and turns and isinstance(turns[0], dict)
    return cast(dict[str, Any], turns[0]) if listed else {}


def _said_in_roles(turns: Any) -> bool:
    return "role" in _first(turns)


def _said_by_speakers(turns: Any) -> bool:
    return "from" in _first(turns)
