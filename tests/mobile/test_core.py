"""The small pure parts: clock, ages, replica, session, geometry, daylight, colours, the guarded pad."""

import colorsys
import json
import stat
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile import ages, daylight, fms, geo, session, themes
from mobile.clock import SituationClock, iso
from mobile.fms import Pad, Press
from mobile.mailbox import Mailbox
from mobile.sync import CursorMismatch, Replica, decode_delta

START = datetime(2026, 11, 21, 21, 14, 7, tzinfo=UTC)


class Hands:
    """Two clocks that a test moves by hand."""

    def __init__(self) -> None:
        self.mono_s, self.wall_s = 100.0, 1_000_000.0

    def go(self, seconds: float) -> None:
        self.mono_s += seconds
        self.wall_s += seconds


def situation_clock(hands: Hands) -> SituationClock:
    return SituationClock(lambda: hands.mono_s, lambda: hands.wall_s)


def test_the_clock_runs_on_at_the_speed_of_the_exercise() -> None:
    hands = Hands()
    clock = situation_clock(hands)
    assert clock.now() is None
    clock.set(iso(START), 60.0, "running")
    hands.go(2)
    assert clock.now() == START + timedelta(minutes=2)
    clock.set(iso(START), 60.0, "paused")
    hands.go(2)
    assert clock.now() == START
    assert clock.confirmed


def test_a_late_delta_does_not_put_the_clock_back_but_a_jump_does() -> None:
    hands = Hands()
    clock = situation_clock(hands)
    clock.set(iso(START), 1.0, "running")
    hands.go(10)
    clock.heard(iso(START + timedelta(seconds=9)))  # one second on its way
    assert clock.now() == START + timedelta(seconds=10)
    clock.heard(iso(START + timedelta(seconds=10.5)))  # the way before was slower
    assert clock.now() == START + timedelta(seconds=10.5)
    clock.heard(iso(START - timedelta(minutes=5)))
    assert clock.now() == START - timedelta(minutes=5)


def test_the_clock_goes_on_after_a_restart_and_says_that_nobody_confirmed_it() -> None:
    hands = Hands()
    clock = situation_clock(hands)
    clock.set(iso(START), 2.0, "running")
    dumped = json.loads(json.dumps(clock.dump()))
    hands.wall_s += 3600  # the tablet was off; its monotonic clock began anew
    again = situation_clock(hands)
    again.restore(dumped)
    assert again.now() == START + timedelta(hours=2)
    assert not again.confirmed
    hands.wall_s -= 999_999  # somebody set the tablet's clock back
    back = situation_clock(hands)
    back.restore(dumped)
    assert back.now() == START
    back.heard(iso(START + timedelta(seconds=1)))
    assert back.confirmed
    situation_clock(hands).restore({})


@pytest.mark.parametrize(
    ("seconds", "key", "numbers"),
    [
        (-5, "span.s", {"s": 0}),
        (47, "span.s", {"s": 40}),
        (60, "span.min", {"min": 1}),
        (3599, "span.min", {"min": 59}),
        (3900, "span.h", {"h": 1, "min": 5}),
        (200_000, "span.d", {"d": 2, "h": 7}),
    ],
)
def test_spans(seconds: float, key: str, numbers: dict[str, int]) -> None:
    assert ages.duration(seconds) == (key, numbers)


def test_the_stopwatch_does_not_look_like_a_time_of_day() -> None:
    assert ages.stopwatch(192.7) == "03:12 min"
    assert ages.stopwatch(3600 + 192) == "1:03:12 h"


def test_freshness_goes_by_the_situations_clock() -> None:
    properties = {
        "observed_at": iso(START),
        "stale_at": iso(START + timedelta(minutes=5)),
        "expires_at": iso(START + timedelta(hours=1)),
        "times": {"position": iso(START + timedelta(minutes=1))},
    }
    judged = [ages.freshness(properties, START + timedelta(minutes=minutes)) for minutes in (0, 5, 60)]
    assert judged == [ages.Freshness.FRESH, ages.Freshness.STALE, ages.Freshness.EXPIRED]
    assert ages.freshness(properties, None) is ages.Freshness.UNKNOWN
    assert ages.freshness({}, START) is ages.Freshness.UNKNOWN
    assert ages.age_s(properties, START + timedelta(minutes=2)) == 120
    assert ages.age_s(properties, START + timedelta(minutes=2), "position") == 60
    assert ages.moment("yesterday") is None
    assert ages.moment("2026-11-21T21:14:07") is None  # no zone: not a time


# the replica


def hello(epoch: str) -> dict[str, Any]:
    return {"epoch": epoch, "status": "Exercise", "title": "Hausbrand"}


def delta(start: int, to: int, **parts: Any) -> dict[str, Any]:
    empty = {"situation": "s", "from": start, "to": to, "now": iso(START), "full": False}
    return {**empty, "upsert": [], "patch": [], "remove": [], **parts}


def thing(name: str, value: int) -> dict[str, Any]:
    return {"id": name, "type": "Feature", "geometry": None, "properties": {"value": value}}


def test_the_replica_knows_what_the_store_lacks() -> None:
    replica = Replica("s")
    assert replica.greet(hello("e1")) is False
    replica.apply(delta(0, 3, full=True, upsert=[thing("a", 1), thing("b", 1)]))
    assert replica.all_changed
    replica.saved()
    replica.apply(delta(3, 5, patch=[{"id": "a", "set": {"value": 2}}], remove=["b"], upsert=[thing("c", 1)]))
    assert replica.changed == {"a", "b", "c"}
    assert set(replica.features) == {"a", "c"}
    replica.saved()
    replica.apply(delta(3, 5, remove=["a"]))  # heard twice
    assert not replica.unsaved()
    with pytest.raises(CursorMismatch):
        replica.apply(delta(4, 6))
    assert replica.rev == 5


def test_a_new_epoch_drops_the_old_picture() -> None:
    replica = Replica("s", epoch="e1", rev=9, features={"a": thing("a", 1)})
    assert replica.greet(hello("e1")) is False
    assert replica.rev == 9
    assert replica.greet(hello("e2")) is True
    assert (replica.rev, replica.features, replica.all_changed) == (0, {}, True)


values = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), max_size=6)


@given(st.lists(values, min_size=1, max_size=8), st.data())
def test_the_store_keeps_up_whatever_the_deltas(pictures: list[dict[str, int]], data: st.DataObject) -> None:
    """Saving only what changed, at any moment, gives the picture of that moment."""
    replica = Replica("s")
    kept: dict[str, Any] = {}
    before: dict[str, int] = {}
    for rev, picture in enumerate(pictures, 1):
        upsert = [thing(name, value) for name, value in picture.items() if name not in before]
        patch = [{"id": n, "set": {"value": v}} for n, v in picture.items() if n in before and before[n] != v]
        remove = [name for name in before if name not in picture]
        parts: dict[str, Any] = {"upsert": upsert, "patch": patch, "remove": remove}
        if rev == 1:
            parts = {"full": True, "upsert": [thing(name, value) for name, value in picture.items()]}
        replica.apply(delta(rev - 1, rev, **parts))
        before = picture
        if data.draw(st.booleans()):
            if replica.all_changed:
                kept = {}
            names = set(replica.features) if replica.all_changed else replica.changed
            kept = {n: f for n, f in kept.items() if n not in names}
            kept |= {name: replica.features[name] for name in names if name in replica.features}
            replica.saved()
            assert kept == replica.features


def test_compressed_deltas_are_bounded_and_checked() -> None:
    plain = delta(0, 1, full=True)
    packed = zlib.compress(json.dumps(plain).encode())
    assert decode_delta(packed) == decode_delta(plain) == plain
    broken: list[Any] = [b"nonsense", packed[:-5], zlib.compress(b"[]"), [], None, zlib.compress(b"\xff")]
    for wrong in broken:
        with pytest.raises(ValueError, match=r"."):
            decode_delta(wrong)


def test_the_mailbox_keeps_the_newest() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    mailbox.put(2)
    assert (mailbox.take(), mailbox.take()) == (2, None)


# the session


def test_links_are_taken_apart() -> None:
    link = session.parse_link(" http://10.0.0.5:8080/app#code=AB-cd_1&situation=ex-hausbrand-1\n")
    assert link == session.Link("http://10.0.0.5:8080", "AB-cd_1", "ex-hausbrand-1")
    assert session.parse_link("https://lage.example/app#code=x").situation is None


@pytest.mark.parametrize(
    "text", ["", "lage.example", "ftp://h/app#code=1", "http://h/app", "http://h/app?code=1", "http://"]
)
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(session.SignInError):
        session.parse_link(text)


def test_servers_as_people_type_them() -> None:
    assert session.parse_server(" 10.0.0.5:8080/ ") == "http://10.0.0.5:8080"
    assert session.parse_server("https://lage.example/control") == "https://lage.example"
    for wrong in ("", "ftp://h", "h:port", "http://h:99999"):
        with pytest.raises(session.SignInError):
            session.parse_server(wrong)


def test_the_token_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    mine = session.Session("http://h:1", "secret", "live", "crew", "HLF", "urn:u1")
    assert session.load(folder) is None
    session.save(folder, mine)
    session.save(folder, mine)
    assert session.load(folder) == mine
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]
    (folder / "session.json").write_text("{")
    assert session.load(folder) is None
    session.forget(folder)
    assert list(folder.iterdir()) == []


# geometry


PADERBORN, PADERTOPIA = (8.7544, 51.7189), (8.7800, 51.8300)


def test_distance_against_the_geodesic() -> None:
    # pyproj 3.7: Geod(ellps="WGS84").inv(8.7544, 51.7189, 8.78, 51.83) = azimuth 8.1249, 12486.977 m
    assert geo.distance_m(PADERBORN, PADERTOPIA) == pytest.approx(12_486.977, rel=1e-5)
    assert geo.bearing_deg(PADERBORN, PADERTOPIA) == pytest.approx(8.1249, abs=0.02)
    assert [geo.compass(angle) for angle in (0, 22, 23, 90, 337, 338)] == ["N", "N", "NE", "E", "NW", "N"]


@given(st.floats(-3000, 3000), st.floats(-3000, 3000))
def test_the_plane_goes_both_ways(x_m: float, y_m: float) -> None:
    plane = geo.Plane(*PADERTOPIA)
    assert plane.to_metres(*plane.to_lonlat(x_m, y_m)) == pytest.approx((x_m, y_m), abs=1e-6)


SQUARE = {"type": "Polygon", "coordinates": [[[8.0, 51.0], [8.01, 51.0], [8.01, 51.01], [8.0, 51.01], [8.0, 51.0]]]}


def test_nearest_part_of_a_shape() -> None:
    assert geo.nearest_m(SQUARE, (8.005, 51.005)) == (0.0, (8.005, 51.005))
    found = geo.nearest_m(SQUARE, (8.02, 51.005))
    assert found is not None
    assert found[0] == pytest.approx(geo.distance_m((8.01, 51.005), (8.02, 51.005)), rel=1e-3)
    assert geo.nearest_m({"type": "Point", "coordinates": [8.0, 51.0, 30.0]}, (8.0, 51.0)) == (0.0, (8.0, 51.0))
    assert geo.nearest_m(None, (8.0, 51.0)) is None
    assert geo.centre(SQUARE) == pytest.approx((8.005, 51.005))
    assert geo.centre({"type": "GeometryCollection", "geometries": []}) is None


# daylight and colours


def test_the_sun_over_padertopia() -> None:
    at = dict(zip(("lon", "lat"), PADERTOPIA, strict=True))
    noon = datetime(2026, 6, 21, 11, 27, tzinfo=UTC)  # 90 - 51.83 + 23.44
    assert daylight.sun_elevation_deg(noon, **at) == pytest.approx(61.6, abs=0.5)
    # Sunset at Paderborn on 21 November is about 16:25 local time, 15:25 UTC.
    assert daylight.sun_elevation_deg(datetime(2026, 11, 21, 15, 25, tzinfo=UTC), **at) == pytest.approx(-0.8, abs=1.0)
    assert daylight.is_night(datetime(2026, 11, 21, 17, 0, tzinfo=UTC), **at)
    assert not daylight.is_night(datetime(2026, 6, 21, 17, 0, tzinfo=UTC), **at)


@pytest.mark.parametrize("theme", themes.THEMES.values(), ids=lambda theme: str(theme.name))
def test_every_text_meets_the_contrast_of_wcag_aa(theme: themes.Theme) -> None:
    known = themes.colours(theme)
    for text, ground in themes.TEXT_ON:
        assert themes.contrast(known[text], known[ground]) >= 4.5, (text, ground)


def test_every_fms_digit_can_be_read_on_its_colour() -> None:
    assert {digit for digit, pair in themes.FMS.items() if themes.contrast(*pair) < 4.5} == set()


def test_the_colour_of_the_exercise_is_that_of_nothing_else() -> None:
    for theme in themes.THEMES.values():
        known = themes.colours(theme)
        magenta = known.pop("exercise")
        assert magenta not in known.values()
        assert magenta not in {colour for pair in themes.FMS.values() for colour in pair}
        assert magenta not in themes.LEVEL_OF_SERVICE.values()


def test_the_exercise_has_the_same_colour_in_the_cab_and_in_the_control_room() -> None:
    styles = (Path(__file__).parents[2] / "server/web/src/styles/base.css").read_text(encoding="utf-8")
    assert f"--exercise: {themes.DAY.exercise};" in styles
    day, night = (colorsys.rgb_to_hsv(*themes.rgba(theme.exercise)[:3])[0] for theme in (themes.DAY, themes.NIGHT))
    assert night == pytest.approx(day, abs=0.03)


def test_the_night_has_no_large_bright_ground() -> None:
    known = themes.colours(themes.NIGHT)
    for name in ("ground", "panel", "key", "land", "heath", "green", "wood", "water", "square", "building", "road"):
        assert themes.luminance(known[name]) < 0.06, name


# the pad


def test_no_status_leaves_by_one_touch() -> None:
    pad = Pad()
    pad.down(4, 0.0)
    assert pad.up(0.2) == (Press.ARMED, 4)
    pad.down(4, 1.0)
    assert pad.up(1.2) == (Press.SEND, 4)
    assert pad.armed is None


def test_another_key_or_too_late_begins_anew() -> None:
    pad = Pad()
    pad.down(4, 0.0)
    pad.up(0.2)
    pad.down(3, 1.0)
    assert pad.up(1.2) == (Press.ARMED, 3)
    pad.expire(1.2 + fms.ARMED_FOR_S + 0.1)
    assert pad.armed is None
    pad.down(3, 10.0)
    assert pad.up(10.1) == (Press.ARMED, 3)


def watched(pad: Pad) -> Pad:
    """The bar was drawn often enough."""
    for _ in range(fms.WATCHED_TIMES):
        pad.drawn()
    return pad


def test_holding_sends_and_sliding_off_does_not() -> None:
    pad = Pad()
    pad.down(7, 0.0)
    watched(pad)
    assert pad.held(fms.HOLD_S / 2) == (7, 0.5)
    assert pad.up(fms.HOLD_S + 0.1) == (Press.SEND, 7)
    pad.down(7, 5.0)
    watched(pad).cancel()
    assert pad.up(9.0) == (Press.NOTHING, None)


def test_a_tablet_that_stutters_does_not_make_a_hold_of_a_tap() -> None:
    pad = Pad()
    pad.down(4, 0.0)
    pad.drawn()
    assert pad.up(3.0) == (Press.ARMED, 4)


def test_the_emergency_call_is_held_never_tapped() -> None:
    pad = Pad()
    for start in (0.0, 1.0, 2.0):
        pad.down(0, start)
        assert watched(pad).up(start + fms.HOLD_S + 0.1) == (Press.ARMED, 0)
    pad.down(0, 5.0)
    assert watched(pad).up(5.0 + fms.EMERGENCY_HOLD_S) == (Press.SEND, 0)
