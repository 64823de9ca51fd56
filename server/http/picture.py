"""The picture over HTTP: the same features as on the wire, as one GeoJSON FeatureCollection, now or as it was."""

from datetime import datetime
from math import ceil
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from layers.observation import iso
from layers.picture import Picture
from layers.views import View, layers_for
from server import runtime
from server.access import PERSONAL_ROLES, Principal, Role
from server.base.base import Base
from server.http.body import moment
from server.http.errors import Problem
from server.http.guard import caller, entered, house, needs
from server.http.nearest import with_addresses
from server.situations import Situation
from server.throttle import Throttle

blueprint = Blueprint("picture", __name__)
PER_MINUTE, BURST = 60, 20
"""Pictures with addresses per token: each costs some hundred look-ups."""
_throttle = Throttle(per_minute=PER_MINUTE, burst=BURST)
VIEWERS = (Role.CONTROL, Role.CREW, Role.PLANNER, Role.LIAISON, Role.ADMIN)


def find(situation: str | None) -> Situation:
    """The situation the caller means. Raises Problem 403, 404."""
    chosen = entered(situation)
    try:
        return house().situations.get(chosen)
    except KeyError:
        raise Problem(404, f"There is no situation {chosen!r}.") from None


def chosen_layers(role: str) -> tuple[str, ...] | None:
    """The layers asked for, None for all. Raises Problem 422 for a layer that the role does not have."""
    text = request.args.get("layers")
    if text is None:
        return None
    wanted = {name for name in text.split(",") if name}
    unknown = wanted - set(layers_for(role))
    if unknown:
        raise Problem(422, f"layers: not known or not open to the role: {', '.join(sorted(unknown)[:5])}")
    return tuple(name for name in layers_for(role) if name in wanted)


@blueprint.get("/picture")
@needs(*VIEWERS)
def picture() -> ResponseReturnValue:
    """?situation=live&at=<time>&layers=a,b&addresses=nearest"""
    who, situation, at = caller(), find(request.args.get("situation")), moment("at")
    layers = chosen_layers(who.role)
    if at is not None or who.role in PERSONAL_ROLES:
        house().audit.append("picture", who, situation.id, at=None if at is None else iso(at), layers=layers)
    addresses = _addresses()
    rev, now, features = seen(situation, who, layers, at)
    if addresses is not None:
        features = runtime.offload(with_addresses, features, addresses)
    answer = {
        "type": "FeatureCollection",
        "situation": situation.id,
        "title": situation.title,
        "status": situation.status,
        "epoch": situation.epoch,
        "rev": rev,
        "now": iso(now),
        "features": features,
    }
    body = runtime.offload(msgspec.json.encode, answer)
    return Response(body, content_type="application/geo+json")


def _addresses() -> Base | None:
    """The base data, where the nearest addresses are asked for and there is some. Raises Problem 422, 429."""
    wanted = request.args.get("addresses")
    if wanted is None:
        return None
    if wanted != "nearest":
        raise Problem(422, "addresses: nearest")
    wait_s = _throttle.take(caller().token_id)
    if wait_s:
        raise Problem(429, "Too many questions.", {"Retry-After": str(ceil(wait_s))})
    return house().bases.current


def seen(
    situation: Situation, who: Principal, layers: tuple[str, ...] | None, at: datetime | None
) -> tuple[int, datetime, list[Any]]:
    """Revision, time and features (some of them JSON already) of the picture now or as it was. Raises Problem 422."""
    return _now(situation, who, layers) if at is None else _then(situation, who, layers, at)


def _now(situation: Situation, who: Principal, layers: tuple[str, ...] | None) -> tuple[int, datetime, list[Any]]:
    rev, features = house().sync.read(situation, View(role=who.role, unit=who.unit), layers)
    return rev, situation.clock.now(), features


def _then(
    situation: Situation, who: Principal, layers: tuple[str, ...] | None, at: datetime
) -> tuple[int, datetime, list[Any]]:
    if at > situation.clock.now():
        raise Problem(422, "at: this has not happened yet")
    then: Picture = house().situations.as_of(situation, at)
    view = View(role=who.role, unit=who.unit, layers=layers)
    return then.rev, at, runtime.offload(_shown, then, view)


def _shown(picture: Picture, view: View) -> list[Any]:
    return [shown for feature in picture.features.values() if (shown := view.show(feature, picture)) is not None]
