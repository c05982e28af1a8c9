"""Times on one clock: microseconds UTC without a zone, so that they can be compared."""

import polars as pl

from ml_engine.errors import OpError

CLOCK = pl.Datetime("us")


def on_one_clock(column: pl.Series, field: str, warnings: list[str]) -> pl.Series:
    """`column` as UTC; what has no zone is taken to be UTC. A zone other than UTC is said in `warnings`.

    Raises:
        OpError: it holds no times.
    """
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone not in (None, "UTC"):
            warnings.append(f"`{column.name}` ({dtype.time_zone}) is compared in UTC.")
        if dtype.time_zone:
            return column.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(CLOCK)
        return column.cast(CLOCK)
    if dtype == pl.Date:
        return column.cast(CLOCK)
    if dtype == pl.String:
        read = _read(column)
        if read is not None and read.null_count() == column.null_count() < len(column):
            return on_one_clock(read, field, warnings)
    raise OpError(
        "invalid_input",
        f"{field}: `{column.name}` is {dtype}, not a time",
        "Cast it with ml_data_transform: {op: 'cast', map: {…: 'datetime'}}.",
    )


def _read(column: pl.Series) -> pl.Series | None:
    try:
        return column.str.to_datetime(strict=False, time_unit="us")
    except pl.exceptions.PolarsError:  # No format fits the first values.
        return None


def moment(text: str, field: str) -> pl.Expr:
    """A moment given as ISO 8601, as UTC.

    Raises:
        OpError: it is none.
    """
    read = pl.Series([text]).str.to_datetime(strict=False, time_unit="us", time_zone="UTC")
    if read.null_count():
        raise OpError(
            "invalid_input", f"{field}: `{text[:40]}` is no date or time", "ISO 8601, as 2024-05-01T00:00:00Z."
        )
    return pl.lit(read.dt.replace_time_zone(None)[0], dtype=CLOCK)
