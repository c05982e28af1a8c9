"""Workbooks of the old kind and Outlook mail, both in OLE containers."""

import struct

import pytest

from ml_engine.documents.document import Source
from ml_engine.documents.reading import read_source
from ml_engine.errors import OpError
from tests.documents.bad import compound

BOF, EOF, BOUNDSHEET, LABEL, NUMBER = 0x0809, 0x000A, 0x0085, 0x0204, 0x0203


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def workbook(name: str, cells: list[tuple[int, int, str | float]]) -> bytes:
    """A BIFF8 stream with one sheet."""
    sheet = record(BOF, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for row, column, value in cells:
        place = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            sheet += record(LABEL, place + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
        else:
            sheet += record(NUMBER, place + struct.pack("<d", value))
    sheet += record(EOF)
    title = struct.pack("<BBBB", 0, 0, len(name), 0) + name.encode()
    start = record(BOF, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 0))
    offset = len(start) + 4 + 4 + len(title) + 4
    return start + record(BOUNDSHEET, struct.pack("<I", offset) + title) + record(EOF) + sheet


def test_xls() -> None:
    stream = workbook("Bands", [(0, 0, "Band"), (0, 1, "Pay"), (1, 0, "Senior"), (1, 1, 6900.0), (2, 1, 0.5)])
    document = read_source(Source("pay.xls", compound({"Workbook": stream})))
    assert [one["label"] for one in document.marks if one["kind"] == "sheet"] == ["Bands"]
    assert document.text.splitlines()[-2:] == ["| Senior | 6900 |", "|  | 0.5 |"]


def test_msg() -> None:
    streams = {
        "__properties_version1.0": b"",
        "__substg1.0_0037001F": "Welcome".encode("utf-16-le"),
        "__substg1.0_0C1F001F": "ada@example.org".encode("utf-16-le"),
        "__substg1.0_1000001F": "Your badge is at the reception.".encode("utf-16-le"),
    }
    document = read_source(Source("mail.msg", compound(streams)))
    assert document.title == "Welcome"
    assert "Your badge is at the reception." in document.text


def test_a_damaged_workbook_is_named() -> None:
    with pytest.raises(OpError, match="damaged workbook"):
        read_source(Source("x.xls", compound({"Workbook": b"\x09\x08nothing"})))
