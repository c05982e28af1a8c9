"""A validation as one HTML page: the verdict first, then what failed with values that did."""

import json
from collections.abc import Sequence

from ml_engine.contract.data import ColumnDrift, ExpectationResult
from ml_engine.reporting.charts import bars
from ml_engine.reporting.page import bullets, cards, coded, facts, page, section, table, verdict

SHOWN = 400


def render_validation(
    dataset: str,
    rows: int,
    results: Sequence[ExpectationResult],
    *,
    baseline: str | None = None,
    changes: Sequence[str] = (),
    drift: Sequence[ColumnDrift] = (),
    notes: Sequence[str] = (),
) -> str:
    """The page; `results` of rules, or `changes` and `drift` against a `baseline`."""
    failed = [one for one in results if not one["success"]]
    errors = [one for one in failed if one["severity"] == "error"]
    drifted = [one for one in drift if one["drifted"]]
    good = not errors and not changes
    said = (
        f"{dataset} {'looks like' if good and not drifted else 'differs from'} {baseline}."
        if baseline
        else f"{dataset} {'can be trusted by' if good else 'breaks'} these rules."
    )
    numbers: dict[str, object] = {"rows": f"{rows:,}"}
    if baseline:
        numbers |= {"schema changes": len(changes), "columns compared": len(drift), "drifted": len(drifted)}
    else:
        numbers |= {"rules": len(results), "errors": len(errors), "warnings": len(failed) - len(errors)}
    body = [
        verdict(said, good=good),
        facts(numbers),
        section("Failed", cards(_failure(one) for one in failed[:SHOWN])),
        section("Schema", bullets(changes)),
        section("Drift", _drift(drift)),
        section(
            "All rules",
            table(
                ("holds", "rule", "column", "unexpected", "share"),
                (
                    (one["success"], one["type"], one["column"], one.get("unexpected_count"), _share(one))
                    for one in results[:SHOWN]
                ),
            ),
        ),
        section("Notes", bullets(notes)),
    ]
    return page(f"{dataset}: validation", body, f"{dataset}: {'comparison' if baseline else 'validation'}")


def _failure(result: ExpectationResult) -> str:
    examples = result["partial_unexpected_list"]
    values = table(
        ("unexpected values",), ((json.dumps(value, default=str, ensure_ascii=False),) for value in examples)
    )
    column = f"`{result['column']}` " if result["column"] else ""
    return (
        f'<h3>{coded(column)}</h3><span class="kind">{coded(result["severity"])}</span> {coded(result["reason"])}'
        f'<div class="soft">{coded(result["type"])}</div>{values}'
    )


def _share(result: ExpectationResult) -> str | None:
    percent = result.get("unexpected_percent")
    return f"{percent:.4g} %"


def _drift(drift: Sequence[ColumnDrift]) -> str:
    if not drift:
        return ""
    picture = bars("Population stability index", [(one["column"], one["psi"]) for one in drift[:20]])
    listed = table(
        ("column", "drifted", "PSI", "test", "statistic", "p, corrected", "missing before", "now"),
        (
            (
                one["column"],
                one["drifted"],
                one["psi"],
                one["test"],
                one["statistic"],
                one["p_adjusted"],
                one["missing_before"],
                one["missing_now"],
            )
            for one in drift[:SHOWN]
        ),
    )
    return f"{cards([picture])}{listed}"
