"""Ranking: the rows of a query put in the order of their relevance."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from sklearn.model_selection import GroupKFold

from ml_engine.contract.training import Candidate, TrainParams, TrainResult
from ml_engine.errors import OpError
from ml_engine.family import settings_of_kind
from ml_engine.job import Job
from ml_engine.metrics import Scores, summary
from ml_engine.names import require_column
from ml_engine.posed import Posed, pose_rows
from ml_engine.tables import Table, read_table
from ml_engine.target import labelled_rows
from ml_engine.tasks.answer import (
    AUTO_SECONDS,
    Outcome,
    answer,
    decided,
    guarded,
    require_family,
    require_plain,
    require_settings,
    unsupervised_pipeline,
)
from ml_engine.tasks.rank_metrics import mean_scores, query_scores, random_order
from ml_engine.tasks.rankers import BoostedRanker

FAMILIES = {"lightgbm": "LGBMRanker", "xgboost": "XGBRanker"}
METRIC = "ndcg@10"
MOST_GRADE = 30
LEAST_QUERIES = 4


@dataclass(frozen=True, kw_only=True)
class Queries(Posed):
    """Rows with each query's together; `groups` are the queries."""

    grades: np.ndarray

    @property
    def of_rows(self) -> np.ndarray:
        return np.zeros(self.rows) if self.groups is None else self.groups


def train_ranker(params: TrainParams, job: Job) -> TrainResult:
    """Fits a ranker on the queries of the dataset, cross-validated over queries."""
    started = time.monotonic()
    require_plain(params, "ranking", {"include", "group"})
    require_family("ranking", params["family"], FAMILIES)
    if params["family"] != "auto":
        require_settings(params["family"], params["params"], known_settings(params["family"]))
    queries = pose_queries(read_table(params["dataset"]), params)
    seed, budget = params["seed"], params.get("time_budget_seconds", AUTO_SECONDS)
    families = list(FAMILIES) if params["family"] == "auto" else [params["family"]]
    found: dict[str, tuple[list[Scores], int]] = {}
    candidates: list[Candidate] = []
    for number, family in enumerate(families):
        at = time.monotonic()
        if found and at - started > budget / 2:
            candidates.append({"family": family, "score": None, "sd": None, "seconds": 0.0, "note": "no time left"})
            continue
        found[family] = cross_scores(queries, family, params["params"] if len(families) == 1 else {}, params)
        mean, spread = summary(found[family][0])
        took = round(time.monotonic() - at, 3)
        candidates.append(
            {"family": family, "score": mean.get(METRIC), "sd": spread.get(METRIC), "seconds": took, "note": None}
        )
        job.progress(5 + 75 * (number + 1) / len(families), 100, f"scored {family}")
    if len(families) > 1:
        candidates = decided(job, "ranking", METRIC, candidates, f"Best mean {METRIC} over folds of whole queries.")
    family = candidates[0]["family"]
    scores, rounds = found[family]
    settings = {**(params["params"] if len(families) == 1 else {}), "n_estimators": rounds}
    pipeline = fit_ranker(queries, family, settings, seed)
    metrics, spread = summary(scores)
    queries.notes.append(
        "The baseline is the mean of random orders; queries with one row or nothing relevant are not scored."
    )
    return answer(
        params,
        job,
        queries,
        "ranking",
        Outcome(
            estimator=pipeline,
            family=family,
            framework=family,
            model_type=FAMILIES[family],
            metric=METRIC,
            metrics=metrics,
            spread=spread,
            baseline=random_order(queries.grades, queries.of_rows, seed),
            folds={"scheme": "by query", "planned": params["folds"], "done": len(scores)},
            settings={"learning_rate": 0.1, **settings},
            candidates=candidates if len(families) > 1 else [],
            extra={},
            manifest={"group": params.get("group", "")},
        ),
        started=started,
    )


def pose_queries(table: Table, params: Any) -> Queries:
    """Reads the fields of a ranking against a table.

    Raises:
        OpError: naming the field, where rows have no query or no usable grade.
    """
    names, warnings = table.frame.columns, [*table.warnings]
    if "target" not in params or "group" not in params:
        missing = "target" if "target" not in params else "group"
        raise OpError(
            "invalid_input",
            f"{missing}: ranking needs it.",
            "`target` is the column of relevance grades (0, 1, …), `group` the column of the query.",
        )
    target, group = require_column("target", params["target"], names), require_column("group", params["group"], names)
    if target == group:
        raise OpError("invalid_input", f"group: `{group}` is the target.")
    frame = labelled_rows(table.frame, target, warnings)
    values = frame.get_column(target)
    if values.dtype == pl.Boolean:
        values = values.cast(pl.Int64)
    if not values.dtype.is_numeric():
        raise OpError("invalid_input", f"target: `{target}` is {values.dtype}; relevance is a grade 0, 1, 2, …")
    grades = values.cast(pl.Float64)
    found = grades.to_numpy()
    least, most = float(found.min()), float(found.max())
    if least < 0 or most > MOST_GRADE or bool((grades != grades.round()).any()):
        raise OpError(
            "invalid_input",
            f"target: `{target}` runs from {least:g} to {most:g}; grades are whole numbers from 0 to {MOST_GRADE}.",
            "Bin it with ml_data_transform.",
        )
    if least == most:
        raise OpError("invalid_input", f"target: `{target}` has one grade only; there is nothing to order.")
    frame = frame.with_columns(grades.alias("__grade")).filter(pl.col(group).is_not_null())
    if dropped := len(grades) - frame.height:
        warnings.append(f"{dropped} rows have no `{group}` and were left out.")
    frame = frame.sort(group, maintain_order=True)
    counts = frame.group_by(group).len()["len"]
    alone, distinct = int((counts == 1).sum()), len(counts)
    if distinct - alone < LEAST_QUERIES:
        raise OpError(
            "invalid_input",
            f"group: {distinct} queries in `{group}`, {alone} of them with one row; at least {LEAST_QUERIES} "
            "with more are needed.",
        )
    if alone:
        warnings.append(f"{alone} of {distinct} queries have one row: there is nothing to order in them.")
    posed = pose_rows(table, params, frame, target, warnings)
    whole: Any = {**posed.__dict__, "groups": frame.get_column(group).cast(pl.String).to_numpy().astype(str)}
    return Queries(**whole, grades=frame.get_column("__grade").to_numpy())


def cross_scores(
    queries: Queries, family: str, settings: dict[str, Any], params: TrainParams
) -> tuple[list[Scores], int]:
    """Scores of each fold of whole queries, and the mean number of rounds."""
    folds = min(params["folds"], len(np.unique(queries.of_rows)))
    splits = GroupKFold(folds, shuffle=True, random_state=params["seed"]).split(queries.of_rows, groups=queries.of_rows)
    found: list[Scores] = []
    rounds: list[int] = []
    for train, test in splits:
        pipeline = fit_ranker(take(queries, train), family, settings, params["seed"])
        scores = pipeline.predict(queries.features.iloc[test])
        found.append(mean_scores(query_scores(queries.grades[test], scores, queries.of_rows[test])))
        rounds.append(pipeline[-1].rounds_)
    return [one for one in found if one], round(float(np.mean(rounds)))


def take(queries: Queries, rows: np.ndarray) -> Queries:
    """The same on some of its rows, in their order."""
    return replace(
        queries, features=queries.features.iloc[rows], groups=queries.of_rows[rows], grades=queries.grades[rows]
    )


def fit_ranker(queries: Queries, family: str, settings: dict[str, Any], seed: int) -> Any:
    """A fitted pipeline that ends in a `BoostedRanker`."""
    ranker = BoostedRanker("lightgbm" if family == "lightgbm" else "xgboost", settings, seed)
    pipeline = unsupervised_pipeline(queries, ranker, seed, supervised=True)
    groups = queries.of_rows
    return guarded(lambda: pipeline.fit(queries.features, queries.grades, model__groups=groups), queries.rows)


def known_settings(family: str) -> dict[str, Any]:
    """The settings of a ranker that a caller may give."""
    import lightgbm
    import xgboost

    return settings_of_kind(lightgbm.LGBMRanker if family == "lightgbm" else xgboost.XGBRanker)
