"""What a fine-tuning is going to do, decided before anything is loaded."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ml_engine.contract.llm import FinetuneParams, TuneMemory, TunePlan, TuneSettings
from ml_engine.errors import OpError
from ml_engine.language.examples.example import Example
from ml_engine.language.sizes import Needed, Weights, available_bytes, memory_for, seconds_for
from ml_engine.language.training import Lora, Schedule, device
from ml_engine.language.tuning import Tokenized, Tuning

MOST_HELD = 500
FEWEST = 20
"""Examples below which none are held out unasked."""
MOST_TOKENS = 1024
RATES = {"adapter": 2e-4, "full": 2e-5, "new": 3e-3}
ADVICE = (
    "Lower settings.batch_size or max_tokens, set gradient_checkpointing, or take method qlora or lora; accumulate "
    "keeps the batch that a step sees."
)


@dataclass(frozen=True)
class Estimate:
    """What `dry_run` says of memory and time."""

    weights: Weights
    memory: TuneMemory
    plan: TunePlan | None


def held_out(examples: Sequence[Example], settings: TuneSettings, seed: int) -> tuple[list[Example], list[Example]]:
    """Those to learn and those to hold out, at random; by default a tenth, at most 500, of 20 or more."""
    share = settings.get("eval_share", 0.1 if len(examples) >= FEWEST else 0.0)
    count = min(round(share * len(examples)), len(examples) - 1)
    if "eval_share" not in settings:
        count = min(count, MOST_HELD)
    chosen = set(random.Random(seed).sample(range(len(examples)), count))  # noqa: S311 - no secret
    kept = [one for at, one in enumerate(examples) if at not in chosen]
    return kept, [one for at, one in enumerate(examples) if at in chosen]


def most_tokens(settings: TuneSettings, config: Any) -> int:
    """How long an example may be.

    Raises:
        OpError: longer than the model can see.
    """
    context = int(getattr(config, "max_position_embeddings", None) or MOST_TOKENS)
    asked = settings.get("max_tokens", min(context, MOST_TOKENS))
    if asked > context:
        raise OpError(
            "invalid_input",
            f"settings.max_tokens: {asked} is more than the {context} tokens that the model can see",
            f"At most {context}.",
        )
    return asked


def lora_of(params: FinetuneParams) -> Lora | None:
    """The adapter that is to learn; None where the whole model does."""
    method, settings = params["method"], params["settings"]
    if method == "full" or params.get("base_model") == "new":
        return None
    rank = settings.get("rank", 16)
    return Lora(
        method=method,
        rank=rank,
        alpha=settings.get("alpha", 2 * rank),
        dropout=settings.get("dropout", 0.0),
        targets=settings.get("targets", []),
    )


def tuning_of(params: FinetuneParams, examples: int, held: int, most: int) -> Tuning:
    """Everything that was not said, chosen.

    Raises:
        OpError: something asked for that needs held-out examples where there are none.
    """
    settings = params["settings"]
    for name in ("patience", "eval_every", "exact_match"):
        if settings.get(name) and not held:
            raise OpError(
                "invalid_input",
                f"settings.{name}: no examples are held out",
                "Give an eval_dataset, or settings.eval_share.",
            )
    lora = lora_of(params)
    new = params.get("base_model") == "new"
    batch = settings.get("batch_size", 8)
    accumulate = settings.get("accumulate", 1)
    a_pass = max(1, math.ceil(examples / (batch * accumulate)))
    steps = settings.get("steps", math.ceil(settings.get("epochs", 3.0) * a_pass))
    schedule = Schedule(
        steps=steps,
        batch_size=batch,
        accumulate=accumulate,
        learning_rate=settings.get("learning_rate", RATES["new" if new else "adapter" if lora else "full"]),
        warmup_share=settings.get("warmup", 0.03),
        decay=settings.get("schedule", "cosine" if new else "linear"),
        weight_decay=settings.get("weight_decay", 0.0),
        eval_every=settings.get("eval_every", max(1, steps // 10)) if held else None,
        checkpoint_every=settings.get("checkpoint_every", max(1, steps // 5)),
        gradient_checkpointing=settings.get("gradient_checkpointing", False),
        seed=params["seed"],
    )
    return Tuning(
        schedule=schedule,
        max_tokens=most,
        lora=lora,
        packing=settings.get("packing", False),
        patience=settings.get("patience"),
        exact_match=min(settings.get("exact_match", 0), held),
    )


def estimate(config: Any, weights: Weights, tuning: Tuning, tokenized: Tokenized | None) -> Estimate:
    """Memory at the longest row, and time over all steps."""
    schedule = tuning.schedule
    lengths = sorted(len(one.ids) for one in tokenized.rendered) if tokenized else []
    longest = tuning.max_tokens if tuning.packing or not lengths else lengths[-1]
    needed = memory_for(
        config,
        weights,
        batch=schedule.batch_size,
        tokens=longest,
        width=2 if device() == "cuda" else 4,
        four_bit=tuning.lora is not None and tuning.lora.method == "qlora",
        recompute=schedule.gradient_checkpointing,
    )
    plan = None
    if tokenized and lengths:
        batch = schedule.batch_size * schedule.accumulate
        mean = tuning.max_tokens if tuning.packing else tokenized.tokens / len(lengths)
        recompute = schedule.gradient_checkpointing
        seconds = seconds_for(weights, int(schedule.steps * batch * mean), schedule.steps, recompute=recompute)
        plan = TunePlan(
            steps=schedule.steps,
            effective_batch=batch,
            epochs=schedule.steps * batch * mean / tokenized.tokens,
            seconds=seconds,
            tokens=tokenized.tokens,
            learnt_tokens=tokenized.learnt_tokens,
        )
    return Estimate(weights, _memory(needed), plan)


def _memory(needed: Needed) -> TuneMemory:
    available = available_bytes()
    return {
        "needed_bytes": needed.total,
        "weights_bytes": needed.weights,
        "training_bytes": needed.training,
        "activations_bytes": needed.activations,
        "available_bytes": available,
        "device": device(),
        "fits": needed.total <= available,
    }


def require_fit(memory: TuneMemory) -> list[str]:
    """Refuses what cannot fit; warns of what may not.

    Raises:
        OpError: `refused`, with the numbers: weights, gradients and optimizer alone are more than what is free.
    """
    least = memory["weights_bytes"] + memory["training_bytes"]
    free = memory["available_bytes"]
    if least > free:
        raise OpError(
            "refused",
            f"The training needs at least {least / 1e9:.1f} GB for weights and optimizer; {free / 1e9:.1f} GB are free "
            f"on {memory['device']}.",
            ADVICE,
        )
    if not memory["fits"]:
        needed = memory["needed_bytes"] / 1e9
        return [f"The training may need {needed:.1f} GB; {free / 1e9:.1f} GB are free. {ADVICE}"]
    return []
