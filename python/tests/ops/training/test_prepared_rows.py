"""A model that was trained on transformed rows takes raw ones."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.data.transform import transform
from ml_engine.ops.training.evaluate import evaluate
from ml_engine.ops.training.train import train
from ml_engine.tables import read_table
from ml_engine.transforming.replay import as_trained

from .tables_for_training import evaluate_params, train_params


def rows(count: int, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    town = random.choice(["Oslo", "Rome", "Bern"], count)
    age = random.normal(40, 12, count)
    chance = 1 / (1 + np.exp(-(age - 40) / 6 - (town == "Rome")))
    return pl.DataFrame(
        {
            "age": [None if i % 9 == 0 else float(one) for i, one in enumerate(age)],
            "town": town,
            "y": ["yes" if one else "no" for one in random.random(count) < chance],
        }
    )


def run(folder: Path, source: str, steps: list[Step], **more: object) -> dict[str | None, str]:
    folder.mkdir()
    given = {"dataset": source, "steps": steps, "preview": False, "seed": 0, "wait_seconds": 20, "cancel": False}
    made = transform({**given, **more}, quiet(folder))  # pyright: ignore[reportArgumentType]
    return {one["part"]: one["dataset"] for one in made["datasets"]}


def written(folder: Path, frame: pl.DataFrame, name: str) -> str:
    frame.write_parquet(folder / f"{name}.parquet")
    return str(folder / f"{name}.parquet")


def model_on(dataset: str, folder: Path) -> str:
    return train(train_params(dataset, target="y", family="linear", folds=3), quiet(folder))["model"]


STEPS: list[Step] = [
    {"op": "impute", "columns": ["age"]},
    {"op": "scale", "columns": ["age"], "method": "power"},
    {"op": "encode", "columns": ["town"], "method": "target", "by": "y"},
]
SPLIT: Step = {"op": "split", "method": "stratified", "by": "y"}


def test_raw_rows_are_scored_as_prepared_ones_are(tmp_path: Path) -> None:
    raw = run(tmp_path / "split", written(tmp_path, rows(400, 0), "loans"), [SPLIT])
    ready = run(tmp_path / "ready", raw["train"] or "", STEPS)[None]
    model = model_on(ready, tmp_path / "job")
    prepared = run(tmp_path / "again", raw["test"], [], apply=ready)[None]

    own = evaluate(evaluate_params(model, raw["test"]), quiet(tmp_path / "e1"))
    other = evaluate(evaluate_params(model, prepared), quiet(tmp_path / "e2"))
    assert own["metrics"] == other["metrics"]
    said = [one for one in own["warnings"] if "is raw" in one]
    assert said == [
        (
            "loans_test@test is raw: the steps of loans_train@dataset were done on it as learnt in training "
            "(impute, scale, encode)."
        )
    ]
    assert not [one for one in other["warnings"] if "is raw" in one]


def test_steps_done_in_turns_are_done_in_turn(tmp_path: Path) -> None:
    source = written(tmp_path, rows(300, 1), "loans")
    first = run(tmp_path / "1", source, STEPS[:1])[None]
    second = run(tmp_path / "2", first, STEPS[1:])[None]
    model = load_model(model_on(second, tmp_path / "job"))
    prepared = [as_trained(read_table(path), model.manifest).frame for path in (source, first)]
    assert prepared[0].equals(prepared[1])
    done = read_table(second)
    assert as_trained(done, model.manifest) is done
    filtered = read_table(run(tmp_path / "3", second, [{"op": "filter", "expression": "age > 0"}])[None])
    assert as_trained(filtered, model.manifest) is filtered
    with pytest.raises(OpError, match="was prepared by these steps already"):
        run(tmp_path / "4", second, [], apply=second)


def test_the_target_need_not_be_there(tmp_path: Path) -> None:
    ready = run(
        tmp_path / "1", written(tmp_path, rows(300, 1), "loans"), [*STEPS, {"op": "filter", "expression": "y <> ''"}]
    )
    model = load_model(model_on(ready[None], tmp_path / "job"))
    fresh = rows(20, 9).drop("y")
    table = as_trained(read_table(written(tmp_path, fresh, "fresh")), model.manifest)
    assert len(model.predict(table.frame)) == 20


def test_what_cannot_be_repeated_says_what_to_do(tmp_path: Path) -> None:
    lookup = written(tmp_path, pl.DataFrame({"town": ["Oslo", "Rome", "Bern"], "size": [3, 2, 1]}), "sizes")
    source = written(tmp_path, rows(300, 1), "loans")
    join: Step = {"op": "join", "with": "sizes", "on": ["town"]}
    ready = run(tmp_path / "1", source, [join], **{"with": [lookup]})[None]
    model = load_model(model_on(ready, tmp_path / "job"))
    with pytest.raises(OpError, match=r"a join with `sizes\.parquet` made") as caught:
        as_trained(read_table(source), model.manifest)
    assert "`apply: " in (caught.value.hint or "")
    again = run(tmp_path / "2", source, [], apply=ready, **{"with": [lookup]})[None]
    assert as_trained(read_table(again), model.manifest).frame["size"].null_count() == 0

    steps = load_model(model_on(run(tmp_path / "3", source, STEPS)[None], tmp_path / "job2"))
    with pytest.raises(OpError, match="no column `age`"):
        as_trained(read_table(written(tmp_path, rows(9, 2).drop("age"), "less")), steps.manifest)


def test_models_on_unlike_rows_are_not_compared(tmp_path: Path) -> None:
    source = written(tmp_path, rows(300, 1), "loans")
    raw = model_on(source, tmp_path / "job")
    ready = model_on(run(tmp_path / "1", source, STEPS)[None], tmp_path / "job2")
    with pytest.raises(OpError, match="prepared otherwise"):
        evaluate({**evaluate_params(raw, source), "compare_to": ready}, quiet(tmp_path / "e"))
