"""What was built, opened: `Base.open(folder)` for commands and server; each reader is made once, when first asked for.

Layout of the folder: `base.json`, the manifest, names the version in force; its files lie in a folder of that name. A
new build writes its own folder and then replaces the manifest, so nobody ever sees half of one.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from server import runtime
from server.base.parts import SCHEMA, missing

T = TypeVar("T")
log = logging.getLogger("lagebild.base")
MANIFEST = "base.json"
DATABASE = "base.db"
TILES = "tiles.pmtiles"
ATTRIBUTION = "© OpenStreetMap contributors"


class BaseError(Exception):
    """There is no base data, or it cannot be used; the message is for the operator."""


class Manifest(Struct, frozen=True, kw_only=True):
    """What was built from what."""

    name: str
    bbox: tuple[float, float, float, float]
    """West, south, east, north in degrees."""
    built_at: str
    extract: str
    """Name of the file it was built from."""
    extract_sha256: str
    version: str
    """Hash over everything that was built: equal versions are equal data."""
    complete: bool
    """False where the extract broke off: what came before is here."""
    counts: dict[str, dict[str, int]]
    """By part."""
    problems: dict[str, int]
    examples: dict[str, list[str]]
    attribution: str = ATTRIBUTION
    schema: int = 0
    """Version of tables and files (parts.SCHEMA)."""
    broken_off: str | None = None
    """Why the extract could not be read to its end; None where it is complete."""


class Base:
    """The base data of one folder. Safe for several threads; every thread gets its own connection."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._local = threading.local()
        self._lock = runtime.native_lock()
        self._readers: dict[Callable[[Base], Any], Any] = {}

    @classmethod
    def open(cls, folder: Path) -> "Base":
        """Raises BaseError where nothing was built, or what was built cannot be read by this version."""
        try:
            manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        except FileNotFoundError:
            raise BaseError(f"there is no base data in {folder}; `lagebild base build` makes it") from None
        except (OSError, msgspec.DecodeError) as error:
            raise BaseError(f"{folder / MANIFEST}: {error}") from error
        lacking = missing(manifest.counts)
        if lacking or manifest.schema != SCHEMA:
            why = f"without {', '.join(lacking)}" if lacking else "in another form"
            raise BaseError(f"{folder} was built by another version of Lagebild, {why}; build the base data again")
        base = cls(folder, manifest)
        if not base.file(DATABASE).is_file():
            raise BaseError(f"{base.file(DATABASE)} is missing; build the base data again")
        return base

    def file(self, name: str) -> Path:
        """Where a file of this version lies, such as `tiles.pmtiles`."""
        return self.folder / self.manifest.version / name

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection to base.db, read only, rows by name."""
        found = getattr(self._local, "db", None)
        if found is None:
            found = sqlite3.connect(f"{self.file(DATABASE).absolute().as_uri()}?mode=ro&immutable=1", uri=True)
            found.row_factory = sqlite3.Row
            self._local.db = found
        return cast(sqlite3.Connection, found)

    def get(self, reader: Callable[["Base"], T]) -> T:
        """The one `reader(base)` of this base, such as `base.get(Addresses)`; made when first asked for."""
        with self._lock:
            if reader not in self._readers:
                self._readers[reader] = reader(self)
            return cast(T, self._readers[reader])

    def close(self) -> None:
        """End this thread's connection and every reader that can be closed."""
        found = getattr(self._local, "db", None)
        if found is not None:
            found.close()
            self._local.db = None
        with self._lock:
            for reader in self._readers.values():
                if callable(close := getattr(reader, "close", None)):
                    close()
            self._readers.clear()


class Bases:
    """The server's base data: opened when it is there, opened anew when another version was built meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: tuple[int, int] | None = None
        self._base: Base | None = None
        self._lock = runtime.native_lock()

    @property
    def current(self) -> Base | None:
        """None: nothing was built yet, or it cannot be used."""
        try:
            stat = (self.folder / MANIFEST).stat()
        except OSError:
            return None
        with self._lock:
            seen = (stat.st_mtime_ns, stat.st_ino)
            if seen != self._seen:
                try:
                    self._base = Base.open(self.folder)
                except BaseError as error:
                    log.warning("no base data", extra={"reason": str(error)})
                    self._base = None
                self._seen = seen
            return self._base
