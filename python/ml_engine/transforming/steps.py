"""What each step needs, checked before the first row is touched."""

from collections.abc import Mapping
from typing import cast

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import nearest

METHODS: dict[str, tuple[str, ...]] = {
    "impute": ("mean", "median", "mode", "constant"),
    "scale": ("standard", "minmax", "robust"),
    "encode": ("onehot", "ordinal"),
    "bin": ("quantile", "width"),
    "clean_text": ("trim", "lower", "upper"),
    "rebalance": ("over", "under"),
    "split": ("random", "stratified", "grouped", "time", "kfold"),
}
DEFAULT_METHOD = {
    "impute": "median",
    "scale": "standard",
    "encode": "onehot",
    "bin": "quantile",
    "clean_text": "trim",
    "rebalance": "over",
}
NEEDS: dict[str, tuple[str, ...]] = {
    "select": ("columns",),
    "drop": ("columns",),
    "rename": ("map",),
    "cast": ("map",),
    "filter": ("expression",),
    "derive": ("as", "expression"),
    "sample": ("size",),
    "rebalance": ("by",),
    "sort": ("columns",),
    "dates": (),
}
TAKES: dict[str, tuple[str, ...]] = {
    "select": ("columns",),
    "drop": ("columns",),
    "rename": ("map",),
    "cast": ("map",),
    "filter": ("expression",),
    "derive": ("as", "expression"),
    "impute": ("columns", "method", "value"),
    "scale": ("columns", "method"),
    "encode": ("columns", "method"),
    "bin": ("columns", "method", "size"),
    "clean_text": ("columns", "method"),
    "dates": ("columns", "parts"),
    "deduplicate": ("columns",),
    "sample": ("size",),
    "rebalance": ("by", "method"),
    "sort": ("columns", "descending"),
    "split": ("method", "by", "shares", "size"),
}
LEARNING = ("impute", "scale", "encode", "bin")
NOT_REPEATED = ("split", "sample", "rebalance", "deduplicate", "sort")
"""Steps that shape a set of rows for training and say nothing about how one row is prepared."""
PARTS = ("train", "test", "validation")
DATE_PARTS = (
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "weekday",
    "ordinal_day",
    "hour",
    "minute",
    "second",
    "timestamp",
)


def check_steps(steps: list[Step], field: str = "steps") -> None:
    """Refuses steps that lack what they need, carry what they do not take, or name what there is not.

    Raises:
        OpError: naming the step's place, the field and what was expected.
    """
    if sum(step["op"] == "split" for step in steps) > 1:
        raise OpError(
            "invalid_input",
            f"{field}: there is more than one split",
            "Give the parts in one: `shares: {train, validation, test}`.",
        )
    for place, step in enumerate(steps):
        _check(step, f"{field}[{place}]")


def _check(step: Step, field: str) -> None:
    op = step["op"]
    given = {key: value for key, value in cast(Mapping[str, object], step).items() if key != "op"}
    for key in NEEDS.get(op, ()):
        if given.get(key) in (None, "", [], {}):
            raise OpError("invalid_input", f"{field}.{key}: `{op}` needs it", f"`{op}` takes {', '.join(TAKES[op])}.")
    for key in given:
        if key not in TAKES[op]:
            raise OpError(
                "invalid_input", f"{field}.{key}: `{op}` does not take it", f"`{op}` takes {', '.join(TAKES[op])}."
            )
    method = step.get("method")
    if method is not None and method not in METHODS[op]:
        guess = nearest(method, METHODS[op])
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError(
            "invalid_input",
            f"{field}.method: `{op}` has no method `{method}`{suggestion}",
            f"One of {', '.join(METHODS[op])}.",
        )
    _check_values(step, field, method)


def _check_values(step: Step, field: str, method: str | None) -> None:
    op = step["op"]
    size = step.get("size")
    if op == "impute" and (method == "constant") != ("value" in step):
        raise OpError("invalid_input", f"{field}.value: goes with method `constant`, and only with it")
    if op in ("bin", "split") and size is not None and (size != int(size) or size < 2 or size > 100):
        raise OpError("invalid_input", f"{field}.size: {size:g} is no whole number from 2 to 100")
    if op == "sample" and size is not None and size > 1 and size != int(size):
        raise OpError("invalid_input", f"{field}.size: {size:g} is neither a share below 1 nor a number of rows")
    for part in step.get("parts", []):
        if part not in DATE_PARTS:
            guess = nearest(part, DATE_PARTS)
            raise OpError(
                "invalid_input",
                f"{field}.parts: no part `{part}`" + (f"; did you mean `{guess}`?" if guess else ""),
                f"One of {', '.join(DATE_PARTS)}.",
            )
    if op == "split":
        _check_split(step, field, method)


def _check_split(step: Step, field: str, method: str | None) -> None:
    if method in ("stratified", "grouped", "time") and not step.get("by"):
        raise OpError("invalid_input", f"{field}.by: a {method} split needs the column to split by")
    if method in (None, "random") and step.get("by"):
        raise OpError("invalid_input", f"{field}.method: with `by`, say stratified, grouped, time or kfold")
    if (method == "kfold") is ("shares" in step) and "shares" in step:
        raise OpError("invalid_input", f"{field}.shares: k folds are of one size; give `size`, the number of folds")
    if method != "kfold" and "size" in step:
        raise OpError("invalid_input", f"{field}.size: the number of folds, for method kfold")
    shares = step.get("shares")
    if shares is None:
        return
    unknown = next((part for part in shares if part not in PARTS), None)
    if unknown is not None:
        guess = nearest(unknown, PARTS)
        raise OpError(
            "invalid_input",
            f"{field}.shares: no part `{unknown}`" + (f"; did you mean `{guess}`?" if guess else ""),
            "Parts: train, test, validation.",
        )
    if (
        "train" not in shares
        or len(shares) < 2
        or any(share <= 0 for share in shares.values())
        or abs(sum(shares.values()) - 1) > 1e-6
    ):
        raise OpError(
            "invalid_input",
            f"{field}.shares: {shares} are not positive shares of train and others that add up to 1",
            "e.g. {train: 0.8, test: 0.2}.",
        )
