"""The calls of a workspace that kept checkpoints, and what a person is told of them."""

from pathlib import Path
from typing import Literal

from ml_engine.checkpoints import FINISHED_FILE, Step, is_open, read_call, read_steps
from ml_engine.contract.training import CheckpointParams, KeptRun, KeptStep
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.names import nearest

SAVED = "saved"
"""What a call is called that kept a model as it was."""


def root_of(job: Job) -> Path:
    """Where all calls of the workspace keep their checkpoints."""
    return (job.checkpoints or job.folder / "checkpoints").parent


def folders_of(job: Job) -> list[Path]:
    root = root_of(job)
    found = [path for path in root.iterdir() if (path / "call.json").is_file()] if root.is_dir() else []
    return sorted(found, key=lambda path: path.name)


def folder_of(params: CheckpointParams, job: Job, field: Literal["run", "other"] = "run") -> Path:
    given = params.get(field)
    names = [path.name for path in folders_of(job)]
    if given is None:
        raise OpError(
            "invalid_input", f"{field}: `{params['action']}` needs it", f"One of {', '.join(names[-10:]) or 'none'}."
        )
    found = [name for name in names if name.startswith(given)]
    if len(found) != 1:
        guess = nearest(given, names)
        said = f"; did you mean `{guess}`?" if guess else ""
        listed = ", ".join(names[-10:]) or "none"
        raise OpError("not_found", f"{field}: `{given}` has no checkpoints{said}", f"There are: {listed}.")
    return root_of(job) / found[0]


def kept(folder: Path) -> KeptRun:
    call, steps = read_call(folder), read_steps(folder)
    state = "at work" if is_open(folder) else "finished" if (folder / FINISHED_FILE).is_file() else "broken off"
    counts = {
        kind: sum(step.name.startswith(kind) for step in steps) for kind in ("fold-", "trial-", "rounds-", "steps-")
    }
    return {
        "run": folder.name,
        "op": call["op"],
        "state": SAVED if call["op"] == SAVED else state,
        "steps": len(steps),
        "size_bytes": sum(step.size_bytes for step in steps),
        "newest": steps[-1].time if steps else None,
        "progress": ", ".join(f"{count} {kind.rstrip('-')}s" for kind, count in counts.items() if count),
    }


def described(step: Step) -> KeptStep:
    return {
        "name": step.name,
        "time": step.time,
        "size_bytes": step.size_bytes,
        "facts": step.facts,
        "damaged": step.damaged(),
    }
