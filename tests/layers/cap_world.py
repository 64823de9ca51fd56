"""Warnings as anybody could write them: strategies of features with strange texts, times, words and shapes."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from layers import content as c
from layers.cap_out import CATEGORY, CERTAINTY, MSG_TYPE, RESPONSE, SCOPE, SEVERITY, STATUS, URGENCY
from layers.settings import PictureSettings
from layers.wire import Feature
from tests.layers.world import picture_of, see, square

texts = st.text(max_size=30) | st.sampled_from(
    ("", " ", "\x00\x0b", "]]>", "<b>&amp;</b>", "\ufffe", "😀", "a,b c", "x" * 300, "\r\n\t", "javascript:alert(1)")
)
told = st.none() | texts
times = st.none() | st.datetimes(datetime(2000, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
codes = st.none() | st.dictionaries(texts, st.lists(texts, max_size=3).map(tuple), max_size=3)
metres = st.none() | st.floats(-500, 50_000)
spots = st.tuples(st.floats(-179, 179), st.floats(-89, 89))
points = spots.map(lambda spot: {"type": "Point", "coordinates": list(spot)})
areas = spots.map(lambda spot: square(*spot))
geometries: st.SearchStrategy[Any] = (
    st.none()
    | points
    | areas
    | st.just({"type": "MultiPolygon", "coordinates": [square(8, 51)["coordinates"], square(9, 51)["coordinates"]]})
    | st.just({"type": "LineString", "coordinates": [[8, 51], [9, 51]]})
)


def words(*known: str) -> st.SearchStrategy[str | None]:
    """A word of an enumeration, none, or something else."""
    return st.none() | st.sampled_from(known) | texts


warnings = st.builds(
    c.Warning,
    identifier=told,
    sender=told,
    sender_name=told,
    sent_at=times,
    status=words(*STATUS),
    msg_type=words(*MSG_TYPE),
    scope=words(*SCOPE),
    category=st.lists(words(*CATEGORY).map(str), max_size=3).map(tuple),
    event=told,
    urgency=words(*URGENCY),
    severity=words(*SEVERITY),
    certainty=words(*CERTAINTY),
    headline=told,
    description=told,
    instruction=told,
    area_text=told,
    area_codes=codes,
    altitude_m=metres,
    ceiling_m=metres,
    response_types=st.lists(words(*RESPONSE).map(str), max_size=3).map(tuple),
    language=told | st.sampled_from(("de-DE", "en", "de-LS")),
    web=told | st.just("https://x.example/a?b=ü"),
    effective_at=times,
    onset_at=times,
    ends_at=times,
    references=st.lists(texts | st.just("s@x,id 1,2026-11-21T18:00:00+01:00"), max_size=3).map(tuple),
)


@st.composite
def features(draw: st.DrawFn) -> Feature:
    """The feature of any warning."""
    subject = draw(st.sampled_from(("cap:s%40x:1", "cap:s%40x:1:2", "nina:mow.1", "urn:ngsi-ld:CitizenAlert:ä")))
    settings = PictureSettings(exercise=draw(st.booleans()))
    picture = picture_of(see(subject, draw(warnings), geometry=draw(geometries)), settings=settings)
    return picture.features[subject]
