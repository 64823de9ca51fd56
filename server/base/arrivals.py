"""When units arrive: a deriver (server/derive.py) that asks the roads, and learns how fast they are really driven.

A unit on its way to an open mission gets an approach; it is worked out anew when the unit has moved `MOVED_M`, or after
`AGAIN_S` if it moved at all, when the mission moved, or when something stands on its way or has gone from it. What was
driven since the last time is compared with what was foretold: the factor on the speed of each road class follows,
weighted by the seconds on it (docs/adr/0087).
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from math import exp
from typing import Any

import msgspec
import shapely

from layers.approach import NAME, current, is_on_the_way
from layers.assignment import mission_of
from layers.content import Approach, Content, Unit
from layers.geo import as_shape, centre, distance_m
from layers.missions import OPEN, state
from layers.picture import Picture
from layers.position import place
from layers.records import GEOMETRY, Record
from layers.wire import Feature
from server.base.base import Bases
from server.base.road_costs import FASTEST, SLOWEST
from server.base.routing import Avoid, Route, Router
from server.base.vehicles import profile_of
from server.base.ways import Ways
from server.deriver import Question
from server.obstacles import obstacles

MOVED_M, AGAIN_S, LEAST_M = 100.0, 15.0, 20.0
LEARN_S = 120.0
"""After so many seconds on a class of roads what was known of it counts a third."""
LEARN_LEAST_M, LEARN_MOST_S = 60.0, 180.0
ROUNDED = 0.05
"""Factors are applied in such steps, so that costs are not computed anew for every unit."""
MOST_POSITIONS, SIMPLER_DEG = 500, 2e-5
MOST_PACES = 50
REST = timedelta(seconds=5)
"""No unit is routed more often, whatever happens."""


class Arrivals:
    """See the module."""

    source = "base/router"

    def __init__(self, bases: Bases, ways: Ways, closures: Callable[[datetime], list[Avoid]] = lambda _now: []) -> None:
        self._bases, self._closures = bases, closures
        self._ways = ways

    @property
    def ready(self) -> bool:
        """Once there is base data."""
        return self._bases.current is not None

    def rests_until(self, picture: Picture, subject: str) -> datetime | None:
        """`REST` after its last approach."""
        unit = picture.book.record(subject, "unit")
        claim = None if unit is None else unit.claim(NAME)
        return None if claim is None else claim.received_at + REST

    def concerns(self, feature: Feature) -> Iterable[str]:
        """A unit on its way; the units of a mission."""
        said = feature["properties"]
        if said["layer"] == "units" and said["part"] == "unit" and said["mission"] is not None:
            return (feature["id"],)
        if said["layer"] == "missions" and said["state"] == OPEN:
            return tuple(said["units"])
        return ()

    def surroundings(self, picture: Picture, now: datetime) -> Hashable:
        """What stands in the way anywhere."""
        base = self._bases.current
        return None if base is None else (base.manifest.version, _told(obstacles(picture) + self._closures(now)))

    def surrounded(self, picture: Picture) -> Iterable[str]:
        """Every unit that has an approach: `ask` knows whether it concerns its way."""
        book = picture.book
        return [name for name in picture.subjects("unit") if current(book, book.records[name]) is not None]

    def ask(self, picture: Picture, subject: str) -> Question | None:
        """Where the unit is and goes, if that is to be worked out anew."""
        book, base = picture.book, self._bases.current
        unit = book.record(subject, "unit")
        if unit is None or base is None or not is_on_the_way(book, unit):
            return None
        mission = book.record(mission_of(book, unit) or "", "mission")
        here, there = unit.get(GEOMETRY), None if mission is None else place(mission)
        if mission is None or here is None or there is None or state(mission, book.time()) != OPEN:
            return None
        in_the_way = obstacles(picture) + self._closures(book.time())
        goal, start = centre(there), centre(here)
        basis = partial(_basis, base.manifest.version, mission.subject, goal)
        claim, status, before = unit.claim(GEOMETRY), unit.claim("fms_status"), unit.claim(NAME)
        assert claim is not None
        # A unit that stood at its station since it last told its position sets out when it says so.
        since = claim.observed_at if status is None else max(claim.observed_at, status.observed_at)
        known: Approach | None = unit.get(NAME)
        changed = known is not None and known.basis != basis(_met(known, in_the_way))
        if not _is_due(unit, changed, start, since):
            return None
        return Question(
            subject=subject,
            # With what it replaces: a closure that comes and goes between two reports leads back to an earlier answer.
            basis=f"{claim.id} {since.isoformat()} {basis(in_the_way)} {'' if before is None else before.id}",
            observed_at=since,
            data={
                "base": base,
                "mission": mission.subject,
                "start": start,
                "goal": goal,
                "profile": profile_of(unit.get("vehicle_type"), unit.get("call_sign"), self._ways.profiles),
                "in_the_way": in_the_way,
                "basis": basis,
                "pace": dict(unit.get("pace") or {}),
                "common": _common_pace(picture),
                "driven": _driven(unit, start, since),
            },
        )

    def answer(self, question: Question) -> Content | None:
        """The approach, and what was learned on the way to here. Raises GraphError where the base has no roads."""
        asked = question.data
        router: Router = asked["base"].get(self._ways)
        learned = _learned(router, asked, question.observed_at)
        pace = {name: _stepped(factor) for name, factor in {**asked["common"], **learned}.items()}
        when, in_the_way = question.observed_at, asked["in_the_way"]
        found = router.route(asked["start"], asked["goal"], asked["profile"], in_the_way, pace, when)
        if not isinstance(found, Route):
            return Unit(approach=None)
        line = shapely.LineString(found.geometry["coordinates"]).simplify(SIMPLER_DEG)
        told = Approach(
            mission=asked["mission"],
            profile=asked["profile"],
            eta_at=question.observed_at + timedelta(seconds=round(found.duration_s)),
            eta_s=float(round(found.duration_s)),
            length_m=float(round(found.length_m)),
            walk_m=float(round(found.walk_m)),
            detour_s=float(round(found.detour_s)),
            avoided=tuple(found.avoided),
            passes=tuple(found.passes),
            uncertain=tuple(found.uncertain),
            basis="",
            line=tuple((round(lon, 6), round(lat, 6)) for lon, lat in line.coords)[:MOST_POSITIONS],
        )
        told = msgspec.structs.replace(told, basis=asked["basis"](_met(told, asked["in_the_way"])))
        return Unit(approach=told, pace=learned) if learned else Unit(approach=told)


def _told(in_the_way: Iterable[Avoid]) -> bytes:
    return msgspec.json.encode([(one.name, one.slow, one.geometry) for one in in_the_way])


def _basis(version: str, mission: str, goal: tuple[float, float], in_the_way: Iterable[Avoid]) -> str:
    told = f"{version} {mission} {goal[0]:.5f} {goal[1]:.5f} "
    return sha256(told.encode() + _told(in_the_way)).hexdigest()[:16]


def _met(approach: Approach, in_the_way: Sequence[Avoid]) -> list[Avoid]:
    """What of it an approach leads around or through, or now would: the rest does not concern it."""
    if not in_the_way:
        return []
    names, line = {*approach.avoided, *approach.passes}, shapely.LineString(approach.line)
    return [one for one in in_the_way if one.name in names or as_shape(one.geometry).intersects(line)]


def _is_due(unit: Record, changed: bool, start: tuple[float, float], observed_at: Any) -> bool:
    known, claim = unit.get(NAME), unit.claim(NAME)
    if claim is None:
        return True
    if observed_at <= claim.observed_at:
        # Of this position it is known already, unless something else has changed. No way is not asked for again.
        return changed
    if known is None or changed:
        return True
    moved_m = distance_m(*start, *known.line[0])
    return moved_m >= MOVED_M or (moved_m >= LEAST_M and observed_at - claim.observed_at >= timedelta(seconds=AGAIN_S))


def _driven(unit: Record, here: tuple[float, float], observed_at: Any) -> tuple[tuple[float, float], float] | None:
    """From where to here the unit drove since its approach was worked out, and the seconds; None: nothing to learn."""
    known, claim = unit.get(NAME), unit.claim(NAME)
    if known is None or claim is None:
        return None
    seconds = (observed_at - claim.observed_at).total_seconds()
    far_enough = distance_m(*here, *known.line[0]) >= LEARN_LEAST_M
    return (known.line[0], seconds) if far_enough and 0 < seconds <= LEARN_MOST_S else None


def _learned(router: Router, asked: Mapping[str, Any], when: datetime) -> dict[str, float]:
    """The unit's own factors after the stretch that it drove."""
    known: dict[str, float] = asked["pace"]
    if asked["driven"] is None:
        return known
    (start, seconds), pace = asked["driven"], {name: _stepped(factor) for name, factor in known.items()}
    driven = router.route(start, asked["start"], asked["profile"], (), pace, when)
    if not isinstance(driven, Route) or driven.duration_s < 1.0:
        return known
    if driven.length_m > 3.0 * distance_m(*start, *asked["start"]):
        return known  # it went another way than we think
    ratio = min(2.5, max(0.4, driven.duration_s / seconds))
    learned = dict(known)
    for name, spent_s in driven.class_s.items():
        weight = 1.0 - exp(-spent_s / LEARN_S)
        before = known.get(name, asked["common"].get(name, 1.0))
        learned[name] = round(min(FASTEST, max(SLOWEST, before * ratio**weight)), 3)
    return learned


def _common_pace(picture: Picture) -> dict[str, float]:
    """What all units together know, by road class: for one that has not driven there itself."""
    gathered: dict[str, list[float]] = {}
    paces = (picture.book.records[subject].get("pace") for subject in picture.subjects("unit"))
    for pace in [pace for pace in paces if pace][:MOST_PACES]:
        for name, factor in pace.items():
            gathered.setdefault(name, []).append(factor)
    return {name: sum(factors) / len(factors) for name, factors in sorted(gathered.items())}


def _stepped(factor: float) -> float:
    return round(round(factor / ROUNDED) * ROUNDED, 2)
