"""What an op may say and where it may write while it works."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict, TypeVar

from ml_engine.contract.manifest import Artifact

T = TypeVar("T")
Scalar = str | int | float | bool | None


class Metric(TypedDict):
    """One value of a run; `time` is milliseconds since 1970."""

    key: str
    value: float
    step: int
    time: int


class Alternative(TypedDict):
    name: str
    score: float | None


class ModelSelection(TypedDict):
    """A choice among models or configurations; `alternatives` best first, the choice included."""

    type: Literal["ModelSelection"]
    selected: str
    task: str
    alternatives: list[Alternative]
    rationale: str


class EvaluationJudgement(TypedDict):
    """A verdict on something evaluated."""

    type: Literal["EvaluationJudgement"]
    evaluator: str
    subject: str
    verdict: str
    alternatives: list[Alternative]
    rationale: str


Decision = ModelSelection | EvaluationJudgement

Said = (
    tuple[Literal["progress"], float, float, str]
    | tuple[Literal["metrics"], list[Metric]]
    | tuple[Literal["params"], dict[str, Scalar]]
    | tuple[Literal["decision"], Decision]
)


def _unheard(said: Said) -> None:
    """Drops what is said: for ops run by hand and in tests."""
    del said


@dataclass(frozen=True)
class Job:
    """One call at work.

    `folder` is scratch of this call alone: datasets and models that the op creates are staged in it.
    Files a person will look at go through `artifact`.
    """

    id: str
    folder: Path
    artifacts: Path
    """Where the call's artifacts will lie once it has succeeded; they are written under `folder` until then."""
    say: Callable[[Said], None] = field(default=_unheard, repr=False)
    checkpoints: Path | None = None
    """Where the call keeps what it can go on from after being killed; under `folder` where nobody said."""
    resuming: bool = False
    """Whether `checkpoints` are those of a call that broke off, to go on from."""

    def progress(self, done: float, total: float, note: str) -> None:
        """Says how far the work is; `done` never falls within one call."""
        self.say(("progress", done, total, note))

    def track(self, items: Sequence[T], note: str) -> Iterator[T]:
        """Yields `items`, saying after each how many are done."""
        for done, item in enumerate(items, start=1):
            yield item
            self.progress(done, len(items), note)

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Adds one value a key to the call's run, all at this moment; non-finite values are left out."""
        now = int(time.time() * 1000)
        kept = [Metric(key=key, value=float(value), step=step, time=now) for key, value in values.items()]
        self.say(("metrics", [metric for metric in kept if abs(metric["value"]) < float("inf")]))

    def params(self, values: Mapping[str, Scalar]) -> None:
        """Adds parameters that only the op knows to the call's run."""
        self.say(("params", dict(values)))

    def decide(self, decision: Decision) -> None:
        """Records a choice with what else it could have been."""
        self.say(("decision", decision))

    def artifact(self, name: str, title: str) -> tuple[Path, Artifact]:
        """Where to write the file `name`, and what the result carries for it."""
        staged = self.folder / "artifacts"
        staged.mkdir(parents=True, exist_ok=True)
        return staged / name, {
            "path": str(self.artifacts / name),
            "uri": f"ml://artifacts/{self.artifacts.name}/{name}",
            "title": title,
        }


def quiet(folder: Path) -> Job:
    """A job that nobody listens to, writing under `folder`: for tests and for ops run by hand."""
    return Job(id="by-hand", folder=folder, artifacts=folder / "kept")
