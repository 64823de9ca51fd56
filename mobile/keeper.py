"""Keeps the packs of this tablet as the server has them: a thread that lists, downloads, resumes, verifies, deletes.

It never stands in the way of the connection: it has its own requests, and what it knows is read from `state`.
"""

import json
import logging
import random
import sqlite3
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mobile.clock import iso, parse
from mobile.pack import PackError, read_list
from mobile.session import Session, fetch, stream
from mobile.shelf import MAX_PACKS, Offer, Shelf, hash_of
from mobile.store import Store

log = logging.getLogger(__name__)

OFFERED = "packs_offered"
"""Setting: the last list of the server, so that a start without network knows what is missing."""
LOOKED = "packs_looked_at"
"""Setting: when that list came, by the wall clock."""
HOLD = timedelta(hours=24)
"""So long what is bound to a mission is kept without a word of the server: it may have ended unheard of."""
LOOK_EVERY_S = 900.0
MISSION_EVERY_S = 120.0
"""During a mission: what is near it may have changed, or its place."""
BUILDING_EVERY_S = 5.0
RETRY_FIRST_S, RETRY_LIMIT_S = 1.0, 120.0
CHUNK_BYTES = 1 << 16


class Phase(StrEnum):
    """How a pack stands."""

    CURRENT = "current"
    MISSING = "missing"
    OUTDATED = "outdated"
    UNKNOWN = "unknown"
    """On the tablet, and not said by any server whether there is a newer one."""


@dataclass(frozen=True)
class PackState:
    """One pack: what is on the tablet and what the server has. Dates are ISO 8601, "" for none.

    `problem` is "", network, space, damaged or refused; `done` of `bytes` while it is loading.
    """

    id: str
    title: str
    phase: Phase
    have: str = ""
    offered: str = ""
    bytes: int = 0
    done: int = 0
    loading: bool = False
    problem: str = ""
    mission: str = ""


@dataclass(frozen=True)
class PacksState:
    """All packs. `asked` is whether the server was ever heard, `building` whether it is cutting some just now."""

    packs: tuple[PackState, ...] = ()
    asked: bool = False
    building: bool = False

    @property
    def worst(self) -> PackState | None:
        """The pack that a crew has to know about before it leaves; None where all is well."""
        order = (Phase.MISSING, Phase.OUTDATED)
        # A map first: what belongs to a mission is a list beside it.
        found = [pack for pack in self.packs if pack.phase in order]
        return min(found, key=lambda pack: (order.index(pack.phase), bool(pack.mission), pack.id)) if found else None


class Refused(Exception):
    """The server does not give this pack."""


class Keeper:
    """Start it once per session."""

    def __init__(self, session: Session, store: Store, shelf: Shelf) -> None:
        self._session, self._store, self._shelf = session, store, shelf
        self._offers, self._asked = _kept(store), bool(store.setting(OFFERED))
        self._building = False
        self._problems: dict[str, str] = {}
        self._loading: tuple[str, int] = ("", 0)
        self._verified: set[tuple[str, str]] = set()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._failures = 0
        self._missions: frozenset[str] | None = None
        self._thread = threading.Thread(target=self._run, name="packs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End; a download goes on where it was when there is a keeper again."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def follow(self, missions: frozenset[str]) -> None:
        """Tell which open missions are the own ones (their ids): what is bound to any other goes at once."""
        if missions == self._missions:
            return
        first, self._missions = self._missions is None, missions
        self._shelf.keep_missions(missions)
        if missions or not first:
            self.wake()

    def wake(self) -> None:
        """Look now: the network is back, or the crew asks."""
        self._failures = 0
        self._wake.set()

    @property
    def state(self) -> PacksState:
        """How things stand."""
        states = [self._state(offer) for offer in self._offers if self._is_wanted(offer)]
        offered = {offer.id for offer in self._offers}
        for pack in self._shelf.packs:
            if pack.info.id not in offered:
                info = pack.info
                states.append(PackState(info.id, info.title, Phase.UNKNOWN, have=info.data_at, bytes=pack.bytes))
        return PacksState(tuple(states), self._asked, self._building)

    def _state(self, offer: Offer) -> PackState:
        pack = self._shelf.get(offer.id)
        phase = Phase.MISSING
        if pack is not None:
            phase = Phase.CURRENT if pack.info.version == offer.version else Phase.OUTDATED
        loading, done = self._loading
        state = PackState(offer.id, offer.title, phase, offered=offer.data_at, bytes=offer.bytes, mission=offer.mission)
        state = replace(state, problem=self._problems.get(offer.id, ""), have=pack.info.data_at if pack else "")
        return replace(state, loading=True, done=done) if loading == offer.id else state

    # the thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._let_go()
                pause_s = self._once()
            except (OSError, ValueError, sqlite3.Error) as problem:  # of the disk, mostly: the thread goes on
                log.warning("packs: %s", problem)
                pause_s = self._later()
            self._wake.wait(pause_s)

    def _once(self) -> float:
        """Bring everything up to date once; how many seconds to wait before the next look."""
        try:
            self._look()
        except (OSError, ValueError) as problem:
            log.info("no list of packs: %s", problem)
            return self._later()
        wanted = [offer for offer in self._offers if self._is_wanted(offer) and not self._is_here(offer)]
        for offer in wanted:
            if self._stopping.is_set():
                return 0.0
            self._bring(offer)
        if self._missions is not None:
            self._shelf.keep_missions(self._missions)  # one may have ended while its pack came
        if any(self._problems.values()):
            return self._later()
        self._failures = 0
        if self._building:
            return BUILDING_EVERY_S
        return MISSION_EVERY_S if self._missions else LOOK_EVERY_S

    def _is_wanted(self, offer: Offer) -> bool:
        """Not what is bound to a mission that the picture does not show, or no longer."""
        return not offer.mission or (self._missions is not None and offer.mission in self._missions)

    def _let_go(self) -> None:
        """Delete what is bound to missions where the server was not heard for long."""
        looked = parse(self._store.setting(LOOKED)) if self._store.setting(LOOKED) else None
        if looked is None or datetime.now(UTC) - looked > HOLD:
            self._shelf.keep_missions(())

    def _later(self) -> float:
        self._failures += 1
        limit_s = min(RETRY_LIMIT_S, RETRY_FIRST_S * 2.0 ** min(self._failures, 10))
        return limit_s * random.uniform(0.5, 1.0)  # a fleet must not return as one

    def _look(self) -> None:
        """Ask what there is. Deletes what is no area of the server's any more: one that it cannot cut just now, or a
        server that has lost its base data, is no reason to lose a map.
        """
        situation = urllib.parse.quote(self._session.situation)
        status, body, _ = fetch(f"{self._session.server}/packs?situation={situation}", token=self._session.token)
        if status != 200:
            raise ValueError(f"HTTP {status}")
        offers = [Offer.of(entry) for entry in read_list(body)[:MAX_PACKS]]
        told = json.loads(body)
        self._building = bool(told.get("building"))
        self._offers, self._asked = offers, True
        try:
            self._store.set_setting(OFFERED, body.decode())
            self._store.set_setting(LOOKED, iso(datetime.now(UTC)))
        except sqlite3.Error as problem:
            log.warning("list of packs not kept: %s", problem)
        names = {offer.id for offer in offers}
        self._problems = {name: problem for name, problem in self._problems.items() if name in names}
        areas = told.get("areas")
        areas = areas if isinstance(areas, list) else []
        for pack in self._shelf.packs:
            if pack.info.id not in names and (pack.info.mission or (areas and pack.info.id not in areas)):
                self._shelf.remove(pack.info.id)
                self._shelf.sweep(None, pack.info.id)

    def _is_here(self, offer: Offer) -> bool:
        """Whether the pack on the tablet is the one on offer, byte for byte; that is read once per start."""
        pack = self._shelf.get(offer.id)
        if pack is None or pack.info.version != offer.version:
            return False
        if (offer.id, offer.sha256) not in self._verified:
            if pack.bytes != offer.bytes or hash_of(pack.path) != offer.sha256:
                log.warning("pack %s is damaged or was cut anew", offer.id)
                return False
            self._verified.add((offer.id, offer.sha256))
        return True

    def _bring(self, offer: Offer) -> None:
        self._shelf.sweep(offer)
        self._problems[offer.id] = ""
        if not self._shelf.room_for(offer):
            self._problems[offer.id] = "space"
            return
        failures = self._failures
        try:
            download(self._session, offer, self._shelf, self._told(offer), self._stopping)
            if not self._stopping.is_set():
                self._shelf.install(offer)
                self._verified.add((offer.id, offer.sha256))
        except PackError as problem:
            log.warning("pack not kept: %s", problem)
            self._problems[offer.id] = "damaged"
            self._failures = failures  # bytes came, but no pack: not to be asked for again and again
        except Refused as problem:
            log.warning("pack not given: %s", problem)
            self._problems[offer.id] = "refused"
        except OSError as problem:
            log.info("download ended: %s", problem)
            self._problems[offer.id] = "network"
        finally:
            self._loading = ("", 0)

    def _told(self, offer: Offer) -> Callable[[int], None]:
        def tell(done: int) -> None:
            self._loading = (offer.id, done)
            self._failures = 0

        return tell


def download(
    session: Session, offer: Offer, shelf: Shelf, tell: Callable[[int], None], stopping: threading.Event
) -> None:
    """Fetch what of a pack is not there yet; `tell` hears how many bytes are.

    Raises OSError when the network fails (what came stays, to be gone on from) and Refused when the server does.
    """
    part = shelf.part(offer)
    there = part.stat().st_size if part.exists() else 0
    if there > offer.bytes:
        part.unlink()
        there = 0
    if there == offer.bytes:
        return
    # If-Range: a server that has another version meanwhile sends all of it, with 200, and not another's end.
    headers = {"Range": f"bytes={there}-", "If-Range": f'"{offer.sha256}"'} if there else {}
    url = f"{session.server}/packs/{urllib.parse.quote(offer.id)}?version={urllib.parse.quote(offer.version)}"
    url += f"&situation={urllib.parse.quote(session.situation)}" if offer.mission else ""
    with stream(url, token=session.token, headers=headers) as answer:
        if answer.status == 416:
            part.unlink(missing_ok=True)
            raise OSError("the server has no such part; the next try begins anew")
        if answer.status not in (200, 206):
            raise Refused(f"HTTP {answer.status}")
        if answer.status == 206 and not str(answer.headers.get("Content-Range", "")).startswith(f"bytes {there}-"):
            raise OSError("another part than was asked for")
        with part.open("ab" if answer.status == 206 else "wb") as file:
            done = file.tell()
            tell(done)
            while done < offer.bytes and not stopping.is_set():
                chunk = answer.read(min(CHUNK_BYTES, offer.bytes - done))
                if not chunk:
                    raise OSError("cut off")
                file.write(chunk)
                done += len(chunk)
                tell(done)


def _kept(store: Store) -> list[Offer]:
    try:
        return [Offer.of(entry) for entry in read_list(store.setting(OFFERED, '{"packs": []}').encode())[:MAX_PACKS]]
    except ValueError:
        return []
