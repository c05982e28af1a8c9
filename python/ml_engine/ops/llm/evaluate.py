"""Scores a language model by lm-evaluation-harness, or compares two runs."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_engine.contract.llm import EvaluateParams, EvaluateResult, WrongSample
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.evaluating.answerer import open_answerer
from ml_engine.language.evaluating.comparing import differences, read_run, table_of, verdict
from ml_engine.language.evaluating.dataset_tasks import dataset_task
from ml_engine.language.evaluating.harness import Ran, Sample, ask
from ml_engine.language.evaluating.yaml_tasks import read_task
from ml_engine.language.libraries import library, require_extra, versions
from ml_engine.names import nearest
from ml_engine.tables import stage_dataset

PACKAGES = ("lm-eval", "transformers", "torch", "datasets")
SHOWN, SHOWN_CHARACTERS = 5, 2000


def evaluate(params: EvaluateParams, job: Job) -> EvaluateResult:
    """See the tool.

    Raises:
        OpError: there is no task, a task's data are missing, a task runs code, or two runs are not alike.
    """
    started = time.monotonic()
    made = _compared(params, job) if params["action"] == "compare" else _run(params, job)
    return {**made, "seconds": time.monotonic() - started}


def _run(params: EvaluateParams, job: Job) -> EvaluateResult:
    require_extra("llm", job)
    # Reading all of the harness's own tasks takes longer than a small evaluation: only where one is asked for.
    manager = library("lm_eval.tasks").TaskManager(include_defaults=bool(params.get("tasks")))
    tasks, kinds = _tasks(params, manager, job)
    answerer = open_answerer(params, job)
    answerer.require(kinds)
    job.progress(10, 100, "asking")
    ran = ask(answerer, tasks, manager, params)
    if not ran.samples:
        raise OpError("invalid_input", "tasks: no sample was scored.", None)
    job.progress(95, 100, "keeping the samples")
    frame = table_of(ran, answerer.name)
    staged = stage_dataset(job, frame, name="evaluation-samples", source=f"ml_llm_evaluate of {answerer.name}")
    return {
        "action": "run",
        "model": answerer.name,
        "against": None,
        "through": answerer.through,
        "results": list(ran.scores),
        "conditions": list(ran.conditions),
        "partial": "limit" in params,
        "samples": staged,
        "wrong": _wrong(ran, SHOWN),
        "comparison": [],
        "verdict": None,
        "versions": versions(PACKAGES),
        "seconds": 0.0,
        "warnings": list(answerer.warnings),
    }


def _tasks(params: EvaluateParams, manager: Any, job: Job) -> tuple[list[str | dict[str, Any]], set[str]]:
    """Tasks as the harness takes them, and what kinds of question they ask where that is known."""
    own = [read_task(Path(file), job.folder / "datasets") for file in params["task_files"]]
    if "dataset" in params:
        own.append(dataset_task(params["dataset"], params["max_tokens"])[0])
    tasks: list[str | dict[str, Any]] = [*own]
    kinds = {str(task.get("output_type", "generate_until")) for task in own}
    names = params.get("tasks", [])
    if names:
        known = manager.all_tasks
        for name in names:
            if name not in known:
                guess = nearest(name, known)
                suggestion = f"; did you mean `{guess}`?" if guess else "."
                raise OpError("not_found", f"tasks: the harness has no task `{name}`{suggestion}", None)
        tasks.extend(names)
        kinds.add("any")
    if not tasks:
        raise OpError("invalid_input", "`run` needs `tasks`, `task_files` or `dataset`.", None)
    return tasks, kinds


def _wrong(ran: Ran, most: int) -> list[WrongSample]:
    """The first samples without a full score, by each task's first metric."""
    first: dict[str, str] = {}
    for sample in ran.samples:
        first.setdefault(sample.task, sample.metric)
    missed = [one for one in ran.samples if one.metric == first[one.task] and one.higher_is_better and one.score < 1]
    return [_shown(sample) for sample in missed[:most]]


def _shown(sample: Sample) -> WrongSample:
    return {
        "task": sample.task,
        "prompt": sample.prompt[-SHOWN_CHARACTERS:],
        "target": sample.target[:SHOWN_CHARACTERS],
        "answer": sample.answer[:SHOWN_CHARACTERS],
    }


def _compared(params: EvaluateParams, job: Job) -> EvaluateResult:
    given: Sequence[str] = params.get("compare", [])
    if len(given) != 2:
        raise OpError("invalid_input", "`compare` needs `compare`: the samples of two runs.", None)
    first, second = (read_run(path) for path in given)
    found = differences(first, second, params["seed"])
    better = {
        (str(task), str(metric)): bool(good)
        for task, metric, good in first.frame.select("task", "metric", "higher_is_better").unique().iter_rows()
    }
    said = verdict(found, better)
    told = said in ("better", "worse")
    words = f"{second.model} is {said} than {first.model}" if told else f"{second.model} against {first.model}: {said}"
    main = found[0]
    sign = -1.0 if better[main["task"], main["metric"]] else 1.0
    scored = sorted([(sign * main["first"], first.model), (sign * main["second"], second.model)])
    job.decide(
        {
            "type": "EvaluationJudgement",
            "evaluator": "lm-evaluation-harness",
            "subject": f"{second.model} against {first.model}",
            "verdict": said,
            "alternatives": [{"name": name, "score": sign * score} for score, name in scored],
            "rationale": f"{main['task']} {main['metric']}; paired randomization test, Holm-corrected, 5 % level.",
        }
    )
    return {
        "action": "compare",
        "model": second.model,
        "against": first.model,
        "through": "",
        "results": [],
        "conditions": list(first.conditions.values()),
        "partial": any(one["limit"] is not None for one in first.conditions.values()),
        "samples": None,
        "wrong": [],
        "comparison": found,
        "verdict": f"{words} beyond chance.",
        "versions": {},
        "seconds": 0.0,
        "warnings": [],
    }
