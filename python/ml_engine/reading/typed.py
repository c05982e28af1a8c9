"""Files that say the types of their columns: Parquet, Arrow, Avro, ORC, Excel."""

from collections.abc import Iterator
from pathlib import Path

import fastexcel
import polars as pl
import pyarrow as pa
from pyarrow import orc

from ml_engine.errors import OpError
from ml_engine.names import nearest
from ml_engine.reading.columns import TextRules
from ml_engine.reading.files import READABLE
from ml_engine.reading.options import ReadOptions
from ml_engine.reading.parts import TypedPart, sliced

STREAM_MARK = b"\xff\xff\xff\xff"
DAMAGED = (pl.exceptions.PolarsError, fastexcel.FastExcelError, pa.ArrowException, OSError, ValueError, RuntimeError)


def typed_part(path: Path, name: str, kind: str, options: ReadOptions, field: str) -> TypedPart:
    """The file at `path`, called `name`, as a part of `kind`.

    Raises:
        OpError: it is damaged or something else, or has no such sheet.
    """
    try:
        part = _opened(path, kind, options)
    except DAMAGED as error:
        raise OpError(
            "invalid_input",
            f"{field}: `{name}` cannot be read as {kind}; it is damaged or something else",
            f"Readable: {READABLE}.",
        ) from error
    part.path = Path(name)
    return part


def _opened(path: Path, kind: str, options: ReadOptions) -> TypedPart:
    rows = options.batch_rows
    if kind == "parquet":
        return _lazy(path, kind, pl.scan_parquet(path, hive_partitioning=False), options)
    if kind == "orc":
        file = orc.ORCFile(path)
        empty = pl.DataFrame(file.schema.empty_table())

        def stripes() -> Iterator[pl.DataFrame]:
            for index in range(file.nstripes):
                yield from pl.DataFrame(file.read_stripe(index)).iter_slices(rows)

        return TypedPart(path, kind, empty.schema, stripes, options)
    if kind == "arrow":
        with path.open("rb") as head:
            if head.read(4) != STREAM_MARK:
                return _lazy(path, kind, pl.scan_ipc(path), options)

        def records() -> Iterator[pl.DataFrame]:
            with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
                for batch in reader:
                    yield from pl.DataFrame(batch).iter_slices(rows)

        with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
            schema = pl.DataFrame(reader.schema.empty_table()).schema
        return TypedPart(path, kind, schema, records, options)
    frame = pl.read_avro(path) if kind == "avro" else _read_excel(path, options)
    text = TextRules(options.null_tokens) if kind == "excel" else None
    return TypedPart(path, kind, frame.schema, sliced(frame, rows), options, text)


def _lazy(path: Path, kind: str, frame: pl.LazyFrame, options: ReadOptions) -> TypedPart:
    def batches() -> Iterator[pl.DataFrame]:
        return frame.collect_batches(chunk_size=options.batch_rows, maintain_order=True)

    return TypedPart(path, kind, frame.collect_schema(), batches, options)


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
