"""Two runs on the same prompts, compared pair by pair; runs under other conditions are not compared."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import permutation_test

from ml_engine.contract.llm import EvaluationConditions, EvaluationDifference
from ml_engine.errors import OpError
from ml_engine.language.evaluating.harness import Ran, Sample
from ml_engine.tables import read_table

COLUMNS = ("model", "task", "document", "metric", "score", "higher_is_better", "conditions")
RESAMPLES = 9999
PARTS = ("version", "kind", "few_shot", "chat_template", "limit", "prompts")


@dataclass(frozen=True)
class Kept:
    """A run as its samples were registered."""

    name: str
    model: str
    frame: pl.DataFrame
    conditions: dict[str, EvaluationConditions]


def table_of(ran: Ran, model: str) -> pl.DataFrame:
    """A row a sample and metric, with the conditions it was scored under."""
    under = {one["task"]: json.dumps(one, sort_keys=True) for one in ran.conditions}
    return pl.DataFrame([_row(sample, model, under[sample.task]) for sample in ran.samples], infer_schema_length=None)


def _row(sample: Sample, model: str, conditions: str) -> dict[str, Any]:
    return {
        "model": model,
        "task": sample.task,
        "document": sample.document,
        "metric": sample.metric,
        "score": sample.score,
        "higher_is_better": sample.higher_is_better,
        "prompt": sample.prompt,
        "target": sample.target,
        "answer": sample.answer,
        "conditions": conditions,
    }


def read_run(path: str) -> Kept:
    """A run's samples.

    Raises:
        OpError: the dataset is not one of samples.
    """
    table = read_table(path, "compare")
    if not set(COLUMNS) <= set(table.frame.columns):
        raise OpError(
            "invalid_input",
            f"compare: `{table.name}` holds no samples of an evaluation.",
            "Name the `samples` of two runs of ml_llm_evaluate.",
        )
    said = {str(row[0]): json.loads(row[1]) for row in table.frame.select("task", "conditions").unique().iter_rows()}
    return Kept(table.name, str(table.frame["model"][0]), table.frame, said)


def differences(first: Kept, second: Kept, seed: int) -> list[EvaluationDifference]:
    """Of every task and metric that both have.

    Raises:
        OpError: `conflict`, where a task was asked otherwise, or no task is in both.
    """
    shared = sorted(set(first.conditions) & set(second.conditions))
    if not shared:
        raise OpError("conflict", f"compare: {first.name} and {second.name} have no task in common.", None)
    for task in shared:
        _require_alike(task, first.conditions[task], second.conditions[task])
    keys = ["task", "document", "metric"]
    pairs = first.frame.join(second.frame, on=keys, suffix="_second").sort(keys)
    made: list[EvaluationDifference] = []
    for (task, metric), rows in pairs.group_by("task", "metric", maintain_order=True):
        sign = 1.0 if rows["higher_is_better"][0] else -1.0
        before, after = rows["score"].to_numpy(), rows["score_second"].to_numpy()
        gaps = after - before
        made.append(
            {
                "task": str(task),
                "metric": str(metric),
                "samples": len(gaps),
                "first": float(before.mean()),
                "second": float(after.mean()),
                "difference": float(gaps.mean()),
                "standard_error": float(gaps.std(ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else 0.0,
                "p": paired_p(gaps, seed),
                "only_first": int((sign * gaps < 0).sum()),
                "only_second": int((sign * gaps > 0).sum()),
            }
        )
    return _corrected(made)


def paired_p(gaps: "np.ndarray[Any, np.dtype[np.float64]]", seed: int) -> float:
    """Two-sided p of a mean difference under random exchange within pairs (Fisher 1935); exact where that is cheap."""
    told = gaps[gaps != 0]
    if len(told) < 2:
        # One pair may as well lie the other way round.
        return 1.0
    found = permutation_test(
        (told,),
        _mean,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _mean(values: Any, axis: int) -> Any:
    return values.mean(axis=axis)


def _corrected(made: Sequence[EvaluationDifference]) -> list[EvaluationDifference]:
    """With p-values after Holm (1979)."""
    order = sorted(range(len(made)), key=lambda at: made[at]["p"])
    result = list(made)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, made[at]["p"] * (len(made) - rank)))
        result[at] = {**made[at], "p": highest}
    return result


def _require_alike(task: str, first: EvaluationConditions, second: EvaluationConditions) -> None:
    if first["fingerprint"] == second["fingerprint"]:
        return
    unlike = [part for part in PARTS if _told(part, first) != _told(part, second)] or ["generation settings"]
    raise OpError(
        "conflict",
        f"compare: `{task}` was asked under other conditions: {', '.join(unlike)} differ.",
        "Run both with the same settings.",
    )


def _told(part: str, conditions: EvaluationConditions) -> Any:
    """Chats are alike whose template each is, since every model is asked by its own."""
    return conditions[part] is not None if part == "chat_template" else conditions[part]


def verdict(found: Sequence[EvaluationDifference], better: dict[tuple[str, str], bool]) -> str:
    """`better`, `worse`, `mixed` or `no difference`: of the second run, by differences that are more than chance."""
    ways = {
        (one["difference"] > 0) == better.get((one["task"], one["metric"]), True) for one in found if one["p"] < 0.05
    }
    return {frozenset({True}): "better", frozenset({False}): "worse", frozenset(): "no difference"}.get(
        frozenset(ways), "mixed"
    )
