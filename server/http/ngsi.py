"""FIWARE NGSI v2 as clients of an Orion broker expect it: updates, notifications, and the entities to read.

Errors have NGSI's form {"error", "description"} with its words. docs/feeds.md says which part of NGSI v2 is here.
"""

import time
from collections.abc import Sequence
from importlib.metadata import version as version_of
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from server.access import Role
from server.feeds import (
    ALREADY_EXISTS,
    BAD_ENTITY,
    DOES_NOT_EXIST,
    MALFORMED,
    NOT_FOUND,
    DecodeError,
    Refused,
)
from server.feeds.ngsi import FEED
from server.feeds.ngsi.attributes import MAX_NAME_CHARS
from server.feeds.ngsi.render import Query, Viewer, entity, key_values, subjects, values
from server.http.errors import Problem
from server.http.guard import anybody, caller, house, needs
from server.http.message import STATUS, instance_of, take
from server.http.picture import find

blueprint = Blueprint("ngsi", __name__)

WORDS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    411: "ContentLengthRequired",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Unprocessable",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ALLOWED = {"op/update": "POST", "notify": "POST", "op/notify": "POST", "entities": "GET"}
"""Paths below /v2 and their method; with another method they answer 405."""
OPTIONS = frozenset({"keyValues", "count", "values", "unique", "normalized"})
UNSUPPORTED = ("q", "mq", "georel", "geometry", "coords", "idPattern", "typePattern", "orderBy", "metadata")
"""Parameters of NGSI v2 that change which entities come, or how. To leave one out silently would be a wrong answer."""
NO_ENTITY = "The requested entity has not been found. Check type and id"
DEFAULT_LIMIT, MAX_LIMIT = 20, 1000
DESCRIPTION_CHARS = 1_000
STARTED = time.monotonic()
EVERYBODY = tuple(Role)
READERS = (Role.CONTROL, Role.ADMIN, Role.FEED)


def failure(status: int, description: str, word: str | None = None) -> Response:
    """An error in NGSI's form."""
    body = {"error": word or WORDS.get(status, "InternalServerError"), "description": description[:DESCRIPTION_CHARS]}
    return Response(msgspec.json.encode(body), status, content_type="application/json")


@blueprint.errorhandler(Problem)
def _problem(problem: Problem) -> Response:
    response = failure(problem.status, problem.description)
    response.headers.update(problem.headers)
    return response


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return failure(error.code or 500, error.description or "The request failed")


@blueprint.errorhandler(DecodeError)
def _undecodable(error: DecodeError) -> Response:
    return failure(STATUS[error.kind], error.reason, "ParseError" if error.kind == MALFORMED else None)


# -- writing -----------------------------------------------------------------------------------------------------------


@blueprint.post("/v2/op/update")
@needs(Role.FEED)
def update() -> ResponseReturnValue:
    """Entities to append, update, replace or delete: 204, or what of them could not be done."""
    _check_content_type()
    situation = find(request.args.get("situation"))
    taken = take(situation, FEED, instance_of(caller()))
    return _outcome(taken.refused, taken.receipt.accepted + taken.receipt.duplicates)


@blueprint.post("/v2/notify")
@blueprint.post("/v2/op/notify")
@needs(Role.FEED)
def notify() -> ResponseReturnValue:
    """A broker's notification: 204 for whatever is one, because a broker gives a subscription up after errors.

    What of it could not be used is in the quarantine.
    """
    _check_content_type()
    take(find(request.args.get("situation")), FEED, instance_of(caller()))
    return "", 204


def _check_content_type() -> None:
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise Problem(415, f"not supported content type: {request.mimetype[:100] or 'none'}")


def _outcome(refused: Sequence[Refused], accepted: int) -> ResponseReturnValue:
    """Entities of unknown types and single bad attributes are in the quarantine, the rest was taken: 204.

    An entity that was not taken at all is an error: 422 PartialUpdate where its neighbours were.
    """
    errors = [part for part in refused if part.kind in (BAD_ENTITY, NOT_FOUND, ALREADY_EXISTS, DOES_NOT_EXIST)]
    if not errors:
        return "", 204
    shown = "; ".join(f"{part.subject or 'an entity'}: {part.reason}" for part in errors[:10])
    if accepted:
        return failure(422, f"{shown} - partial", "PartialUpdate")
    kinds = {part.kind for part in errors}
    if kinds == {NOT_FOUND}:
        return failure(404, NO_ENTITY)
    if kinds <= {ALREADY_EXISTS, DOES_NOT_EXIST, NOT_FOUND}:
        return failure(422, shown)
    return failure(400, shown)


# -- reading -----------------------------------------------------------------------------------------------------------


@blueprint.get("/version")
@needs(*EVERYBODY)
def version() -> ResponseReturnValue:
    """What runs here."""
    return _json({"lagebild": {"version": version_of("lagebild"), "uptime_s": round(time.monotonic() - STARTED)}})


@blueprint.get("/v2")
@blueprint.get("/v2/")
@needs(*EVERYBODY)
def resources() -> ResponseReturnValue:
    """Where things are."""
    return _json({"entities_url": "/v2/entities"})


@blueprint.get("/v2/entities")
@needs(*READERS)
def entities() -> ResponseReturnValue:
    """A page of entities, by id."""
    _check_readable()
    limit, offset = _number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT), _number("offset", 0, 0, 2**31)
    options, only = _options(), _names("attrs")
    query = Query(types=frozenset(_names("type")), ids=frozenset(_names("id")))
    situation, viewer = find(request.args.get("situation")), _viewer()
    with situation.desk.lock:
        found = subjects(situation.picture, query, viewer)
        page = [entity(situation.picture, subject, viewer, only) for subject in found[offset : offset + limit]]
    _note_access(situation.id, len(page))
    response = _json([_as(one, options) for one in page])
    if "count" in options:
        response.headers["Fiware-Total-Count"] = str(len(found))
    return response


@blueprint.get("/v2/entities/<entity_id>")
@needs(*READERS)
def one_entity(entity_id: str) -> ResponseReturnValue:
    """One entity."""
    _check_readable()
    options, only = _options(), _names("attrs")
    query = Query(types=frozenset(_names("type")), ids=frozenset({entity_id}))
    situation, viewer = find(request.args.get("situation")), _viewer()
    with situation.desk.lock:
        found = subjects(situation.picture, query, viewer)
        one = entity(situation.picture, entity_id, viewer, only) if found else None
    if one is None:
        return failure(404, NO_ENTITY)
    _note_access(situation.id, 1)
    return _json(_as(one, options))


def _viewer() -> Viewer:
    who = caller()
    if who.role == Role.FEED:
        return Viewer(own=f"{FEED.name}/{instance_of(who)}", personal=True)
    return Viewer(personal=who.role == Role.CONTROL)


def _note_access(situation: str, count: int) -> None:
    if caller().role == Role.CONTROL and count:
        house().audit.append("entities", caller(), situation, count=count, query=request.query_string.decode()[:500])


def _check_readable() -> None:
    best = request.accept_mimetypes.best_match(["application/json", "text/plain"], "application/json")
    if request.accept_mimetypes and not request.accept_mimetypes[best]:
        raise Problem(406, "acceptable MIME types: application/json, text/plain")
    for name in UNSUPPORTED:
        if name in request.args:
            raise Problem(400, f"the parameter {name} is not supported here")


def _number(name: str, default: int, low: int, high: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 10 or not low <= int(text) <= high:
        raise Problem(400, f"Bad pagination {name}: a whole number from {low} to {high} is expected")
    return int(text)


def _options() -> frozenset[str]:
    options = frozenset(_names("options"))
    if not options <= OPTIONS:
        raise Problem(400, f"options: {', '.join(sorted(OPTIONS))}")
    return options


def _names(parameter: str) -> tuple[str, ...]:
    text = request.args.get(parameter)
    if text is None:
        return ()
    names = tuple(text.split(","))
    if not all(0 < len(name) <= MAX_NAME_CHARS for name in names):
        raise Problem(400, f"{parameter}: names of 1 to {MAX_NAME_CHARS} characters, divided by commas")
    return names


def _as(normalized: dict[str, Any], options: frozenset[str]) -> Any:
    if "keyValues" in options:
        return key_values(normalized)
    if options & {"values", "unique"}:
        return values(normalized, "unique" in options)
    return normalized


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")


# -- everything else below /v2 -----------------------------------------------------------------------------------------


@blueprint.route("/v2/<path:rest>", methods=METHODS)
@anybody
def elsewhere(rest: str) -> ResponseReturnValue:
    """405 for a path that exists with another method, else 404; both without a word about what is in there."""
    allowed = ALLOWED.get(rest, "GET" if rest.startswith("entities/") and rest.count("/") == 1 else None)
    if allowed is None or (allowed == request.method):
        return failure(404, "service not found")
    response = failure(405, "method not allowed")
    response.headers["Allow"] = allowed
    return response
