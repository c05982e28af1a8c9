"""The `sql` step: one SELECT over the table and the datasets beside it, shut off from files and network."""

from collections.abc import Sequence

import duckdb
import polars as pl
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import nearest
from ml_engine.transforming.outcome import Named, Outcome

CHARACTERS = 10_000
THIS = "this"
UNREPEATABLE = (
    "rand",
    "random",
    "uuid",
    "gen_random_uuid",
    "now",
    "today",
    "current_date",
    "current_timestamp",
    "setseed",
)
LIMITS = (
    "SET enable_external_access = false",
    "SET allow_community_extensions = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    "SET lock_configuration = true",
)


def query(frame: pl.DataFrame, step: Step, field: str, others: Sequence[Named]) -> Outcome:
    """The answer of one SELECT over `this` and the datasets of `with`, by name.

    Rows come in the order of ORDER BY where there is one, else sorted by all columns wherever DuckDB promises no order,
    so that the same query gives the same table.

    Raises:
        OpError: it is no single SELECT, names what there is not, or DuckDB refuses it.
    """
    text = step.get("expression", "")
    tables = {THIS: frame, **{_table_name(one.name): one.frame for one in others}}
    parsed = parse_select(text, tables, f"{field}.expression")
    connection = duckdb.connect(":memory:")
    try:
        for name, table in tables.items():
            connection.register(name, table.to_arrow())
        for limit in LIMITS:
            connection.execute(limit)
        answer = connection.sql(parsed.sql(dialect="duckdb")).to_arrow_table()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0][:200]
        raise OpError("invalid_input", f"{field}.expression: {reason}", f"Tables: {_listed(tables)}.") from error
    finally:
        connection.close()
    names = answer.column_names
    if len(set(names)) < len(names) or any(not name.strip() for name in names):
        raise OpError("invalid_input", f"{field}.expression: two columns have one name", "Name them with AS.")
    made = pl.DataFrame(pl.from_arrow(answer))
    return Outcome(made.with_columns(_whole_numbers(made)), " ".join(text.split())[:160])


def parse_select(text: str, tables: dict[str, pl.DataFrame], field: str) -> exp.Query:
    """`text` as the one SELECT it has to be, with an order where the answer would have none.

    Raises:
        OpError: it is something else, or reads a table that is not one of `tables`.
    """
    if len(text) > CHARACTERS:
        raise OpError("invalid_input", f"{field}: a query has at most {CHARACTERS} characters")
    try:
        statements = [one for one in sqlglot.parse(text, dialect="duckdb") if one is not None]
    except SqlglotError as error:
        reason = str(error).splitlines()[0][:160]
        raise OpError(
            "invalid_input", f"{field}: no SQL ({reason})", "e.g. SELECT * FROM this WHERE age > 18"
        ) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        kinds = ", ".join(type(one).__name__.upper() for one in statements[:5]) or "nothing"
        raise OpError("refused", f"{field}: one SELECT is run, not {kinds}", "Nothing was read or written.")
    parsed = statements[0]
    writing = parsed.find(
        exp.Create,
        exp.Drop,
        exp.Alter,
        exp.Insert,
        exp.Update,
        exp.Delete,
        exp.Merge,
        exp.Command,
        exp.Into,
        exp.Copy,
        exp.Attach,
        exp.Pragma,
        exp.Set,
    )
    if writing is not None:
        raise OpError(
            "refused", f"{field}: {type(writing).__name__.upper()} is not run", "One SELECT, which only reads."
        )
    own = {cte.alias_or_name for cte in parsed.find_all(exp.CTE)}
    for table in parsed.find_all(exp.Table):
        _require_table(table, tables, own, field)
    for call in parsed.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if name in UNREPEATABLE:
            raise OpError(
                "refused", f"{field}: {name}() gives another answer each time", "Write the value itself, or `sample`."
            )
    unordered = parsed.find(exp.Group, exp.Join, exp.Distinct, exp.SetOperation) is not None
    if unordered and parsed.args.get("order") is None and parsed.args.get("limit") is None:
        return exp.select("*").from_(parsed.subquery("answer")).order_by("ALL", dialect="duckdb")
    return parsed


def reads_more(text: str) -> bool:
    """Whether a query that was run before reads another table than `this`."""
    parsed = sqlglot.parse_one(text, dialect="duckdb")
    own = {cte.alias_or_name for cte in parsed.find_all(exp.CTE)}
    return any(table.name not in (THIS, *own) for table in parsed.find_all(exp.Table))


def _require_table(table: exp.Table, tables: dict[str, pl.DataFrame], own: set[str], field: str) -> None:
    if isinstance(table.this, exp.Func) and not isinstance(table.this, (exp.Unnest, exp.GenerateSeries)):
        raise OpError(
            "refused",
            f"{field}: `{table.sql(dialect='duckdb')[:80]}` reads something else than the datasets",
            f"Tables: {_listed(tables)}; name further ones in `with`.",
        )
    if (table.name not in own and table.name not in tables) or table.args.get("db"):
        guess = nearest(table.name, tables)
        raise OpError(
            "not_found",
            f"{field}: no table `{table.sql(dialect='duckdb')[:80]}`" + (f"; did you mean `{guess}`?" if guess else ""),
            f"Tables: {_listed(tables)}; name further ones in `with`.",
        )


def _table_name(name: str) -> str:
    base = name.partition("@")[0]
    return "".join(one if one.isalnum() else "_" for one in base.partition(".")[0])


def _listed(tables: dict[str, pl.DataFrame]) -> str:
    return ", ".join(f"{name} ({', '.join(frame.columns[:12])})" for name, frame in tables.items())


def _whole_numbers(frame: pl.DataFrame) -> list[pl.Series]:
    """Sums of whole numbers, which DuckDB gives as decimals, as 64-bit integers where they fit."""
    made: list[pl.Series] = []
    for column in frame.get_columns():
        if isinstance(column.dtype, pl.Decimal) and column.dtype.scale == 0:
            whole = column.cast(pl.Int64, strict=False)
            if whole.null_count() == column.null_count():
                made.append(whole)
    return made
