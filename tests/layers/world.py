"""A small world of observations for tests: builders with exact values, and strategies for any order of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from msgspec import UNSET

from layers import content as c
from layers.content import Content
from layers.observation import Entry, Geometry, Observation
from layers.picture import Picture
from layers.settings import PictureSettings
from layers.wire import Feature

START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
HERE = (8.78, 51.83)


def at(seconds: float) -> datetime:
    """The moment some seconds after the start."""
    return START + timedelta(seconds=seconds)


def point(lon: float, lat: float, *height: float) -> Geometry:
    """A GeoJSON point."""
    return {"type": "Point", "coordinates": [lon, lat, *height]}


def square(lon: float, lat: float, half_deg: float = 0.001) -> Geometry:
    """A GeoJSON square around a position."""
    west, south, east, north = lon - half_deg, lat - half_deg, lon + half_deg, lat + half_deg
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def see(
    subject: str,
    content: Content,
    seconds: float = 0.0,
    geometry: Any = UNSET,
    *,
    source: str = "ngsi/leitstelle",
    received: float | None = None,
    **more: Any,
) -> Observation:
    """An observation made `seconds` after the start, received then or `received` seconds after the start."""
    received_at = at(seconds if received is None else received)
    name = more.pop("name", None) or f"{subject}|{content!r}|{seconds}|{received}|{geometry}|{source}|{sorted(more)}"
    return Observation(
        id=name,
        source=source,
        subject=subject,
        observed_at=at(seconds),
        reported_at=more.pop("reported_at", at(seconds)),
        received_at=received_at,
        content=content,
        geometry=geometry,
        **more,
    )


def entries(observations: Iterable[Observation], first: int = 1) -> list[Entry]:
    """Journal entries with gap-free seq."""
    return [Entry(seq=first + number, observation=observation) for number, observation in enumerate(observations)]


def picture_of(*observations: Observation, settings: PictureSettings | None = None) -> Picture:
    """The picture of the observations in this order."""
    picture = Picture(settings or PictureSettings())
    picture.apply_many(entries(observations))
    return picture


def properties(picture: Picture, feature_id: str) -> dict[str, Any]:
    """The properties of a feature that must be there."""
    found: dict[str, Any] = picture.features[feature_id]["properties"]
    return found


def place(picture: Picture, feature_id: str) -> Any:
    """The geometry of a feature that must be there."""
    return picture.features[feature_id]["geometry"]


def facts(picture: Picture, mission: str, section: str, key: str | None = None) -> list[dict[str, Any]]:
    """The facts of a card's section."""
    found: list[dict[str, Any]] = properties(picture, f"card:{mission}")["sections"][section]
    return [fact for fact in found if key is None or fact["key"] == key]


def sans_rev(features: dict[str, Feature]) -> dict[str, Any]:
    """Features without their revisions."""
    return {
        name: {**feature, "properties": {k: v for k, v in feature["properties"].items() if k != "rev"}}
        for name, feature in features.items()
    }


# Strategies: few subjects, so that claims meet.

MARK = "geheim"
"""In every personal field that the strategies make."""


def names(prefix: str, number: int = 3) -> st.SearchStrategy[str]:
    """Subjects of a kind."""
    return st.sampled_from([f"{prefix}{index}" for index in range(number)])


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Often not spoken of, sometimes None."""
    return st.one_of(st.just(UNSET), st.just(UNSET), st.none(), strategy)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Not spoken of, or a value."""
    return st.one_of(st.just(UNSET), strategy)


seconds = st.integers(0, 1500)
times = seconds.map(at)
steps = st.integers(-8, 8)
points = st.builds(lambda x, y: point(HERE[0] + x * 0.0006, HERE[1] + y * 0.0004), steps, steps)
heights = st.builds(lambda p, h: point(*p["coordinates"], float(h)), points, st.integers(0, 120))
squares = st.builds(
    lambda x, y, h: square(HERE[0] + x * 0.0008, HERE[1] + y * 0.0008, h),
    steps,
    steps,
    st.sampled_from([0.0004, 0.001]),
)
places = st.one_of(st.just(UNSET), st.none(), points)
words = st.sampled_from(["Rauch", "Tür klemmt", "A 33", ""])
personal = st.sampled_from([f"{MARK} Meier", f"{MARK} 0171"])
numbers = st.one_of(st.integers(-3, 9), st.floats(-5, 50, allow_nan=False))
rules = st.lists(
    st.builds(
        c.Threshold,
        comparison=st.sampled_from(["equal", "notEqual", "greaterThan", "lessThanInclusive", "wrong"]),
        value=st.one_of(st.none(), st.booleans(), st.sampled_from(["OPEN", "3"]), st.floats(0, 5)),
    ),
    max_size=2,
).map(tuple)
search_ids = st.lists(st.sampled_from(["12", "49"]), max_size=2).map(tuple)
device_values = st.one_of(numbers, st.booleans(), st.sampled_from(["OPEN", "CLOSED", "7", {"url": "http://x/1.jpg"}]))

missions = st.builds(
    c.Mission,
    keyword=maybe(words),
    category=maybe(st.sampled_from(["fire", "medical"])),
    description=maybe(words),
    reporter=maybe(personal),
    address=maybe(st.builds(c.Address, street=words, city=st.just("Padertopia"))),
    valid_to=maybe(times),
    closed=maybe(st.booleans()),
    units=some(st.lists(names("unit:"), max_size=3).map(tuple)),
    search_ids=some(search_ids),
)
units = st.builds(
    c.Unit,
    call_sign=maybe(words),
    fms_status=maybe(st.integers(0, 9)),
    mission=maybe(names("mission:")),
    heading_deg=maybe(numbers),
)
sites = st.builds(c.CrowdSite, name=maybe(words), field_of_view=maybe(squares), blind_spots=maybe(squares))
regions = st.builds(
    c.CrowdRegion,
    name=maybe(words),
    area=maybe(squares),
    site=maybe(names("site:", 2)),
    count=maybe(names("count:")),
    lines=some(st.lists(st.one_of(names("line:", 2), names("count:")), max_size=2).map(tuple)),
    line_names=some(st.dictionaries(names("line:", 2), words, max_size=2)),
    density_rule=maybe(st.fixed_dictionaries({"active": st.booleans()}, optional={"threshold_pm2": numbers})),
)
counts = st.builds(c.CrowdCount, people=maybe(st.integers(0, 900)), region=maybe(names("region:")))
lines = st.builds(
    c.CrowdLine, name=maybe(words), people=maybe(st.integers(0, 90)), from_at=maybe(times), to_at=maybe(times)
)
alerts = st.builds(
    c.CrowdAlert,
    alert=some(st.sampled_from(["density", "velocity"])),
    region=maybe(names("region:")),
    area=maybe(squares),
    density_pm2=maybe(numbers),
    threshold_pm2=maybe(numbers),
)
drones = st.builds(
    c.Drone,
    name=maybe(words),
    battery_pct=maybe(numbers),
    fences=some(st.lists(st.builds(c.Fence, inclusion=st.booleans(), geometry=squares), max_size=2).map(tuple)),
    media=some(
        st.lists(st.builds(c.Media, type=st.just("IMAGE"), url=st.just("http://x/2.jpg")), max_size=1).map(tuple)
    ),
    path=some(st.lists(st.builds(c.Waypoint, number=st.integers(0, 9), geometry=heights), max_size=3).map(tuple)),
)
images = st.builds(
    c.Image,
    camera=maybe(words),
    drone=maybe(names("drone:", 2)),
    taken_at=maybe(times),
    footprint=maybe(squares),
    height_m=maybe(numbers),
    truncated=maybe(st.booleans()),
)
buildings = st.builds(
    c.Building,
    name=maybe(personal),
    email=maybe(personal),
    floor_plan_url=maybe(personal),
    description=maybe(words),
    permission=maybe(st.sampled_from(["NONE", "PENDING", "GRANTED", "GRANTED", "DENIED", "unknown"])),
)
devices = st.builds(
    c.Device,
    name=maybe(words),
    building=maybe(names("building:", 2)),
    categories=some(st.sampled_from([("sensor",), ("actuator",)])),
    measures=some(st.sampled_from([("smoke",), ("occupancy",), ("motion",), ("door",)])),
    value=maybe(device_values),
    thresholds=maybe(st.builds(c.Thresholds, invalid=rules, warning=rules, alarm=rules)),
    state=maybe(st.sampled_from(["OK", "ALARM", "UNKNOWN"])),
)
posts = st.builds(c.Post, message=maybe(words), author=maybe(personal), search_ids=some(search_ids))
citizen_reports = st.builds(
    c.CitizenReport,
    sender_id=maybe(personal),
    sender_name=maybe(personal),
    texts=some(st.lists(words, max_size=2).map(tuple)),
)
warnings = st.builds(
    c.Warning,
    sender=maybe(st.sampled_from(["DWD", "Stadt"])),
    msg_type=maybe(st.sampled_from(["Alert", "Update", "Cancel"])),
    status=maybe(st.sampled_from(["Actual", "Exercise", "Test"])),
    ends_at=maybe(times),
    headline=maybe(words),
    identifier=maybe(names("id:", 2)),
    sent_at=maybe(times),
    references=some(st.lists(st.one_of(names("warning:"), names("id:", 2)), max_size=2).map(tuple)),
)
notes = st.builds(
    c.Note,
    text=maybe(words),
    origin=some(st.sampled_from(["logbook", "crew", "control", "tak"])),
    sender_id=maybe(names("unit:")),
    sender_name=maybe(personal),
    receiver=maybe(names("unit:")),
    mission=maybe(names("mission:")),
    parameters=some(st.fixed_dictionaries({"newValue": st.one_of(st.integers(0, 1), st.booleans())})),
)
marks = st.builds(
    c.Mark,
    mark=some(st.sampled_from(["spot", "circle", "emergency"])),
    name=maybe(words),
    color=maybe(st.just("#ff0000")),
    radius_m=maybe(numbers),
    waypoints=some(st.lists(words, max_size=2).map(tuple)),
    fence=maybe(st.fixed_dictionaries({"trigger": st.just("Entry")})),
    archive=maybe(st.booleans()),
    stale_at=maybe(seconds.map(lambda late: at(late + 3_000))),
)
targets = st.one_of(names("mission:"), names("post:"), names("note:"), names("device:", 5))
removed_fields = st.lists(st.sampled_from(["mission", "value", "geometry", "units", "area", "location"]), max_size=2)

CLAIMS: list[tuple[str, int, st.SearchStrategy[Any], st.SearchStrategy[Any]]] = [
    ("mission:", 3, missions, places),
    ("unit:", 3, units, places),
    ("site:", 2, sites, st.just(UNSET)),
    ("region:", 3, regions, st.just(UNSET)),
    ("count:", 3, counts, st.just(UNSET)),
    ("line:", 2, lines, st.just(UNSET)),
    ("alert:", 3, alerts, st.just(UNSET)),
    ("drone:", 2, drones, st.one_of(st.just(UNSET), heights)),
    ("image:", 2, images, places),
    ("building:", 2, buildings, places),
    ("device:", 5, devices, places),
    ("post:", 3, posts, places),
    ("report:", 3, citizen_reports, places),
    ("warning:", 3, warnings, st.one_of(st.just(UNSET), st.none(), squares)),
    ("note:", 3, notes, places),
    ("mark:", 2, marks, st.one_of(places, squares)),
]


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """One observation of something in the small world."""
    received = draw(seconds)
    moment = received - draw(st.sampled_from([0, 0, 1, 3, 60, 400]))
    source = draw(st.sampled_from(["ngsi/leitstelle", "ngsi/zaehler", "report/unit:0"]))
    identity = f"{draw(st.integers(0, 2**40)):011x}"
    extra = draw(st.sampled_from([{}, {}, {"location": {"value": [1, 2.0]}}, {"mission": "urn"}, {"speed": 1}]))
    geometry: Any = UNSET
    said: Content
    match draw(st.integers(0, 20)):
        case 0:
            subject, said = "any", c.Seen(target=draw(targets), by=draw(names("unit:")))
        case 1:
            decision = draw(st.sampled_from(["confirm", "reject"]))
            subject, said = "any", c.Verdict(target=draw(targets), decision=decision, by="Leitstelle")
        case 2:
            prefix, number, _, _ = draw(st.sampled_from(CLAIMS))
            subject, said = draw(names(prefix, number)), c.Removal(fields=tuple(draw(removed_fields)))
        case 3:
            subject, said = "any", c.Refusal(count=draw(st.integers(1, 3)), reason=draw(words))
        case 4:
            subject = "any"
            said = c.LinkState(
                transport="mqtt", state=draw(st.sampled_from(["connected", "lost"])), since=at(0), reason=draw(words)
            )
        case _:
            prefix, number, contents, geometries = draw(st.sampled_from(CLAIMS))
            subject, said, geometry = draw(names(prefix, number)), draw(contents), draw(geometries)
    flags = draw(st.sampled_from([(), (), ("tz_assumed",), ("clock_ahead",)]))
    reported_at = at(draw(st.sampled_from([moment, received, received - 2])))
    return see(
        subject,
        said,
        moment,
        geometry,
        source=source,
        received=received,
        name=identity,
        extra=extra,
        flags=flags,
        reported_at=reported_at,
        accuracy_m=draw(st.sampled_from([None, 5.0])),
    )


histories = st.lists(observations(), min_size=1, max_size=40, unique_by=lambda observation: observation.id)
"""Lists of observations with ids of their own, received within 25 minutes: nothing expires meanwhile."""
