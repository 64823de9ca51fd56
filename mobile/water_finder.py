"""Finds the nearest water by the length of hose in a thread of its own, so that the screen never waits for it."""

import logging
import threading
from dataclasses import dataclass

from mobile import geo, hoses
from mobile.hoses import Cell, Source, Tap
from mobile.pack import Pack
from mobile.shelf import Shelf

log = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Between two searches: a vehicle that drives would else have it search all the time."""
NEAR_ENOUGH_M = 100.0
"""An answer holds for so far round its place, until there is a better one."""
MOVED_M = 25.0
ID = 5
"""Where the id of a water point stands in its row of a cell."""
MAX_CELLS = 60
MAX_OWN = 200


@dataclass(frozen=True)
class Answer:
    """What was found, from where, in which state of the packs; `sources` is None where no pack knows the ways."""

    here: geo.LonLat
    changes: int
    sources: tuple[Source, ...] | None


class WaterFinder:
    """`wanted` says where; `answer` is the newest. Start it once."""

    def __init__(self, shelf: Shelf, limit: int) -> None:
        self._shelf, self._limit = shelf, limit
        self._wanted: geo.LonLat | None = None
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._cells: dict[tuple[int, int, int], Cell | None] = {}
        self._answer: Answer | None = None
        self._thread = threading.Thread(target=self._run, name="water", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End, after a search under way."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def near(self, here: geo.LonLat) -> tuple[Source, ...] | None:
        """The water round a place as far as it is known by now; None where it is not, or not yet."""
        found, changes = self._answer, self._shelf.changes
        far_m = geo.distance_m(found.here, here) if found else 0.0
        if found is None or far_m > MOVED_M or found.changes != changes:
            self._wanted = here
            self._wake.set()
        holds = found is not None and far_m <= NEAR_ENOUGH_M and found.changes == changes
        return found.sources if found is not None and holds else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            here = self._wanted
            if self._stopping.is_set() or here is None:
                continue
            changes = self._shelf.changes
            try:
                self._answer = Answer(here, changes, self._find(here, changes))
            except (ValueError, TypeError, LookupError) as problem:  # a damaged cell: the keeper fetches the pack anew
                log.warning("water by hose: %s", problem)
                self._answer = Answer(here, changes, None)
            self._stopping.wait(PAUSE_S)

    def _find(self, here: geo.LonLat, changes: int) -> tuple[Source, ...] | None:
        pack = self._shelf.with_hoses(here)
        if pack is None:
            return None
        found = hoses.near(lambda x, y: self._cell(pack, changes, x, y), here, self._limit, self._own(here))
        return None if found is None else tuple(found)

    def _own(self, here: geo.LonLat) -> hoses.More:
        def taps(reach_m: float) -> list[Tap]:
            found = self._shelf.water(here, reach_m, MAX_OWN)
            return [Tap(p.id, p.kind, p.ref, p.diameter_mm, p.at) for p in found if p.id.startswith("own:")]

        return taps

    def _cell(self, pack: Pack, changes: int, x: int, y: int) -> Cell | None:
        key = (changes, x, y)
        if key not in self._cells:
            body = pack.hose_cell(x, y)
            while len(self._cells) >= MAX_CELLS:
                self._cells.pop(next(iter(self._cells)))
            self._cells[key] = self._once(hoses.decoded(body)) if body is not None else None
        return self._cells[key]

    def _once(self, cell: Cell | None) -> Cell | None:
        """Without the map's water that is told by the operator's own word."""
        if cell is not None:
            replaced = self._shelf.replaced
            cell["p"] = [row for row in cell["p"] if len(row) <= ID or row[ID] not in replaced]
        return cell
