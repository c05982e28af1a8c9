"""Features beside labels, as they were known at each label's time."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from ml_engine.contract.features import FeatureViewDefinition, ViewRows
from ml_engine.errors import OpError
from ml_engine.features.asof import AT, newest_at
from ml_engine.features.definition import read_view, source_folder
from ml_engine.features.moments import CLOCK, on_one_clock
from ml_engine.features.rows import EVENT, column_names, feature_rows
from ml_engine.names import nearest, require_column
from ml_engine.tables import read_table

NOW = datetime(9999, 1, 1)  # noqa: DTZ001 - the clock has no zone
"""The instant of labels without a time, where no view has one either."""


def view_rows(folder: str, source: str | None, warnings: list[str]) -> tuple[str, FeatureViewDefinition, pl.DataFrame]:
    """Name, definition and feature rows of a view, from the source it was defined on or from a newer `source`.

    Raises:
        OpError: the source no longer has what the view reads.
    """
    name, definition = read_view(folder)
    table = read_table(source_folder(folder, definition) if source is None else source, "source")
    if table.name != definition["source"]:
        used = {feature.get("column") for feature in definition["features"]} | {*definition["entities"]}
        used |= {definition["event_time"], definition["created_time"]}
        types = {schema["name"]: schema["dtype"] for schema in table.columns}
        for column, dtype in definition["columns"].items():
            if column in used and types.get(column) != dtype:
                found = f"is {types[column]}" if column in types else "is gone"
                guess = None if column in types else nearest(column, types)
                raise OpError(
                    "conflict",
                    f"source: `{name}` reads `{column}` as {dtype}, which {found} in {table.name}"
                    + (f"; is it `{guess}` now?" if guess else ""),
                    "Define the view anew with ml_features_define.",
                )
    return name, definition, feature_rows(table.frame, definition, warnings)


def join_features(
    labels: pl.DataFrame,
    time: str | None,
    views: Sequence[str],
    source: str | None,
    *,
    created_before: bool,
    warnings: list[str],
) -> tuple[pl.DataFrame, list[ViewRows]]:
    """`labels` with every feature of `views` as it was at `time`, and how many labels each view had nothing for.

    Raises:
        OpError: a key or the time is not among the labels' columns, or two features have one name.
    """
    joined = labels
    reports: list[ViewRows] = []
    for place, folder in enumerate(views):
        name, definition, rows = view_rows(folder, source, warnings)
        at = _instants(labels, time, definition, name, warnings)
        for entity in definition["entities"]:
            require_column("labels", entity, labels.columns)
        if created_before and definition["created_time"] is None:
            raise OpError("invalid_input", f"created_before: `{name}` has no created time", "Leave it out.")
        asked = labels.select(definition["entities"]).with_columns(at.alias(AT))
        found = newest_at(asked, rows, definition["entities"], definition["ttl_seconds"], created_before=created_before)
        features = column_names(definition)
        clash = next((feature for feature in features if feature in joined.columns), None)
        if clash is not None:
            raise OpError(
                "invalid_input",
                f"views[{place}]: `{clash}` of {name} is a column already",
                "Rename it, or drop it from the labels.",
            )
        keyless = asked.select(pl.any_horizontal(pl.col(name).is_null() for name in asked.columns).sum()).item()
        if keyless:
            warnings.append(f"{keyless} label rows have no key or no time: their features of {name} are missing.")
        joined = joined.hstack(found.select(features))
        unmatched = int(found[EVENT].null_count())
        reports.append({"view": name, "features": len(features), "rows": labels.height - unmatched})
    return joined, reports


def _instants(
    labels: pl.DataFrame, time: str | None, definition: FeatureViewDefinition, name: str, warnings: list[str]
) -> pl.Series:
    if time is None:
        if definition["event_time"] is not None:
            raise OpError(
                "invalid_input",
                f"label_time: `{name}` has an event time; without the labels' time the future would leak in",
                "Name the column of the labels that says when each was true.",
            )
        return pl.repeat(NOW, labels.height, dtype=CLOCK, eager=True)
    require_column("label_time", time, labels.columns)
    own: list[str] = []
    at = on_one_clock(labels[time], "label_time", own)
    warnings += [one for one in own if one not in warnings]
    return at
