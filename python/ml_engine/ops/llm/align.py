"""Teaches a language model preferences or rewards, and says whether it learnt what was meant."""

import math
import time
from collections.abc import Sequence
from typing import Any

from ml_engine.checkpoints import Book, open_book
from ml_engine.contract.llm import AlignmentTraining, AlignParams, AlignResult, Change
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.aligning.judging import reward_trained
from ml_engine.language.aligning.preferences import Data, read_preferences
from ml_engine.language.aligning.report import doubts, ends, means, staged, tenths
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
from ml_engine.language.aligning.trainers import SAMPLED, adapter_for, rows_of, trainer_for
from ml_engine.language.examples.example import Example
from ml_engine.language.garak import scan
from ml_engine.language.libraries import library, require_extra
from ml_engine.language.opening import open_config, open_language_model
from ml_engine.language.rendering import Renderer, renderer_for
from ml_engine.language.sources import find_language_model
from ml_engine.language.training import counted, device, keeping, resume_from, saying, train_on

REFERENCED = {"dpo", "kto"}


def align(params: AlignParams, job: Job) -> AlignResult:
    """Does what `action` says; of `redteam`, garak's part alone: ours is not done here. See the tool.

    Raises:
        OpError: the data are not what the method learns from, or what is needed is not installed.
    """
    started = time.monotonic()
    if "served" in params:
        scanned = scan(params, params["served"], job)
        return {**_nothing(params, job), "garak": scanned, "seconds": time.monotonic() - started}
    data = read_preferences(params, check=params["action"] == "check")
    result: AlignResult = {**_nothing(params, job), "data": data.about, "warnings": list(data.warnings)}
    if params["action"] != "check":
        result.update(_trained(params, data, job))
    result["seconds"] = time.monotonic() - started
    return result


def _nothing(params: AlignParams, job: Job) -> AlignResult:
    return {
        "action": params["action"],
        "method": None,
        "run_id": job.id,
        "model": None,
        "data": None,
        "training": None,
        "redteam": None,
        "garak": None,
        "seconds": 0.0,
        "warnings": [],
    }


def _trained(params: AlignParams, data: Data, job: Job) -> Any:
    require_extra("llm", job)
    if "model" not in params:
        raise OpError("invalid_input", "`train` needs `model`.", None)
    method = params["method"]
    job.params({"method": method, "steps": params["steps"], "adapter": params["adapter"], "seed": params["seed"]})
    said = _estimated(params, data)
    if params["dry_run"]:
        return {"method": method, "training": said}
    warnings: list[str] = []
    with open_book(job, "llm.align", params, data.found.hash, warnings) as book:
        made = (reward_trained if method == "reward" else _policy_trained)(params, data, said, book, job)
        book.close(keep=False)
    return {**made, "warnings": [*data.warnings, *warnings, *made["warnings"]]}


def _policy_trained(params: AlignParams, data: Data, said: AlignmentTraining, book: Book, job: Job) -> Any:
    method = params["method"]
    job.progress(2, 100, "opening the model")
    opened = open_language_model(params.get("model", ""))
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
    trainer = trainer_for(
        model,
        opened.tokenizer,
        rows_of(data.train, method, chat=chat),
        params,
        reward or exact_match,
        adapter=adapter_for(params),
        folder=book.scratch("trainer"),
        callbacks=[keeping(book), saying(job, params["steps"], 0.1)],
    )
    notes += train_on(trainer, resume_from(book))
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    learnt = trainer.model
    learnt.eval()
    last = _scored(learnt, renderer, asked, reward, params, chat=chat)
    training: AlignmentTraining = {
        **said,
        "loss": ends(log, "loss"),
        "loss_expected_first": math.log(2) if method == "dpo" else None,
        "margin": ends(log, "rewards/margins"),
        "accuracy": {"before": accuracy, "after": prefers_chosen(learnt, renderer, pairs)},
        "length_accuracy": longer_is_chosen(pairs),
        "kl": kl_since(learnt, renderer, [one for one in data.held_out if one.answer], before),
        "reward": tenths(log, "reward") if method in SAMPLED else means(first, last),
        "win_rate": win_rate(first, last) if first and last and reward is not None else None,
    }
    job.progress(96, 100, "keeping the model")
    whole = learnt.merge_and_unload() if params["adapter"] == "lora" else learnt
    kept = staged(params, data, opened, whole, training, job)
    return {
        "method": method,
        "model": kept,
        "training": training,
        "warnings": [*notes, *doubts(training, method)],
    }


def _estimated(params: AlignParams, data: Data) -> AlignmentTraining:
    """What a training takes, from the model's configuration alone."""
    torch, transformers = library("torch"), library("transformers")
    config = open_config(find_language_model(params.get("model", "")))
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
        adapter = adapter_for(params)
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
