"""What tags say of a way, value by value."""

import math

import pytest

from server.base import road_rules as rules


@pytest.mark.parametrize(
    ("text", "kmh"),
    [("50", 50.0), ("30 mph", 48.28032), ("walk", 7.0), ("none", 130.0), ("DE:urban", 50.0), ("DE:rural", 100.0),
     ("DE:zone:30", 30.0), ("DE:zone30", 30.0), ("50 km/h", 50.0), (" 100 ", 100.0)],
)  # fmt: skip
def test_a_speed_is_read(text: str, kmh: float) -> None:
    assert rules.speed_kmh(text) == pytest.approx(kmh)


@pytest.mark.parametrize("text", [None, "", "fast", "signals", "50;30", "DE:whatever", "5 knots", "-3", "1e9"])
def test_what_is_no_speed_is_unknown(text: str | None) -> None:
    assert math.isnan(rules.speed_kmh(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [("3.8", 3.8), ("3,8 m", 3.8), ("12'6\"", 3.81), ("12'", 3.6576), ("7.5 t", 7.5), ("10 st", 9.0718474),
     ("280 cm", 2.8)],
)  # fmt: skip
def test_a_measure_is_read(text: str, value: float) -> None:
    assert rules.number(text) == pytest.approx(value)


@pytest.mark.parametrize("text", [None, "default", "none", "below_default", "0", "3.8;4.0", "hoch", "3.5 lbs"])
def test_what_is_no_measure_is_unknown(text: str | None) -> None:
    assert math.isnan(rules.number(text))


@pytest.mark.parametrize(
    ("tags", "flags"),
    [
        ({"highway": "residential"}, 0),
        ({"highway": "residential", "oneway": "yes"}, rules.ONLY_FORWARD),
        ({"highway": "residential", "oneway": "-1"}, rules.ONLY_BACKWARD),
        ({"highway": "residential", "oneway": "yes", "oneway:emergency": "no"}, 0),
        ({"highway": "primary", "oneway": "reversible"}, rules.ONLY_FORWARD | rules.ONLY_BACKWARD),
        ({"highway": "motorway"}, rules.ONLY_FORWARD | rules.NO_HOSE),
        ({"highway": "motorway_link"}, rules.LINK | rules.ONLY_FORWARD | rules.NO_HOSE),
        ({"highway": "tertiary", "junction": "roundabout"}, rules.ROUNDABOUT | rules.ONLY_FORWARD),
        ({"highway": "residential", "access": "no"}, rules.CLOSED),
        ({"highway": "residential", "access": "no", "emergency": "yes"}, rules.EMERGENCY),
        ({"highway": "service", "service": "emergency_access", "access": "private"}, rules.EMERGENCY),
        ({"highway": "service", "emergency": "no"}, rules.CLOSED),
        ({"highway": "residential", "access": "destination"}, 0),
        ({"highway": "service", "access": "private"}, rules.PRIVATE),
        ({"highway": "service", "access": "no", "motor_vehicle": "destination"}, 0),
        ({"highway": "residential", "motor_vehicle": "no"}, rules.NO_MOTORS),
        ({"highway": "footway"}, rules.NO_MOTORS),
        ({"highway": "path", "access": "private"}, rules.NO_MOTORS | rules.PRIVATE),
        ({"highway": "track"}, rules.UNKNOWN_GROUND),
        ({"highway": "track", "tracktype": "grade2"}, 0),
        ({"highway": "track", "tracktype": "grade5"}, rules.ROUGH),
        ({"highway": "track", "surface": "asphalt"}, 0),
        ({"highway": "service", "tunnel": "building_passage"}, rules.TUNNEL | rules.LOW_ROOF),
        ({"highway": "service", "tunnel": "building_passage", "maxheight": "3.2"}, rules.TUNNEL),
    ],
)
def test_a_way_is_what_its_tags_say(tags: dict[str, str], flags: int) -> None:
    way = rules.way(tags)
    assert way is not None
    assert way.flags == flags


@pytest.mark.parametrize("highway", ["construction", "proposed", "raceway", "bus_stop", "", "abandoned"])
def test_what_is_no_way(highway: str) -> None:
    assert rules.way({"highway": highway}) is None


@pytest.mark.parametrize(
    ("tags", "barrier"),
    [
        ({}, rules.FREE),
        ({"barrier": "cattle_grid"}, rules.FREE),
        ({"barrier": "gate"}, rules.GATE),
        ({"barrier": "gate", "emergency": "no"}, rules.BLOCKED),
        ({"barrier": "bollard"}, rules.BLOCKED),
        ({"barrier": "bollard", "bollard": "removable"}, rules.REMOVABLE),
        ({"barrier": "bollard", "emergency": "yes"}, rules.GATE),
        ({"barrier": "block"}, rules.BLOCKED),
        ({"barrier": "cycle_barrier"}, rules.BLOCKED),
    ],
)
def test_what_stands_at_a_node(tags: dict[str, str], barrier: int) -> None:
    assert rules.barrier(tags) == barrier


def test_lines_that_cut_hoses() -> None:
    assert rules.cuts_hoses({"railway": "rail"})
    assert rules.cuts_hoses({"highway": "motorway"})
    assert rules.cuts_hoses({"waterway": "river"})
    assert not rules.cuts_hoses({"railway": "rail", "bridge": "yes"})
    assert not rules.cuts_hoses({"railway": "tram"})
    assert not rules.cuts_hoses({"waterway": "stream"})
