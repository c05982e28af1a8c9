"""Office files, e-books and Outlook mail, by markitdown; workbooks by openpyxl and xlrd."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from ml_engine.documents.document import Document, Source
from ml_engine.documents.parts import joined, markdown, rows_as_text
from ml_engine.errors import OpError

if TYPE_CHECKING:
    from markitdown import DocumentConverter

_SLIDE = re.compile(r"^[ \t]*<!-- Slide number: (\d+) -->[ \t]*$", re.MULTILINE)
_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_MEDIA = "application/vnd.openxmlformats-officedocument."
DOCX, PPTX, XLSX = (
    _MEDIA + kind for kind in ("wordprocessingml.document", "presentationml.presentation", "spreadsheetml.sheet")
)


def read_docx(source: Source) -> Document:
    from markitdown.converters import DocxConverter

    return markdown(_converted(source, DocxConverter), DOCX, _core_title(source))


def read_pptx(source: Source) -> Document:
    """A `slide` mark for each slide, labelled by its number from 1."""
    from markitdown.converters import PptxConverter

    pieces = _SLIDE.split(_converted(source, PptxConverter))
    return joined(zip(pieces[1::2], pieces[2::2], strict=True), "slide", PPTX, _core_title(source))


def read_epub(source: Source) -> Document:
    from markitdown.converters import EpubConverter

    text = _converted(source, EpubConverter)
    title = re.search(r"^\*\*Title:\*\* (.+)$", text, re.MULTILINE)
    return markdown(text, "application/epub+zip", title[1].strip() if title else "")


def read_msg(source: Source) -> Document:
    from markitdown.converters import OutlookMsgConverter

    text = _converted(source, OutlookMsgConverter)
    subject = re.search(r"^\*\*Subject:\*\* (.+)$", text, re.MULTILINE)
    return markdown(text, "application/vnd.ms-outlook", subject[1].strip() if subject else "")


def read_xlsx(source: Source) -> Document:
    """A `sheet` mark for each sheet with cells, labelled by its name; values as last computed."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(source.content), read_only=True, data_only=True)
        sheets = [(sheet.title, _sheet(sheet.title, sheet.values)) for sheet in book.worksheets]
    except OpError:
        raise
    except Exception as error:
        raise _damaged("workbook", error) from error
    return joined(sheets, "sheet", XLSX, _core_title(source))


def read_xls(source: Source) -> Document:
    """As workbooks of the newer kind."""
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=source.content)
        sheets = [
            (sheet.name, _sheet(sheet.name, map(sheet.row_values, range(sheet.nrows)))) for sheet in book.sheets()
        ]
    except OpError:
        raise
    except Exception as error:
        raise _damaged("workbook", error) from error
    return joined(sheets, "sheet", "application/vnd.ms-excel")


def _sheet(name: str, values: Iterable[Iterable[object]]) -> str:
    rows = [[_cell(value) for value in row] for row in values]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    used = [column for column in range(width) if any(column < len(row) and row[column] for row in rows)]
    rows = [[row[column] if column < len(row) else "" for column in used] for row in rows]
    return f"## {name}\n\n{rows_as_text(rows[0], rows[1:])}"


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return "" if value is None else str(value).strip()


def _converted(source: Source, converter: "Callable[[], DocumentConverter]") -> str:
    """What markitdown makes of a file, pictures by their descriptions alone."""
    from markitdown import StreamInfo

    try:
        text = converter().convert(io.BytesIO(source.content), StreamInfo()).markdown
    except OpError:
        raise
    except Exception as error:
        raise _damaged("file", error) from error
    return _PICTURE.sub(r"\1", text)


def _damaged(what: str, error: Exception) -> OpError:
    return OpError("invalid_input", f"It is a damaged {what} ({type(error).__name__}: {error}): save it anew.")


def _core_title(source: Source) -> str:
    return next(_titles(source), "")


def _titles(source: Source) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
            title = ElementTree.fromstring(archive.read("docProps/core.xml")).findtext(_TITLE)
    except (KeyError, zipfile.BadZipFile, ElementTree.ParseError, DefusedXmlException):
        return
    if title and title.strip() and title.strip() != "PowerPoint Presentation":
        yield title.strip()
