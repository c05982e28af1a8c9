"""One profile in one process. Prints seconds and sizes as JSON.

`ours` is the whole op with its report, of a dataset that was brought in, as most calls find it; `file` the same straight from
the file; `fields` what the peer's `minimal` has, statistics of columns alone; `minimal` and `full` are fg-data-profiling's."""

import json
import pathlib
import resource
import sys
import tempfile
import time

who, path = sys.argv[1:3]
if who in ("ours", "file", "fields"):
    import polars as pl
    from ml_engine.job import quiet
    from ml_engine.ops.data.profile import profile
    from ml_engine.profiling.columns import profile_columns
    from ml_engine.tables import read_table, stage_dataset

    job = quiet(pathlib.Path(tempfile.mkdtemp()))
    dataset = path if who == "file" else stage_dataset(job, pl.read_parquet(path), name="t", source="made")
    params = {"dataset": dataset, "detail": "full", "wait_seconds": 20, "cancel": False}
    at = time.perf_counter()
    if who == "fields":
        table = read_table(dataset)
        told = json.dumps(profile_columns(table.frame, table.columns), ensure_ascii=False)
    else:
        told = json.dumps(profile(params, job), ensure_ascii=False)
else:
    import pandas as pd
    from data_profiling import ProfileReport

    at = time.perf_counter()
    told = ProfileReport(pd.read_parquet(path), minimal=who == "minimal", progress_bar=False).to_json()
seconds = time.perf_counter() - at
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peak_bytes": peak, "json_bytes": len(told.encode())}))
