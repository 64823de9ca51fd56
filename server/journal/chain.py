"""The hash chain over a journal: each link commits to everything before it.

    link(0)   = sha256("lagebild journal 1" | epoch)
    link(seq) = sha256(link(seq - 1) | seq | sha256(observation) | digest of the original message, or 32 zero bytes)

Only digests of the contents go in, so a later erasure of personal data can keep the digest and drop the content without
breaking the chain (docs/adr/0011). All numbers are unsigned, big endian, 8 bytes; texts are length-prefixed UTF-8.
"""

import hashlib

from server.journal import RawRef
from server.journal.moments import to_us

NO_RAW = bytes(32)


def genesis(epoch: str) -> bytes:
    """The link before the first entry."""
    return hashlib.sha256(b"lagebild journal 1" + _sized(epoch.encode())).digest()


def raw_digest(raw: RawRef) -> bytes:
    """What a link says about an original message: who, when and every byte of it."""
    digest = hashlib.sha256()
    for text in (raw.feed, raw.instance, raw.sender):
        digest.update(_sized(text.encode("utf-8", "surrogatepass")))
    digest.update(to_us(raw.received_at).to_bytes(8, "big", signed=True))
    digest.update(_sized(raw.body))
    return digest.digest()


def link(previous: bytes, seq: int, observation: bytes, raw: bytes = NO_RAW) -> bytes:
    """The link of entry `seq`; `observation` its canonical bytes, `raw` the digest of its original message."""
    return hashlib.sha256(previous + seq.to_bytes(8, "big") + hashlib.sha256(observation).digest() + raw).digest()


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(8, "big") + data
