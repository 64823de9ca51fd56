"""What clients need to know before they draw: language, base map, version."""

from importlib.metadata import version
from typing import Any

import msgspec
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from layers.wire import PROTOCOL
from server.http.guard import house, needs
from server.http.picture import VIEWERS

blueprint = Blueprint("config", __name__)


@blueprint.get("/config")
@needs(*VIEWERS)
def config() -> ResponseReturnValue:
    """Settings of the server that matter to a client, and the base data it has."""
    settings = house().settings
    base_map = msgspec.structs.asdict(settings.map)
    base_map.pop("hosts")
    return jsonify(
        lang=settings.server.lang, protocol=PROTOCOL, map=base_map, base=_base(), version=version("lagebild")
    )


def _base() -> dict[str, Any] | None:
    base = house().bases.current
    if base is None:
        return None
    told = base.manifest
    return {
        "version": told.version,
        "name": told.name,
        "bbox": told.bbox,
        "built_at": told.built_at,
        "attribution": told.attribution,
        "tiles": f"/basemap/{told.version}/tiles.pmtiles",
    }
