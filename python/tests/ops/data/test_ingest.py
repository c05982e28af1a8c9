"""data.ingest as a plain function."""

import csv
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

from ml_engine.contract.data import IngestParams, IngestResult
from ml_engine.errors import OpError
from ml_engine.job import Job, quiet
from ml_engine.ops.data.ingest import ingest
from ml_engine.tables import read_manifest, read_table


@pytest.fixture
def job(tmp_path: Path) -> Job:
    folder = tmp_path / "job"
    folder.mkdir()
    return quiet(folder)


def params(source: str | Path, **changes: object) -> IngestParams:
    given: IngestParams = {
        "source": str(source),
        "name": "loans",
        "dialect": {},
        "types": {},
        "on_bad_rows": "quarantine",
        "wait_seconds": 20,
        "cancel": False,
    }
    return {**given, **changes}  # pyright: ignore[reportReturnType]


def written(folder: Path, content: str, name: str = "loans.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def quarantined(job: Job, result: IngestResult) -> list[list[str]]:
    assert result["quarantine"] is not None
    with (job.folder / "artifacts" / "quarantine.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_every_row_is_kept_or_quarantined_with_its_line(tmp_path: Path, job: Job) -> None:
    source = written(tmp_path, 'id,age\n1,12\n2,"a\nb"\n3,x\n4,5,6\n5\n6,9\n')
    result = ingest(params(source, types={"age": "int"}), job)

    assert (result["rows_in"], result["rows"], result["quarantined"]) == (6, 2, 4)
    assert quarantined(job, result) == [
        ["file", "line", "reason", "raw"],
        ["loans.csv", "3", "`age`: `a\nb` is no int", "2,a\nb"],
        ["loans.csv", "5", "`age`: `x` is no int", "3,x"],
        ["loans.csv", "6", "too many fields (3)", "4,5,6"],
        ["loans.csv", "7", "too few fields (1)", "5"],
    ]
    assert read_table(result["dataset"]).frame.rows() == [(1, 12), (6, 9)]


def test_bad_rows_can_be_refused_and_nothing_is_staged(tmp_path: Path, job: Job) -> None:
    source = written(tmp_path, "id,age\n1,12\n2\n")
    with pytest.raises(OpError, match=r"1 bad rows \(line 3: too few fields"):
        ingest(params(source, on_bad_rows="fail"), job)
    assert list(job.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "rows", "columns", "total", "classes"),
    [
        # Totals of the features and rows of each class: scikit-learn 1.9.1's bundled files.
        ("iris", 150, 4, 2078.7, [50, 50, 50]),
        ("wine", 178, 13, 159975.296, [59, 71, 48]),
        ("breast_cancer", 569, 30, 1056474.459636, [212, 357]),
        ("digits", 1797, 64, 561718.0, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
    ],
)
def test_samples(name: str, rows: int, columns: int, total: float, classes: list[int], job: Job) -> None:
    result = ingest(params(f"sample:{name}"), job)
    frame = read_table(result["dataset"]).frame

    assert (result["rows"], result["columns"]) == (rows, columns + 1)
    assert frame.drop("target").sum_horizontal().sum() == pytest.approx(total)
    assert frame["target"].dtype == pl.String
    assert frame["target"].value_counts()["count"].sort().to_list() == sorted(classes)


def test_regression_samples(job: Job, tmp_path: Path) -> None:
    diabetes = read_table(ingest(params("sample:diabetes"), job)["dataset"]).frame
    assert diabetes.shape == (442, 11)
    assert diabetes["target"].mean() == pytest.approx(152.1335, abs=1e-4)
    (tmp_path / "other").mkdir()
    linnerud = read_table(ingest(params("sample:linnerud"), quiet(tmp_path / "other"))["dataset"]).frame
    assert linnerud.select("Chins", "Situps", "Jumps").sum_horizontal().sum() == 4506


def test_no_such_sample(job: Job) -> None:
    with pytest.raises(OpError, match="did you mean `iris`"):
        ingest(params("sample:irsi"), job)


def test_files_of_one_shape_are_one_table(tmp_path: Path, job: Job) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    written(folder, "a,b\n1,x\n2,y\n", "1.csv")
    written(folder, "b,a\nz,3.5\n", "2.csv")
    for source in (folder, folder / "*.csv"):
        result = ingest(params(source), quiet(_fresh(tmp_path)))
        assert result["files"] == 2
        assert read_table(result["dataset"]).frame.rows() == [(1.0, "x"), (2.0, "y"), (3.5, "z")]
    written(folder, "a,c\n1,2\n", "3.csv")
    with pytest.raises(OpError, match=r"`3.csv` has no `b`, which `1.csv` has"):
        ingest(params(folder), job)


def _fresh(folder: Path) -> Path:
    made = folder / f"job-{len(list(folder.iterdir()))}"
    made.mkdir()
    return made


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(path: Path, sheet: str, rows: list[list[object]]) -> None:
    """The least that is an .xlsx file: one sheet of numbers and inline texts."""

    def cell(value: object) -> str:
        text = f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return "<c/>" if value is None else text if isinstance(value, str) else f"<c><v>{value}</v></c>"

    lines = "".join(f"<row>{''.join(cell(value) for value in row)}</row>" for row in rows)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    rels = "application/vnd.openxmlformats-package.relationships+xml"

    def related(what: str, target: str) -> str:
        one = f'<Relationship Id="r1" Type="{OFFICE}/{what}" Target="{target}"/>'
        return f'<Relationships xmlns="{PACKAGE}/relationships">{one}</Relationships>'

    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{rels}"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": related("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="{sheet}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": related("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_excel(tmp_path: Path, job: Job) -> None:
    path = tmp_path / "book.xlsx"
    workbook(path, "Loans", [["a", "b", "when"], [1, "x", "2020-01-31"], [2, None, "2020-02-01"]])
    result = ingest(params(path), job)
    assert result["format"] == "excel"
    assert [(a, b, str(when)) for a, b, when in read_table(result["dataset"]).frame.rows()] == [
        (1, "x", "2020-01-31"),
        (2, None, "2020-02-01"),
    ]
    with pytest.raises(OpError, match="did you mean `Loans`"):
        ingest(params(path, dialect={"sheet": "Loan"}), quiet(_fresh(tmp_path)))


def test_what_is_found_can_be_overridden(tmp_path: Path, job: Job) -> None:
    source = written(tmp_path, "a|b|d\n'1'|-|01/02/2020\n'2'|7|03/04/2020\n")
    result = ingest(
        params(
            source,
            dialect={"delimiter": "pipe", "quote": "'"},
            null_tokens=["-"],
            types={"a": "text", "d": "date:%d/%m/%Y"},
        ),
        job,
    )
    rows = read_table(result["dataset"]).frame.rows()
    assert [(a, b, str(d)) for a, b, d in rows] == [("1", None, "2020-02-01"), ("2", 7, "2020-04-03")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"types": {"agee": "int"}}, "types: no column `agee`; did you mean `age`?"),
        ({"types": {"age": "integer"}}, "types.age: no type `integer`; did you mean `int`?"),
        ({"dialect": {"delimter": ","}}, "dialect: no setting `delimter`; did you mean `delimiter`?"),
        ({"dialect": {"header": "maybe"}}, "dialect.header: `maybe` is neither yes nor no"),
        ({"dialect": {"encoding": "klingon"}}, "encoding: `klingon` is not known"),
        ({"dialect": {"delimiter": "||"}}, "delimiter: `||` is not one character"),
    ],
)
def test_wrong_options(tmp_path: Path, job: Job, changes: dict[str, object], words: str) -> None:
    source = written(tmp_path, "id,age\n1,12\n")
    with pytest.raises(OpError) as caught:
        ingest(params(source, **changes), job)
    assert words in caught.value.message
    assert list(job.folder.iterdir()) == []


def test_the_same_bytes_twice_have_one_hash(tmp_path: Path) -> None:
    source = written(tmp_path, "id,age\n1,12\n2,\n")
    first = ingest(params(source), quiet(_fresh(tmp_path)))
    second = ingest(params(source), quiet(_fresh(tmp_path)))
    assert first["hash"] == second["hash"] == read_manifest(Path(first["dataset"]))["hash"]


def test_doubts_are_said(tmp_path: Path, job: Job) -> None:
    source = written(tmp_path, "a,b,c,email\n,inf,?,bob@example.org\n,1,2,ann@example.org\n")
    result = ingest(params(source), job)
    assert result["warnings"] == [
        "Read as missing: 1 cells `?`. Set `null_tokens` to change that.",
        "`a` has no value at all.",
        "`b` has 1 infinite values.",
    ]
    assert result["contains_pii"]
    assert json.dumps(result["preview"], allow_nan=False)
