"""A feed's message over HTTP: whose it is, for which situation, whether it is signed, its body within the limits."""

import logging
import re
from math import ceil
from typing import NoReturn

from flask import request
from werkzeug.exceptions import HTTPException

from server.access import Principal
from server.desk import Busy, Closed
from server.feeds import INVALID, MALFORMED, TOO_LARGE, DecodeError, Feed
from server.feeds._requests import request as whole
from server.http.errors import Problem
from server.http.guard import address, caller, house
from server.intake import Taken
from server.signatures import fault
from server.situations import Situation
from server.transports.secret import SecretError

log = logging.getLogger("lagebild.http")

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


def take(situation: Situation, feed: Feed, instance: str, *, with_path: bool = False) -> Taken:
    """Take the request's body as one message, with its path where that says something of it.

    Raises DecodeError (after quarantine), Problem 409, 411, 503.
    """
    body = _body(situation, feed, instance)
    _check_signature(situation, feed, instance, body)
    if with_path:
        body = whole(request.full_path.rstrip("?"), body)
    try:
        return house().intake.take(situation, feed.name, instance, body, sender_of(caller()))
    except Busy as busy:
        raise Problem(503, "The server is busy.", {"Retry-After": str(busy.retry_after_s)}) from busy
    except Closed as closed:
        raise Problem(409, "The situation has ended.") from closed


def _check_signature(situation: Situation, feed: Feed, instance: str, body: bytes) -> None:
    """Raises Problem 401 where the source signs and this does not fit; of the message nothing but its size is kept."""
    signed = house().settings.feeds.signatures
    own = f"{feed.name}/{instance}"
    names = (own, f"{feed.name}/{instance_of(caller())}", feed.name)
    one = next((signed[name] for name in names if name in signed), None)
    if one is None:
        return
    try:
        wrong = fault(one, request.headers.get(one.header), body)
    except SecretError as error:
        log.error("a signature cannot be checked", extra={"source": own, "reason": str(error)})
        raise Problem(503, "The signature cannot be checked at the moment.", {"Retry-After": "60"}) from error
    if wrong is None:
        return
    house().metrics.signature_failures.labels(feed.name).inc()
    house().intake.refuse(situation, own, sender_of(caller()), DecodeError(wrong, INVALID), size=len(body))
    wait_s = house().failures.take(address())
    if wait_s:
        raise Problem(429, "Too many wrong signatures from this address.", {"Retry-After": str(ceil(wait_s))})
    raise Problem(401, f"This message is not taken: {wrong}.")


def _body(situation: Situation, feed: Feed, instance: str) -> bytes:
    length = request.content_length
    if length is None:
        raise Problem(411, "A request with a body says how long it is (Content-Length).")
    limit = min(feed.max_bytes, house().intake.limits.body_bytes)
    if length > limit:
        _too_large(situation, feed, instance, length, limit)
    try:
        return request.get_data(cache=False)  # what a guard has read of it before is still there
    except HTTPException as error:
        raise Problem(400, "The body ended before its announced length.") from error


def _too_large(situation: Situation, feed: Feed, instance: str, length: int, limit: int) -> NoReturn:
    error = DecodeError(f"the message has {length} bytes, more than {limit}", TOO_LARGE)
    house().intake.refuse(situation, f"{feed.name}/{instance}", sender_of(caller()), error, size=length)
    raise error
