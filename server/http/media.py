"""Files that features refer to: GET /media/<id>, for whoever may see the feature."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from layers.observation import Sensitivity
from layers.views import View
from server.access import PERSONAL_ROLES, Principal, Role
from server.http.errors import Problem
from server.http.files import send
from server.http.guard import caller, house, needs
from server.http.picture import VIEWERS, find
from server.media import Item
from server.situations import Situation

blueprint = Blueprint("media", __name__)
INLINE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
"""Types that a browser may show in place; anything else is only saved."""
GRANTED = "GRANTED"
MISSING = "There is no such file."


@blueprint.get("/media/<item_id>")
@needs(*VIEWERS)
def media(item_id: str) -> ResponseReturnValue:
    """The file. 404 as well for one that the caller may not see: that it is there is no news for him."""
    who, situation = caller(), find(request.args.get("situation"))
    item = house().media.get(situation.id, item_id)
    if item is None or not may_see(who, item, situation):
        raise Problem(404, MISSING)
    if item.sensitivity is Sensitivity.PERSONAL:
        house().audit.append("media", who, situation.id, id=item.id, subject=item.subject)
    response = send(
        house().media.path(item),
        MISSING,
        mimetype=item.mime,
        as_attachment=item.mime not in INLINE,
        download_name=item.id[:16],
        etag=item.id,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def may_see(who: Principal, item: Item, situation: Situation) -> bool:
    """Personal files: the control room, and crews that see the feature. Others: all who see the feature, if one is
    named.
    """
    if item.sensitivity is Sensitivity.PERSONAL and who.role not in PERSONAL_ROLES:
        return False
    if item.subject is None:
        return item.sensitivity is not Sensitivity.PERSONAL or who.role == Role.CONTROL
    with situation.desk.lock:
        feature = situation.picture.features.get(item.subject)
        if feature is None:
            return who.role == Role.CONTROL
        if feature["properties"].get("permission", GRANTED) != GRANTED:
            return False  # of a home that is closed the control room sees where it is, and nothing else
        return View(role=who.role, unit=who.unit).show(feature, situation.picture) is not None
