"""The as-of join of 100k labels to 1 M feature rows of 10k keys: ours and pandas' merge_asof, in turn."""

import json
import time
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.features.asof import AT, newest_at
from ml_engine.features.rows import CREATED, EVENT

LABELS, ROWS, KEYS, ROUNDS = 100_000, 1_000_000, 10_000, 5
random = np.random.default_rng(0)
begin = datetime(2024, 1, 1)  # noqa: DTZ001


def moments(count: int) -> pl.Series:
    return pl.Series(random.integers(0, 365 * 86_400, count) * 1_000_000).cast(pl.Datetime("us")) + timedelta(
        microseconds=int((begin - datetime(1970, 1, 1)).total_seconds() * 1_000_000)  # noqa: DTZ001
    )


rows = pl.DataFrame(
    {"key": random.integers(0, KEYS, ROWS), EVENT: moments(ROWS), "value": random.random(ROWS)}
).with_columns(pl.lit(None, dtype=pl.Datetime("us")).alias(CREATED))
labels = pl.DataFrame({"key": random.integers(0, KEYS, LABELS), AT: moments(LABELS)})
left = labels.rename({AT: "at"}).with_row_index("order").to_pandas()
right = rows.select("key", pl.col(EVENT).alias("event"), "value").to_pandas()

ours: list[float] = []
theirs: list[float] = []
for _ in range(ROUNDS):
    began = time.perf_counter()
    found = newest_at(labels, rows, ["key"], None)
    ours.append(time.perf_counter() - began)
    began = time.perf_counter()
    merged = pd.merge_asof(
        left.sort_values("at", kind="stable"),
        right.sort_values("event", kind="stable"),
        left_on="at",
        right_on="event",
        by="key",
    ).sort_values("order")
    theirs.append(time.perf_counter() - began)
equal = bool(np.array_equal(found["value"].to_numpy(), merged["value"].to_numpy(), equal_nan=True))
print(
    json.dumps(
        {
            "labels": LABELS,
            "rows": ROWS,
            "keys": KEYS,
            "ours_seconds": float(np.median(ours)),
            "merge_asof_seconds": float(np.median(theirs)),
            "ratio": float(np.median(ours) / np.median(theirs)),
            "equal_values": equal,
            "unmatched": int(found[EVENT].null_count()),
        }
    )
)
