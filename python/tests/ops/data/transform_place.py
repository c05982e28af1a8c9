"""A place to run transform in, each call with a folder of its own."""

from pathlib import Path

import polars as pl

from ml_engine.contract.data import Step, TransformParams, TransformResult
from ml_engine.job import quiet
from ml_engine.ops.data.transform import transform
from ml_engine.tables import read_table
from tests.ops.data.folders import Folders


def params(dataset: str | Path, steps: list[Step], **changes: object) -> TransformParams:
    given_params: TransformParams = {
        "dataset": str(dataset),
        "steps": steps,
        "preview": False,
        "seed": 0,
        "wait_seconds": 20,
        "cancel": False,
    }
    return {**given_params, **changes}  # pyright: ignore[reportReturnType]


class Workplace(Folders):
    """Runs transform on frames, and on the folders it made of them."""

    def file(self, frame: pl.DataFrame, name: str) -> str:
        """A file that steps may name as `name`."""
        frame.write_parquet(self.folder / f"{name}.parquet")
        return str(self.folder / f"{name}.parquet")

    def run(self, frame: pl.DataFrame, steps: list[Step], **changes: object) -> TransformResult:
        own = self.fresh()
        frame.write_parquet(own / "people.parquet")
        return transform(params(own / "people.parquet", steps, **changes), quiet(own))

    def again(self, dataset: str, steps: list[Step], **changes: object) -> TransformResult:
        """On a dataset that is staged already."""
        return transform(params(dataset, steps, **changes), quiet(self.fresh()))

    def parts(self, result: TransformResult) -> dict[str | None, pl.DataFrame]:
        return {one["part"]: read_table(one["dataset"]).frame for one in result["datasets"]}

    def frame(self, frame: pl.DataFrame, steps: list[Step], **changes: object) -> pl.DataFrame:
        """What one dataset becomes where it is not split."""
        return self.parts(self.run(frame, steps, **changes))[None]
