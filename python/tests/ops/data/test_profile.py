"""data.profile as a plain function, its numbers against plain ones."""

import json
import math
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.data.profile import profile
from ml_engine.profiling.bound import FULL_BYTES
from ml_engine.profiling.near import near_duplicates
from ml_engine.profiling.times import season
from ml_engine.reading.samples import read_sample
from ml_engine.roles import infer_roles
from tests.ops.data.profiling import params, whole


def test_bundled_data() -> None:
    iris = whole(read_sample("sample:iris", "dataset"), "target")
    assert (iris["duplicate_rows"], iris["missing_cells"]) == (1, 0)
    assert sum(one.get("more", {})["sum"] for one in iris["profiles"][:4]) == pytest.approx(2078.7)
    assert iris["target"] is not None
    assert iris["target"]["leakage"] == []
    assert [one["rows"] for one in iris["target"]["classes"]] == [50, 50, 50]
    petals = next(one for one in iris["associations"] if one["a"] == "petal length (cm)")
    assert petals["value"] == pytest.approx(0.962865, abs=1e-6)


def test_what_gives_a_target_away_is_said() -> None:
    random = np.random.default_rng(0)
    y = random.random(400) < 0.3
    frame = pl.DataFrame(
        {
            "y": ["bad" if one else "good" for one in y],
            "noise": random.normal(size=400),
            "score": y + random.normal(0, 0.05, 400),
            "status": ["written off" if one else "paid" for one in y],
            "closed": [1.0 if one else None for one in y],
        }
    )
    result = whole(frame, "y")
    assert result["target"] is not None
    assert {leak["column"]: leak["measure"] for leak in result["target"]["leakage"]} == {
        "score": "auc",
        "status": "purity",
        "closed": "auc_of_missing",
    }
    assert [alert["kind"] for alert in result["alerts"][:3]] == ["LEAKAGE"] * 3
    regression = whole(frame.select((pl.col("score") * 7).alias("price"), pl.col("score"), pl.col("noise")), "price")
    assert regression["target"] is not None
    assert [leak["column"] for leak in regression["target"]["leakage"]] == ["score"]


def test_alerts() -> None:
    frame = pl.DataFrame(
        {
            "same": [1] * 60,
            "none": pl.Series([None] * 60, dtype=pl.String),
            "zeros": [0] * 50 + list(range(10)),
            "rare": ["a"] * 58 + ["b", "c"],
            "gap": [None] * 10 + [f"v{i % 7}" for i in range(50)],
            "inf": [math.inf] + [float(i % 13) for i in range(59)],
            "mail": [f"p{i}@example.org" for i in range(60)],
            "dirty": ["Oslo", "oslo ", "Rome"] * 20,
        }
    )
    found = {(alert["kind"], *alert["columns"]) for alert in whole(frame)["alerts"]}
    assert {
        ("CONSTANT", "same"),
        ("EMPTY", "none"),
        ("ZEROS", "zeros"),
        ("IMBALANCE", "rare"),
        ("MISSING", "gap"),
        ("INFINITE", "inf"),
        ("PERSONAL", "mail"),
        ("UNIQUE", "mail"),
        ("DIRTY_CATEGORY", "dirty"),
    } <= found


def test_a_target_of_one_class_or_without_values() -> None:
    result = whole(pl.DataFrame({"y": ["a"] * 20, "x": range(20)}), "y")
    assert "one class alone" in next(
        alert["message"] for alert in result["alerts"] if alert["kind"] == "TARGET_IMBALANCE"
    )
    gappy = whole(pl.DataFrame({"y": ["a", "b", None] * 10, "x": range(30)}), "y")
    assert any(alert["kind"] == "TARGET_MISSING" for alert in gappy["alerts"])
    with pytest.raises(OpError, match="has no value at all"):
        whole(pl.DataFrame({"y": pl.Series([None, None], dtype=pl.String), "x": [1, 2]}), "y")


def test_wrong_target(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("income,age\n1,2\n2,3\n")
    with pytest.raises(OpError, match="no column `incme`; did you mean `income`"):
        profile(params(path, target="incme"), quiet(tmp_path))


@pytest.mark.parametrize(
    ("columns", "detail", "most"), [(30, "concise", 24_000), (300, "full", FULL_BYTES), (1000, "concise", 24_000)]
)
def test_a_result_stays_short_whatever_the_data(tmp_path: Path, columns: int, detail: str, most: int) -> None:
    random = np.random.default_rng(0)
    frame = pl.DataFrame({f"a rather long name of column {i}": random.normal(size=50) for i in range(columns - 2)})
    frame = frame.with_columns(
        pl.lit("x" * 5000).alias("long"), pl.Series("t", ["<b>" + "y" * 200 + str(i) for i in range(50)])
    )
    frame.write_parquet(tmp_path / "wide.parquet")
    result = profile(params(tmp_path / "wide.parquet", detail=detail), quiet(tmp_path))
    assert len(json.dumps(result, allow_nan=False, ensure_ascii=False).encode()) <= most
    assert bool(result["left_out"]) == (columns > 30)


class Links(HTMLParser):
    """Collects what a page would fetch, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [
            value or "" for key, value in attrs if key in ("src", "href", "xlink:href", "onerror", "onclick")
        ]


def test_the_report_is_whole_and_escaped(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    frame = pl.DataFrame({evil: [1.0, 2.0, 3.0, 9.0], '"><img src=x onerror=alert(1)>': [evil, evil, "b", "`c`"]})
    frame.write_parquet(tmp_path / "evil.parquet")
    job = quiet(tmp_path)
    result = profile(params(tmp_path / "evil.parquet"), job)
    page = (job.folder / "artifacts" / "profile.html").read_text(encoding="utf-8")
    parser = Links()
    parser.feed(page)

    assert parser.tags.isdisjoint({"script", "img", "link", "iframe", "object"})
    assert parser.links == []
    assert "http" not in page
    assert "prefers-color-scheme:dark" in page
    assert [Path(artifact["path"]).name for artifact in result["artifacts"]] == ["profile.html", "overview.png"]
    assert (job.folder / "artifacts" / "overview.png").read_bytes().startswith(b"\x89PNG")


def test_shown_pairs_carry_kendall_and_mutual_information() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=400)
    y = x + random.normal(0, 0.2, 400)
    pair = whole(pl.DataFrame({"x": x, "y": y}))["associations"][0]
    assert pair["kendall"] == pytest.approx(float(stats.kendalltau(x, y).statistic), abs=1e-6)
    assert pair["nats"] > 0.5


def test_alerts_of_time_nesting_and_near_duplicates() -> None:
    random = np.random.default_rng(2)
    steps = np.arange(400)
    frame = pl.DataFrame(
        {
            "at": pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 17, 15), "1h", eager=True),
            "walk": random.normal(size=400).cumsum(),
            "daily": np.sin(2 * np.pi * steps / 24) + random.normal(0, 0.1, 400),
            "noise": random.normal(size=400),
            "nested": [json.dumps({"a": int(i % 7)}) for i in steps],
        }
    )
    found = {(one["kind"], *one["columns"]) for one in whole(frame)["alerts"]}
    assert {("NON_STATIONARY", "walk"), ("SEASONAL", "daily"), ("UNSUPPORTED", "nested")} <= found
    assert not {("NON_STATIONARY", "noise"), ("SEASONAL", "noise"), ("SEASONAL", "walk")} & found
    assert season(frame["daily"].to_numpy()) == 24
    people = pl.DataFrame({"city": ["Oslo", " oslo", "Rome", "Rome"], "x": [1.00001, 1.0, 2.0, 2.0]})
    assert near_duplicates(people, infer_roles(people)) == 1


def test_a_baseline_tells_what_changed(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    pl.DataFrame({"x": random.normal(size=500), "y": range(500)}).write_parquet(tmp_path / "before.parquet")
    pl.DataFrame({"x": random.normal(3, 1, size=500)}).write_parquet(tmp_path / "now.parquet")
    given_params = params(tmp_path / "now.parquet", baseline=str(tmp_path / "before.parquet"))
    result = profile(given_params, quiet(tmp_path))
    assert result["schema_changes"] == ["Column `y` is gone."]
    assert [(one["column"], one["drifted"]) for one in result["drift"]] == [("x", True)]


def test_a_result_stays_short_where_names_are_long(tmp_path: Path) -> None:
    frame = pl.DataFrame({f"{'n' * 3000}{i}": [None, None, f"p{i}@example.org"] for i in range(40)})
    frame.write_parquet(tmp_path / "names.parquet")
    result = profile(params(tmp_path / "names.parquet", detail="full"), quiet(tmp_path))
    assert len(json.dumps(result, allow_nan=False, ensure_ascii=False).encode()) <= FULL_BYTES
