"""The packs on this tablet: a folder with one file each, replaced as a whole or not at all.

A download lies beside as `ID.HASH.part`; it becomes `ID.pack` by one rename after its bytes are on disk and their hash
is right. So whatever moment the process is killed at, `ID.pack` is the old pack or the new one, whole.
"""

import hashlib
import logging
import re
import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobile import geo
from mobile.durable import flush
from mobile.own import OwnObject
from mobile.pack import Address, Pack, PackError, WaterPoint

log = logging.getLogger(__name__)

PACK_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
HASH = re.compile(r"[0-9a-f]{64}")
MISSION = "einsatz-"
"""What the ids of packs begin with that are bound to a mission: not kept a moment longer."""
MAX_PACKS = 50
MAX_PACK_BYTES = 8 * 1024**3
RESERVE_BYTES = 64 * 1024**2
"""Space that a pack must leave free: the outbox and the picture come first."""
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Offer:
    """A pack that the server has for us."""

    id: str
    title: str
    version: str
    bytes: int
    sha256: str
    built_at: str
    data_at: str
    mission: str = ""
    """The mission that it is bound to; "" for none."""

    @classmethod
    def of(cls, entry: dict[str, Any]) -> "Offer":
        """From an entry of the server's list. Raises ValueError where something is missing or cannot be."""
        try:
            made = cls(
                **{name: str(entry[name]) for name in ("id", "title", "version", "sha256", "built_at", "data_at")},
                bytes=int(entry["bytes"]),
                mission=str(entry.get("mission") or ""),
            )
        except (KeyError, TypeError) as problem:
            raise ValueError(f"not a pack: {problem}") from problem
        if not PACK_ID.fullmatch(made.id) or not HASH.fullmatch(made.sha256) or not 0 < made.bytes <= MAX_PACK_BYTES:
            raise ValueError(f"not a pack: {made.id[:40]!r}")
        if bool(made.mission) != made.id.startswith(MISSION):
            raise ValueError(f"a pack of a mission, or not: {made.id!r}")
        return made


class Shelf:
    """Opens what is there. `changes` grows with every pack that comes or goes, `vanished` with those of missions that
    go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.changes = self.vanished = 0
        self._lock = threading.RLock()
        self._packs: dict[str, Pack] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.pack"))[:MAX_PACKS]:
            if PACK_ID.fullmatch(path.stem):
                self._open(path.stem)

    def _open(self, name: str) -> None:
        path = self.path(name)
        try:
            opened = Pack(path)
        except (PackError, OSError) as problem:
            log.warning("pack cannot be read: %s", problem)
            path.unlink(missing_ok=True)  # the server has it; a map that cannot be read is none
            return
        with self._lock:
            old = self._packs.get(name)
            self._packs[name] = opened
            self.changes += 1
        if old is not None:
            old.close()

    def path(self, name: str) -> Path:
        """Where a pack lies."""
        return self.folder / f"{name}.pack"

    def part(self, offer: Offer) -> Path:
        """Where its download grows; another version grows elsewhere."""
        return self.folder / f"{offer.id}.{offer.sha256[:16]}.part"

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The open packs, by id."""
        with self._lock:
            return tuple(self._packs[name] for name in sorted(self._packs))

    def get(self, name: str) -> Pack | None:
        """An open pack."""
        with self._lock:
            return self._packs.get(name)

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            packs, self._packs = self._packs, {}
        for pack in packs.values():
            pack.close()

    # reading across packs

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """The tile of the first pack that has it."""
        for pack in self.packs:
            found = pack.tile(zoom, x, y)
            if found is not None:
                return found
        return None

    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of all packs together; None where there are none."""
        boxes = [pack.info.bbox for pack in self.packs]
        if not boxes:
            return None
        return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))

    def water(self, here: geo.LonLat, reach_m: float, limit: int) -> list[WaterPoint]:
        """The nearest water points of all packs; one that lies in two packs counts once, by the operator's own word."""
        found = {point.id: point for pack in self.packs for point in pack.water(here, reach_m)}
        for name in self.replaced & found.keys():
            del found[name]
        return sorted(found.values(), key=lambda point: (geo.distance_m(here, point.at), point.id))[:limit]

    def nearest_address(self, here: geo.LonLat) -> Address | None:
        """The nearest house of all packs."""
        found = [one for pack in self.packs if (one := pack.nearest_address(here)) is not None]
        return min(found, key=lambda one: geo.distance_m(here, one.at), default=None)

    def with_hoses(self, here: geo.LonLat) -> Pack | None:
        """The pack that knows the ways of hoses round a place; of several the one that goes on farthest around it."""

        def room(pack: Pack) -> float:
            west, south, east, north = pack.info.bbox
            return min(here[0] - west, east - here[0], here[1] - south, north - here[1])

        return max((pack for pack in self.packs if pack.has_hoses), key=room, default=None)

    @property
    def replaced(self) -> frozenset[str]:
        """Water points of the map that are own hydrants of another pack, by their names in the map."""
        return frozenset[str]().union(*(pack.replaced for pack in self.packs))

    def own(self, here: geo.LonLat, reach_m: float) -> list[OwnObject]:
        """The operator's own objects round a place, of all packs; one that lies in two packs counts once."""
        return list({one.id: one for pack in self.packs for one in pack.own(here, reach_m)}.values())

    def plan_page(self, plan: str, page: int) -> bytes | None:
        """A page of a plan (PNG) from the first pack that has it, counted from 1."""
        return next((found for pack in self.packs if (found := pack.plan_page(plan, page)) is not None), None)

    # coming and going

    def room_for(self, offer: Offer) -> bool:
        """Whether the disk has space for what is still to come."""
        part = self.part(offer)
        there = part.stat().st_size if part.exists() else 0
        return shutil.disk_usage(self.folder).free >= offer.bytes - there + RESERVE_BYTES

    def install(self, offer: Offer) -> None:
        """Make a finished download the pack. Raises PackError, and deletes the download, where it is not what was
        offered.
        """
        part = self.part(offer)
        try:
            if part.stat().st_size != offer.bytes or hash_of(part) != offer.sha256:
                raise PackError(f"{offer.id}: the bytes are not those that were offered")
            tried = Pack(part)  # one that cannot be read must not replace one that can
            tried.close()
            if (tried.info.id, tried.info.mission) != (offer.id, offer.mission):
                raise PackError(f"{offer.id}: calls itself {tried.info.id}")
        except PackError:
            part.unlink(missing_ok=True)
            raise
        flush(part)
        part.replace(self.path(offer.id))
        flush(self.folder)
        self._open(offer.id)
        self.sweep(offer)

    def sweep(self, offer: Offer | None, name: str = "") -> None:
        """Delete downloads of other versions of a pack."""
        for old in self.folder.glob(f"{offer.id if offer else name}.*.part"):
            if offer is None or old != self.part(offer):
                old.unlink(missing_ok=True)

    def keep_missions(self, names: Iterable[str]) -> bool:
        """Delete what is bound to any other mission than these (their ids), also what is half here; True if any was."""
        kept, gone = set(names), False
        for pack in self.packs:
            if pack.info.mission and pack.info.mission not in kept:
                self.remove(pack.info.id)
                self.vanished += 1
                gone = True
        left = {pack.info.id for pack in self.packs}
        for part in self.folder.glob(f"{MISSION}*.part"):
            if not kept or (gone and part.name.partition(".")[0] not in left):
                part.unlink(missing_ok=True)
        return gone

    def remove(self, name: str) -> None:
        """The server has it no more, or it is damaged."""
        with self._lock:
            gone = self._packs.pop(name, None)
            self.changes += 1
        if gone is not None:
            gone.close()
        self.path(name).unlink(missing_ok=True)


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
