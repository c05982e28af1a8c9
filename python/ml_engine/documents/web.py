"""Pages, feeds and other XML."""

import io
import re
from xml.etree.ElementTree import Element, ParseError

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import PageElement
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from markdownify import ATX, MarkdownConverter

from ml_engine.documents.cleaning import cleaned
from ml_engine.documents.document import Document, Source
from ml_engine.documents.parts import markdown
from ml_engine.errors import OpError

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em|rem|%)?\s*(?:;|!|$)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_UNREAD = {"script", "style", "noscript", "template", "svg", "iframe", "object", "head"}
# Those that run code or hold data, and those within the page, which lead nowhere once it is text.
_NO_ADDRESS = ("javascript:", "data:", "vbscript:", "#")
# What a link to the heading it stands in shows: a sign for the mouse, no word.
_PERMALINKS = {"", "¶", "#", "§", "🔗", "\uf0c1"}
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_BLANK_LINES = re.compile(r"[^\S\n]*\n(?:[^\S\n]*\n)+")


def read_html(source: Source) -> Document:
    """As Markdown, without what a browser would not show."""
    return html_document(source.text)


def html_document(html: str) -> Document:
    """A page as Markdown; a warning says how much of it was hidden."""
    soup = BeautifulSoup(html, "html.parser")
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    words = _without_unseen(soup)
    text = MarkdownConverter(heading_style=ATX).convert_soup(soup.body or soup)
    document = markdown(_BLANK_LINES.sub("\n\n", text).strip(), "text/html", title)
    if words:
        document.warnings.append(f"{words} hidden element{'s' if words > 1 else ''} with text left out.")
    return document


def _without_unseen(soup: BeautifulSoup) -> int:
    """Takes out what a browser would not show; answers how many elements with text were hidden."""
    unread: list[PageElement] = []
    pictures: list[Tag] = []
    hidden: list[Tag] = []
    # Found first and taken out after: a walk over a tree that changes loses its way.
    for node in soup.descendants:
        if isinstance(node, Comment):
            unread.append(node)
        elif isinstance(node, Tag):
            if node.name in _UNREAD:
                unread.append(node)
            elif node.name == "img":
                pictures.append(node)
            elif _hidden(node):
                hidden.append(node)
            elif node.name == "a" and _without_address(node):
                unread.append(node)
    for node in unread:
        node.extract()
    # Pictures' data and addresses are no text; what describes them is.
    for picture in pictures:
        picture.replace_with(str(picture.get("alt") or ""))
    words = 0
    for tag in hidden:
        # What is hidden goes with all that is within it.
        if not tag.decomposed:
            words += bool(tag.get_text(strip=True))
            tag.decompose()
    return words


def _without_address(link: Tag) -> bool:
    """Takes a link's address away where it leads nowhere or stands in a heading; answers whether it is but a sign."""
    address = str(link.get("href", "")).lower().lstrip()
    if address.startswith(_NO_ADDRESS) or link.find_parent(_HEADINGS):
        link.attrs.pop("href", None)
    return address.startswith("#") and link.get_text(strip=True) in _PERMALINKS


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
    attributes = tag.attrs
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
