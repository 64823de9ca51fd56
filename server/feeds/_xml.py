"""XML from strangers: parsed without entities, DTDs and network; a document type is refused before anything is read.

The parser (libxml2) itself refuses more than 256 levels and texts over 10 MB. Elements are read by local name: prefixes
and small differences between namespaces are the sender's habit, not meaning.
"""

import re
from collections.abc import Iterator
from html.entities import html5

from lxml import etree
from msgspec import Struct

from server.feeds import INVALID, TOO_LARGE, DecodeError, Refused, excerpt

Element = etree._Element

MAX_DOCUMENTS = 1_000
ENCODING_ASSUMED = "encoding_assumed"
"""Flag: the bytes were not in the encoding that the document declares, and were read as Windows-1252."""
REPAIRED = "repaired"
"""Flag: the document was not well-formed; what could be read of it was."""
_BOM = b"\xef\xbb\xbf"
_DOCTYPE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(rb"<\?xml\s")
_START = re.compile(rb"<([A-Za-z_][\w.:-]{0,100})[\s/>]")
_AMPERSAND = re.compile(
    rb"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)([A-Za-z]\w{1,30};)?", re.ASCII
)
_DECLARED = re.compile(rb"\A(<\?xml[^>]{0,200}?)\s+encoding\s*=\s*[\"'][\w.-]{1,40}[\"']")


class Documents(Struct, frozen=True):
    """The root elements of a body in their order, flags of all of them, and the pieces that are no document."""

    roots: list[Element]
    flags: frozenset[str] = frozenset()
    refused: tuple[Refused, ...] = ()


def documents(body: bytes, max_bytes: int, repair: bool = False) -> Documents:
    """The document of the body, or those that stand in it one after another. Raises DecodeError where there is none.

    `repair`: of a document that is not well-formed, what can be read is read (flag `repaired`).
    """
    if len(body) > max_bytes:
        raise DecodeError(f"the document has {len(body)} bytes, more than {max_bytes}", TOO_LARGE)
    text = body.strip().removeprefix(_BOM).lstrip()
    if not text:
        raise DecodeError("an empty message")
    try:
        root, flags = _parse(text)
        return Documents([root], flags)
    except DecodeError as error:
        if error.kind == INVALID:
            raise
        whole = error
    roots: list[Element] = []
    refused: list[Refused] = []
    found: set[str] = set()
    pieces = list(_pieces(text))
    for piece in pieces if len(pieces) > 1 else ():
        try:
            root, flags = _parse(piece)
        except DecodeError as error:
            refused.append(Refused(reason=error.reason, excerpt=excerpt(piece), kind=error.kind))
        else:
            roots.append(root)
            found |= flags
    if roots:
        return Documents(roots, frozenset(found), tuple(refused))
    if repair and (root_ := _repaired(text)) is not None:
        return Documents([root_], frozenset({REPAIRED}))
    raise whole


def local(element: Element) -> str:
    """The name without namespace, and without a prefix that nobody declared (in what was repaired)."""
    return element.tag.rpartition("}")[2].rpartition(":")[2] if isinstance(element.tag, str) else ""


def namespace(element: Element) -> str:
    """The namespace, empty for none."""
    return element.tag[1:].partition("}")[0] if isinstance(element.tag, str) and element.tag[:1] == "{" else ""


def children(element: Element, *names: str) -> Iterator[Element]:
    """The children of these local names (of any, where none is given), in order."""
    for child in element.iterchildren(tag=etree.Element):
        if not names or local(child) in names:
            yield child


def text_of(element: Element | None) -> str | None:
    """The text in an element, blanks around it left out; None for nothing."""
    if element is None:
        return None
    return "".join(str(part) for part in element.itertext()).strip() or None


def child_text(element: Element, *names: str) -> str | None:
    """The first text among the children of these local names, in the order of the names."""
    for name in names:
        for child in children(element, name):
            if (found := text_of(child)) is not None:
                return found
    return None


def written(element: Element) -> bytes:
    """The element as a document of its own, in UTF-8."""
    return etree.tostring(element, encoding="utf-8", xml_declaration=True, with_tail=False)


def _parser(encoding: str | None = None, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )


def _parse(text: bytes) -> tuple[Element, frozenset[str]]:
    if _DOCTYPE.match(text.replace(b"\0", b"")):
        raise DecodeError("a document type (DOCTYPE) is not accepted", INVALID)
    flags: frozenset[str] = frozenset()
    try:
        root = etree.fromstring(text, _parser())
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        if (again := _misdeclared(text)) is None:
            raise DecodeError(f"not XML: {str(error)[:300]}") from error
        root, flags = again, frozenset({ENCODING_ASSUMED})
    # The parser knows every encoding, the expression above only those that keep ASCII as it is.
    if root.getroottree().docinfo.internalDTD is not None:
        raise DecodeError("a document type (DOCTYPE) is not accepted", INVALID)
    return root, flags


def _misdeclared(text: bytes) -> Element | None:
    """The root of a document that calls itself UTF-8 (or nothing) and is written in Windows-1252."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return None
    as_utf8 = _DECLARED.sub(rb"\1", text.decode("cp1252", "replace").encode())
    try:
        return etree.fromstring(as_utf8, _parser("utf-8"))
    except (etree.XMLSyntaxError, LookupError, ValueError):
        return None


def _repaired(text: bytes) -> Element | None:
    """The root with HTML's entities and bare ampersands as they were meant; else of what the parser can make of it."""
    meant = _AMPERSAND.sub(_entity, text)
    for recover in (False, True):
        try:
            root: Element | None = etree.fromstring(meant, _parser(recover=recover))
        except (etree.XMLSyntaxError, LookupError, ValueError):
            continue
        if root is not None:
            return root
    return None


def _entity(found: re.Match[bytes]) -> bytes:
    name = found[1].decode() if found[1] else ""
    if name not in html5:
        return b"&amp;" + name.encode()
    return "".join(f"&#{ord(letter)};" for letter in html5[name]).encode()


def _pieces(text: bytes) -> Iterator[bytes]:
    """Cut before each XML declaration; without several of them, behind each end of the outermost element."""
    cuts = [found.start() for found in _DECLARATION.finditer(text)]
    if len(cuts) < 2:
        start = _START.search(text)
        if start is None:
            return
        cuts = [0, *(found.end() for found in re.finditer(rb"</" + re.escape(start[1]) + rb"\s*>", text))]
    if len(cuts) > MAX_DOCUMENTS:
        raise DecodeError(f"more than {MAX_DOCUMENTS} documents in one message", TOO_LARGE)
    for start_at, end_at in zip(cuts, [*cuts[1:], len(text)], strict=True):
        if piece := text[start_at:end_at].strip():
            yield piece
