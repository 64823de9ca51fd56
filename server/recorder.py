"""Turns a journal into a scenario file that plays to the same picture.

Each original message becomes a line of its feed, reports of clients too. What cannot be had again from its message
becomes a line of the feed `observation` that holds the observation itself: what never had a message (refusals that
the intake noted), and what today's decoder reads otherwise than the one that took it in. Ticks are left out: the
clock of the exercise makes its own.
"""

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from layers.content import Tick
from layers.observation import Entry, Observation, encode
from server.durable import install
from server.feeds import Context, DecodeError, feeds
from server.journal import BadObservation, Draft, Journal, RawRef, with_raws
from server.journal.moments import to_us
from server.scenario import OBSERVATION, Header, Texts, encode_header, encode_line

MICROSECONDS = 1_000_000


class Recorded(Struct, frozen=True, kw_only=True):
    """What a recording holds: lines with an original message, lines with an observation, and the time it spans."""

    messages: int
    observations: int
    starts_at: datetime
    duration_s: float


class _Line(Struct, frozen=True):
    received_at: datetime
    feed: str
    instance: str
    body: bytes


def record(
    journal: Journal,
    out: Path,
    name: str,
    title: Texts,
    *,
    starts_at: datetime | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Recorded:
    """Write the entries received from `since` to `until` (default: all) to the file `out`, which appears whole.

    `starts_at` is second 0; default: the full second at or before the first entry. The file holds what senders wrote,
    personal data included. Raises ValueError when there is nothing to record, JournalError, OSError.
    """
    spans = _lines(journal, since, until)
    first = next(spans, None)
    if first is None:
        raise ValueError("there is nothing to record")
    begin = starts_at or first.received_at.replace(microsecond=0)
    if first.received_at < begin:
        raise ValueError("the recording would begin after its first message")
    fresh, body = out.with_name(out.name + ".new"), out.with_name(out.name + ".lines")
    counts = {True: 0, False: 0}
    last = begin
    try:
        with body.open("wb") as file:
            for line in itertools.chain([first], spans):
                counts[line.feed == OBSERVATION] += 1
                last = max(last, line.received_at)
                at_s = max(0, to_us(line.received_at) - to_us(begin)) / MICROSECONDS
                file.write(encode_line(at_s, line.feed, line.instance, line.body))
        duration_s = (last - begin) / timedelta(seconds=1)
        header = Header(name=name, title=title, starts_at=begin, duration_s=duration_s, recorded=True)
        with fresh.open("wb") as file, body.open("rb") as lines:
            file.write(encode_header(header))
            while chunk := lines.read(1 << 20):
                file.write(chunk)
        install(fresh, out)
    finally:
        body.unlink(missing_ok=True)
        fresh.unlink(missing_ok=True)
    return Recorded(messages=counts[False], observations=counts[True], starts_at=begin, duration_s=duration_s)


def _lines(journal: Journal, since: datetime | None, until: datetime | None) -> Iterator[_Line]:
    known: set[str] = set()
    for raw, entries in _messages(journal):
        observations = [entry.observation for entry in entries]
        if (since is None or entries[0].observation.received_at >= since) and (
            until is None or entries[0].observation.received_at <= until
        ):
            if raw is not None and _gives(raw, observations, known):
                yield _Line(raw.received_at, raw.feed, raw.instance, raw.body)
            else:
                for observation in observations:
                    if not isinstance(observation.content, Tick):
                        yield _Line(observation.received_at, OBSERVATION, observation.source, encode(observation))
        known.update(observation.id for observation in observations)


def _messages(journal: Journal) -> Iterator[tuple[RawRef | None, list[Entry]]]:
    """Entries with the message they came from; entries without one each by itself."""
    raw: RawRef | None = None
    group: list[Entry] = []
    for entry, origin in with_raws(journal):
        if group and (origin is None or origin is not raw):
            yield raw, group
            group = []
        raw = origin
        group.append(entry)
    if group:
        yield raw, group


def _gives(raw: RawRef, observations: Sequence[Observation], known: set[str]) -> bool:
    """Does the message, decoded now, give these observations (beside what was known before it)?"""
    feed = feeds().get(raw.feed)
    if feed is None:
        return False
    context = Context(source=f"{raw.feed}/{raw.instance}", received_at=raw.received_at)
    try:
        decoded = [Draft(observation).observation for observation in feed.decode(raw.body, context).observations]
    except (DecodeError, BadObservation):
        return False
    fresh = {observation.id: observation for observation in reversed(decoded) if observation.id not in known}
    return list(reversed(fresh.values())) == list(observations)
