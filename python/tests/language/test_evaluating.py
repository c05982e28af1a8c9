"""Evaluation: tasks are data, samples are kept, runs are compared pair by pair where they are alike."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.language.evaluating.answerer import open_answerer
from ml_engine.language.evaluating.comparing import Kept, differences, paired_p, verdict
from ml_engine.language.evaluating.dataset_tasks import dataset_task
from ml_engine.language.evaluating.yaml_tasks import read_task
from ml_engine.ops.llm.evaluate import evaluate
from tests.language.test_quantizing import needs_llm

TASK = """
task: sums
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
output_type: generate_until
doc_to_text: '{{{{prompt}}}}'
"""


@needs_llm
def test_a_task_of_yaml_is_read_as_data(tmp_path: Path) -> None:
    (tmp_path / "sums.jsonl").write_text('{"prompt": "1+1=", "completion": "2"}\n')
    (tmp_path / "base.yaml").write_text("test_split: test\noutput_type: multiple_choice\n")
    file = tmp_path / "sums.yaml"
    file.write_text(TASK.format(data="sums.jsonl") + "include: base.yaml\n")
    config = read_task(file, tmp_path / "cache")
    assert config["dataset_kwargs"]["data_files"] == {"test": str(tmp_path / "sums.jsonl")}
    assert (config["output_type"], config["test_split"]) == ("generate_until", "test")


@needs_llm
@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        (TASK.format(data="sums.jsonl") + "process_docs: !function utils.run\n", "refused", "runs code of its own"),
        (TASK.format(data="sums.jsonl") + "unsafe_code: true\n", "refused", "runs code of its own"),
        ("task: x\ndataset_path: ./loader.py\n", "refused", "runs code of its own"),
        (TASK.format(data="../secret.jsonl"), "invalid_input", "which is not beside it"),
        (TASK.format(data="/etc/hostname"), "invalid_input", "which is not beside it"),
        ("include: ../other.yaml\ntask: x\n", "invalid_input", "lies elsewhere"),
        ("include: sums.yaml\ntask: x\n", "invalid_input", "included in itself"),
        ("[1, 2", "invalid_input", "is no YAML"),
        ("a: 1\n", "invalid_input", "says no `task`"),
    ],
)
def test_a_task_that_runs_code_or_reaches_out_is_refused(text: str, kind: str, what: str, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    (tmp_path / "secret.jsonl").write_text("{}\n")
    (tmp_path / "other.yaml").write_text("task: other\n")
    (folder / "sums.jsonl").write_text("{}\n")
    file = folder / "sums.yaml"
    file.write_text(text)
    with pytest.raises(OpError, match=what) as told:
        read_task(file, tmp_path / "cache")
    assert told.value.kind == kind


@needs_llm
@pytest.mark.parametrize(("chats", "applied", "warnings"), [(True, False, 1), (True, True, 0), (False, False, 0)])
def test_a_model_that_chats_and_is_asked_otherwise_is_told(
    chats: bool, applied: bool, warnings: int, tmp_path: Path
) -> None:
    from tests.language.tiny import CHATML, model_folder

    model = str(model_folder(tmp_path / "model", CHATML if chats else None))
    params: Any = {"served": None, "model": model, "dataset": "sums.jsonl", "chat_template": applied}
    said = open_answerer(params, quiet(tmp_path)).warnings
    assert ["asked without it" in one for one in said] == [True] * warnings


@needs_llm
def test_chats_are_alike_where_their_questions_are_whatever_the_template(tmp_path: Path) -> None:
    from tests.language.tiny import CHATML, json_lines, model_folder

    asked = {"this": "what is two?", "other": "what is four?"}

    def conditions(number: int, template: str, question: str) -> Any:
        folder = tmp_path / str(number)
        folder.mkdir()
        given: Any = {
            "action": "run",
            "served": None,
            "task_files": [],
            "max_tokens": 2,
            "seed": 0,
            "chat_template": True,
            "model": str(model_folder(folder / "model", template)),
            "dataset": json_lines(folder / "sums.jsonl", [{"prompt": asked[question], "completion": "two"}] * 2),
        }
        return evaluate(given, quiet(folder))["conditions"][0]

    first = conditions(1, CHATML, "this")
    second = conditions(2, CHATML.replace("im_start", "turn"), "this")
    third = conditions(3, CHATML, "other")
    assert first["chat_template"] != second["chat_template"]
    assert first["fingerprint"] == second["fingerprint"]
    assert first["prompts"] != third["prompts"]


@pytest.mark.parametrize("answer", [1, "1", "B", "b", "two"])
def test_an_answer_is_a_place_a_letter_or_a_text(answer: Any, tmp_path: Path) -> None:
    file = tmp_path / "quiz.jsonl"
    pl.DataFrame({"question": ["?"], "choices": [["one", "two"]], "answer": [answer]}).write_ndjson(file)
    task, _ = dataset_task(str(file), 8)
    assert task["output_type"] == "multiple_choice"
    assert (task["task"], task["doc_to_choice"]) == ("quiz", "choices")


def test_an_answer_that_is_no_choice_is_said(tmp_path: Path) -> None:
    file = tmp_path / "quiz.jsonl"
    pl.DataFrame({"question": ["?"], "choices": [["one", "two"]], "answer": ["three"]}).write_ndjson(file)
    with pytest.raises(OpError, match="row 0 has the answer `three`"):
        dataset_task(str(file), 8)


def kept(name: str, scores: list[float], fingerprint: str = "same", few_shot: int = 0) -> Kept:
    rows = [
        {"task": "sums", "document": at, "metric": "exact_match", "score": score, "higher_is_better": True}
        for at, score in enumerate(scores)
    ]
    conditions: Any = {
        "task": "sums",
        "version": "1.0",
        "kind": "generate_until",
        "few_shot": few_shot,
        "chat_template": None,
        "limit": None,
        "prompts": fingerprint,
        "fingerprint": fingerprint,
    }
    return Kept(name, name, pl.DataFrame(rows), {"sums": conditions})


def test_a_difference_beyond_chance_is_told_from_one_within() -> None:
    worse, better = kept("a", [0.0] * 20 + [1.0] * 10), kept("b", [1.0] * 12 + [0.0] * 8 + [1.0] * 10)
    [found] = differences(worse, better, 0)
    assert (found["difference"], found["only_second"], found["only_first"]) == (0.4, 12, 0)
    # All 12 signs alike: 2 of 2^12 ways.
    assert found["p"] == pytest.approx(2 / 2**12)
    assert verdict([found], {}) == "better"
    assert verdict(differences(better, worse, 0), {}) == "worse"
    assert verdict(differences(worse, worse, 0), {}) == "no difference"


def test_unlike_runs_are_not_compared() -> None:
    with pytest.raises(OpError, match="other conditions: few_shot, prompts differ") as told:
        differences(kept("a", [1.0]), kept("b", [1.0], "other", 5), 0)
    assert told.value.kind == "conflict"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=10))
def test_the_paired_test_is_blind_to_order_and_side(gaps: list[int]) -> None:
    given_gaps = np.array(gaps, dtype=float)
    p = paired_p(given_gaps, 0)
    assert 0 < p <= 1
    assert paired_p(-given_gaps, 0) == pytest.approx(p)
    assert paired_p(np.sort(given_gaps), 0) == pytest.approx(p)
