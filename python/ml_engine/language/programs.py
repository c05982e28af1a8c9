"""Programs of other people's make, run as children of the call."""

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Heard = Callable[[str], None]


@dataclass(frozen=True)
class Ended:
    """`code` as the system gives it; `said` is all that was written; `late` where its time ran out before it ended."""

    code: int
    said: str
    late: bool


def run(
    command: Sequence[str],
    heard: Heard = lambda _: None,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Ended:
    """Runs a program to its end, or until `seconds` have passed; `heard` is told each line as it comes."""
    said: list[str] = []
    late = threading.Event()
    with subprocess.Popen(  # noqa: S603 - programs that set-up or the user installed, no shell
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:

        def end() -> None:
            late.set()
            process.terminate()

        watch = None if seconds is None else threading.Timer(seconds, end)
        if watch:
            watch.start()
        for line in process.stdout or ():
            said.append(line)
            heard(line.rstrip("\n"))
        if watch:
            watch.cancel()
    return Ended(process.returncode, "".join(said), late.is_set())
