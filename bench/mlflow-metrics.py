"""The part of `store.ts` that times MLflow: metrics a second, one by one and in batches, on its SQLite store."""

import json
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric


def main(folder: str, singles: int, batches: int, size: int) -> None:
    client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
    experiment = client.create_experiment("bench", artifact_location=f"file://{folder}/artifacts")
    run = client.create_run(experiment).info.run_id
    client.log_metric(run, "warm", 0.0)
    at = time.perf_counter()
    for step in range(singles):
        client.log_metric(run, "single", step * 0.5, step=step)
    single = singles / (time.perf_counter() - at)
    now = int(time.time() * 1000)
    at = time.perf_counter()
    for batch in range(batches):
        steps = range(batch * size, (batch + 1) * size)
        client.log_batch(run, metrics=[Metric("batch", step * 0.5, now + step, step) for step in steps])
    print(json.dumps({"single": single, "batch": batches * size / (time.perf_counter() - at)}))


main(sys.argv[1], *map(int, sys.argv[2:5]))
