"""GeoJSON (RFC 7946), also with the `crs` member of the draft before it, which many programs still write."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from server.base.objects.raw import Raw, SourceError

_EPSG = re.compile(r"EPSG[:/]+(?:[\d.]*[:/])?(\d{4,5})\Z", re.IGNORECASE)


def epsg_of(name: str) -> int | None:
    """The number in `urn:ogc:def:crs:EPSG::25832`, `EPSG:25832` or `http://www.opengis.net/def/crs/EPSG/0/25832`."""
    found = _EPSG.search(name.strip()[:200])
    return int(found[1]) if found else None


def document(body: bytes) -> dict[str, Any]:
    """The FeatureCollection. Raises SourceError with the place where it is none."""
    try:
        found = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"this is no JSON: {error}") from None
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = {"features": [found]}
    if not isinstance(found, dict) or not isinstance(found.get("features"), list):
        raise SourceError("this is no FeatureCollection: it has no list `features`")
    return found


def read(found: dict[str, Any], offset: int = 0) -> Iterator[Raw]:
    """Its features; counted from `offset`. Raises SourceError for a coordinate system that is not understood."""
    epsg = _crs(found)
    for number, feature in enumerate(found["features"], offset + 1):
        where = f"feature {number}"
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            yield Raw(where=where, columns={}, wrong="no Feature")
            continue
        columns, geometry, name = feature.get("properties"), feature.get("geometry"), feature.get("id")
        yield Raw(
            where=where,
            columns=columns if isinstance(columns, dict) else {},
            geometry=geometry if isinstance(geometry, dict) else None,
            epsg=epsg,
            name=str(name) if isinstance(name, (str, int)) else None,
        )


def _crs(found: dict[str, Any]) -> int | None:
    told = found.get("crs")
    if not isinstance(told, dict):
        return None
    properties = told.get("properties")
    name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    if name.casefold().endswith("crs84"):
        return None
    epsg = epsg_of(name)
    if epsg is None:
        raise SourceError(f"crs: {name[:100]!r} is no coordinate system that is understood")
    return epsg
