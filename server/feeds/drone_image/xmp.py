"""XMP of drones: the words of DJI, Parrot, Autel (gimbal and flight), of Pix4D and senseFly (camera).

An old DJI form declares a namespace twice, so it is no XML; then the words are looked for as they stand.
"""

import re

from lxml import etree

from server.feeds import DecodeError
from server.feeds._xml import children, documents, local, namespace, text_of

MAX_BYTES = 262_144
MAX_WORDS = 500
_AS_IT_STANDS = re.compile(
    rb"\b(?P<prefix>drone-dji|DJI|drone-parrot|drone|Camera):(?P<name>\w{1,60})"
    rb"(?:\s{0,5}=\s{0,5}(?:\"(?P<quoted>[^\"<]{0,400})\"|'(?P<single>[^'<]{0,400})')|>(?P<element>[^<]{0,400})<)",
    re.IGNORECASE,
)
NOT_XML = "xmp_not_xml"
"""Flag: the XMP packet was no XML, its words were read as they stand."""
_FAMILIES = ("dji", "parrot", "autel", "sensefly", "pix4d", "/drone", "skydio")


def words(packet: bytes) -> tuple[dict[str, str], set[str]]:
    """The drone's words by local name, and flags. A packet that cannot be read has none."""
    packet = packet[:MAX_BYTES].strip(b"\0 \r\n\t")
    start, end = packet.find(b"<x:xmpmeta"), packet.rfind(b"</x:xmpmeta>")
    document = packet[start : end + len(b"</x:xmpmeta>")] if 0 <= start < end else packet
    if not document:
        return {}, set()
    try:
        (root,) = documents(document, MAX_BYTES).roots
    except (DecodeError, ValueError):
        return _as_they_stand(packet), {NOT_XML}
    found: dict[str, str] = {}
    for element in root.iter(tag=etree.Element):
        if len(found) >= MAX_WORDS:
            break
        for name, value in element.attrib.items():
            _keep(found, etree.QName(name).namespace or "", etree.QName(name).localname, str(value))
        if next(children(element), None) is None and (inner := text_of(element)) is not None:
            _keep(found, namespace(element), local(element), inner)
    return found, set()


def _keep(found: dict[str, str], space: str, name: str, value: str) -> None:
    if any(family in space.casefold() for family in _FAMILIES):
        found.setdefault(name, value.strip()[:400])


def _as_they_stand(packet: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _AS_IT_STANDS.finditer(packet):
        value = next((part for part in match.group("quoted", "single", "element") if part is not None), b"")
        found.setdefault(match["name"].decode(), value.decode("utf-8", "replace").strip())
        if len(found) >= MAX_WORDS:
            break
    return found
