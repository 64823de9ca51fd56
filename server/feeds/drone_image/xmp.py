"""XMP of drones: the words of DJI, Parrot, Autel, Skydio, Yuneec (gimbal and flight), of Pix4D and senseFly (camera).

Skydio writes poses as structures (`CameraOrientationNED` of Roll, Pitch and Yaw): their words are those of the camera,
not of the body that others mean by the same names.

An old DJI form declares a namespace twice, so it is no XML; then the words are looked for as they stand.
"""

import re

from lxml import etree

from server.feeds import DecodeError
from server.feeds._xml import Element, children, documents, local, namespace, text_of

MAX_BYTES = 262_144
MAX_WORDS = 500
_AS_IT_STANDS = re.compile(
    rb"\b(?P<prefix>drone-dji|DJI|drone-parrot|drone|Camera):(?P<name>\w{1,60})"
    rb"(?:\s{0,5}=\s{0,5}(?:\"(?P<quoted>[^\"<]{0,400})\"|'(?P<single>[^'<]{0,400})')|>(?P<element>[^<]{0,400})<)",
    re.IGNORECASE,
)
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NOT_XML = "xmp_not_xml"
"""Flag: the XMP packet was no XML, its words were read as they stand."""
_FAMILIES = ("dji", "parrot", "autel", "sensefly", "pix4d", "/drone", "skydio", "yuneec")
_STRUCTURES = {
    "CalibratedFocalLengthX": "CalibratedFocalLength",
    **{f"CalibratedOpticalCenter{axis}": f"CalibratedOpticalCenter{axis}" for axis in "XY"},
    **{f"CameraOrientationNED{angle}": f"Camera{angle}Degree" for angle in ("Yaw", "Pitch", "Roll")},
    **{f"VehicleOrientationNED{angle}": f"Flight{angle}Degree" for angle in ("Yaw", "Pitch", "Roll")},
}
"""What members of structures are called elsewhere; other members are left out."""


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
        structure = _structure(element)
        for name, value in element.attrib.items():
            _keep(found, etree.QName(name).namespace or "", etree.QName(name).localname, str(value), structure)
        if next(children(element), None) is None and (inner := text_of(element)) is not None:
            _keep(found, namespace(element), local(element), inner, _structure(element.getparent()))
    return found, set()


def _structure(element: Element | None) -> str:
    """The structure whose members are the element's attributes and children; empty for none."""
    while element is not None and namespace(element) == _RDF:
        element = element.getparent()
    return local(element) if element is not None and _is_of_a_drone(namespace(element)) else ""


def _is_of_a_drone(space: str) -> bool:
    return any(family in space.casefold() for family in _FAMILIES)


def _keep(found: dict[str, str], space: str, name: str, value: str, structure: str) -> None:
    if not _is_of_a_drone(space):
        return
    known = _STRUCTURES.get(f"{structure}{name}") if structure else name
    if known is not None:
        found.setdefault(known, value.strip()[:400])


def _as_they_stand(packet: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _AS_IT_STANDS.finditer(packet):
        value = next((part for part in match.group("quoted", "single", "element") if part is not None), b"")
        found.setdefault(match["name"].decode(), value.decode("utf-8", "replace").strip())
        if len(found) >= MAX_WORDS:
            break
    return found
