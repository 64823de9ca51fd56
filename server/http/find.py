"""Where something is: GET /base/geocode from words to hits, GET /base/reverse from a position to the nearest address.

Base data are public map data; who asks is limited all the same, since a question costs milliseconds of a core.
"""

from math import ceil, isfinite

import msgspec
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from server import runtime
from server.base.address_text import MAX_CHARS, short_forms
from server.base.base import Base
from server.base.geocode import Answer, Geocoder
from server.base.reverse import Nearby, reverse
from server.http.body import number
from server.http.errors import Problem
from server.http.guard import caller, house, needs
from server.http.picture import VIEWERS
from server.throttle import Throttle

blueprint = Blueprint("find", __name__)
PER_MINUTE, BURST = 240, 40
"""Questions per token: a search box that asks at every pause of typing."""
MOST_HITS = 20
_throttle = Throttle(per_minute=PER_MINUTE, burst=BURST)


def _base() -> Base:
    wait_s = _throttle.take(caller().token_id)
    if wait_s:
        raise Problem(429, "Too many questions.", {"Retry-After": str(ceil(wait_s))})
    found = house().bases.current
    if found is None:
        raise Problem(404, "There is no base data here; `lagebild base build` makes it.")
    return found


def _degrees(name: str, limit: float) -> float | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        value = float(text) if len(text) <= 32 else float("nan")
    except ValueError:
        value = float("nan")
    if not isfinite(value) or abs(value) > limit:
        raise Problem(422, f"{name}: degrees from -{limit:g} to {limit:g}")
    return value


def _place(required: bool) -> tuple[float, float] | None:
    lon, lat = _degrees("lon", 180.0), _degrees("lat", 90.0)
    if lon is None or lat is None:
        if required or lon is not lat:
            raise Problem(422, "lon and lat are needed")
        return None
    return lon, lat


@blueprint.get("/base/geocode")
@needs(*VIEWERS)
def geocode() -> ResponseReturnValue:
    """?q=TEXT&limit=10&lon=&lat= (what is near comes first among equals)"""
    text, limit, near = request.args.get("q", ""), number("limit", 10, 1, MOST_HITS), _place(required=False)
    if not text.strip() or len(text) > MAX_CHARS:
        raise Problem(422, f"q: 1 to {MAX_CHARS} characters")
    base = _base()
    short = short_forms(house().settings.base.short_names)

    def find() -> Answer:
        return base.get(Geocoder).find(text, near, limit, short)

    return Response(msgspec.json.encode(runtime.offload(find)), content_type="application/json")


@blueprint.get("/base/reverse")
@needs(*VIEWERS)
def nearest() -> ResponseReturnValue:
    """?lon=&lat= -> {"found": the nearest address with its distance, or null}"""
    place = _place(required=True)
    assert place is not None
    found: Nearby | None = runtime.offload(reverse, _base(), *place)
    return Response(msgspec.json.encode({"found": found}), content_type="application/json")
