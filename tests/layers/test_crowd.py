"""Layer crowd: density by geodesic area, level of service, trend, alarms, blindness; exact values."""

import pytest

from layers import content as c
from layers.content import Tick
from layers.crowd_links import LEAST_OVERLAP
from layers.density import level_of_service, trend_per_min
from layers.geo import area_m2
from layers.settings import PictureSettings
from tests.layers.world import HERE, at, entries, picture_of, point, properties, see, square

AREA = square(*HERE, 0.0002)
"""44.5 m from south to north and 27.6 m from west to east."""
AREA_M2 = 1227.2


def region(**more: object) -> c.CrowdRegion:
    """A region of interest with its count."""
    return c.CrowdRegion(**{"name": "Markt", "area": AREA, "count": "count", "site": "site", **more})  # type: ignore[arg-type]


def test_a_region_with_its_count() -> None:
    picture = picture_of(
        see("roi", region(lines=("line",)), 0),
        see("site", c.CrowdSite(), 0),
        see(
            "count",
            c.CrowdCount(people=1800, inbound_total=2000, outbound_total=200, quality=0.9),
            60,
            source="ngsi/zaehler",
        ),
    )
    assert picture.features["roi"]["geometry"] == AREA
    seen = properties(picture, "roi")
    assert seen == {
        "layer": "crowd",
        "part": "region",
        "title": "Markt",
        "rev": 3,
        "observed_at": "2026-11-21T19:01:00.000Z",
        "reported_at": "2026-11-21T19:01:00.000Z",
        "received_at": "2026-11-21T19:01:00.000Z",
        "stale_at": "2026-11-21T19:03:00.000Z",
        "expires_at": "2026-11-28T19:00:00.000Z",
        "sources": [
            {"id": "ngsi/leitstelle", "observed_at": "2026-11-21T19:00:00.000Z"},
            {"id": "ngsi/zaehler", "observed_at": "2026-11-21T19:01:00.000Z"},
        ],
        "flags": [],
        "accuracy_m": None,
        "times": {"area": "2026-11-21T19:00:00.000Z"},
        "name": "Markt",
        "people": 1800,
        "area_m2": AREA_M2,
        "density_pm2": round(1800 / area_m2(AREA), 3),
        "level_of_service": "C",
        "threshold_pm2": 4.0,
        "over_threshold": False,
        "alert": None,
        "trend_pm2_per_min": None,
        "site": "site",
        "count": "count",
        "inbound_total": 2000,
        "outbound_total": 200,
        "quality": 0.9,
        "inbound_per_min": None,
        "outbound_per_min": None,
        "active": None,
        "blind": False,
        "lines": ["line"],
    }
    assert seen["density_pm2"] == 1.467
    assert "count" not in picture.features, "the count is told by its region"


@pytest.mark.parametrize(
    ("density", "level"),
    [
        (0.0, "A"),
        (0.82, "A"),
        (0.83, "B"),
        (1.07, "B"),
        (1.08, "C"),
        (1.53, "C"),
        (1.54, "D"),
        (3.58, "D"),
        (3.59, "E"),
        (5.38, "E"),
        (5.39, "F"),
        (9.0, "F"),
        (None, None),
    ],
)
def test_level_of_service_by_fruin(density: float | None, level: str | None) -> None:
    # 13, 10, 7, 3 and 2 square feet per person are 0.828, 1.076, 1.538, 3.588 and 5.382 persons per square metre.
    assert level_of_service(density) == level


def test_trend_is_the_slope_of_all_counts_in_the_window() -> None:
    said = [see("count", c.CrowdCount(people=100 + 12 * step), 60.0 * step) for step in (3, 0, 2, 1)]
    picture = picture_of(see("roi", region(), 0), *said)
    assert properties(picture, "roi")["trend_pm2_per_min"] == round(12 / area_m2(AREA), 4) == 0.0098
    later = [see("count", c.CrowdCount(people=50), 3600), see("count", c.CrowdCount(people=50), 3660)]
    picture.apply_many(entries(later, 6))
    assert properties(picture, "roi")["trend_pm2_per_min"] == 0.0, "what lies before the window does not count"


def test_trend_needs_two_moments() -> None:
    assert trend_per_min([]) is None
    assert trend_per_min([(at(0), 1.0)]) is None
    assert trend_per_min([(at(0), 1.0), (at(0), 3.0)]) is None
    assert trend_per_min([(at(0), 1.0), (at(30), 2.0)]) == 2.0


def test_counts_find_their_region_from_either_side() -> None:
    by_count = picture_of(see("roi", region(count=None), 0), see("c2", c.CrowdCount(people=5, region="roi"), 1))
    assert properties(by_count, "roi")["people"] == 5
    by_edge = picture_of(see("roi", region(count=None, lines=("c3",)), 0), see("c3", c.CrowdCount(people=6), 1))
    assert properties(by_edge, "roi")["people"] == 6
    newest = picture_of(
        see("roi", region(), 0),
        see("count", c.CrowdCount(people=7), 9),
        see("c2", c.CrowdCount(people=8, region="roi"), 3),
    )
    assert properties(newest, "roi")["people"] == 7


def test_a_count_without_a_region_is_shown_by_itself() -> None:
    picture = picture_of(see("count", c.CrowdCount(people=5, region="roi"), 0))
    assert picture.features["count"]["geometry"] is None
    assert (properties(picture, "count")["part"], properties(picture, "count")["people"]) == ("count", 5)
    changes = picture.apply_many(entries([see("roi", region(count=None), 1)], 2))
    assert changes.remove == ["count"]
    assert properties(picture, "roi")["people"] == 5


def test_over_the_threshold_of_the_setting_the_rule_or_the_alarm() -> None:
    full = [see("count", c.CrowdCount(people=3000), 5)]
    assert properties(picture_of(see("roi", region(), 0), *full), "roi")["over_threshold"] is False
    low = PictureSettings(density_threshold_pm2=2.0)
    assert properties(picture_of(see("roi", region(), 0), *full, settings=low), "roi")["over_threshold"] is True
    ruled = picture_of(see("roi", region(density_rule={"active": True, "threshold_pm2": 2}), 0), *full)
    assert (properties(ruled, "roi")["threshold_pm2"], properties(ruled, "roi")["over_threshold"]) == (2.0, True)
    alarm = c.CrowdAlert(alert="density", region="roi", density_pm2=2.1, threshold_pm2=1.9)
    alarmed = picture_of(see("roi", region(), 0), *full, see("alarm", alarm, 1))
    assert (properties(alarmed, "roi")["threshold_pm2"], properties(alarmed, "roi")["over_threshold"]) == (1.9, True)


def test_the_newest_evidence_says_whether_it_is_too_full() -> None:
    alarm = see("alarm", c.CrowdAlert(alert="density", region="roi", density_pm2=5.0, threshold_pm2=4.0), 10)
    empty = see("count", c.CrowdCount(people=10), 20)
    assert properties(picture_of(see("roi", region(), 0), alarm), "roi")["over_threshold"] is True
    assert properties(picture_of(see("roi", region(), 0), alarm, empty), "roi")["over_threshold"] is False
    assert properties(picture_of(see("roi", region(), 0)), "roi")["over_threshold"] is None


def test_a_region_is_as_old_as_its_newest_evidence() -> None:
    alarm = see("alarm", c.CrowdAlert(alert="density", region="roi", density_pm2=5.0), -3600, received=10)
    picture = picture_of(see("roi", region(), 0), alarm)
    seen = properties(picture, "roi")
    assert (seen["over_threshold"], seen["observed_at"]) == (True, "2026-11-21T18:00:00.000Z")
    assert (seen["stale_at"], seen["expires_at"]) == ("2026-11-21T18:05:00.000Z", "2026-11-28T19:00:00.000Z")
    assert seen["times"] == {"area": "2026-11-21T19:00:00.000Z"}
    picture.apply_many(entries([see("count", c.CrowdCount(people=100), 20)], 3))
    assert properties(picture, "roi")["observed_at"] == "2026-11-21T19:00:20.000Z"
    newer = see("alarm", c.CrowdAlert(density_pm2=5.0), 30)
    picture.apply_many(entries([newer], 4))
    assert properties(picture, "roi")["times"] == {
        "area": "2026-11-21T19:00:00.000Z",
        "people": "2026-11-21T19:00:20.000Z",
    }


def test_passing_the_threshold_is_urgent() -> None:
    picture = picture_of(see("roi", region(), 0), see("count", c.CrowdCount(people=10), 1))
    assert picture.apply_many(entries([see("count", c.CrowdCount(people=6000), 2)], 3)).urgent
    assert not picture.apply_many(entries([see("count", c.CrowdCount(people=6001), 3)], 4)).urgent


def test_an_alarm_of_an_unknown_region_belongs_to_the_one_it_covers() -> None:
    alarm = c.CrowdAlert(alert="density", region="other-id", area=AREA, density_pm2=3, threshold_pm2=2)
    picture = picture_of(
        see("roi", region(), 0),
        see("next", region(area=square(HERE[0] + 0.0003, HERE[1], 0.0002)), 0),
        see("alarm", alarm, 1),
    )
    assert properties(picture, "alarm")["region"] == "roi"
    assert picture.features["alarm"]["geometry"] == AREA
    assert properties(picture, "roi")["alert"] == {
        "id": "alarm",
        "alert": "density",
        "density_pm2": 3.0,
        "threshold_pm2": 2.0,
        "velocity_change_mps": None,
        "people": None,
        "reason": None,
        "pattern": None,
        "observed_at": "2026-11-21T19:00:01.000Z",
    }
    assert properties(picture, "next")["alert"] is None


def test_an_alarm_goes_over_to_the_region_it_names_once_that_is_known() -> None:
    alarm = c.CrowdAlert(alert="density", region="named", area=AREA, density_pm2=3, threshold_pm2=2)
    picture = picture_of(see("roi", region(), 0), see("alarm", alarm, 1))
    assert properties(picture, "roi")["alert"]["id"] == "alarm"
    picture.apply_many(entries([see("named", region(area=square(9.0, 52.0)), 2)], 3))
    assert properties(picture, "alarm")["region"] == "named"
    assert properties(picture, "roi")["alert"] is None
    assert properties(picture, "named")["alert"]["id"] == "alarm"


def test_an_alarm_far_away_belongs_to_no_region() -> None:
    shifted = square(HERE[0] + 0.00021, HERE[1], 0.0002)
    picture = picture_of(see("roi", region(), 0), see("alarm", c.CrowdAlert(alert="velocity", area=shifted), 1))
    assert LEAST_OVERLAP == 0.5
    assert properties(picture, "alarm")["region"] is None


def test_an_alarm_expires() -> None:
    picture = picture_of(see("roi", region(), 0), see("alarm", c.CrowdAlert(alert="density", region="roi"), 1))
    changes = picture.apply_many(entries([see("tick", Tick(), 1801, source="desk")], 3))
    assert changes.remove == ["alarm"]
    assert properties(picture, "roi")["alert"] is None


def test_a_region_without_a_count_is_blind_not_empty() -> None:
    seen = properties(picture_of(see("roi", region(), 0)), "roi")
    assert (seen["blind"], seen["people"], seen["density_pm2"], seen["level_of_service"]) == (True, None, None, None)
    unknown = picture_of(see("roi", region(), 0), see("count", c.CrowdCount(people=None), 1))
    assert properties(unknown, "roi")["blind"] is True


def test_a_region_becomes_blind_when_its_count_grows_stale() -> None:
    picture = picture_of(see("roi", region(), 0), see("count", c.CrowdCount(people=10), 60))
    assert picture.next_due() == at(180)
    assert properties(picture, "roi")["blind"] is False
    picture.apply_many(entries([see("tick", Tick(), 180, source="desk")], 3))
    assert properties(picture, "roi")["blind"] is True
    assert properties(picture, "roi")["people"] == 10, "the last count stays, with its age"
    picture.apply_many(entries([see("count", c.CrowdCount(people=11), 181)], 4))
    assert properties(picture, "roi")["blind"] is False


def test_a_region_becomes_blind_when_the_source_falls_silent() -> None:
    settings = PictureSettings(silence_after_s={"ngsi/zaehler": 30})
    picture = picture_of(
        see("roi", region(), 0), see("count", c.CrowdCount(people=10), 1, source="ngsi/zaehler"), settings=settings
    )
    picture.apply_many(entries([see("tick", Tick(), 31, source="desk")], 3))
    assert properties(picture, "roi")["blind"] is True
    picture.apply_many(entries([see("other", c.CrowdCount(people=1), 32, source="ngsi/zaehler")], 4))
    assert properties(picture, "roi")["blind"] is False


def test_a_site_and_its_blind_spot() -> None:
    site = c.CrowdSite(
        name="Markt",
        field_of_view=AREA,
        blind_spots=square(*HERE, 0.0001),
        status="Alle Sensoren online",
        sensors=("s1",),
    )
    picture = picture_of(see("site", site, 0))
    assert picture.features["site"]["geometry"] == AREA
    assert properties(picture, "site")["status"] == "Alle Sensoren online"
    assert properties(picture, "site")["sensors"] == ["s1"]
    assert picture.features["site#blind_spot"]["geometry"] == square(*HERE, 0.0001)
    assert properties(picture, "site#blind_spot")["part"] == "blind_spot"
    changes = picture.apply_many(entries([see("site", c.CrowdSite(blind_spots=None), 1)], 2))
    assert changes.remove == ["site#blind_spot"]


def test_a_counting_line_takes_its_name_from_the_region() -> None:
    line = c.CrowdLine(people=60, direction="inbound", speed_mps=1.2, from_at=at(0), to_at=at(240), congested=False)
    path = {"type": "LineString", "coordinates": [[8.70988, 51.731185], [8.70998, 51.731285]]}
    picture = picture_of(
        see("line", line, 240, path), see("roi", region(lines=("line",), line_names={"line": "Weg Eingang"}), 241)
    )
    seen = properties(picture, "line")
    assert picture.features["line"]["geometry"] == path
    assert (seen["part"], seen["name"], seen["title"]) == ("line", "Weg Eingang", "Weg Eingang")
    assert (seen["people"], seen["flow_per_min"], seen["speed_mps"]) == (60, 15.0, 1.2)
    assert (seen["from_at"], seen["to_at"]) == ("2026-11-21T19:00:00.000Z", "2026-11-21T19:04:00.000Z")
    assert (seen["direction"], seen["congested"], seen["occupancy"], seen["headway_s"]) == (
        "inbound",
        False,
        None,
        None,
    )


def test_a_line_without_an_interval_has_no_flow() -> None:
    picture = picture_of(see("line", c.CrowdLine(people=60, from_at=at(5), to_at=at(5)), 5))
    assert properties(picture, "line")["flow_per_min"] is None


def test_a_region_with_a_position_only_has_no_area() -> None:
    picture = picture_of(
        see("roi", c.CrowdRegion(count="count"), 0, point(*HERE)), see("count", c.CrowdCount(people=5), 1)
    )
    seen = properties(picture, "roi")
    assert (seen["people"], seen["area_m2"], seen["density_pm2"]) == (5, None, None)
