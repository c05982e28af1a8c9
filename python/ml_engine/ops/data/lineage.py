"""The part of lineage that reads SQL and data: sources of columns, and the difference of two versions."""

from pathlib import Path

from ml_engine.contract.data import ColumnSource, Hop, LineageParams, LineageResult, Traced
from ml_engine.job import Job
from ml_engine.lineage.columns import direct, trace_columns
from ml_engine.lineage.difference import compare
from ml_engine.lineage.sources import Source
from ml_engine.tables import DATA_FILE


def lineage(params: LineageParams, job: Job) -> LineageResult:
    """Traces the columns of each hop, and compares the two datasets of `pair` where there is one."""
    hops = [_trace(hop) for hop in job.track(params["hops"], "tracing columns")]
    pair = params.get("pair")
    difference = None if pair is None else compare(Path(pair["before"]) / DATA_FILE, Path(pair["after"]) / DATA_FILE)
    return {"hops": hops, "difference": difference}


def _trace(hop: Hop) -> Traced:
    inputs = [(one["dataset"], one["columns"]) for one in hop["inputs"]]
    columns, rows, basis = trace_columns(hop["columns"], inputs, hop["pipeline"])
    return {
        "dataset": hop["dataset"],
        "basis": "steps" if basis == "steps" else "same name",
        "columns": [{"column": name, "from": _described(sources)} for name, sources in columns.items()],
        "rows": _described(rows),
    }


def _described(sources: frozenset[Source] | set[Source]) -> list[ColumnSource]:
    return [
        {
            "dataset": one.dataset,
            "column": one.column,
            "type": "DIRECT" if direct(one) else "INDIRECT",
            "subtype": one.subtype,
            "description": one.description,
        }
        for one in sorted(sources)
    ]
