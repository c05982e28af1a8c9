"""One side of bench/ingest.ts: `make CSV BYTES`, `ours CSV`, or `duckdb CSV`; prints seconds and peak memory."""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

CITIES = ["Oslo", "Bergen", "Trondheim", "Stavanger", "Bodø", "Tromsø"]


def make(path: Path, size: int) -> None:
    """Rows like those of a shop's export: numbers, dates, texts, gaps."""
    row = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("id,amount,city,bought_at,share,note,late\n")
        while file.tell() < size:
            block = [
                f"{at},{(at * 7919) % 100_003 / 100},{CITIES[at % 6] if at % 17 else ''},"
                f"2024-{at % 12 + 1:02d}-{at % 28 + 1:02d} {at % 24:02d}:{at % 60:02d}:00,{(at % 1000) / 1000},"
                f"order {at % 5003} of the day,{'yes' if at % 7 == 0 else 'no'}"
                for at in range(row, row + 50_000)
            ]
            file.write("\n".join(block) + "\n")
            row += 50_000


def ours(path: Path) -> int:
    from ml_engine.job import quiet
    from ml_engine.ops.data.ingest import ingest

    asked = {
        "source": str(path), "name": "big", "dialect": {}, "types": {}, "on_bad_rows": "quarantine", "mode": "new",
        "key": [], "wait_seconds": 20, "cancel": False,
    }  # fmt: skip
    return ingest(asked, quiet(Path(tempfile.mkdtemp(dir=path.parent))))["rows"]  # pyright: ignore[reportArgumentType]


def duckdb_alone(path: Path) -> int:
    import duckdb

    target = path.with_suffix(".parquet")
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{path}')) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    return int(duckdb.sql(f"SELECT count(*) FROM '{target}'").fetchall()[0][0])


what, file = sys.argv[1], Path(sys.argv[2])
if what == "make":
    make(file, int(sys.argv[3]))
else:
    began = time.perf_counter()
    rows = ours(file) if what == "ours" else duckdb_alone(file)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "peak_mb": peak}))
