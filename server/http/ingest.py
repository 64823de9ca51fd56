"""Messages of every feed that is pushed over HTTP: POST /feeds/<name>[/<part>], the body in the feed's own format."""

import re

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from server.access import Role
from server.feeds import DecodeError, Feed, alamos_fe2, connect, divera, feeds
from server.http.errors import WORDS, Problem
from server.http.guard import caller, house, needs
from server.http.message import STATUS, instance_of, take
from server.http.picture import find

blueprint = Blueprint("ingest", __name__)
PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
MAX_REASONS = 20


@blueprint.post("/feeds/<name>")
@blueprint.post("/feeds/<name>/<part>")
@needs(Role.FEED)
def message(name: str, part: str | None = None) -> ResponseReturnValue:
    """One message. 200 {accepted, duplicates, seq, refused} where something was used, 422 where nothing was.

    Some formats have an answer of their own (`Feed.reply`), whose members stand beside these.
    """
    feed = feeds().get(name)
    if feed is None or not feed.pushed:
        raise Problem(404, "There is no such feed.")
    if part is not None and not PART.fullmatch(part):
        raise Problem(404, "A part has 1 to 64 letters, digits, '_', '.' or '-'.")
    return _taken(feed, part)


def _secret() -> str | None:
    """The shared secret in a message of FE2. None where there is none, or the message is too long or none."""
    if (request.content_length or 0) > alamos_fe2.FEED.max_bytes:
        return None
    try:
        return alamos_fe2.authorization(request.get_data(), house().intake.limits)
    except (DecodeError, HTTPException):
        return None


@blueprint.post("/rest/external/http/<kind>/v2")
@needs(Role.FEED, within=_secret)
def fe2(kind: str) -> ResponseReturnValue:
    """A message at the address that an FE2 server has, by a sender whose shared secret is its token."""
    if kind.upper() not in alamos_fe2.TYPES:
        raise Problem(404, "There is no such input.")
    return _taken(alamos_fe2.FEED, None, with_path=True)


@blueprint.post("/interfaces/public/<path:rest>")
@needs(Role.FEED)
def connect_there(rest: str) -> ResponseReturnValue:
    """A message at the address that Feuersoftware Connect has; a vehicle's ISSI stands in it."""
    del rest
    return _taken(connect.FEED, None, with_path=True)


@blueprint.post("/api/alarm")
@blueprint.post("/api/v2/<path:rest>")
@needs(Role.FEED, within=lambda: request.args.get("accesskey"))
def divera_there(rest: str = "") -> ResponseReturnValue:
    """A message at an address that DIVERA has; the token is its access key. A vehicle's id stands in the address."""
    del rest
    return _taken(divera.FEED, None, with_path=True)


def _taken(feed: Feed, part: str | None, *, with_path: bool = False) -> ResponseReturnValue:
    situation = find(request.args.get("situation"))
    try:
        taken = take(situation, feed, instance_of(caller(), part), with_path=with_path)
    except DecodeError as error:
        if feed.reply is None:
            raise Problem(STATUS[error.kind], error.reason) from error
        status, members = feed.reply(STATUS[error.kind], error.reason)
        return jsonify({"error": WORDS[status], "description": error.reason, **members}), status
    receipt = taken.receipt
    reasons = [
        {"reason": part.reason, "kind": part.kind, "subject": part.subject} for part in taken.refused[:MAX_REASONS]
    ]
    answer: dict[str, object] = {
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "seq": receipt.last_seq,
        "refused": len(taken.refused),
        "reasons": reasons,
    }
    unused = not (receipt.accepted + receipt.duplicates) and taken.refused
    status, reason = (422, taken.refused[0].reason) if unused else (200, None)
    if feed.reply is not None:
        status, members = feed.reply(status, reason)
        answer |= members
    return jsonify(answer), status
