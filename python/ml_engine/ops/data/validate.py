"""Says whether a table can be trusted: by a suite, by soundness checks, or against a baseline."""

import json

from ml_engine.contract.data import Artifact, ValidateParams, ValidateResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.tables import Table, read_table
from ml_engine.validation.drift import compare_columns, schema_changes
from ml_engine.validation.inference import infer_suite
from ml_engine.validation.soundness import check_soundness
from ml_engine.validation.suite import parse_suite, read_suite, run_rules

SHOWN = {"concise": 60, "full": 200}
SHOWN_RULES = {"concise": 60, "full": 200}
SHOWN_EXAMPLES = {"concise": 5, "full": 20}


def validate(params: ValidateParams, job: Job) -> ValidateResult:
    """Runs one of `check`, `infer`, `compare` on a dataset.

    Raises:
        OpError: the dataset or suite cannot be read, a rule is unknown, or `compare` has no `baseline`.
    """
    _fits_action(params)
    table = read_table(params["dataset"])
    if params["action"] == "infer":
        return _infer(params, table, job)
    if params["action"] == "compare":
        return _compare(params, table, job)
    return _check(params, table, job)


def _fits_action(params: ValidateParams) -> None:
    action = params["action"]
    if action == "compare" and "baseline" not in params:
        raise OpError("invalid_input", "baseline: `compare` needs a dataset to compare with")
    for field, owner in (("baseline", "compare"), ("suite", "check"), ("suite_file", "check")):
        if field in params and action != owner:
            raise OpError("invalid_input", f"{field}: belongs to `{owner}`, not to `{action}`")
    if "suite" in params and "suite_file" in params:
        raise OpError("invalid_input", "suite: give it here or as `suite_file`, not both")


def _empty(params: ValidateParams, table: Table) -> ValidateResult:
    return {
        "action": params["action"],
        "dataset": table.name,
        "success": True,
        "rows": table.frame.height,
        "columns": table.frame.width,
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


def _check(params: ValidateParams, table: Table, job: Job) -> ValidateResult:
    suite = params.get("suite")
    given = suite if suite is not None else read_suite(params["suite_file"]) if "suite_file" in params else None
    if given is None:
        checked, results = check_soundness(table.frame, table.columns)
    else:
        results = run_rules(table.frame, parse_suite(given, "suite" if suite is not None else "suite_file"))
        checked = len(results)
    failed = [result for result in results if not result["success"]]
    errors = sum(result["severity"] == "error" for result in failed)
    ranked = sorted(failed, key=lambda result: result["severity"] != "error")
    shown = results if params["detail"] == "full" else ranked
    kept = shown[: SHOWN[params["detail"]]]
    most = SHOWN_EXAMPLES[params["detail"]]
    return {
        **_empty(params, table),
        "success": errors == 0,
        "checked": checked,
        "errors": errors,
        "warned": len(failed) - errors,
        "results": [{**result, "partial_unexpected_list": result["partial_unexpected_list"][:most]} for result in kept],
        "left_out": len(shown) - len(kept),
        "artifacts": [_write(job, "validation.json", "Validation report", results)] if results else [],
    }


def _infer(params: ValidateParams, table: Table, job: Job) -> ValidateResult:
    suite = infer_suite(table.frame, table.columns)
    kept = suite[: SHOWN_RULES[params["detail"]]]
    document = {"name": table.name, "expectations": suite}
    return {
        **_empty(params, table),
        "checked": len(suite),
        "suite": kept,
        "left_out": len(suite) - len(kept),
        "artifacts": [_write(job, "suite.json", "Expectation suite", document)],
    }


def _compare(params: ValidateParams, table: Table, job: Job) -> ValidateResult:
    baseline = read_table(params.get("baseline", ""), "baseline")
    changes = schema_changes(table.frame, baseline.frame)
    drift = compare_columns(table.frame, baseline.frame)
    kept = drift[: SHOWN[params["detail"]]]
    drifted = sum(column["drifted"] for column in drift)
    document = {"dataset": table.name, "baseline": baseline.name, "schema_changes": changes, "drift": drift}
    return {
        **_empty(params, table),
        "success": not changes,
        "checked": len(drift),
        "errors": len(changes),
        "warned": drifted,
        "drift": kept,
        "schema_changes": changes[:50],
        "left_out": len(drift) - len(kept) + max(0, len(changes) - 50),
        "artifacts": [_write(job, "comparison.json", "Comparison report", document)],
        "warnings": [
            *table.warnings,
            *baseline.warnings,
            *_not_compared(table, baseline, [one["column"] for one in drift]),
        ],
    }


def _not_compared(table: Table, baseline: Table, compared: list[str]) -> list[str]:
    left = [name for name in baseline.frame.columns if name in table.frame.columns and name not in compared]
    return [f"Not compared, as nearly every value differs or all are missing: {', '.join(left[:20])}."] if left else []


def _write(job: Job, name: str, title: str, content: object) -> Artifact:
    path, artifact = job.artifact(name, title)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return {"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]}
