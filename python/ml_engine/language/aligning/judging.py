"""Trains a model that judges answers."""

from collections.abc import Sequence
from typing import Any

from ml_engine.checkpoints import Book
from ml_engine.contract.llm import AlignmentTraining, AlignParams
from ml_engine.job import Job
from ml_engine.language.aligning.preferences import Data
from ml_engine.language.aligning.report import doubts, ends, staged
from ml_engine.language.aligning.scoring import MOST_COMPARED, RewardModel, longer_is_chosen
from ml_engine.language.aligning.trainers import adapter_for, rows_of, trainer_for
from ml_engine.language.examples.example import Example, for_trl
from ml_engine.language.libraries import library
from ml_engine.language.opening import open_config, open_language_model
from ml_engine.language.rendering import renderer_for
from ml_engine.language.training import device, keeping, resume_from, saying, train_on


def reward_trained(params: AlignParams, data: Data, said: AlignmentTraining, book: Book, job: Job) -> Any:
    """Puts a new head on the model's body and trains both on pairs (Bradley & Terry 1952).

    Returns:
        The part of the tool's result that comes of it.
    """
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
    trainer = trainer_for(
        judge,
        opened.tokenizer,
        rows_of(data.train, "reward", chat=chat),
        params,
        None,
        adapter=adapter_for(params, reward=True),
        folder=book.scratch("trainer"),
        callbacks=[keeping(book), saying(job, params["steps"], 0.1)],
    )
    pairs = [one for one in data.held_out if one.rejected is not None]
    before = _judges_right(RewardModel(judge.eval(), opened.tokenizer), pairs, chat=chat)
    trainer.model.train()
    notes += train_on(trainer, resume_from(book))
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    whole = trainer.model.merge_and_unload() if params["adapter"] == "lora" else trainer.model
    after = _judges_right(RewardModel(whole.eval(), opened.tokenizer), pairs, chat=chat)
    training: AlignmentTraining = {
        **said,
        "loss": ends(log, "loss"),
        "margin": ends(log, "margin"),
        "accuracy": {"before": before, "after": after},
        "length_accuracy": longer_is_chosen(pairs),
    }
    kept = staged(params, data, opened, whole, training, job)
    return {
        "method": "reward",
        "model": kept,
        "training": training,
        "warnings": [*notes, *doubts(training, "reward")],
    }


def _judges_right(judge: RewardModel, pairs: Sequence[Example], *, chat: bool) -> float | None:
    rows = [for_trl(one, chat=chat) for one in pairs[:MOST_COMPARED]]
    if not rows:
        return None
    prompts = [row["prompt"] for row in rows]
    better, worse = judge(prompts, [row["chosen"] for row in rows]), judge(prompts, [row["rejected"] for row in rows])
    return sum(b > w for b, w in zip(better, worse, strict=True)) / len(rows)
