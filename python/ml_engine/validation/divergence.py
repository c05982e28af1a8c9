"""The rule that holds a column's distribution against an expected one by Kullback–Leibler divergence."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import cast

import numpy as np
import polars as pl
from scipy import stats

from ml_engine.cells import cells, number
from ml_engine.validation.plans import Kwargs, Plan, RuleError, Scope, Verdict, count, listed
from ml_engine.validation.values import as_list, column_name, need, need_numbers

MOST_LEVELS = 1000


def kl_divergence(kwargs: Kwargs, scope: Scope) -> Plan:
    """KL(observed ‖ expected) in nats stays at or below `threshold`.

    `partition_object` is `{values, weights}` for categories, `{bins, weights, tail_weights}` for numbers, whose bins
    include their lower end and the last one both. `tail_weight_holdout` and `internal_weight_holdout` give a share of
    the expected weight to values beyond the partition and to its empty places.
    """
    name = column_name(kwargs, scope)
    given = need(kwargs, "partition_object")
    if not isinstance(given, dict):
        raise RuleError("`partition_object` is {values or bins, weights}")
    partition = cast(dict[str, object], given)
    weights = _numbers(partition, "weights")
    threshold = number(need(kwargs, "threshold"))
    if threshold is None:
        raise RuleError("`threshold` is a number")
    tail, inner = (number(kwargs.get(key, 0)) or 0.0 for key in ("tail_weight_holdout", "internal_weight_holdout"))
    if "values" in partition:
        return _of_levels(
            name, scope, as_list(partition["values"]), weights, threshold=threshold, tail=tail, inner=inner
        )
    need_numbers(name, scope.schema[name])
    bins = _numbers(partition, "bins")
    ends = _numbers(partition, "tail_weights") if partition.get("tail_weights") is not None else [0.0, 0.0]
    if len(bins) != len(weights) + 1 or sorted(bins) != bins or len(ends) != 2:
        raise RuleError("`bins` rise and are one more than `weights`; `tail_weights` are two")
    return _of_bins(name, scope, bins, weights, ends, threshold=threshold, tail=tail, inner=inner)


def _numbers(partition: Mapping[str, object], key: str) -> list[float]:
    found = [float(one) for one in as_list(partition.get(key)) if isinstance(one, (int, float))]
    if not found or len(found) != len(as_list(partition.get(key))):
        raise RuleError(f"`partition_object.{key}` is a list of numbers")
    return found


def _held_out(weights: Sequence[float], inner: float) -> list[float]:
    """Weights whose zeros share `inner`, the others scaled to what is left."""
    empty = sum(weight == 0 for weight in weights)
    if not empty or not inner:
        return list(weights)
    return [inner / empty if weight == 0 else weight * (1 - inner) for weight in weights]


def _of_levels(
    name: str, scope: Scope, levels: list[object], weights: list[float], *, threshold: float, tail: float, inner: float
) -> Plan:
    if len(levels) != len(weights):
        raise RuleError("`values` and `weights` are as many")
    every = scope.column(name)
    counted = every.drop_nulls().value_counts(sort=True)
    expected = dict(zip([str(level) for level in levels], _held_out(weights, inner), strict=True))

    def judge(found: Mapping[str, object]) -> Verdict:
        if count(found["levels"]) > MOST_LEVELS:
            return Verdict(False, f"there are {found['levels']} distinct values, more than {MOST_LEVELS}.")
        rows = {str(one[name]): count(one["count"]) for one in cast(list[dict[str, object]], listed(found["counts"]))}
        every_level = sorted({*rows, *expected})
        total = max(sum(rows.values()), 1)
        new = [level for level in every_level if level not in expected]
        scale = 1 - tail if new and tail else 1.0
        theirs = [expected[one] * scale if one in expected else tail / len(new) for one in every_level]
        ours = [rows.get(one, 0) / total for one in every_level]
        return _judged(
            ours,
            theirs,
            threshold,
            found,
            {"values": cells(every_level), "weights": ours},
            {"values": cells(every_level), "weights": theirs},
        )

    return Plan(
        judge,
        {
            "levels": every.drop_nulls().n_unique(),
            "counts": counted.head(MOST_LEVELS + 1).implode(),
            "elements": every.len(),
            "missing": every.null_count(),
        },
    )


def _of_bins(
    name: str,
    scope: Scope,
    bins: list[float],
    weights: list[float],
    ends: list[float],
    *,
    threshold: float,
    tail: float,
    inner: float,
) -> Plan:
    every = scope.column(name)
    values = every.cast(pl.Float64)
    last = len(bins) - 2
    inside = [
        (values >= low) & (values <= high if place == last else values < high)
        for place, (low, high) in enumerate(pairwise(bins))
    ]
    flags = [values < bins[0], *inside, values > bins[-1]]
    expected = [weight * (1 - tail) for weight in _held_out(weights, inner)]
    outer = [weight + tail / 2 for weight in ends]

    def judge(found: Mapping[str, object]) -> Verdict:
        rows = [count(found[f"b{place}"]) for place in range(len(flags))]
        shares = [one / max(sum(rows), 1) for one in rows]
        observed = {"bins": bins, "weights": shares[1:-1], "tail_weights": [shares[0], shares[-1]]}
        wanted = {"bins": bins, "weights": expected, "tail_weights": outer}
        return _judged(shares, [outer[0], *expected, outer[1]], threshold, found, observed, wanted)

    counts = {f"b{place}": flag.sum() for place, flag in enumerate(flags)}
    return Plan(judge, {**counts, "elements": every.len(), "missing": every.null_count()})


def _judged(
    ours: Sequence[float],
    theirs: Sequence[float],
    threshold: float,
    found: Mapping[str, object],
    observed: Mapping[str, object],
    expected: Mapping[str, object],
) -> Verdict:
    divergence = number(float(stats.entropy(np.asarray(ours), np.asarray(theirs)))) if sum(ours) else None
    success = divergence is not None and divergence <= threshold
    told = "infinite" if divergence is None else f"{divergence:.6g}"
    return Verdict(
        success,
        "" if success else f"the Kullback–Leibler divergence is {told}, not ≤ {threshold:g}.",
        count(found["elements"]),
        count(found["missing"]),
        observed_value=divergence,
        details={"observed_partition": observed, "expected_partition": expected},
    )


Builder = Callable[[Kwargs, Scope], Plan]
DIVERGENCE: dict[str, Builder] = {"expect_column_kl_divergence_to_be_less_than": kl_divergence}
