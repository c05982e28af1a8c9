"""Says which SQL only reads."""

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ml_engine.errors import OpError

READS = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery)
WRITES = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.Command,
    exp.Copy,
    exp.Into,
    exp.Lock,
    exp.TruncateTable,
    exp.Set,
    exp.Pragma,
)
HINT = "Give one SELECT, WITH or VALUES, or the name of a table."
NAME = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?")


def reading_query(query: str, dialect: str, field: str = "query") -> str:
    """`query` where it is one statement that only reads; where it is a table's name, the query of its rows.

    Raises:
        OpError: `refused` where it writes, `invalid_input` where it is no SQL or more than one statement.
    """
    text = query.strip().rstrip(";").strip()
    if NAME.fullmatch(text):
        quoted = ".".join(exp.to_identifier(part, quoted=True).sql(dialect) for part in text.split("."))
        return f"SELECT * FROM {quoted}"  # noqa: S608 - a quoted name
    try:
        statements = [statement for statement in sqlglot.parse(text, dialect=dialect) if statement is not None]
    except SqlglotError as error:
        raise OpError("invalid_input", f"{field}: this is no SQL of {dialect} that can be read", HINT) from error
    if len(statements) != 1:
        raise OpError("invalid_input", f"{field}: {len(statements)} statements, where one is read", HINT)
    statement = statements[0]
    writing = next(statement.find_all(*WRITES), None)
    if writing is not None or not isinstance(statement, READS):
        what = (writing or statement).key.upper()
        raise OpError("refused", f"{field}: {what} is not reading, and only reading is done here", HINT)
    return text
