"""The look all reports share, and the pieces they are made of. Whatever comes from data is escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5c6675;--line:#dde2e9;--page:#fff;--card:#f7f8fa;
 --bar:#3366aa;--gap:#c8702a;--bad:#b3261e;--good:#1b7f4b}
@media (prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#9aa5b4;--line:#333c48;--page:#14181d;
 --card:#1c222a;--bar:#7aa7e0;--gap:#e09a5a;--bad:#f2877f;--good:#6fcf97}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:72rem;font:15px/1.45 system-ui,sans-serif;color:var(--ink);
 background:var(--page)}
h1{font-size:1.5rem;margin:.2rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:1.6rem 0 .6rem}
h3{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}
code{overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.5rem}
.facts div,.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem;min-width:0}
.facts b{display:block;font-size:1.1rem;overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:.87rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));gap:.7rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.87rem}
td,th{text-align:left;padding:.18rem .5rem .18rem 0;border-bottom:1px solid var(--line);vertical-align:top;
 overflow-wrap:break-word;min-width:3.5rem}
th{white-space:nowrap}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
svg{display:block;width:100%;margin:.3rem 0}
svg.bars{height:4.2rem}
svg.bars rect{fill:var(--bar)}
svg text{fill:var(--soft);font:11px system-ui,sans-serif}
.kind{font-weight:600;color:var(--bad);font-size:.8rem}
.verdict{font-weight:600}.verdict.bad{color:var(--bad)}.verdict.good{color:var(--good)}
ul{padding-left:1.1rem;margin:.3rem 0}
.meter{height:.4rem;background:var(--line);border-radius:3px}
.meter i{display:block;height:100%;background:var(--gap);border-radius:3px}
"""


def page(title: str, body: Iterable[str], heading: str | None = None) -> str:
    """A whole document; `title` and `heading` are text, `body` is markup."""
    viewport = '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    head = f"{viewport}<title>{escape(title)}</title><style>{STYLE}</style>"
    top = f"<h1>{escape(heading or title)}</h1>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{top}{"".join(body)}</body></html>\n'


def section(title: str, content: str) -> str:
    """A titled part; nothing where there is no content."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def facts(values: Mapping[str, object]) -> str:
    """The few numbers that come first."""
    boxes = (
        f'<div><span class="soft">{escape(key)}</span><b>{escape(str(value))}</b></div>'
        for key, value in values.items()
    )
    return f'<div class="facts">{"".join(boxes)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table that scrolls in its own box where the screen is narrow; numbers stand to the right."""
    lines = ["".join(_cell(value) for value in row) for row in rows]
    if not lines:
        return ""
    titles = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="wide"><table><tr>{titles}</tr>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>'


def _cell(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f'<td class="n">{escape(shown(value))}</td>'
    if isinstance(value, bool):
        return f"<td>{shown(value)}</td>"
    return f"<td>{escape('·' if value is None else str(value))}</td>"


def bullets(lines: Iterable[str]) -> str:
    """A list; what stands between backticks is set as code."""
    items = "".join(f"<li>{coded(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def coded(text: str) -> str:
    """Escaped text with what lies between backticks set as code."""
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(escape(text).split("`")))


def verdict(text: str, *, good: bool) -> str:
    """One sentence that says how it stands."""
    return f'<p class="verdict {"good" if good else "bad"}">{coded(text)}</p>'


def cards(contents: Iterable[str]) -> str:
    """Boxes beside each other as far as the screen allows."""
    made = "".join(f'<div class="card">{content}</div>' for content in contents if content)
    return f'<div class="cards">{made}</div>' if made else ""


def shown(value: object) -> str:
    """A value as a reader sees it: six significant digits, thousands apart."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "·"}[value]
    if isinstance(value, float):
        return f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
