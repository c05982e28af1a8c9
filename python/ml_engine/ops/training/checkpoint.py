"""What killed or long calls kept: looked at, gone on with, thinned out, taken along."""

import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ml_engine.checkpoints import (
    FINISHED_FILE,
    Step,
    is_open,
    open_book,
    read_call,
    read_steps,
    resumed,
)
from ml_engine.contract.training import CheckpointParams, CheckpointResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.kept_runs import SAVED, described, folder_of, folders_of, kept, root_of
from ml_engine.ops import registry

MOST_STEPS = 500


def checkpoint(params: CheckpointParams, job: Job) -> CheckpointResult:
    """Does what `action` says; see the tool.

    Raises:
        OpError: a run or a field that the action needs is missing.
    """
    return ACTIONS[params["action"]](params, job, _empty(params["action"]))


Action = Callable[[CheckpointParams, Job, CheckpointResult], CheckpointResult]


def _empty(action: str) -> CheckpointResult:
    return {
        "action": action,
        "runs": [],
        "steps": [],
        "differences": [],
        "removed": [],
        "freed_bytes": 0,
        "model": None,
        "adapter": None,
        "run_id": None,
        "task": None,
        "target": None,
        "family": None,
        "metric": None,
        "metrics": {},
        "framework": "unknown",
        "model_type": "unknown",
        "dataset": "unknown",
        "file": None,
        "notes": [],
        "warnings": [],
    }


def _list(params: CheckpointParams, job: Job, result: CheckpointResult) -> CheckpointResult:
    del params
    result["runs"] = [kept(folder) for folder in folders_of(job)]
    return result


def _show(params: CheckpointParams, job: Job, result: CheckpointResult) -> CheckpointResult:
    folder = folder_of(params, job)
    call = read_call(folder)
    steps = read_steps(folder)
    result["runs"], result["steps"] = [kept(folder)], [described(step) for step in steps[:MOST_STEPS]]
    result["notes"] = [f"Called with {json.dumps(call['params'], ensure_ascii=False)[:2000]}."]
    if len(steps) > MOST_STEPS:
        result["notes"].append(f"{len(steps) - MOST_STEPS} more steps.")
    return result


def _verify(params: CheckpointParams, job: Job, result: CheckpointResult) -> CheckpointResult:
    folders = [folder_of(params, job)] if "run" in params else folders_of(job)
    result["runs"] = [kept(folder) for folder in folders]
    result["steps"] = [described(step) for folder in folders for step in read_steps(folder)][:MOST_STEPS]
    result["warnings"] = [f"{one['name']}: {one['damaged']} is damaged." for one in result["steps"] if one["damaged"]]
    return result


def _compare(params: CheckpointParams, job: Job, result: CheckpointResult) -> CheckpointResult:
    first, second = folder_of(params, job), folder_of(params, job, "other")
    result["runs"] = [kept(first), kept(second)]
    one, other = read_call(first), read_call(second)
    for key in sorted({*one["params"], *other["params"]}):
        if one["params"].get(key) != other["params"].get(key):
            result["differences"].append(f"{key}: {one['params'].get(key)} and {other['params'].get(key)}.")
    if one["dataset_hash"] != other["dataset_hash"]:
        result["differences"].append("The data differ.")
    mine, theirs = ({step.name: step for step in read_steps(folder)} for folder in (first, second))
    for name in sorted({*mine, *theirs}):
        if name not in mine or name not in theirs:
            result["differences"].append(f"{name}: only in {first.name if name in mine else second.name}.")
        elif (mine[name].files, mine[name].facts) != (theirs[name].files, theirs[name].facts):
            result["differences"].append(f"{name}: differs.")
    result["differences"] = result["differences"][:200] or ["Equal in settings, data and every step."]
    return result


def _resume(params: CheckpointParams, job: Job, result: CheckpointResult) -> CheckpointResult:
    folder = folder_of(params, job)
    call = read_call(folder)
    if call["op"] == SAVED:
        raise OpError("invalid_input", f"run: `{folder.name}` is a saved model; nothing of it is unfinished")
    if (folder / FINISHED_FILE).is_file():
        raise OpError("conflict", f"run: `{folder.name}` is finished", "Its model is registered already.")
    found = registry.find(call["op"])(call["params"], resumed(job, folder))
    for key in (
        "model",
        "adapter",
        "run_id",
        "task",
        "target",
        "family",
        "metric",
        "metrics",
        "framework",
        "model_type",
    ):
        result[key] = found.get(key, result[key])
    result["dataset"] = Path(call["params"]["dataset"]).parent.name
    result["notes"], result["warnings"] = found.get("notes", []), found["warnings"]
    return result


def _save(params: CheckpointParams, job: Job, result: CheckpointResult) -> CheckpointResult:
    if "model" not in params or "name" not in params:
        raise OpError("invalid_input", "model: `save` needs it, and a `name`", "{action: 'save', model: …, name: …}.")
    source = Path(params["model"])
    folder = root_of(job) / params["name"]
    if (folder / "call.json").is_file():
        raise OpError("conflict", f"name: there are checkpoints called `{params['name']}`", "Choose another name.")
    call = {"model": f"{source.parent.name}@{source.name}"}
    manifest = json.loads((source / "model.json").read_text(encoding="utf-8"))
    book_job = Job(id=job.id, folder=job.folder, artifacts=job.artifacts, checkpoints=folder)
    with open_book(book_job, SAVED, call, manifest["dataset_hash"], result["warnings"]) as book:
        files = {path.name: path.read_bytes() for path in sorted(source.iterdir()) if path.is_file()}
        book.keep("model", {"model": call["model"], "metrics": manifest["metrics"]}, files)
        book.close(keep=True)
    result["runs"] = [kept(folder)]
    return result


def _prune(params: CheckpointParams, job: Job, result: CheckpointResult) -> CheckpointResult:
    rules = [key for key in ("keep_best", "keep_every", "older_than_days") if key in params]
    if not rules:
        raise OpError("invalid_input", "keep_best: `prune` needs it, `keep_every` or `older_than_days`")
    doomed: list[Path] = []
    if "older_than_days" in params:
        before = datetime.now(tz=UTC) - timedelta(days=params["older_than_days"])
        doomed += [folder for folder in folders_of(job) if not is_open(folder) and _time(folder) < before]
    if "keep_best" in params or "keep_every" in params:
        folder = folder_of(params, job)
        if is_open(folder):
            raise OpError("conflict", f"run: `{folder.name}` is at work", "Wait for it, or cancel its job.")
        steps = read_steps(folder)
        staying = {step.name for at, step in enumerate(steps) if at % params.get("keep_every", len(steps) + 1) == 0}
        if "keep_every" not in params:
            staying = set[str]()
        if "keep_best" in params:
            staying |= {step.name for step in sorted(steps, key=_score, reverse=True)[: params["keep_best"]]}
        doomed += [step.folder for step in steps if step.name not in staying]
    result["removed"] = [str(path.relative_to(root_of(job))) for path in doomed]
    result["freed_bytes"] = sum(file.stat().st_size for path in doomed for file in path.rglob("*") if file.is_file())
    for path in doomed:
        shutil.rmtree(path)
    result["runs"] = [kept(folder) for folder in folders_of(job)]
    return result


def _time(folder: Path) -> datetime:
    steps = read_steps(folder)
    return datetime.fromisoformat(steps[-1].time if steps else read_call(folder)["time"])


def _score(step: Step) -> tuple[float, str]:
    """The first metric of a trial's folds in the mean, rounds of a booster, else the time it was made."""
    folds: Any = step.facts.get("folds")
    if folds:
        first = next(iter(folds[0]))
        return sum(fold[first] for fold in folds) / len(folds), step.time
    return float(step.facts["rounds"]) if step.name.startswith(("rounds-", "steps-")) else 0.0, step.time


def _export(params: CheckpointParams, job: Job, result: CheckpointResult) -> CheckpointResult:
    folder = folder_of(params, job)
    path, artifact = job.artifact(f"{folder.name}.zip", f"Checkpoints of {folder.name}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name != "lock":
                archive.write(file, file.relative_to(folder))
    result["runs"] = [kept(folder)]
    result["file"] = {"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]}
    return result


ACTIONS: dict[str, Action] = {
    "list": _list,
    "show": _show,
    "verify": _verify,
    "compare": _compare,
    "resume": _resume,
    "save": _save,
    "prune": _prune,
    "export": _export,
}
