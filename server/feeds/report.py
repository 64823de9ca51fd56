"""Reports of our own clients: what the crew app and the control room send over Socket.IO, with who said it.

The server adds `role`, `name` and `unit` from the token (server/reports.py), so a report cannot speak for somebody
else; after that it is a feed like any other: recorded, replayed, injected. The wire form is in docs/wire.md.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from layers import clock
from layers.content import Content, Located, Mission, Note, Seen, Unit, Verdict
from layers.observation import Geometry, Observation, Sensitivity, idempotency_key
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed, Precondition
from server.feeds._secrets import openings

MAX_BYTES = 65_536
Word = Annotated[str, Meta(min_length=1, max_length=256)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]


class Report(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Common to all: `client_id` and `client_seq` make it idempotent, `at` is when it was so by the client's clock."""

    client_id: Annotated[str, Meta(min_length=8, max_length=64)]
    client_seq: Annotated[int, Meta(ge=0, le=2**53)]
    at: Annotated[datetime, Meta(tz=True)] | None = None
    role: Literal["crew", "control"]
    name: Word
    unit: Word | None = None

    @property
    def by(self) -> str:
        """Who speaks: the crew's unit, else the desk."""
        return self.unit or self.name


class UnitStatus(Report, frozen=True, kw_only=True, tag="unit_status"):
    """The unit pressed an FMS status."""

    fms_status: Annotated[int, Meta(ge=0, le=9)]


class Position(Report, frozen=True, kw_only=True, tag="position"):
    """Where the unit is, WGS84; accuracy in metres (one sigma), heading in degrees from north, speed in m/s."""

    lon: Longitude
    lat: Latitude
    accuracy_m: Annotated[float, Meta(ge=0)] | None = None
    heading_deg: Annotated[float, Meta(ge=0, le=360)] | None = None
    speed_mps: Annotated[float, Meta(ge=0, le=200)] | None = None


class NoteReport(Report, frozen=True, kw_only=True, tag="note"):
    """A few words; `mission` they belong to, `receiver` a unit they are meant for."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    mission: Word | None = None
    receiver: Word | None = None


class SeenReport(Report, frozen=True, kw_only=True, tag="seen"):
    """Somebody has read `target`."""

    target: Word


class Confirm(Report, frozen=True, kw_only=True, tag="confirm"):
    """`target` is so."""

    target: Word
    reason: Annotated[str, Meta(max_length=500)] | None = None


class Reject(Report, frozen=True, kw_only=True, tag="reject"):
    """`target` is not so."""

    target: Word
    reason: Annotated[str, Meta(max_length=500)] | None = None


class Locate(Report, frozen=True, kw_only=True, tag="locate"):
    """The mission `target` is there; without a position: what was placed before holds no longer.

    `address` is the line of the address that it was placed for: when that becomes another, the placing ends.
    """

    target: Word
    lon: Longitude | None = None
    lat: Latitude | None = None
    accuracy_m: Annotated[float, Meta(ge=0, le=100_000)] | None = None
    label: Annotated[str, Meta(max_length=500)] | None = None
    address: Annotated[str, Meta(max_length=1000)] | None = None


AnyReport = UnitStatus | Position | NoteReport | SeenReport | Confirm | Reject | Locate
_decoder = msgspec.json.Decoder(AnyReport)


def decode(body: bytes, context: Context) -> Decoded:
    """One report gives one observation. Raises DecodeError."""
    try:
        report = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(str(error), INVALID) from error
    key = idempotency_key("report", report.role, report.unit or "", report.client_id, str(report.client_seq))
    subject, content, geometry = _claim(report, key)
    try:
        at = None if report.at is None else report.at.astimezone(UTC)
    except OverflowError as error:
        raise DecodeError("at: outside the years 1 to 9999", INVALID) from error
    observed_at, reported_at, flags = clock.honest(at, None, context.received_at, context.limits.clock)
    position = {} if geometry is None else {"geometry": geometry}
    observation = Observation(
        id=key,
        source=context.source,
        subject=subject,
        observed_at=observed_at,
        reported_at=reported_at,
        received_at=context.received_at,
        content=content,
        accuracy_m=report.accuracy_m if isinstance(report, Position) else None,
        sensitivity=Sensitivity.OPERATIONAL,
        flags=flags,
        **position,
    )
    # A place is given to a mission that is known; it would otherwise come into being with nothing but a place.
    conditions = {key: Precondition(exists=True)} if isinstance(report, Locate) else {}
    return Decoded(observations=(observation,), conditions=conditions)


def _claim(report: AnyReport, key: str) -> tuple[str, Content, Geometry | None]:
    match report:
        case UnitStatus() | Position() if report.unit is None:
            raise DecodeError("a report about a unit needs the unit", INVALID)
        case UnitStatus():
            return str(report.unit), Unit(fms_status=report.fms_status), None
        case Position():
            # What the tablet does not know this time is left as it was, with its own age.
            moving = Unit(heading_deg=_given(report.heading_deg), speed_mps=_given(report.speed_mps))
            return str(report.unit), moving, {"type": "Point", "coordinates": [report.lon, report.lat]}
        case NoteReport():
            note = Note(
                text=report.text,
                origin=report.role,
                sender_id=report.by,
                sender_name=report.name,
                receiver=report.receiver,
                mission=report.mission,
            )
            return f"note:{key}", note, None
        case SeenReport():
            return report.target, Seen(target=report.target, by=report.by), None
        case Locate():
            return report.target, Mission(located=_located(report)), None
    decision = "confirm" if isinstance(report, Confirm) else "reject"
    return report.target, Verdict(target=report.target, decision=decision, by=report.by, reason=report.reason), None


def _located(report: Locate) -> Located | None:
    if report.lon is None or report.lat is None:
        if report.lon is not None or report.lat is not None:
            raise DecodeError("a position has a lon and a lat", INVALID)
        return None
    return Located(
        lon=report.lon,
        lat=report.lat,
        by=report.by,
        accuracy_m=report.accuracy_m,
        label=report.label,
        address=report.address,
    )


def _given(number: float | None) -> float | UnsetType:
    return UNSET if number is None else number


FEED = Feed(
    name="report", title="Reports of our own clients", decode=decode, max_bytes=MAX_BYTES, pushed=False, clean=openings
)
