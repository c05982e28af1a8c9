"""Steps of data.transform that learn: target codes, scales and their inverse; and texts, dates and near duplicates."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import PowerTransformer, TargetEncoder

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.tables import read_manifest
from ml_engine.transforming.inverse import invert
from ml_engine.transforming.pipeline import Run, run_steps

from .transform_place import Workplace


@pytest.fixture
def at(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


def towns(rows: int = 300) -> pl.DataFrame:
    random = np.random.default_rng(3)
    towns = random.choice(["Oslo", "Bodø", "Rome", "Bern"], rows)
    return pl.DataFrame(
        {
            "town": [None if i % 17 == 0 else str(town) for i, town in enumerate(towns)],
            "price": random.gamma(2, 30, rows) + (towns == "Oslo") * 40,
            "y": ["yes" if one else "no" for one in random.random(rows) < 0.2 + 0.5 * (towns == "Rome")],
            "kind": random.choice(["a", "b", "c"], rows),
        }
    )


@pytest.mark.parametrize(("by", "kind"), [("y", "binary"), ("price", "continuous"), ("kind", "multiclass")])
@pytest.mark.parametrize("smoothing", [None, 10.0])
def test_target_codes_are_scikit_learns(at: Workplace, by: str, kind: str, smoothing: float | None) -> None:
    split: Step = {"op": "split", "method": "random"}
    encode: Step = {"op": "encode", "method": "target", "by": by, "columns": ["town"]}
    if smoothing is not None:
        encode["smoothing"] = smoothing
    raw, coded = at.parts(at.run(towns(), [split])), at.parts(at.run(towns(), [split, encode]))
    settings: dict[str, Any] = {"shuffle": True, "random_state": 0, "smooth": smoothing or "auto", "target_type": kind}
    encoder: Any = TargetEncoder(cv=5, **settings)

    def matrix(frame: pl.DataFrame) -> np.ndarray:
        return frame["town"].fill_null("?").to_numpy().astype(object)[:, None]

    own = encoder.fit_transform(matrix(raw["train"]), raw["train"][by].to_numpy())
    names = [f"town_{label}" for label in "abc"] if kind == "multiclass" else ["town"]
    assert coded["train"].select(names).to_numpy() == pytest.approx(own)
    assert coded["test"].select(names).to_numpy() == pytest.approx(encoder.transform(matrix(raw["test"])))


def test_a_smoothed_code_is_the_weighted_mean(at: Workplace) -> None:
    frame = pl.DataFrame({"g": ["a"] * 4 + ["b"] * 6, "y": [1.0, 2, 3, 4, 10, 11, 12, 13, 14, 15]})
    step: Step = {"op": "encode", "method": "target", "by": "y", "smoothing": 2, "size": 2}
    made = at.run(frame, [step])["datasets"][0]["dataset"]
    fresh = at.parts(at.run(pl.DataFrame({"g": ["a", "b", "new"]}), [], apply=made))[None]
    # Micci-Barreca: (n · level mean + m · mean) / (n + m), with n = 4 and 6, m = 2 and a mean of 8.5.
    assert fresh["g"].to_list() == pytest.approx([(4 * 2.5 + 2 * 8.5) / 6, (6 * 12.5 + 2 * 8.5) / 8, 8.5])


def test_a_train_row_never_sees_its_own_target() -> None:
    frame, step = towns(), cast(Step, {"op": "encode", "method": "target", "by": "price", "columns": ["town"]})
    before = run_steps(Run(frame), [step], 0).frame["town"]
    changed = frame.with_columns(price=pl.when(pl.int_range(pl.len()) == 7).then(1e6).otherwise("price"))
    after = run_steps(Run(changed), [step], 0).frame["town"]
    assert after[7] == pytest.approx(before[7])
    assert (after != before).any()


NUMBERS = st.lists(st.floats(-1e4, 1e4).map(lambda value: round(value, 3)) | st.none(), min_size=3, max_size=60)


@given(NUMBERS, st.sampled_from(["standard", "minmax", "robust", "power", "log", "quantile"]))
@example([1960.0, 2150.0, 3025.0], "power")
@settings(max_examples=120, deadline=None)
def test_a_scale_and_its_inverse_give_the_original(values: list[float | None], method: str) -> None:
    frame = pl.DataFrame({"x": values, "c": ["u", "v", "w"] * (len(values) // 3) + ["u"] * (len(values) % 3)})
    steps: list[Step] = [
        {"op": "scale", "columns": ["x"], "method": method},
        {"op": "encode", "columns": ["c"], "method": "onehot" if len(values) % 2 else "ordinal"},
        {"op": "rename", "map": {"x": "z"}},
    ]
    run = run_steps(Run(frame.with_columns(pl.col("x").cast(pl.Float64))), steps, 0)
    back = invert(run.frame, run.kept)
    assert back.columns == frame.columns
    assert back["c"].to_list() == frame["c"].to_list()
    for was, now in zip(values, back["x"].to_list(), strict=True):
        assert now == (
            None if was is None else pytest.approx(was, rel=1e-5, abs=1e-3 if method == "quantile" else 1e-5)
        )


def test_a_power_scale_of_numbers_too_large_to_square_ends() -> None:
    made = run_steps(Run(pl.DataFrame({"x": [-1e308, 0.0, 1e308]})), [{"op": "scale", "method": "power"}], 0).frame
    assert made.height == 3


def test_power_is_scikit_learns() -> None:
    values = np.random.default_rng(0).gamma(1.5, 4, 400) - 3
    made = run_steps(Run(pl.DataFrame({"x": values})), [{"op": "scale", "method": "power"}], 0).frame
    assert made["x"].to_numpy() == pytest.approx(np.asarray(PowerTransformer().fit_transform(values[:, None]))[:, 0])


def test_what_has_no_way_back_says_so() -> None:
    run = run_steps(Run(towns()), [{"op": "bin", "columns": ["price"]}], 0)
    with pytest.raises(OpError, match="`bin` has no way back"):
        invert(run.frame, run.kept)


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ({"method": "accents"}, "Crème brûlée, Åse", "Creme brulee, Ase"),
        ({"method": "punctuation"}, "a-b, c!  d", "a b c d"),
        ({"method": "whitespace"}, " a\u00a0 b\u200b\tc ", "a b c"),
        ({"method": "html"}, "<p>1 &lt; 2 <script>x()</script>&amp; 3</p>", "1 < 2 & 3"),
        ({"method": "replace", "expression": r"(\d+) kr", "value": "$1 NOK"}, "12 kr", "12 NOK"),
    ],
)
def test_text_is_cleaned(at: Workplace, step: dict[str, str], before: str, after: str) -> None:
    cleaned = at.frame(pl.DataFrame({"t": [before, None]}), [cast(Step, {"op": "clean_text", **step})])
    assert cleaned["t"].to_list() == [after, None]


def test_cyclic_parts_lie_on_a_circle(at: Workplace) -> None:
    days = pl.DataFrame({"d": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 12, 31), eager=True)})
    made = at.frame(days, [{"op": "dates", "parts": ["month_cyclic", "weekday_cyclic"]}])
    assert (made["d_month_sin"] ** 2 + made["d_month_cos"] ** 2).to_list() == pytest.approx([1.0] * 366)
    december, january, june = made.row(-1), made.row(0), made.row(166)

    def apart(one: tuple[Any, ...], other: tuple[Any, ...]) -> float:
        return (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2

    assert apart(december, january) < apart(june, january)


def test_near_duplicates_go_and_others_stay(at: Workplace) -> None:
    frame = pl.DataFrame(
        {
            "n": [1, 2, 3, 4],
            "t": [
                "The quick brown fox jumps over the lazy dog",
                "the quick brown fox jumped over the lazy dog!",
                "An altogether different sentence about ships",
                "THE QUICK BROWN FOX jumps over the lazy dog.",
            ],
        }
    )
    result = at.run(frame, [{"op": "deduplicate", "method": "near", "threshold": 0.7}])
    assert at.parts(result)[None]["n"].to_list() == [1, 3]
    assert "2 rows near another" in result["steps"][0]["note"]
    assert at.frame(frame, [{"op": "deduplicate", "method": "near", "threshold": 1}])["n"].to_list() == [1, 2, 3]


@given(st.lists(st.text("abc ", min_size=3, max_size=14), min_size=1, max_size=25), st.sampled_from([0.5, 0.8]))
@settings(max_examples=40, deadline=None)
def test_banding_finds_what_a_comparison_of_all_finds(texts: list[str], threshold: float) -> None:
    def shingles(text: str) -> set[str]:
        plain = " ".join(text.split()).ljust(3)
        return {plain[at : at + 3] for at in range(len(plain) - 2)}

    kept = run_steps(
        Run(pl.DataFrame({"t": texts})), [{"op": "deduplicate", "method": "near", "threshold": threshold}], 0
    ).frame["t"]
    for at, one in enumerate(kept):
        for other in kept[at + 1 :]:
            a, b = shingles(one), shingles(other)
            assert len(a & b) / len(a | b) < min(1.0, threshold + 0.1)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"op": "encode", "method": "target", "columns": ["town"]}, "steps[0].by: a target encoding needs the target"),
        ({"op": "encode", "method": "target", "by": "yy"}, "no column `yy`; did you mean `y`?"),
        ({"op": "encode", "method": "onehot", "smoothing": 2}, "smoothing: goes with method `target`"),
        ({"op": "scale", "method": "powr"}, "did you mean `power`?"),
        ({"op": "clean_text", "method": "replace", "expression": "("}, "`(` is no regular expression"),
        ({"op": "clean_text", "method": "replace"}, "needs the regular expression"),
        ({"op": "dates", "parts": ["month_cycle"]}, "did you mean `month_cyclic`?"),
        ({"op": "deduplicate", "threshold": 0.5}, "threshold: goes with method `near`"),
        ({"op": "deduplicate", "method": "near", "columns": ["nope"]}, "no column `nope`"),
    ],
)
def test_wrong_steps(at: Workplace, step: Step, words: str) -> None:
    with pytest.raises(OpError) as caught:
        at.run(towns(), [step])
    assert words in caught.value.message


def test_a_division_by_zero_is_said(at: Workplace) -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0, 0.0], "b": [2.0, 0.0, 0.0]})
    result = at.run(frame, [{"op": "derive", "as": "ratio", "expression": "a / b"}])
    assert result["warnings"] == ["steps[0]: `ratio` is infinite or no number in 2 rows; does it divide by zero?"]


def test_a_level_unseen_at_apply_is_said(at: Workplace) -> None:
    step: Step = {"op": "encode", "method": "target", "by": "y", "columns": ["town"]}
    made = at.run(towns(), [step])["datasets"][0]["dataset"]
    again = at.run(pl.DataFrame({"town": ["Oslo", "Paris"]}), [], apply=made)
    assert again["warnings"] == ["`town`: 1 rows have a level that was not there when the encoding was learnt."]
    rest = read_manifest(Path(made))["pipeline"]["steps"][0]["learnt"]["town"]["rest"][""]
    assert at.parts(again)[None]["town"][1] == pytest.approx(rest)
