from typing import Any

from ml_engine.job import Job


def echo(params: dict[str, Any], job: Job) -> dict[str, Any]:
    job.progress(1, 2, "half")
    return {"said": params["say"]}
