"""ml_llm_prepare: what goes in comes out or is dropped for a reason that is named."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_engine.contract.llm import PrepareResult
from ml_engine.errors import OpError
from ml_engine.language.examples.reading import read_examples
from ml_engine.language.preparing.alike import asked
from tests.ops.llm.preparing import LONG, Row, pair, run, talk


def reconciles(result: PrepareResult) -> bool:
    return result["examples_in"] == result["examples_out"] + sum(result["dropped"].values())


@pytest.mark.parametrize(
    ("row", "check", "said"),
    [
        (talk(("user", "a"), ("user", "b"), ("assistant", "c")), "roles", "roles do not alternate"),
        (talk(("assistant", "a"), ("user", "b"), ("assistant", "c")), "roles", "the user does not speak first"),
        (talk(("user", "a")), "roles", "no answer at the end"),
        (talk(("user", "a"), ("bot", "b")), "roles", "a role that is not system, user, assistant or tool"),
        (talk(("user", "a"), ("system", "b"), ("assistant", "c")), "roles", "a system turn that is not the first"),
        (talk(("user", " "), ("assistant", "b")), "empty", "an empty prompt, answer or turn"),
        (
            talk(("user", "a<|im_end|>"), ("assistant", "b")),
            "special_tokens",
            "marks of templates in the text, such as <|im_end|>",
        ),
        (
            talk(("user", "<s>a"), ("assistant", "b")),
            "double_bos",
            "it begins with a BOS token, which the tokenizer adds itself",
        ),
        (
            talk(("user", "a\ufffd"), ("assistant", "b")),
            "not_utf8",
            "bytes that are not UTF-8, or the mark left by them",
        ),
        ({"messages": "none"}, "malformed", "it is no list of turns"),
    ],
)
def test_what_is_wrong_with_an_example(tmp_path: Path, row: Row, check: str, said: str) -> None:
    good = talk(("system", "s"), ("user", "hello"), ("assistant", "hi"), ("user", "more"), ("assistant", "yes"))
    result = run(tmp_path, [good, row])
    [finding] = result["findings"]
    assert (finding["check"], finding["said"], finding["rows"], finding["dropped"]) == (check, said, [1], 1)
    assert result["dropped"] == {check: 1}
    assert reconciles(result)
    if check not in ("malformed", "not_utf8"):
        kept = run(tmp_path / "kept", [good, row], keep=[check])
        assert kept["dropped"] == {}
        assert kept["findings"][0]["examples"] == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", LONG, LONG + "!", "", "<s>"]), st.sampled_from(["", "x", "y"])),
        min_size=1,
        max_size=12,
    ),
    st.floats(0, 0.5),
    st.sampled_from(["near", "exact", "none"]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_reconcile_and_no_prompt_is_on_both_sides(
    tmp_path_factory: Any, pairs: list[tuple[str, str]], share: float, how: str
) -> None:
    folder = tmp_path_factory.mktemp("prepared")
    rows = [pair(LONG, "fine"), *(pair(asked, said) for asked, said in pairs)]
    result = run(folder, rows, eval_share=share, deduplicate=how)
    assert reconciles(result)
    assert sum(made["rows"] for made in result["datasets"]) == result["rows_out"] == result["examples_out"]
    sides = [{asked(one) for one in read_examples(made["dataset"]).examples} for made in result["datasets"]]
    assert len(sides) < 2 or not sides[0] & sides[1]


def test_groups_stay_on_one_side(tmp_path: Path) -> None:
    rows = [pair(f"question {at}", f"answer {at}", author=f"writer {at % 7}") for at in range(70)]
    result = run(tmp_path, rows, eval_share=0.3, group="author")
    sides = [{one.columns["author"] for one in read_examples(made["dataset"]).examples} for made in result["datasets"]]
    assert [made["part"] for made in result["datasets"]] == ["train", "eval"]
    assert [len(side) for side in sides] == [5, 2]
    assert not sides[0] & sides[1]
    assert result["clusters"] == 7
    again = run(tmp_path / "again", rows, eval_share=0.3, group="author")
    assert [made["hash"] for made in again["datasets"]] == [made["hash"] for made in result["datasets"]]


def test_formats_are_converted_and_what_cannot_be_is_named(tmp_path: Path) -> None:
    rows = [
        talk(("user", "a"), ("assistant", "b")),
        talk(("user", "a"), ("assistant", "b"), ("tool", "t"), ("assistant", "c")),
    ]
    result = run(tmp_path, rows, to="alpaca")
    assert (result["format"], result["to"], result["dropped"]) == ("messages", "alpaca", {"not_expressible": 1})
    frame = pl.read_parquet(Path(result["datasets"][0]["dataset"]) / "data.parquet")
    assert frame.to_dicts() == [{"instruction": "a", "input": "", "output": "b"}]
    judged = run(tmp_path / "judged", [{"prompt": "p", "chosen": "c", "rejected": "r"}], to="kto")
    assert (judged["examples_out"], judged["rows_out"]) == (1, 2)


def test_lengths_are_characters_without_a_model(tmp_path: Path) -> None:
    result = run(tmp_path, [pair("a" * at, "b") for at in range(1, 101)])
    lengths = result["lengths"]
    assert lengths is not None
    assert (lengths["unit"], lengths["smallest"], lengths["median"], lengths["largest"]) == ("characters", 2, 52, 101)
    assert sum(part["examples"] for part in lengths["histogram"]) == 100
    assert result["notes"] == ["Lengths are in characters; name a model to count tokens and to check its template."]


def test_with_a_model_tokens_are_counted_and_long_examples_dropped(tmp_path: Path) -> None:
    tiny = pytest.importorskip("tests.language.tiny", reason="needs `npm run setup -- --with llm`")
    folder = tiny.model_folder(tmp_path / "model", tiny.CHATML)
    rows = [
        *tiny.chats(5),
        talk(("user", "what is four " * 200), ("assistant", "b")),
        talk(("user", "x<|pad|>"), ("assistant", "b")),
    ]
    result = run(tmp_path, rows, model=str(folder), to="text")
    assert result["dropped"] == {"special_tokens": 1, "too_long": 1}
    lengths = result["lengths"]
    assert lengths is not None
    assert lengths["unit"] == "tokens"
    [made] = result["datasets"]
    text = read_examples(made["dataset"]).examples[0].text
    assert text == "<|im_start|>user\nwhat is 0 and 1?<|im_end|>\n<|im_start|>assistant\nit is 1<|im_end|>\n"


@pytest.mark.parametrize(
    ("rows", "given", "message"),
    [
        ([pair("a", "b")], {"to": "preference"}, "to: preference holds pairs; the dataset holds answers"),
        ([pair("a", "b")], {"to": "text"}, "model: turns become text by a model's template"),
        ([pair("a", "")], {}, "dataset: no example is left"),
        ([pair("a", "b", topic="t")], {"group": "topics"}, "group: no column `topics`; did you mean `topic`?"),
    ],
)
def test_what_is_refused(tmp_path: Path, rows: list[Row], given: Row, message: str) -> None:
    with pytest.raises(OpError) as refused:
        run(tmp_path, rows, **given)
    assert refused.value.message == message
    assert not (tmp_path / "work").exists() or not list((tmp_path / "work").glob("dataset*"))
