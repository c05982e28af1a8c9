"""Explain why a model predicted what it did for one row."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.attribution import counterfactuals, pictures
from ml_engine.attribution.shapley import Attribution, shapley
from ml_engine.attribution.similarity import Space
from ml_engine.attribution.wording import Told, tell
from ml_engine.contract.transparency import Contribution, Counterfactual, ExplainParams, Neighbour, Prediction
from ml_engine.errors import OpError
from ml_engine.frames import labels_of
from ml_engine.job import Job
from ml_engine.models import Model, load_model
from ml_engine.names import nearest, require_column
from ml_engine.plots import save_png
from ml_engine.tables import Table, read_table

REFERENCE_ROWS = 2000
PROBES = 200
NEIGHBOURS = 5
MOST_CONTRIBUTIONS = 30
PAIRS = 24

Cell = str | float | bool | None


def explain(params: ExplainParams, job: Job) -> Prediction:
    model, table = load_model(params["model"]), read_table(params["dataset"])
    row, truth = _subject(model, table, params)
    places = _reference_places(table.frame.height, params["row"], params["seed"])
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
    goal = _goal(model, row, code, params, warnings)
    immutable = _immutable(model, table, params["immutable"])
    changed = [] if goal is None else _counterfactuals(model, goal, row, reference, immutable, params["counterfactuals"])
    if goal is not None and params["counterfactuals"] and not changed:
        warnings.append(f"No set of up to {counterfactuals.MOST_CHANGES} changes to values that occur in the data leads to {goal.wanted}.")
    job.progress(3, 4, "looking for similar rows")
    neighbours, unusual = _neighbours(model, row, reference, reference_table, places, params["seed"])
    alike = [one for one in neighbours if one["predicted"] == predicted]
    agreement = len(alike) / len(neighbours) if neighbours and model.manifest["task"] == "classification" else None
    shown = contributions[:12]
    title = f"{table.name} row {params['row']}: {model.manifest['target']} = {_said(predicted)}"
    figure = pictures.contributions([f"{one['column']} = {_said(one['value'])}" for one in shown], [one["contribution"] for one in shown], explains, title)
    plot = save_png(job, figure, "explanation.png", "What each value adds to the prediction")
    probabilities = _probabilities(model, row)
    residual = float(output[0] - base - values[0].sum())
    text = tell(
        Told(
            model=model, dataset=table.name, row=params["row"], replaced=sorted(params["values"]), predicted=predicted, truth=truth,
            probabilities=[(one["label"], one["probability"]) for one in probabilities], explains=explains, base=float(base),
            output=float(output[0]), method=found.method, exact=found.exact, error=found.error, residual=residual,
            contributions=contributions, counterfactuals=changed, wanted=goal.wanted if goal else None, neighbours=neighbours,
            agreement=agreement, unusual=unusual, warnings=warnings,
        )
    )  # fmt: skip
    job.progress(4, 4, "explained")
    return {
        "model": model.name,
        "dataset": table.name,
        "row": params["row"],
        "target": model.manifest["target"],
        "predicted": predicted,
        "probabilities": probabilities,
        "truth": truth,
        "explains": explains,
        "method": found.method,
        "exact": found.exact,
        "base": float(base),
        "output": float(output[0]),
        "residual": residual,
        "error": found.error,
        "contributions": contributions[:MOST_CONTRIBUTIONS],
        "counterfactuals": changed,
        "wanted": goal.wanted if goal else None,
        "neighbours": neighbours,
        "agreement": agreement,
        "unusual": unusual,
        "plot": plot,
        "text": text,
        "warnings": warnings,
    }


def _subject(model: Model, table: Table, params: ExplainParams) -> tuple[pd.DataFrame, Cell]:
    """The row to explain with the cells replaced that were asked for, and its recorded outcome where nothing was."""
    height, place = table.frame.height, params["row"]
    if place >= height:
        raise OpError("invalid_input", f"row: {place} is past the end of {table.name}, which has {height} rows.", f"Rows are counted from 0; the last is {height - 1}.")
    frame = table.frame[place : place + 1]
    known = [schema["name"] for schema in model.manifest["signature"]]
    for name, value in params["values"].items():
        require_column("values", name, known)
        require_column("dataset", name, frame.columns)
        try:
            cell = pl.Series(name, [value], strict=False).cast(frame.schema[name], strict=True)
        except pl.exceptions.PolarsError:
            raise OpError("invalid_input", f"values: `{value}` does not fit column `{name}`, which is {frame.schema[name]}.", "Give a value of that type.") from None
        frame = frame.with_columns(cell)
    target = model.manifest["target"]
    if params["values"] or target not in frame.columns or frame.get_column(target)[0] is None:
        return model.features(frame), None
    if model.manifest["task"] == "classification":
        return model.features(frame), labels_of(table.frame.get_column(target))[place]
    return model.features(frame), float(frame.get_column(target)[0])


def _reference_places(height: int, row: int, seed: int) -> np.ndarray:
    """Rows that say what is usual: a sample without the row itself."""
    others = np.delete(np.arange(height), row)
    if len(others) == 0:
        raise OpError("invalid_input", "dataset: one row alone does not say what is usual.", "Use a dataset with the row and others like it.")
    return others if len(others) <= REFERENCE_ROWS else np.sort(np.random.default_rng(seed).choice(others, REFERENCE_ROWS, replace=False))


def _predicted(model: Model, row: pd.DataFrame) -> tuple[str | float, int]:
    """What the model says, and the code of the class (0 for a number)."""
    if model.manifest["task"] == "regression":
        return float(model.predict(row)[0]), 0
    code = int(model.probabilities(row)[0].argmax())
    return model.manifest["classes"][code], code


def _probabilities(model: Model, row: pd.DataFrame) -> list[Any]:
    if model.manifest["task"] == "regression":
        return []
    pairs = zip(model.manifest["classes"], model.probabilities(row)[0], strict=True)
    ranked = sorted(({"label": label, "probability": float(chance)} for label, chance in pairs), key=lambda one: -float(one["probability"]))
    return ranked[:10]


def _explains(model: Model, found: Attribution, code: int) -> str:
    if not model.manifest["classes"]:
        return f"predicted `{model.manifest['target']}`"
    calibrated = " before calibration" if model.calibrator and found.scale != "probability" else ""
    return f"{found.scale} of `{model.manifest['classes'][code]}`{calibrated}"


def _contributions(columns: list[str], values: np.ndarray, row: pd.DataFrame) -> list[Contribution]:
    order = np.argsort(-np.abs(values), kind="stable")
    return [{"column": columns[place], "value": _cell(row[columns[place]].iloc[0]), "contribution": float(values[place])} for place in order]


@dataclass(frozen=True)
class Goal:
    wanted: str
    score: Callable[[pd.DataFrame], np.ndarray]
    """At or above 0 where the goal is reached."""
    shown: Callable[[pd.DataFrame], np.ndarray]


def _goal(model: Model, row: pd.DataFrame, code: int, params: ExplainParams, warnings: list[str]) -> Goal | None:
    """What a counterfactual must reach; None for a number where nothing was asked for."""
    want, classes = params.get("want"), model.manifest["classes"]
    if not classes:
        if want is None:
            warnings.append("No counterfactuals: say what is wanted of the number, e.g. want `>200`.")
            return None
        return _number_goal(model, row, want)
    if want is None:
        others = np.argsort(-model.probabilities(row)[0], kind="stable")
        wanted = int(next(other for other in others if other != code))
    elif want not in classes:
        guess = nearest(want, classes)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError("invalid_input", f"want: the model has no class `{want}`{suggestion}", f"Classes: {', '.join(classes[:20])}.")
    elif want == classes[code]:
        raise OpError("invalid_input", f"want: `{want}` is what the model predicts already.", "Want another class, or leave it out.")
    else:
        wanted = classes.index(want)

    def score(frame: pd.DataFrame) -> np.ndarray:
        chances = model.probabilities(frame)
        rivals = np.delete(chances, wanted, axis=1).max(axis=1)
        # A tie goes to the first class, as argmax has it.
        return np.where(chances.argmax(axis=1) == wanted, chances[:, wanted] - rivals, np.minimum(chances[:, wanted] - rivals, -1e-12))

    return Goal(f"`{classes[wanted]}`", score, lambda frame: model.probabilities(frame)[:, wanted])


def _number_goal(model: Model, row: pd.DataFrame, want: str) -> Goal:
    said = re.fullmatch(r"\s*([<>])=?\s*(-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)\s*", want, re.IGNORECASE)
    if said is None:
        raise OpError("invalid_input", f"want: `{want}` is not a bound on a number.", "Write `>200` or `<150`.")
    sign, bound = (1.0 if said[1] == ">" else -1.0), float(said[2])
    if sign * (float(model.predict(row)[0]) - bound) >= 0:
        raise OpError("invalid_input", f"want: the prediction, {float(model.predict(row)[0]):.6g}, is there already.", "Want a bound that it does not meet.")
    name = f"{'at least' if sign > 0 else 'at most'} {bound:g}"
    return Goal(name, lambda frame: sign * (model.predict(frame) - bound), model.predict)


def _immutable(model: Model, table: Table, asked: Sequence[str]) -> set[str]:
    known = list(dict.fromkeys([*(schema["name"] for schema in model.manifest["signature"]), *table.frame.columns]))
    return {require_column("immutable", name, known) for name in asked}


def _counterfactuals(model: Model, goal: Goal, row: pd.DataFrame, reference: pd.DataFrame, immutable: set[str], most: int) -> list[Counterfactual]:
    answers: list[Counterfactual] = []
    for one in counterfactuals.search(goal.score, row, reference, immutable, most):
        changed = counterfactuals.applied(row, [one.changes])
        answers.append({
            "changes": [{"column": name, "from": _cell(row[name].iloc[0]), "to": _cell(value)} for name, value in one.changes.items()],
            "predicted": _predicted(model, changed)[0],
            "score": float(goal.shown(changed)[0]),
            "distance": one.distance,
            "nearest_row_distance": one.nearest,
        })  # fmt: skip
    return answers


def _neighbours(
    model: Model, row: pd.DataFrame, reference: pd.DataFrame, table: pl.DataFrame, places: np.ndarray, seed: int
) -> tuple[list[Neighbour], float]:
    """The most similar rows, and the share of rows that lie closer to their own nearest one."""
    space = Space.of(reference)
    distances = space.distances(row, reference)
    order = np.argsort(distances, kind="stable")[:NEIGHBOURS]
    target = model.manifest["target"]
    truths: list[Cell] = [None] * len(order)
    if target in table.columns:
        column = table.get_column(target)[order]
        truths = [_cell(value) for value in (labels_of(column) if model.manifest["classes"] else column.cast(pl.Float64, strict=False))]
    predictions = model.predict(reference.iloc[order])
    found: list[Neighbour] = [
        {"row": int(places[place]), "distance": float(distances[place]), "truth": truth, "predicted": _cell(predicted)}
        for place, truth, predicted in zip(order, truths, predictions, strict=True)
    ]
    probes = np.random.default_rng(seed).choice(len(reference), min(PROBES, len(reference)), replace=False)
    closest = [float(np.partition(space.distances(reference.iloc[[probe]], reference), 1)[1]) for probe in probes] if len(reference) > 1 else [0.0]
    return found, float(np.mean(np.array(closest) < distances.min()))


def _cell(value: Any) -> Cell:
    """A cell as JSON has it."""
    if value is None or (not isinstance(value, str) and bool(pd.isna(value))):
        return None
    if isinstance(value, str | bool):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int | float | np.integer | np.floating):
        number = float(value)
        return number if np.isfinite(number) else None
    return str(value)


def _said(value: Cell) -> str:
    return "missing" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
