"""The storage of homes as S3 clients know it: `/<bucket>/<object>`, AWS Signature Version 4, a bucket for each home.

PUT, GET, HEAD and DELETE of one object in one piece, and what clients ask of a bucket before. Everything else of S3 is
answered NotImplemented. Errors are S3's, in XML; what a gateway sends in vain is in the quarantine, without its bytes.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from math import ceil
from typing import ParamSpec
from urllib.parse import urlsplit
from uuid import UUID
from xml.sax.saxutils import escape

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from server.aws_chunked import content
from server.feeds import INVALID, TOO_LARGE, DecodeError
from server.home_drawing import Occupied, Unfit, look
from server.home_keys import Holder
from server.home_names import PREFIX
from server.home_pictures import OBJECT_BYTES, Full, Stored, fit, place_of
from server.http.files import send
from server.http.guard import address, house, signed
from server.media import MediaError
from server.sigv4 import CHUNKED, MISMATCH, NO_KEY, Call, Claim, Denied, claim, in_time, prove

blueprint = Blueprint("home_storage", __name__)
P = ParamSpec("P")

STATUS = {
    "AccessDenied": 403,
    "InvalidAccessKeyId": 403,
    "SignatureDoesNotMatch": 403,
    "RequestTimeTooSkewed": 403,
    "QuotaExceeded": 403,
    "NoSuchKey": 404,
    "BucketAlreadyOwnedByYou": 409,
    "MissingContentLength": 411,
    "NotImplemented": 501,
    "SlowDown": 503,
}
"""HTTP status of S3's codes; 400 for every other."""
KNOWN_QUERIES = frozenset({"location", "x-id"})
"""What clients add to an address that changes nothing of what we do (besides signatures, X-Amz-...)."""
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
CHUNK_OVERHEAD_BYTES = 1_000_000


def guarded(view: Callable[P, Response]) -> Callable[P, Response]:
    """Only for the holder of the bucket, in S3's words; `g.holder`, `g.claim` and `g.day_key` are then set."""

    @wraps(view)
    def inner(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            _let_in(str(kwargs["bucket"]))
            return view(*args, **kwargs)
        except Denied as denied:
            return error(denied.code, str(denied))

    return signed(inner)


def _let_in(bucket: str) -> None:
    call, wait_s = _call(), 0.0
    try:
        said = claim(call)
        in_time(said, datetime.now(UTC))
        holder = house().home_keys.holder(said.key)
        if holder is None:
            raise Denied(NO_KEY, "there is no such key")
        g.day_key = prove(call, said, holder.password, _places())
    except Denied as denied:
        if denied.code in (NO_KEY, MISMATCH):
            house().metrics.sign_in_failures.inc()
            wait_s = house().failures.take(address())
        if wait_s:
            g.retry_after_s = ceil(wait_s)
            raise Denied("SlowDown", "too many wrong signatures from this address") from denied
        raise
    if holder.building != PREFIX + bucket:
        raise Denied("AccessDenied", "a home has its own bucket alone")
    if any(not name.lower().startswith("x-amz-") and name not in KNOWN_QUERIES for name in request.args):
        raise Denied("NotImplemented", "objects are sent in one piece, and have nothing beside them")
    g.holder, g.claim = holder, said


def _call() -> Call:
    return Call(
        method=request.method,
        path=request.environ.get("PATH_INFO", "").encode("latin-1"),
        query=request.environ.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
    )


def _places() -> list[tuple[str, str]]:
    """The host that the client wrote, or the one that registration named, where a proxy writes another."""
    public = urlsplit(house().settings.server.public_url or "")
    own = [(public.netloc, public.path.rstrip("/"))] if public.netloc else []
    return [(request.headers.get("Host", ""), ""), (request.host, ""), *own]


def error(code: str, message: str) -> Response:
    """As S3 answers. A HEAD has no body, as ever."""
    told = {"Code": code, "Message": message, "Resource": request.path}
    text = f"<Error>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in told.items())}</Error>"
    response = _xml(text, STATUS.get(code, 400))
    if code == "SlowDown":
        response.headers["Retry-After"] = str(g.get("retry_after_s", 5))
    return response


def _xml(text: str, status: int = 200) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', status, content_type="application/xml")


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    return error("EntityTooLarge", f"an object has at most {OBJECT_BYTES} bytes")


@blueprint.route("/home-<uuid:bucket>", methods=["GET", "PUT", "DELETE", "POST"], strict_slashes=False)
@guarded
def bucket(bucket: UUID) -> Response:  # noqa: ARG001  (`guarded` asks for it)
    """Whether it is there, and where; it is made with the home and goes with it."""
    if request.method == "PUT":
        raise Denied("BucketAlreadyOwnedByYou", "it is there since the home registered")
    if request.method == "GET" and "location" in request.args:
        return _xml(f'<LocationConstraint xmlns="{NAMESPACE}"></LocationConstraint>')
    if request.method == "HEAD":
        return Response()
    raise Denied("NotImplemented", "this is not done to a bucket here")


@blueprint.route("/home-<uuid:bucket>/<path:name>", methods=["GET", "PUT", "DELETE", "POST"])
@guarded
def storage_object(bucket: UUID, name: str) -> Response:  # noqa: ARG001  (`guarded` asks for it)
    """One object of the home."""
    if not fit(name):
        raise Denied("InvalidArgument", "an object is not called so")
    holder: Holder = g.holder
    if request.method == "PUT":
        return _put(holder, name)
    if request.method == "DELETE":
        house().home_pictures.delete(holder.building, name)
        return Response(status=204)
    if request.method == "POST":
        raise Denied("NotImplemented", "objects are sent in one piece")
    found = house().home_pictures.get(holder.building, name)
    path = house().home_pictures.file(found, found.original) if found is not None else None
    if found is None or path is None:
        raise Denied("NoSuchKey", "there is no such object")
    return _described(send(path, "There is no such object.", mimetype=found.mime, etag=found.etag), found)


def _described(response: Response, found: Stored) -> Response:
    response.last_modified = datetime.fromtimestamp(found.received, UTC)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _put(holder: Holder, name: str) -> Response:
    try:
        if "x-amz-copy-source" in request.headers:
            raise Denied("NotImplemented", "copying objects is not supported")
        body = _body(g.claim)
        drawn, granted = look(body, holder.building), house().homes.granted(holder.building)
        stored = house().home_pictures.put(holder.building, name, body, drawn, holder.token_id, granted)
    except Occupied:
        raise Denied("SlowDown", "other pictures are being drawn; try again") from None
    except Denied as denied:
        _refuse(holder, TOO_LARGE if denied.code == "EntityTooLarge" else INVALID, str(denied))
        raise
    except (Unfit, MediaError) as unfit:
        _refuse(holder, INVALID, str(unfit))
        raise Denied("InvalidRequest", str(unfit)) from unfit
    except Full as full:
        _refuse(holder, TOO_LARGE, str(full))
        raise Denied("QuotaExceeded", str(full)) from full
    response = Response()
    response.set_etag(stored.etag)
    return response


def _body(said: Claim) -> bytes:
    length = request.content_length
    if length is None:
        raise Denied("MissingContentLength", "a body without its length")
    if length > OBJECT_BYTES + (CHUNK_OVERHEAD_BYTES if said.payload in CHUNKED else 0):
        raise Denied("EntityTooLarge", f"an object has at most {OBJECT_BYTES} bytes")
    body = content(request.get_data(cache=False), said, g.day_key, _call().headers)
    if len(body) > OBJECT_BYTES:
        raise Denied("EntityTooLarge", f"an object has at most {OBJECT_BYTES} bytes")
    if not body:
        raise Denied("InvalidRequest", "an object without a byte is no picture")
    return body


def _refuse(holder: Holder, kind: str, reason: str) -> None:
    """The control room sees that the home's pictures do not come, and why; a picture is kept nowhere for it."""
    house().metrics.home_pictures.labels("refused").inc()
    size = request.content_length or 0
    live = house().situations.live
    sender = f"storage {place_of(holder.building)} from {address()}"
    house().intake.refuse(live, f"ngsi/{holder.token_name}", sender, DecodeError(reason, kind), size=size)
