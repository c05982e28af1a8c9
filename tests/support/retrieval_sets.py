"""Retrieval sets with judgements, as `FOLDER/docs/*` and `FOLDER/queries.json`: `retrieval_sets.py faq|docstrings FOLDER`.

`faq`: the answers of Python's FAQ, asked by their questions. `docstrings`: functions of NumPy and SciPy, each described by the
body of its docstring and asked for by its first sentence; every third is asked.
"""

import inspect
import json
import re
import sys
from pathlib import Path

FAQ = Path(__file__).parents[1] / "fixtures" / "python-faq"
MODULES = (
    *("numpy", "scipy.signal", "scipy.optimize", "scipy.spatial"),
    *("scipy.ndimage", "scipy.linalg", "scipy.stats"),
)
EVERY = 3
SHORT = 90
"""Characters of an answer that says little more than where to look."""


def faq() -> list[tuple[str, str, str]]:
    """Name, question and answer of each entry that is a question: 168, without those of a line and one asked twice."""
    pairs: dict[str, str] = {}
    for file in sorted(FAQ.glob("*.rst")):
        lines = file.read_text(encoding="utf-8").split("\n")
        underlined = [
            at - 1 for at in range(1, len(lines)) if re.fullmatch(r"(-{3,}|={3,}|\^{3,})", lines[at]) and lines[at - 1]
        ]
        for at, end in zip(underlined, [*underlined[1:], len(lines)], strict=True):
            answer = re.sub(r"\n\.\. _.*", "", "\n".join(lines[at + 2 : end]).strip())
            if lines[at + 1].startswith("-") and lines[at].endswith("?") and len(answer) > SHORT:
                pairs.setdefault(lines[at].strip().replace("`", ""), answer)
    return [(f"q{number:03d}.rst", question, answer) for number, (question, answer) in enumerate(pairs.items())]


def docstrings() -> list[tuple[str, str, str]]:
    """Name, first sentence and the rest of each function's docstring, where both say something."""
    found: list[tuple[str, str, str]] = []
    seen: set[int] = set()
    for name in MODULES:
        module = __import__(name, fromlist=["_"])
        for key, value in sorted(vars(module).items()):
            text = inspect.getdoc(value) or ""
            if key.startswith("_") or not callable(value) or id(value) in seen or len(text) < 300:
                continue
            parts = text.split("\n\n")
            start = 1 if "(" in parts[0] and len(parts) > 1 else 0
            sentence, rest = parts[start].replace("\n", " ").strip(), "\n\n".join(parts[start + 1 :])
            if len(sentence.split()) >= 4 and len(rest) >= 200:
                seen.add(id(value))
                found.append((f"{name}.{key}.txt", sentence, rest))
    return found


def main(kind: str, folder: Path) -> None:
    """Writes a set and says how large it is."""
    entries = faq() if kind == "faq" else docstrings()
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    for name, _, text in entries:
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    asked = entries if kind == "faq" else entries[::EVERY]
    queries = [{"id": name, "text": question, "relevant": {name: 1}} for name, question, _ in asked]
    (folder / "queries.json").write_text(json.dumps(queries), encoding="utf-8")
    print(json.dumps({"documents": len(entries), "queries": len(queries)}))


main(sys.argv[1], Path(sys.argv[2]))
