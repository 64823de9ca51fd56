"""Bodies of S3 clients: whole, or in chunks (`aws-chunked`) with a signature each and checksums behind the last."""

import base64
import binascii
import hashlib
import hmac
import re
import zlib
from collections.abc import Callable, Mapping

from server.sigv4 import CHUNKED, CHUNKS_UNSIGNED, MISMATCH, UNSIGNED, Claim, Denied, sign_chunk, sign_trailer

MAX_CHUNKS = 10_000
MAX_TRAILER_BYTES = 4_096
_HEAD = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?")
CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "content-md5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}
"""Checksums that are held to, base64 of these; of others (CRC32C, CRC64NVME) the body's own signature must do."""


def content(sent: bytes, said: Claim, key: bytes, headers: Mapping[str, str]) -> bytes:
    """The object in a request's body, held to its signature and checksums. Raises Denied."""
    told: Mapping[str, str] = headers
    if said.payload in CHUNKED:
        body, trailer = _joined(sent, said, key)
        length = headers.get("x-amz-decoded-content-length", "")
        if length != str(len(body)):
            raise Denied("IncompleteBody", "the chunks together are not as long as was said")
        told = {**headers, **trailer}
    else:
        body = sent
        if said.payload != UNSIGNED and not hmac.compare_digest(hashlib.sha256(body).hexdigest(), said.payload):
            raise Denied("XAmzContentSHA256Mismatch", "the body is not the one that was signed")
    for name, of in CHECKSUMS.items():
        if name in told and not hmac.compare_digest(of(body), _decoded(told[name])):
            raise Denied("BadDigest", f"the body is not that of {name}")
    return body


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Denied("InvalidDigest", "a checksum that is no base64") from None


def _joined(sent: bytes, said: Claim, key: bytes) -> tuple[bytes, dict[str, str]]:
    """The chunks in a row, and what stands behind the last."""
    parts: list[bytes] = []
    at, before = 0, said.signature
    signed = said.payload != CHUNKS_UNSIGNED
    for _ in range(MAX_CHUNKS):
        end = sent.find(b"\r\n", at, at + 200)
        head = _HEAD.fullmatch(sent[at:end]) if end >= 0 else None
        if head is None or signed != (head[2] is not None):
            raise _broken()
        size = int(head[1], 16)
        data = sent[end + 2 : end + 2 + size]
        if len(data) != size:
            raise _broken()
        if signed:
            before = _held(sign_chunk(key, said, before, data), head[2].decode())
        at = end + 2 + size
        if size == 0:
            return b"".join(parts), _trailer(sent[at:], said, key, before)
        if sent[at : at + 2] != b"\r\n":
            raise _broken()
        parts.append(data)
        at += 2
    raise _broken()


def _trailer(rest: bytes, said: Claim, key: bytes, before: str) -> dict[str, str]:
    if len(rest) > MAX_TRAILER_BYTES:
        raise _broken()
    lines = [line.strip() for line in rest.decode("latin-1").split("\n") if line.strip()]
    told = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    signature = told.pop("x-amz-trailer-signature", None)
    if said.payload.endswith("-TRAILER") and said.payload != CHUNKS_UNSIGNED:
        text = "".join(f"{name}:{value}\n" for name, value in told.items()).encode("latin-1")
        _held(sign_trailer(key, said, before, text), signature or "")
    return told


def _held(right: str, given: str) -> str:
    if not hmac.compare_digest(right, given):
        raise Denied(MISMATCH, "the signature of a chunk is not that of the key")
    return given


def _broken() -> Denied:
    return Denied("IncompleteBody", "the chunks of the body are not whole")
