"""One run of lm-evaluation-harness: its scores, the conditions they were taken under, and every sample."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_engine.contract.llm import EvaluateParams, EvaluationConditions, TaskScore
from ml_engine.errors import OpError
from ml_engine.language.evaluating.answerer import Answerer
from ml_engine.language.libraries import library

BOOTSTRAP = 1000
WORDING = ("description", "doc_to_text", "doc_to_choice", "fewshot_delimiter", "target_delimiter")
"""What a task's configuration makes a prompt of, beside its documents."""


@dataclass(frozen=True)
class Sample:
    """One prompt with one score; a prompt has as many as its task has metrics."""

    task: str
    document: int
    metric: str
    score: float
    higher_is_better: bool
    prompt: str
    target: str
    answer: str
    prompt_hash: str


@dataclass(frozen=True)
class Ran:
    scores: Sequence[TaskScore]
    conditions: Sequence[EvaluationConditions]
    samples: Sequence[Sample]


def ask(answerer: Answerer, tasks: Sequence[str | dict[str, Any]], manager: Any, params: EvaluateParams) -> Ran:
    """Asks every task; `manager` is the harness's `TaskManager`, which knows the named ones.

    Raises:
        OpError: a task's data are not on this machine, or it has no examples to show before a prompt.
    """
    harness = library("lm_eval")
    utils = library("lm_eval.utils")
    _confine_templates(utils)
    try:
        found = harness.simple_evaluate(
            model=answerer.model,
            tasks=list(tasks),
            task_manager=manager,
            num_fewshot=params.get("few_shot"),
            limit=params.get("limit"),
            bootstrap_iters=BOOTSTRAP,
            log_samples=True,
            apply_chat_template=params["chat_template"],
            fewshot_as_multiturn=params["chat_template"] and bool(params.get("few_shot")),
            system_instruction=params.get("system"),
            random_seed=params["seed"],
            numpy_random_seed=params["seed"],
            torch_random_seed=params["seed"],
            fewshot_random_seed=params["seed"],
        )
    except (ConnectionError, FileNotFoundError) as error:
        raise _no_data(error) from error
    except Exception as error:
        if type(error).__name__ in ("OfflineModeIsEnabled", "DatasetNotFoundError", "LocalEntryNotFoundError"):
            raise _no_data(error) from error
        raise
    template = (answerer.model.chat_template(True) or "") if params["chat_template"] else None
    return _read(found, params, template)


def _no_data(error: Exception) -> OpError:
    print(error)
    return OpError(
        "unavailable",
        "tasks: the data of a task are not on this machine, and nothing is downloaded here.",
        "Bring them into Hugging Face's cache (HF_HOME) with `lm-eval` once, or give `dataset` or `task_files`.",
    )


def _confine_templates(utils: Any) -> None:
    """Templates of tasks are data here: they reach values, and nothing of Python."""
    sandbox = library("jinja2.sandbox").SandboxedEnvironment
    if isinstance(utils.env, sandbox):
        return
    jinja2 = library("jinja2")
    confined = sandbox(loader=jinja2.BaseLoader(), undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    confined.filters["regex_replace"] = utils.regex_replace
    utils.env = confined


def _read(found: Mapping[str, Any], params: EvaluateParams, template: str | None) -> Ran:
    scores: list[TaskScore] = []
    conditions: list[EvaluationConditions] = []
    samples: list[Sample] = []
    for task, rows in found["samples"].items():
        better: Mapping[str, bool] = found.get("higher_is_better", {}).get(task, {})
        results = found["results"][task]
        count = int(found["n-samples"][task]["effective"])
        for key, value in results.items():
            metric, _, kind = str(key).partition(",")
            if not kind or metric.endswith("_stderr") or not isinstance(value, int | float):
                continue
            error = results.get(f"{metric}_stderr,{kind}")
            scores.append(
                {
                    "task": task,
                    "metric": metric,
                    "value": float(value),
                    "standard_error": float(error) if isinstance(error, int | float) else None,
                    "samples": count,
                    "higher_is_better": better.get(metric),
                }
            )
        conditions.append(_conditions(found, task, rows, params, template))
        samples.extend(_samples(task, rows, better))
    return Ran(scores, conditions, samples)


def _conditions(
    found: Mapping[str, Any],
    task: str,
    rows: Sequence[Mapping[str, Any]],
    params: EvaluateParams,
    template: str | None,
) -> EvaluationConditions:
    """`template` is what was applied: empty where the server's own, None where none was."""
    config = found["configs"][task]
    prompts = hashlib.sha256()
    key = "prompt_hash"
    applied = None
    if template is not None:
        # Each model's template writes a question in its own way, a server's unseen: what it is made of is compared.
        key = "doc_hash"
        applied = hashlib.sha256(template.encode()).hexdigest() if template else "the server's"
        prompts.update(json.dumps([str(config[part]) for part in WORDING if part in config]).encode())
    for row in sorted(rows, key=lambda row: (row["doc_id"], str(row["filter"]))):
        prompts.update(f"{row['doc_id']}:{row[key]}\n".encode())
    said: dict[str, Any] = {
        "task": task,
        "version": str(found["versions"].get(task)),
        "kind": str(config["output_type"]),
        "few_shot": int(found["n-shot"].get(task) or 0),
        "chat_template": applied,
        "limit": params.get("limit"),
        "prompts": prompts.hexdigest(),
    }
    metrics = [metric.get("metric") for metric in config.get("metric_list") or [] if isinstance(metric, dict)]
    generation = config.get("generation_kwargs")
    decided = {**said, "chat_template": params["chat_template"], "generation": generation, "metrics": metrics}
    fingerprint = hashlib.sha256(json.dumps(decided, sort_keys=True, default=str).encode()).hexdigest()
    return {
        "task": said["task"],
        "version": said["version"],
        "kind": said["kind"],
        "few_shot": said["few_shot"],
        "chat_template": said["chat_template"],
        "limit": said["limit"],
        "prompts": said["prompts"],
        "fingerprint": fingerprint,
    }


def _samples(task: str, rows: Sequence[Mapping[str, Any]], better: Mapping[str, bool]) -> list[Sample]:
    made: list[Sample] = []
    for row in rows:
        for metric in row.get("metrics", []):
            score = row.get(metric)
            if not isinstance(score, bool | int | float):
                continue
            made.append(
                Sample(
                    task,
                    int(row["doc_id"]),
                    str(metric),
                    float(score),
                    better.get(metric, True),
                    _prompt(row),
                    _target(row),
                    _answer(row),
                    str(row["prompt_hash"]),
                )
            )
    return made


def _prompt(row: Mapping[str, Any]) -> str:
    arguments = row["arguments"]
    first = next(iter(arguments.values())) if isinstance(arguments, Mapping) else arguments[0]
    said = first.get("arg_0") if isinstance(first, Mapping) else first[0]
    return str(said)


def _target(row: Mapping[str, Any]) -> str:
    target, choices = row["target"], row["doc"].get("choices")
    placed = isinstance(target, int) and isinstance(choices, list) and 0 <= target < len(choices)
    return str(choices[target]) if placed else str(target)


def _answer(row: Mapping[str, Any]) -> str:
    """What the model wrote; of choices, the likeliest."""
    answers = row["filtered_resps"]
    choices = row["doc"].get("choices")
    if isinstance(choices, list) and len(answers) == len(choices):
        likely = max(range(len(choices)), key=lambda at: float(answers[at][0]))
        return str(choices[likely])
    first = answers[0] if isinstance(answers, list) and answers else answers
    return str(first)
