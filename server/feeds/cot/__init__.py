"""Cursor on Target, the language of TAK clients: events in XML (one, or several one after another) and in protocol 1.

An event that says of itself that it is an exercise or a simulation enters exercises only. The point of an event is the
WGS84 position; `ce` becomes the accuracy, `stale` the end of validity.
"""

from collections.abc import Iterator

from layers.cot import Event
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed, Precondition, excerpt
from server.feeds._batch import Batch, settings
from server.feeds._stream import Stream
from server.feeds.cot.framing import AUTH, DOCTYPE, PROTO, XML, Messages, Piece, datagram
from server.feeds.cot.meaning import NAME, Reading, read
from server.feeds.cot.options import CotOptions
from server.feeds.cot.protobuf import read_message
from server.feeds.cot.secrets import clean
from server.feeds.cot.xml import read_event

MAX_BYTES = 8_000_000
MOST_EVENTS = 10_000


def decode(body: bytes, context: Context) -> Decoded:
    """What the events of one message say. Raises DecodeError where none can be read."""
    batch = Batch(context)
    reading = Reading(batch, settings(context, CotOptions))
    practised: set[str] = set()
    events = failed = 0
    first: DecodeError | None = None
    for event in _events(clean(body), batch):
        if isinstance(event, DecodeError):
            failed += 1
            first = first or event
            continue
        events += 1
        before = len(batch)
        read(event, reading)
        if is_exercise(event):
            practised.update(batch.ids()[before:])
    if first is not None and not events:
        raise first
    if not events and not batch.refused:
        raise DecodeError("no event in the message", INVALID)
    found = batch.decoded()
    conditions = {each: Precondition(exercise=True) for each in practised}
    return Decoded(observations=found.observations, refused=found.refused, conditions=conditions)


def is_exercise(event: Event) -> bool:
    """Whether its sender calls it an exercise (`e`) or a simulation (`s`): `opex`, with or without a name."""
    return event.opex[:1].lower() in ("e", "s")


def piece_event(piece: Piece) -> Event | None:
    """The event of a piece; None for a control message without one. Raises DecodeError."""
    if piece.kind == XML:
        return read_event(piece.body)
    if piece.kind == PROTO:
        return read_message(piece.body)
    if DOCTYPE.search(piece.body) is not None:
        raise DecodeError("a document type (DOCTYPE) is not accepted", INVALID)
    raise DecodeError("an event that does not end, or no event at all")


def _events(body: bytes, batch: Batch) -> Iterator[Event | DecodeError]:
    pieces = datagram(body)
    if len(pieces) > MOST_EVENTS:
        batch.refuse(f"{len(pieces) - MOST_EVENTS} events more than the {MOST_EVENTS} of one message")
    for piece in pieces[:MOST_EVENTS]:
        if piece.kind == AUTH:
            continue
        try:
            event = piece_event(piece)
        except DecodeError as error:
            batch.refuse(error.reason, excerpt(piece.body), kind="bad_entity")
            yield error
        else:
            if event is not None:
                yield event


FEED = Feed(
    name=NAME,
    title="Cursor on Target (TAK): XML and protocol 1",
    decode=decode,
    max_bytes=MAX_BYTES,
    clean=clean,
    options=CotOptions,
    stream=Stream(framer=Messages, gather_s=0.2, files=("*.cot", "*.xml", "*.bin")),
)
