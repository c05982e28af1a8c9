"""The programs of llama.cpp that set-up builds, run as children of the call."""

import errno
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ml_engine.errors import OpError
from ml_engine.language.programs import Heard, run
from ml_engine.language.sources import ROOT

BUILT = ROOT / ".cache" / "backends" / "llamacpp"
REMEDY = "Run `npm run setup -- --with llamacpp`."
LAST_LINES = 20


def run_program(name: str, args: Sequence[str], heard: Heard = lambda _: None) -> str:
    """Runs `llama-<name>`; answers all it printed. `heard` is told each line as it comes.

    Raises:
        OpError: `unavailable` where it was not built, `failed` where it ends badly; its words go to the log.
    """
    program = BUILT / "bin" / f"llama-{name}"
    if not program.is_file():
        raise OpError("unavailable", f"llama-{name} is not built.", REMEDY)
    return _run([str(program), *args], f"llama-{name}", heard)


def convert(script: str, args: Sequence[str], heard: Heard = lambda _: None, *, outline: bool = False) -> str:
    """Runs one of llama.cpp's converters (`convert_hf_to_gguf.py`, `convert_lora_to_gguf.py`) with this interpreter.

    With `outline` the file it writes has no weights, only room for them; see `converting`.
    """
    path = BUILT / "convert" / script
    if not path.is_file():
        raise OpError("unavailable", "llama.cpp's converters are not here.", REMEDY)
    wrapper = str(Path(__file__).with_name("converting.py"))
    return _run([sys.executable, wrapper, *(["--outline"] if outline else []), str(path), *args], script, heard)


def gguf_of(folder: Path, to: Path, outtype: str, heard: Heard = lambda _: None, *, outline: bool = False) -> None:
    """Writes a folder of safetensors as one GGUF file of type `f32`, `f16`, `bf16` or `q8_0`."""
    args = [str(folder), "--outfile", str(to), "--outtype", outtype]
    convert("convert_hf_to_gguf.py", args, heard, outline=outline)


def _run(command: Sequence[str], name: str, heard: Heard) -> str:
    ended = run(command, heard)
    if ended.code != 0:
        print("\n".join(ended.said.splitlines()[-LAST_LINES:]))
        full = re.search(r"No space left|basic_ios|File too large|iostream error|ENOSPC", ended.said)
        if full or ended.code == -signal.SIGXFSZ:
            raise OSError(errno.ENOSPC, f"{name} had no room to write")
        memory = re.search(r"out of memory|failed to allocate|bad_alloc|MemoryError", ended.said) or ended.code == -9
        raise OpError(
            "failed",
            f"{name} ended with {ended.code}{', for want of memory' if memory else ''}.",
            "Its last lines are in the call's log.",
        )
    return ended.said
