"""A feed's message over HTTP: whose it is, for which situation, and its body within the limits."""

import re
from typing import NoReturn

from flask import request
from werkzeug.exceptions import HTTPException

from server.access import Principal
from server.desk import Busy, Closed
from server.feeds import INVALID, MALFORMED, TOO_LARGE, DecodeError, Feed
from server.http.errors import Problem
from server.http.guard import address, caller, house
from server.intake import Taken
from server.situations import Situation

_NOT_IN_A_SOURCE = re.compile(r"[#/\s]")
STATUS = {MALFORMED: 400, INVALID: 400, TOO_LARGE: 413}
"""HTTP status for each kind of DecodeError."""


def instance_of(who: Principal, part: str | None = None) -> str:
    """The instance of the feed that a token speaks for: its name, and a part of it where it has several."""
    name = _NOT_IN_A_SOURCE.sub("_", who.name)
    return name if part is None else f"{name}.{part}"


def sender_of(who: Principal) -> str:
    """Who sent it, for the journal and the quarantine."""
    return f"{who.name} ({who.token_id}) from {address()}"


def take(situation: Situation, feed: Feed, instance: str) -> Taken:
    """Take the request's body as one message. Raises DecodeError (after quarantine), Problem 409, 411, 503."""
    body = _body(situation, feed, instance)
    try:
        return house().intake.take(situation, feed.name, instance, body, sender_of(caller()))
    except Busy as busy:
        raise Problem(503, "The server is busy.", {"Retry-After": str(busy.retry_after_s)}) from busy
    except Closed as closed:
        raise Problem(409, "The situation has ended.") from closed


def _body(situation: Situation, feed: Feed, instance: str) -> bytes:
    length = request.content_length
    if length is None:
        raise Problem(411, "A request with a body says how long it is (Content-Length).")
    limit = min(feed.max_bytes, house().intake.limits.body_bytes)
    if length > limit:
        _too_large(situation, feed, instance, length, limit)
    try:
        return request.get_data(cache=False)
    except HTTPException as error:
        raise Problem(400, "The body ended before its announced length.") from error


def _too_large(situation: Situation, feed: Feed, instance: str, length: int, limit: int) -> NoReturn:
    error = DecodeError(f"the message has {length} bytes, more than {limit}", TOO_LARGE)
    house().intake.refuse(situation, f"{feed.name}/{instance}", sender_of(caller()), error, size=length)
    raise error
