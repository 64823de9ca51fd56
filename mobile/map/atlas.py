"""The tiles that are ready to be drawn, and the thread that makes them so. Survives a change of colours; no window.

What is wanted is always the newest view: tiles of an older one that nobody has begun are dropped. What was made is kept
up to MAX_COST numbers, the one unused for longest goes first.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable

from mobile import geo
from mobile.map.cut import Cut, cut
from mobile.map.grid import Key
from mobile.mvt import TileError

log = logging.getLogger(__name__)

MAX_COST = 12_000_000
"""Numbers kept: some 50 MB."""
UNDRAWABLE = (ArithmeticError, LookupError, TypeError, ValueError)
"""What a tile that is well formed and makes no sense may raise: it must not end the map."""
Source = Callable[[int, int, int], bytes | None]


class Atlas:
    """`source(zoom, x, y)` gives a tile's bytes. `made` grows with every tile that is ready."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._plane = geo.Plane(0.0, 0.0)
        self._edition = -1
        self._lock = threading.Lock()
        self._todo: list[Key] = []
        self._done: OrderedDict[Key, Cut] = OrderedDict()
        self._cost = 0
        self._turn = 0
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.made, self.bad = 0, 0

    def begin(self, plane: geo.Plane, edition: int) -> None:
        """Another plane, or another edition of the packs: forget what was made."""
        with self._lock:
            if (plane, edition) == (self._plane, self._edition):
                return
            self._plane, self._edition, self._todo, self._cost = plane, edition, [], 0
            self._done.clear()
            self._turn += 1

    def want(self, keys: Iterable[Key]) -> None:
        """Make these, in this order, and nothing else any more."""
        with self._lock:
            self._todo = [key for key in keys if key not in self._done]
            idle = not self._todo
        if idle:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="atlas", daemon=True)
            self._thread.start()
        self._wake.set()

    def get(self, key: Key) -> Cut | None:
        """A tile that is ready."""
        with self._lock:
            found = self._done.get(key)
            if found is not None:
                self._done.move_to_end(key)
            return found

    @property
    def waiting(self) -> int:
        """How many tiles are still to be made."""
        with self._lock:
            return len(self._todo)

    def close(self) -> None:
        """End the thread after the tile it is at."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stopping:
            with self._lock:
                key = self._todo[0] if self._todo else None
                plane, turn = self._plane, self._turn
            if key is None:
                self._wake.wait()
                self._wake.clear()
                continue
            made = self._make(key, plane)
            with self._lock:
                if turn == self._turn:
                    self._keep(key, made)

    def _make(self, key: Key, plane: geo.Plane) -> Cut:
        try:
            data = self._source(key.zoom, key.x, key.y)
            return cut(data, key, plane) if data else Cut()
        except (TileError, *UNDRAWABLE) as problem:
            log.warning("tile %d/%d/%d: %r", key.zoom, key.x, key.y, problem)
        self.bad += 1
        return Cut()

    def _keep(self, key: Key, made: Cut) -> None:
        self._done[key] = made
        self._cost += made.cost
        if key in self._todo:
            self._todo.remove(key)
        while self._cost > MAX_COST and len(self._done) > 1:
            self._cost -= self._done.popitem(last=False)[1].cost
        self.made += 1
