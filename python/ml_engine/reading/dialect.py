"""How a delimited text file is written: delimiter, quote, header, column names."""

import csv
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ml_engine.errors import OpError
from ml_engine.reading.options import ReadOptions

SAMPLE_CHARACTERS = 1 << 18
SAMPLE_RECORDS = 500
DELIMITERS = (",", "\t", ";", "|")
NUMBER_OR_DATE = re.compile(r"[+-]?[\d.,]*\d([eE][+-]?\d+)?%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ][\d:.]+Z?)?")
NAME_CHARACTERS = 256

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class Dialect:
    """A file's dialect; `names` are unique and not blank."""

    delimiter: str
    quote: str
    escape: str
    header: bool
    names: list[str]
    warnings: tuple[str, ...]


def find_dialect(path: Path, options: ReadOptions) -> Dialect:
    """The dialect of a UTF-8 file, from its first SAMPLE_RECORDS records and from what `options` says.

    Raises:
        OpError: an option is no single character.
    """
    for field, value in (("delimiter", options.delimiter), ("quote", options.quote)):
        if value is not None and len(value) != 1:
            raise OpError("invalid_input", f"{field}: `{value}` is not one character")
    sample = _sample(path)
    quote = options.quote or _quote(sample)
    # A backslash right before the end of a field is the end of a path, not an escape.
    escaped = re.search(rf"\\{re.escape(quote)}[^,;\t|\r\n]", sample) is not None and f"{quote}{quote}" not in sample
    escape = "\\" if escaped else quote
    delimiter = options.delimiter or _delimiter(sample, quote, path.suffix.lower())
    records = _records(sample, delimiter, quote, escape)
    first = records[0] if records else [""]
    header = options.header if options.header is not None else _has_header(records)
    if not header:
        width = Counter(map(len, records)).most_common(1)[0][0] if records else 1
        return Dialect(
            delimiter,
            quote,
            escape,
            False,
            [f"column_{i}" for i in range(1, width + 1)],
            ("The file has no header line; columns are named column_1 and so on.",),
        )
    names, warnings = unique_names(first)
    return Dialect(delimiter, quote, escape, True, names, tuple(warnings))


def unique_names(raw: list[str]) -> tuple[list[str], list[str]]:
    """Names that are not blank, not repeated and not too long, and a sentence for each one that was changed."""
    names: list[str] = []
    warnings: list[str] = []
    taken = {name.strip() for name in raw}
    for position, given in enumerate(raw, start=1):
        name = given.strip()[:NAME_CHARACTERS]
        chosen, number = name or f"column_{position}", 2
        while chosen in names or (chosen != name and chosen in taken):
            chosen, number = f"{name or 'column'}_{number}", number + 1
        if not name:
            warnings.append(f"Column {position} has no name; it is called `{chosen}`.")
        elif len(given.strip()) > NAME_CHARACTERS:
            warnings.append(f"The name of column {position} is longer than {NAME_CHARACTERS} characters; it was cut.")
        elif chosen != name:
            warnings.append(f"There are several columns `{name}`; column {position} is called `{chosen}`.")
        names.append(chosen)
    return names, warnings


def _sample(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read(SAMPLE_CHARACTERS)
        return text if len(text) < SAMPLE_CHARACTERS else text[: text.rfind("\n") + 1] or text + file.readline()


def _records(sample: str, delimiter: str, quote: str, escape: str) -> list[list[str]]:
    escaped = {"escapechar": escape, "doublequote": False} if escape != quote else {}
    reader = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter, quotechar=quote, **escaped)  # pyright: ignore[reportArgumentType]
    found: list[list[str]] = []
    for record in reader:
        if record:
            found.append(record)
        if len(found) == SAMPLE_RECORDS:
            break
    return found


def _quote(sample: str) -> str:
    single = len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n]|$)", sample, re.MULTILINE))
    double = len(re.findall(r'(?:^|[,;\t|])"[^"\n]*"(?=[,;\t|\r\n]|$)', sample, re.MULTILINE))
    return "'" if single > 2 and double == 0 else '"'


def _delimiter(sample: str, quote: str, suffix: str) -> str:
    def score(delimiter: str) -> tuple[float, bool, int]:
        records = _records(sample, delimiter, quote, quote)
        if not records or len(records[0]) < 2:
            return (0.0, False, 0)
        width = len(records[0])
        agreeing = sum(len(record) == width for record in records) / len(records)
        return (round(agreeing, 2), delimiter == "\t" and suffix == ".tsv", width)

    best = max(DELIMITERS, key=score)
    return best if score(best)[0] > 0 else ","


def _has_header(records: list[list[str]]) -> bool:
    if not records:
        return True
    first = [cell.strip() for cell in records[0]]
    if not any(NUMBER_OR_DATE.fullmatch(cell) for cell in first):
        return True
    if sum(NUMBER_OR_DATE.fullmatch(cell) is not None for cell in first) * 2 > len(first):
        return False
    return all(not NUMBER_OR_DATE.fullmatch(cell) for cell in first if cell) or len(records) == 1
