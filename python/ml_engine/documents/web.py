"""Pages, feeds and other XML."""

import io
import re
from xml.etree.ElementTree import Element, ParseError

from bs4 import BeautifulSoup, Comment, Tag
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from ml_engine.documents.cleaning import cleaned
from ml_engine.documents.document import Document, Source
from ml_engine.documents.parts import markdown
from ml_engine.errors import OpError

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em|rem|%)?\s*(?:;|!|$)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_UNREAD = ["script", "style", "noscript", "template", "svg", "iframe", "object"]


def read_html(source: Source) -> Document:
    """As Markdown, without what a browser would not show."""
    return html_document(source.text)


def html_document(html: str) -> Document:
    """A page as Markdown; a warning says how much of it was hidden."""
    from markitdown.converters import HtmlConverter

    soup = BeautifulSoup(html, "html.parser")
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    for tag in soup(_UNREAD):
        tag.decompose()
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    # Pictures' data and addresses are no text; what describes them is.
    for picture in soup("img"):
        picture.replace_with(str(picture.get("alt") or ""))
    hidden = [tag for tag in soup(True) if _hidden(tag)]
    words = sum(1 for tag in hidden if not tag.decomposed and tag.get_text(strip=True) and (tag.decompose() or True))
    document = markdown(HtmlConverter().convert_string(str(soup)).markdown, "text/html", title)
    if words:
        document.warnings.append(f"{words} hidden element{'s' if words > 1 else ''} with text left out.")
    return document


def read_feed(source: Source) -> Document:
    """RSS or Atom: a heading for each entry."""
    root = _root(source)
    lines: list[str] = []
    title = ""
    for element in root.iter():
        name = _name(element)
        if name in {"channel", "feed"}:
            title = _field(element, "title")
            lines.append(f"# {title}\n" if title else "")
        elif name in {"item", "entry"}:
            body = next(
                filter(None, (_field(element, tag) for tag in ("encoded", "content", "description", "summary"))), ""
            )
            date = next(filter(None, (_field(element, tag) for tag in ("pubDate", "published", "updated"))), "")
            lines.append(f"## {_field(element, 'title') or 'Untitled'}\n\n{date}\n\n{_plain(body)}\n")
    return markdown("\n".join(filter(None, lines)), "application/rss+xml", title)


def read_xml(source: Source) -> Document:
    """The text of elements and attributes, a line each, after the element's name."""
    lines: list[str] = []
    for element in _root(source).iter():
        values = " ".join([*element.attrib.values(), (element.text or "").strip()]).strip()
        if values:
            lines.append(f"{_name(element)}: {values}")
        if element.tail and element.tail.strip():
            lines.append(element.tail.strip())
    text, warnings = cleaned("\n".join(lines))
    return Document(text, "application/xml", warnings=warnings)


def _hidden(tag: Tag) -> bool:
    # What is hidden goes with all that is within it; a tag that is gone already has no attributes.
    attributes = tag.attrs or {}
    return (
        "hidden" in attributes
        or str(attributes.get("aria-hidden", "")).lower() == "true"
        or bool(_HIDING.search(str(attributes.get("style", ""))))
    )


def _root(source: Source) -> Element:
    try:
        # From bytes, an encoding that the declaration names would count twice.
        text = re.sub(r"^\s*<\?xml[^>]*\?>", "", source.text.lstrip("\ufeff"))
        root = ElementTree.parse(io.StringIO(text)).getroot()
    except ParseError as error:
        raise OpError("invalid_input", f"It is damaged XML ({error}): mend it, or save it as text.") from error
    except DefusedXmlException as error:
        raise OpError(
            "invalid_input", "It is XML that defines entities, which may be an attack: take them out."
        ) from error
    if root is None:
        raise OpError("invalid_input", "It is XML without an element: mend it, or save it as text.")
    return root


def _name(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _field(element: Element, name: str) -> str:
    child = next((one for one in element if _name(one) == name), None)
    return "" if child is None else " ".join("".join(child.itertext()).split())


def _plain(html: str) -> str:
    return html_document(html).text if "<" in html else html
