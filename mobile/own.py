"""An operator's own objects as a pack holds them: key safes, plans, closures, hydrants. Pure."""

import json
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mobile import ages, geo

_PNG = b"\x89PNG\r\n\x1a\n"
_TEXTS = ("ref", "note", "layer_title", "data_at", "valid_from", "valid_to", "hydrant")


@dataclass(frozen=True)
class Plan:
    """A plan of an object; 0 `pages` where the pack has only its name."""

    id: str
    name: str
    pages: int


@dataclass(frozen=True)
class PlanPlace:
    """What is looked at: plans of an object, and which of all their pages (from 0)."""

    title: str
    plans: tuple[Plan, ...]
    page: int = 0

    @property
    def leaves(self) -> list[tuple[Plan, int]]:
        """Every page of every plan; a plan without pages is one leaf with page 0, which says so."""
        return [(plan, page) for plan in self.plans for page in (range(1, plan.pages + 1) if plan.pages else (0,))]


@dataclass(frozen=True)
class OwnObject:
    """An object of an own layer. `kind` as in the server's settings; `data_at` is ISO 8601, "" where unknown."""

    id: str
    kind: str
    title: str
    address: str
    at: geo.LonLat
    geometry: dict[str, Any]
    ref: str = ""
    note: str = ""
    layer_title: str = ""
    data_at: str = ""
    valid_from: str = ""
    valid_to: str = ""
    hydrant: str = ""
    diameter_mm: int = 0
    plans: tuple[Plan, ...] = ()

    def is_valid(self, now: datetime | None) -> bool:
        """Whether it holds now; what has no times always does, and so does everything without a clock."""
        begins, ends = ages.moment(self.valid_from), ages.moment(self.valid_to)
        if now is None:
            return True
        return not (begins and now < begins) and not (ends and now >= ends)


def read_own(row: tuple[Any, ...], plans: tuple[Plan, ...]) -> OwnObject | None:
    """From id, kind, title, address, lon, lat, properties, geometry; None where it cannot be read."""
    try:
        told, geometry = json.loads(row[6]), json.loads(row[7])
        texts = {name: str(told.get(name) or "") for name in _TEXTS}
        key, kind, title, address = (str(value or "") for value in row[:4])
        at, diameter_mm = (float(row[4]), float(row[5])), int(told.get("diameter_mm") or 0)
    except (TypeError, ValueError, AttributeError):
        return None
    if not isinstance(geometry, dict) or "type" not in geometry or "coordinates" not in geometry:
        return None
    return OwnObject(key, kind, title, address, at, geometry, diameter_mm=diameter_mm, plans=plans, **texts)


def is_whole_png(body: bytes) -> bool:
    """Whether every chunk of a PNG is there and has its checksum (PNG 1.2, section 3): the disk may have lost some."""
    at, kind = len(_PNG), b""
    if not body.startswith(_PNG):
        return False
    while at + 12 <= len(body):
        (length,), kind = struct.unpack_from(">I", body, at), body[at + 4 : at + 8]
        end = at + 8 + length
        if body[end : end + 4] != zlib.crc32(body[at + 4 : end]).to_bytes(4, "big"):
            return False
        at = end + 4
    return at == len(body) and kind == b"IEND"
