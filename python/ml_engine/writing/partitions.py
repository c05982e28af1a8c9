"""A folder for each value of some columns."""

import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import require_column
from ml_engine.writing.formats import FORMATS, Format

MOST_PARTITIONS = 500


def check_partitions(columns: list[str], chosen: Format, frame: pl.LazyFrame) -> None:
    """Stops before a table is torn into more pieces than anybody can use.

    Raises:
        OpError: the format has no partitions, a column is not written or its values make no folders, or there are more
            than MOST_PARTITIONS of them.
    """
    if not columns:
        return
    if not chosen.partitioned:
        listed = ", ".join(one.name for one in FORMATS.values() if one.partitioned)
        raise OpError("invalid_input", f"partition_by: {chosen.name} is not partitioned", f"These are: {listed}.")
    schema = frame.collect_schema()
    for name in columns:
        require_column("partition_by", name, list(schema))
        if schema[name].is_float():
            raise OpError(
                "invalid_input", f"partition_by: `{name}` is {schema[name]}", "Round it to a whole number first."
            )
        if "/" in name or "=" in name:
            raise OpError("invalid_input", f"partition_by: `{name}` makes no folder's name", "Rename it first.")
    if len(set(columns)) == len(schema):
        raise OpError("invalid_input", "partition_by: no column is left for the files", "Leave one of them out.")
    distinct = int(frame.select(pl.struct(columns).n_unique()).collect(engine="streaming").item())
    if distinct > MOST_PARTITIONS:
        raise OpError(
            "invalid_input",
            f"partition_by: `{'`, `'.join(columns)}` would make {distinct} folders, more than {MOST_PARTITIONS}",
            "Partition by something coarser, such as a year.",
        )
