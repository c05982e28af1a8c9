"""Teaches a language model preferences or rewards, and says whether it learnt what was meant."""

import math
import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ml_engine.contract.llm import AlignmentTraining, AlignParams, AlignResult, Change
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.aligning.preferences import Data, read_preferences
from ml_engine.language.aligning.scoring import (
    MOST_COMPARED,
    RewardModel,
    answers,
    exact_match,
    judged,
    kept_for_kl,
    kl_since,
    longer_is_chosen,
    open_reward_model,
    prefers_chosen,
    win_rate,
)
from ml_engine.language.aligning.trainers import SAMPLED, rows_of, schedule_of, trainer_for
from ml_engine.language.examples.example import Example, for_trl
from ml_engine.language.libraries import library, require_extra
from ml_engine.language.naming import derived_name, origin_name
from ml_engine.language.opening import LanguageModel, open_config, open_language_model
from ml_engine.language.rendering import Renderer, renderer_for
from ml_engine.language.sources import find_language_model
from ml_engine.language.staging import Origin, stage_language_model
from ml_engine.language.training import Lora, counted, device, saying

PACKAGES = ("torch", "transformers", "trl", "peft")
PREFERENCE = {"dpo", "orpo"}
REFERENCED = {"dpo", "kto"}


def align(params: AlignParams, job: Job) -> AlignResult:
    """Does what `action` says, `redteam` excepted, whose work is not done here; see the tool.

    Raises:
        OpError: the data are not what the method learns from, or what is needed is not installed.
    """
    started = time.monotonic()
    data = read_preferences(params, check=params["action"] == "check")
    result: AlignResult = {
        "action": params["action"],
        "method": None,
        "run_id": job.id,
        "model": None,
        "data": data.about,
        "training": None,
        "redteam": None,
        "seconds": 0.0,
        "warnings": list(data.warnings),
    }
    if params["action"] != "check":
        result.update(_trained(params, data, job))
    result["seconds"] = time.monotonic() - started
    return result


def _trained(params: AlignParams, data: Data, job: Job) -> Any:
    require_extra("llm", job)
    if "model" not in params:
        raise OpError("invalid_input", "`train` needs `model`.", None)
    method = params["method"]
    job.params({"method": method, "steps": params["steps"], "adapter": params["adapter"], "seed": params["seed"]})
    said = _estimated(params, data)
    if params["dry_run"]:
        return {"method": method, "training": said}
    if method == "reward":
        return _reward_trained(params, data, said, job)
    job.progress(2, 100, "opening the model")
    opened = open_language_model(params["model"])
    model = opened.model.to(device())
    renderer, notes = renderer_for(opened.tokenizer, [*data.train, *data.held_out], learn="last")
    chat = renderer.template is not None
    if renderer.ours:
        opened.tokenizer.chat_template = renderer.template
    pairs = [one for one in data.held_out if one.rejected is not None]
    accuracy = prefers_chosen(model, renderer, pairs)
    before = kept_for_kl(model, renderer, [one for one in data.held_out if one.answer])
    reward = open_reward_model(params["reward_model"], device()) if "reward_model" in params else None
    asked = [one for one in data.held_out if one.prompt][:MOST_COMPARED]
    first = _scored(model, renderer, asked, reward, params, chat=chat)
    work = job.folder / "training"
    trainer = trainer_for(
        model,
        opened.tokenizer,
        rows_of(data.train, method, chat=chat),
        params,
        reward or exact_match,
        adapter=_adapter(params),
        folder=work,
        callbacks=[saying(job, params["steps"], 0.1)],
    )
    trainer.train()
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    learnt = trainer.model
    learnt.eval()
    last = _scored(learnt, renderer, asked, reward, params, chat=chat)
    training: AlignmentTraining = {
        **said,
        "loss": _ends(log, "loss"),
        "loss_expected_first": math.log(2) if method == "dpo" else None,
        "margin": _ends(log, "rewards/margins"),
        "accuracy": {"before": accuracy, "after": prefers_chosen(learnt, renderer, pairs)},
        "length_accuracy": longer_is_chosen(pairs),
        "kl": kl_since(learnt, renderer, [one for one in data.held_out if one.answer], before),
        "reward": _tenths(log, "reward") if method in SAMPLED else _means(first, last),
        "win_rate": win_rate(first, last) if first and last and reward is not None else None,
    }
    job.progress(96, 100, "keeping the model")
    whole = learnt.merge_and_unload() if params["adapter"] == "lora" else learnt
    staged = _staged(params, data, opened, whole, training, job)
    shutil.rmtree(work, ignore_errors=True)
    return {
        "method": method,
        "model": staged,
        "training": training,
        "warnings": [*data.warnings, *notes, *_doubts(training, method)],
    }


def _adapter(params: AlignParams, *, reward: bool = False) -> Any:
    if params["adapter"] != "lora":
        return None
    return Lora(rank=params["rank"], alpha=2 * params["rank"]).config(reward=reward)


def _estimated(params: AlignParams, data: Data) -> AlignmentTraining:
    """What a training takes, from the model's configuration alone."""
    torch, transformers = library("torch"), library("transformers")
    config = open_config(find_language_model(params.get("model", "")))
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
        adapter = _adapter(params)
        trained = model if adapter is None else library("peft").get_peft_model(model, adapter)
    learnt, whole = counted(trained)
    copies = 2 if adapter is None and params["method"] in REFERENCED else 1
    nothing: Change = {"before": None, "after": None}
    return {
        "trainable_parameters": learnt,
        "parameters": whole,
        "steps": params["steps"],
        "examples": len(data.train),
        "held_out": len(data.held_out),
        # 32-bit weights; a gradient and Adam's two moments for each that learns.
        "memory_bytes": 4 * whole * copies + 12 * learnt,
        "loss": nothing,
        "loss_expected_first": math.log(2) if params["method"] == "dpo" else None,
        "margin": nothing,
        "accuracy": nothing,
        "length_accuracy": None,
        "kl": None,
        "reward": nothing,
        "win_rate": None,
    }


def _reward_trained(params: AlignParams, data: Data, said: AlignmentTraining, job: Job) -> Any:
    opened = open_language_model(params.get("model", ""))
    config = open_config(opened.source)
    config.num_labels = 1
    config.pad_token_id = opened.tokenizer.pad_token_id
    torch, transformers = library("torch"), library("transformers")
    torch.manual_seed(params["seed"])
    judge = transformers.AutoModelForSequenceClassification.from_config(config)
    getattr(judge, judge.base_model_prefix).load_state_dict(
        getattr(opened.model, opened.model.base_model_prefix).state_dict()
    )
    judge.to(device())
    renderer, notes = renderer_for(opened.tokenizer, [*data.train, *data.held_out])
    chat = renderer.template is not None
    if renderer.ours:
        opened.tokenizer.chat_template = renderer.template
    work = job.folder / "training"
    trainer = trainer_for(
        judge,
        opened.tokenizer,
        rows_of(data.train, "reward", chat=chat),
        params,
        None,
        adapter=_adapter(params, reward=True),
        folder=work,
        callbacks=[saying(job, params["steps"], 0.1)],
    )
    pairs = [one for one in data.held_out if one.rejected is not None]
    before = _judges_right(RewardModel(judge.eval(), opened.tokenizer), pairs, chat=chat)
    trainer.model.train()
    trainer.train()
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    whole = trainer.model.merge_and_unload() if params["adapter"] == "lora" else trainer.model
    after = _judges_right(RewardModel(whole.eval(), opened.tokenizer), pairs, chat=chat)
    training: AlignmentTraining = {
        **said,
        "loss": _ends(log, "loss"),
        "margin": _ends(log, "margin"),
        "accuracy": {"before": before, "after": after},
        "length_accuracy": longer_is_chosen(pairs),
    }
    staged = _staged(params, data, opened, whole, training, job)
    shutil.rmtree(work, ignore_errors=True)
    return {
        "method": "reward",
        "model": staged,
        "training": training,
        "warnings": [*data.warnings, *notes, *_doubts(training, "reward")],
    }


def _judges_right(judge: RewardModel, pairs: Sequence[Example], *, chat: bool) -> float | None:
    rows = [for_trl(one, chat=chat) for one in pairs[:MOST_COMPARED]]
    if not rows:
        return None
    prompts = [row["prompt"] for row in rows]
    better, worse = judge(prompts, [row["chosen"] for row in rows]), judge(prompts, [row["rejected"] for row in rows])
    return sum(b > w for b, w in zip(better, worse, strict=True)) / len(rows)


def _scored(
    model: Any,
    renderer: Renderer,
    asked: Sequence[Example],
    reward: RewardModel | None,
    params: AlignParams,
    *,
    chat: bool,
) -> list[float]:
    """Rewards of greedy answers to held-out prompts."""
    if not asked or (reward is None and params["method"] not in SAMPLED):
        return []
    said = answers(model, renderer, asked, params["max_tokens"])
    if reward is not None:
        return judged(reward, asked, said, chat=chat)
    targets = ["".join(turn.content for turn in one.answer) for one in asked]
    return exact_match([], said, targets)


def _ends(log: Sequence[Mapping[str, Any]], name: str) -> Change:
    values = [float(entry[name]) for entry in log if name in entry]
    return {"before": values[0], "after": values[-1]} if values else {"before": None, "after": None}


def _tenths(log: Sequence[Mapping[str, Any]], name: str) -> Change:
    values = [float(entry[name]) for entry in log if name in entry]
    part = max(1, len(values) // 10)
    return _means(values[:part], values[-part:])


def _means(before: Sequence[float], after: Sequence[float]) -> Change:
    return {
        "before": sum(before) / len(before) if before else None,
        "after": sum(after) / len(after) if after else None,
    }


def _doubts(training: AlignmentTraining, method: str) -> list[str]:
    said: list[str] = []
    first, expected = training["loss"]["before"], training["loss_expected_first"]
    if first is not None and expected is not None and abs(first - expected) > 1e-3:
        said.append(f"DPO's loss began at {first:.4f}, not at ln 2: policy and reference differ, or dropout is on.")
    right, length = training["accuracy"]["after"], training["length_accuracy"]
    if method in PREFERENCE | {"reward"} and right is not None and length is not None and right <= length:
        said.append("Taking the longer answer is right as often as the model on held-out pairs.")
    reward = training["reward"]
    if method in SAMPLED and (reward["after"] or 0.0) <= (reward["before"] or 0.0):
        said.append("The mean reward did not rise.")
    return said


def _staged(
    params: AlignParams, data: Data, opened: LanguageModel, model: Any, training: AlignmentTraining, job: Job
) -> str:
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
