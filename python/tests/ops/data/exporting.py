"""What the tests of data.export call."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from ml_engine.content import canonical, content_hash
from ml_engine.contract.data import ExportParams, ExportResult
from ml_engine.job import quiet
from ml_engine.ops.data.export import export
from ml_engine.tables import stage_dataset
from tests.ops.data.folders import Folders


def params(dataset: str | Path, path: Path | str, **changes: Any) -> ExportParams:
    given_params: ExportParams = {
        "dataset": str(dataset),
        "path": str(path),
        "mask": {},
        "partition_by": [],
        "guard_formulas": True,
        "overwrite": False,
        "confirm": False,
        "wait_seconds": 20,
        "cancel": False,
    }
    return {**given_params, **changes}  # pyright: ignore[reportReturnType]


class Workplace(Folders):
    """Registers frames and exports them, each call with a job folder of its own."""

    def dataset(self, frame: pl.DataFrame, part: str | None = None) -> str:
        return stage_dataset(quiet(self.fresh()), frame, name="people", source="x", part=part)

    def export(self, frame: pl.DataFrame, name: str, **changes: Any) -> tuple[Path, ExportResult]:
        own = self.fresh()
        return own / name, export(params(self.dataset(frame), own / name, **changes), quiet(own))


def people() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": pl.Series([1, 2, 3], dtype=pl.Int32),
            "name": ["Ada", "=cmd()", None],
            "email": ["ada@example.org", "bo@example.org", "ada@example.org"],
            "born": [date(1990, 1, 2), None, date(2001, 12, 31)],
            "seen": pl.Series(["2024-10-27T00:30:00", "2024-10-27T01:30:00", None])
            .str.to_datetime(time_unit="us")
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone("Europe/Oslo"),
            "score": [0.1, None, -2.5],
            "member": [True, None, False],
        }
    )


def same(found: pl.DataFrame, frame: pl.DataFrame) -> None:
    assert found.schema == frame.schema
    assert found.rows() == frame.rows()
    assert content_hash(canonical(found)[0]) == content_hash(canonical(frame)[0])
