"""KML 2.2 (OGC 07-147r2): a folder per layer in its colour, the age of each feature in its description.

Nothing is fetched from elsewhere. KMZ is the same, zipped with pins of our own; in plain KML a point has the viewer's
own pin, tinted.
"""

import re
from datetime import datetime
from html import escape
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml import etree

from layers.wire import Feature
from server.exports import Snapshot
from server.exports.pins import TIP, pin
from server.ogc.columns import text
from server.ogc.live import TITLES

MIME = "application/vnd.google-earth.kml+xml"
KMZ_MIME = "application/vnd.google-earth.kmz"
MAIN, PIN = "doc.kml", "pins/{layer}.png"
"""What a viewer opens of a KMZ (OGC 07-147r2, annex C), and where its pins lie."""
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
NAMESPACE = "http://www.opengis.net/kml/2.2"
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""
TOLD = ("state", "fms_status", "description", "text", "address_text", "people", "density_pm2", "severity", "verdict")
"""Columns that stand in the description, where a feature has them."""
TAKEN = frozenset({"name", "description", "timestamp", "begin", "end", "icon"})
"""Names that readers give to what KML itself says of a placemark: a column of that name gets a stroke behind it."""
COLOURS: dict[str, str] = {
    "missions": "d32f2f",
    "units": "1565c0",
    "crowd": "ef6c00",
    "drones": "6a1b9a",
    "buildings": "5d4037",
    "devices": "8d6e63",
    "reports": "00838f",
    "warnings": "c62828",
    "marks": "37474f",
    "notes": "616161",
    "sources": "9e9e9e",
    "cards": "ad1457",
    "routes": "283593",
    "water": "0277bd",
}
"""Colour of each layer, red green blue."""
SOLID, SHEER = "ff", "59"
PEN_PX = "3"

Node = etree._Element


def zipped(snapshot: Snapshot) -> bytes:
    """The whole situation as KMZ."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr(ZipInfo(MAIN, ZIP_EPOCH), document(snapshot, with_pins=True), ZIP_DEFLATED)
        for layer in snapshot.tables:
            archive.writestr(ZipInfo(PIN.format(layer=layer), ZIP_EPOCH), pin(layer, _colour(layer)))
    return out.getvalue()


def document(snapshot: Snapshot, with_pins: bool = False) -> bytes:
    """The whole situation; `with_pins`: the pictures lie beside it."""
    root, body = _document(snapshot.marked_title)
    _add(body, "description", f"Lagebild, {snapshot.situation}, Stand {_when(snapshot.now)}")
    for layer in snapshot.tables:
        _style(body, layer, with_pins)
    for layer, table in snapshot.tables.items():
        folder = _add(body, "Folder")
        mark = "ÜBUNG: " if snapshot.exercise else ""
        _add(folder, "name", mark + TITLES.get(layer, (layer,))[0])
        for at in range(len(table.ids)):
            _placemark(folder, layer, table.feature(at), snapshot.now)
    return _bytes(root)


def network_link(title: str, address: str, refresh_s: int) -> bytes:
    """A document that has its viewer fetch the situation again and again."""
    root, body = _document(title)
    link = _add(body, "NetworkLink")
    _add(link, "name", title)
    inner = _add(link, "Link")
    _add(inner, "href", address)
    _add(inner, "refreshMode", "onInterval")
    _add(inner, "refreshInterval", str(refresh_s))
    return _bytes(root)


def _document(title: str) -> tuple[Node, Node]:
    root = etree.Element(f"{{{NAMESPACE}}}kml", nsmap={None: NAMESPACE})
    body = _add(root, "Document")
    _add(body, "name", title)
    return root, body


def _bytes(root: Node) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add(parent: Node, name: str, told: str | None = None) -> Node:
    node = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if told is not None:
        node.text = NO_XML.sub("\ufffd", told)
    return node


def _colour(layer: str) -> str:
    return COLOURS.get(layer, "616161")


def _pin(style: Node, layer: str) -> None:
    """The picture as it is (a colour would tint it), its tip on the place."""
    part = _add(style, "IconStyle")
    _add(_add(part, "Icon"), "href", PIN.format(layer=layer))
    spot = _add(part, "hotSpot")
    for name, value in (("x", TIP[0]), ("y", TIP[1])):
        spot.set(name, f"{value:g}")
        spot.set(f"{name}units", "fraction")


def _style(body: Node, layer: str, with_pins: bool) -> None:
    style = _add(body, "Style")
    style.set("id", layer)
    red, green, blue = (_colour(layer)[at : at + 2] for at in (0, 2, 4))
    for name, opacity in (("IconStyle", SOLID), ("LineStyle", SOLID), ("PolyStyle", SHEER)):
        if with_pins and name == "IconStyle":
            _pin(style, layer)
            continue
        part = _add(style, name)
        _add(part, "color", opacity + blue + green + red)
        if name == "LineStyle":
            _add(part, "width", PEN_PX)


def _placemark(folder: Node, layer: str, feature: Feature, now: datetime) -> None:
    told = feature["properties"]
    mark = _add(folder, "Placemark")
    _add(mark, "name", told["title"] or str(feature["id"]))
    _add(mark, "description", _description(told, now))
    if told["observed_at"] is not None:
        _add(_add(mark, "TimeStamp"), "when", told["observed_at"])
    _add(mark, "styleUrl", f"#{layer}")
    data = _add(mark, "ExtendedData")
    for name, value in {"id": feature["id"], **told}.items():
        if value is not None:
            cell = _add(data, "Data")
            cell.set("name", f"{name}_" if name in TAKEN else name)
            _add(cell, "value", text(value))
    if feature["geometry"] is not None:
        _geometry(mark, feature["geometry"]["type"], feature["geometry"]["coordinates"])


def _description(told: dict[str, Any], now: datetime) -> str:
    """How old it is and what it says; viewers show it as HTML, so that nothing in it may be markup."""
    lines = [_age(told, now)] + [f"{name}: {text(told[name])}" for name in TOLD if told.get(name) is not None]
    return "<br>".join(escape(line) for line in lines)


def _age(told: dict[str, Any], now: datetime) -> str:
    if told["observed_at"] is None:
        return "Stand unbekannt"
    observed_at = datetime.fromisoformat(told["observed_at"])
    age = f"Stand {_when(observed_at)}, beim Schreiben {_span((now - observed_at).total_seconds())} alt"
    stale = told["stale_at"] is not None and datetime.fromisoformat(told["stale_at"]) <= now
    return f"{age}, VERALTET" if stale else age


def _when(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y %H:%M:%S} UTC"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{max(0, int(seconds))} s"
    if seconds < 7_200:
        return f"{int(seconds // 60)} min"
    return f"{int(seconds // 3_600)} h"


def _geometry(parent: Node, kind: str, coordinates: Any) -> None:
    if kind == "Point":
        _add(_add(parent, "Point"), "coordinates", _positions([coordinates]))
    elif kind == "LineString":
        _add(_add(parent, "LineString"), "coordinates", _positions(coordinates))
    elif kind == "Polygon":
        polygon = _add(parent, "Polygon")
        for at, ring in enumerate(coordinates):
            border = _add(polygon, "innerBoundaryIs" if at else "outerBoundaryIs")
            _add(_add(border, "LinearRing"), "coordinates", _positions(ring))
    else:
        several = _add(parent, "MultiGeometry")
        for one in coordinates:
            _geometry(several, kind.removeprefix("Multi"), one)


def _positions(positions: Any) -> str:
    return " ".join(
        ",".join(f"{number:.9g}" if at == 2 else f"{number:.7f}" for at, number in enumerate(one[:3]))
        for one in positions
    )
