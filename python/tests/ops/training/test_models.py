"""Saved models: refused when touched, refused when they hold what no model of ours holds."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
import skops.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.training.train import train
from ml_engine.tables import read_table

from .tables_for_training import loans, train_params


def trained(folder: Path, family: str = "linear") -> Path:
    result = train(train_params(loans(folder), target="default", family=family, folds=3), quiet(folder / "job"))
    return Path(result["model"])


@pytest.mark.parametrize(
    ("family", "file"), [("linear", "model.skops"), ("lightgbm", "booster.txt"), ("xgboost", "booster.json")]
)
def test_a_touched_file_is_refused(family: str, file: str, tmp_path: Path) -> None:
    model = trained(tmp_path, family)
    content = bytearray((model / file).read_bytes())
    content[len(content) // 2] ^= 1
    (model / file).write_bytes(bytes(content))
    with pytest.raises(OpError, match=f"{file} is not the file that was registered") as refused:
        load_model(str(model))
    assert refused.value.kind == "refused"


def test_a_foreign_type_is_refused(tmp_path: Path) -> None:
    """Even where an attacker has written the checksum too."""
    model = trained(tmp_path)
    skops.io.dump({"call": print, "path": Path("x")}, model / "model.skops")
    manifest = json.loads((model / "model.json").read_text())
    manifest["files"]["model.skops"] = hashlib.sha256((model / "model.skops").read_bytes()).hexdigest()
    (model / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(OpError, match="holds types that no model of ours has"):
        load_model(str(model))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    model = load_model(str(trained(tmp_path)))
    frame = read_table(loans(tmp_path)).frame.rename({"income": "incme"})
    with pytest.raises(OpError, match="no column `income`; did you mean `incme`"):
        model.predict(frame)


def test_a_column_of_another_kind_is_named(tmp_path: Path) -> None:
    model = load_model(str(trained(tmp_path)))
    frame = read_table(loans(tmp_path)).frame.with_columns(income=pl.lit("much"))
    with pytest.raises(OpError, match="column `income` is String, but the model was trained on Float64"):
        model.predict(frame)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(OpError, match="there is no model in"):
        load_model(str(tmp_path))


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("model"), "xgboost")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    income=st.none() | st.floats(allow_nan=True, allow_infinity=True),
    grade=st.none() | st.text(max_size=4),
    town=st.none() | st.text(max_size=8),
    insured=st.none() | st.booleans(),
)
def test_any_row_gets_probabilities(
    model_folder: Path, income: float | None, grade: str | None, town: str | None, insured: bool | None
) -> None:
    row = pl.DataFrame(
        {"income": [income], "grade": [grade], "town": [town], "opened": [None], "insured": [insured]},
        schema={"income": pl.Float64, "grade": pl.String, "town": pl.String, "opened": pl.Date, "insured": pl.Boolean},
    )
    probabilities = load_model(str(model_folder)).probabilities(row)
    assert probabilities.shape == (1, 2)
    assert probabilities.sum() == pytest.approx(1)
