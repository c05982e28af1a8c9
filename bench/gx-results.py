"""Records what Great Expectations 1.24 itself answers, one case a family, for python/tests/ops/data/gx/.

Run it in an environment of its own:
uv run --no-project --with 'great_expectations==1.24.1' --with jsonschema python bench/gx-results.py python/tests/ops/data/gx
"""

import json
import pathlib
import sys

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

FRAME = {
    "id": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    "x": [1.5, 2.5, None, 4.5, 2.5, 6.5, 7.5, 100.0, 3.5, 0.5],
    "y": [1.0, 3.0, 2.0, None, 2.5, 6.0, 7.0, 8.0, 9.0, 10.0],
    "n": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3],
    "m": [7, 9, 6, 9, 5, 1, 8, 4, 5, 8],
    "c": ["a", "b", "a", None, "c", "a", "b", "a", "d", "a"],
    "t": ["ab-1", "cd-22", "ef", None, "", "gh-3", "ij-44", "kl-5", "zz", "mn-6"],
    "d": ["2024-01-01", "2024-02-30", "2024-03-01", None, "x", "2024-05-05", "2024-06-06", "7/7/2024", "2024-08-08", "2024-09-09"],
    "j": ['{"a": 1}', '{"a": "x"}', "{", None, "[1]", "3", '{"b": 2}', '"s"', '{"a": 5}', "nul"],
    "o": [0.0] + [float(i) for i in range(1, 9)] + [500.0],
}
BETWEEN = {"min_value": 2, "max_value": 5}
CASES = [
    ("expect_column_distinct_values_to_be_in_set", {"column": "c", "value_set": ["a", "b"]}),
    ("expect_column_distinct_values_to_contain_set", {"column": "c", "value_set": ["a", "z"]}),
    ("expect_column_distinct_values_to_equal_set", {"column": "c", "value_set": ["a", "b", "c", "d"]}),
    ("expect_column_kl_divergence_to_be_less_than", {"column": "c", "partition_object": {"values": ["a", "b", "c", "d"], "weights": [0.5, 0.2, 0.2, 0.1]}, "threshold": 0.01}),
    ("expect_column_kl_divergence_to_be_less_than", {"column": "n", "partition_object": {"bins": [0, 3, 6, 10], "weights": [0.3, 0.4, 0.3]}, "threshold": 0.5}),
    ("expect_column_kl_divergence_to_be_less_than", {"column": "n", "partition_object": {"bins": [2, 3, 6, 8], "weights": [0.2, 0.4, 0.2], "tail_weights": [0.1, 0.1]}, "threshold": 0.5}),
    ("expect_column_max_to_be_between", {"column": "x", **BETWEEN}),
    ("expect_column_mean_to_be_between", {"column": "x", **BETWEEN}),
    ("expect_column_median_to_be_between", {"column": "x", **BETWEEN}),
    ("expect_column_min_to_be_between", {"column": "x", "min_value": 0.5, "strict_min": True}),
    ("expect_column_most_common_value_to_be_in_set", {"column": "c", "value_set": ["b"]}),
    ("expect_column_most_common_value_to_be_in_set", {"column": "n", "value_set": [1], "ties_okay": True}),
    ("expect_column_most_common_value_to_be_in_set", {"column": "n", "value_set": [1]}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "x", "column_B": "y", "ignore_row_if": "either_value_is_missing"}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "n", "column_B": "m", "or_equal": True, "mostly": 0.2}),
    ("expect_column_pair_values_to_be_equal", {"column_A": "n", "column_B": "m"}),
    ("expect_column_pair_values_to_be_in_set", {"column_A": "n", "column_B": "m", "value_pairs_set": [[3, 7], [1, 9], [5, 5]]}),
    ("expect_column_proportion_of_non_null_values_to_be_between", {"column": "x", "min_value": 0.95}),
    ("expect_column_proportion_of_unique_values_to_be_between", {"column": "n", "max_value": 0.5}),
    ("expect_column_quantile_values_to_be_between", {"column": "n", "quantile_ranges": {"quantiles": [0.1, 0.5, 0.9], "value_ranges": [[1, 1], [4, None], [None, 5]]}}),
    ("expect_column_stdev_to_be_between", {"column": "n", "min_value": 1, "max_value": 2}),
    ("expect_column_sum_to_be_between", {"column": "n", "min_value": 1, "max_value": 2}),
    ("expect_column_to_exist", {"column": "x", "column_index": 1}),
    ("expect_column_to_exist", {"column": "nowhere"}),
    ("expect_column_type_to_be", {"column": "x", "type_": "float64"}),
    ("expect_column_unique_value_count_to_be_between", {"column": "c", "min_value": 5}),
    ("expect_column_value_lengths_to_be_between", {"column": "t", "min_value": 1, "max_value": 4}),
    ("expect_column_value_lengths_to_equal", {"column": "t", "value": 4, "mostly": 0.5}),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "x", "threshold": 2, "double_sided": True}),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "x", "threshold": 0.1, "double_sided": False, "mostly": 0.5}),
    ("expect_column_values_to_be_between", {"column": "x", **BETWEEN, "strict_max": True, "mostly": 0.4}),
    ("expect_column_values_to_be_dateutil_parseable", {"column": "d"}),
    ("expect_column_values_to_be_decreasing", {"column": "n"}),
    ("expect_column_values_to_be_increasing", {"column": "n", "strictly": True}),
    ("expect_column_values_to_be_in_set", {"column": "c", "value_set": ["a", "b"]}),
    ("expect_column_values_to_be_in_set", {"column": "c", "value_set": ["a"], "row_condition": "n > 3", "condition_parser": "pandas"}),
    ("expect_column_values_to_be_in_set", {"column": "n", "value_set": [3, 1], "row_condition": 'c == "a"', "condition_parser": "pandas"}),
    ("expect_column_values_to_be_in_set", {"column": "n", "value_set": [3, 1], "row_condition": 'col("c") == "a"', "condition_parser": "great_expectations"}),
    ("expect_column_values_to_be_in_set", {"column": "n", "value_set": [3, 1], "row_condition": 'col("x").notNull()', "condition_parser": "great_expectations"}),
    ("expect_column_values_to_be_in_type_list", {"column": "x", "type_list": ["float64", "int64"]}),
    ("expect_column_values_to_be_json_parseable", {"column": "j"}),
    ("expect_column_values_to_be_null", {"column": "x"}),
    ("expect_column_values_to_be_of_type", {"column": "x", "type_": "float64"}),
    ("expect_column_values_to_be_unique", {"column": "n"}),
    ("expect_column_values_to_match_json_schema", {"column": "k", "json_schema": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}),
    ("expect_column_values_to_match_regex", {"column": "t", "regex": "^[a-z]{2}-\\d$"}),
    ("expect_column_values_to_match_regex", {"column": "t", "regex": "^[a-m]"}),
    ("expect_column_values_to_match_regex_list", {"column": "t", "regex_list": ["^a", "\\d$"]}),
    ("expect_column_values_to_match_regex_list", {"column": "t", "regex_list": ["^a", "\\d$"], "match_on": "all"}),
    ("expect_column_values_to_match_strftime_format", {"column": "d", "strftime_format": "%Y-%m-%d"}),
    ("expect_column_values_to_not_be_in_set", {"column": "c", "value_set": ["a"]}),
    ("expect_column_values_to_not_be_null", {"column": "x", "mostly": 0.9}),
    ("expect_column_values_to_not_be_outliers", {"column": "o", "method": "iqr", "multiplier": 1.5}),
    ("expect_column_values_to_not_be_outliers", {"column": "o", "method": "std", "multiplier": 2.0}),
    ("expect_column_values_to_not_match_regex", {"column": "t", "regex": "\\d"}),
    ("expect_column_values_to_not_match_regex_list", {"column": "t", "regex_list": ["^a", "\\d$"]}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["c", "n"]}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["n", "m"], "sum_total": 10}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["n", "m"], "sum_total": 9}),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["n", "m"]}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["n", "m"]}),
    ("expect_table_column_count_to_be_between", {"min_value": 3, "max_value": 5}),
    ("expect_table_column_count_to_equal", {"value": 11}),
    ("expect_table_columns_to_match_ordered_list", {"column_list": ["id", "y"]}),
    ("expect_table_columns_to_match_set", {"column_set": ["id", "x", "q"], "exact_match": True}),
    ("expect_table_row_count_to_be_between", {"min_value": 11}),
    ("expect_table_row_count_to_equal", {"value": 10}),
    # SQL data sources only.
    ("expect_column_values_to_match_like_pattern", {"column": "t", "like_pattern": "%-_"}),
    ("expect_column_values_to_match_like_pattern_list", {"column": "t", "like_pattern_list": ["a%", "%-_"], "match_on": "any"}),
    ("expect_column_values_to_match_like_pattern_list", {"column": "t", "like_pattern_list": ["a%", "%-_"], "match_on": "all"}),
    ("expect_column_values_to_not_match_like_pattern", {"column": "t", "like_pattern": "%-_"}),
    ("expect_column_values_to_not_match_like_pattern_list", {"column": "t", "like_pattern_list": ["a%", "%-__"]}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch} WHERE n > 4"}),
    ("expect_table_row_count_to_equal_other_table", {"other_table_name": "other"}),
    ("expect_query_results_to_match_comparison", {"base_query": "SELECT n FROM data WHERE n > 4", "comparison_data_source_name": "db", "comparison_query": "SELECT n FROM other"}),
]
FRAME["k"] = ['{"a": 1}', '{"a": "x"}', "{}", None, "[1]", "3", '{"b": 2}', '"s"', '{"a": 5}', '{"a": 7, "b": 1}']
SQL_ONLY = {name for name, _ in CASES[-8:]}


def classes():
    found = {}
    for name in dir(gxe.core):
        one = getattr(gxe.core, name)
        kind = getattr(one, "expectation_type", "")
        if kind and isinstance(one, type):
            found[kind] = one
    return found


def main(folder: pathlib.Path) -> None:
    context = gx.get_context(mode="ephemeral")
    frame = pd.DataFrame(FRAME)
    batch = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    pandas_batch = batch.get_batch({"dataframe": frame})
    import sqlite3

    path = folder / "rows.sqlite"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as db:
        frame.to_sql("data", db, index=False)
        frame.head(4)[["n"]].to_sql("other", db, index=False)
    source = context.data_sources.add_sqlite("db", connection_string=f"sqlite:///{path}")
    sql_batch = source.add_table_asset("data", table_name="data").add_batch_definition_whole_table("b").get_batch()
    known = classes()
    recorded = []
    for name, kwargs in CASES:
        used = sql_batch if name in SQL_ONLY else pandas_batch
        try:
            answer = used.validate(known[name](**kwargs), result_format={"result_format": "COMPLETE"}).to_json_dict()
        except Exception as error:
            print("FAILED", name, repr(error)[:300])
            continue
        if answer["exception_info"].get("raised_exception") or any(isinstance(v, dict) and v.get("raised_exception") for v in answer["exception_info"].values()):
            print("RAISED", name, json.dumps(answer["exception_info"])[-300:])
            continue
        result = {key: value for key, value in answer["result"].items() if key != "unexpected_index_query"}
        recorded.append({"type": name, "kwargs": kwargs, "success": answer["success"], "result": result})
    from great_expectations.expectations.row_conditions import Column

    suite = gx.ExpectationSuite(name="orders")
    suite.add_expectation(gxe.ExpectColumnValuesToNotBeNull(column="id", severity="critical"))
    suite.add_expectation(gxe.ExpectColumnValuesToBeBetween(column="x", min_value=0, max_value=50, mostly=0.8, severity="warning"))
    suite.add_expectation(gxe.ExpectColumnValuesToBeInSet(column="c", value_set=["a", "b", "c", "d"], notes="levels"))
    suite.add_expectation(gxe.ExpectColumnValuesToMatchRegex(column="t", regex="^[a-z]", row_condition=(Column("n") > 4) & Column("t").is_not_null()))
    suite.add_expectation(gxe.ExpectColumnMaxToBeBetween(column="n", max_value=9))
    suite.add_expectation(gxe.ExpectTableRowCountToBeBetween(min_value=1, max_value=100))
    suite.add_expectation(gxe.ExpectColumnValuesToBeUnique(column="id", row_condition=Column("c").is_in(["a", "b"]) | (Column("n") == 5)))
    context.suites.add(suite)
    (folder / "suite.json").write_text(json.dumps(suite.to_json_dict(), indent=1) + "\n")
    checked = pandas_batch.validate(suite).to_json_dict()
    verdicts = {one["expectation_config"]["type"]: bool(one["success"]) for one in checked["results"]}
    document = {"great_expectations": gx.__version__, "frame": FRAME, "other": {"n": FRAME["n"][:4]}, "suite": verdicts, "cases": recorded}
    (folder / "recorded.json").write_text(json.dumps(document, indent=1, default=lambda one: one.item() if hasattr(one, "item") else str(one)) + "\n")
    print( len(recorded), sorted(set(known) - {c["type"] for c in recorded}))
    path.unlink()


main(pathlib.Path(sys.argv[1]))
