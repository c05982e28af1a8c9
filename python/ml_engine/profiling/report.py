"""The whole profile as one HTML page that needs nothing from anywhere."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import cast

from ml_engine.contract.data import Alert, ColumnProfile, ProfileResult, TargetProfile
from ml_engine.profiling.columns import bin_counts

SHOWN_COLUMNS = 400
STATISTICS = ("mean", "std", "min", "p25", "median", "p75", "max", "skewness", "outliers")
STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5c6675;--line:#dde2e9;--page:#fff;--card:#f7f8fa;
 --bar:#3366aa;--gap:#c8702a;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#9aa5b4;--line:#333c48;--page:#14181d;
 --card:#1c222a;--bar:#7aa7e0;--gap:#e09a5a;--bad:#f2877f}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:72rem;font:15px/1.45 system-ui,sans-serif;color:var(--ink);
 background:var(--page)}
h1{font-size:1.5rem;margin:.2rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:1.6rem 0 .6rem}
h3{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.5rem}
.facts div,.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}
.facts b{display:block;font-size:1.1rem;overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:.87rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));gap:.7rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.87rem}
td,th{text-align:left;padding:.18rem .5rem .18rem 0;border-bottom:1px solid var(--line);vertical-align:top;
 overflow-wrap:anywhere}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
svg{display:block;width:100%;height:4.2rem;margin:.3rem 0}
svg rect{fill:var(--bar)}
.kind{font-weight:600;color:var(--bad);font-size:.8rem}
ul{padding-left:1.1rem;margin:.3rem 0}
.meter{height:.4rem;background:var(--line);border-radius:3px}
.meter i{display:block;height:100%;background:var(--gap);border-radius:3px}
"""


def render_report(result: ProfileResult) -> str:
    """The page; `result` with full detail. All text of the data's own is escaped."""
    name = escape(result["dataset"])
    body = [
        f"<h1>{name}</h1>",
        _facts(result),
        _section("Alerts", _alerts(result["alerts"])),
        _section("Target", _target(result["target"])) if result["target"] else "",
        _section(
            "Columns",
            f'<div class="cards">{"".join(_card(profile) for profile in result["profiles"][:SHOWN_COLUMNS])}</div>',
        ),
        _section(
            "Strongest pairs",
            _table(
                ("a", "b", "measure", "value"),
                ((p["a"], p["b"], p["method"], _number(p["value"])) for p in result["associations"]),
            ),
        ),
        _section(
            "Missing together",
            _table(("columns", "rows"), ((", ".join(p["columns"]), p["rows"]) for p in result["missing_patterns"])),
        ),
        _section("Notes", _list(result["warnings"])) if result["warnings"] else "",
    ]
    viewport = '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    head = f"{viewport}<title>{name}: profile</title><style>{STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>" if content else ""


def _facts(result: ProfileResult) -> str:
    facts = {
        "rows": f"{result['rows']:,}",
        "columns": result["columns"],
        "missing cells": f"{result['missing_cells']:,} ({100 * result['missing']:.1f} %)",
        "duplicate rows": f"{result['duplicate_rows']:,}",
        "in memory": f"{result['memory_bytes'] / 1e6:,.1f} MB",
        "types": ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in result["types"].items()),
    }
    boxes = (f"<div><span class=soft>{key}</span><b>{escape(str(value))}</b></div>" for key, value in facts.items())
    return f'<div class="facts">{"".join(boxes)}</div>'


def _alerts(alerts: Sequence[Alert]) -> str:
    if not alerts:
        return "<p>Nothing stands out.</p>"
    lines = (f"<li><span class=kind>{escape(alert['kind'])}</span> {_code(alert['message'])}</li>" for alert in alerts)
    return f"<ul>{''.join(lines)}</ul>"


def _target(target: TargetProfile | None) -> str:
    if target is None:
        return ""
    classes = _table(
        ("class", "rows", "share"),
        ((one["value"], one["rows"], f"{100 * one['share']:.1f} %") for one in target["classes"]),
    )
    told = _table(
        ("column", "mutual information, nats"),
        ((one["column"], _number(one["nats"])) for one in target["mutual_information"][:15]),
    )
    leaks = _list(f"`{leak['column']}` {leak['reason']}" for leak in target["leakage"])
    return f"<p><b>{escape(target['name'])}</b>, {target['task']}</p>{leaks}{classes}{told}"


def _card(profile: ColumnProfile) -> str:
    share = 100 * profile["missing"]
    meter = f'<div class="meter" title="missing"><i style="width:{share:.2f}%"></i></div>' if share else ""
    facts_line = f"{profile['dtype']} · {profile['role']} · {profile['distinct']:,} distinct · {share:.1f} % missing"
    about = f'<div class="soft">{escape(facts_line)}</div>'
    shown = cast(Mapping[str, object], profile)
    facts = [(key, _value(shown[key])) for key in STATISTICS if key in shown]
    facts += [
        (key, _value(value))
        for key, value in profile.get("more", {}).items()
        if key != "histogram" and value is not None
    ]
    top = _table(
        ("value", "rows", "share"),
        ((one["value"], one["rows"], f"{100 * one['share']:.1f} %") for one in profile.get("top", [])),
    )
    rows = "".join(
        f'<tr><td>{escape(key.replace("_", " "))}</td><td class="n">{escape(value)}</td></tr>' for key, value in facts
    )
    numbers = f"<details><summary class=soft>statistics</summary><table>{rows}</table></details>" if rows else ""
    return f'<div class="card"><h3>{escape(profile["name"])}</h3>{about}{meter}{_bars(profile)}{top}{numbers}</div>'


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
    return f'<svg {box} aria-label="{label}">{bars}</svg>'


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["".join(f"<td>{escape(str('·' if value is None else value))}</td>" for value in row) for row in rows]
    if not lines:
        return ""
    titles = "".join(f"<th>{name}</th>" for name in head)
    return f'<div class="wide"><table><tr>{titles}</tr>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>'


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{_code(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _code(text: str) -> str:
    """Escaped text with what lies between backticks set as code."""
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(escape(text).split("`")))


def _value(value: object) -> str:
    return _number(value) if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _number(value: float) -> str:
    return f"{value:,.6g}"
