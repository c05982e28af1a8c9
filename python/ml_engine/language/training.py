"""What all trainings of language models share: their arguments, what they say as they go, what they keep, adapters.

Every trainer of TRL takes `transformers.TrainingArguments` and its callbacks, so what is here serves SFT, DPO, KTO,
ORPO, reward models, GRPO and RLOO alike.
"""

import math
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ml_engine.checkpoints import Book, Step, read_steps
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.libraries import library

AdapterMethod = Literal["lora", "qlora", "dora", "rslora"]
STEP = "steps-"
"""Checkpoints are called `steps-<n>`."""
KEPT_STEPS = 2
MOST_POINTS = 5000
"""Most steps of a run whose metrics are recorded."""
UNSAID = ("epoch", "total_flos", "step", "num_tokens")
BEST_FILE = "best.safetensors"


@dataclass(frozen=True)
class Schedule:
    """How a training goes. `steps` are optimizer steps; each sees `batch_size` × `accumulate` examples."""

    steps: int
    batch_size: int
    learning_rate: float
    accumulate: int = 1
    warmup_share: float = 0.0
    decay: str = "linear"
    """transformers' name of the learning rate's schedule."""
    weight_decay: float = 0.0
    eval_every: int | None = None
    checkpoint_every: int | None = None
    gradient_checkpointing: bool = False
    seed: int = 0


def device() -> str:
    """`cuda` where there is a GPU, else `cpu`."""
    return "cuda" if library("torch").cuda.is_available() else "cpu"


def trainer_arguments(schedule: Schedule, folder: Path) -> dict[str, Any]:
    """Keyword arguments for TRL's configurations; `folder` is where the trainer may write."""
    on_gpu = device() == "cuda"
    return {
        "output_dir": str(folder),
        "max_steps": schedule.steps,
        "per_device_train_batch_size": schedule.batch_size,
        "per_device_eval_batch_size": schedule.batch_size,
        "gradient_accumulation_steps": schedule.accumulate,
        "learning_rate": schedule.learning_rate,
        "lr_scheduler_type": schedule.decay,
        "warmup_steps": math.ceil(schedule.warmup_share * schedule.steps),
        "weight_decay": schedule.weight_decay,
        "gradient_checkpointing": schedule.gradient_checkpointing,
        "logging_strategy": "steps",
        "logging_steps": max(1, math.ceil(schedule.steps / MOST_POINTS)),
        "logging_first_step": True,
        "eval_strategy": "steps" if schedule.eval_every else "no",
        "eval_steps": schedule.eval_every,
        "save_strategy": "steps" if schedule.checkpoint_every else "no",
        "save_steps": schedule.checkpoint_every or schedule.steps,
        "seed": schedule.seed,
        "data_seed": schedule.seed,
        "use_cpu": not on_gpu,
        "bf16": on_gpu and bool(library("torch").cuda.is_bf16_supported()),
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": on_gpu,
        "report_to": "none",
        "disable_tqdm": True,
        "push_to_hub": False,
    }


@dataclass(frozen=True)
class Lora:
    """A low-rank adapter (Hu et al. 2021): rsLoRA scales by the root of the rank (Kalajdzievski 2023), DoRA learns
    magnitudes apart (Liu et al. 2024), QLoRA holds the base in 4 bits (Dettmers et al. 2023)."""

    method: AdapterMethod = "lora"
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: Sequence[str] = field(default_factory=tuple[str, ...])
    """Names of modules; all linear layers but the head where none are named."""

    def config(self, *, reward: bool = False) -> Any:
        """PEFT's configuration of it."""
        return library("peft").LoraConfig(
            task_type="SEQ_CLS" if reward else "CAUSAL_LM",
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=list(self.targets) or "all-linear",
            use_rslora=self.method == "rslora",
            use_dora=self.method == "dora",
            bias="none",
        )


def four_bit_config() -> Any:
    """How a base is held for QLoRA: NF4, its constants quantized too."""
    torch = library("torch")
    return library("transformers").BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if device() == "cuda" else torch.float32,
    )


def keep_gradients(model: Any) -> int:
    """Keeps 4-bit layers as they are on a CPU; answers how many there are.

    bitsandbytes repacks them for AVX512-BF16 in the first pass without gradients, such as an evaluation, and from then
    on no gradient goes through them.
    """
    layers = [one for one in model.modules() if type(one).__name__ == "Linear4bit"]
    for layer in layers:
        layer.support_avx512bf16_for_cpu = False
    return len(layers)


def counted(model: Any) -> tuple[int, int]:
    """Weights that are trained, and all of them; 4-bit ones as many as they stand for."""
    trained = whole = 0
    for weight in model.parameters():
        state = getattr(weight, "quant_state", None)
        count = math.prod(state.shape) if state is not None else weight.numel()
        whole += count
        trained += count if weight.requires_grad else 0
    return trained, whole


def saying(job: Job, steps: int, begun: float = 0.0) -> Any:
    """A callback that tells the job of every step: progress, and the trainer's metrics under their own names.

    Args:
        begun: Share of the whole call's progress that was done before training.
    """

    class Saying(library("transformers").TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
            del args, control
            said = {
                name: float(value)
                for name, value in (logs or {}).items()
                if isinstance(value, int | float) and name not in UNSAID and not name.startswith("train_")
            }
            job.metrics(said, step=state.global_step)
            loss = said.get("loss", said.get("eval_loss"))
            note = f"step {state.global_step} of {steps}" + ("" if loss is None else f", loss {loss:.4f}")
            job.progress(begun + (0.95 - begun) * state.global_step / max(steps, 1), 1.0, note)

    return Saying()


def keeping(book: Book) -> Any:
    """A callback that makes each of the trainer's checkpoints a step of the book and keeps the last ones.

    The trainer must write into `book.scratch(…)`, so that a checkpoint is whole or not there at all.
    """

    class Keeping(library("transformers").TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            del control
            made = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            (made / "training_args.bin").unlink(missing_ok=True)
            logged = [entry for entry in state.log_history if "loss" in entry]
            loss = {"loss": logged[-1]["loss"]} if logged else {}
            book.adopt(f"{STEP}{state.global_step}", made, {"rounds": state.global_step, **loss})
            for old in _kept(book)[:-KEPT_STEPS]:
                shutil.rmtree(old.folder)

    return Keeping()


def resume_from(book: Book) -> Path | None:
    """The newest checkpoint of the book that is whole: what `trainer.train(resume_from_checkpoint=…)` goes on from."""
    for step in reversed(_kept(book)):
        whole = book.recall(step.name)
        if whole is not None:
            return whole.folder
    return None


def train_on(trainer: Any, before: Path | None) -> list[str]:
    """Trains from a checkpoint, as `resume_from` answers it, where there is one, which the answer then says."""
    trainer.train(resume_from_checkpoint=str(before) if before else None)
    return [f"Went on from step {before.name.removeprefix(STEP)}."] if before else []


def _kept(book: Book) -> list[Step]:
    found = [step for step in read_steps(book.folder) if step.name.startswith(STEP)]
    return sorted(found, key=lambda step: int(step.name.removeprefix(STEP)))


@contextmanager
def memory_named(advice: str) -> Generator[None]:
    """Makes torch's several ways of saying that memory ran out one clear error.

    Raises:
        OpError: `failed`, with `advice` as the way out.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        words = str(error).lower()
        wanting = isinstance(error, MemoryError) or "out of memory" in words or "can't allocate" in words
        if not wanting and "not enough memory" not in words:
            raise
        raise OpError("failed", "The training ran out of memory.", advice) from error
