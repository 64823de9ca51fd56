"""Layer drones: the point, the track in time order, the planned path, the fences; exact values."""

import itertools

import pytest

from layers import content as c
from layers.settings import PictureSettings
from tests.layers.world import entries, picture_of, point, properties, see, square

FENCES = (c.Fence(inclusion=True, geometry=square(8.78, 51.83)), c.Fence(inclusion=False, geometry=square(8.79, 51.83)))
STATUS = c.Drone(
    name="Iron Man",
    home=point(8.741234, 51.704621),
    heading_deg=90,
    ground_speed_mps=27.9,
    vertical_speed_mps=12.3,
    flight_status="MISSION",
    recording=True,
    armed=True,
    battery_pct=60,
    fences=FENCES,
    media=(c.Media(type="VIDEOSTREAM", url="https://example.org/live"),),
    next_waypoint=2,
    path=(
        c.Waypoint(number=2, geometry=point(8.76, 51.71, 40.0)),
        c.Waypoint(number=1, geometry=point(8.75, 51.70)),
    ),
)


def test_a_drone_with_everything() -> None:
    picture = picture_of(see("d", STATUS, 0, point(6.394719, 51.59921, 70.0)))
    assert set(picture.features) == {"d", "d#path", "d#fence-1", "d#fence-2", "source:ngsi/leitstelle"}
    assert picture.features["d"]["geometry"] == point(6.394719, 51.59921)
    seen = properties(picture, "d")
    assert (seen["layer"], seen["part"], seen["title"], seen["name"]) == ("drones", "drone", "Iron Man", "Iron Man")
    assert (seen["height_m"], seen["heading_deg"], seen["ground_speed_mps"]) == (70.0, 90.0, 27.9)
    assert (seen["vertical_speed_mps"], seen["flight_status"], seen["battery_pct"]) == (12.3, "MISSION", 60.0)
    assert (seen["recording"], seen["armed"], seen["next_waypoint"]) == (True, True, 2)
    assert seen["media"] == [{"type": "VIDEOSTREAM", "url": "https://example.org/live"}]
    assert seen["home"] == point(8.741234, 51.704621)
    assert (seen["stale_at"], seen["expires_at"]) == ("2026-11-21T19:00:15.000Z", "2026-11-21T19:30:00.000Z")


def test_the_planned_path_is_in_the_order_of_its_numbers() -> None:
    picture = picture_of(see("d", STATUS, 0))
    assert picture.features["d#path"]["geometry"] == {
        "type": "LineString",
        "coordinates": [[8.75, 51.70], [8.76, 51.71]],
    }
    assert properties(picture, "d#path")["waypoints"] == [
        {"number": 1, "height_m": None},
        {"number": 2, "height_m": 40.0},
    ]


def test_fences_say_whether_to_stay_in_or_out() -> None:
    picture = picture_of(see("d", STATUS, 0))
    assert properties(picture, "d#fence-1")["inclusion"] is True
    assert properties(picture, "d#fence-2")["inclusion"] is False
    assert picture.features["d#fence-2"]["geometry"] == square(8.79, 51.83)
    fewer = picture.apply_many(entries([see("d", c.Drone(fences=FENCES[:1]), 1)], 2))
    assert fewer.remove == ["d#fence-2"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_track_is_in_time_order_whatever_comes_first(order: tuple[int, ...]) -> None:
    said = [see("d", c.Drone(), 10.0 * step, point(8.78 + step / 1000, 51.83)) for step in range(4)]
    picture = picture_of(*(said[index] for index in order))
    assert picture.features["d#track"]["geometry"] == {
        "type": "LineString",
        "coordinates": [[8.78, 51.83], [8.781, 51.83], [8.782, 51.83], [8.783, 51.83]],
    }
    seen = properties(picture, "d#track")
    assert (seen["from_at"], seen["to_at"]) == ("2026-11-21T19:00:00.000Z", "2026-11-21T19:00:30.000Z")
    assert seen["observed_at"] == "2026-11-21T19:00:30.000Z"


def test_the_track_keeps_the_first_position_of_each_step() -> None:
    said = [see("d", c.Drone(), second, point((8780 + second) / 1000, 51.83)) for second in range(8)]
    picture = picture_of(*said)
    assert [lon for lon, _ in picture.features["d#track"]["geometry"]["coordinates"]] == [8.78, 8.783, 8.786]
    assert picture.features["d"]["geometry"] == point(8.787, 51.83)


def test_the_track_is_bounded_in_time_and_number() -> None:
    said = [see("d", c.Drone(), 10.0 * step, point(8.0 + step / 1000, 51.83)) for step in range(100)]
    picture = picture_of(*said)
    # 10 minutes that end at the newest step, which began at 990 s.
    assert properties(picture, "d#track")["from_at"] == "2026-11-21T19:06:30.000Z"
    assert len(picture.features["d#track"]["geometry"]["coordinates"]) == 61
    few = picture_of(*said, settings=PictureSettings(track_points=5))
    assert [lon for lon, _ in few.features["d#track"]["geometry"]["coordinates"]] == [8.095, 8.096, 8.097, 8.098, 8.099]


def test_one_position_makes_no_track_and_one_waypoint_no_path() -> None:
    picture = picture_of(
        see("d", c.Drone(path=(c.Waypoint(number=1, geometry=point(8.0, 51.0)),)), 0, point(8.0, 51.0))
    )
    assert set(picture.features) == {"d", "source:ngsi/leitstelle"}


def test_a_position_redraws_the_drone_and_nothing_that_stands_still() -> None:
    picture = picture_of(see("d", STATUS, 0, point(8.78, 51.83)), see("d", c.Drone(), 1, point(8.781, 51.83)))
    fence = picture.features["d#fence-1"]
    changes = picture.apply_many(entries([see("d", c.Drone(), 2, point(8.782, 51.83))], 3))
    assert {feature["id"] for feature in changes.upsert} == {"d", "source:ngsi/leitstelle"}
    changes = picture.apply_many(entries([see("d", c.Drone(), 3, point(8.783, 51.83))], 4))
    assert {feature["id"] for feature in changes.upsert} == {"d", "d#track", "source:ngsi/leitstelle"}
    assert picture.features["d#fence-1"] is fence


def test_parts_go_with_the_drone() -> None:
    picture = picture_of(see("d", STATUS, 0, point(8.78, 51.83)), see("d", c.Drone(), 10, point(8.781, 51.83)))
    gone = picture.apply_many(entries([see("d", c.Removal(), 20)], 3))
    assert sorted(gone.remove) == ["d", "d#fence-1", "d#fence-2", "d#path", "d#track"]
    assert picture.records == {}
