"""What several files of tests here set up."""

import pytest


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """In use a worker is a process of its own; here what it sets for MLflow is taken back after each test."""
    for name in ("HOME", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
        monkeypatch.setenv(name, "")
