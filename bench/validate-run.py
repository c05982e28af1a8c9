"""Forty rules on one table in one process: `ours`, `gx` or `pandera`. Prints seconds, memory and failures as JSON."""

import json
import resource
import sys
import time

who, path = sys.argv[1:3]
NUMBERS = [f"n{i}" for i in range(10)] + [f"i{i}" for i in range(5)]
TEXTS = [f"c{i}" for i in range(5)]
RULES = [("expect_column_values_to_be_between", {"column": one, "min_value": -20, "max_value": 40}) for one in NUMBERS]
RULES += [("expect_column_values_to_not_be_null", {"column": one}) for one in NUMBERS]
RULES += [("expect_column_values_to_match_regex", {"column": one, "regex": "^level [0-9]+$"}) for one in TEXTS]
RULES += [
    ("expect_column_value_lengths_to_be_between", {"column": one, "min_value": 7, "max_value": 8}) for one in TEXTS
]


def ours() -> int:
    from ml_engine.validation.source import Source
    from ml_engine.validation.suite import parse_suite, run_rules
    import pathlib
    import polars as pl

    lazy = pl.scan_parquet(path)
    source = Source("data", lazy, dict(lazy.collect_schema()), pathlib.Path(path))
    rules = parse_suite([{"type": name, "kwargs": kwargs} for name, kwargs in RULES], "suite")
    return sum(not one["success"] for one in run_rules(source, rules))


def gx() -> int:
    import great_expectations as ge
    import great_expectations.expectations as gxe
    import pandas as pd

    context = ge.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": pd.read_parquet(path)})
    classes = {getattr(one, "expectation_type", ""): one for one in vars(gxe).values() if isinstance(one, type)}
    suite = ge.ExpectationSuite(name="s", expectations=[classes[name](**kwargs) for name, kwargs in RULES])
    answer = batch.validate(suite, result_format="SUMMARY")
    return sum(not one.success for one in answer.results)


def pandera() -> int:
    import pandas as pd
    import pandera.pandas as pa

    checks: dict[str, list] = {}
    for name, kwargs in RULES:
        low, high = kwargs.get("min_value"), kwargs.get("max_value")
        made = {
            "expect_column_values_to_be_between": lambda: pa.Check.in_range(low, high),
            "expect_column_values_to_match_regex": lambda: pa.Check.str_matches(kwargs["regex"]),
            "expect_column_value_lengths_to_be_between": lambda: pa.Check.str_length(low, high),
        }.get(name)
        checks.setdefault(kwargs["column"], []).extend([made()] if made else [])
    columns = {name: pa.Column(None, found, nullable=name in TEXTS) for name, found in checks.items()}
    try:
        pa.DataFrameSchema(columns).validate(pd.read_parquet(path), lazy=True)
    except pa.errors.SchemaErrors as error:
        return len(error.failure_cases.groupby(["column", "check"]).size())
    return 0


RUN = {"ours": ours, "gx": gx, "pandera": pandera}[who]
# What is measured begins after the imports.
if who == "ours":
    import ml_engine.validation.suite
elif who == "gx":
    import great_expectations.expectations
else:
    import pandera.pandas
at = time.perf_counter()
failed = RUN()
seconds = time.perf_counter() - at
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peak_bytes": peak, "failed": failed, "rules": len(RULES)}))
