"""What a message yields, gathered record by record: a bad field costs the field, a bad record costs the record."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Struct, UnsetType

from layers.clock import honest
from layers.content import Content
from layers.observation import MAX_ID_CHARS, Geometry, Observation, Sensitivity, encode, idempotency_key
from server.feeds import (
    BAD_ATTRIBUTE,
    BAD_ENTITY,
    INVALID,
    Context,
    Decoded,
    DecodeError,
    Refused,
    excerpt,
)
from server.feeds._geometry import BadGeometry, NoPosition, position
from server.feeds._json import dump
from server.feeds._secrets import without
from server.feeds.ngsi.attributes import why_not
from server.feeds.ngsi.values import Bad, Reader, Reading, number, text

_UNSAFE_IN_SUBJECT = re.compile(r"[^\w.~+,*@!$-]")
"""Written as %XX in a subject: the colon that divides its parts, and what NGSI and features keep for themselves."""
MAX_EXTRA_BYTES = 16_384
MOST = 20_000
"""Observations of one message: a day of a big city's units."""
NO_POSITION = "no_position"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AnyStruct = TypeVar("AnyStruct", bound=Struct)


def subject(feed: str, *key: str) -> str:
    """The subject `<feed>:<key>`; a key that would be too long is cut and made unique again by its hash."""
    found = ":".join([feed, *(_UNSAFE_IN_SUBJECT.sub(lambda unsafe: quote(unsafe[0], safe=""), part) for part in key)])
    return found if len(found) <= MAX_ID_CHARS else f"{found[:200]}~{idempotency_key(found)}"


def settings(context: Context, kind: type[AnyStruct]) -> AnyStruct:
    """The settings of this source. Raises DecodeError where they are none of this feed."""
    try:
        return msgspec.convert(context.options, kind)
    except msgspec.ValidationError as error:
        raise DecodeError(f"the settings of this source: {error}", INVALID) from error


class Batch:
    """Observations and refusals of one message, in its order; of two that are the same the first stays.

    At most `most` observations: what is over it is refused, in one refusal that says how many.
    """

    def __init__(self, context: Context, most: int = MOST) -> None:
        self.context = context
        self.most = most
        self._over = 0
        self._untimed: dict[str, int] = {}
        self._observations: dict[str, Observation] = {}
        self.refused: list[Refused] = []

    def __len__(self) -> int:
        return len(self._observations)

    def ids(self) -> list[str]:
        """The ids of the observations so far, in order."""
        return list(self._observations)

    def decoded(self) -> Decoded:
        """What has been gathered."""
        if self._over:
            self.refuse(f"{self._over} observations more than the {self.most} of one message")
            self._over = 0
        return Decoded(observations=tuple(self._observations.values()), refused=tuple(self.refused))

    def refuse(self, reason: str, raw: Any = "", subject: str | None = None, kind: str = BAD_ENTITY) -> None:
        """A part that is not used. The excerpt is without secret members."""
        part = Refused(reason=reason, excerpt=_shown(raw), kind=kind, subject=subject)
        if part not in self.refused[-5:]:  # a field may be read twice
            self.refused.append(part)

    def fields(self, raw: Mapping[str, Any], of: str | None = None, folded: bool = False) -> "Fields":
        """A record to read field by field; `of` is the subject that refusals name."""
        return Fields(raw, self, of, folded)

    def claim(
        self,
        subject: str,
        content: Content,
        *,
        at: datetime | None,
        said: datetime | None = None,
        flags: Iterable[str] = (),
        geometry: Geometry | None | UnsetType = UNSET,
        extra: Mapping[str, Any] | None = None,
        every_s: int = 0,
        repeats_s: int = 0,
        identity: str | None = None,
        personal: bool = False,
        accuracy_m: float | None = None,
    ) -> None:
        """One observation. `at`: when it was so, by the sender's clock; `said`: when the sender said so.

        Its id is of source, subject, time and all that it says, so a repeat has the same. Without a time of its own
        the time of receipt takes its place, cut to `every_s` seconds: so long a repeat counts as the same. `repeats_s`:
        what comes again so soon by its own time is a repeat too (a telegram that is sent several times). `identity`
        stands for what is said where not all of it tells a repeat.
        """
        context, own = self.context, at or said
        observed, reported, found = honest(at, said or at, context.received_at, context.limits.clock)
        if own is None and not every_s:
            # What has no time keeps its order within a message: each next word about a subject is a microsecond later.
            behind = self._untimed[subject] = self._untimed.get(subject, -1) + 1
            observed += timedelta(microseconds=behind)
        observation = Observation(
            id="",
            source=context.source,
            subject=subject,
            observed_at=observed,
            reported_at=reported,
            received_at=context.received_at,
            content=content,
            geometry=geometry,
            accuracy_m=accuracy_m,
            flags=tuple(sorted({*found, *flags})),
            sensitivity=Sensitivity.PERSONAL if personal else Sensitivity.OPERATIONAL,
            extra=self._extra(extra or {}, subject),
        )
        when = _cut(own, repeats_s) if own is not None else _cut(observed, every_s)
        self._keep(msgspec.structs.replace(observation, id=_identity(observation, when, identity)))

    def _keep(self, observation: Observation) -> None:
        if len(self._observations) < self.most:
            self._observations.setdefault(observation.id, observation)
        elif observation.id not in self._observations:
            self._over += 1

    def _extra(self, written: Mapping[str, Any], subject: str) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, value in written.items():
            if value is UNSET or value is None or value in ("", [], {}):
                continue
            value = without(value)
            reason = why_not(value, self.context.limits)
            if reason is None and len(dump(value)) > MAX_EXTRA_BYTES:
                reason = f"more than {MAX_EXTRA_BYTES} bytes"
            if reason is None and len(kept) >= self.context.limits.attributes:
                reason = f"more than {self.context.limits.attributes} attributes"
            if reason is None:
                kept[name] = msgspec.json.decode(dump(value))  # as it will come out of the journal
            else:
                self.refuse(f"{name[:100]}: {reason}", value, subject, BAD_ATTRIBUTE)
        return kept


class Fields:
    """A sender's record, read name by name. What cannot be read is refused; like what is empty, it is not said.

    `of` is the subject that refusals name, once it is known.
    """

    def __init__(self, raw: Mapping[str, Any], batch: Batch, of: str | None = None, folded: bool = False) -> None:
        self.raw = {key.casefold(): value for key, value in raw.items()} if folded else raw
        self.reading = Reading(batch.context, set())
        self.of = of
        self.batch = batch
        self._folded = folded

    @property
    def flags(self) -> set[str]:
        """What was assumed while reading."""
        return self.reading.flags

    def has(self, names: str) -> bool:
        """Whether one of the names (`a|b`) is there and not empty."""
        return self._find(names)[1] is not None

    def get(self, names: str, reader: Reader = text) -> Any:
        """The value of the first of the names that is there and not empty; UNSET without one."""
        name, value = self._find(names)
        if value is None:
            return UNSET
        try:
            found = reader(value, self.reading)
        except (Bad, BadGeometry) as error:
            self.bad(name, str(error), value)
            return UNSET
        return UNSET if found is None or found == () else found

    def said(self, names: str, reader: Reader = text) -> Any:
        """As `get`, but None without a value."""
        found = self.get(names, reader)
        return None if found is UNSET else found

    def inner(self, names: str) -> "Fields":
        """An object within, without fields where there is none."""
        name, value = self._find(names)
        if value is not None and not isinstance(value, Mapping):
            self.bad(name, "an object is expected", value)
            value = None
        found = Fields(value or {}, self.batch, self.of, self._folded)
        found.reading = self.reading
        return found

    def each(self, names: str) -> list["Fields"]:
        """The objects of a list within; what is no object is refused, as is what is over the limit of items."""
        name, value = self._find(names)
        items = value if isinstance(value, list) else [] if value is None else [value]
        limit = self.batch.context.limits.items
        if len(items) > limit:
            self.bad(name, f"{len(items)} items, more than {limit}", "")
        found = []
        for item in items[:limit]:
            if isinstance(item, Mapping):
                found.append(Fields(item, self.batch, self.of, self._folded))
            else:
                self.bad(name, "an object is expected", item)
        return found

    def point(self, lon: str, lat: str, height: str = "") -> Geometry | UnsetType:
        """A position of two or three fields. 0/0 is none (flag `no_position`)."""
        return self.place(self.said(lon, number), self.said(lat, number), self.said(height, number) if height else None)

    def place(self, lon: float | None, lat: float | None, height: float | None = None) -> Geometry | UnsetType:
        """As `point`, of numbers."""
        if lon is None and lat is None:
            return UNSET
        try:
            return {"type": "Point", "coordinates": position(lon, lat, height)}
        except NoPosition:
            self.flags.add(NO_POSITION)
        except BadGeometry as error:
            self.bad("position", str(error), [lon, lat])
        return UNSET

    def bad(self, name: str, reason: str, value: Any) -> None:
        """Refuse a field."""
        self.batch.refuse(f"{name}: {reason}", without({name: value}), self.of, BAD_ATTRIBUTE)

    def _find(self, names: str) -> tuple[str, Any]:
        for name in names.split("|"):
            value = self.raw.get(name.casefold() if self._folded else name)
            if value is not None and value not in ("", [], {}) and not (isinstance(value, str) and not value.strip()):
                return name, value
        return names, None


def joined(*parts: Any, by: str = ", ") -> str | UnsetType:
    """The texts that are there, UNSET without one."""
    return by.join(part for part in parts if part is not UNSET and part) or UNSET


def _identity(observation: Observation, when: datetime, said: str | None) -> str:
    if said is not None:
        return idempotency_key(when.isoformat(), observation.source, observation.subject, said)
    timeless = msgspec.structs.replace(
        observation, observed_at=_EPOCH, reported_at=_EPOCH, received_at=_EPOCH, flags=()
    )
    return idempotency_key(when.isoformat(), encode(timeless))


_EARLIEST_S = -62_135_424_000
"""The third day of the year 1: no zone takes it out of what a datetime can be."""


def _cut(moment: datetime, every_s: int) -> datetime:
    if not every_s:
        return moment
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(max(seconds - seconds % every_s, _EARLIEST_S), moment.tzinfo)


def _shown(raw: Any) -> str:
    if isinstance(raw, str | bytes):
        return excerpt(raw)
    try:
        return excerpt(dump(without(raw)))
    except ValueError:
        return ""
