"""EDXL-DE 1.0 (OASIS, 2006): an envelope around alerts. Each CAP alert in it is read on its own by `server.feeds.cap`.

The schema checks what is embedded laxly: a valid envelope may hold an alert that is empty or wrong, so a bad one costs
itself alone. An envelope that is no real one (`distributionStatus` Exercise, Test, System) makes its alerts so; one of
the type Cancel withdraws them.
"""

import base64
import binascii
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from layers import content as kinds
from layers.clock import honest
from layers.observation import Observation, idempotency_key
from server.feeds import BAD_ENTITY, INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed, Refused, excerpt
from server.feeds._secrets import openings
from server.feeds._stream import Stream, Whole
from server.feeds._times import moment
from server.feeds._xml import Element, child_text, children, documents, local, namespace, text_of, written
from server.feeds.cap import CapOptions, cap_observations

NAME = "edxl_de"
MAX_BYTES = 8_000_000
NAMESPACE = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
STATUSES = {word.casefold(): word for word in ("Actual", "Exercise", "System", "Test")}
CANCEL = "cancel"


class Envelope(Struct, frozen=True):
    """What is said of a distribution: its key is `sender`, `number` and `sent`."""

    number: str
    sender: str
    sent: str
    status: str
    kind: str

    @property
    def label(self) -> str:
        """For refusals."""
        return f"{NAME}:{self.sender},{self.number},{self.sent}"[:256]


def decode(body: bytes, context: Context) -> Decoded:
    """The warnings of one envelope, or of several one after another. Raises DecodeError."""
    found = documents(body, MAX_BYTES)
    observations: dict[str, Observation] = {}
    refused = list(found.refused)
    for root in found.roots:
        if local(root) != "EDXLDistribution" or namespace(root) != NAMESPACE:
            reason = f"no EDXL-DE 1.0 envelope: {namespace(root)[:100]} {local(root)[:100]}"
            if len(found.roots) == 1:
                raise DecodeError(reason, INVALID)
            refused.append(Refused(reason=reason, excerpt=excerpt(written(root)), kind=UNKNOWN_TYPE))
            continue
        read = _distribution(root, context)
        refused.extend(read.refused)
        for observation in read.observations:
            observations.setdefault(observation.id, observation)
    return Decoded(observations=tuple(observations.values()), refused=tuple(refused))


def _distribution(root: Element, context: Context) -> Decoded:
    status = STATUSES.get((child_text(root, "distributionStatus") or "").casefold())
    envelope = Envelope(
        number=child_text(root, "distributionID") or "",
        sender=child_text(root, "senderID") or "",
        sent=child_text(root, "dateTimeSent") or "",
        status=status or "",
        kind=child_text(root, "distributionType") or "",
    )
    if status is None:
        reason = "an envelope without a distributionStatus: nobody knows whether it is an exercise"
        return Decoded(refused=(Refused(reason=reason, excerpt=excerpt(written(root)), subject=envelope.label),))
    observations: list[Observation] = []
    refused: list[Refused] = []
    for number, part in enumerate(children(root, "contentObject")):
        if number >= context.limits.items:
            refused.append(Refused(reason=f"more than {context.limits.items} contentObjects", subject=envelope.label))
            break
        for content, kind in _contents(part):
            try:
                if "xml" not in kind and "cap" not in kind:
                    raise DecodeError(f"content of the type {kind[:60]!r} is not read", UNKNOWN_TYPE)
                read = cap_observations(content, context)
            except DecodeError as error:
                refused.append(_refused(part, error, content, envelope))
                continue
            refused.extend(read.refused)
            observations.extend(_enveloped(each, envelope, context) for each in read.observations)
    return Decoded(observations=tuple(observations), refused=tuple(refused))


def _contents(part: Element) -> Iterator[tuple[bytes, str]]:
    """What a contentObject holds, each as a document of its own with its type: embedded XML, or data in base64.

    What it holds under `keyXMLContent` is a copy of parts for those who only forward it.
    """
    for block in children(part, "xmlContent"):
        for embedded in children(block, "embeddedXMLContent"):
            inner = list(children(embedded))
            yield from ((written(each), "xml") for each in inner)
            if not inner:
                yield (text_of(embedded) or "").encode(), "xml"
    for block in children(part, "nonXMLContent"):
        kind = (child_text(block, "mimeType") or "no type").casefold()
        try:
            yield base64.b64decode(child_text(block, "contentData") or ""), kind
        except (binascii.Error, ValueError):
            yield b"", kind


def _refused(part: Element, error: DecodeError, content: bytes, envelope: Envelope) -> Refused:
    about = child_text(part, "contentDescription", "incidentDescription", "incidentID")
    reason = f"{about[:100]}: {error.reason}" if about else error.reason
    kind = UNKNOWN_TYPE if error.kind == UNKNOWN_TYPE else BAD_ENTITY
    return Refused(reason=reason, excerpt=excerpt(content), kind=kind, subject=envelope.label)


def _enveloped(observation: Observation, envelope: Envelope, context: Context) -> Observation:
    """The warning with what the envelope says of it."""
    around = {"distribution": envelope.number, "sender": envelope.sender, "sent": envelope.sent, "type": envelope.kind}
    extra = {**observation.extra, "edxl": {key: value[:256] for key, value in around.items() if value}}
    content = observation.content
    if envelope.kind.casefold() == CANCEL:
        return _withdrawn(observation, envelope, context, extra)
    if isinstance(content, kinds.Warning) and envelope.status != "Actual" and content.status == "Actual":
        key = idempotency_key(observation.id, envelope.status)
        content = msgspec.structs.replace(content, status=envelope.status)
        return msgspec.structs.replace(observation, id=key, content=content, extra=extra)
    return msgspec.structs.replace(observation, extra=extra)


def _withdrawn(observation: Observation, envelope: Envelope, context: Context, extra: dict[str, object]) -> Observation:
    try:
        sent, _ = moment(envelope.sent, context.zone)
    except ValueError:
        sent = None
    at, said, flags = honest(sent, sent, context.received_at, context.limits.clock)
    return Observation(
        id=idempotency_key(observation.id, CANCEL, envelope.sent),
        source=observation.source,
        subject=observation.subject,
        observed_at=max(at, observation.observed_at),
        reported_at=said,
        received_at=observation.received_at,
        content=kinds.Removal(),
        sensitivity=observation.sensitivity,
        flags=flags,
        extra=extra,
    )


FEED = Feed(
    name=NAME,
    title="EDXL-DE 1.0: CAP alerts in an envelope",
    decode=decode,
    clean=openings,
    max_bytes=MAX_BYTES,
    options=CapOptions,
    stream=Stream(framer=Whole, files=("*.edxlde", "*.edxl", "*.xml")),
)
