"""What the tests of ml_llm_finetune call."""

from pathlib import Path
from typing import Any

from ml_engine.contract.llm import FinetuneParams, FinetuneResult
from ml_engine.job import Job, quiet
from ml_engine.ops.llm.finetune import finetune

Given = dict[str, Any]


SHORT: Given = {"steps": 6, "batch_size": 4, "learning_rate": 1e-2, "eval_share": 0.2, "eval_every": 3}


def params(**given: Any) -> FinetuneParams:
    settings: Any = {
        "action": "train",
        "method": "lora",
        "dry_run": False,
        "settings": {},
        "columns": {},
        "merge": True,
        "confirm": False,
        "seed": 0,
        "wait_seconds": 20.0,
        "cancel": False,
    }
    settings.update(given)
    return settings


def run(folder: Path, job: Job | None = None, **given: Any) -> FinetuneResult:
    return finetune(params(**given), job or quiet(folder))
