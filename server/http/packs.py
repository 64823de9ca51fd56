"""Offline packs for tablets: the list, and each file by ranges, so that a download goes on where the network broke."""

import msgspec
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from server.access import Role
from server.http.errors import Problem
from server.http.files import send
from server.http.guard import caller, house, needs
from server.packs.store import OWN

blueprint = Blueprint("packs", __name__)
MISSING = "There is no such pack in this version."
CARRIERS = (Role.CREW, Role.CONTROL, Role.PLANNER, Role.ADMIN)


@blueprint.get("/packs")
@needs(*CARRIERS)
def packs() -> ResponseReturnValue:
    """What a tablet should have. Of `areas` there are to be packs, also where one cannot be cut; only what is none of
    them is gone for good. While `building`, more come.
    """
    store = house().packs
    role = caller().role
    entries = [msgspec.to_builtins(entry) for entry in store.entries if entry.role in (None, role)]
    areas = [*store.areas, OWN] if role == Role.CREW and house().objects.settings else store.areas
    return jsonify(packs=entries, areas=areas, building=store.building)


@blueprint.get("/packs/<pack_id>")
@needs(*CARRIERS)
def pack(pack_id: str) -> ResponseReturnValue:
    """The file, by Range and If-Range. With `?version=` only that version: 404 where another is in force meanwhile."""
    entry = house().packs.get(pack_id)
    if entry is not None and entry.role not in (None, caller().role):
        entry = None
    if entry is None or request.args.get("version", entry.version) != entry.version:
        raise Problem(404, MISSING)
    response = send(
        house().packs.path(entry),
        MISSING,
        mimetype="application/vnd.sqlite3",
        as_attachment=True,
        download_name=f"{entry.id}.mbtiles",
        etag=entry.sha256,
    )
    response.headers["Cache-Control"] = "private, no-cache, no-transform"
    return response
