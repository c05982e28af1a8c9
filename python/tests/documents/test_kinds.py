"""Files of many kinds become text with marks, by what is in them."""

import io
import json

import openpyxl
import pptx

from ml_engine.contract.rag import DocumentMark
from ml_engine.documents.document import Document, Source
from ml_engine.documents.reading import read_source
from tests.documents.files import docx, paragraph, pdf, zipped


def read(content: bytes | str, name: str = "file.bin") -> Document:
    return read_source(Source(name, content.encode() if isinstance(content, str) else content))


def marked(document: Document, kind: str) -> list[tuple[str, str]]:
    return [(one["label"], within(document, one)) for one in document.marks if one["kind"] == kind]


def within(document: Document, one: DocumentMark) -> str:
    return document.text[one["start"] : one["end"]]


def test_pdf_pages_are_marked_running_lines_left_out_words_mended() -> None:
    pages = [
        ["Handbook 2024", f"Chapter {word} is about regu-", "lation.", f"Page {number}"]
        for number, word in enumerate(["one", "two", "three", "four"], 1)
    ]
    document = read(pdf(pages, "The handbook"), "wrong.docx")
    assert document.title == "The handbook"
    assert marked(document, "page") == [
        (str(number), f"Chapter {word} is about regulation.")
        for number, word in enumerate(["one", "two", "three", "four"], 1)
    ]


def test_docx_headings_and_title() -> None:
    document = read(docx(paragraph("Holidays", "Heading1") + paragraph("Thirty days."), "Rules"), "x.pdf")
    assert (document.title, document.text) == ("Rules", "# Holidays\n\nThirty days.")
    assert marked(document, "heading") == [("Holidays", "# Holidays")]


def test_pptx_slides() -> None:
    deck = pptx.Presentation()
    for title in ("First", "Second"):
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = title  # pyright: ignore[reportOptionalMemberAccess]
    buffer = io.BytesIO()
    deck.save(buffer)
    document = read(buffer.getvalue())
    assert marked(document, "slide") == [("1", "# First"), ("2", "# Second")]
    assert "Slide number" not in document.text


def test_xlsx_sheets_and_rows() -> None:
    book = openpyxl.Workbook()
    for name, count in (("Few", 2), ("Many", 60)):
        sheet = book.create_sheet(name)
        sheet.append(["Name", "Age"])
        for number in range(count):
            sheet.append([f"p{number}", number])
    buffer = io.BytesIO()
    book.save(buffer)
    sheets = dict(marked(read(buffer.getvalue()), "sheet"))
    assert sheets["Few"] == "## Few\n\n| Name | Age |\n| --- | --- |\n| p0 | 0 |\n| p1 | 1 |"
    assert "Name: p59\nAge: 59" in sheets["Many"]


def test_html_leaves_out_what_is_hidden_and_says_so() -> None:
    html = (
        "<!DOCTYPE html><title>T</title><body><h1>Seen</h1><p style='display: none'>secret</p><!-- c -->"
        "<script>x()</script><div hidden>more</div><p style='font-size:0'>tiny</p><p style='font-size:0.9em'>text</p>"
    )
    document = read(html, "page.txt")
    assert (document.title, document.text.split()) == ("T", ["#", "Seen", "text"])
    assert document.warnings == ["3 hidden elements with text left out."]


def test_html_headings_are_plain_words_and_links_within_the_page_lead_nowhere() -> None:
    html = (
        "<!DOCTYPE html><body><h1><a href='#m' title='M'><code>uuid</code></a> by "
        "<a href='https://x.example/rfc'>RFC 4122</a><a class='headerlink' href='#m' title='Permalink'>¶</a></h1>"
        "<p>See <a href='#a'>above</a>, <a href='https://x.example'>there</a>.</p>"
    )
    document = read(html, "page.html")
    assert [label for label, _ in marked(document, "heading")] == ["`uuid` by RFC 4122"]
    assert "See above, [there](https://x.example)." in document.text


def test_html_keeps_tables_and_links_and_no_scripts() -> None:
    html = (
        "<!DOCTYPE html><body><div hidden><p aria-hidden=true>a</p></div><img src='data:x' alt='A dog'>"
        "<a href='javascript:x()'>run</a> <a href='/y'>go</a><table><tr><th>k</th></tr><tr><td>v</td></tr></table>"
    )
    document = read(html)
    assert document.text.splitlines() == ["A dogrun [go](/y)", "", "| k |", "| --- |", "| v |"]
    assert document.warnings == ["1 hidden element with text left out."]


def test_records_carry_their_keys() -> None:
    rows = "name;age\n" + "".join(f"p{number};{number}\n" for number in range(50))
    assert "name: p49\nage: 49" in read(rows, "x.csv").text
    assert read('{"id": 1, "text": "Hello."}\n{"id": 2, "text": "Bye."}\n', "x").text == "id: 1\nHello.\n\nid: 2\nBye."
    assert read('{"a": {"b": [1, 2]}, "c": [{"d": "e"}]}', "x").text == "a.b: 1, 2\nc[0].d: e"


def test_notebook_mail_feed_xml_rtf() -> None:
    cells = [{"cell_type": "markdown", "source": "# T"}, {"cell_type": "code", "source": ["x = 1"], "outputs": []}]
    notebook = read(json.dumps({"nbformat": 4, "cells": cells}), "n.json")
    assert marked(notebook, "code") == [("", "```python\nx = 1\n```")]
    mail = read("From: a@b.c\nTo: d@e.f\nSubject: Hi\nMIME-Version: 1.0\n\nBody.\n", "m.txt")
    assert (mail.title, mail.text.strip()[-5:]) == ("Hi", "Body.")
    feed = "<?xml version='1.0'?><rss><channel><title>F</title><item><title>I</title></item></channel></rss>"
    assert [label for label, _ in marked(read(feed), "heading")] == ["F", "I"]
    assert read("<?xml version='1.0'?><a><b c='d'>e</b></a>").text == "b: d e"
    assert read(rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}Caf\'e9 \u8364? {\b bold}\par next}").text == "Café € bold\nnext"


def test_zip_members_stand_under_their_names() -> None:
    inner = zipped({"b.md": "# B\n\ntext"})
    document = read(zipped({"a.txt": "alpha", "more.zip": inner, "x.bin": bytes(range(256))}))
    assert [label for label, _ in marked(document, "heading")] == ["a.txt", "more.zip", "b.md", "B"]
    assert all(label in text for label, text in marked(document, "heading"))
    assert [one.split(":")[0] for one in document.warnings] == ["x.bin was not read"]


def test_epub_chapters() -> None:
    container = '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>'
    package = (
        '<package><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Book</dc:title></metadata>'
        '<manifest><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    page = "<html><body><h1>Chapter</h1><p>Text.</p></body></html>"
    document = read(zipped({"META-INF/container.xml": container, "c.opf": package, "a.xhtml": page}))
    assert (document.title, [label for label, _ in marked(document, "heading")]) == ("Book", ["Chapter"])
