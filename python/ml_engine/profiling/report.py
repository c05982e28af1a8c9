"""The whole profile as one HTML page that needs nothing from anywhere."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import cast

from ml_engine.contract.data import Alert, ColumnProfile, ProfileResult, TargetProfile
from ml_engine.profiling.columns import bin_counts
from ml_engine.reporting.page import bullets, coded, facts, page, section, shown, table

SHOWN_COLUMNS = 400
STATISTICS = ("mean", "std", "min", "p25", "median", "p75", "max", "skewness", "outliers")


def render_report(result: ProfileResult) -> str:
    """The page; `result` with full detail. All text of the data's own is escaped."""
    body = [
        _facts(result),
        section("Alerts", _alerts(result["alerts"])),
        section("Target", _target(result["target"])) if result["target"] else "",
        section(
            "Columns",
            f'<div class="cards">{"".join(_card(profile) for profile in result["profiles"][:SHOWN_COLUMNS])}</div>',
        ),
        section(
            "Strongest pairs",
            table(
                ("a", "b", "measure", "value"),
                ((p["a"], p["b"], p["method"], shown(p["value"])) for p in result["associations"]),
            ),
        ),
        section(
            "Missing together",
            table(("columns", "rows"), ((", ".join(p["columns"]), p["rows"]) for p in result["missing_patterns"])),
        ),
        section("Notes", bullets(result["warnings"])) if result["warnings"] else "",
    ]
    return page(f"{result['dataset']}: profile", body, result["dataset"])


def _facts(result: ProfileResult) -> str:
    return facts(
        {
            "rows": f"{result['rows']:,}",
            "columns": result["columns"],
            "missing cells": f"{result['missing_cells']:,} ({100 * result['missing']:.1f} %)",
            "duplicate rows": f"{result['duplicate_rows']:,}",
            "in memory": f"{result['memory_bytes'] / 1e6:,.1f} MB",
            "types": ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in result["types"].items()),
        }
    )


def _alerts(alerts: Sequence[Alert]) -> str:
    if not alerts:
        return "<p>Nothing stands out.</p>"
    lines = (f"<li><span class=kind>{escape(alert['kind'])}</span> {coded(alert['message'])}</li>" for alert in alerts)
    return f"<ul>{''.join(lines)}</ul>"


def _target(target: TargetProfile | None) -> str:
    if target is None:
        return ""
    classes = table(
        ("class", "rows", "share"),
        ((one["value"], one["rows"], f"{100 * one['share']:.1f} %") for one in target["classes"]),
    )
    told = table(
        ("column", "mutual information, nats"),
        ((one["column"], shown(one["nats"])) for one in target["mutual_information"][:15]),
    )
    leaks = bullets(f"`{leak['column']}` {leak['reason']}" for leak in target["leakage"])
    return f"<p><b>{escape(target['name'])}</b>, {target['task']}</p>{leaks}{classes}{told}"


def _card(profile: ColumnProfile) -> str:
    share = 100 * profile["missing"]
    meter = f'<div class="meter" title="missing"><i style="width:{share:.2f}%"></i></div>' if share else ""
    facts_line = f"{profile['dtype']} · {profile['role']} · {profile['distinct']:,} distinct · {share:.1f} % missing"
    about = f'<div class="soft">{escape(facts_line)}</div>'
    known = cast(Mapping[str, object], profile)
    numbers = [(key, shown(known[key])) for key in STATISTICS if key in known]
    numbers += [
        (key, shown(value))
        for key, value in profile.get("more", {}).items()
        if key != "histogram" and value is not None
    ]
    top = table(
        ("value", "rows", "share"),
        ((one["value"], one["rows"], f"{100 * one['share']:.1f} %") for one in profile.get("top", [])),
    )
    rows = "".join(
        f'<tr><td>{escape(key.replace("_", " "))}</td><td class="n">{escape(value)}</td></tr>' for key, value in numbers
    )
    told = f"<details><summary class=soft>statistics</summary><table>{rows}</table></details>" if rows else ""
    return f'<div class="card"><h3>{escape(profile["name"])}</h3>{about}{meter}{_bars(profile)}{top}{told}</div>'


def _bars(profile: ColumnProfile) -> str:
    counts = bin_counts(profile)
    if len(counts) < 2:
        return ""
    tallest = max(counts)
    bars = "".join(
        f'<rect x="{i * 5}" y="{40 - height:.2f}" width="4.4" height="{height:.2f}"><title>{count}</title></rect>'
        for i, (count, height) in enumerate((count, 40 * count / tallest) for count in counts)
    )
    label = escape(f"Histogram of {profile['name']}, {profile.get('min')} to {profile.get('max')}", quote=True)
    box = f'viewBox="0 0 {5 * len(counts)} 40" preserveAspectRatio="none" role="img"'
    return f'<svg class="bars" {box} aria-label="{label}">{bars}</svg>'
