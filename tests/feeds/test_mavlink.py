"""MAVLink. The frames are in fixtures/frames/mavlink."""

import importlib
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import Drone, Image
from layers.geo import area_m2
from layers.observation import Sensitivity
from server.feeds import DecodeError, feeds
from server.feeds.mavlink import NAME
from tests.feeds.dispatch_tools import decoded
from tests.feeds.frames import context
from tests.feeds.fuzz import survives
from tests.feeds.mavlink_tools import BOOTED_US, Autopilot, stamped

OF = "mavlink:frame:7"


@pytest.mark.parametrize("version", [1, 2])
def test_where_it_is_and_how_it_flies(version: int) -> None:
    (observation,) = decoded(NAME, Autopilot(version=version).position()).observations
    assert observation.subject == OF
    assert observation.geometry == {"type": "Point", "coordinates": [8.78, 51.83, 100.0]}
    assert isinstance(observation.content, Drone)
    content = observation.content
    assert (content.heading_deg, content.ground_speed_mps, content.vertical_speed_mps) == (270.0, 5.0, 0.5)
    assert (content.altitude_m, observation.flags) == (220.0, ("time_assumed",))


def test_unknown_headings_and_places_are_not_said() -> None:
    (observation,) = decoded(NAME, Autopilot().position(lon=0, lat=0, heading=65_535)).observations
    assert isinstance(observation.content, Drone)
    assert (observation.content.heading_deg, observation.geometry) == (UNSET, UNSET)
    assert "no_position" in observation.flags


def test_a_log_says_when_each_frame_was_received() -> None:
    pilot = Autopilot()
    log = stamped(pilot.position(), BOOTED_US) + stamped(pilot.position(lon=8.79), BOOTED_US + 1_000_000)
    found = decoded(NAME, log).observations
    assert [each.observed_at for each in found] == [datetime(2026, 11, 21, 18, 5, s, tzinfo=UTC) for s in (0, 1)]
    assert found[0].flags == ()


def test_the_autopilot_itself_tells_the_time_since_it_was_started() -> None:
    pilot = Autopilot()
    body = pilot.frame("system_time", BOOTED_US + 10_000_000, 10_000) + pilot.position(11_500)
    (observation,) = decoded(NAME, body).observations
    assert observation.observed_at == datetime(2026, 11, 21, 18, 5, 11, 500_000, UTC)


def test_arming_battery_and_home() -> None:
    pilot = Autopilot()
    body = pilot.frame("heartbeat", 2, 3, 128, 0, 4, 3) + pilot.frame("heartbeat", 2, 3, 0, 0, 4, 3)
    body += pilot.frame("sys_status", 0, 0, 0, 0, 0, 0, 87, 0, 0, 0, 0, 0, 0) + pilot.frame(
        "sys_status", 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0
    )
    body += pilot.frame("home_position", 518_290_000, 87_790_000, 120_000, 0, 0, 0, [1, 0, 0, 0], 0, 0, 0)
    drones = [each.content for each in decoded(NAME, body).observations if isinstance(each.content, Drone)]
    assert [drone.armed for drone in drones] == [True, False, UNSET, UNSET]
    assert [drone.battery_pct for drone in drones] == [UNSET, UNSET, 87.0, UNSET]
    assert drones[3].home == {"type": "Point", "coordinates": [8.779, 51.829]}


def test_a_ground_station_is_no_drone() -> None:
    pilot = Autopilot(system=255)
    assert (
        decoded(NAME, pilot.frame("heartbeat", 6, 8, 0, 0, 4, 3) + Autopilot().position()).observations[0].subject == OF
    )


def test_an_image_was_taken() -> None:
    (observation,) = decoded(NAME, Autopilot().captured()).observations
    assert observation.subject == f"{OF}:image-3"
    assert observation.observed_at == datetime(2026, 11, 21, 18, 5, 12, tzinfo=UTC)
    assert observation.geometry == {"type": "Point", "coordinates": [8.78, 51.83]}
    assert isinstance(observation.content, Image)
    assert (observation.content.view, observation.content.height_m, observation.content.drone) == ("nadir", 100.0, OF)
    assert decoded(NAME, Autopilot().captured(0) + Autopilot().position()).observations[0].subject == OF


def test_what_the_camera_sees_now() -> None:
    (observation,) = decoded(NAME, Autopilot().view()).observations
    assert isinstance(observation.content, Image)
    assert isinstance(observation.content.footprint, dict)
    width, height = (200 * math.tan(math.radians(view) / 2) for view in (60, 40))
    assert area_m2(observation.content.footprint) == pytest.approx(width * height, rel=1e-3)
    (ahead,) = decoded(NAME, Autopilot().view((1.0, 0.0, 0.0, 0.0))).observations
    assert isinstance(ahead.content, Image)
    assert (ahead.content.heading_deg, ahead.content.pitch_deg, ahead.content.truncated) == (0.0, 0.0, True)
    (east_down,) = decoded(NAME, Autopilot().view(_turned(90, -45))).observations
    assert isinstance(east_down.content, Image)
    assert east_down.content.heading_deg == pytest.approx(90, abs=1e-3)
    assert east_down.content.pitch_deg == pytest.approx(-45, abs=1e-3)


def _turned(yaw: float, pitch: float) -> tuple[float, ...]:
    y, p = math.radians(yaw) / 2, math.radians(pitch) / 2
    return (math.cos(y) * math.cos(p), -math.sin(y) * math.sin(p), math.cos(y) * math.sin(p), math.sin(y) * math.cos(p))


@pytest.mark.parametrize(
    ("q", "hfov"), [((0.0, 0.0, 0.0, 0.0), 60.0), ((math.nan, 0.0, 0.0, 0.0), 60.0), ((1.0, 0.0, 0.0, 0.0), math.nan)]
)
def test_an_attitude_or_a_view_that_is_none(q: tuple[float, ...], hfov: float) -> None:
    (observation,) = decoded(NAME, Autopilot().view(q, hfov)).observations
    assert isinstance(observation.content, Image)
    assert observation.content.footprint is UNSET


def test_who_flies_it_is_personal() -> None:
    pilot = Autopilot()
    body = pilot.frame("open_drone_id_basic_id", 0, 0, [0] * 20, 1, 2, list(b"1581F4FKD229400B\0\0\0\0"))
    body += pilot.frame("open_drone_id_system", 0, 0, [0] * 20, 0, 0, 518_290_000, 87_790_000, 1, 0, 0, 0, 0, 0, 0, 0)
    body += pilot.frame("open_drone_id_operator_id", 0, 0, [0] * 20, 0, b"DEU87astrdge12k8")
    first, second, third = decoded(NAME, body).observations
    assert isinstance(first.content, Drone)
    assert isinstance(second.content, Drone)
    assert isinstance(third.content, Drone)
    assert (first.content.registration, first.sensitivity) == ("1581F4FKD229400B", Sensitivity.OPERATIONAL)
    assert second.content.operator_place == {"type": "Point", "coordinates": [8.779, 51.829]}
    assert (third.content.operator_id, third.sensitivity) == ("DEU87astrdge12k8", Sensitivity.PERSONAL)


def test_a_wrong_checksum_costs_the_frame_alone() -> None:
    pilot = Autopilot()
    first, second = pilot.position(), pilot.position(lon=8.79)
    broken = first[:-1] + bytes([first[-1] ^ 1])
    assert len(decoded(NAME, broken + b"junk" + second + first[:-4]).observations) == 1


def test_without_the_extra_the_feed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(DecodeError, match="extra `mavlink`"):
        feeds()[NAME].decode(b"\xfd" * 20, context(NAME))


@pytest.mark.parametrize("body", [b"\xfd" * 2_000, b"\xfe" * 2_000, b"\xfe\0\0", bytes(100)])
def test_what_yields_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(body, context(NAME))


@given(st.binary(max_size=60), st.sampled_from([0, 1, 2, 33, 242, 7]))
def test_any_octets_in_a_frame_are_survived(payload: bytes, kind: int) -> None:
    survives(NAME, b"\xfe" + bytes([len(payload), 0, 7, 1, kind]) + payload + b"\0\0" + Autopilot().position())
