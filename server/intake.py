"""The intake: every message of every feed goes through here, live, injected, replayed or from a scenario.

Decode, keep what was refused in the quarantine, check preconditions against the picture, submit the rest to the desk
together with the original bytes. Returns when everything that was accepted is durable.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from layers.content import Refusal
from layers.observation import MAX_ID_CHARS, Observation, idempotency_key
from server import runtime
from server.admission import admit
from server.desk import Busy, Closed, Receipt
from server.feeds import (
    BAD_ENTITY,
    FROM_FOLDER,
    INVALID,
    TOO_LARGE,
    Context,
    Decoded,
    DecodeError,
    Limits,
    Refused,
    excerpt,
    feeds,
)
from server.feeds._secrets import clean
from server.home_names import only_own
from server.journal import BadObservation, Draft, RawRef
from server.quarantine import Quarantine, row
from server.quarantined import Message

if TYPE_CHECKING:
    from server.config import Settings
    from server.situations import Situation
    from server.thumbnails import Thumbnails

ROWS_PER_MESSAGE = 50
"""Quarantine rows of a single message; what is over it shares one row that says how many."""
OFFLOAD_FROM_BYTES = 16_384
"""A larger message is decoded beside the loop."""
COALESCE_S = 1.0
"""A source's refusals reach the picture at most this often."""
MAX_PENDING = 1_000
"""Sources remembered for that; names of sources are the senders' to choose."""


class Taken(Struct, frozen=True):
    """What became of a message: the desk's receipt for what was accepted, and what was refused."""

    receipt: Receipt
    refused: tuple[Refused, ...]


class IntakeStats(Struct):
    """Counters since the start."""

    messages: int = 0
    refused_messages: int = 0
    refused_parts: int = 0
    lost_refusals: int = 0
    """Refusals that are in the quarantine but could not be told to the picture."""


class _Pending(Struct):
    sent_at: float = -COALESCE_S
    count: int = 0
    reason: str = ""
    waiting: bool = False


class Intake:
    """See the module. `zone` is what a time without a zone means where a feed does not know better.

    `sources` are settings by feed or by source, with an own `zone` among them perhaps.
    """

    def __init__(
        self,
        quarantine: Quarantine,
        limits: Limits | None = None,
        zone: str = "UTC",
        sources: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.quarantine = quarantine
        self.limits = limits or Limits()
        self.zone = zone
        self.sources = sources or {}
        self.images: Thumbnails | None = None
        self.stats = IntakeStats()
        self._strict: dict[str, threading.Lock] = {}
        self._pending: dict[tuple[str, str], _Pending] = {}

    def take(
        self,
        situation: "Situation",
        feed_name: str,
        instance: str,
        body: bytes,
        sender: str,
        received_at: datetime | None = None,
    ) -> Taken:
        """Take one message of `<feed>/<instance>`. `received_at`: the situation's time where it is not now.

        Raises DecodeError (after a quarantine row was written) when nothing of the message can be used; Busy and Closed
        as the desk does: then nothing was kept.
        """
        self.stats.messages += 1
        source = f"{feed_name}/{instance}"
        body = _without_secrets(feed_name, body)
        at = situation.clock.now() if received_at is None else received_at
        raw = RawRef(feed=feed_name, instance=instance, sender=sender, received_at=at, body=body)
        try:
            decoded = self._decode(source, raw)
        except DecodeError as error:
            self.refuse(situation, source, sender, error, body, received_at=received_at)
            raise
        if not decoded.conditions:
            taken = self._submit(situation, raw, decoded, live=received_at is None)
            if self.images is not None and received_at is None:
                self.images.keep(situation, decoded.observations, body)
            return taken
        # A precondition holds until what it guards is in the picture: one such message at a time and situation.
        with self._strict.setdefault(situation.id, threading.Lock()):
            return self._submit(situation, raw, decoded, live=received_at is None)

    def prepare(
        self, situation_id: str, feed_name: str, instance: str, body: bytes, sender: str, received_at: datetime
    ) -> list[Draft]:
        """What `take` would submit, for a player that submits many messages at once.

        Raises nothing for what the message holds: a message that cannot be used at all gives the note of its refusal
        alone. Preconditions are not asked, so that what a scenario gives does not depend on how its lines were batched.
        """
        self.stats.messages += 1
        source = f"{feed_name}/{instance}"
        body = _without_secrets(feed_name, body)
        raw = RawRef(feed=feed_name, instance=instance, sender=sender, received_at=received_at, body=body)
        try:
            decoded = self._decode(source, raw)
        except DecodeError as error:
            self.stats.refused_messages += 1
            decoded = Decoded(refused=(_whole(error, body),))
        drafts, unkeepable = _drafts(decoded.observations, raw)
        if refused := [*decoded.refused, *unkeepable]:
            self._keep(situation_id, source, sender, received_at, refused, body)
            drafts.append(Draft(_refusal(source, received_at, len(refused), refused[-1].reason)))
        return drafts

    def again(self, situation: "Situation", message: Message, *, dry_run: bool = False) -> Taken:
        """Read a message of the quarantine once more, with its own time of receipt and sender.

        What is usable is submitted (what was taken the first time counts as duplicate); nothing is added to the
        quarantine, and the refusals of the first time are not told again. `dry_run`: nothing is submitted. Raises
        DecodeError, Busy, Closed.
        """
        raw = RawRef(
            feed=message.feed,
            instance=message.instance,
            sender=message.sender,
            received_at=message.received_at,
            body=message.body,
        )
        decoded = only_own(raw.instance, self._decode(f"{raw.feed}/{raw.instance}", raw))
        with self._strict.setdefault(situation.id, threading.Lock()):
            drafts, refused = _admitted(situation, raw, decoded)
            if dry_run:
                return Taken(Receipt(0, 0, situation.picture.rev), refused)
            receipt = situation.desk.submit_drafts(drafts)
        if self.images is not None:
            self.images.keep(situation, decoded.observations, raw.body)
        return Taken(receipt, refused)

    def options_of(self, source: str) -> dict[str, Any]:
        """The settings of a source: those of its feed, and its own."""
        return {**self.sources.get(source.partition("/")[0], {}), **self.sources.get(source, {})}

    def refuse(
        self,
        situation: "Situation",
        source: str,
        sender: str,
        error: DecodeError,
        body: bytes = b"",
        size: int | None = None,
        received_at: datetime | None = None,
    ) -> None:
        """Write a whole message into the quarantine (one that was not even read is given by its `size`)."""
        self.stats.refused_messages += 1
        at = received_at or situation.clock.now()
        body = _without_secrets(source.partition("/")[0], body)
        self._keep(situation.id, source, sender, at, [_whole(error, body)], body, size)
        if received_at is None:
            self._tell_later(situation, source, 1, error.reason)
        else:
            situation.desk.submit([_refusal(source, at, 1, error.reason)])

    def _decode(self, source: str, raw: RawRef) -> Decoded:
        feed = feeds().get(raw.feed)
        if feed is None:
            raise DecodeError(f"there is no feed {raw.feed!r}", INVALID)
        if len(source) > MAX_ID_CHARS:
            raise DecodeError(f"the name of a source has at most {MAX_ID_CHARS} characters", INVALID)
        options = self.options_of(source)
        zone = options.pop("zone", None) or feed.zone or self.zone
        context = Context(
            source=source,
            received_at=raw.received_at,
            zone=zone,
            limits=self.limits,
            options=options,
            file=raw.sender.rpartition("/")[2] if raw.sender.startswith(FROM_FOLDER) else None,
        )
        limit = min(feed.max_bytes, self.limits.body_bytes)
        if len(raw.body) > limit:
            raise DecodeError(f"the message has {len(raw.body)} bytes, more than {limit}", TOO_LARGE)
        if len(raw.body) < OFFLOAD_FROM_BYTES:
            return feed.decode(raw.body, context)
        return runtime.offload(feed.decode, raw.body, context)

    def _submit(self, situation: "Situation", raw: RawRef, decoded: Decoded, live: bool) -> Taken:
        source = f"{raw.feed}/{raw.instance}"
        decoded = only_own(raw.instance, decoded)
        drafts, refused = _admitted(situation, raw, decoded)
        if refused:
            self._keep(situation.id, source, raw.sender, raw.received_at, refused, raw.body)
            if not live:
                drafts.append(Draft(_refusal(source, raw.received_at, len(refused), refused[-1].reason)))
        receipt = situation.desk.submit_drafts(drafts)
        if refused and live:
            self._tell_later(situation, source, len(refused), refused[-1].reason)
        return Taken(receipt, refused)

    def _keep(
        self,
        situation_id: str,
        source: str,
        sender: str,
        at: datetime,
        refused: Sequence[Refused],
        body: bytes,
        size: int | None = None,
    ) -> None:
        """`size`: of a message that was not read, so that there is no body to keep."""
        self.stats.refused_parts += len(refused)
        shown = list(refused[:ROWS_PER_MESSAGE])
        if len(refused) > len(shown):
            shown.append(Refused(reason=f"and {len(refused) - len(shown)} more of the same message"))
        rows = [
            row(
                at=at,
                situation=situation_id,
                source=source,
                sender=sender,
                kind=part.kind,
                reason=part.reason,
                subject=part.subject,
                excerpt=part.excerpt,
                size=len(body) if size is None else size,
            )
            for part in shown
        ]
        feed, _, instance = source.partition("/")
        whole = Message(
            situation=situation_id, feed=feed[:100], instance=instance[:256], sender=sender, received_at=at, body=body
        )
        self.quarantine.add(rows, whole if size is None else None)

    def _tell_later(self, situation: "Situation", source: str, count: int, reason: str) -> None:
        """Let the picture know of refusals, gathered: a flood of them must not fill the journal."""
        if len(self._pending) >= MAX_PENDING:
            quiet_since = time.monotonic() - COALESCE_S
            kept = {key: one for key, one in self._pending.items() if one.waiting or one.sent_at > quiet_since}
            self._pending = kept if len(kept) < MAX_PENDING else {}
        pending = self._pending.setdefault((situation.id, source), _Pending())
        pending.count += count
        pending.reason = reason
        if not pending.waiting:
            pending.waiting = True
            wait_s = pending.sent_at + COALESCE_S - time.monotonic()
            runtime.spawn(self._tell, situation, source, pending, max(0.0, wait_s), name="refusals")

    def _tell(self, situation: "Situation", source: str, pending: _Pending, wait_s: float) -> None:
        time.sleep(wait_s)
        count, reason = pending.count, pending.reason
        pending.count, pending.sent_at, pending.waiting = 0, time.monotonic(), False
        try:
            situation.desk.submit([_refusal(source, situation.clock.now(), count, reason)])
        except (Busy, Closed):
            self.stats.lost_refusals += count


def configured(quarantine: Quarantine, settings: "Settings") -> Intake:
    """The intake of a server with these settings."""
    feeds_set = settings.feeds
    limits = Limits(body_bytes=feeds_set.body_bytes, entities=feeds_set.entities, clock=settings.picture.limits)
    return Intake(quarantine, limits, feeds_set.zone, feeds_set.sources)


def _without_secrets(feed_name: str, body: bytes) -> bytes:
    """What may be kept of a message: it decodes to the same observations. Of what nobody reads, nothing secret."""
    feed = feeds().get(feed_name)
    if feed is None:
        return clean(body)
    return body if feed.clean is None else feed.clean(body)


def _admitted(situation: "Situation", raw: RawRef, decoded: Decoded) -> tuple[list[Draft], tuple[Refused, ...]]:
    """What the situation takes of it, and everything that is refused."""
    with situation.desk.lock:
        observations, turned_away = admit(decoded, situation.picture)
    drafts, unkeepable = _drafts(observations, raw)
    return drafts, (*decoded.refused, *turned_away, *unkeepable)


def _whole(error: DecodeError, body: bytes) -> Refused:
    return Refused(reason=error.reason, excerpt=excerpt(body), kind=error.kind)


def _drafts(observations: Sequence[Observation], raw: RawRef) -> tuple[list[Draft], list[Refused]]:
    drafts, refused = [], []
    for observation in observations:
        try:
            drafts.append(Draft(observation, raw))
        except BadObservation as error:
            refused.append(Refused(reason=str(error), kind=BAD_ENTITY, subject=observation.subject))
    return drafts, refused


def _refusal(source: str, at: datetime, count: int, reason: str) -> Observation:
    said = Refusal(count=count, reason=reason[:500])
    return Observation(
        id=idempotency_key("refusal", source, at.isoformat(), str(count), reason),
        source=source[:MAX_ID_CHARS],
        subject=f"source:{source}"[:MAX_ID_CHARS],
        observed_at=at,
        reported_at=at,
        received_at=at,
        content=said,
    )
