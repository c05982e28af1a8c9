"""One profile in one process. Prints seconds and sizes as JSON.

`ours` is the whole op with its report; `fields` what the peer's `minimal` has, statistics of columns alone; `minimal` and
`full` are fg-data-profiling's."""

import json
import pathlib
import resource
import sys
import tempfile
import time

who, path = sys.argv[1:3]
if who == "ours":
    from ml_engine.job import quiet
    from ml_engine.ops.data.profile import profile

    params = {"dataset": path, "detail": "full", "wait_seconds": 20, "cancel": False}
    at = time.perf_counter()
    told = json.dumps(profile(params, quiet(pathlib.Path(tempfile.mkdtemp()))), ensure_ascii=False)
elif who == "fields":
    from ml_engine.profiling.columns import profile_columns
    from ml_engine.tables import read_table

    at = time.perf_counter()
    table = read_table(path)
    told = json.dumps(profile_columns(table.frame, table.columns), ensure_ascii=False)
else:
    import pandas as pd
    from data_profiling import ProfileReport

    at = time.perf_counter()
    told = ProfileReport(pd.read_parquet(path), minimal=who == "minimal", progress_bar=False).to_json()
seconds = time.perf_counter() - at
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peak_bytes": peak, "json_bytes": len(told.encode())}))
