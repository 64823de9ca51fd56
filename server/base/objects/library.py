"""The server's own objects: brought up to date while it runs, asked by role. The one place that knows the audience."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from layers.geo import distance_to_m
from server import runtime
from server.base.objects.bring import PLANS, bring
from server.base.objects.plan_links import News, failing, look
from server.base.objects.plans import PlanStore
from server.base.objects.same import FACTS, facts, osm
from server.base.objects.settings import ObjectSettings
from server.base.objects.store import Box, Layer, State, Stored

log = logging.getLogger("lagebild.objects")
ROUND_S = 5.0
LonLat = tuple[float, float]


class Reader(Struct, frozen=True, kw_only=True):
    """Who asks: a role, and for a crew where its open missions are."""

    role: str
    missions: tuple[LonLat, ...] = ()


class Objects:
    """Safe for several threads. `start` keeps the layers up to date."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, ObjectSettings],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder, self.settings = folder, dict(settings)
        self._now = now
        self.on_news: Callable[[str, News], None] = lambda _layer, _news: None
        """Hears when an address of a plan begins to fail, and when it gave its plan again."""
        self._layers = {name: Layer(folder, name) for name in self.settings}
        self._stopped = threading.Event()
        self._seen: dict[str, tuple[tuple[int, int] | None, list[Stored]]] = {}
        self._types: dict[str, tuple[tuple[int, int], frozenset[str]]] = {}
        self._boxes: dict[str, tuple[tuple[int, int], Box | None]] = {}
        self._lock = runtime.native_lock()

    def start(self) -> None:
        """Begin to look after the sources."""
        if self.settings:
            runtime.spawn(self._run, name="objects")

    def stop(self) -> None:
        """End after the source under way."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.refresh()
            self._stopped.wait(ROUND_S)

    def refresh(self) -> None:
        """Bring up to date what is due. A layer that cannot be is logged; what was there stays."""
        for name, one in self.settings.items():
            if self._stopped.is_set():
                return
            try:
                self._refresh(name, one)
                if one.plan_origins:
                    self._look_at_links(name, one)
            except (OSError, sqlite3.Error) as error:  # our own disk: tried again with the next round
                log.warning("own objects", extra={"layer_name": name, "reason": str(error)})

    def _refresh(self, name: str, one: ObjectSettings) -> None:
        layer = self._layers[name]
        state = runtime.offload(layer.state)
        if self._is_due(one, state):
            fresh = self._bring(layer, one)
            if fresh.trouble is not None:
                log.warning("own objects", extra={"layer_name": name, "reason": fresh.trouble})
            elif fresh.version != state.version:
                log.info("own objects", extra={"layer_name": name, "version": fresh.version, "count": fresh.count})
                runtime.offload(self._drop_plans)

    def _look_at_links(self, name: str, one: ObjectSettings) -> None:
        """Ask for the plans that the source names by address, where they are due."""
        changed, told = look(self._layers[name], one, self._now)
        for news in told:
            reason = {"reason": news.reason, "count": news.count} if news.reason else {"reason": "it is there again"}
            log.warning("plan of own objects", extra={"layer_name": name, "address": news.address, **reason})
            self.on_news(name, news)
        if changed:
            runtime.offload(self._drop_plans)

    def _drop_plans(self) -> None:
        """Delete plans that no layer has any more, nor one that is no longer in the settings."""
        self.plans.keep_only(key for layer in self._layers.values() for key in layer.state().plans)

    def _bring(self, layer: Layer, one: ObjectSettings) -> State:
        if one.is_remote:
            return bring(layer, one, self._now)  # waits for the network: green, not in one of the few real threads
        return runtime.offload(bring, layer, one, self._now)

    def _is_due(self, one: ObjectSettings, state: State) -> bool:
        if not one.is_remote or state.checked_at is None:
            return True  # a look at a file costs nothing
        return (self._now() - datetime.fromisoformat(state.checked_at)).total_seconds() >= one.refresh_s

    # -- asked by role -------------------------------------------------------------------------------------------------

    def names(self, role: str) -> list[str]:
        """The layers that a role may see."""
        return [name for name, one in self.settings.items() if role in one.audience]

    def state(self, name: str) -> State:
        """How a layer's source stands."""
        return self._layers[name].state()

    def plans_failing(self, name: str) -> int:
        """How many addresses of plans of a layer give none."""
        return len(failing(self._layers[name])) if self.settings[name].plan_origins else 0

    def box(self, name: str) -> Box | None:
        """What a layer's objects lie in; for who sees all of them."""
        layer = self._layers[name]
        mark = _mark(layer)
        if mark is None:
            return None
        with self._lock:
            known = self._boxes.get(name)
            if known is None or known[0] != mark:
                known = self._boxes[name] = (mark, layer.box())
            return known[1]

    def geometries(self, name: str) -> frozenset[str]:
        """The GeoJSON types of geometry in a layer; for who sees all of it."""
        layer = self._layers[name]
        mark = _mark(layer)
        if mark is None:
            return frozenset()
        with self._lock:
            known = self._types.get(name)
        if known is None or known[0] != mark:
            known = self._types[name] = (mark, frozenset(one.own.geometry["type"] for one in self._all(name)))
        return known[1]

    def find(self, name: str, reader: Reader, box: Box | None = None, limit: int | None = None) -> list[Stored]:
        """The objects of a layer that the reader may see, within the box; nothing of a layer that is not his."""
        one = self.settings.get(name)
        if one is None or reader.role not in one.audience:
            return []
        if not self._is_near_only(one, reader):
            everything = box is None and limit is None
            return list(self._all(name)) if everything else self._layers[name].read(box, limit)
        found = [stored for stored in self._layers[name].read(box) if self._is_at_hand(one, stored, reader)]
        return found[:limit]

    def get(self, name: str, key: str, reader: Reader) -> Stored | None:
        """An object, None as well for who may not see it."""
        one = self.settings.get(name)
        if one is None or reader.role not in one.audience:
            return None
        stored = self._layers[name].get(key)
        if stored is None or (self._is_near_only(one, reader) and not self._is_at_hand(one, stored, reader)):
            return None
        return stored

    @property
    def plans(self) -> PlanStore:
        """Where plans lie; only for who got the object they belong to."""
        return PlanStore(self.folder / PLANS, 0)

    @staticmethod
    def _is_near_only(one: ObjectSettings, reader: Reader) -> bool:
        return one.mission_only and reader.role != "control"

    @staticmethod
    def _is_at_hand(one: ObjectSettings, stored: Stored, reader: Reader) -> bool:
        return any(distance_to_m(stored.own.geometry, *place) <= one.mission_m for place in reader.missions)

    # -- for ways and water --------------------------------------------------------------------------------------------

    def of_kind(self, kind: str) -> Iterable[tuple[str, ObjectSettings, list[Stored]]]:
        """The layers of a kind with all of their objects, read again when their file has changed."""
        for name, one in self.settings.items():
            if one.kind == kind:
                yield name, one, self._all(name)

    def of_layer(self, name: str) -> list[Stored]:
        """All objects of a layer; who asks has looked at its audience."""
        return self._all(name)

    def _all(self, name: str) -> list[Stored]:
        layer = self._layers[name]
        mark = _mark(layer)
        if mark is None:
            return []
        with self._lock:
            known = self._seen.get(name)
            if known is None or known[0] != mark:
                known = self._seen[name] = (mark, layer.read())
            return known[1]


def _mark(layer: Layer) -> tuple[int, int] | None:
    """Changes with a layer's file; None where there is none."""
    try:
        stat = layer.path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino


def feature(
    name: str, one: ObjectSettings, stored: Stored, data_at: str | None, on_map: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """An object as a GeoJSON Feature; empty fields are left out. `on_map`: the water point of the map that it is."""
    own = stored.own
    told: dict[str, Any] = {
        "layer": "objects",
        "part": "own_object",
        "object_layer": name,
        "layer_title": one.title,
        "purpose": one.purpose,
        "kind": one.kind,
        "title": own.title,
        "ref": own.ref,
        "address": own.address,
        "note": own.note,
        "shown": own.shown,
        "valid_from": own.valid_from,
        "valid_to": own.valid_to,
        "hydrant": own.hydrant,
        "diameter_mm": own.diameter_mm,
        "flow_lpm": own.flow_lpm,
        "pressure_bar": own.pressure_bar,
        "data_at": data_at,
        "plans": [
            {"name": plan.name, "mime": plan.mime, "bytes": plan.bytes, "pages": plan.pages} for plan in stored.plans
        ],
    }
    if on_map is not None:
        known = facts(own, on_map)
        told |= {key: known[key] for key in FACTS} | {"hydrant": known["kind"], "same_as": osm(on_map)}
    kept = {key: value for key, value in told.items() if value not in (None, "", {}, [])}
    return {"id": f"own:{name}:{own.key}", "type": "Feature", "geometry": own.geometry, "properties": kept}
