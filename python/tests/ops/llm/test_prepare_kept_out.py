"""What ml_llm_prepare keeps out: duplicates, examples of evaluation sets, personal data."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.language.examples.example import Example, Message
from ml_engine.language.examples.reading import read_examples
from ml_engine.language.preparing.alike import Contamination
from ml_engine.language.preparing.private import kinds_in, without
from tests.ops.llm.preparing import LONG, pair, run, written


def test_duplicates_exact_and_near(tmp_path: Path) -> None:
    rows = [
        pair(LONG, "It pumps heat out."),
        pair(LONG, "It pumps heat out."),
        pair(LONG + ".", "It pumps heat out!"),
        pair("1+1=", "2"),
    ]
    assert run(tmp_path / "near", rows)["dropped"] == {"duplicate": 1, "near_duplicate": 1}
    assert run(tmp_path / "exact", rows, deduplicate="exact")["dropped"] == {"duplicate": 1}
    assert run(tmp_path / "none", rows, deduplicate="none")["dropped"] == {}


def test_short_texts_are_never_near(tmp_path: Path) -> None:
    rows = [pair(f"{a}+{b}=", str(a + b)) for a in range(6) for b in range(6)] + [pair("6-1=", "5"), pair("6.1", "5")]
    assert run(tmp_path, rows)["dropped"] == {}


def test_examples_of_evaluation_sets_are_kept_out(tmp_path: Path) -> None:
    question = "Which of the seven colours of the rainbow has the shortest wavelength of all visible light"
    other = written(
        tmp_path / "eval",
        [pair(question, "violet"), pair("Who wrote the tale of Genji in old Japan", "a lady")],
        "bench.jsonl",
    )
    rows = [
        pair(f"Tell me: {question}?", "It is violet."),
        pair("What is wet?", "Water."),
        pair("who wrote the TALE of Genji, in old Japan; a lady?", "yes"),
    ]
    result = run(tmp_path, rows, against=[other])
    assert result["dropped"] == {"contaminated": 2}
    assert result["contamination"] == [{"dataset": "bench.jsonl", "found": 2, "of": 2}]
    assert result["findings"][0]["said"] == "shares words with bench.jsonl"


@given(
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=14),
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=14),
    st.integers(1, 5),
)
@settings(max_examples=150, deadline=None)
def test_contamination_is_a_shared_run_of_words(mine: list[str], theirs: list[str], size: int) -> None:
    length = min(size, len(theirs))
    runs = {tuple(theirs[at : at + length]) for at in range(len(theirs) - length + 1)}
    expected = any(tuple(mine[at : at + length]) in runs for at in range(len(mine) - length + 1))
    found = Contamination([Example(text=" ".join(theirs))], size).shared(Example(text=" ".join(mine)))
    assert bool(found) == expected


def test_personal_data_is_said_masked_or_dropped(tmp_path: Path) -> None:
    rows = [
        pair("Mail to jo.doe@example.org or +44 20 7946 0958", "from 10.1.2.3, card 4111 1111 1111 1111"),
        pair("Add 12 to 3456, on 2024-01-02", "fine"),
    ]
    told = run(tmp_path / "told", rows)
    assert told["personal"] == {"email": 1, "phone": 1, "ip": 1, "card": 1}
    assert told["contains_pii"]
    hidden = run(tmp_path / "hidden", rows, personal="mask")
    first = read_examples(hidden["datasets"][0]["dataset"]).examples[0]
    assert [turn.content for turn in first.turns] == ["Mail to [email] or [phone]", "from [ip], card [card]"]
    assert not hidden["contains_pii"]
    assert run(tmp_path / "gone", rows, personal="drop")["dropped"] == {"personal": 1}


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4567",
        "12 apples and 34567 pears",
        "on 2024-01-02 at 10:15",
        "1234 5678 9012 3456",
        "pi = 3.14159 26535",
    ],
)
def test_numbers_are_no_personal_data(text: str) -> None:
    assert kinds_in(text) == set()
    assert without(text) == text


def test_a_message_is_as_it_was_but_for_what_is_masked() -> None:
    assert without("nothing here") == "nothing here"
    assert Message("user", "x").plain() == {"role": "user", "content": "x"}
