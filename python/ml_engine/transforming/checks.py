"""Steps are checked before the first row is touched."""

from collections.abc import Collection, Mapping
from typing import cast

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import nearest
from ml_engine.transforming.steps import DATE_PARTS, PARTS, SHAPES, default_method


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


def require_known(field: str, name: str, known: Collection[str], what: str) -> None:
    """Refuses a `name` that is not one of `known`, with the nearest."""
    if name in known:
        return
    guess = nearest(name, known)
    suggestion = f"; did you mean `{guess}`?" if guess else ""
    raise OpError("invalid_input", f"{field}: {what} `{name}`{suggestion}", f"One of {', '.join(known)}.")


def _check(step: Step, field: str) -> None:
    op = step["op"]
    shape = SHAPES[op]
    takes = f"`{op}` takes {', '.join(shape.fields)}."
    given = {key: value for key, value in cast(Mapping[str, object], step).items() if key != "op"}
    for key in shape.needs:
        if given.get(key) in (None, "", [], {}):
            raise OpError("invalid_input", f"{field}.{key}: `{op}` needs it", takes)
    for key in given:
        if key not in shape.fields:
            raise OpError("invalid_input", f"{field}.{key}: `{op}` does not take it", takes)
    method = step.get("method")
    if method is not None:
        require_known(f"{field}.method", method, shape.methods, f"`{op}` has no method")
    CHECKS.get(op, _nothing)(step, field, method or default_method(op))


def _nothing(step: Step, field: str, method: str) -> None:
    del step, field, method


def _only(step: Step, field: str, method: str, keys: Mapping[str, str]) -> None:
    """Each of `keys` goes with the one method it stands for."""
    for key, owner in keys.items():
        if key in step and method != owner:
            raise OpError("invalid_input", f"{field}.{key}: goes with method `{owner}`, and only with it")


def _impute(step: Step, field: str, method: str) -> None:
    if (method == "constant") != ("value" in step):
        raise OpError("invalid_input", f"{field}.value: goes with method `constant`, and only with it")


def _encode(step: Step, field: str, method: str) -> None:
    _only(step, field, method, {"by": "target", "smoothing": "target", "size": "target"})
    if method == "target" and not step.get("by"):
        raise OpError(
            "invalid_input", f"{field}.by: a target encoding needs the target", "Name the column to predict in `by`."
        )
    _whole(step, field, 2, 100)


def _clean_text(step: Step, field: str, method: str) -> None:
    _only(step, field, method, {"expression": "replace", "value": "replace"})
    if method == "replace" and not step.get("expression"):
        raise OpError("invalid_input", f"{field}.expression: `replace` needs the regular expression to replace")


def _whole(step: Step, field: str, least: int, most: int) -> None:
    size = step.get("size")
    if size is not None and (size != int(size) or size < least or size > most):
        raise OpError("invalid_input", f"{field}.size: {size:g} is no whole number from {least} to {most}")


def _bin(step: Step, field: str, method: str) -> None:
    del method
    _whole(step, field, 2, 100)


def _window(step: Step, field: str, method: str) -> None:
    del method
    _whole(step, field, 1, 1_000_000)


def _sample(step: Step, field: str, method: str) -> None:
    del method
    size = step.get("size", 1)
    if size > 1 and size != int(size):
        raise OpError("invalid_input", f"{field}.size: {size:g} is neither a share below 1 nor a number of rows")


def _dates(step: Step, field: str, method: str) -> None:
    del method
    for part in step.get("parts", []):
        require_known(f"{field}.parts", part, DATE_PARTS, "no part")


def _join(step: Step, field: str, method: str) -> None:
    del method
    if ("on" in step) == ("map" in step):
        raise OpError(
            "invalid_input",
            f"{field}.on: a join needs its keys once",
            "on: [keys that both have], or map: {own key: their key}.",
        )


def _deduplicate(step: Step, field: str, method: str) -> None:
    _only(step, field, method, {"threshold": "near"})


def _split(step: Step, field: str, method: str) -> None:
    by, group = step.get("by"), step.get("group")
    if method in ("stratified", "grouped", "time", "stratified_grouped") and not by:
        raise OpError("invalid_input", f"{field}.by: a {method} split needs the column to split by")
    if method == "random" and by:
        raise OpError("invalid_input", f"{field}.method: with `by`, say stratified, grouped, time or kfold")
    if method == "stratified_grouped" and not group:
        raise OpError("invalid_input", f"{field}.group: needs the columns whose rows stay together; `by` is the class")
    if group and method not in ("stratified_grouped", "kfold"):
        raise OpError("invalid_input", f"{field}.group: goes with stratified_grouped and kfold; grouped takes `by`")
    _only(step, field, method, {"gap": "time", "size": "kfold"})
    _whole(step, field, 2, 100)
    if method == "kfold" and "shares" in step:
        raise OpError("invalid_input", f"{field}.shares: k folds are of one size; give `size`, the number of folds")
    shares = step.get("shares")
    if shares is None:
        return
    for part in shares:
        require_known(f"{field}.shares", part, PARTS, "no part")
    whole = abs(sum(shares.values()) - 1) <= 1e-6
    if "train" not in shares or len(shares) < 2 or any(share <= 0 for share in shares.values()) or not whole:
        raise OpError(
            "invalid_input",
            f"{field}.shares: {shares} are not positive shares of train and others that add up to 1",
            "e.g. {train: 0.8, test: 0.2}.",
        )


CHECKS = {
    "impute": _impute,
    "encode": _encode,
    "clean_text": _clean_text,
    "bin": _bin,
    "window": _window,
    "sample": _sample,
    "dates": _dates,
    "join": _join,
    "deduplicate": _deduplicate,
    "split": _split,
}
