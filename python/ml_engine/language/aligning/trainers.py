"""TRL's trainers of preferences and rewards, with the arguments this engine gives them.

DPO: Rafailov et al. 2023. ORPO: Hong et al. 2024. KTO: Ethayarajh et al. 2024. Reward models: Bradley & Terry 1952.
GRPO: Shao et al. 2024. RLOO: Ahmadian et al. 2024. PPO is no longer among TRL's trainers.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_engine.contract.llm import AlignParams
from ml_engine.language.aligning.scoring import Reward
from ml_engine.language.examples.example import Example, for_trl
from ml_engine.language.libraries import library
from ml_engine.language.training import Lora, Schedule, trainer_arguments

RATES = {"dpo": 5e-5, "orpo": 1e-4, "kto": 5e-5, "reward": 1e-4, "grpo": 5e-5, "rloo": 5e-5}
"""Usual learning rates of adapters; all weights learn at a tenth of it."""
BETAS = {"dpo": 0.1, "orpo": 0.1, "kto": 0.1, "grpo": 0.0, "rloo": 0.05}
WHERE = {
    "dpo": ("trl", "DPO"),
    "orpo": ("trl.experimental.orpo", "ORPO"),
    "kto": ("trl", "KTO"),
    "reward": ("trl", "Reward"),
    "grpo": ("trl", "GRPO"),
    "rloo": ("trl", "RLOO"),
}
SAMPLED = {"grpo", "rloo"}
CHECKPOINTS = 5
"""How often a training is kept on its way."""


def schedule_of(params: AlignParams) -> Schedule:
    """How the training goes; answers that are sampled come in whole groups."""
    usual = RATES[params["method"]] * (1.0 if params["adapter"] == "lora" else 0.1)
    size, group = params["batch_size"], params["generations"]
    return Schedule(
        steps=params["steps"],
        batch_size=max(group, size // group * group) if params["method"] in SAMPLED else size,
        learning_rate=params.get("learning_rate", usual),
        decay="constant_with_warmup" if params["method"] in SAMPLED else "linear",
        checkpoint_every=max(1, math.ceil(params["steps"] / CHECKPOINTS)),
        seed=params["seed"],
    )


def adapter_for(params: AlignParams, *, reward: bool = False) -> Any:
    """The adapter that learns; None where all weights do."""
    if params["adapter"] != "lora":
        return None
    return Lora(rank=params["rank"], alpha=2 * params["rank"]).config(reward=reward)


def rows_of(examples: Sequence[Example], method: str, *, chat: bool) -> Any:
    """The examples as the trainer's dataset."""
    rows = [for_trl(one, chat=chat) for one in examples]
    if method in SAMPLED:
        rows = [
            {"prompt": row["prompt"], "target": "".join(turn.content for turn in one.answer)}
            for row, one in zip(rows, examples, strict=True)
        ]
    return library("datasets").Dataset.from_list(rows)


def trainer_for(
    model: Any,
    tokenizer: Any,
    data: Any,
    params: AlignParams,
    reward: Reward | None,
    *,
    adapter: Any,
    folder: Path,
    callbacks: Sequence[Any],
) -> Any:
    """A trainer, ready to `train()`."""
    method = params["method"]
    module, name = WHERE[method]
    trl = library(module)
    own: dict[str, Any] = {}
    if method in BETAS:
        own["beta"] = params.get("beta", BETAS[method])
    if method in SAMPLED:
        own |= {
            "num_generations": params["generations"],
            "max_completion_length": params["max_tokens"],
            "temperature": 1.0,
        }
    else:
        own["max_length"] = 1024
    arguments = {**trainer_arguments(schedule_of(params), folder), **own}
    rewards = {"reward_funcs": reward} if method in SAMPLED else {}
    return getattr(trl, f"{name}Trainer")(
        model=model,
        args=getattr(trl, f"{name}Config")(**arguments),
        train_dataset=data,
        processing_class=tokenizer,
        peft_config=adapter,
        callbacks=list(callbacks),
        **rewards,
    )
