"""What the tests of data.profile call."""

from pathlib import Path

import polars as pl
from hypothesis import strategies as st

from ml_engine.contract.data import ProfileParams, ProfileResult
from ml_engine.ops.data.profile import describe
from ml_engine.roles import infer_roles
from ml_engine.tables import Table


def whole(frame: pl.DataFrame, target: str | None = None) -> ProfileResult:
    return describe(Table(frame, infer_roles(frame), "t", ""), target)


def params(dataset: str | Path, **changes: object) -> ProfileParams:
    given_params: ProfileParams = {"dataset": str(dataset), "detail": "concise", "wait_seconds": 20, "cancel": False}
    return {**given_params, **changes}  # pyright: ignore[reportReturnType]


# Without what this Python's Unicode does not know yet: Polars may.
texts = st.lists(
    st.one_of(
        st.none(), st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=5), st.sampled_from(["", "å", " x"])
    ),
    min_size=1,
    max_size=40,
)
