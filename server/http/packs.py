"""Offline packs for tablets: the list, and each file by ranges, so that a download goes on where the network broke."""

import logging
import sqlite3
from pathlib import Path

import msgspec
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from server.access import Role
from server.http.errors import Problem
from server.http.files import Counted, send
from server.http.guard import caller, house, needs
from server.http.objects import is_open, open_missions
from server.http.picture import find
from server.packs.area import PackEntry
from server.packs.mission import PREFIX
from server.packs.store import OWN

log = logging.getLogger("lagebild.packs")
blueprint = Blueprint("packs", __name__)
MISSING = "There is no such pack in this version."
CARRIERS = (Role.CREW, Role.CONTROL, Role.PLANNER, Role.ADMIN)


@blueprint.get("/packs")
@needs(*CARRIERS)
def packs() -> ResponseReturnValue:
    """?situation=live: what a tablet should have. Of `areas` there are to be packs, also where one cannot be cut; only
    what is none of them is gone for good. While `building`, more come. To a crew also the packs of its open missions.
    """
    store = house().packs
    role = caller().role
    entries = [msgspec.to_builtins(entry) for entry in store.entries if entry.role in (None, role)]
    entries += [msgspec.to_builtins(entry) for entry in _of_missions()]
    areas = [*store.areas, OWN] if role == Role.CREW and house().objects.settings else store.areas
    return jsonify(packs=entries, areas=areas, building=store.building)


@blueprint.get("/packs/<pack_id>")
@needs(*CARRIERS)
def pack(pack_id: str) -> ResponseReturnValue:
    """The file, by Range and If-Range. With `?version=` only that version: 404 where another is in force meanwhile.

    The pack of a mission (`?situation=live`) is given while that is open and the crew's own, and is noted in the audit
    trail.
    """
    if pack_id.startswith(PREFIX):
        return _mission_pack(pack_id)
    entry = house().packs.get(pack_id)
    if entry is not None and entry.role not in (None, caller().role):
        entry = None
    if entry is None or request.args.get("version", entry.version) != entry.version:
        raise Problem(404, MISSING)
    return _file(entry, house().packs.path(entry))


def _mission_pack(pack_id: str) -> ResponseReturnValue:
    """Raises Problem 404 where it is not the caller's, or not in this version."""
    packs = house().packs.missions
    entry = next((one for one in _of_missions() if one.id == pack_id), None)
    if packs is None or entry is None or request.args.get("version", entry.version) != entry.version:
        raise Problem(404, MISSING)
    detail = {"mission": entry.mission, "version": entry.version, "count": entry.parts["objects"]}
    house().audit.append("objects", caller(), find(request.args.get("situation")).id, pack=pack_id, **detail)
    return _file(entry, packs.path(entry))


def _of_missions() -> list[PackEntry]:
    """The packs of the calling crew's open missions; what cannot be cut is logged, the others are there."""
    packs = house().packs.missions
    if packs is None or caller().role != Role.CREW or caller().unit is None:
        return []
    situation = find(request.args.get("situation"))
    packs.drop(is_open)
    try:
        return packs.entries(situation.id, open_missions(situation))
    except (OSError, sqlite3.Error) as error:
        log.warning("no pack", extra={"area": PREFIX, "reason": str(error)})
        return []


def _file(entry: PackEntry, path: Path) -> ResponseReturnValue:
    response = send(
        path,
        MISSING,
        mimetype="application/vnd.sqlite3",
        as_attachment=True,
        download_name=f"{entry.id}.mbtiles",
        etag=entry.sha256,
    )
    response.headers["Cache-Control"] = "private, no-cache, no-transform"
    metrics = house().metrics
    if request.method == "GET" and response.status_code in (200, 206):
        size = response.content_length or 0
        response.response = Counted(response.response, size, metrics.pack_bytes.inc, metrics.pack_aborts.inc)  # type: ignore[arg-type]
    return response


@blueprint.after_request
def _count(response: Response) -> Response:
    """What became of a request for a pack, also of one that was turned away."""
    if request.endpoint == "packs.pack":
        house().metrics.pack_downloads.labels(str(response.status_code)).inc()
    return response
