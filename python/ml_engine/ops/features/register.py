"""The part of the feature registry that reads data and Feast definitions."""

from ml_engine.contract.features import RegisterParams, RegisterResult
from ml_engine.features.drifting import drift_since
from ml_engine.features.feast import export_repository, import_repository
from ml_engine.job import Job


def register(params: RegisterParams, job: Job) -> RegisterResult:
    """Drift of a view's features since it was registered; Feast definitions in and out."""
    result: RegisterResult = {"drift": [], "imported": [], "file": None, "warnings": []}
    if params["action"] == "drift":
        result["drift"] = drift_since(params.get("view", ""), params.get("source", ""), result["warnings"])
    elif params["action"] == "import_feast":
        found = import_repository(params.get("file", ""), params.get("source", ""), job)
        result["imported"], result["warnings"] = found
    else:
        result["file"], result["warnings"] = export_repository(params.get("view", ""), job)
    return result
