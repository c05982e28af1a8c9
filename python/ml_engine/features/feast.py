"""Definitions of a Feast repository, read without being run and written so that Feast reads them."""

import ast
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ml_engine.contract.features import Artifact, Feature, FeatureViewDefinition, ImportedView
from ml_engine.errors import OpError
from ml_engine.features.definition import MANIFEST_FILE, definition_hash, passes_on, read_view
from ml_engine.features.describing import statistics
from ml_engine.features.rows import column_names, feature_rows
from ml_engine.job import Job
from ml_engine.roles import dtype_name
from ml_engine.tables import read_table

VIEWS = ("FeatureView", "BatchFeatureView", "StreamFeatureView")
UNIT_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
FEAST_TYPES = {"Int64": "Int64", "Int32": "Int32", "Float64": "Float64", "Float32": "Float32", "Boolean": "Bool"}


def import_repository(file: str, source: str, job: Job) -> tuple[list[ImportedView], list[str]]:
    """Stages a view for each `FeatureView(…)` in a Python file whose fields `source` has.

    The file is parsed, never run: only calls with literal arguments and the names they are bound to are understood.

    Raises:
        OpError: it is no Python, or defines no feature view.
    """
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        raise OpError("invalid_input", f"file: `{Path(file).name}` is no Python file") from error
    calls = _calls(tree)
    found = {name: call for name, call in calls.items() if _called(call) in VIEWS}
    if not found:
        raise OpError(
            "invalid_input", f"file: `{Path(file).name}` defines no FeatureView", "Give the definitions file."
        )
    warnings: list[str] = []
    table = read_table(source, "source")
    made: list[ImportedView] = []
    for variable, call in found.items():
        arguments = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        name = _text(arguments.get("name")) or variable
        entities = _join_keys(arguments.get("entities"), calls)
        fields = _field_names(arguments.get("schema"), calls)
        event, created = _times(arguments.get("source"), calls)
        missing = [column for column in (*entities, *fields, event) if column and column not in table.frame.columns]
        if missing or not entities:
            warnings.append(
                f"`{name}` was left out: {table.name} has no {', '.join(missing)}."
                if missing
                else f"`{name}` has no entity."
            )
            continue
        features: list[Feature] = [{"name": field} for field in fields if field not in (*entities, event, created)]
        definition: FeatureViewDefinition = {
            "source": table.name,
            "source_hash": table.hash,
            "entities": entities,
            "event_time": event,
            "created_time": created if created in table.frame.columns else None,
            "ttl_seconds": _seconds(arguments.get("ttl")),
            "features": features,
            "tests": [],
            "description": _text(arguments.get("description")) or "",
            "owner": _text(arguments.get("owner")) or "",
            "tags": _tags(arguments.get("tags")),
            "columns": {column: dtype_name(dtype) for column, dtype in table.frame.schema.items()},
        }
        made.append({"name": name, "view": _staged(name, definition, table.frame, warnings, job)})
    return made, warnings


def _staged(name: str, definition: FeatureViewDefinition, frame: Any, warnings: list[str], job: Job) -> str:
    rows = feature_rows(frame, definition, warnings)
    folder = job.folder / f"view-{name}"
    folder.mkdir()
    described = statistics(rows, column_names(definition))
    manifest = {"name": name, "hash": definition_hash(definition), "definition": definition, "statistics": described}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, ensure_ascii=False, indent=2), encoding="utf-8")
    return str(folder.resolve())


def _calls(tree: ast.Module) -> dict[str, ast.Call]:
    """Variables of the module that are bound to a call, in order."""
    return {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _called(call: ast.Call) -> str:
    return (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )


def _literal(node: ast.expr | None) -> object:
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _text(node: ast.expr | None) -> str | None:
    value = _literal(node)
    return value if isinstance(value, str) else None


def _tags(node: ast.expr | None) -> dict[str, str]:
    value = _literal(node)
    if not isinstance(value, dict):
        return {}
    return {str(key): str(said) for key, said in cast(dict[object, object], value).items()}


def _bound(node: ast.expr, calls: Mapping[str, ast.Call]) -> ast.Call | None:
    if isinstance(node, ast.Call):
        return node
    return calls.get(node.id) if isinstance(node, ast.Name) else None


def _items(node: ast.expr | None) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, (ast.List, ast.Tuple)) else []


def _arguments(call: ast.Call | None) -> dict[str, ast.expr]:
    if call is None:
        return {}
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return {"name": call.args[0], **named} if call.args and "name" not in named else named


def _join_keys(node: ast.expr | None, calls: Mapping[str, ast.Call]) -> list[str]:
    keys: list[str] = []
    for item in _items(node):
        if literal := _text(item):
            keys.append(literal)
            continue
        arguments = _arguments(_bound(item, calls))
        listed = _literal(arguments.get("join_keys"))
        name = _text(arguments.get("name"))
        keys += [str(key) for key in cast(list[object], listed)] if isinstance(listed, list) else [name] if name else []
    return keys


def _field_names(node: ast.expr | None, calls: Mapping[str, ast.Call]) -> list[str]:
    named = (_text(_arguments(_bound(item, calls)).get("name")) for item in _items(node))
    return [name for name in named if name]


def _times(node: ast.expr | None, calls: Mapping[str, ast.Call]) -> tuple[str | None, str | None]:
    arguments = _arguments(None if node is None else _bound(node, calls))
    created = arguments.get("created_timestamp_column")
    return _text(arguments.get("timestamp_field")), _text(created)


def _seconds(node: ast.expr | None) -> float | None:
    """`timedelta(days=1)` as Feast writes a ttl; zero is no ttl."""
    if not isinstance(node, ast.Call) or _called(node) != "timedelta":
        return None
    total = 0.0
    for keyword in node.keywords:
        value = _literal(keyword.value)
        if isinstance(value, (int, float)):
            total += value * UNIT_SECONDS.get(keyword.arg or "", 0)
    return total or None


def export_repository(view: str, job: Job) -> tuple[Artifact, list[str]]:
    """A zip with `feature_store.yaml` and definitions of the view, and what Feast has no word for.

    Feast takes features as columns that are there already, so the repository reads the rows that action `backfill`
    registers: their path is left as the name of a Parquet file beside the definitions.
    """
    name, definition = read_view(view)
    plain = name.partition("@")[0]
    made = [one["name"] for one in definition["features"] if not passes_on(one)]
    warnings = (
        [f"Feast computes nothing: {', '.join(made)} are read from `{plain}_rows.parquet`; fill it with `backfill`."]
        if made
        else []
    )
    path, artifact = job.artifact(f"{plain}-feast.zip", "Feast repository")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("feature_store.yaml", f"project: {plain}\nprovider: local\nregistry: data/registry.db\n")
        archive.writestr("definitions.py", _definitions(plain, definition))
    return {"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]}, warnings


def _definitions(name: str, definition: FeatureViewDefinition) -> str:
    keys = definition["entities"]
    ttl = definition["ttl_seconds"]
    types = {
        column: FEAST_TYPES.get(definition["columns"].get(column, ""), "String") for column in definition["columns"]
    }
    fields = [
        f"        Field(name={feature!r}, dtype={types.get(feature, 'Float64')}),\n"
        for feature in column_names(definition)
    ]
    created = "created_time" if definition["created_time"] else ""
    return (
        "from datetime import timedelta\n\n"
        "from feast import Entity, FeatureView, Field, FileSource\n"
        "from feast.types import Bool, Float32, Float64, Int32, Int64, String\n\n"
        + "".join(f"{_variable(key)} = Entity(name={key!r}, join_keys=[{key!r}])\n" for key in keys)
        + f"\nrows = FileSource(\n    name={name + '_rows'!r},\n    path={name + '_rows.parquet'!r},\n"
        + "    timestamp_field='event_time',\n"
        + (f"    created_timestamp_column={created!r},\n" if created else "")
        + ")\n\n"
        + f"{_variable(name)} = FeatureView(\n    name={name!r},\n"
        + f"    entities=[{', '.join(_variable(key) for key in keys)}],\n"
        + (f"    ttl=timedelta(seconds={ttl:g}),\n" if ttl else "")
        + "    schema=[\n"
        + "".join(fields)
        + "    ],\n    source=rows,\n"
        + f"    description={definition['description']!r},\n    owner={definition['owner']!r},\n"
        + f"    tags={definition['tags']!r},\n)\n"
    )


def _variable(name: str) -> str:
    plain = "".join(character if character.isalnum() else "_" for character in name)
    return plain if plain.isidentifier() else f"v_{plain}"
