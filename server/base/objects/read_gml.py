"""GML 3.1 and 3.2 as WFS 1.1.0 and 2.0.0 answer: members of a collection, simple properties, simple geometries.

The axes follow the name of the coordinate system: `urn:ogc:def:crs:` and `http://www.opengis.net/def/crs/` as the
authority orders them (latitude first in EPSG:4326), the short `EPSG:4326` and `.../srs/epsg.xml#4326` east first.
"""

import re
from collections.abc import Iterator
from typing import Any

from server.base.objects.raw import Raw, SourceError
from server.base.objects.read_geojson import epsg_of
from server.feeds import DecodeError
from server.feeds._xml import Element, documents, local

_MEMBERS = ("member", "featureMember", "featureMembers")
_OLD = re.compile(r"epsg\.xml#(\d{4,5})\Z", re.IGNORECASE)
_MULTI = {
    "MultiPoint": ("Point", "MultiPoint"),
    "MultiCurve": ("LineString", "MultiLineString"),
    "MultiLineString": ("LineString", "MultiLineString"),
    "MultiSurface": ("Polygon", "MultiPolygon"),
    "MultiPolygon": ("Polygon", "MultiPolygon"),
}
_SINGLE = {
    "Point": "Point",
    "LineString": "LineString",
    "Curve": "LineString",
    "Polygon": "Polygon",
    "Surface": "Polygon",
}
MAX_COORDINATES = 200_000


def read(body: bytes, max_bytes: int, offset: int = 0) -> Iterator[Raw]:
    """The features. Raises SourceError for what is no collection, and with the words of an exception report."""
    try:
        root = documents(body, max_bytes).roots[0]
    except DecodeError as error:
        raise SourceError(f"this is neither JSON nor XML that can be read: {error.reason}") from None
    if local(root) in ("ExceptionReport", "ServiceExceptionReport"):
        raise SourceError(f"the server refuses: {' '.join(''.join(root.itertext()).split())[:300]}")
    if local(root) not in ("FeatureCollection", "SimpleFeatureCollection"):
        raise SourceError(f"the answer is a {local(root)[:60]}, no FeatureCollection")
    number = offset
    for holder in root:
        if local(holder) not in _MEMBERS:
            continue
        for feature in holder:
            if isinstance(feature.tag, str):
                number += 1
                yield _feature(feature, f"feature {number}")


def _feature(feature: Element, where: str) -> Raw:
    columns: dict[str, Any] = {}
    shape: Element | None = None
    for one in feature:
        column = local(one)
        inner = next((child for child in one if local(child) in _SINGLE or local(child) in _MULTI), None)
        if inner is not None:
            shape = inner if shape is None else shape
        elif len(one) == 0 and column:
            columns[column] = (one.text or "").strip()
    ids = (str(value) for key, value in feature.attrib.items() if str(key).rpartition("}")[2] in ("id", "fid"))
    name = next(ids, None)
    if shape is None:
        return Raw(where=where, columns=columns, name=name)
    try:
        epsg, by_authority = _system(shape)
        geometry = _geometry(shape)
    except ValueError as error:
        return Raw(where=where, columns={}, wrong=str(error))
    return Raw(where=where, columns=columns, geometry=geometry, epsg=epsg, by_authority=by_authority, name=name)


def _system(shape: Element) -> tuple[int | None, bool]:
    """EPSG and whether the axes are the authority's; the first that is named, on the shape or within it."""
    told = next((str(one.get("srsName")) for one in shape.iter() if one.get("srsName")), "")
    if not told or told.casefold().endswith("crs84"):
        return None, False
    old = _OLD.search(told)
    epsg = int(old[1]) if old else epsg_of(told)
    if epsg is None:
        raise ValueError(f"the coordinate system {told[:100]!r} is not understood")
    return epsg, old is None and told.casefold().startswith(("urn:", "http://www.opengis.net/def/", "https://www."))


def _geometry(shape: Element) -> dict[str, Any]:
    kind = local(shape)
    if kind in _MULTI:
        single, multi = _MULTI[kind]
        parts = [one for one in shape.iter() if one is not shape and _SINGLE.get(local(one)) == single]
        return {"type": multi, "coordinates": [_coordinates(one, single) for one in parts]}
    return {"type": _SINGLE[kind], "coordinates": _coordinates(shape, _SINGLE[kind])}


def _coordinates(shape: Element, kind: str) -> Any:
    if kind == "Point":
        positions = _positions(shape)
        if len(positions) != 1:
            raise ValueError("a point without a position")
        return positions[0]
    if kind == "LineString":
        return _positions(shape)
    rings = [one for one in shape.iter() if local(one) in ("exterior", "interior")]
    if not rings or local(rings[0]) != "exterior":
        raise ValueError("an area without an outline")
    return [_positions(ring) for ring in rings]


def _positions(shape: Element) -> list[list[float]]:
    """Every position below an element, from `pos`, `posList` and GML 2's `coordinates`. Raises ValueError."""
    found: list[list[float]] = []
    size = 2
    for one in shape.iter():
        name = local(one)
        size = int(one.get("srsDimension") or size)
        if size not in (2, 3):
            raise ValueError(f"{size} numbers for a position")
        if name in ("pos", "posList"):
            numbers = [float(word) for word in (one.text or "").split()]
            width = len(numbers) if name == "pos" else size
            if width < 2 or len(numbers) % width:
                raise ValueError("a list of positions that does not come out even")
            found += [numbers[start : start + 2] for start in range(0, len(numbers), width)]
        elif name == "coordinates":
            found += [[float(number) for number in pair.split(",")[:2]] for pair in (one.text or "").split()]
        if len(found) > MAX_COORDINATES:
            raise ValueError("too many positions")
    return found
