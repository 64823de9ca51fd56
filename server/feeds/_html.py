"""HTML from strangers as plain text: paragraphs and line breaks stay, scripts go, a link is its own words.

What comes out is text, never markup: who shows it escapes it as any other text.
"""

import re

from lxml import etree

_BLOCKS = frozenset({"p", "div", "blockquote", "ul", "ol", "table", "pre", "section", "article", "header", "footer"})
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "hr", *(f"h{level}" for level in range(1, 7))})
_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head", "title"})
_MARKUP = re.compile(r"<[a-zA-Z/!]|&[#a-zA-Z]")
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
_MANY_LINES = re.compile(r"\n{3,}")


def plain_text(html: str) -> str:
    """The text of an HTML fragment; of a text without markup the text itself, blanks around it left out."""
    if not _MARKUP.search(html):
        return html.strip()
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, recover=True
    )
    source = f"<div>{html.replace(chr(0), '')}</div>".encode("utf-8", "replace")
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    text = "".join(_pieces(root))
    lines = (line.strip(" ") for line in text.split("\n"))
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _pieces(root: etree._Element) -> list[str]:
    pieces: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start" and tag in _SILENT:
            walk.skip_subtree()
        elif event == "start":
            pieces.append("\n\n" if tag in _BLOCKS else "\n" if tag in _LINES else "")
            alternative = element.get("alt") if tag == "img" else None
            pieces.append(_BLANKS.sub(" ", alternative or element.text or ""))
        else:
            pieces.append("\n\n" if tag in _BLOCKS else "")
            pieces.append(_BLANKS.sub(" ", element.tail or ""))
    return pieces
