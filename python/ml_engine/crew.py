"""Who does the trials of a search: this process, or several that were forked before any work began."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from multiprocessing.connection import Connection, wait
from typing import Any, Self

import numpy as np
import optuna

from ml_engine.checkpoints import Book
from ml_engine.errors import OpError
from ml_engine.metrics import Scores
from ml_engine.search import Outcome, Search

GoOn = Callable[[int, Scores], bool]
"""Told the scores of a fold, from 1; answers whether the trial is worth going on with."""


class Crew:
    """Evaluates trials. With one worker they are done here; with more, each in its own process.

    Processes are forked at once: a fork of a process that has trained with several threads can hang.
    """

    def __init__(self, search: Search, size: int) -> None:
        self.search = search
        self.size = size
        context = multiprocessing.get_context("fork")
        self._lines: list[Connection] = []
        self._processes: list[Any] = []
        for _ in range(size if size > 1 else 0):
            mine, theirs = context.Pipe()
            process = context.Process(target=_work, args=(search, theirs), daemon=True)
            process.start()
            theirs.close()
            self._lines.append(mine)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        for line in self._lines:
            line.close()
        for process in self._processes:
            process.terminate()
            process.join()

    def evaluate(
        self, study: optuna.Study, trials: Sequence[optuna.Trial], metrics: Sequence[str], book: Book
    ) -> list[Outcome]:
        """What became of each trial; those the book knows are told from it, and the others kept in it."""
        outcomes: dict[int, Outcome] = {}
        open_trials: list[optuna.Trial] = []
        for trial in trials:
            step = book.recall(f"trial-{trial.number}")
            if step is None:
                open_trials.append(trial)
                continue
            outcomes[trial.number] = Outcome(**step.facts)
            for number, scores in enumerate(outcomes[trial.number].folds, start=1):
                _worth(trial, number, scores, outcomes[trial.number].folds[:number], metrics, self.folds)
        for trial, outcome in self._evaluated(open_trials, metrics):
            outcomes[trial.number] = outcome
            book.keep(f"trial-{trial.number}", asdict(outcome))
        del study
        return [outcomes[trial.number] for trial in trials]

    @property
    def folds(self) -> int:
        return len(self.search.folds.splits)

    def _evaluated(self, trials: Sequence[optuna.Trial], metrics: Sequence[str]) -> list[tuple[optuna.Trial, Outcome]]:
        if not self._lines:
            settings = [trial.user_attrs["settings"] for trial in trials]
            judges_here = [self._judge(trial, metrics) for trial in trials]
            done_here = map(_evaluate, [self.search] * len(trials), settings, judges_here)
            return list(zip(trials, done_here, strict=True))
        judges = {line: (trial, self._judge(trial, metrics)) for line, trial in zip(self._lines, trials, strict=False)}
        for line, (trial, _) in judges.items():
            line.send(trial.user_attrs["settings"])
        done: list[tuple[optuna.Trial, Outcome]] = []
        busy = list(judges)
        while busy:
            for line in wait(busy):
                assert isinstance(line, Connection)  # noqa: S101 - `wait` hands back what it was given
                trial, judge = judges[line]
                try:
                    said = line.recv()
                except EOFError as error:
                    what = f"A worker of the sweep died in trial {trial.number}."
                    raise OpError("failed", what, "Use fewer workers.") from error
                if isinstance(said, Outcome):
                    done.append((trial, said))
                    busy.remove(line)
                else:
                    line.send(judge(*said))
        return done

    def _judge(self, trial: optuna.Trial, metrics: Sequence[str]) -> GoOn:
        so_far: list[Scores] = []

        def judge(number: int, scores: Scores) -> bool:
            so_far.append(scores)
            return _worth(trial, number, scores, so_far, metrics, self.folds)

        return judge


def _worth(
    trial: optuna.Trial, number: int, scores: Scores, so_far: Sequence[Scores], metrics: Sequence[str], folds: int
) -> bool:
    del scores
    if len(metrics) > 1:
        return True
    trial.report(float(np.mean([fold[metrics[0]] for fold in so_far])), number)
    return not (number < folds and trial.should_prune())


class _PrunedError(Exception):
    """Ends a trial that is not worth going on with."""


def _evaluate(search: Search, settings: dict[str, Any], judge: GoOn) -> Outcome:
    began = time.monotonic()
    folds: list[Scores] = []

    def on_fold(number: int, scores: Scores) -> None:
        folds.append(scores)
        if not judge(number, scores):
            raise _PrunedError

    try:
        found = search.validate(settings, on_fold)
    except _PrunedError:
        return Outcome("pruned", folds, [], time.monotonic() - began)
    except OpError as error:
        return Outcome("failed", folds, [], time.monotonic() - began, error.message)
    return Outcome("complete", folds, found.rounds, time.monotonic() - began)


def _work(search: Search, line: Connection) -> None:
    while True:
        try:
            settings = line.recv()
        except EOFError:
            return

        def judge(number: int, scores: Scores) -> bool:
            line.send((number, scores))
            return bool(line.recv())

        line.send(_evaluate(search, settings, judge))
