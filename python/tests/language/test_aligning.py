"""Alignment: preferences are looked at first; a reward model and a policy learn what they are shown."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml_engine.errors import OpError
from ml_engine.job import Said, quiet
from ml_engine.language.aligning.preferences import read_preferences
from ml_engine.language.aligning.scoring import win_rate
from ml_engine.ops.llm.align import align
from tests.language.test_quantizing import needs_llm
from tests.language.tiny_llama import write_tiny

GIVEN: Any = {
    "action": "train",
    "method": "dpo",
    "dry_run": False,
    "adapter": "lora",
    "rank": 8,
    "steps": 10,
    "batch_size": 8,
    "generations": 4,
    "max_tokens": 8,
    "held_out": 0.2,
    "time_budget_seconds": 60,
    "seed": 0,
    "wait_seconds": 20,
    "cancel": False,
}


def asked(**params: Any) -> Any:
    return {**GIVEN, **params}


def at(folder: Path) -> Any:
    """A call that keeps what it makes in `folder`."""
    folder.mkdir()
    return quiet(folder)


def written(file: Path, rows: list[dict[str, Any]]) -> str:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def pairs(count: int = 60) -> list[dict[str, Any]]:
    """The chosen answer ends in yes, the rejected one in not: as long as each other."""
    return [
        {"prompt": f"{at % 8}+{at // 8}=", "chosen": f"{at % 8 + at // 8} yes", "rejected": f"{at % 8 + at // 8} not"}
        for at in range(count)
    ]


def test_what_preferences_are_worth_is_counted(tmp_path: Path) -> None:
    rows = pairs(40)
    rows += [rows[0], {**rows[1], "rejected": rows[1]["chosen"]}]
    rows.append({"prompt": rows[2]["prompt"], "chosen": rows[2]["rejected"], "rejected": rows[2]["chosen"]})
    data = read_preferences(asked(dataset=written(tmp_path / "pairs.jsonl", rows)), check=True)
    about = data.about
    assert (about["rows"], about["used"], about["identical"], about["duplicates"]) == (43, 41, 1, 1)
    assert about["contradictory"] == 1
    assert about["chosen_longer"] is None
    prompts = [{turn.content for one in side for turn in one.prompt} for side in (data.train, data.held_out)]
    assert not prompts[0] & prompts[1]
    assert len(data.train) + len(data.held_out) == 41


def test_length_bias_is_warned_of_where_it_is_more_than_chance(tmp_path: Path) -> None:
    rows = [{**row, "chosen": row["chosen"] + " indeed"} for row in pairs(20)]
    data = read_preferences(asked(dataset=written(tmp_path / "pairs.jsonl", rows)), check=True)
    assert data.about["chosen_longer"] == 1
    assert data.about["chosen_longer_p"] == pytest.approx(2 * 0.5**20)
    assert "learn length instead of merit" in data.warnings[0]


def test_a_method_says_what_it_learns_from(tmp_path: Path) -> None:
    path = written(tmp_path / "pairs.jsonl", pairs(4))
    with pytest.raises(OpError, match="kto learns from prompt, completion, label"):
        read_preferences(asked(method="kto", dataset=path))


def test_ties_count_half_of_a_win() -> None:
    assert win_rate([1.0, 1.0, 1.0, 1.0], [2.0, 1.0, 1.0, 0.0])["rate"] == 0.5


@needs_llm
def test_a_reward_model_learns_the_pairs_and_grpo_learns_from_it(tmp_path: Path) -> None:
    model = str(write_tiny(tmp_path / "tiny"))
    path = written(tmp_path / "pairs.jsonl", pairs())
    judge = align(
        asked(model=model, dataset=path, method="reward", steps=25, learning_rate=3e-3),
        at(tmp_path / "one"),
    )
    judged = judge["training"]
    assert judged is not None
    assert judged["accuracy"]["after"] == 1.0
    assert (judged["margin"]["after"] or 0) > 1
    taught = align(
        asked(
            model=model,
            dataset=path,
            method="grpo",
            reward_model=judge["model"],
            steps=25,
            batch_size=16,
            generations=8,
            learning_rate=5e-3,
        ),
        at(tmp_path / "two"),
    )
    training = taught["training"]
    assert training is not None
    assert (training["reward"]["after"] or 0) > (training["reward"]["before"] or 0)
    assert training["win_rate"] is not None


@needs_llm
def test_dpo_begins_at_ln_2_and_its_margin_grows(tmp_path: Path) -> None:
    path = written(tmp_path / "pairs.jsonl", pairs())
    taught = align(
        asked(model=str(write_tiny(tmp_path / "tiny", template=True)), dataset=path, steps=20, learning_rate=3e-3),
        at(tmp_path / "out"),
    )
    training = taught["training"]
    assert training is not None
    assert training["loss"]["before"] == pytest.approx(math.log(2), abs=1e-3)
    assert training["margin"]["before"] == pytest.approx(0, abs=1e-3)
    assert (training["margin"]["after"] or 0) > 0.1
    assert (training["accuracy"]["after"] or 0) > (training["accuracy"]["before"] or 0)
    assert (training["kl"] or 0) > 0
    manifest = json.loads((Path(str(taught["model"])) / "model.json").read_text())
    assert (manifest["family"], manifest["task"]) == ("language", "text_generation")


class StoppedError(Exception):
    """A training that was killed at some step."""


@needs_llm
@pytest.mark.parametrize("method", ["dpo", "reward", "grpo"])
def test_a_killed_alignment_goes_on_to_the_same_end(method: str, tmp_path: Path) -> None:
    given = asked(
        model=str(write_tiny(tmp_path / "tiny")),
        dataset=written(tmp_path / "pairs.jsonl", pairs(40)),
        method=method,
        learning_rate=3e-3,
    )
    whole = align(given, at(tmp_path / "whole"))

    def killed(said: Said) -> None:
        if said[0] == "metrics" and said[1] and said[1][0]["step"] == 7:
            raise StoppedError

    kept = tmp_path / "kept"
    with pytest.raises(StoppedError):
        align(given, replace(at(tmp_path / "broken"), checkpoints=kept, say=killed))
    again = align(given, replace(at(tmp_path / "again"), checkpoints=kept, resuming=True))
    assert "Went on from step 6." in again["warnings"]
    one, other = whole["training"], again["training"]
    assert one is not None
    assert other is not None
    assert other["loss"] == pytest.approx(one["loss"], abs=1e-3)
    assert not kept.exists()
