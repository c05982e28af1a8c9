# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Any, Literal, NotRequired, TypeAlias
from typing_extensions import TypedDict


KeyItem: TypeAlias = str


class IngestParams(TypedDict, closed=True):
    source: str
    """
    File, folder, glob, URL (s3, hf, postgresql …) or `sample:iris`.
    """
    name: str
    """
    Its name.
    """
    dialect: dict[str, str]
    """
    delimiter, encoding, header, quote, decimal, sheet.
    """
    null_tokens: NotRequired[list[str]]
    """
    Cells to read as missing.
    """
    types: dict[str, str]
    """
    Column to int, text, `date:%d/%m/%Y` …
    """
    query: NotRequired[str]
    """
    Of a database: a table or a SELECT.
    """
    onto: NotRequired[str]
    """
    Adds to this dataset.
    """
    key: NotRequired[list[KeyItem]]
    """
    With `onto`: rows of one key are replaced.
    """
    on_bad_rows: Literal["quarantine", "fail"]
    """
    Put bad rows aside, or refuse.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class Grown(TypedDict, closed=True):
    before: int
    added: int
    replaced: int


class Artifact(TypedDict, closed=True):
    path: str
    """
    Absolute path.
    """
    uri: str
    """
    ml://artifacts/… resource.
    """
    title: str


class IngestedColumn(TypedDict, closed=True):
    name: str
    dtype: str
    role: Literal[
        "identifier",
        "target_candidate",
        "numeric",
        "categorical",
        "ordinal",
        "boolean",
        "datetime",
        "text",
        "geo",
        "constant",
        "personal",
    ]
    personal: str | None
    missing: float


class IngestResult(TypedDict, closed=True):
    dataset: str
    """
    Name and version it was registered under.
    """
    rows: int
    columns: int
    rows_in: int
    """
    Rows read: kept and quarantined.
    """
    grown: Grown | None
    """
    What became of `onto`.
    """
    quarantined: int
    quarantine: Artifact | None
    """
    CSV: file, line, reason, raw text.
    """
    format: str
    files: int
    dialect: dict[str, str]
    schema: list[IngestedColumn]
    """
    First 100 columns.
    """
    preview: list[dict[str, str | float | bool | None]]
    contains_pii: bool
    hash: str
    """
    SHA-256 of schema and values.
    """
    bad_rows: list[str]
    """
    First bad rows and why.
    """
    warnings: list[str]


Other: TypeAlias = str
"""
Name or file.
"""


class ValidateParams(TypedDict, closed=True):
    action: Literal["check", "infer", "compare"]
    """
    See above.
    """
    dataset: str
    """
    Name or file.
    """
    suite: NotRequired[list[dict[str, Any]]]
    """
    Great Expectations rules.
    """
    suite_file: NotRequired[str]
    """
    As JSON.
    """
    baseline: NotRequired[str]
    """
    Earlier.
    """
    others: NotRequired[list[Other]]
    """
    Datasets that rules name.
    """
    detail: Literal["concise", "full"]
    """
    How much to return.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class UnexpectedCount(TypedDict, closed=True):
    value: str | float | bool | list[str | float | bool | None] | None
    count: int


class ColumnDrift(TypedDict, closed=True):
    column: str
    drifted: bool
    test: Literal["ks", "chi2"]
    statistic: float
    p_adjusted: float
    """
    Benjamini–Hochberg.
    """
    psi: float
    js_distance: float
    """
    Jensen–Shannon, base 2.
    """
    wasserstein: float | None
    """
    Of numbers, in their unit.
    """
    missing_before: float
    missing_now: float


class ProfileParams(TypedDict, closed=True):
    dataset: str
    """
    Name or file.
    """
    target: NotRequired[str]
    """
    To predict.
    """
    baseline: NotRequired[str]
    """
    Earlier.
    """
    detail: Literal["concise", "full"]
    """
    How much to return.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class Alert(TypedDict, closed=True):
    kind: str
    columns: list[str]
    message: str


class TopValue(TypedDict, closed=True):
    value: str | float | bool | None
    rows: int
    share: float


class Association(TypedDict, closed=True):
    a: str
    b: str
    method: Literal["pearson", "spearman", "cramers_v", "correlation_ratio"]
    value: float
    kendall: float | None
    """
    Tau-b of two numbers, on at most 5000 evenly spaced rows.
    """
    nats: float
    """
    Mutual information, on the same rows.
    """


class MutualInformation(TypedDict, closed=True):
    column: str
    nats: float


class Leak(TypedDict, closed=True):
    column: str
    measure: str
    value: float
    reason: str


class MissingPattern(TypedDict, closed=True):
    columns: list[str]
    rows: int


class PersonalItem(TypedDict, closed=True):
    column: str
    kind: str


Step = TypedDict(
    "Step",
    {
        "op": Literal[
            "select",
            "drop",
            "rename",
            "cast",
            "filter",
            "derive",
            "impute",
            "scale",
            "encode",
            "bin",
            "clean_text",
            "dates",
            "deduplicate",
            "sample",
            "rebalance",
            "sort",
            "join",
            "union",
            "aggregate",
            "window",
            "pivot",
            "unpivot",
            "sql",
            "split",
        ],
        "columns": NotRequired[list[str]],
        "map": NotRequired[dict[str, str]],
        "expression": NotRequired[str],
        "as": NotRequired[str],
        "method": NotRequired[str],
        "value": NotRequired[str | float],
        "size": NotRequired[float],
        "by": NotRequired[str],
        "group": NotRequired[list[str]],
        "with": NotRequired[str],
        "on": NotRequired[list[str]],
        "validate": NotRequired[Literal["one-to-one", "one-to-many", "many-to-one"]],
        "threshold": NotRequired[float],
        "smoothing": NotRequired[float],
        "gap": NotRequired[str | float],
        "shares": NotRequired[dict[str, float]],
        "parts": NotRequired[list[str]],
        "descending": NotRequired[bool],
    },
    closed=True,
)


WithItem: TypeAlias = str
"""
Name or file.
"""


TransformParams = TypedDict(
    "TransformParams",
    {
        "dataset": str,
        "name": NotRequired[str],
        "steps": list[Step],
        "with": NotRequired[list[WithItem]],
        "apply": NotRequired[str],
        "preview": bool,
        "seed": int,
        "wait_seconds": float,
        "job_id": NotRequired[str],
        "cancel": bool,
    },
    closed=True,
)


class StepReport(TypedDict, closed=True):
    op: str
    rows_before: int
    rows_after: int
    added: list[str]
    """
    Columns.
    """
    removed: list[str]
    note: str


class Dataset(TypedDict, closed=True):
    part: str | None
    dataset: str
    """
    Name and version it was registered under.
    """
    rows: int
    columns: int


class TransformResult(TypedDict, closed=True):
    datasets: list[Dataset]
    source: str
    rows_in: int
    rows_out: int
    """
    Over all parts: `rows_in` − `removed` + `added`.
    """
    removed: int
    added: int
    """
    By oversampling, joins, unions.
    """
    steps: list[StepReport]
    preview: list[dict[str, str | float | bool | None]]
    contains_pii: bool
    warnings: list[str]


class Input(TypedDict, closed=True):
    dataset: str
    columns: list[str]


class Hop(TypedDict, closed=True):
    dataset: str
    columns: list[str]
    inputs: list[Input]
    pipeline: dict[str, Any] | None


class Pair(TypedDict, closed=True):
    before: str
    after: str


class LineageParams(TypedDict, closed=True):
    hops: list[Hop]
    pair: NotRequired[Pair]


class ColumnSource(TypedDict, closed=True):
    dataset: str
    column: str
    type: Literal["DIRECT", "INDIRECT"]
    subtype: str
    description: str


class Difference(TypedDict, closed=True):
    rows_before: int
    rows_after: int
    columns_added: list[str]
    columns_removed: list[str]
    types_changed: list[str]
    rows_removed: int
    """
    Over the columns both have, of one type.
    """
    rows_added: int
    columns_changed: list[str]


Column1: TypeAlias = str


PartitionByItem: TypeAlias = str
"""
Column.
"""


class ExportParams(TypedDict, closed=True):
    dataset: str
    """
    Name or file.
    """
    path: str
    """
    Ending: its format.
    """
    format: NotRequired[
        Literal[
            "csv",
            "tsv",
            "jsonl",
            "parquet",
            "arrow",
            "excel",
            "sqlite",
            "duckdb",
            "lance",
            "delta",
            "huggingface",
            "postgresql",
        ]
    ]
    """
    Default: by the ending; a Hugging Face folder has none.
    """
    columns: NotRequired[list[Column1]]
    """
    Only these.
    """
    filter: NotRequired[str]
    """
    SQL.
    """
    mask: dict[str, Literal["mask", "hash", "drop", "keep"]]
    """
    Column or `*` (personal) to mask|hash|drop.
    """
    salt: NotRequired[str]
    """
    For hash; without one, a new one each time.
    """
    partition_by: list[PartitionByItem]
    """
    A folder for each value.
    """
    compression: NotRequired[str]
    """
    gzip, zstd, snappy, lz4, none.
    """
    guard_formulas: bool
    """
    Put ' before text that a spreadsheet would run.
    """
    table: NotRequired[str]
    """
    In a database.
    """
    overwrite: bool
    """
    Replace what is there.
    """
    confirm: bool
    """
    For what cannot be undone.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class ExportedFile(TypedDict, closed=True):
    path: str
    sha256: str
    size_bytes: int


class Masked(TypedDict, closed=True):
    column: str
    kind: str | None
    how: Literal["mask", "hash", "drop"]


class ExportResult(TypedDict, closed=True):
    path: str
    format: Literal[
        "csv",
        "tsv",
        "jsonl",
        "parquet",
        "arrow",
        "excel",
        "sqlite",
        "duckdb",
        "lance",
        "delta",
        "huggingface",
        "postgresql",
    ]
    rows: int
    rows_in: int
    columns: int
    size_bytes: int
    files: list[ExportedFile]
    """
    First 20.
    """
    file_count: int
    datasheet: str | Artifact
    """
    Croissant 1.0, JSON-LD.
    """
    manifest: str | Artifact
    """
    SHA-256, bytes and rows.
    """
    masked: list[Masked]
    guarded: int
    """
    Texts that a spreadsheet would have run.
    """
    contains_pii: bool
    """
    Of what was written.
    """
    warnings: list[str]


class ExpectationResult(TypedDict, closed=True):
    type: str
    column: str | None
    severity: Literal["error", "warn"]
    success: bool
    element_count: int
    missing_count: int
    missing_percent: float
    unexpected_count: int
    unexpected_percent: float
    """
    0 to 100, of values that are not missing.
    """
    unexpected_percent_total: float
    """
    Of all values.
    """
    partial_unexpected_list: list[
        str
        | float
        | bool
        | list[str | float | bool | None]
        | dict[str, str | float | bool | None]
        | None
    ]
    partial_unexpected_counts: list[UnexpectedCount]
    unexpected_index_list: list[int]
    """
    Rows from 0, the first of them.
    """
    observed_value: (
        str | float | bool | list[str | float | bool | None] | dict[str, Any] | None
    )
    details: dict[str, Any]
    reason: str
    """
    Empty where it passed.
    """


class ValidateResult(TypedDict, closed=True):
    action: Literal["check", "infer", "compare"]
    dataset: str
    success: bool
    """
    No error; warnings may remain.
    """
    rows: int
    columns: int
    checked: int
    """
    Rules, or columns compared.
    """
    errors: int
    warned: int
    results: list[ExpectationResult]
    """
    Failures; all with `detail: full`.
    """
    suite: list[dict[str, Any]]
    """
    infer: the rules.
    """
    drift: list[ColumnDrift]
    """
    compare: worst first.
    """
    schema_changes: list[str]
    left_out: int
    """
    Entries of lists not shown.
    """
    artifacts: list[Artifact]
    """
    The suite or the whole report as JSON, failing rows as CSV.
    """
    contains_pii: bool
    warnings: list[str]


class ColumnProfile(TypedDict, closed=True):
    name: str
    dtype: str
    role: Literal[
        "identifier",
        "target_candidate",
        "numeric",
        "categorical",
        "ordinal",
        "boolean",
        "datetime",
        "text",
        "geo",
        "constant",
        "personal",
    ]
    missing: float
    """
    Share, as are the other fields without a unit.
    """
    distinct: int
    mean: NotRequired[float | None]
    std: NotRequired[float | None]
    min: NotRequired[str | float | bool | None]
    p25: NotRequired[float | None]
    median: NotRequired[float | None]
    p75: NotRequired[float | None]
    max: NotRequired[str | float | bool | None]
    skewness: NotRequired[float | None]
    outliers: NotRequired[int]
    """
    Beyond 1.5 IQR of the quartiles.
    """
    top: NotRequired[list[TopValue]]
    more: NotRequired[dict[str, Any]]
    """
    With `detail: full`: counts of zeros, negative and infinite values, further moments and quantiles, lengths, histogram, time gaps.
    """


class TargetProfile(TypedDict, closed=True):
    name: str
    task: Literal["classification", "regression"]
    classes: list[TopValue]
    missing: float
    mutual_information: list[MutualInformation]
    """
    With the target, highest first, numbers in ten bins.
    """
    leakage: list[Leak]


class ProfileResult(TypedDict, closed=True):
    dataset: str
    rows: int
    columns: int
    memory_bytes: int
    missing_cells: int
    missing: float
    """
    Share of cells.
    """
    duplicate_rows: int
    """
    Rows equal to an earlier one.
    """
    types: dict[str, int]
    alerts: list[Alert]
    profiles: list[ColumnProfile]
    missing_patterns: list[MissingPattern]
    """
    Columns missing together.
    """
    associations: list[Association]
    """
    Strongest pairs.
    """
    target: TargetProfile | None
    personal: list[PersonalItem]
    contains_pii: bool
    schema_changes: list[str]
    """
    Since `baseline`.
    """
    drift: list[ColumnDrift]
    """
    From `baseline`, worst first.
    """
    left_out: list[str]
    """
    What was cut to keep this short; the report has it.
    """
    artifacts: list[Artifact]
    warnings: list[str]


Column = TypedDict(
    "Column",
    {
        "column": str,
        "from": list[ColumnSource],
    },
    closed=True,
)


class Traced(TypedDict, closed=True):
    dataset: str
    basis: Literal["steps", "same name"]
    columns: list[Column]
    rows: list[ColumnSource]
    """
    What decided which rows there are.
    """


class LineageResult(TypedDict, closed=True):
    hops: list[Traced]
    difference: Difference | None
