"""Water and ways over HTTP, from the base data. A few questions at once; who comes later is told to ask again."""

import json
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from layers.observation import iso
from server import runtime
from server.base.base import Base
from server.base.hoses import MOST, Hoses
from server.base.objects.ways import closures
from server.base.road_graph import GraphError
from server.base.vehicles import USUAL
from server.base.ways import BadArea, areas_of, route_json, water_json
from server.http.body import moment, number
from server.http.errors import Problem
from server.http.guard import caller, house, needs
from server.http.picture import VIEWERS, find
from server.obstacles import obstacles

T = TypeVar("T")
blueprint = Blueprint("base_ways", __name__)
AT_ONCE = 2
"""A search is Python: more at once would be no faster, and everybody else would wait for them."""
PER_TOKEN = 2
"""Questions of one token, those that wait for a turn among them."""
WAIT_S = 2.0
MAX_AREAS_CHARS = 20_000
_turns = threading.BoundedSemaphore(AT_ONCE)
_asking: Counter[str] = Counter()


@blueprint.get("/base/water")
@needs(*VIEWERS)
def water() -> ResponseReturnValue:
    """?at=<lat,lon>&limit=5"""
    lon, lat = _place("at")
    limit = number("limit", 5, 1, MOST)
    role, own = caller().role, house().own_water

    def look(base: Base) -> list[dict[str, Any]]:
        hoses = base.get(Hoses)
        return water_json(hoses.near(lon, lat, limit, own=own.hung(hoses, role)))

    return jsonify({"water": _asked(look)})


@blueprint.get("/base/route")
@needs(*VIEWERS)
def route() -> ResponseReturnValue:
    """?from=<lat,lon>&to=<lat,lon>&profile=HLF&situation=live&avoid=<GeoJSON>&lang=de&at=<time>

    What stands in the way in the situation is driven around; `avoid` adds to it. Conditions on signs are judged as of
    `at`, by itself the situation's time.
    """
    start, goal, profile = _place("from"), _place("to"), request.args.get("profile", USUAL)
    situation, ways, lang = find(request.args.get("situation")), house().ways, request.args.get("lang", "de")
    if profile not in ways.profiles:
        raise Problem(422, f"profile: one of {', '.join(ways.profiles)}")
    if lang not in ("de", "en"):
        raise Problem(422, "lang: de or en")
    areas, when = _areas(), moment("at") or situation.clock.now()
    with situation.desk.lock:
        areas += obstacles(situation.picture)
    areas += closures(house().objects, situation.clock.now(), caller().role)
    answer = _asked(lambda base: route_json(base.get(ways).route(start, goal, profile, areas, at=when), lang))
    return jsonify({**answer, "situation": situation.id, "status": situation.status, "now": iso(situation.clock.now())})


def _asked(question: Callable[[Base], T]) -> T:
    """The answer of the base data, off the loop. Raises Problem 404 without base data, 503 when too many ask."""
    base = house().bases.current
    if base is None:
        raise Problem(404, "There is no base data; `lagebild base build` makes it.")
    with _turn():
        try:
            return runtime.offload(question, base)
        except GraphError as error:
            raise Problem(404, str(error)) from error


@contextmanager
def _turn() -> Iterator[None]:
    token = caller().token_id
    if _asking[token] >= PER_TOKEN:
        raise Problem(429, "One way after the other.", {"Retry-After": "1"})
    _asking[token] += 1
    try:
        if not _turns.acquire(timeout=WAIT_S):
            raise Problem(503, "Too many ways are being looked for; ask again.", {"Retry-After": "1"})
        try:
            yield
        finally:
            _turns.release()
    finally:
        _asking[token] -= 1
        if not _asking[token]:
            del _asking[token]


def _place(name: str) -> tuple[float, float]:
    """A position from the query, `lat,lon`. Raises Problem 422."""
    text = request.args.get(name, "")
    try:
        lat, lon = (float(part) for part in text[:100].split(","))
    except ValueError:
        raise Problem(422, f"{name}: a position as 51.72,8.75") from None
    if not (math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180):
        raise Problem(422, f"{name}: latitude -90 to 90, longitude -180 to 180")
    return lon, lat


def _areas() -> list[Any]:
    text = request.args.get("avoid")
    if text is None:
        return []
    if len(text) > MAX_AREAS_CHARS:
        raise Problem(422, f"avoid: at most {MAX_AREAS_CHARS} characters")
    try:
        return list(areas_of(json.loads(text)))
    except (BadArea, ValueError, RecursionError) as error:
        raise Problem(422, f"avoid: {error}") from error
