"""Explain why a model predicted what it did for one row."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.attribution import counterfactuals, pictures
from ml_engine.attribution.goals import Goal, class_goal, number_goal
from ml_engine.attribution.shapley import Attribution, shapley
from ml_engine.attribution.similarity import Space, unusual
from ml_engine.attribution.wording import Cell, Told, as_cell, tell, value
from ml_engine.contract.transparency import Contribution, Counterfactual, ExplainParams, Neighbour, Prediction
from ml_engine.errors import OpError
from ml_engine.frames import labels_of
from ml_engine.job import Job
from ml_engine.models import Model, load_model
from ml_engine.names import require_column
from ml_engine.plots import save_png
from ml_engine.tables import Table, read_table
from ml_engine.transforming.replay import as_trained

REFERENCE_ROWS = 2000
NEIGHBOURS = 5
MOST_CONTRIBUTIONS = 30
MOST_BARS = 12
PAIRS = 24


def explain(params: ExplainParams, job: Job) -> Prediction:
    model = load_model(params["model"])
    table = as_trained(read_table(params["dataset"]), model.manifest)
    row, truth = _subject(model, table, params)
    places = _usual(table.frame.height, params["row"], params["seed"])
    reference_table = table.frame[places]
    reference = model.features(reference_table)
    predicted, code = _predicted(model, row)
    job.progress(1, 4, "computing SHAP values")
    found = shapley(model, reference, row, pairs=PAIRS, seed=params["seed"])
    values, base, output = found.of_class(code)
    explains = _explains(model, found, code)
    contributions = _contributions(found.columns, values[0], row)
    job.progress(2, 4, "searching for counterfactuals")
    warnings = list(table.warnings)
    goal = _goal(model, row, params, warnings)
    immutable = _immutable(model, table, params["immutable"])
    changed: list[Counterfactual] = []
    if goal is not None and params["counterfactuals"]:
        changed = _counterfactuals(model, goal, row, reference, immutable, params["counterfactuals"])
        if not changed:
            most = counterfactuals.MOST_CHANGES
            warnings.append(f"No {most} or fewer changes to values that occur in the data lead to {goal.wanted}.")
    job.progress(3, 4, "looking for similar rows")
    space = Space.of(reference)
    neighbours = _neighbours(model, space, row, reference, reference_table, places)
    alike = [one for one in neighbours if one["predicted"] == predicted]
    told = Told(
        model=model,
        dataset=table.name,
        row=params["row"],
        replaced=sorted(params["values"]),
        predicted=predicted,
        truth=truth,
        probabilities=_probabilities(model, row),
        explains=explains,
        base=base,
        output=float(output[0]),
        method=found.method,
        exact=found.exact,
        error=found.error,
        residual=float(output[0] - base - values[0].sum()),
        contributions=contributions,
        counterfactuals=changed,
        wanted=goal.wanted if goal else None,
        neighbours=neighbours,
        agreement=len(alike) / len(neighbours) if model.manifest["task"] == "classification" else None,
        unusual=unusual(space, row, reference, params["seed"]),
        warnings=warnings,
    )
    shown = contributions[:MOST_BARS]
    figure = pictures.contributions(
        [f"{one['column']} = {value(one['value'])}" for one in shown],
        [one["contribution"] for one in shown],
        explains,
        f"{table.name} row {params['row']}: {model.manifest['target']} = {value(predicted)}",
    )
    plot = save_png(job, figure, "explanation.png", "What each value adds to the prediction")
    job.progress(4, 4, "explained")
    return {
        "model": model.name,
        "dataset": table.name,
        "row": params["row"],
        "target": model.manifest["target"],
        "predicted": predicted,
        "probabilities": [{"label": label, "probability": chance} for label, chance in told.probabilities],
        "truth": truth,
        "explains": explains,
        "method": found.method,
        "exact": found.exact,
        "base": told.base,
        "output": told.output,
        "residual": told.residual,
        "error": found.error,
        "contributions": contributions[:MOST_CONTRIBUTIONS],
        "counterfactuals": changed,
        "wanted": told.wanted,
        "neighbours": neighbours,
        "agreement": told.agreement,
        "unusual": told.unusual,
        "plot": plot,
        "text": tell(told),
        "warnings": warnings,
    }


def _subject(model: Model, table: Table, params: ExplainParams) -> tuple[pd.DataFrame, Cell]:
    """The row to explain with the cells replaced that were asked for, and its recorded outcome where nothing was."""
    height, place = table.frame.height, params["row"]
    if place >= height:
        said = f"row: {place} is past the end of {table.name}, which has {height} rows."
        raise OpError("invalid_input", said, f"Rows are counted from 0; the last is {height - 1}.")
    frame = table.frame[place : place + 1]
    known = [schema["name"] for schema in model.manifest["signature"]]
    for name, cell in params["values"].items():
        require_column("values", name, known)
        require_column("dataset", name, frame.columns)
        dtype = frame.schema[name]
        replaced = pl.Series(name, [cell]).cast(dtype, strict=False)
        if replaced.null_count() and cell is not None:
            said = f"values: `{cell}` does not fit column `{name}`, which is {dtype}."
            raise OpError("invalid_input", said, "Give a value of that type.")
        frame = frame.with_columns(replaced)
    target = model.manifest["target"]
    features = model.features(frame)
    if params["values"] or target not in frame.columns or frame.get_column(target)[0] is None:
        return features, None
    if model.manifest["task"] == "classification":
        return features, labels_of(table.frame.get_column(target))[place]
    return features, as_cell(frame.get_column(target)[0])


def _usual(height: int, row: int, seed: int) -> np.ndarray:
    """Positions of rows that say what is usual: a sample without the row itself."""
    others = np.delete(np.arange(height), row)
    if len(others) == 0:
        said = "dataset: one row alone does not say what is usual."
        raise OpError("invalid_input", said, "Use a dataset with the row and others like it.")
    if len(others) <= REFERENCE_ROWS:
        return others
    return np.sort(np.random.default_rng(seed).choice(others, REFERENCE_ROWS, replace=False))


def _predicted(model: Model, row: pd.DataFrame) -> tuple[str | float, int]:
    """What the model says, and the code of the class (0 for a number)."""
    if model.manifest["task"] == "regression":
        return float(model.predict(row)[0]), 0
    code = int(model.probabilities(row)[0].argmax())
    return model.manifest["classes"][code], code


def _probabilities(model: Model, row: pd.DataFrame) -> list[tuple[str, float]]:
    """Up to ten classes, most probable first; none of a regressor."""
    if model.manifest["task"] == "regression":
        return []
    pairs = zip(model.manifest["classes"], model.probabilities(row)[0], strict=True)
    return sorted(((label, float(chance)) for label, chance in pairs), key=lambda one: -one[1])[:10]


def _explains(model: Model, found: Attribution, code: int) -> str:
    if not model.manifest["classes"]:
        return f"predicted `{model.manifest['target']}`"
    calibrated = " before calibration" if model.calibrator and found.scale != "probability" else ""
    return f"{found.scale} of `{model.manifest['classes'][code]}`{calibrated}"


def _contributions(columns: list[str], values: np.ndarray, row: pd.DataFrame) -> list[Contribution]:
    return [
        {
            "column": columns[place],
            "value": as_cell(row[columns[place]].iloc[0]),
            "contribution": float(values[place]),
        }
        for place in np.argsort(-np.abs(values), kind="stable")
    ]


def _goal(model: Model, row: pd.DataFrame, params: ExplainParams, warnings: list[str]) -> Goal | None:
    """What a counterfactual must reach; None for a number where nothing was asked for."""
    want = params.get("want")
    if model.manifest["task"] == "classification":
        return class_goal(model, row, want)
    if want is None:
        warnings.append("No counterfactuals: say what is wanted of the number, e.g. want `>200`.")
        return None
    return number_goal(model, row, want)


def _immutable(model: Model, table: Table, asked: Sequence[str]) -> set[str]:
    known = list(dict.fromkeys([*(schema["name"] for schema in model.manifest["signature"]), *table.frame.columns]))
    return {require_column("immutable", name, known) for name in asked}


def _counterfactuals(
    model: Model, goal: Goal, row: pd.DataFrame, reference: pd.DataFrame, immutable: set[str], most: int
) -> list[Counterfactual]:
    answers: list[Counterfactual] = []
    for one in counterfactuals.search(goal.score, row, reference, immutable, most):
        changed = counterfactuals.applied(row, [one.changes])
        answers.append(
            {
                "changes": [
                    {"column": name, "from": as_cell(row[name].iloc[0]), "to": as_cell(to)}
                    for name, to in one.changes.items()
                ],
                "predicted": _predicted(model, changed)[0],
                "score": float(goal.shown(changed)[0]),
                "distance": one.distance,
                "nearest_row_distance": one.nearest,
            }
        )
    return answers


def _neighbours(
    model: Model, space: Space, row: pd.DataFrame, reference: pd.DataFrame, table: pl.DataFrame, places: np.ndarray
) -> list[Neighbour]:
    """The most similar rows, nearest first."""
    distances = space.distances(row, reference)
    order = np.argsort(distances, kind="stable")[:NEIGHBOURS]
    target = model.manifest["target"]
    truths: list[Cell] = [None] * len(order)
    if target in table.columns:
        column = table.get_column(target)[order]
        column = labels_of(column) if model.manifest["classes"] else column.cast(pl.Float64, strict=False)
        truths = [as_cell(truth) for truth in column]
    predictions = model.predict(reference.iloc[order])
    return [
        {
            "row": int(places[place]),
            "distance": float(distances[place]),
            "truth": truth,
            "predicted": as_cell(predicted),
        }
        for place, truth, predicted in zip(order, truths, predictions, strict=True)
    ]
