"""Packs of missions: the own objects that a crew may see only while it is at a mission, with their plans.

Cut when a crew of the mission asks, and again when the objects or the mission's place change. Who may have one is asked
of the picture each time; what lies here is no more than a memory, bounded, and gone with the mission.
"""

import hashlib
import shutil
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from server import runtime
from server.base.objects.library import LonLat, Objects, Reader
from server.base.objects.store import Stored
from server.packs.area import PackEntry

PREFIX = "einsatz-"
TITLE = "Objekte am Einsatz"
ROLE = "crew"
MOST = 32
"""Packs that are kept at a time; one that was dropped is cut again."""
Place = tuple[str, str]
"""A situation and one of its missions."""


def id_of(situation: str, mission: str) -> str:
    """What the pack of a mission is called; a mission's own name may hold anything."""
    return PREFIX + hashlib.sha256(f"{situation}\n{mission}".encode()).hexdigest()[:16]


class MissionPacks:
    """Safe for several threads."""

    def __init__(
        self, folder: Path, objects: Objects, count: Callable[[str, str], None] = lambda _kind, _outcome: None
    ) -> None:
        self._folder, self._objects, self._count = folder, objects, count
        self._known: dict[Place, PackEntry] = {}
        self._lock = threading.Lock()
        self._swept = False

    def entries(self, situation: str, missions: Mapping[str, LonLat]) -> list[PackEntry]:
        """The packs of these missions, each open and the asking crew's own; none of one with nothing near it.

        Raises OSError, sqlite3.Error.
        """
        found = []
        with self._lock:
            for mission, where in sorted(missions.items()):
                entry = self._entry((situation, mission), where)
                if entry is not None:
                    found.append(entry)
        return found

    def path(self, entry: PackEntry) -> Path:
        """Its file."""
        return self._folder / f"{entry.id}-{entry.version}.pack"

    def drop(self, is_open: Callable[[str, str], bool]) -> None:
        """Delete the packs of missions that are no longer open."""
        with self._lock:
            for place in [place for place in self._known if not is_open(*place)]:
                self._forget(place)

    def _entry(self, place: Place, where: LonLat) -> PackEntry | None:
        if not any(one.mission_only and ROLE in one.audience for one in self._objects.settings.values()):
            return None
        chosen, version = runtime.offload(_chosen, self._objects, place, where)
        known = self._known.pop(place, None)
        if known is not None and (known.version != version or not self.path(known).is_file()):
            self.path(known).unlink(missing_ok=True)
            known = None
        if known is None and chosen:
            try:
                known = runtime.offload(self._cut, chosen, place, version)
            except (OSError, sqlite3.Error):
                self._count("mission", "failed")
                raise
            self._count("mission", "cut")
        if known is not None:
            self._known[place] = known  # the last in the order: what was asked for longest ago goes first
        while len(self._known) > MOST:
            self._forget(next(iter(self._known)))
        return known

    def _cut(self, chosen: dict[str, list[Stored]], place: Place, version: str) -> PackEntry | None:
        """Runs in a real thread."""
        from server.packs.own import Label, write  # what reads tiles is loaded where there are own objects

        if not self._swept:
            shutil.rmtree(self._folder, ignore_errors=True)  # of a server that was killed
            self._swept = True
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        situation, mission = place
        name = id_of(*place)
        label = Label(id=name, title=TITLE, version=version, mission=mission, situation=situation)
        return write(self._objects, chosen, label, self._folder / f"{name}-{version}.pack")

    def _forget(self, place: Place) -> None:
        self.path(self._known.pop(place)).unlink(missing_ok=True)


def _chosen(objects: Objects, place: Place, where: LonLat) -> tuple[dict[str, list[Stored]], str]:
    """The objects by layer, and the version of what a pack with them would hold. Runs in a real thread."""
    from server.packs.cut import FORMAT
    from server.packs.own_plans import OWN_PARTS

    reader = Reader(role=ROLE, missions=(where,))
    told: list[object] = [FORMAT, [(part.name, part.version) for part in OWN_PARTS], place]
    chosen = {}
    for name, one in sorted(objects.settings.items()):
        rows = objects.find(name, reader) if one.mission_only else []
        if rows:
            chosen[name] = rows
            told.append((name, objects.state(name).version, [stored.own.key for stored in rows]))
    return chosen, hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]
