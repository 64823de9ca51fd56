"""The map of the base data: one PMTiles file, read by ranges (RFC 9110, section 14), by whoever may see the picture."""

import re

from flask import Blueprint
from flask.typing import ResponseReturnValue

from server.base.base import TILES
from server.http.errors import Problem
from server.http.files import send
from server.http.guard import house, needs
from server.http.picture import VIEWERS

blueprint = Blueprint("basemap", __name__)
VERSION = re.compile(r"[0-9a-f]{16}")
A_WEEK_S = 604_800
MISSING = "There are no tiles of this version."


@blueprint.get("/basemap/<version>/tiles.pmtiles")
@needs(*VIEWERS)
def tiles(version: str) -> ResponseReturnValue:
    """The tiles of a version: the one in force, or the one before it, which open pages still read.

    What is under a version never changes, so a browser may keep it.
    """
    path = house().bases.folder / version / TILES
    if not VERSION.fullmatch(version) or not path.is_file():
        raise Problem(404, MISSING)
    response = send(path, MISSING, mimetype="application/vnd.pmtiles", etag=version, max_age=A_WEEK_S)
    response.headers["Cache-Control"] = f"private, max-age={A_WEEK_S}, immutable"
    response.headers["Vary"] = "Authorization"
    return response
