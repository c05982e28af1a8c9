"""A folder that Hugging Face's `load_dataset` understands: Parquet shards and a card."""

import json
import re
from typing import Any

import polars as pl

from ml_engine.writing.output import Output
from ml_engine.writing.plain_files import UNCOMPRESSED

SHARD_ROWS = 500_000
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def write_hub(output: Output) -> list[str]:
    """Writes `data/<split>-00000-of-00001.parquet`, … and `README.md` with the YAML that names them and their types."""
    packing: Any = UNCOMPRESSED.get(output.compression or "zstd", output.compression)
    split = re.sub(r"\W", "_", output.split)
    data = output.at / "data"
    shards = max(1, -(-output.rows // SHARD_ROWS))
    data.mkdir(parents=True)
    for shard in range(shards):
        name = f"{split}-{shard:05d}-of-{shards:05d}.parquet"
        output.frame.slice(shard * SHARD_ROWS, SHARD_ROWS).sink_parquet(data / name, compression=packing)
        output.said(min(output.rows, (shard + 1) * SHARD_ROWS))
    (output.at / "README.md").write_text(_card(output, split), encoding="utf-8")
    return []


def _card(output: Output, split: str) -> str:
    title = json.dumps(output.table, ensure_ascii=False)
    size = next((label for most, label in SIZES if output.rows < most), "10M<n")
    lines = ["---", f"pretty_name: {title}", "size_categories:", f"- {size}", "configs:", "- config_name: default"]
    lines += [
        "  data_files:",
        f"  - split: {split}",
        f"    path: data/{split}-*.parquet",
        "dataset_info:",
        "  features:",
    ]
    for name, dtype in output.frame.collect_schema().items():
        lines += [f"  - name: {json.dumps(name, ensure_ascii=False)}", f"    dtype: {feature(dtype)}"]
    lines += ["  splits:", f"  - name: {split}", f"    num_examples: {output.rows}", "---", "", f"# {output.table}", ""]
    return "\n".join([*lines, f"{output.rows} rows, {len(output.frame.collect_schema())} columns.", ""])


def feature(dtype: pl.DataType) -> str:
    """A type by the name that Hugging Face's `Value` has for it."""
    if isinstance(dtype, pl.Datetime):
        return f"timestamp[us, tz={dtype.time_zone}]" if dtype.time_zone else "timestamp[us]"
    names: dict[pl.DataType, str] = {pl.Boolean(): "bool", pl.String(): "string", pl.Date(): "date32"}
    return names.get(dtype) or str(dtype).lower()
