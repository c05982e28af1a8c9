"""Runs a converter of llama.cpp as it is but for two things: `python converting.py [--outline] SCRIPT ARG…`.

A byte-level BPE that llama.cpp does not know by its hash, such as one trained here, is split as GPT-2's where its
`tokenizer.json` says that it is. With `--outline` the tensors are left out: the file has its header and its length
alone (no disk is taken where files can be sparse), which is enough to say what each tensor would become.
Imports nothing of this package: it runs in a process of its own.
"""

import json
import runpy
import sys
from pathlib import Path
from typing import Any


def main(args: list[str]) -> None:
    """Patches what the module says, then runs the script as `__main__`."""
    outline = args[0] == "--outline"
    script = Path(args[1 if outline else 0])
    sys.argv = [str(script), *args[2 if outline else 1 :]]
    sys.path[0:0] = [str(script.parent), str(script.parent / "gguf-py")]
    _know_byte_level()
    if outline:
        _leave_out_tensors()
    runpy.run_path(str(script), run_name="__main__")


def _know_byte_level() -> None:
    from conversion.base import TextModel  # pyright: ignore[reportMissingImports]

    known = TextModel.get_vocab_base_pre

    def get_vocab_base_pre(self: Any, tokenizer: Any) -> str:
        try:
            return known(self, tokenizer)
        except NotImplementedError:
            if splits_as_gpt2(Path(self.dir_model) / "tokenizer.json"):
                return "gpt-2"
            raise

    TextModel.get_vocab_base_pre = get_vocab_base_pre


def splits_as_gpt2(file: Path) -> bool:
    """Whether a tokenizer cuts text by byte-level BPE's own pattern, which is GPT-2's, and by nothing else."""
    if not file.is_file():
        return False
    pre = json.loads(file.read_text(encoding="utf-8")).get("pre_tokenizer") or {}
    steps = pre.get("pretokenizers", [pre])
    return len(steps) == 1 and steps[0].get("type") == "ByteLevel" and steps[0].get("use_regex", True)


def _leave_out_tensors() -> None:
    import gguf  # pyright: ignore[reportMissingImports]

    def write_tensors_to_file(self: Any, *, progress: bool = False) -> None:
        del progress
        self.write_ti_data_to_file()
        for file, tensors in zip(self.fout, self.tensors, strict=True):
            self.write_padding(file, file.tell())
            file.flush()
            inside = sum(self.ggml_pad(tensor.nbytes, self.data_alignment) for tensor in tensors.values())
            file.truncate(file.tell() + inside)

    gguf.GGUFWriter.write_tensors_to_file = write_tensors_to_file


if __name__ == "__main__":
    main(sys.argv[1:])
