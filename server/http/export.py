"""A situation as a file (GET /export.kml, .kmz, .gpkg), under the view of the role; noted in the audit trail."""

from collections.abc import Callable
from math import ceil
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from layers.observation import iso
from server import runtime
from server.exports import Snapshot, gpkg, kml, snapshot
from server.http.body import moment, number
from server.http.errors import Problem
from server.http.guard import caller, house, needs
from server.http.picture import VIEWERS, chosen_layers, find, seen
from server.situations import Situation
from server.throttle import Throttle

blueprint = Blueprint("export", __name__)
PER_MINUTE, BURST = 60, 20
"""Files per token: each is the whole situation."""
LEAST_REFRESH_S, MOST_REFRESH_S = 10, 3_600
_throttle = Throttle(per_minute=PER_MINUTE, burst=BURST)


@blueprint.get("/export.kml")
@needs(*VIEWERS, basic=True)
def export_kml() -> ResponseReturnValue:
    """?situation=live&at=<time>&layers=a,b; with &refresh_s=30 a link that the viewer follows that often."""
    return _linked("kml") or _file(kml.document, kml.MIME, "kml")


@blueprint.get("/export.kmz")
@needs(*VIEWERS, basic=True)
def export_kmz() -> ResponseReturnValue:
    """As /export.kml, with pins of our own; the link that is followed is a small KML, too."""
    return _linked("kmz") or _file(kml.zipped, kml.KMZ_MIME, "kmz")


def _linked(ending: str) -> Response | None:
    """A link that a viewer follows, where one is asked for."""
    refresh_s = number("refresh_s", 0, LEAST_REFRESH_S, MOST_REFRESH_S)
    if not refresh_s:
        return None
    situation = find(request.args.get("situation"))
    base = (house().settings.server.public_url or request.url_root).rstrip("/")
    query = {name: value for name, value in request.args.items() if name in ("layers", "at")}
    address = f"{base}/export.{ending}?{urlencode({'situation': situation.id, **query})}"
    title = snapshot([], situation.id, situation.title, _exercise(situation), situation.clock.now()).marked_title
    return _answer(kml.network_link(title, address, refresh_s), kml.MIME, f"lagebild-{situation.id}.kml")


@blueprint.get("/export.gpkg")
@needs(*VIEWERS, basic=True)
def export_gpkg() -> ResponseReturnValue:
    """?situation=live&at=<time>&layers=a,b"""
    return _file(gpkg.document, gpkg.MIME, "gpkg")


def _file(write: Callable[[Snapshot], bytes], mime: str, ending: str) -> ResponseReturnValue:
    wait_s = _throttle.take(caller().token_id)
    if wait_s:
        raise Problem(429, "Too many files.", {"Retry-After": str(ceil(wait_s))})
    who, situation, at = caller(), find(request.args.get("situation")), moment("at")
    layers = chosen_layers(who.role)
    _, now, features = seen(situation, who, layers, at)
    house().audit.append(
        "export", who, situation.id, format=ending, as_role=who.role, at=None if at is None else iso(at), layers=layers
    )

    def written() -> tuple[bytes, str]:
        told: list[Any] = [msgspec.json.decode(one) if isinstance(one, msgspec.Raw) else one for one in features]
        taken = snapshot(told, situation.id, situation.title, _exercise(situation), now)
        return write(taken), taken.file_name

    body, name = runtime.offload(written)
    return _answer(body, mime, f"{name}.{ending}")


def _exercise(situation: Situation) -> bool:
    return situation.status == "Exercise"


def _answer(body: bytes, mime: str, name: str) -> Response:
    response = Response(body, content_type=mime)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
