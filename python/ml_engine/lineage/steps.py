"""Follows columns through the steps of a transformation."""

from ml_engine.lineage.reshaping import RESHAPED
from ml_engine.lineage.sources import columns_of, through
from ml_engine.lineage.trace import Follow, Learnt, Step, Trace


def follow(trace: Trace, step: Step, learnt: Learnt) -> None:
    """Moves `trace` past one step; one it has no rule for makes every column depend on all."""
    FOLLOWED.get(str(step["op"]), _unknown)(trace, step, learnt)


def _unknown(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    everything = through(trace.read(list(trace.columns)), "TRANSFORMATION", str(step["op"]))
    trace.columns = dict.fromkeys(trace.columns, everything)


def _select(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    trace.columns = {name: trace.columns[name] for name in step["columns"] if name in trace.columns}


def _drop(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    trace.columns = {name: sources for name, sources in trace.columns.items() if name not in step["columns"]}


def _rename(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    names = step["map"]
    trace.columns = {str(names.get(name, name)): sources for name, sources in trace.columns.items()}


def _cast(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    for name, wanted in step["map"].items():
        trace.columns[name] = through(trace.columns.get(name, ()), "TRANSFORMATION", f"cast to {wanted}")


def _filter(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    trace.decide(columns_of(step["expression"])[0], "FILTER", f"filter {step['expression']}"[:200])


def _derive(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    names, subtype = columns_of(step["expression"])
    description = "" if subtype == "IDENTITY" else str(step["expression"])[:200]
    trace.columns[step["as"]] = through(trace.read(names), subtype, description)


def _clean_text(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    for name in step.get("columns") or list(trace.columns):
        trace.columns[name] = through(trace.columns.get(name, ()), "TRANSFORMATION", _said(step))


def _dates(trace: Trace, step: Step, learnt: Learnt) -> None:
    """Without `columns` every column is taken for a date; what is made of none is dropped at the end."""
    del learnt
    for name in step.get("columns") or list(trace.columns):
        for part in step.get("parts") or ["year", "month", "day", "weekday"]:
            plain = str(part).removesuffix("_cyclic")
            made = [f"{name}_{plain}_sin", f"{name}_{plain}_cos"] if plain != part else [f"{name}_{part}"]
            sources = through(trace.columns.get(name, ()), "TRANSFORMATION", f"{plain} of date")
            trace.columns |= dict.fromkeys(made, sources)


def _learnt(trace: Trace, step: Step, learnt: Learnt) -> None:
    for name, found in learnt.items():
        sources = through(trace.columns.get(name, ()), "TRANSFORMATION", _said(step))
        if step.get("method") == "target" and step.get("by"):
            sources |= through(trace.read([step["by"]]), "AGGREGATION", _said(step))
        if found.get("method") == "onehot":
            trace.columns.pop(name, None)
            trace.columns |= dict.fromkeys([f"{name}_{level}" for level in found["levels"]], sources)
        else:
            trace.columns[name] = sources


def _deduplicate(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    trace.decide(list(step.get("columns") or trace.columns), "FILTER", "deduplicate")


def _sort(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    trace.decide(list(step.get("columns") or []), "SORT", "sort")


def _by(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    if step.get("by"):
        trace.decide([step["by"]], "FILTER", _said(step))


def _nothing(trace: Trace, step: Step, learnt: Learnt) -> None:
    del trace, step, learnt


def _said(step: Step) -> str:
    return " ".join(str(step[key]) for key in ("op", "method") if step.get(key))


FOLLOWED: dict[str, Follow] = {
    **RESHAPED,
    "select": _select,
    "drop": _drop,
    "rename": _rename,
    "cast": _cast,
    "filter": _filter,
    "derive": _derive,
    "impute": _learnt,
    "scale": _learnt,
    "encode": _learnt,
    "bin": _learnt,
    "clean_text": _clean_text,
    "dates": _dates,
    "deduplicate": _deduplicate,
    "sample": _nothing,
    "rebalance": _by,
    "sort": _sort,
    "split": _by,
}
