"""`python -m tests.documents.folder FOLDER`: a small handbook in files of many kinds, each with a fact of its own."""

import io
import json
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pptx

from tests.documents.files import docx, paragraph, pdf, zipped


def handbook() -> Iterator[tuple[str, str | bytes]]:
    """Names and contents."""
    pages = [["Parental leave lasts sixteen weeks."], ["Sick leave is reported by nine in the morning."]]
    yield "leave.pdf", pdf(pages, "Leave")
    yield "travel.docx", docx(paragraph("Travel", "Heading1") + paragraph("Trains are booked in second class."))
    yield "strategy.pptx", _slides()
    yield "salaries.xlsx", _workbook()
    yield "office.html", "<!DOCTYPE html><title>Office</title><h1>Office</h1><p>The building closes at eight.</p>"
    yield "handbook.md", "# Handbook\n\n## Pets\n\nDogs may come to the office on Fridays.\n"
    cells = [{"cell_type": "markdown", "source": "# Churn\nCustomers leave after a price change."}]
    yield "notes/churn.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    yield "notes/rooms.csv", "room,seats\nOslo,12\nBergen,4\n"
    yield "notes/config.json", '{"backup": {"hour": 3, "target": "vault"}}'
    yield "mail/welcome.eml", _mail()
    yield "old.zip", zipped({"printers.txt": "The printer on floor two needs blue toner."})
    yield (
        "code/billing.py",
        'def invoice(total: float) -> float:\n    """Adds the tax of an invoice."""\n    return total * 1.25\n',
    )
    yield "lunch.txt", "Lunch is served from noon, with a vegetarian dish each day.\n"
    yield "broken.pdf", b"%PDF-1.4 nothing of a PDF follows"
    yield "empty.txt", b""


def _slides() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Strategy"  # pyright: ignore[reportOptionalMemberAccess]
    slide.placeholders[1].text = "We expand to Portugal next spring."  # pyright: ignore[reportAttributeAccessIssue]
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Bands", 0)
    for row in (["Band", "Monthly pay"], ["Junior", 4100], ["Senior", 6900]):
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _mail() -> bytes:
    mail = EmailMessage()
    for name, value in {"From": "ada@example.org", "To": "all@example.org", "Subject": "Welcome"}.items():
        mail[name] = value
    mail.set_content("Your badge is at the reception.")
    return mail.as_bytes()


if __name__ == "__main__":
    for name, content in handbook():
        path = Path(sys.argv[1]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
