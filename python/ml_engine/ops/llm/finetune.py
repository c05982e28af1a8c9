"""Fine-tune a language model on examples, or make a small one from nothing; merge, export and delete what was made."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ml_engine.checkpoints import Book, open_book
from ml_engine.contract.llm import FinetuneParams, FinetuneResult, TuneExamples
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.adapters import delete, export, merge
from ml_engine.language.curves import loss_curve
from ml_engine.language.examples.example import Example
from ml_engine.language.examples.reading import Examples, read_examples
from ml_engine.language.finished import PACKAGES, kept_dtype, merged, names_for, stage_adapter, stage_whole
from ml_engine.language.libraries import library, require_extra
from ml_engine.language.newborn import new_config, new_model, new_tokenizer
from ml_engine.language.opening import open_config, open_for_training, open_tokenizer
from ml_engine.language.planning import (
    ADVICE,
    Estimate,
    estimate,
    held_out,
    most_tokens,
    require_fit,
    tuning_of,
)
from ml_engine.language.rendering import Renderer, renderer_for
from ml_engine.language.results import empty, template_of
from ml_engine.language.sizes import weights_of
from ml_engine.language.sources import LanguageSource, find_language_model
from ml_engine.language.staging import Origin
from ml_engine.language.training import memory_named
from ml_engine.language.tuning import Tokenized, Tuned, Tuning, tokenize, tune

NEW = "new"
CHECK = "Check it with ml_llm_prepare."
UNWANTED = "an answer that is not wanted"


def finetune(params: FinetuneParams, job: Job) -> FinetuneResult:
    """Does what `action` says; see the tool.

    Raises:
        OpError: a field that the action needs is missing, the data are no examples, or it does not fit.
    """
    require_extra("llm", job)
    return ACTIONS[params["action"]](params, job)


@dataclass(frozen=True)
class Task:
    """All that is known before weights are loaded."""

    source: LanguageSource | None
    """None for a model from nothing."""
    config: Any
    renderer: Renderer
    found: Examples
    train: Tokenized
    held: Tokenized
    tuning: Tuning
    estimate: Estimate
    warnings: list[str]

    @property
    def base(self) -> str:
        return self.source.name if self.source else NEW


def _train(params: FinetuneParams, job: Job) -> FinetuneResult:
    began = time.monotonic()
    job.progress(0.0, 1.0, "reading the examples")
    if "base_model" not in params:
        raise OpError("invalid_input", "base_model: action `train` needs it", "A model, or `new` for one from nothing.")
    if "dataset" not in params:
        if params["dry_run"]:
            return _weighed(params)
        raise OpError("invalid_input", "dataset: action `train` needs it", "Examples, as ml_llm_prepare makes them.")
    task = _task(params)
    result = _described(task, params)
    if params["dry_run"]:
        return result
    result["warnings"] += require_fit(task.estimate.memory)
    job.params(_said(task, params))
    with (
        memory_named(ADVICE),
        open_book(job, "llm.finetune", params, task.found.hash, result["warnings"]) as book,
    ):
        tuned = _tuned(task, params, book, job)
        result["file"] = loss_curve(job, tuned.history)
        _stage(task, params, tuned, job, result)
        book.close(keep="checkpoint_every" in params["settings"])
    result["run_id"] = job.id
    result["notes"] += tuned.notes
    result["metrics"] = tuned.metrics
    result["seconds"] = time.monotonic() - began
    job.progress(1.0, 1.0, "done")
    return result


def _task(params: FinetuneParams) -> Task:
    dataset, settings = params.get("dataset", ""), params["settings"]
    found = read_examples(dataset, "dataset", params.get("format"), params["columns"])
    warnings = list(found.warnings)
    wanted, dropped = _wanted(found)
    if "eval_dataset" in params:
        other = read_examples(params["eval_dataset"], "eval_dataset", None, params["columns"])
        learn, hold = wanted, _wanted(other)[0]
    else:
        learn, hold = held_out(wanted, settings, params["seed"])
    if not learn:
        raise OpError("invalid_input", f"dataset: `{found.name}` holds no example to learn from", CHECK)
    source, config, tokenizer = _base(params, learn)
    most = most_tokens(settings, config)
    renderer, said = renderer_for(tokenizer, [*learn, *hold], settings.get("template", "auto"), settings.get("learn"))
    train, held = tokenize(learn, renderer, most), tokenize(hold, renderer, most)
    if not train.rendered:
        reasons = ", ".join(f"{count} {reason}" for reason, count in train.dropped.items())
        raise OpError("invalid_input", f"dataset: nothing is left to learn ({reasons})", CHECK)
    if found.kind == "pairs":
        warnings.append("Of each pair the better answer is learnt; ml_llm_align learns from both.")
    cut = train.cut + held.cut
    if cut:
        warnings.append(f"{cut} examples are longer than {most} tokens and were cut.")
    train = replace(train, dropped=train.dropped + dropped)
    tuning = tuning_of(params, len(train.rendered), len(held.rendered), most)
    guess = estimate(config, weights_of(config, tuning.lora), tuning, train)
    return Task(source, config, renderer, found, train, held, tuning, guess, [*warnings, *said])


def _wanted(found: Examples) -> tuple[list[Example], Counter[str]]:
    """Examples whose answer is to be learnt, and why the others are not."""
    dropped = Counter(one.reason for one in found.bad)
    dropped[UNWANTED] += sum(one.label is False for one in found.examples)
    return [one for one in found.examples if one.label is not False], +dropped


def _base(params: FinetuneParams, learn: list[Example]) -> tuple[LanguageSource | None, Any, Any]:
    base = params.get("base_model", NEW)
    if base != NEW:
        if "architecture" in params:
            raise OpError("invalid_input", "architecture: only a `new` model takes it", "Leave it out.")
        source = find_language_model(base, "base_model", weights=not params["dry_run"])
        return source, open_config(source), open_tokenizer(source, "base_model")
    given = params.get("architecture")
    if given is None:
        raise OpError(
            "invalid_input",
            "architecture: a `new` model needs it",
            "{} takes the defaults: 4 layers of 128 units, a token for each byte.",
        )
    texts = (text for one in learn for text in one.texts())
    tokenizer = new_tokenizer(texts, given["tokenizer"], given["vocabulary"], given["context_tokens"])
    return None, new_config(given, tokenizer), tokenizer


def _weighed(params: FinetuneParams) -> FinetuneResult:
    """What can be said without examples: the weights, and the memory of a batch as long as allowed."""
    source = find_language_model(params.get("base_model", NEW), "base_model", weights=False)
    config = open_config(source)
    tuning = tuning_of(params, 1, 0, most_tokens(params["settings"], config))
    guess = estimate(config, weights_of(config, tuning.lora), tuning, None)
    result = empty(params, source.name)
    _weights(result, guess)
    result["notes"].append("Without a dataset: memory is that of examples as long as max_tokens.")
    return result


def _weights(result: FinetuneResult, guess: Estimate) -> None:
    weights = guess.weights
    result["trainable_parameters"], result["parameters"] = weights.trained, weights.whole
    result["trainable_share"] = weights.trained / weights.whole
    result["memory"], result["plan"] = guess.memory, guess.plan


def _described(task: Task, params: FinetuneParams) -> FinetuneResult:
    result = empty(params, task.base)
    _weights(result, task.estimate)
    dropped = task.train.dropped + (Counter() if "eval_dataset" in params else task.held.dropped)
    held = 0 if "eval_dataset" in params else len(task.held.rendered)
    used: TuneExamples = {
        "given": task.found.given,
        "learnt": len(task.train.rendered),
        "held_out": held,
        "dropped": dict(dropped),
        "cut": task.train.cut + task.held.cut,
    }
    result["examples"], result["warnings"] = used, list(task.warnings)
    result["template"] = template_of(task.renderer, task.train.rendered[0])
    if "eval_dataset" in params:
        result["notes"].append(f"Held out: {len(task.held.rendered)} examples of eval_dataset.")
    return result


def _said(task: Task, params: FinetuneParams) -> dict[str, Any]:
    """The run's parameters: what was chosen, not only what was said."""
    schedule, lora = task.tuning.schedule, task.tuning.lora
    flat = {**asdict(schedule), **({} if lora is None else asdict(lora)), "max_tokens": task.tuning.max_tokens}
    scalars = {name: value for name, value in flat.items() if isinstance(value, str | int | float | bool)}
    return {"base_model": task.base, "method": _method(params), **scalars}


def _method(params: FinetuneParams) -> str:
    return NEW if params.get("base_model") == NEW else params["method"]


def _tuned(task: Task, params: FinetuneParams, book: Book, job: Job) -> Tuned:
    job.progress(0.0, 1.0, "loading the model")
    if task.source is None:
        model = new_model(task.config, params["seed"])
    else:
        four_bit = task.tuning.lora is not None and task.tuning.lora.method == "qlora"
        model = open_for_training(task.source, "base_model", job, four_bit=four_bit)
    return tune(model, task.renderer, task.train, task.held, tuning=task.tuning, book=book, job=job)


def _stage(task: Task, params: FinetuneParams, tuned: Tuned, job: Job, result: FinetuneResult) -> None:
    job.progress(0.96, 1.0, "writing the model")
    lora, source, found = task.tuning.lora, task.source, task.found
    names = names_for(params.get("model_name"), task.base, found.name, _method(params))
    extra = ("bitsandbytes",) if lora and lora.method == "qlora" else ()
    origin = Origin(
        base="" if source is None else source.name,
        params=_said(task, params),
        metrics=tuned.metrics,
        packages=(*PACKAGES, *extra),
        dataset=found.name,
        dataset_hash=found.hash,
        rows=len(task.train.rendered),
        seed=params["seed"],
    )
    whole = tuned.model
    if lora is not None and source is not None:
        result["adapter"] = stage_adapter(whole, task.renderer, source, names.adapter, job, origin)
        result["model_type"] = f"{task.base} {lora.method}"
        if not params["merge"]:
            return
        whole = merged(whole, source, Path(result["adapter"]), four_bit=lora.method == "qlora")
    dtype = library("torch").float32 if source is None else kept_dtype(source)
    try:
        result["model"] = stage_whole(whole, task.renderer, names.model, job, origin, dtype)
    except OpError as error:
        if result["adapter"] is None:
            raise
        result["warnings"].append(f"{error.message} The adapter is kept; action `merge` makes the model later.")
    result["model_type"] = type(whole).__name__


ACTIONS: dict[str, Callable[[FinetuneParams, Job], FinetuneResult]] = {
    "train": _train,
    "merge": merge,
    "export": export,
    "delete": delete,
}
