"""Keeps one pack of each area as the base data is: cuts in the background, drops what is no longer in force."""

import logging
import shutil
import sqlite3
import threading
from pathlib import Path

import msgspec

from server import runtime
from server.base.base import Base, BaseError, Bases
from server.base.objects.library import Objects
from server.durable import replace_file
from server.edge import Bug, contained
from server.metrics import Metrics
from server.packs.area import PackArea, PackEntry
from server.packs.mission import MissionPacks

log = logging.getLogger("lagebild.packs")

ROUND_S = 5.0
OWN = "eigene-objekte"
"""Id of the pack of own objects, which is for crews alone."""
WHOLE = "gebiet"
"""Id of the one pack that there is where the settings name no areas: all of the base data."""
RESERVE_BYTES = 256 * 1024**2
"""Space that packs leave free on the server's disk: the journal comes first."""


class PackStore:
    """`refresh` brings everything up to date; `start` does so every few seconds, while other things go on."""

    def __init__(
        self,
        folder: Path,
        bases: Bases,
        areas: tuple[PackArea, ...],
        own: Objects | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._folder, self._bases, self._areas, self._own = folder, bases, areas, own
        self._metrics = metrics
        self._entries: dict[str, PackEntry] = {}
        self._own_entry: PackEntry | None = None
        self.missions = MissionPacks(folder / "missions", own, self._count) if own is not None else None
        """Those that are bound to missions; None where there are no own objects at all."""
        self._own_done: str | None = None
        self._done: str | None = None
        self._stopped = threading.Event()
        self.building = False

    def start(self) -> None:
        """Begin to look after the packs."""
        self.building = self._bases.current is not None
        runtime.spawn(self._run, name="packs")

    def stop(self) -> None:
        """End after the pack under way."""
        self._stopped.set()

    def _run(self) -> None:
        while True:
            try:
                contained(self.refresh)
            except Bug:
                log.exception("packs were not looked after")
            if self._stopped.wait(ROUND_S):
                return

    @property
    def entries(self) -> list[PackEntry]:
        """The packs that are ready, by id."""
        own = [] if self._own_entry is None else [self._own_entry]
        return sorted([*self._entries.values(), *own], key=lambda entry: entry.id)

    @property
    def areas(self) -> list[str]:
        """The ids that there are to be packs of, also where one cannot be cut just now: of them tablets delete none."""
        return [area.id for area in self._areas] or [WHOLE]

    def get(self, name: str) -> PackEntry | None:
        """A pack that is ready."""
        return next((entry for entry in self.entries if entry.id == name), None)

    def path(self, entry: PackEntry) -> Path:
        """Its file."""
        return self._folder / f"{entry.id}-{entry.version}.pack"

    def refresh(self) -> None:
        """Cut what is missing or outdated. What goes wrong is logged and tried again with the next base data."""
        self._refresh_own()
        base = self._bases.current
        wanted = f"{base.manifest.version} {base.manifest.built_at}" if base else ""
        if wanted == self._done:
            self.building = False
            return
        self.building = True
        try:
            fresh = {}
            for area in self._areas or (PackArea(id=WHOLE, title=base.manifest.name),) if base else ():
                found = runtime.offload(_ready_or_why, self._folder, self._bases.folder, area)
                if isinstance(found, str):
                    log.warning("no pack", extra={"area": area.id, "reason": found})
                    self._count("area", "failed")
                    continue
                entry, is_new = found
                if is_new:
                    self._count("area", "cut")
                fresh[entry.id] = self._entries[entry.id] = entry
                log.info("pack ready", extra={"area": entry.id, "version": entry.version, "bytes": entry.bytes})
            self._entries = fresh
            self._drop_others()
        finally:
            self._done, self.building = wanted, False

    def _refresh_own(self) -> None:
        """Cut the pack of own objects where they changed. What goes wrong is logged; tried again when they change."""
        if self._own is None or not self._own.settings:
            return
        base = self._bases.current
        wanted = runtime.offload(_version_of_own, self._own, base)
        if wanted == self._own_done:
            return
        try:
            self._own_entry = runtime.offload(_cut_own, self._folder, self._own, wanted, base) if wanted else None
        except (OSError, sqlite3.Error) as error:
            log.warning("no pack", extra={"area": OWN, "reason": str(error)})
            self._count("own", "failed")
        else:
            if self._own_entry is not None:
                self._count("own", "cut")
        self._own_done = wanted
        self._drop_others()

    def _count(self, kind: str, outcome: str) -> None:
        if self._metrics is not None:
            self._metrics.packs_cut.labels(kind, outcome).inc()

    def _drop_others(self) -> None:
        """Delete what is not in force: who is reading such a file reads it to its end."""
        if not self._folder.is_dir():
            return
        kept = {path for entry in self.entries for path in (self.path(entry), _note(self.path(entry)))}
        for path in self._folder.iterdir():
            if path not in kept and path.suffix in (".pack", ".json", ".new"):
                path.unlink(missing_ok=True)


def _version_of_own(objects: Objects, base: Base | None) -> str:
    from server.packs.own import version_of  # what reads tiles is loaded where there are own objects

    return version_of(objects, base)


def _cut_own(folder: Path, objects: Objects, version: str, base: Base | None) -> PackEntry | None:
    """Runs in a real thread."""
    from server.packs.own import cut_own

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cut_own(objects, folder / f"{OWN}-{version}.pack", base)


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _ready_or_why(folder: Path, base_folder: Path, area: PackArea) -> tuple[PackEntry, bool] | str:
    """As `_ready`; what base data that is damaged raises is why, so that it takes no other pack along."""
    try:
        return contained(_ready, folder, base_folder, area)
    except Bug as bug:
        return str(bug)


def _ready(folder: Path, base_folder: Path, area: PackArea) -> tuple[PackEntry, bool] | str:
    """The pack of an area, and whether it was cut: it may lie there already; or why it cannot be.

    Runs in a real thread: it touches no lock of the loop's, and so logs nothing.
    """
    from server.packs.cut import PackError, cut, version_of  # what reads tiles is loaded where there are some

    try:
        base = Base.open(base_folder)
    except BaseError as error:
        return str(error)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{area.id}-{version_of(area, base)}.pack"
        found = _kept(path)
        if found is None:
            _check_space(folder, base)
            found = cut(area, base, path)
            replace_file(_note(path), msgspec.json.encode(found))
            return found, True
        return found, False
    except (PackError, OSError, sqlite3.Error) as error:
        return str(error)
    finally:
        base.close()


def _kept(path: Path) -> PackEntry | None:
    """What was noted of a pack that lies there, if its bytes are still those."""
    from server.packs.cut import hash_of

    try:
        entry = msgspec.json.decode(_note(path).read_bytes(), type=PackEntry)
        return entry if path.stat().st_size == entry.bytes and hash_of(path) == entry.sha256 else None
    except (OSError, msgspec.DecodeError):
        return None


def _check_space(folder: Path, base: Base) -> None:
    from server.packs.cut import PackError

    size = sum(path.stat().st_size for path in base.folder.joinpath(base.manifest.version).iterdir())
    if shutil.disk_usage(folder).free < size + RESERVE_BYTES:
        raise PackError("the disk has no space for it")
