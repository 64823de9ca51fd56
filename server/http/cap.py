"""Warnings going out: GET /cap lists them (Atom), GET /cap/<id>.xml is one of them (CAP 1.2)."""

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from layers.cap_out import MIME, Publisher, atom_index, cap_document, is_public
from layers.views import View
from layers.wire import Feature
from server.access import Role
from server.http.errors import Problem
from server.http.guard import caller, house, needs
from server.http.picture import find
from server.situations import Situation

blueprint = Blueprint("cap", __name__)
READERS = (Role.CONTROL, Role.LIAISON, Role.PLANNER, Role.ADMIN)


@blueprint.get("/cap")
@needs(*READERS)
def index() -> ResponseReturnValue:
    """Every warning of the situation that may be passed on, the newest first."""
    situation = find(request.args.get("situation"))
    listed = sorted(_warnings(situation), key=lambda one: (one["properties"]["observed_at"], one["id"]), reverse=True)
    entries = [(feature, _address(situation, feature["id"])) for feature in listed]
    body = atom_index(entries, _publisher(situation), situation.title, _address(situation))
    return _answer(body, "application/atom+xml")


@blueprint.get("/cap/<item_id>.xml")
@needs(*READERS)
def document(item_id: str) -> ResponseReturnValue:
    """One warning."""
    situation = find(request.args.get("situation"))
    feature = next((one for one in _warnings(situation) if one["id"] == item_id), None)
    if feature is None:
        raise Problem(404, "There is no such warning, or it may not be passed on.")
    return _answer(cap_document(feature, _publisher(situation)), MIME)


def _warnings(situation: Situation) -> list[Feature]:
    view = View(role=caller().role)
    with situation.desk.lock:
        picture = situation.picture
        known = (picture.features.get(subject) for subject in picture.subjects("warning"))
        shown = (view.show(feature, picture) for feature in known if feature is not None)
        return [feature for feature in shown if feature is not None and is_public(feature)]


def _publisher(situation: Situation) -> Publisher:
    exercise = situation.status == "Exercise"
    return Publisher(sender=house().settings.cap.sender, situation=situation.id, exercise=exercise)


def _address(situation: Situation, item_id: str | None = None) -> str:
    if item_id is None:
        path = url_for("cap.index", situation=situation.id)
    else:
        path = url_for("cap.document", situation=situation.id, item_id=item_id)
    base = house().settings.server.public_url or request.url_root
    return base.rstrip("/") + path


def _answer(body: bytes, mime: str) -> ResponseReturnValue:
    response = Response(body, content_type=f"{mime}; charset=utf-8")
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response
