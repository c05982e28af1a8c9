"""Supervised fine-tuning by TRL's SFTTrainer on examples that are rendered here, so that what is shown is learnt."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml_engine.checkpoints import Book
from ml_engine.job import Job
from ml_engine.language.answering import exact_match
from ml_engine.language.examples.example import Example, MalformedError
from ml_engine.language.libraries import library
from ml_engine.language.rendering import Rendered, Renderer
from ml_engine.language.training import (
    BEST_FILE,
    Lora,
    Schedule,
    keep_gradients,
    keeping,
    resume_from,
    saying,
    train_on,
    trainer_arguments,
)

BEST_FACTS = "best.json"


@dataclass(frozen=True)
class Tokenized:
    """Examples as tokens; those of `dropped` are out, by reason; `cut` were longer than allowed."""

    examples: list[Example]
    rendered: list[Rendered]
    dropped: Counter[str]
    cut: int

    @property
    def tokens(self) -> int:
        return sum(len(one.ids) for one in self.rendered)

    @property
    def learnt_tokens(self) -> int:
        return sum(sum(one.learnt) for one in self.rendered)


def tokenize(examples: Sequence[Example], renderer: Renderer, most: int) -> Tokenized:
    """Renders every example; what a template refuses and what has nothing to learn within `most` tokens is dropped."""
    kept: list[Example] = []
    rendered: list[Rendered] = []
    dropped: Counter[str] = Counter()
    cut = 0
    for example in examples:
        try:
            one = renderer.render(example)
        except MalformedError as error:
            dropped[str(error)] += 1
            continue
        short = one.cut(most)
        if not any(short.learnt[1:]):
            dropped["nothing to learn within max_tokens"] += 1
            continue
        cut += len(one.ids) > most
        kept.append(example)
        rendered.append(short)
    return Tokenized(kept, rendered, dropped, cut)


@dataclass(frozen=True)
class Tuning:
    """How to tune. Without `lora` every weight learns."""

    schedule: Schedule
    max_tokens: int
    lora: Lora | None = None
    packing: bool = False
    patience: int | None = None
    exact_match: int = 0
    """Held-out prompts to answer before and after."""


@dataclass
class Tuned:
    """`model` has learnt; `history` are the trainer's log entries, each with its step."""

    model: Any
    metrics: dict[str, float]
    history: list[Mapping[str, float]]
    steps: int
    notes: list[str] = field(default_factory=list[str])


def tune(
    model: Any, renderer: Renderer, train: Tokenized, held: Tokenized, *, tuning: Tuning, book: Book, job: Job
) -> Tuned:
    """Trains `model` on `train`, from the newest checkpoint of the book where there is one.

    Metrics: `loss` (mean of the last tenth of the steps), with held-out examples `eval_loss` and its `perplexity`, and
    `exact_match`, each also as it was before.
    """
    trl = library("trl")
    stopping = _stopping(tuning.patience) if tuning.patience is not None else None
    callbacks = [*([stopping] if stopping else []), keeping(book), saying(job, tuning.schedule.steps)]
    trainer = trl.SFTTrainer(
        model=model,
        args=trl.SFTConfig(
            **trainer_arguments(tuning.schedule, book.scratch("trainer")),
            max_length=tuning.max_tokens,
            packing=tuning.packing,
            eval_packing=False,
        ),
        train_dataset=_dataset(train),
        eval_dataset=_dataset(held) if held.rendered else None,
        processing_class=renderer.tokenizer,
        peft_config=tuning.lora.config() if tuning.lora else None,
        callbacks=callbacks,
    )
    keep_gradients(trainer.model)
    asked = held.examples[: tuning.exact_match]
    metrics: dict[str, float] = {}
    if held.rendered:
        metrics["eval_loss_before"] = float(trainer.evaluate()["eval_loss"])
    if asked:
        metrics["exact_match_before"] = exact_match(trainer.model, renderer, asked)
    job.metrics(metrics)
    before = resume_from(book)
    if before and stopping:
        stopping.recall(before)
    notes = train_on(trainer, before)
    if stopping and stopping.best_step is not None:
        stopping.restore(trainer.model)
        notes.append(f"The weights are those of step {stopping.best_step}, which did best on the held-out examples.")
    history = [entry for entry in trainer.state.log_history if "loss" in entry or "eval_loss" in entry]
    losses = [float(entry["loss"]) for entry in history if "loss" in entry]
    metrics["loss"] = _mean(losses[-max(1, len(losses) // 10) :])
    if held.rendered:
        metrics["eval_loss"] = float(trainer.evaluate()["eval_loss"])
        metrics["perplexity"] = math.exp(min(metrics["eval_loss"], 700))
    if asked:
        metrics["exact_match"] = exact_match(trainer.model, renderer, asked)
    job.metrics(metrics, step=trainer.state.global_step)
    return Tuned(trainer.model, metrics, history, int(trainer.state.global_step), notes)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _dataset(tokenized: Tokenized) -> Any:
    """As TRL takes what is tokenized already: token ids, and labels with -100 for what is not learnt."""
    return library("datasets").Dataset.from_dict(
        {
            "input_ids": [one.ids for one in tokenized.rendered],
            "labels": [one.labels for one in tokenized.rendered],
        }
    )


def _stopping(patience: int) -> Any:
    """A callback that stops after `patience` evaluations without gain; it and the checkpoints know the best weights."""
    safetensors = library("safetensors.torch")
    torch = library("torch")

    class Stopping(library("transformers").TrainerCallback):
        best_step: int | None = None
        best_loss = math.inf
        stale = 0

        def __init__(self) -> None:
            self.weights: dict[str, Any] = {}

        def on_evaluate(
            self, args: Any, state: Any, control: Any, metrics: Mapping[str, float], model: Any, **_: Any
        ) -> None:
            del args
            if state.global_step == 0:
                return
            loss = metrics["eval_loss"]
            if loss < self.best_loss:
                self.best_loss, self.best_step, self.stale = loss, state.global_step, 0
                self.weights = {name: one.detach().cpu().clone() for name, one in _learning(model)}
                return
            self.stale += 1
            if self.stale >= patience:
                control.should_training_stop = True

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            del control
            made = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            facts = {"step": self.best_step, "loss": self.best_loss, "stale": self.stale}
            if self.best_step is not None:
                safetensors.save_file(self.weights, str(made / BEST_FILE))
                (made / BEST_FACTS).write_text(json.dumps(facts), encoding="utf-8")

        def recall(self, folder: Path) -> None:
            if (folder / BEST_FACTS).is_file():
                facts = json.loads((folder / BEST_FACTS).read_text(encoding="utf-8"))
                self.best_step, self.best_loss, self.stale = facts["step"], facts["loss"], facts["stale"]
                self.weights = safetensors.load_file(str(folder / BEST_FILE))

        def restore(self, model: Any) -> None:
            with torch.no_grad():
                for name, one in _learning(model):
                    one.copy_(self.weights[name])

    return Stopping()


def _learning(model: Any) -> list[tuple[str, Any]]:
    return [(name, one) for name, one in model.named_parameters() if one.requires_grad]
