"""Messages of every feed that is pushed over HTTP: POST /feeds/<name>[/<part>], the body in the feed's own format."""

import re

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from server.access import Role
from server.feeds import DecodeError, feeds
from server.http.errors import Problem
from server.http.guard import caller, needs
from server.http.message import STATUS, instance_of, take
from server.http.picture import find

blueprint = Blueprint("ingest", __name__)
PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
MAX_REASONS = 20


@blueprint.post("/feeds/<name>")
@blueprint.post("/feeds/<name>/<part>")
@needs(Role.FEED)
def message(name: str, part: str | None = None) -> ResponseReturnValue:
    """One message. 200 {accepted, duplicates, seq, refused} where something was used, 422 where nothing was."""
    feed = feeds().get(name)
    if feed is None or not feed.pushed:
        raise Problem(404, "There is no such feed.")
    if part is not None and not PART.fullmatch(part):
        raise Problem(404, "A part has 1 to 64 letters, digits, '_', '.' or '-'.")
    situation = find(request.args.get("situation"))
    try:
        taken = take(situation, feed, instance_of(caller(), part))
    except DecodeError as error:
        raise Problem(STATUS[error.kind], error.reason) from error
    receipt = taken.receipt
    reasons = [
        {"reason": part.reason, "kind": part.kind, "subject": part.subject} for part in taken.refused[:MAX_REASONS]
    ]
    used = receipt.accepted + receipt.duplicates
    answer = jsonify(
        accepted=receipt.accepted,
        duplicates=receipt.duplicates,
        seq=receipt.last_seq,
        refused=len(taken.refused),
        reasons=reasons,
    )
    return answer, 200 if used or not taken.refused else 422
