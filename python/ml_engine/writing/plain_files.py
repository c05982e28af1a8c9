"""CSV, TSV, JSON Lines, Parquet and Arrow: what Polars streams into files by itself."""

from typing import Any

import polars as pl

from ml_engine.writing.output import Output

SUFFIX = {"csv": ".csv", "tsv": ".tsv", "jsonl": ".jsonl", "parquet": ".parquet", "arrow": ".arrow"}
TEXT = ("csv", "tsv", "jsonl")
ENDING = {"gzip": ".gz", "zstd": ".zst"}
UNCOMPRESSED = {"none": "uncompressed"}


def write_plain(output: Output, name: str) -> list[str]:
    """Writes the file, or the folder of `column=value` folders where it is partitioned."""
    packing: Any = UNCOMPRESSED.get(output.compression or "none", output.compression)
    if output.partition_by:
        to: Any = pl.PartitionBy(output.at, key=output.partition_by, include_key=False)
    else:
        to = output.at
    frame = output.frame
    if name == "parquet":
        frame.sink_parquet(to, compression=packing, mkdir=True)
    elif name == "arrow":
        frame.sink_ipc(to, compression=packing, mkdir=True)
    elif name == "jsonl":
        frame.sink_ndjson(to, compression=packing, check_extension=False, mkdir=True)
    else:
        renamed = frame.rename(dict(zip(frame.collect_schema().names(), output.headers, strict=True)))
        separator = "\t" if name == "tsv" else ","
        renamed.sink_csv(to, compression=packing, check_extension=False, separator=separator, mkdir=True)
    if output.partition_by:
        ending = SUFFIX[name] + (ENDING.get(output.compression or "", "") if name in TEXT else "")
        for part in [path for path in output.at.rglob("*") if path.is_file()]:
            part.rename(part.with_name(f"part-{part.stem.partition('.')[0]}{ending}"))
    return []
