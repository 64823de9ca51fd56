"""STAC items (1.0, 1.1) and answers of OpenAerialMap: images of the ground that lie elsewhere, with their footprints.

An item is a GeoJSON Feature with `stac_version`; items come alone, as an ItemCollection, or as lines. OpenAerialMap's
`/meta` answers `{meta, results: [...]}` with the footprint as GeoJSON and as WKT. A `gsd` in degrees, as OpenAerialMap
exports it, is turned into metres.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from msgspec import UNSET

from layers.content import Image
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, subject
from server.feeds._documents import documents
from server.feeds._secrets import openings
from server.feeds._stream import Objects, Stream
from server.feeds.ngsi.values import Bad, Reading, area, number, text, time, url, within

NAME = "stac"
MAX_BYTES = 8_000_000
DEGREE_M = 111_195.0
"""A degree of latitude on the sphere of mean radius."""
GSD_DEGREES = 1e-4
"""No image from the air has a tenth of a millimetre per pixel: such a `gsd` is in degrees."""
_WKT = re.compile(r"\s*POLYGON\s*\(\s*\(([^()]{1,200000})\)", re.IGNORECASE)
_PICTURES = ("visual", "data", "overview", "image")


def decode(body: bytes, context: Context) -> Decoded:
    """Every image. Raises DecodeError."""
    batch = Batch(context)
    found = documents(body, context.limits)
    batch.refused.extend(found.refused)
    understood = False
    for document in found.found:
        for record in _records(document):
            understood = True
            if not isinstance(record, Mapping):
                batch.refuse("an item is an object", record)
            elif "_id" in record or "acquisition_start" in record:
                _oam(batch.fields(record), batch)
            elif record.get("type") == "Feature" and ("stac_version" in record or "assets" in record):
                _item(batch.fields(record), batch)
            else:
                batch.refuse("neither a STAC item nor an image of OpenAerialMap", record, kind=UNKNOWN_TYPE)
    if not understood and not batch.refused:
        raise DecodeError("neither STAC items nor an answer of OpenAerialMap", INVALID)
    return batch.decoded()


def _records(document: Any) -> list[Any]:
    if isinstance(document, Mapping):
        for name in ("features", "results"):
            if isinstance(document.get(name), list):
                return list(document[name])
        result = document.get("results")
        return [result] if isinstance(result, Mapping) else [document]
    return document if isinstance(document, list) else [document]


def _item(item: Fields, batch: Batch) -> None:
    key = item.said("id")
    if key is None:
        batch.refuse("an item without an id", item.raw)
        return
    item.of = of = subject(NAME, *filter(None, (item.said("collection"), key)))
    told = item.inner("properties")
    first, last = told.said("start_datetime", time), told.said("end_datetime", time)
    taken = told.said("datetime", time) or last or first
    footprint = _footprint(item)
    content = Image(
        name=told.get("title"),
        url=_asset(item, "data", _PICTURES),
        thumbnail_url=_asset(item, "thumbnail", ("thumbnail", "preview")),
        view=_view(told.said("view:off_nadir", within(0, 180))),
        camera=_joined(told, "platform", "instruments"),
        taken_at=taken or UNSET,
        footprint=footprint,
        footprint_source=UNSET if footprint is UNSET else "told",
        heading_deg=told.get("view:azimuth", within(0, 360)),
        gsd_m=_gsd(told),
    )
    extra = {name: told.get(name) for name in ("license", "oam:platform_type", "proj:code", "eo:cloud_cover")}
    extra |= {"start_datetime": first and first.isoformat(), "end_datetime": last and last.isoformat()}
    batch.claim(of, content, at=taken, flags=item.flags | told.flags, extra=extra, every_s=86_400)


def _oam(image: Fields, batch: Batch) -> None:
    key = image.said("_id|uuid")
    if key is None:
        batch.refuse("an image without an id", image.raw)
        return
    image.of = of = subject(NAME, "openaerialmap", key)
    told = image.inner("properties")
    first, last = image.said("acquisition_start", time), image.said("acquisition_end", time)
    taken = last or first
    footprint = image.get("geojson", area)
    if footprint is UNSET:
        footprint = image.get("footprint", _wkt)
    if footprint is UNSET:
        footprint = image.get("bbox", _box)
    content = Image(
        name=image.get("title"),
        url=image.get("uuid", url),
        thumbnail_url=told.get("thumbnail", url),
        view="map",
        camera=told.get("sensor"),
        taken_at=taken or UNSET,
        footprint=footprint,
        footprint_source=UNSET if footprint is UNSET else "told",
        gsd_m=_gsd(image),
    )
    extra = {name: image.get(name) for name in ("platform", "file_size")}
    extra |= {"acquisition_start": first and first.isoformat(), "tms": told.get("tms", url)}
    batch.claim(of, content, at=taken, flags=image.flags | told.flags, extra=extra, every_s=86_400)


def _footprint(item: Fields) -> Any:
    found = item.get("geometry", area)
    return item.get("bbox", _box) if found is UNSET else found


def _asset(item: Fields, role: str, names: tuple[str, ...]) -> Any:
    """The link of the first asset with the role, else with one of the names."""
    assets = item.raw.get("assets")
    if not isinstance(assets, Mapping):
        return UNSET
    by_role = [asset for asset in assets.values() if isinstance(asset, Mapping) and role in _roles(asset)]
    by_name = [assets[name] for name in names if isinstance(assets.get(name), Mapping)]
    base = _own_address(item)
    for asset in (*by_role, *by_name):
        if base is not None and isinstance(asset.get("href"), str):
            asset = {**asset, "href": _absolute(base, asset["href"])}
        link = item.batch.fields(asset, item.of).get("href", url)
        if link is not UNSET:
            return link
    return UNSET


def _own_address(item: Fields) -> str | None:
    """Where the item itself lies: links of its assets may be relative to it."""
    links = item.raw.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, Mapping) and link.get("rel") == "self" and isinstance(link.get("href"), str):
            return str(link["href"])
    return None


def _absolute(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return href


def _roles(asset: Mapping[str, Any]) -> list[Any]:
    roles = asset.get("roles")
    return roles if isinstance(roles, list) else []


def _view(off_nadir_deg: float | None) -> str:
    if off_nadir_deg is None:
        return "map"
    return "nadir" if off_nadir_deg <= 20.0 else "oblique"


def _joined(told: Fields, *names: str) -> Any:
    found: list[str] = []
    for name in names:
        value = told.raw.get(name)
        found.extend(part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str) and part)
    return ", ".join(dict.fromkeys(found))[:200] or UNSET


def _gsd(told: Fields) -> Any:
    value = told.get("gsd", within(0, 1e6))
    if value is UNSET or value is None or value == 0.0:
        return UNSET
    if value < GSD_DEGREES:
        told.flags.add("gsd_in_degrees")
        return round(value * DEGREE_M, 5)
    return value


def _wkt(value: Any, reading: Reading) -> Any:
    """The outer ring of a WKT polygon."""
    written = text(value, reading)
    found = _WKT.match(written) if written is not None else None
    if found is None:
        raise Bad("a WKT polygon is expected")
    pairs = [pair.split() for pair in found[1].split(",")]
    if any(len(pair) < 2 for pair in pairs):
        raise Bad("a WKT polygon is expected")
    ring = [[number(pair[0], reading), number(pair[1], reading)] for pair in pairs]
    return area({"type": "Polygon", "coordinates": [ring]}, reading)


def _box(value: Any, reading: Reading) -> Any:
    """West, south, east, north, or with heights in between."""
    if not isinstance(value, list) or len(value) not in (4, 6):
        raise Bad("a box of 4 or 6 numbers is expected")
    numbers = [number(part, reading) for part in value]
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if None in (west, south, east, north):
        raise Bad("a box of 4 or 6 numbers is expected")
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return area({"type": "Polygon", "coordinates": [ring]}, reading)


FEED = Feed(
    name=NAME,
    title="STAC items and OpenAerialMap",
    decode=decode,
    clean=openings,
    max_bytes=MAX_BYTES,
    stream=Stream(framer=Objects, files=("*.json", "*.geojson")),
)
