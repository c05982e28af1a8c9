"""Reports: whole pages that need nothing from anywhere, whatever the data say, and fit a phone."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.job import Job
from ml_engine.ops.data.profile import profile
from ml_engine.ops.training.sweep import sweep
from ml_engine.ops.training.train import train
from ml_engine.reporting.charts import bars, dots, lines, matrix, parallel, scatter
from ml_engine.reporting.page import bullets, cards, facts, page, section, table, verdict
from ml_engine.tables import read_table
from ml_engine.validation.report import render_validation
from ml_engine.validation.suite import parse_suite, run_rules

from .tables_for_training import loans, sklearn_table, sweep_params, train_params

VOID = {"meta", "br", "hr", "img", "input", "rect", "circle", "line", "polyline", "path"}


class _Checker(HTMLParser):
    """Every tag that opens closes, in order; what is written is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _checked(content: str) -> _Checker:
    checker = _Checker()
    checker.feed(content)
    checker.close()
    assert checker.open == []
    assert checker.links == []
    assert "script" not in checker.tags
    assert not re.search(r"https?://|@import|url\(", content)
    return checker


def _job(folder: Path, name: str) -> Job:
    (folder / name).mkdir()
    return Job(id=name, folder=folder / name, artifacts=folder / "kept")


def _page(job: Job) -> Path:
    return next((job.folder / "artifacts").glob("*.html"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One page of each kind, of real work."""
    folder = tmp_path_factory.mktemp("reports")
    data = loans(folder, rows=600)
    jobs = {name: _job(folder, name) for name in ("classification", "regression", "sweep", "profile")}
    train(train_params(data, target="default", family="lightgbm"), jobs["classification"])
    train(train_params(sklearn_table("diabetes", folder)), jobs["regression"])
    sweep(sweep_params(sklearn_table("wine", folder), family="svm", trials=9), jobs["sweep"])
    asked: Any = {"dataset": data, "target": "default", "detail": "concise", "wait_seconds": 20, "cancel": False}
    profile(asked, jobs["profile"])
    found = {name: _page(job) for name, job in jobs.items()}
    frame = read_table(data).frame
    rule: Any = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "income", "min_value": 0, "max_value": 30_000},
    }
    found["validation"] = folder / "validation.html"
    found["validation"].write_text(
        render_validation("loans@1", frame.height, run_rules(frame, parse_suite([rule], "suite")))
    )
    return found


def test_every_page_is_whole_and_needs_nothing(pages: dict[str, Path]) -> None:
    for name, path in pages.items():
        content = path.read_text(encoding="utf-8")
        checker = _checked(content)
        assert {"h1", "h2", "style"} <= set(checker.tags), name
        assert len(content) < 1_000_000


def test_what_matters_comes_first(pages: dict[str, Path]) -> None:
    told = "".join(_checked(pages["classification"].read_text()).text)
    order = [
        "a model that ignores the features",
        "Scores",
        "Predictions of rows not seen",
        "Folds",
        "Features",
        "Left out",
    ]
    places = [told.index(part) for part in order]
    assert places == sorted(places)
    failed = "".join(_checked(pages["validation"].read_text()).text)
    assert failed.index("breaks these rules") < failed.index("expect_column_values_to_be_between")


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
hostile = st.one_of(
    texts, st.sampled_from(['"><script>alert(1)</script>', "</style>", "`<b>`", "a&b", "'\"", "javascript:"])
)
numbers = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(name=hostile, values=numbers)
def test_nothing_of_the_data_becomes_markup(name: str, values: list[float]) -> None:
    finite = [value for value in values if abs(value) < 1e100] or [0.0]
    body = [
        verdict(name, good=False),
        facts({name: name}),
        section(name, bullets([name])),
        table([name], [[name], [1.5]]),
        cards([bars(name, [(name, finite[0])]), dots(name, [(name, finite[0], 1.0, None)], name)]),
        scatter(name, finite, finite, name, name),
        lines(name, [(name, finite, finite)], name, name),
        matrix(name, [name, name], np.array([[1, 2], [3, 4]])),
        parallel(name, [name, name], [[value, value] for value in finite], finite),
    ]
    checker = _checked(page(name, body))
    assert set(checker.tags) <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "div", "span", "b", "section", "ul"),
        *("li", "code", "table", "tr", "th", "td", "svg", "text", "rect", "circle", "line", "polyline"),
    }


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed: no browser to look with")
def test_pages_fit_a_phone_in_a_real_browser(pages: dict[str, Path], tmp_path: Path) -> None:
    """A frame as wide as a phone around each page says whether anything sticks out or an error was logged."""
    for name, path in pages.items():
        frame = tmp_path / f"{name}.html"
        frame.write_text(
            f'<body><iframe id=f src="file://{path}" width=390 height=800></iframe><script>'
            "f.onload=()=>{const d=f.contentDocument.documentElement;"
            "document.title=`${d.scrollWidth}/${d.clientWidth}`;document.body.textContent=document.title}</script>"
        )
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
        # No address resolves: a page that asked for anything would show it.
        offline = ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=3000", "--dump-dom"]
        seen = subprocess.run([*command, *offline, f"file://{frame}"], capture_output=True, text=True, check=True)  # noqa: S603
        found = re.search(r"<body>(\d+)/(\d+)", seen.stdout)
        assert found, seen.stdout[:500]
        assert int(found[1]) <= int(found[2]), f"{name} is wider than a phone"
