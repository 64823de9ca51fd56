"""What clients need to know before they draw: language, base map, version; the exercise town; and the quarantine."""

from importlib.metadata import version

import msgspec
from flask import Blueprint, jsonify, send_file
from flask.typing import ResponseReturnValue

from fixtures.library import town_geojson_path
from layers.wire import PROTOCOL
from server.access import Role
from server.http.body import number
from server.http.guard import caller, house, needs
from server.http.picture import VIEWERS

blueprint = Blueprint("config", __name__)
MAX_ROWS = 500


@blueprint.get("/config")
@needs(*VIEWERS)
def config() -> ResponseReturnValue:
    """Settings of the server that matter to a client."""
    settings = house().settings
    base_map = msgspec.structs.asdict(settings.map)
    base_map.pop("hosts")
    return jsonify(lang=settings.server.lang, protocol=PROTOCOL, map=base_map, version=version("lagebild"))


@blueprint.get("/basemap/town.geojson")
@needs(*VIEWERS)
def town() -> ResponseReturnValue:
    """The exercise town's own base map, for where there is no network."""
    return send_file(town_geojson_path(), mimetype="application/geo+json", conditional=True)


@blueprint.get("/quarantine")
@needs(Role.CONTROL, Role.ADMIN)
def quarantine() -> ResponseReturnValue:
    """What was refused, the newest first. Excerpts are what strangers wrote: reading them is noted."""
    rows = house().quarantine.list(number("limit", 100, 1, MAX_ROWS), None)
    if rows:
        house().audit.append("quarantine", caller(), rows=len(rows))
    return jsonify(quarantine=[msgspec.to_builtins(row) for row in rows], counts=house().quarantine.counts())
