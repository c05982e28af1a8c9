"""Steps of data.transform that bring in other tables or make other rows."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.transforming.pipeline import Run, run_steps
from ml_engine.transforming.querying import LIMITS

from .transform_place import Workplace


@pytest.fixture
def at(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


ORDERS = pl.DataFrame({"order": [1, 2, 3, 4], "who": ["a", "b", "z", None], "sum": [10, 20, 30, 40]})
WHO = pl.DataFrame({"who": ["a", "b", "c"], "city": ["Oslo", "Bodø", "Rome"], "sum": [7, 8, 9]})


@pytest.mark.parametrize(
    ("method", "orders", "cities"),
    [
        ("left", [1, 2, 3, 4], ["Oslo", "Bodø", None, None]),
        ("inner", [1, 2], ["Oslo", "Bodø"]),
        ("outer", [1, 2, 3, 4, None], ["Oslo", "Bodø", None, None, "Rome"]),
        ("semi", [1, 2], None),
        ("anti", [3, 4], None),
    ],
)
def test_joins(at: Workplace, method: str, orders: list[int | None], cities: list[str | None] | None) -> None:
    step: Step = {"op": "join", "with": "who", "on": ["who"], "method": method}
    result = at.run(ORDERS, [step], **{"with": [at.file(WHO, "who")]})
    frame = at.parts(result)[None]
    assert frame["order"].to_list() == orders
    assert (frame["city"].to_list() if "city" in frame.columns else None) == cities
    assert ("sum_who" in frame.columns) == (cities is not None)
    assert result["steps"][0]["note"] == "who.parquet: 2 of 4 rows have a match"
    assert result["rows_out"] == result["rows_in"] - result["removed"] + result["added"]


def test_a_join_that_multiplies_rows_says_so_and_validate_refuses_it(at: Workplace) -> None:
    others = [at.file(pl.concat([WHO, WHO.head(1)]), "who")]
    step: Step = {"op": "join", "with": "who", "map": {"who": "who"}}
    result = at.run(ORDERS, [step], **{"with": others})
    assert result["added"] == 1
    assert "the join made 1 rows more, as 1 rows of who.parquet repeat a key" in result["warnings"][0]
    with pytest.raises(OpError, match=r"not many-to-one: 1 rows of `who\.parquet` repeat a key"):
        at.run(ORDERS, [{**step, "validate": "many-to-one"}], **{"with": others})


def test_a_union_is_by_name(at: Workplace) -> None:
    result = at.run(ORDERS, [{"op": "union", "with": "who"}], **{"with": [at.file(WHO, "who")]})
    frame = at.parts(result)[None]
    assert frame.columns == ["order", "who", "sum", "city"]
    assert frame["order"].to_list() == [1, 2, 3, 4, None, None, None]
    assert frame["city"].to_list() == [None] * 4 + ["Oslo", "Bodø", "Rome"]
    assert (result["rows_out"], result["added"]) == (7, 3)
    assert result["warnings"] == [
        "steps[0]: `order` is missing in the rows of who.parquet.",
        "steps[0]: `city` is missing in the rows of the dataset itself.",
    ]


TABLES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-50, 50) | st.none()), min_size=1, max_size=60)
FUNCTIONS = {
    "total": "sum(x)",
    "mean": "mean(x)",
    "low": "min(x)",
    "high": "max(x)",
    "known": "count(x)",
    "rows": "count()",
    "distinct": "nunique(x)",
    "spread": "std(x)",
    "middle": "median(x)",
    "ninety": "quantile(x, 0.9)",
}
SAME = """SELECT g, coalesce(sum(x), 0) AS total, avg(x) AS mean, min(x) AS low, max(x) AS high, count(x) AS known,
  count(*) AS rows, count(DISTINCT x) AS distinct, stddev_samp(x) AS spread, median(x) AS middle,
  quantile_cont(x, 0.9) AS ninety FROM t GROUP BY g ORDER BY g"""


@given(TABLES)
@settings(max_examples=40, deadline=None)
def test_an_aggregation_equals_duckdb(rows: list[tuple[str, int | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"g": pl.String, "x": pl.Int64}, orient="row")
    made = run_steps(Run(frame), [{"op": "aggregate", "group": ["g"], "map": FUNCTIONS}], 0).frame
    with duckdb.connect() as connection:
        connection.register("t", frame.to_arrow())
        expected = pl.DataFrame(pl.from_arrow(connection.sql(SAME).to_arrow_table()))
    assert made.columns == expected.columns
    for name in made.columns:
        assert made[name].to_list() == pytest.approx(expected[name].to_list(), nan_ok=True), name


def test_a_streamed_aggregation_is_the_one_in_memory(at: Workplace) -> None:
    frame = pl.DataFrame({"g": [1, 2, 3] * 40, "x": range(120), "y": ["u", "v"] * 60})
    steps: list[Step] = [
        {"op": "filter", "expression": "x >= 20"},
        {"op": "derive", "as": "twice", "expression": "x * 2"},
        {"op": "drop", "columns": ["y"]},
        {"op": "aggregate", "group": ["g"], "map": {"sum": "sum(twice)", "rows": "count()"}},
        {"op": "sort", "columns": ["sum"], "descending": True},
    ]
    raw = at.run(frame, [{"op": "select", "columns": ["g", "x", "y"]}])["datasets"][0]["dataset"]
    streamed, whole = at.again(raw, steps), at.run(frame, steps)
    assert streamed["steps"] == whole["steps"]
    assert [streamed[key] for key in ("rows_in", "rows_out", "removed", "added")] == [120, 3, 117, 0]
    assert at.parts(streamed)[None].equals(at.parts(whole)[None])
    with pytest.raises(OpError, match=r"steps\[0\]: no row is left after `filter`"):
        at.again(raw, [{"op": "filter", "expression": "x > 900"}, *steps])


@given(TABLES, st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_a_window_looks_at_no_later_row(rows: list[tuple[str, int | None]], size: int) -> None:
    frame = pl.DataFrame(rows, schema={"g": pl.String, "x": pl.Int64}, orient="row").with_row_index("t")
    functions = {"m": "mean(x)", "s": "sum(x)", "l": "lag(x)", "c": "cumsum(x)", "n": "count()"}
    step: Step = {"op": "window", "by": "t", "group": ["g"], "size": size, "map": functions}
    made = run_steps(Run(frame), [step], 0).frame
    for at in range(frame.height):
        cut = run_steps(Run(frame.head(at + 1)), [step], 0).frame
        assert cut.row(at) == pytest.approx(made.row(at), nan_ok=True)
    # The naive computation, row by row.
    for row in made.iter_rows(named=True):
        own = frame.filter((pl.col("g") == row["g"]) & (pl.col("t") <= row["t"]))["x"]
        values = [value for value in own.tail(size) if value is not None]
        assert row["m"] == pytest.approx(sum(values) / len(values) if values else None)
        assert row["n"] == min(len(own), size)
        assert row["l"] == (own[-1 - size] if len(own) > size else None)


def test_looking_forward_is_warned_of(at: Workplace) -> None:
    frame = pl.DataFrame({"t": [2, 1, 3], "x": [20, 10, 30]})
    result = at.run(frame, [{"op": "window", "by": "t", "map": {"next": "lead(x)", "before": "lag(x)"}}])
    made = at.parts(result)[None]
    assert made["next"].to_list() == [30, 20, None]
    assert made["before"].to_list() == [10, None, 20]
    assert result["warnings"] == ["steps[0]: `next` looks at later rows, which will not be known when it is used."]


def test_pivot_and_back(at: Workplace) -> None:
    long = pl.DataFrame({"who": ["a", "a", "b"], "what": ["x", "y", "x"], "n": [1, 2, 3]})
    wide = at.frame(long, [{"op": "pivot", "group": ["who"], "by": "what"}])
    assert wide.rows() == [("a", 1, 2), ("b", 3, None)]
    again = at.frame(wide, [{"op": "unpivot", "columns": ["x", "y"]}, {"op": "filter", "expression": "value > 0"}])
    assert sorted(again.rows()) == [("a", "x", 1), ("a", "y", 2), ("b", "x", 3)]


def test_a_pivot_makes_the_same_columns_again(at: Workplace) -> None:
    long = pl.DataFrame({"who": ["a", "a", "b"], "what": ["x", "y", "x"], "n": [1, 2, 3]})
    made = at.run(long, [{"op": "pivot", "group": ["who"], "by": "what"}])["datasets"][0]["dataset"]
    again = at.run(pl.DataFrame({"who": ["c", "c"], "what": ["y", "q"], "n": [4, 5]}), [], apply=made)
    assert at.parts(again)[None].rows() == [("c", None, 4)]
    assert "1 values of `what` have no column" in again["warnings"][0]


def test_sql_reads_this_and_what_stands_beside_it(at: Workplace) -> None:
    text = "SELECT w.city, sum(o.sum) AS total, count(*) AS n FROM this o JOIN who w USING (who) GROUP BY w.city"
    made = at.frame(ORDERS, [{"op": "sql", "expression": text}], **{"with": [at.file(WHO, "who")]})
    assert made.rows() == [("Bodø", 20, 1), ("Oslo", 10, 1)]
    assert made.schema["total"] == pl.Int64


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("DROP TABLE this", "refused", "one SELECT is run, not DROP"),
        ("INSERT INTO this VALUES (1)", "refused", "one SELECT is run, not INSERT"),
        ("COPY this TO '/tmp/x.csv'", "refused", "one SELECT is run, not COPY"),
        ("SELECT 1 AS a; SELECT 2 AS b", "refused", "one SELECT is run, not SELECT, SELECT"),
        ("ATTACH '/tmp/x.db'", "refused", "one SELECT is run"),
        ("SET enable_external_access = true", "refused", "one SELECT is run"),
        ("SELECT * FROM read_csv('/etc/passwd')", "refused", "reads something else than the datasets"),
        ("SELECT * FROM '/etc/passwd'", "not_found", "no table"),
        ("SELECT * FROM thiss", "not_found", "did you mean `this`?"),
        ("SELECT * FROM information_schema.tables", "not_found", "no table"),
        ("SELECT random() AS r FROM this", "refused", "another answer each time"),
        ("SELECT nothing FROM this", "invalid_input", "nothing"),
        ("SELECT FROM WHERE", "invalid_input", ""),
        ("SELECT * FROM this WHERE order > 100", "invalid_input", "no row is left after `sql`"),
        ("SELECT content FROM read_text('/etc/passwd')", "refused", "reads something else than the datasets"),
        ("SELECT * FROM (SELECT * FROM glob('/*')) AS t", "refused", "reads something else than the datasets"),
    ],
)
def test_sql_that_is_not_run(at: Workplace, text: str, kind: str, words: str) -> None:
    with pytest.raises(OpError) as caught:
        at.run(ORDERS.rename({"order": "order"}), [{"op": "sql", "expression": text.replace("order >", '"order" >')}])
    assert (caught.value.kind, words in caught.value.message) == (kind, True), caught.value.message


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"op": "join", "with": "who", "on": ["nobody"]}, "steps[0].on: no column `nobody`"),
        ({"op": "join", "with": "who"}, "steps[0].on: a join needs its keys once"),
        ({"op": "join", "with": "whoo", "on": ["who"]}, "`whoo` is none of the datasets in `with`"),
        ({"op": "join", "with": "who", "map": {"order": "who"}}, "key `order` is Int64 here and `who` is String"),
        ({"op": "join", "with": "who", "on": ["who"], "method": "cross"}, "`join` has no method `cross`"),
        ({"op": "aggregate", "map": {"m": "avrage(sum)"}}, "no function `avrage`"),
        ({"op": "aggregate", "map": {"m": "mean(who)"}}, "`who` is String; mean works on numbers"),
        ({"op": "aggregate", "map": {"m": "mean(summ)"}}, "no column `summ`; did you mean `sum`?"),
        ({"op": "aggregate", "map": {"m": "sum"}}, "`sum` is no function of a column"),
        ({"op": "aggregate", "map": {"m": "quantile(sum)"}}, "takes a share"),
        ({"op": "window", "map": {"m": "mean(sum)"}, "by": "who"}, "`who` is missing in 1 rows"),
        ({"op": "pivot", "group": ["order"], "by": "city"}, "no column `city`"),
        ({"op": "unpivot", "columns": ["who", "sum"]}, "unlike types: who String, sum Int64"),
    ],
)
def test_wrong_steps(at: Workplace, step: Step, words: str) -> None:
    with pytest.raises(OpError) as caught:
        at.run(ORDERS, [step], **{"with": [at.file(WHO, "who")]})
    assert words in caught.value.message


def test_rows_that_have_a_part_are_not_made_anew(at: Workplace) -> None:
    with pytest.raises(OpError, match="`aggregate` makes rows that have no part"):
        at.run(ORDERS, [{"op": "split"}, {"op": "aggregate", "map": {"n": "count()"}}])


def test_the_database_itself_is_shut() -> None:
    """Whatever a check of the text lets through, DuckDB opens no file and no door."""
    with duckdb.connect() as connection:
        for limit in LIMITS:
            connection.execute(limit)
        for text in ("SELECT * FROM read_text('/etc/hosts')", "ATTACH 'x.db'", "SET enable_external_access = true"):
            with pytest.raises(duckdb.Error):
                connection.execute(text)
