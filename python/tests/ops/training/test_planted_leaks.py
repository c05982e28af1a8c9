"""Leaks planted in a table, each named before training."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ml_engine.job import quiet
from ml_engine.leaking_columns import untold_groups, whole_aggregates
from ml_engine.ops.training.train import train

from .tables_for_training import train_params


def purchases(rows: int = 600) -> pl.DataFrame:
    random = np.random.default_rng(5)
    return pl.DataFrame(
        {
            "customer": [f"c{i}" for i in random.integers(0, 60, rows)],
            "day": pl.Series(np.sort(random.integers(19000, 19400, rows))).cast(pl.Int32).cast(pl.Date),
            "spend": random.gamma(2, 10, rows),
            "town": random.choice(["Oslo", "Rome", "Bern"], rows),
            "y": random.choice(["no", "yes"], rows),
        }
    )


@pytest.mark.parametrize("statistic", ["mean", "sum", "max", "std"])
def test_an_aggregate_over_later_rows_is_named(statistic: str) -> None:
    frame = purchases().with_columns(getattr(pl.col("spend"), statistic)().over("customer").alias("habit"))
    said = whole_aggregates(frame, "y", ["spend", "habit", "town"])
    assert said == [
        (
            f"Leakage: `habit` is the {statistic} of `spend` over all rows of each `customer`, later ones among them; "
            "use a window over earlier rows."
        )
    ]
    # Without dates no row is later than another.
    assert whole_aggregates(frame.drop("day"), "y", ["spend", "habit", "town"]) == []


def test_a_mean_of_the_target_is_named_whether_there_are_dates_or_not() -> None:
    frame = purchases().with_columns((pl.col("y") == "yes").mean().over("town").alias("town_code"))
    for table in (frame, frame.drop("day")):
        said = whole_aggregates(table, "y", ["spend", "town_code"])
        assert said == [
            (
                "Leakage: `town_code` is the mean of `y` over all rows of each `town`, the row's own among them; "
                "use encode with method target, whose codes are out of fold."
            )
        ]


def test_what_only_earlier_rows_tell_is_no_leak() -> None:
    frame = purchases().with_columns(pl.col("spend").cum_sum().over("customer").alias("so_far"))
    frame = frame.with_columns(pl.col("spend").shift(1).over("customer").alias("before"))
    fixed = pl.DataFrame({"customer": [f"c{i}" for i in range(60)], "age": [20 + i % 40 for i in range(60)]})
    assert whole_aggregates(frame.join(fixed, on="customer"), "y", ["spend", "so_far", "before", "age"]) == []


def test_an_identifier_whose_rows_folds_tear_apart_is_named() -> None:
    (said,) = untold_groups(purchases(), told=False)
    assert "`customer` has several rows each (60 values in 600 rows)" in said
    assert "Give group: customer." in said
    assert untold_groups(purchases(), told=True) == []
    assert untold_groups(purchases().with_columns(pl.int_range(pl.len()).alias("customer")), told=False) == []


def test_training_says_them_all(tmp_path: Path) -> None:
    frame = purchases().with_columns(pl.col("spend").mean().over("customer").alias("habit"), copy=pl.col("y") == "yes")
    frame = pl.concat([frame, frame.head(60)])
    frame.write_parquet(tmp_path / "purchases.parquet")
    given = train_params(str(tmp_path / "purchases.parquet"), target="y", family="linear", folds=3)
    said = " ".join(train(given, quiet(tmp_path / "job"))["warnings"])
    for words in ("`copy` is a copy of `y`", "60 of 660 rows repeat", "Give group: customer."):
        assert words in said
    frame.head(600).write_parquet(tmp_path / "purchases.parquet")
    assert "`habit` is the mean of `spend`" in " ".join(train(given, quiet(tmp_path / "job2"))["warnings"])
