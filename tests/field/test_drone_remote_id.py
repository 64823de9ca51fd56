"""Captures of remote identification (samples/drone/SOURCES.md, read there by tshark with Open Drone ID's dissector)."""

from pathlib import Path

import pytest
from msgspec import UNSET

from layers.content import Drone
from server.feeds import Decoded
from server.feeds.remote_id.capture import frames
from server.feeds.remote_id.messages import messages
from server.feeds.remote_id.radio import heard
from tests.feeds.dispatch_tools import decoded, reasons


def drones(found: Decoded) -> list[Drone]:
    """Contents of every observation."""
    return [each.content for each in found.observations if isinstance(each.content, Drone)]


def test_wifi(samples: Path) -> None:
    body = (samples / "drone" / "odid_wifi_nan.pcap").read_bytes()
    captured = list(frames(body))
    carried = [part for frame in captured for part in heard(frame)]
    types = [message[0] >> 4 for part in carried for message in messages(part.payload)]
    assert (len(captured), len(carried), types.count(1)) == (63, 42, 31)
    found = decoded("remote_id", body)
    assert {each.subject for each in found.observations} == {"remote_id:mac-84cca8604324"}
    places = [each.geometry["coordinates"] for each in found.observations if isinstance(each.geometry, dict)]
    assert places[0] == [-122.9722906, 45.5450519, 100.0]
    assert places[-1] == [-122.9722283, 45.5448998, 100.0]
    told = drones(found)
    assert {one.ground_speed_mps for one in told} == {UNSET, 20.5}
    assert {one.altitude_m for one in told} == {UNSET, 237.0}
    assert {one.operator_id for one in told} == {UNSET, "GBR-OP-123ABCD"}
    assert {one.remark for one in told} == {UNSET, "Recreational"}
    operators = [one.operator_place["coordinates"] for one in told if isinstance(one.operator_place, dict)]
    assert operators[0] == pytest.approx([-122.9726866, 45.5443876], abs=1e-9)
    assert {each.extra.get("area_radius_m") for each in found.observations} == {None, 500}


def test_bluetooth_with_damaged_frames(samples: Path) -> None:
    found = decoded("remote_id", (samples / "drone" / "odid_bt5_longrange.pcapng").read_bytes())
    # Damaged ids such as `SSEVTF?_3w??1` are in frames that the receiver itself calls damaged.
    assert {each.subject for each in found.observations} == {"remote_id:SSEVTFG93700070"}
    assert {one.operator_id for one in drones(found)} == {UNSET, "FIN87astrdge12kxyz8"}
    assert {one.remark for one in drones(found)} <= {UNSET, "Drone ID demo"}
    assert {one.ground_speed_mps for one in drones(found)} == {UNSET}
    assert all(each.geometry is UNSET for each in found.observations)
    assert reasons(found)[0] == "28 frames with a wrong checksum"
