"""What an alignment's training says of itself, and how its model is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml_engine.contract.llm import AlignmentTraining, AlignParams, Change
from ml_engine.job import Job
from ml_engine.language.aligning.preferences import Data
from ml_engine.language.aligning.trainers import SAMPLED, schedule_of
from ml_engine.language.naming import derived_name, origin_name
from ml_engine.language.opening import LanguageModel
from ml_engine.language.staging import Origin, stage_language_model

PACKAGES = ("torch", "transformers", "trl", "peft")
COMPARING = {"dpo", "orpo", "reward"}
"""Methods that learn which of two answers is the better one."""


def ends(log: Sequence[Mapping[str, Any]], name: str) -> Change:
    """A value as the log has it first and last."""
    values = [float(entry[name]) for entry in log if name in entry]
    return {"before": values[0], "after": values[-1]} if values else {"before": None, "after": None}


def tenths(log: Sequence[Mapping[str, Any]], name: str) -> Change:
    """Means over the first and the last tenth of a log, for values that scatter."""
    values = [float(entry[name]) for entry in log if name in entry]
    part = max(1, len(values) // 10)
    return means(values[:part], values[-part:])


def means(before: Sequence[float], after: Sequence[float]) -> Change:
    """Means of two lists; None of an empty one."""
    return {
        "before": sum(before) / len(before) if before else None,
        "after": sum(after) / len(after) if after else None,
    }


def doubts(training: AlignmentTraining, method: str) -> list[str]:
    """What speaks against having learnt what was meant."""
    said: list[str] = []
    first, expected = training["loss"]["before"], training["loss_expected_first"]
    if first is not None and expected is not None and abs(first - expected) > 1e-3:
        said.append(f"DPO's loss began at {first:.4f}, not at ln 2: policy and reference differ, or dropout is on.")
    right, length = training["accuracy"]["after"], training["length_accuracy"]
    if method in COMPARING and right is not None and length is not None and right <= length:
        said.append("Taking the longer answer is right as often as the model on held-out pairs.")
    reward = training["reward"]
    if method in SAMPLED and (reward["after"] or 0.0) <= (reward["before"] or 0.0):
        said.append("The mean reward did not rise.")
    return said


def staged(
    params: AlignParams, data: Data, opened: LanguageModel, model: Any, training: AlignmentTraining, job: Job
) -> str:
    """Writes a model with its tokenizer and describes it, ready to be registered; answers its folder."""
    folder = job.folder / "model"
    model.save_pretrained(folder)
    opened.tokenizer.save_pretrained(folder)
    method = params["method"]
    measured = {
        "loss": training["loss"]["after"],
        "margin": training["margin"]["after"],
        "accuracy": training["accuracy"]["after"],
        "reward": training["reward"]["after"],
        "kl": training["kl"],
    }
    metrics = {name: value for name, value in measured.items() if value is not None}
    job.metrics({f"final/{name}": value for name, value in metrics.items()}, step=params["steps"])
    schedule = schedule_of(params)
    origin = Origin(
        base=origin_name(opened.source),
        params={
            "method": method,
            "steps": params["steps"],
            "batch_size": schedule.batch_size,
            "learning_rate": schedule.learning_rate,
            "adapter": params["adapter"],
            "rank": params["rank"],
            "reward_model": params.get("reward_model", ""),
        },
        metrics=metrics,
        packages=PACKAGES,
        dataset=data.found.name,
        dataset_hash=data.found.hash,
        rows=len(data.train),
        seed=params["seed"],
    )
    task = "reward" if method == "reward" else "text_generation"
    name = params.get("model_name") or derived_name(opened.source, method)
    return stage_language_model(folder, job, name, "safetensors", type(model).__name__, origin, task=task)
