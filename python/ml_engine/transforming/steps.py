"""What there is to say of each step: what it needs and takes, its methods, and what becomes of it on another table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """The fields of a step: `needs` must be there, `takes` may be; the first of `methods` is the default."""

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.needs, *self.takes, *(("method",) if self.methods else ()))


SHAPES: dict[str, Shape] = {
    "select": Shape(("columns",)),
    "drop": Shape(("columns",)),
    "rename": Shape(("map",)),
    "cast": Shape(("map",)),
    "filter": Shape(("expression",)),
    "derive": Shape(("as", "expression")),
    "impute": Shape((), ("columns", "value"), ("median", "mean", "mode", "constant")),
    "scale": Shape((), ("columns",), ("standard", "minmax", "robust", "power", "log", "quantile")),
    "encode": Shape((), ("columns", "by", "smoothing", "size"), ("onehot", "ordinal", "target")),
    "bin": Shape((), ("columns", "size"), ("quantile", "width")),
    "clean_text": Shape(
        (),
        ("columns", "expression", "value"),
        ("trim", "lower", "upper", "accents", "punctuation", "whitespace", "html", "replace"),
    ),
    "dates": Shape((), ("columns", "parts")),
    "deduplicate": Shape((), ("columns", "threshold"), ("exact", "near")),
    "sample": Shape(("size",)),
    "rebalance": Shape(("by",), (), ("over", "under")),
    "sort": Shape(("columns",), ("descending",)),
    "join": Shape(("with",), ("on", "map", "validate"), ("left", "inner", "outer", "semi", "anti")),
    "union": Shape(("with",)),
    "aggregate": Shape(("map",), ("group",)),
    "window": Shape(("map",), ("by", "group", "size")),
    "pivot": Shape(("group", "by"), ("columns",), ("first", "last", "sum", "mean", "min", "max", "count")),
    "unpivot": Shape(("columns",), ("group",)),
    "sql": Shape(("expression",)),
    "split": Shape(
        (),
        ("by", "group", "shares", "size", "gap"),
        ("random", "stratified", "grouped", "stratified_grouped", "time", "kfold"),
    ),
}
LEARNING = ("impute", "scale", "encode", "bin")
RESHAPING = ("union", "aggregate", "pivot", "sql")
"""Steps whose rows are not the rows they were given, so that a row has no part of a split any more."""
NAMING = ("join", "union", "sql")
"""Steps that read other datasets, by name."""
NOT_REPEATED = ("split", "sample", "rebalance", "deduplicate", "sort", "union")
"""Steps that shape a set of rows for training and say nothing about how one row is prepared."""
PARTS = ("train", "test", "validation")
CYCLES = {"month": 12, "weekday": 7, "day": 31, "ordinal_day": 366, "week": 53, "hour": 24, "minute": 60, "second": 60}
"""Parts of a date that come round again, and after how many."""
DATE_PARTS = (
    *("year", "quarter", "month", "week", "day", "weekday", "ordinal_day", "hour", "minute", "second", "timestamp"),
    *(f"{part}_cyclic" for part in CYCLES),
)


def default_method(op: str) -> str:
    """What `method` is where a step does not say; empty where it has none."""
    methods = SHAPES[op].methods
    return methods[0] if methods else ""
