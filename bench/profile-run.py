"""One profile in one process: `ours`, `minimal` or `full` of fg-data-profiling. Prints seconds and sizes as JSON."""

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
else:
    import pandas as pd
    from data_profiling import ProfileReport

    at = time.perf_counter()
    told = ProfileReport(pd.read_parquet(path), minimal=who == "minimal", progress_bar=False).to_json()
seconds = time.perf_counter() - at
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peak_bytes": peak, "json_bytes": len(told.encode())}))
