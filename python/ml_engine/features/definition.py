"""What a feature view says, checked against its source before anything is computed."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import polars as pl

from ml_engine.contract.features import Feature, FeatureTest, FeatureViewDefinition
from ml_engine.errors import OpError
from ml_engine.expressions import looks_across_rows, sql_expression
from ml_engine.names import nearest, require_column

MANIFEST_FILE = "feature_view.json"
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
PERIOD = re.compile(r"^([1-9]\d{0,6})([smhdw])$")
ALL = "all"
WINDOWED = ("count", "sum", "mean", "std", "min", "max", "first", "last", "nunique")
NUMERIC_ONLY = ("sum", "mean", "std")
CYCLES = {"hour": 24, "weekday": 7, "month": 12}
"""Cycle of a moment and its length; Monday is 1, January is 1, midnight is 0."""


def seconds_of(period: str, field: str) -> float:
    """Seconds in `30d`, `12h`, …

    Raises:
        OpError: it is no whole number with a unit.
    """
    found = PERIOD.match(period.strip())
    if found is None:
        raise OpError(
            "invalid_input",
            f"{field}: `{period[:20]}` is no length of time",
            "A whole number and s, m, h, d or w, as `7d`.",
        )
    return float(int(found.group(1)) * UNIT_SECONDS[found.group(2)])


def ordered(features: Sequence[Feature], columns: Sequence[str]) -> list[Feature]:
    """`features` so that each comes after those it is made of.

    Raises:
        OpError: two have one name, one is made of itself, or a name means two things.
    """
    by_name = {feature["name"]: feature for feature in features}
    if len(by_name) < len(features):
        twice = next(
            one["name"] for at, one in enumerate(features) if one["name"] in {f["name"] for f in features[:at]}
        )
        raise OpError("invalid_input", f"features: two are called `{twice}`", "Give each a name of its own.")
    needs = {
        name: [one for one in reads(feature) if one in by_name and one != name] for name, feature in by_name.items()
    }
    for name, feature in by_name.items():
        if name in columns and not passes_on(feature):
            raise OpError("invalid_input", f"features: `{name}` is a column of the source too", "Choose another name.")
        if name not in columns and name in reads(feature):
            raise OpError("invalid_input", f"features: `{name}` is made of itself", "Name what it is made of.")
    done: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in done:
            return
        if name in path:
            circle = " → ".join([*path[path.index(name) :], name])
            raise OpError("invalid_input", f"features: circular definition {circle}", "Break the circle.")
        for other in needs[name]:
            visit(other, (*path, name))
        done.append(name)

    for name in by_name:
        visit(name, ())
    return [by_name[name] for name in done]


def reads(feature: Feature) -> list[str]:
    """Columns and features that one is made of."""
    if "expression" in feature:
        try:
            return list(dict.fromkeys(pl.sql_expr(feature["expression"]).meta.root_names()))
        except pl.exceptions.PolarsError:
            return []  # Said with its reason when the expression is checked.
    return [feature["column"]] if "column" in feature else [feature["name"]] if passes_on(feature) else []


def passes_on(feature: Feature) -> bool:
    """Whether it is a column of the source as it is."""
    return "function" not in feature and "expression" not in feature


def check_feature(feature: Feature, frame: pl.DataFrame, target: str | None, field: str) -> None:
    """Refuses a feature that cannot be made of `frame`, the source with the features before it.

    Raises:
        OpError: naming the field, what is wrong with it and the way out.
    """
    if "expression" in feature and "function" in feature:
        raise OpError("invalid_input", f"{field}: has an expression and a function", "Make it two features.")
    for name in reads(feature):
        known = [column for column in frame.columns if not column.startswith("\x00")]
        require_column(f"{field}.column" if "column" in feature else f"{field}.expression", name, known)
        if name == target:
            raise OpError("refused", f"{field}: reads the target `{target}`, which is not known beforehand")
    if "expression" in feature:
        expression = sql_expression(feature["expression"], frame, f"{field}.expression")
        if looks_across_rows(expression):
            raise OpError(
                "refused",
                f"{field}.expression: `{feature['expression'][:80]}` looks at other rows, later ones among them",
                "Use `function` with a `window`, which ends at each row's own time.",
            )
    elif "function" in feature:
        _check_function(feature, feature["function"], frame, field)


def _check_function(feature: Feature, function: str, frame: pl.DataFrame, field: str) -> None:
    column = feature.get("column")
    if column is None and function != "count":
        raise OpError("invalid_input", f"{field}.column: `{function}` needs it")
    dtype = None if column is None else frame.schema[column]
    if function in WINDOWED:
        window = feature.get("window")
        if window is None:
            raise OpError("invalid_input", f"{field}.window: `{function}` needs it", "As `7d`, or `all`.")
        if window != ALL:
            seconds_of(window, f"{field}.window")
        if function in NUMERIC_ONLY and dtype is not None and not (dtype.is_numeric() or dtype == pl.Boolean):
            raise OpError("invalid_input", f"{field}.column: `{column}` is {dtype}; {function} works on numbers")
    elif function == "cyclic":
        if feature.get("window") not in CYCLES:
            raise OpError("invalid_input", f"{field}.window: cyclic needs one of {', '.join(CYCLES)}")
        if dtype is None or not dtype.is_temporal():
            raise OpError("invalid_input", f"{field}.column: `{column}` is {dtype}, not a time")
    elif function in ("lag", "hash") and "size" not in feature:
        raise OpError("invalid_input", f"{field}.size: `{function}` needs it", "lag: rows back; hash: buckets.")
    elif function == "words" and dtype != pl.String:
        raise OpError("invalid_input", f"{field}.column: `{column}` is {dtype}, not text")


def check_tests(tests: Sequence[FeatureTest], names: Sequence[str]) -> None:
    """Refuses tests of features that there are not, or without what their rule needs.

    Raises:
        OpError: naming the place.
    """
    for place, test in enumerate(tests):
        if test["feature"] not in names:
            guess = nearest(test["feature"], names)
            raise OpError(
                "not_found",
                f"tests[{place}].feature: no feature `{test['feature']}`"
                + (f"; did you mean `{guess}`?" if guess else ""),
                f"Features: {', '.join(names[:20])}.",
            )
        if test["rule"] == "between" and "low" not in test and "high" not in test:
            raise OpError("invalid_input", f"tests[{place}]: `between` needs `low`, `high` or both")
        if test["rule"] == "in_set" and not test.get("values"):
            raise OpError("invalid_input", f"tests[{place}].values: `in_set` needs it")


def definition_hash(definition: FeatureViewDefinition) -> str:
    """SHA-256, hex, of the definition as JSON with sorted keys and no blanks."""
    text = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_view(folder: str) -> tuple[str, FeatureViewDefinition]:
    """`name@version` and definition of a registered feature view."""
    path = Path(folder)
    manifest = json.loads((path / MANIFEST_FILE).read_text(encoding="utf-8"))
    return f"{manifest['name']}@{path.name}", cast(FeatureViewDefinition, manifest["definition"])


def source_folder(view: str, definition: FeatureViewDefinition) -> str:
    """Where the version of the source lies that the view was defined on: beside the views, in the same workspace.

    Raises:
        OpError: it is gone.
    """
    name, _, version = definition["source"].partition("@")
    folder = Path(view).parents[2] / "datasets" / name / version
    if not folder.is_dir():
        raise OpError("not_found", f"source: `{definition['source']}` is no longer there", "Name another in `source`.")
    return str(folder)
