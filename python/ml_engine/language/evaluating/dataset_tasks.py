"""A dataset as a task: prompts with one right answer, or questions with choices."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_engine.errors import OpError
from ml_engine.language.examples.messages import opened
from ml_engine.language.examples.reading import read_examples
from ml_engine.language.libraries import library
from ml_engine.tables import read_table

QUESTIONS = ("question", "prompt", "query", "ctx")
CHOICES = ("choices", "options", "endings")
ANSWERS = ("answer", "label", "answerKey", "gold", "target")
LETTERS = "ABCDEFGHIJ"
STRIPPED = {"function": "regex", "regex_pattern": r"(?s)^\s*(.*?)\s*$"}
"""White space around an answer does not count."""


def dataset_task(path: str, max_tokens: int) -> tuple[dict[str, Any], str]:
    """The harness's configuration for the dataset at `path`, and the dataset's name.

    Choices: `question` (or prompt), `choices` (a list) and `answer` (its place, letter or text): accuracy. Else
    examples in any format with a prompt and an answer: greedy answer, exact match but for white space around it.

    Raises:
        OpError: the columns are neither.
    """
    table = None if Path(path).suffix in (".jsonl", ".ndjson") else read_table(path, "dataset")
    rows = _json_rows(Path(path)) if table is None else list(table.frame.iter_rows(named=True))
    name = Path(path).name if table is None else table.name
    task = re.sub(r"[^A-Za-z0-9_]+", "_", name.partition(".")[0].partition("@")[0]) or "dataset"
    columns = set(rows[0]) if rows else set[str]()
    question, choices, answer = (_first(some, columns) for some in (QUESTIONS, CHOICES, ANSWERS))
    if question and choices and answer:
        documents = [_choice(row, question, choices, answer, at) for at, row in enumerate(rows)]
        return _multiple_choice(task, documents), name
    return _generation(task, path, max_tokens), name


def _first(names: Sequence[str], columns: set[str]) -> str | None:
    return next((name for name in names if name in columns), None)


def _json_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _choice(row: Mapping[str, Any], question: str, choices: str, answer: str, at: int) -> dict[str, Any]:
    cell = opened(row[choices])
    listed = cell.get("text") if isinstance(cell, dict) else cell
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) < 2:
        raise OpError("invalid_input", f"dataset: row {at} has no list of choices.", "Write it as a JSON list.")
    given = [str(one) for one in listed]
    said = str(row[answer]).strip()
    place = next(
        (
            found
            for found in (
                given.index(said) if said in given else None,
                int(said) if said.isdigit() else None,
                LETTERS.find(said.upper()) if len(said) == 1 else None,
            )
            if found is not None and 0 <= found < len(given)
        ),
        None,
    )
    if place is None:
        raise OpError(
            "invalid_input",
            f"dataset: row {at} has the answer `{said[:40]}`, which is none of its choices.",
            "An answer is a choice's place from 0, its letter, or its text.",
        )
    return {"question": str(row[question]), "choices": given, "gold": place}


def _multiple_choice(task: str, documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_common(task, documents),
        "output_type": "multiple_choice",
        "doc_to_text": "{{question}}",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "target_delimiter": " ",
        "metric_list": [_metric("acc"), _metric("acc_norm")],
    }


def _generation(task: str, path: str, max_tokens: int) -> dict[str, Any]:
    found = read_examples(path)
    documents = [
        {
            "prompt": "\n".join(turn.content for turn in one.prompt),
            "target": "\n".join(turn.content for turn in one.answer).strip(),
        }
        for one in found.examples
        if one.text is None and one.prompt and one.answer and one.label is not False
    ]
    if not documents:
        raise OpError(
            "invalid_input",
            "dataset: it has no prompts with answers.",
            "Columns: prompt, completion; or question, choices, answer.",
        )
    one_line = not any("\n" in document["target"] for document in documents)
    return {
        **_common(task, documents),
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{target}}",
        "target_delimiter": "",
        "generation_kwargs": {"until": ["\n"] if one_line else [], "do_sample": False, "max_gen_toks": max_tokens},
        "filter_list": [{"name": "stripped", "filter": [STRIPPED, {"function": "take_first"}]}],
        "metric_list": [_metric("exact_match")],
    }


def _common(task: str, documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "task": task,
        "dataset_path": task,
        "custom_dataset": _given(documents),
        "test_split": "test",
        "fewshot_split": "test",
        "metadata": {"version": "1.0"},
    }


def _given(documents: list[dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def dataset(**_: Any) -> dict[str, Any]:
        return {"test": library("datasets").Dataset.from_list(documents)}

    return dataset


def _metric(name: str) -> dict[str, Any]:
    return {"metric": name, "aggregation": "mean", "higher_is_better": True}
