"""Signatures of S3 clients, AWS Signature Version 4: in the head of a request, in its address, or over each chunk.

After "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API reference. Pure: no clock, no secret of
its own. What is denied carries the code that S3 clients know.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE, END = "s3", "aws4_request"
UNSIGNED = "UNSIGNED-PAYLOAD"
CHUNKS_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNKS_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
CHUNKS_AND_TRAILER_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
CHUNKED = frozenset({CHUNKS_UNSIGNED, CHUNKS_SIGNED, CHUNKS_AND_TRAILER_SIGNED})
SKEW = timedelta(minutes=15)
"""So far may the sender's clock be from ours."""
LONGEST_S = 604_800
"""A signed address is good for at most a week."""
EMPTY = hashlib.sha256(b"").hexdigest()
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_KEEP = "-_.~"
_CLAIMED = ("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")

DENIED, NO_KEY, MISMATCH = "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"
MALFORMED, SKEWED, BAD_ARGUMENT = "AuthorizationHeaderMalformed", "RequestTimeTooSkewed", "InvalidArgument"


class Denied(Exception):
    """The request is not let in; `code` is S3's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Call(Struct, frozen=True, kw_only=True):
    """A request as it came. `path` is decoded once, `query` is not; names of `headers` are in lower case."""

    method: str
    path: bytes
    query: str
    headers: Mapping[str, str]


class Claim(Struct, frozen=True, kw_only=True):
    """Who the request says to be from, before anything is proved."""

    key: str
    date: str
    region: str
    moment: str
    signed: tuple[str, ...]
    signature: str
    payload: str
    """SHA-256 of the body, or one of the words above."""
    expires_s: int | None = None
    """In an address that is signed."""

    @property
    def scope(self) -> str:
        """Day, region and service that the key is for."""
        return f"{self.date}/{self.region}/{SERVICE}/{END}"


def claim(call: Call) -> Claim:
    """What the request claims. Raises Denied."""
    named = call.headers.get("authorization", "")
    asked = {name: value for name, value in _pairs(call.query) if name in (*_CLAIMED, "X-Amz-Algorithm")}
    if named and asked:
        raise Denied(BAD_ARGUMENT, "one signature, not two")
    if asked:
        if asked.get("X-Amz-Algorithm") != ALGORITHM or not all(name in asked for name in _CLAIMED):
            raise Denied("AuthorizationQueryParametersError", "the signature of the address is not whole")
        expires = asked["X-Amz-Expires"]
        if not re.fullmatch(r"[0-9]{1,6}", expires) or not 1 <= int(expires) <= LONGEST_S:
            raise Denied("AuthorizationQueryParametersError", f"X-Amz-Expires is 1 to {LONGEST_S} seconds")
        payload = call.headers.get("x-amz-content-sha256", UNSIGNED)
        said = {name: asked[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature")}
        return _claimed(said, asked["X-Amz-Date"], payload, int(expires))
    scheme, _, rest = named.partition(" ")
    if scheme != ALGORITHM:
        raise Denied(DENIED, "a signature of AWS Signature Version 4 is needed")
    said = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if "x-amz-content-sha256" not in call.headers:
        raise Denied(BAD_ARGUMENT, "x-amz-content-sha256 is missing")
    return _claimed(said, call.headers.get("x-amz-date", ""), call.headers["x-amz-content-sha256"], None)


def _claimed(said: Mapping[str, str], moment: str, payload: str, expires_s: int | None) -> Claim:
    parts = said.get("Credential", "").split("/")
    names, signature = tuple(said.get("SignedHeaders", "").split(";")), said.get("Signature", "")
    if len(parts) != 5 or parts[3:] != [SERVICE, END] or not _SIGNATURE.fullmatch(signature):
        raise Denied(MALFORMED, "the signature is not one for S3")
    if "host" not in names or list(names) != sorted(set(names)) or any(name != name.lower() for name in names):
        raise Denied(MALFORMED, "the signed headers are a sorted list with the host in it")
    if payload not in CHUNKED and payload != UNSIGNED and not _SIGNATURE.fullmatch(payload):
        raise Denied(BAD_ARGUMENT, "x-amz-content-sha256 is no digest and no word that is known")
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", moment) or moment[:8] != parts[1]:
        raise Denied(DENIED, "the time of the request is missing or not that of its key")
    key, date, region = parts[:3]
    return Claim(
        key=key,
        date=date,
        region=region,
        moment=moment,
        signed=names,
        signature=signature,
        payload=payload,
        expires_s=expires_s,
    )


def in_time(said: Claim, now: datetime) -> None:
    """Raises Denied for a request of another time."""
    try:
        made = datetime.strptime(said.moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Denied(DENIED, "the time of the request is none") from None
    if said.expires_s is None:
        if abs(now - made) > SKEW:
            raise Denied(SKEWED, "the clock of the sender is more than 15 minutes off")
    elif made - now > SKEW:
        raise Denied(DENIED, "the signed address is not good yet")
    elif (now - made).total_seconds() > said.expires_s:
        raise Denied(DENIED, "the signed address has expired")


def prove(call: Call, said: Claim, secret: str, places: Sequence[tuple[str, str]]) -> bytes:
    """The key of the day, for chunks, where the signature is that of the secret. Raises Denied.

    `places`: host and what its paths begin with, as the sender may have seen us (behind a proxy: another than we see).
    """
    unsigned = [name for name in call.headers if name.startswith("x-amz-") and name not in said.signed]
    if unsigned:
        raise Denied(DENIED, f"headers that are not signed: {', '.join(sorted(unsigned))[:200]}")
    key = signing_key(secret, said)
    right = False
    for host, prefix in places:
        text = "\n".join((ALGORITHM, said.moment, said.scope, _hex(canonical(call, said, host, prefix).encode())))
        right |= hmac.compare_digest(_sign(key, text).hex(), said.signature)
    if not right:
        raise Denied(MISMATCH, "the signature is not that of the key")
    return key


def signing_key(secret: str, said: Claim) -> bytes:
    """The key of that day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (said.date, said.region, SERVICE, END):
        key = _sign(key, part)
    return key


def canonical(call: Call, said: Claim, host: str, prefix: str = "") -> str:
    """The request in the one form that both sides sign."""
    pairs = [(_quoted(name), _quoted(value)) for name, value in _pairs(call.query) if name != "X-Amz-Signature"]
    headers = {**call.headers, "host": host}
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in said.signed]
    return "\n".join(
        (
            call.method,
            quote(prefix.encode() + call.path, safe=f"/{_KEEP}") or "/",
            "&".join(f"{name}={value}" for name, value in sorted(pairs)),
            *lines,
            "",
            ";".join(said.signed),
            said.payload,
        )
    )


def sign_chunk(key: bytes, said: Claim, before: str, data: bytes) -> str:
    """The signature of a chunk, which follows on that of the one before."""
    return _sign(key, "\n".join((f"{ALGORITHM}-PAYLOAD", said.moment, said.scope, before, EMPTY, _hex(data)))).hex()


def sign_trailer(key: bytes, said: Claim, before: str, trailer: bytes) -> str:
    """The signature of what comes after the last chunk."""
    return _sign(key, "\n".join((f"{ALGORITHM}-TRAILER", said.moment, said.scope, before, _hex(trailer)))).hex()


def _pairs(query: str) -> list[tuple[str, str]]:
    """Names and values; a plus is a plus, as S3 takes it. Bytes that are no UTF-8 stay as they are."""
    parts = [part.partition("=") for part in query.split("&") if part]
    return [(_unquoted(name), _unquoted(value)) for name, _, value in parts]


def _unquoted(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe=_KEEP)


def _sign(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
