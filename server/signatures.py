"""Signatures of pushed messages: a keyed hash (HMAC, RFC 2104) over the body, in a header, beside the sender's token.

The form is that of GitHub's webhooks, `X-Hub-Signature-256: sha256=<hex>`, which many programs have taken over; header,
hash, writing and what stands before it can be set for others.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from server.transports.secret import Secret, gathered, hook

MAX_WRITTEN_CHARS = 200


class SignatureSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the messages of a source are signed."""

    secret: Secret
    header: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,100}$")] = "X-Hub-Signature-256"
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str | None = None
    """What stands before the signature; None: the algorithm and `=`."""


def settings(raw: Any) -> SignatureSettings:
    """The settings as written, the secret perhaps as `secret_file` or `secret_env`. Raises ValueError."""
    if not isinstance(raw, Mapping):
        raise ValueError("a signature is a section with a secret")
    return msgspec.convert(gathered(raw, SignatureSettings), SignatureSettings, dec_hook=hook)


def fault(one: SignatureSettings, written: str | None, body: bytes) -> str | None:
    """What is wrong with a signature; None where it fits. Takes as long for every wrong one. Raises SecretError."""
    if written is None:
        return f"the header {one.header} is missing"
    key = one.secret.read().encode()
    if not key:
        return "the secret is empty"
    expected = hmac.digest(key, body, one.algorithm)
    prefix = f"{one.algorithm}=" if one.prefix is None else one.prefix
    given = written.strip()
    if len(given) > MAX_WRITTEN_CHARS or not given.startswith(prefix):
        return f"the header {one.header} holds no signature"
    found = _octets(given.removeprefix(prefix).strip(), one.encoding)
    if found is None or not hmac.compare_digest(found, expected):
        return "the signature does not fit the message"
    return None


def _octets(word: str, encoding: str) -> bytes | None:
    try:
        return bytes.fromhex(word) if encoding == "hex" else base64.b64decode(word, validate=True)
    except (ValueError, binascii.Error):
        return None
