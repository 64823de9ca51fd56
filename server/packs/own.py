"""The pack of own objects: what an operator's layers hold for crews, in the format of every pack, without a map.

It is a pack of its own, so that a new table of hydrants is not paid for with the map again, and so that it can be for
crews alone. In it is only what a crew may see wherever it is; what is bound to a mission comes in a pack of that
mission (`server.packs.mission`), which this module writes too.
"""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from layers.geo import bounds, centre
from server.base.base import Base
from server.base.objects.library import Objects
from server.base.objects.plans import Plan
from server.base.objects.rows import Own
from server.base.objects.same import MapWater, facts, osm
from server.base.objects.store import Box, Stored
from server.base.objects.ways import may_name
from server.packs.area import PackEntry
from server.packs.cut import APPLICATION_ID, FORMAT, written
from server.packs.own_plans import OWN_PARTS, PLANS, SAME, write_plans
from server.packs.store import OWN as ID

TITLE = "Eigene Objekte"
ROLE = "crew"
Row = tuple[Any, ...]


class Label(Struct, frozen=True, kw_only=True):
    """What a pack says of itself; with a `mission` it is bound to it, in its `situation`."""

    id: str
    title: str
    version: str
    mission: str | None = None
    situation: str | None = None


def layers_of(objects: Objects) -> dict[str, str]:
    """The layers that go into it, with their versions."""
    names = (name for name, one in objects.settings.items() if may_name(one, ROLE))
    return {name: version for name in sorted(names) if (version := objects.state(name).version) is not None}


def version_of(objects: Objects, base: Base | None = None) -> str:
    """Of what it would hold; empty where there is nothing to hold. Hydrants rest on what the map has of them, too."""
    layers = layers_of(objects)
    rests_on_map = base is not None and any(objects.settings[name].kind == "hydrant" for name in layers)
    parts = [(part.name, part.version) for part in OWN_PARTS]
    told = msgspec.json.encode([FORMAT, parts, layers, *([base.manifest.version] if base and rests_on_map else [])])
    return hashlib.sha256(told).hexdigest()[:16] if layers else ""


def cut_own(objects: Objects, target: Path, base: Base | None = None) -> PackEntry | None:
    """Write it; None where no object is for crews. Raises OSError, sqlite3.Error."""
    chosen = {name: objects.of_layer(name) for name in layers_of(objects)}
    on_map = {} if base is None else _on_map(objects, chosen, base)
    return write(objects, chosen, Label(id=ID, title=TITLE, version=version_of(objects, base)), target, on_map)


def _on_map(objects: Objects, chosen: Mapping[str, Sequence[Stored]], base: Base) -> dict[str, dict[str, Any]]:
    """By id of an own hydrant, what the map knows of it."""
    water = base.get(MapWater)
    return {
        f"own:{name}:{rows[place].own.key}": water.rows[row]
        for name, rows in chosen.items()
        if objects.settings[name].kind == "hydrant"
        for place, row in water.same(rows).items()
    }


def write(
    objects: Objects,
    chosen: Mapping[str, Sequence[Stored]],
    label: Label,
    target: Path,
    on_map: Mapping[str, Mapping[str, Any]] | None = None,
) -> PackEntry | None:
    """Write objects by layer with their plans; None where there are none. Who asks has looked at the audience.

    `on_map`: what the map knows of own hydrants, by their ids.
    `target` is the old file or the new one, whole. Raises OSError, sqlite3.Error.
    """
    rows: list[Row] = []
    waters: list[Row] = []
    plans: dict[str, tuple[Plan, ...]] = {}
    boxes: list[Box] = []
    dates: list[str] = []
    for name, found in chosen.items():
        one, data_at = objects.settings[name], objects.state(name).data_at
        dates += [data_at] if data_at and found else []
        for stored in found:
            own = stored.own
            lon, lat = centre(own.geometry)
            boxes.append(bounds(own.geometry))
            told = _told(own, one.title, data_at)
            shape = msgspec.json.encode(own.geometry).decode()
            key = f"own:{name}:{own.key}"
            rows.append(
                (key, name, one.kind, own.title, own.address, lon, lat, one.purpose, ROLE, told, shape, None, None)
            )
            if stored.plans:
                plans[key] = stored.plans
            if one.kind == "hydrant" and own.geometry["type"] == "Point":
                known = facts(own, (on_map or {}).get(key))
                waters.append((key, known["kind"], known["ref"] or "", known["diameter_mm"] or 0, lon, lat))
    if not boxes:
        return None
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    oldest = min(dates, default=datetime.now(UTC).isoformat())
    same = sorted((osm(row), key) for key, row in (on_map or {}).items())

    def write(pack: sqlite3.Connection) -> int:
        _write(pack, label, box, oldest, {"objects": sorted(rows), "water": sorted(waters), SAME.name: same})
        held = write_plans(pack, objects.plans, plans)
        pack.execute("COMMIT")
        return held

    held, digest, size = written(target, write)
    counts = {"tiles": 0, "addresses": 0, "water": len(waters), "objects": len(rows), "plans": held}
    return PackEntry(
        id=label.id,
        title=label.title,
        version=label.version,
        bytes=size,
        sha256=digest,
        built_at=oldest,
        data_at=oldest,
        bbox=box,
        parts=counts,
        role=ROLE,
        mission=label.mission,
    )


def _told(own: Own, layer_title: str, data_at: str | None) -> str:
    """What more is known of an object, as JSON; what is empty is left out. Times are ISO 8601."""
    told: dict[str, Any] = {
        "ref": own.ref,
        "note": own.note,
        "shown": own.shown,
        "layer_title": layer_title,
        "data_at": data_at,
        "valid_from": own.valid_from,
        "valid_to": own.valid_to,
        "hydrant": own.hydrant,
        "diameter_mm": own.diameter_mm,
    }
    return msgspec.json.encode({name: value for name, value in told.items() if value}).decode()


def _write(
    pack: sqlite3.Connection,
    label: Label,
    box: tuple[float, float, float, float],
    data_at: str,
    rows: dict[str, list[Row]],
) -> None:
    for pragma in ("page_size = 4096", "journal_mode = OFF", "synchronous = OFF", f"application_id = {APPLICATION_ID}"):
        pack.execute(f"PRAGMA {pragma}")
    pack.execute(f"PRAGMA user_version = {FORMAT}")
    pack.execute("BEGIN")
    pack.execute("CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    pack.execute("CREATE TABLE part (name TEXT PRIMARY KEY, version INTEGER, rows INTEGER, sha256 TEXT)")
    west, south, east, north = box
    told = {
        "name": label.title,
        "format": "pbf",
        "bounds": f"{west:.6f},{south:.6f},{east:.6f},{north:.6f}",
        "minzoom": "8",
        "maxzoom": "15",
        "type": "overlay",
        "attribution": "",
        "id": label.id,
        "pack_version": label.version,
        "built_at": data_at,
        "data_at": data_at,
        **({"mission": label.mission, "situation": label.situation or ""} if label.mission else {}),
    }
    pack.executemany("INSERT INTO metadata VALUES (?,?)", sorted(told.items()))
    for part in OWN_PARTS:
        for table in part.tables:
            pack.execute(table)
        if part is PLANS:
            continue
        written = rows.get(part.name, [])
        pack.executemany(part.insert[0][0], written)
        digest = hashlib.sha256("".join(map(repr, written)).encode()).hexdigest()
        pack.execute("INSERT INTO part VALUES (?,?,?,?)", (part.name, part.version, len(written), digest))
