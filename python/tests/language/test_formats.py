"""Formats of examples: whatever can be said in one is read, written in another and back without loss."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.language.examples.converting import require_reach, table_of, written
from ml_engine.language.examples.example import Example, MalformedError, for_trl
from ml_engine.language.examples.formats import FORMATS, KEPT, Format
from ml_engine.language.examples.reading import read_examples
from ml_engine.tables import stage_dataset

Row = dict[str, Any]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SAID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
RESTS = st.one_of(st.just({}), st.fixed_dictionaries({"name": TEXTS, "weight": st.integers(0, 1)}))


def turns(role: str, content: str, others: tuple[str, str]) -> st.SearchStrategy[list[Row]]:
    """One system turn at most, then user and assistant by turns."""

    def made(system: str | None, pairs: list[tuple[str, str]], rests: list[Row]) -> list[Row]:
        said = [] if system is None else [("system", system)]
        for asked, answered in pairs:
            said += [(others[0], asked), (others[1], answered)]
        return [{role: who, content: what, **rests[i % len(rests)]} for i, (who, what) in enumerate(said)]

    pairs = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3)
    return st.builds(made, st.one_of(st.none(), SAID), pairs, st.lists(RESTS, min_size=1, max_size=3))


MESSAGES = turns("role", "content", ("user", "assistant"))
ASKING = MESSAGES.map(lambda one: one[:-1])
SPEECHES = turns("from", "value", ("human", "gpt"))
ANSWER = st.lists(st.fixed_dictionaries({"role": st.just("assistant"), "content": TEXTS}), min_size=1, max_size=1)
PLAIN = TEXTS.filter(lambda text: text[:1] not in ("[", "{"))

ROWS: dict[Format, st.SearchStrategy[Row]] = {
    "messages": st.fixed_dictionaries({"messages": MESSAGES, "topic": TEXTS}),
    "sharegpt": st.one_of(
        st.fixed_dictionaries({"conversations": SPEECHES}),
        st.fixed_dictionaries(
            {"conversations": SPEECHES.filter(lambda one: one[0]["from"] != "system"), "system": SAID}
        ),
    ),
    "alpaca": st.fixed_dictionaries(
        {"instruction": TEXTS, "input": TEXTS, "output": TEXTS},
        optional={"system": SAID, "history": st.lists(st.tuples(TEXTS, TEXTS).map(list), min_size=1, max_size=2)},
    ),
    "prompt_completion": st.one_of(
        st.fixed_dictionaries({"prompt": PLAIN, "completion": PLAIN}),
        st.fixed_dictionaries({"prompt": ASKING, "completion": ANSWER}),
    ),
    "preference": st.one_of(
        st.fixed_dictionaries({"prompt": PLAIN, "chosen": PLAIN, "rejected": PLAIN}),
        st.fixed_dictionaries({"prompt": ASKING, "chosen": ANSWER, "rejected": ANSWER}),
    ),
    "kto": st.one_of(
        st.fixed_dictionaries({"prompt": PLAIN, "completion": PLAIN, "label": st.booleans()}),
        st.fixed_dictionaries({"prompt": ASKING, "completion": ANSWER, "label": st.booleans()}),
    ),
    "text": st.fixed_dictionaries({"text": TEXTS, "source": TEXTS}),
}


def read(form: Format, row: Row) -> Example:
    """As `read_examples` reads one row."""
    spec = FORMATS[form]
    found = spec.read(row)
    others = {name: value for name, value in row.items() if name not in spec.columns and name != KEPT}
    return replace(found, columns=others)


def through(path: Path, rows: list[Row]) -> list[Row]:
    """Rows written as JSON Lines and read back as they are."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("form", list(ROWS))
def test_what_is_read_is_written_as_it_was(form: Format) -> None:
    @given(ROWS[form])
    @settings(max_examples=25, deadline=None)
    def law(row: Row) -> None:
        assert FORMATS[form].write(read(form, row)) == row

    law()


@pytest.mark.parametrize("form", ["messages", "sharegpt", "alpaca", "prompt_completion"])
@pytest.mark.parametrize("to", ["messages", "sharegpt", "alpaca", "prompt_completion"])
def test_answers_go_through_any_format_and_back(form: Format, to: Format) -> None:
    @given(ROWS[form])
    @settings(max_examples=25, deadline=None)
    def law(row: Row) -> None:
        there = written([read(form, row)], to)
        assert not there.left_out
        assert written([read(to, there.rows[0])], form).rows == [row]

    law()


@pytest.mark.parametrize("to", ["messages", "sharegpt", "alpaca", "prompt_completion", "kto"])
def test_pairs_become_answers_or_judged_ones_and_pairs_again(to: Format) -> None:
    @given(st.lists(ROWS["preference"], min_size=1, max_size=3))
    @settings(max_examples=25, deadline=None)
    def law(rows: list[Row]) -> None:
        there = written([read("preference", row) for row in rows], to)
        assert len(there.rows) == len(rows) * (2 if to == "kto" else 1)
        assert written([read(to, row) for row in there.rows], "preference").rows == rows

    law()


@given(st.lists(ROWS["messages"], min_size=1, max_size=4))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_registered_dataset_holds_the_same_examples(tmp_path_factory: Any, rows: list[Row]) -> None:
    folder = tmp_path_factory.mktemp("staged")
    there = written([read("messages", row) for row in rows], "sharegpt")
    staged = stage_dataset(quiet(folder), table_of(there.rows), name="chats", source="test")
    found = read_examples(staged)
    assert found.format == "sharegpt"
    again = written(found.examples, "messages").rows
    assert [row["messages"] for row in again] == [row["messages"] for row in rows]


def test_json_lines_keep_their_texts_and_bad_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "qa.jsonl"
    good = [{"prompt": "2024-01-02", "completion": "NA"}, {"prompt": "", "completion": "007"}]
    lines = [json.dumps(row).encode() for row in good]
    path.write_bytes(b"\n".join([lines[0], b'{"prompt": "\xff"}', b"[1]", lines[1], b'{"prompt": "x"}']))
    found = read_examples(str(path))
    assert [for_trl(one, chat=False) for one in found.examples] == good
    assert [(one.row, one.reason) for one in found.bad] == [
        (1, "not UTF-8"),
        (2, "no JSON object"),
        (4, "no completion"),
    ]
    assert found.given == 5


def test_a_csv_keeps_its_texts(tmp_path: Path) -> None:
    path = tmp_path / "qa.csv"
    path.write_text("question,answer\n1+1,007\nnull,1.50\n", encoding="utf-8")
    found = read_examples(str(path), names={"prompt": "question", "completion": "answer"})
    assert [for_trl(one, chat=False) for one in found.examples] == [
        {"prompt": "1+1", "completion": "007"},
        {"prompt": "null", "completion": "1.50"},
    ]


@pytest.mark.parametrize(
    ("columns", "form"),
    [
        ({"instruction": "i", "output": "o", "text": "t"}, "alpaca"),
        ({"messages": '[{"role": "user", "content": "a"}]'}, "messages"),
        ({"conversations": '[{"from": "human", "value": "a"}]'}, "sharegpt"),
        ({"prompt": "p", "completion": "c"}, "prompt_completion"),
        ({"prompt": "p", "completion": "c", "label": True}, "kto"),
        ({"prompt": "p", "chosen": "c", "rejected": "r"}, "preference"),
        ({"text": "t"}, "text"),
    ],
)
def test_formats_are_told_by_their_columns(tmp_path: Path, columns: Row, form: Format) -> None:
    staged = stage_dataset(quiet(tmp_path), pl.DataFrame([columns]), name="one", source="test")
    assert read_examples(staged).format == form


def test_a_pair_whose_prompt_is_inside() -> None:
    asked = {"role": "user", "content": "q"}
    row = {
        "chosen": [asked, {"role": "assistant", "content": "yes"}],
        "rejected": [asked, {"role": "assistant", "content": "no"}],
    }
    found = read("preference", row)
    assert for_trl(found, chat=False) == {"prompt": "q", "chosen": "yes", "rejected": "no"}
    assert FORMATS["preference"].write(found) == row


def refusal(what: Callable[[], object]) -> str:
    """What a refused call says."""
    with pytest.raises(OpError) as refused:
        what()
    return refused.value.message


def test_what_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("age,income\n1,2\n", encoding="utf-8")
    assert (
        refusal(lambda: read_examples(str(path))) == "dataset: its columns (age, income) are of no format of examples"
    )
    assert "did you mean `income`?" in refusal(lambda: read_examples(str(path), names={"prompt": "incme"}))
    assert "needs a column `messages`" in refusal(lambda: read_examples(str(path), form="messages"))
    assert (
        refusal(lambda: require_reach("answers", "preference"))
        == "to: preference holds pairs; the dataset holds answers"
    )
    with pytest.raises(MalformedError, match="parts that are not text"):
        read("messages", {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]})
