"""Signs that hold by the hour, the weight or the kind of vehicle: each form, and ways at times of day."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.base.conditions import Conditions, InForce, clauses
from server.base.moments import KEPT, condition
from server.base.road_rules import way as way_of
from server.base.routing import Route
from server.base.vehicles import VEHICLES
from tests.ways.places import LAT, LON, Place, at, streets_of
from tests.ways.test_routing import two_ways

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY_8, MONDAY_17 = (datetime(2026, 11, 30, hour, tzinfo=BERLIN) for hour in (8, 17))
SUNDAY_8, CHRISTMAS = datetime(2026, 11, 29, 8, tzinfo=BERLIN), datetime(2026, 12, 25, 8, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("said", "value", "unclear"),
    [
        ("yes @ (Mo-Fr 07:00-16:00)", "yes", False),
        ("yes @ Mo-Fr 07:00-16:00", "yes", False),
        ("yes @ (Mo-Fr 09:00-16:00)", "no", False),
        ("yes @ (22:00-06:00)", "no", False),
        ("yes @ (Sa,Su,PH)", "no", False),
        ("yes @ (Oct-Mar)", "yes", False),
        ("yes @ (sunrise-sunset)", "no", False),  # the sun rises at 08:13
        ("yes @ (sunset-sunrise)", "yes", False),
        ("yes @ (Mo 07:00-09:00; Tu 10:00-12:00)", "yes", False),
        ("private @ (Mo-Fr 07:00-09:00); yes @ (Mo 08:00-08:30)", "yes", False),
        ("yes @ emergency", "yes", False),
        ("yes @ bus", "no", False),
        ("yes @ (weight<=18)", "yes", False),
        ("yes @ (weight<18)", "no", False),
        ("yes @ (weight>7.5 t AND Mo-Fr 07:00-16:00)", "yes", False),
        ("yes @ (weight > 7.5 and Sa)", "no", False),
        ("yes @ (height<4)", "yes", False),
        # Not understood: as it is without it, and told.
        ("yes @ destination", "no", True),
        ("yes @ (SH Mo-Fr 07:00-16:00)", "no", True),
        ('yes @ "nach Anmeldung"', "no", True),
        ("yes @ (Mo-Fr 7-16 Uhr)", "no", True),
        ("yes @ (length<10)", "no", True),
        ("yes @ (hgv AND Sa)", "no", False),  # no Saturday, whatever a fire engine is
        ("yes @ (hgv AND Mo)", "no", True),
        ("private @ wet; yes @ emergency", "yes", False),  # the later one holds, whatever the first
        ("yes @ emergency; private @ wet", "yes", True),
        ("yes", "no", True),
        ("yes @ ((Mo) AND (Tu))", "no", True),
        ("@@@;;;", "no", True),
        ("yes @ (Mo-Fr 07:00-16:00) " + 1000 * " ", "no", True),
    ],
)
def test_a_condition_on_monday_morning(said: str, value: str, unclear: bool) -> None:
    tags = {"access": "no", "access:conditional": said, "name": "Weg"}
    told = Conditions(LON, LAT).in_force(tags, MONDAY_8, VEHICLES["HLF"])
    assert told == InForce({"access": value, "name": "Weg"}, unclear)


def test_holidays_are_those_of_the_country() -> None:
    tags = {"access": "yes", "access:conditional": "no @ (Mo-Fr 07:00-16:00; PH off)"}
    at_home, abroad = Conditions(LON, LAT), Conditions(24.94, 60.17)
    vehicle = VEHICLES["HLF"]
    assert at_home.in_force(tags, MONDAY_8, vehicle).tags == {"access": "no"}
    assert at_home.in_force(tags, CHRISTMAS, vehicle).tags == {"access": "yes"}
    # Hours are those of the place: when it strikes seven in Helsinki it is six in Berlin.
    six = datetime(2026, 11, 30, 6, tzinfo=BERLIN)
    assert abroad.in_force(tags, six, vehicle).tags == {"access": "no"}
    assert at_home.in_force(tags, six, vehicle).tags == {"access": "yes"}


def test_without_a_time_what_asks_for_one_is_not_understood() -> None:
    tags = {"maxweight": "7.5", "maxweight:conditional": "none @ (18:00-06:00)"}
    assert Conditions(LON, LAT).in_force(tags, None, VEHICLES["HLF"]) == InForce({"maxweight": "7.5"}, True)


def test_what_concerns_us() -> None:
    assert condition({"highway": "residential", "access": "no", "hgv:conditional": "no @ (22:00-06:00)"}) == ""
    assert condition({"highway": "residential", "maxaxleload:conditional": "8 @ winter"}) != ""
    assert clauses("no @ (Mo) ; yes @ Tu") == [("no", ("Mo",)), ("yes", ("Tu",))]
    slow = {"maxspeed": "100", "maxspeed:conditional": "80 @ wet"}
    assert Conditions(LON, LAT).in_force(slow, MONDAY_8, VEHICLES["HLF"]) == InForce({"maxspeed": "100"}, False)


def test_what_is_kept_of_the_tags_makes_the_same_way() -> None:
    tags = {
        "highway": "track", "name": "Weg", "ref": "K1", "oneway": "yes", "oneway:emergency": "no", "bridge": "yes",
        "tunnel": "building_passage", "covered": "yes", "junction": "roundabout", "service": "alley", "width": "2.5",
        "tracktype": "grade3", "surface": "gravel", "smoothness": "impassable", "maxspeed": "30", "vehicle": "private",
        "maxspeed:backward": "10", "maxheight": "3", "maxheight:physical": "3.1", "maxweight": "7.5", "maxwidth": "2",
        "maxwidth:physical": "2.1", "maxspeed:forward": "20",
    }  # fmt: skip
    full, kept = way_of(tags), way_of({key: value for key, value in tags.items() if key in KEPT})
    assert full is not None
    assert kept == full._replace(name="", ref="")


MARKET = {"access__conditional": "no @ (Mo-Fr 07:00-16:00)"}


@pytest.mark.parametrize(
    ("tags", "when", "profile", "taken", "uncertain"),
    [
        (MARKET, MONDAY_8, "HLF", "Lang", []),
        (MARKET, MONDAY_17, "HLF", "Kurz", []),
        (MARKET, SUNDAY_8, "HLF", "Kurz", []),
        (MARKET, None, "HLF", "Kurz", ["condition"]),
        ({"access": "no", "access__conditional": "yes @ (16:00-07:00)"}, MONDAY_17, "HLF", "Kurz", []),
        ({"access": "no", "access__conditional": "yes @ (16:00-07:00)"}, MONDAY_8, "HLF", "Lang", []),
        ({"access": "no", "access__conditional": "yes @ emergency"}, None, "HLF", "Kurz", []),
        ({"oneway": "-1", "oneway__conditional": "no @ (Mo-Fr 06:00-09:00)"}, MONDAY_8, "HLF", "Kurz", []),
        ({"oneway": "-1", "oneway__conditional": "no @ (Mo-Fr 06:00-09:00)"}, MONDAY_17, "HLF", "Lang", []),
        ({"maxweight__conditional": "7.5 @ (06:00-22:00)"}, MONDAY_8, "HLF", "Lang", []),
        ({"maxweight__conditional": "7.5 @ (06:00-22:00)"}, MONDAY_8, "RTW", "Kurz", []),
        ({"maxweight": "7.5", "maxweight__conditional": "none @ emergency"}, MONDAY_8, "HLF", "Kurz", []),
        ({"motor_vehicle": "yes", "motor_vehicle__conditional": "no @ (weight>16)"}, MONDAY_8, "DLK", "Kurz", []),
        ({"access__conditional": "no @ (weight>16)"}, MONDAY_8, "HLF", "Lang", []),
        ({"access__conditional": "no @ (weight>16)"}, MONDAY_8, "DLK", "Kurz", []),
        ({"access__conditional": "no @ snow"}, MONDAY_8, "HLF", "Kurz", ["condition"]),
    ],
)  # fmt: skip
def test_a_street_by_the_hour(
    tmp_path: Path, tags: dict[str, str], when: datetime | None, profile: str, taken: str, uncertain: list[str]
) -> None:
    router = two_ways(**tags).router(tmp_path)
    found = router.route(at(-1, 0), at(4, 0), profile, at=when)
    assert isinstance(found, Route)
    assert streets_of(router, found.edges) == ["West", taken, "Ost"]
    assert found.uncertain == uncertain


def test_one_router_at_several_times(tmp_path: Path) -> None:
    place = two_ways(**MARKET)
    members = [("way", 1000, "from"), ("node", place.node(0, 0), "via"), ("way", 1002, "to")]
    place.sheet.relation(members, type="restriction", restriction__conditional="no_left_turn @ (Mo 07:30-08:30)")
    router = place.router(tmp_path)

    def taken(when: datetime | None) -> tuple[list[str], list[str]] | None:
        found = router.route(at(-1, 0), at(4, 0), at=when)
        return (streets_of(router, found.edges), found.uncertain) if isinstance(found, Route) else None

    # By night the short way; by day the long one, but on Monday at eight not by a turn to the left: nothing is left.
    assert taken(MONDAY_17) == (["West", "Kurz", "Ost"], [])
    assert taken(datetime(2026, 11, 30, 9, tzinfo=BERLIN)) == (["West", "Lang", "Ost"], [])
    monday = taken(MONDAY_8)
    assert monday is None or monday[0] != ["West", "Lang", "Ost"]
    assert taken(MONDAY_17) == (["West", "Kurz", "Ost"], [])


def test_a_turn_whose_condition_nobody_understands_is_driven_and_told(tmp_path: Path) -> None:
    place = two_ways()
    members = [("way", 1000, "from"), ("node", place.node(0, 0), "via"), ("way", 1001, "to")]
    place.sheet.relation(members, type="restriction", restriction__conditional="no_straight_on @ (Markttage)")
    router = place.router(tmp_path)
    found = router.route(at(-1, 0), at(4, 0), at=MONDAY_8)
    assert isinstance(found, Route)
    assert (streets_of(router, found.edges), found.uncertain) == (["West", "Kurz", "Ost"], ["condition"])
    other = router.route(at(1, 1), at(4, 0), at=MONDAY_8)
    assert isinstance(other, Route)
    assert other.uncertain == []


def test_a_bollard_that_sinks_by_the_hour(tmp_path: Path) -> None:
    place = Place()
    place.node(1.5, 0, barrier="bollard", motor_vehicle__conditional="yes @ (06:00-10:00)")
    place.street((-2, 0), (0, 0), name="West")
    place.street((0, 0), (1.5, 0), (3, 0), name="Kurz")
    place.street((0, 0), (0, 9), (3, 9), (3, 0), name="Lang")
    place.street((3, 0), (5, 0), name="Ost")
    router = place.router(tmp_path)
    for when, taken in ((MONDAY_8, "Kurz"), (MONDAY_17, "Lang")):
        found = router.route(at(-1, 0), at(4, 0), at=when)
        assert isinstance(found, Route)
        assert streets_of(router, found.edges) == ["West", taken, "Ost"]
