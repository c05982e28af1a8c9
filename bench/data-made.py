"""Writes the table both data benchmarks use: rows x 20 (10 floats, one with gaps; 5 integers; 5 categories)."""

import sys

import numpy as np
import polars as pl

rows, path = int(sys.argv[1]), sys.argv[2]
random = np.random.default_rng(0)
columns = {f"n{i}": random.normal(i, 1 + i, rows) for i in range(10)}
columns |= {f"i{i}": random.integers(0, 10 ** (i + 1), rows) for i in range(5)}
columns |= {f"c{i}": random.choice([f"level {k}" for k in range(3 ** (i + 1))], rows) for i in range(5)}
gaps = pl.Series(random.random(rows) < 0.05)
pl.DataFrame(columns).with_columns(pl.when(gaps).then(None).otherwise("n0").alias("n0")).write_parquet(path)
print("{}")
