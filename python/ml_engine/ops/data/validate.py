"""Says whether a table can be trusted: by a suite, by soundness checks, or against a baseline."""

import json
from pathlib import Path
from typing import NamedTuple

from ml_engine.contract.data import Artifact, ExpectationResult, ValidateParams, ValidateResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.roles import contains_personal
from ml_engine.tables import MANIFEST_FILE, Table, read_manifest, read_table, registered_name
from ml_engine.validation.drift import compare_columns, schema_changes
from ml_engine.validation.failing import failing_rows
from ml_engine.validation.inference import infer_suite
from ml_engine.validation.report import render_validation
from ml_engine.validation.soundness import check_soundness
from ml_engine.validation.source import Source, open_source, source_of
from ml_engine.validation.suite import parse_suite, read_suite, run_rules

SUITE_VERSION = 1
DETAIL_CHARACTERS = 2000
SHOWN = {"concise": 60, "full": 200}
SHOWN_RULES = {"concise": 60, "full": 200}
SHOWN_EXAMPLES = {"concise": 5, "full": 20}


class Subject(NamedTuple):
    """What is told of the table whatever the action."""

    name: str
    rows: int
    columns: int
    contains_pii: bool
    warnings: tuple[str, ...]


def validate(params: ValidateParams, job: Job) -> ValidateResult:
    """Runs one of `check`, `infer`, `compare` on a dataset.

    A suite over a registered dataset is run on a scan of its file, which need not fit in memory, as is `compare`, a
    column at a time; soundness checks, `infer` and plain files read the table whole.

    Raises:
        OpError: the dataset or suite cannot be read, a rule is unknown, or `compare` has no `baseline`.
    """
    _fits_action(params)
    if params["action"] == "infer":
        return _infer(params, read_table(params["dataset"]), job)
    if params["action"] == "compare":
        return _compare(params, job)
    return _check(params, job)


def _opened(path: str, field: str = "dataset") -> tuple[Subject, Source]:
    folder = Path(path)
    if (folder / MANIFEST_FILE).is_file():
        manifest = read_manifest(folder)
        source, name = open_source(path, field), registered_name(folder, manifest)
        personal = contains_personal(manifest["columns"])
        return Subject(name, manifest["rows"], len(source.names), personal, ()), source
    table = read_table(path, field)
    return _subject(table), source_of(folder.stem, table.frame)


def _subject(table: Table) -> Subject:
    return Subject(table.name, table.frame.height, table.frame.width, table.contains_pii, table.warnings)


def _fits_action(params: ValidateParams) -> None:
    action = params["action"]
    if action == "compare" and "baseline" not in params:
        raise OpError("invalid_input", "baseline: `compare` needs a dataset to compare with")
    for field, owner in (("baseline", "compare"), ("suite", "check"), ("suite_file", "check"), ("others", "check")):
        if field in params and action != owner:
            raise OpError("invalid_input", f"{field}: belongs to `{owner}`, not to `{action}`")
    if "suite" in params and "suite_file" in params:
        raise OpError("invalid_input", "suite: give it here or as `suite_file`, not both")


def _empty(params: ValidateParams, table: Subject) -> ValidateResult:
    return {
        "action": params["action"],
        "dataset": table.name,
        "success": True,
        "rows": table.rows,
        "columns": table.columns,
        "checked": 0,
        "errors": 0,
        "warned": 0,
        "results": [],
        "suite": [],
        "drift": [],
        "schema_changes": [],
        "left_out": 0,
        "artifacts": [],
        "contains_pii": table.contains_pii,
        "warnings": list(table.warnings),
    }


def _check(params: ValidateParams, job: Job) -> ValidateResult:
    suite = params.get("suite")
    given = suite if suite is not None else read_suite(params["suite_file"]) if "suite_file" in params else None
    artifacts: list[Artifact] = []
    if given is None:
        table = read_table(params["dataset"])
        subject = _subject(table)
        checked, results = check_soundness(table.frame, table.columns)
    else:
        rules = parse_suite(given, "suite" if suite is not None else "suite_file")
        subject, source = _opened(params["dataset"])
        job.progress(1, 3, f"{len(rules)} rules")
        results = run_rules(source, rules, params.get("others", []))
        checked = len(results)
        job.progress(2, 3, "failing rows")
        failing = failing_rows(source, results)
        if failing is not None:
            path, artifact = job.artifact("failing-rows.csv", "Failing rows")
            failing.write_csv(path)
            artifacts.append({"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]})
    failed = [result for result in results if not result["success"]]
    errors = sum(result["severity"] == "error" for result in failed)
    ranked = sorted(failed, key=lambda result: result["severity"] != "error")
    shown = results if params["detail"] == "full" else ranked
    kept = shown[: SHOWN[params["detail"]]]
    page = render_validation(subject.name, subject.rows, results, notes=subject.warnings)
    report = (
        [
            _page(job, "validation.html", "Validation report", page),
            _write(job, "validation.json", "Results as data", results),
        ]
        if results
        else []
    )
    more = [f"Failing rows hold personal data: {artifacts[0]['path']}."] if artifacts and subject.contains_pii else []
    return {
        **_empty(params, subject),
        "success": errors == 0,
        "checked": checked,
        "errors": errors,
        "warned": len(failed) - errors,
        "results": [_short(result, SHOWN_EXAMPLES[params["detail"]]) for result in kept],
        "left_out": len(shown) - len(kept),
        "artifacts": [*report, *artifacts],
        "warnings": [*subject.warnings, *more],
    }


def _short(result: ExpectationResult, most: int) -> ExpectationResult:
    """A result for the answer: few examples; the report has them all."""
    return {
        **result,
        "partial_unexpected_list": result["partial_unexpected_list"][:most],
        "partial_unexpected_counts": result["partial_unexpected_counts"][:most],
        "unexpected_index_list": result["unexpected_index_list"][:most],
        "details": result["details"] if len(json.dumps(result["details"], default=str)) <= DETAIL_CHARACTERS else {},
    }


def _infer(params: ValidateParams, table: Table, job: Job) -> ValidateResult:
    suite = infer_suite(table.frame, table.columns)
    kept = suite[: SHOWN_RULES[params["detail"]]]
    meta = {"format_version": SUITE_VERSION, "dataset": table.name, "dataset_hash": table.hash}
    document = {"name": table.name, "expectations": suite, "meta": {"ml_engine": meta}}
    return {
        **_empty(params, _subject(table)),
        "checked": len(suite),
        "suite": kept,
        "left_out": len(suite) - len(kept),
        "artifacts": [_write(job, "suite.json", "Expectation suite", document)],
    }


def _compare(params: ValidateParams, job: Job) -> ValidateResult:
    (subject, now), (baseline, before) = (
        _opened(params["dataset"]),
        _opened(params.get("baseline", ""), "baseline"),
    )
    job.progress(1, 2, "drift")
    changes = schema_changes(now.lazy, before.lazy)
    drift = compare_columns(now.lazy, before.lazy)
    kept = drift[: SHOWN[params["detail"]]]
    drifted = sum(column["drifted"] for column in drift)
    compared = [one["column"] for one in drift]
    said = [*subject.warnings, *baseline.warnings, *_not_compared(now, before, compared)]
    document = {"dataset": subject.name, "baseline": baseline.name, "schema_changes": changes, "drift": drift}
    return {
        **_empty(params, subject),
        "success": not changes,
        "checked": len(drift),
        "errors": len(changes),
        "warned": drifted,
        "drift": kept,
        "schema_changes": changes[:50],
        "left_out": len(drift) - len(kept) + max(0, len(changes) - 50),
        "artifacts": [
            _page(
                job,
                "comparison.html",
                "Comparison report",
                render_validation(
                    subject.name, subject.rows, [], baseline=baseline.name, changes=changes, drift=drift, notes=said
                ),
            ),
            _write(job, "comparison.json", "Comparison as data", document),
        ],
        "warnings": said,
    }


def _not_compared(now: Source, before: Source, compared: list[str]) -> list[str]:
    left = [name for name in before.names if name in now.schema and name not in compared]
    return [f"Not compared, as nearly every value differs or all are missing: {', '.join(left[:20])}."] if left else []


def _page(job: Job, name: str, title: str, content: str) -> Artifact:
    """The report for a person."""
    path, artifact = job.artifact(name, title)
    path.write_text(content, encoding="utf-8")
    return {"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]}


def _write(job: Job, name: str, title: str, content: object) -> Artifact:
    path, artifact = job.artifact(name, title)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return {"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]}
