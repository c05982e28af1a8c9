"""What the tests of ml_llm_prepare call."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml_engine.contract.llm import PrepareResult
from ml_engine.job import quiet
from ml_engine.ops.llm.prepare import prepare

Row = dict[str, Any]


LONG = "Explain in two or three sentences how a refrigerator keeps the food inside it cold all day long"


def written(folder: Path, rows: Sequence[Row], name: str = "chats.jsonl") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def run(folder: Path, rows: Sequence[Row], **given: Any) -> PrepareResult:
    params: Any = {
        "dataset": written(folder, rows),
        "to": "same",
        "preview": False,
        "columns": {},
        "keep": [],
        "deduplicate": "near",
        "threshold": 0.85,
        "against": [],
        "ngram": 13,
        "personal": "report",
        "eval_share": 0.0,
        "seed": 0,
        "wait_seconds": 20.0,
        "cancel": False,
    }
    params.update(given)
    return prepare(params, quiet(folder / "work"))


def pair(asked: str, said: str, **others: Any) -> Row:
    return {"prompt": asked, "completion": said, **others}


def talk(*said: tuple[str, str]) -> Row:
    return {"messages": [{"role": role, "content": content} for role, content in said]}
