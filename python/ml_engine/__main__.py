"""`python -m ml_engine data.profile '{"dataset": "…", …}'` runs one op by hand; the server starts the other modes."""

import json
import sys
import tempfile
from pathlib import Path

from ml_engine import worker
from ml_engine.protocol import Call


def main(arguments: list[str]) -> int:
    match arguments:
        case ["zygote", socket]:
            from ml_engine import zygote

            zygote.serve(socket)
        case ["standby", socket, identity]:
            from ml_engine.preload import Preload

            worker.serve(socket, identity, Preload())
        case [op, params]:
            return by_hand(op, params)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


def by_hand(op: str, params: str) -> int:
    """Runs one op here and prints each of its messages as a line of JSON."""
    folder = Path(tempfile.mkdtemp(prefix="ml-engine-"))
    call: Call = {
        "type": "call",
        "op": op,
        "params": json.loads(params),
        "folder": str(folder),
        "artifacts": str(folder / "kept"),
        "checkpoints": str(folder / "checkpoints"),
        "detached": False,
        "limits": {"memory_bytes": 0, "cpu_seconds": 0, "file_bytes": 0, "open_files": 0},
    }
    failed = False

    def show(message: dict[str, object]) -> None:
        nonlocal failed
        failed = failed or message["type"] == "error"
        print(json.dumps(message, ensure_ascii=False))

    worker.run("by-hand", call, show)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
