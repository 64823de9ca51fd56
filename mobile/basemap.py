"""The town's base map: fetched from the own server once, kept on the tablet, never from anybody else."""

import json
from dataclasses import dataclass
from typing import Any

from mobile.session import Session, fetch
from mobile.store import Store

NAME = "town"
MAX_FEATURES = 100_000


@dataclass(frozen=True)
class BasemapFeature:
    """One thing of the base map.

    `cls` is landuse, water, waterway, square, path, road, building, hydrant or poi; the geometry is GeoJSON in WGS84.
    """

    cls: str
    kind: str
    name: str
    width_m: float
    housenumber: str
    ref: str
    diameter_mm: int
    geometry: dict[str, Any]


def refresh(session: Session, store: Store) -> bool:
    """Fetch the base map if the server's differs from ours. True if a new one was kept. Raises OSError, ValueError."""
    kept = store.basemap(NAME)
    url = f"{session.server}/basemap/{NAME}.geojson"
    status, body, headers = fetch(url, token=session.token, etag=kept[0] if kept else "")
    if status == 304:
        return False
    if status != 200:
        raise ValueError(f"HTTP {status} for the base map")
    parse(body)  # a base map that cannot be drawn must not replace one that can
    if kept and kept[1] == body:
        return False
    store.save_basemap(NAME, headers.get("etag", ""), body)
    return True


def parse(body: bytes) -> list[BasemapFeature]:
    """Read the GeoJSON; features without a class or geometry are left out. Raises ValueError for anything else."""
    collection = json.loads(body)
    if not isinstance(collection, dict) or not isinstance(collection.get("features"), list):
        raise ValueError("not a FeatureCollection")
    found = []
    for feature in collection["features"][:MAX_FEATURES]:
        properties, geometry = feature.get("properties") or {}, feature.get("geometry")
        cls = properties.get("class")
        if not isinstance(cls, str) or not isinstance(geometry, dict):
            continue
        found.append(
            BasemapFeature(
                cls,
                str(properties.get("kind") or ""),
                str(properties.get("name") or ""),
                float(properties.get("width_m") or 0.0),
                str(properties.get("housenumber") or ""),
                str(properties.get("ref") or ""),
                int(properties.get("diameter_mm") or 0),
                geometry,
            )
        )
    return found
