"""What a run of ours is called and tagged in MLflow."""

import hashlib
import posixpath
import re

OURS = "ml_engine."
RUN, TOOL, INFO, NAMES, POINTS = (f"{OURS}{name}" for name in ("run_id", "tool", "info", "names", "points"))
"""Tags of a mirrored run: its id here, the tool, what a rerun needs (JSON), which keys had to be renamed (JSON, new
name to ours), and how many values of metrics are known to be there."""

NOTE = "mlflow.note.content"
PARENT = "mlflow.parentRunId"
NAME = "mlflow.runName"
SOURCE = {"name": "mlflow.source.name", "type": "mlflow.source.type"}

TO_MLFLOW = {"RUNNING": "RUNNING", "FINISHED": "FINISHED", "FAILED": "FAILED", "CANCELLED": "KILLED"}

LONGEST_KEY = 250
LONGEST_PARAM = 6000
LONGEST_TAG = 8000
DIGEST = 36
"""MLflow's limits, in characters (mlflow/utils/validation.py); its keys are words, `.`, `-`, `:`, `/` and spaces, and
read as a path lead nowhere else."""


def fitting(key: str) -> str:
    """`key` where MLflow takes it, or a name made from it that no other key gets."""
    plain = re.sub(r"[^\w.\-: /]", "_", key)
    norm = posixpath.normpath(plain)
    if plain == key and norm == key and not norm.startswith(("..", "/")) and norm != "." and len(key) <= LONGEST_KEY:
        return key
    mark = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{plain.replace('/', '_').strip('.')[: LONGEST_KEY - 9]}_{mark}"
