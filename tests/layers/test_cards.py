"""Layer cards: the five-minute card, its facts, their order and ages, and what it is written anew for."""

from typing import Any

from layers import content as c
from layers.brief import ACCESS, CONTEXT, HAZARD, LIFE, SECTIONS
from layers.content import Tick
from layers.observation import Observation
from layers.picture import Picture
from tests.layers.world import HERE, at, entries, facts, picture_of, point, properties, see, square

LON, LAT = HERE
MISSION = c.Mission(
    number="2026.1",
    keyword="Feuer 2",
    keyword_short="F2",
    category="fire",
    description="Wohnungsbrand",
    severity="high",
    address=c.Address(street="Ring 1", postcode="33104", city="Padertopia"),
    location_detail="2. OG links",
    reporter="Frau Meier",
    issued_at=at(-30),
    units=("hlf",),
    search_ids=("12",),
)
SMOKE = c.Thresholds(alarm=(c.Threshold(comparison="equal", value=1.0),))


def house(permission: str = "GRANTED") -> list[Observation]:
    """A home at the mission with a smoke alarm, two persons and a door that can be opened."""
    return [
        see(
            "b",
            c.Building(permission=permission, floor_plan_url="https://example.org/plan.pdf"),
            1,
            point(LON, LAT + 0.0005),
        ),
        see("smoke", c.Device(building="b", name="Schlafzimmer", measures=("smoke",), value=1, thresholds=SMOKE), 2),
        see("warm", c.Device(building="b", name="Küche", measures=("temperature",), value=40, state="WARNING"), 3),
        see("fine", c.Device(building="b", measures=("smoke",), value=0, thresholds=SMOKE), 3),
        see("people", c.Device(building="b", name="Kinderzimmer", measures=("occupancy",), value=2), 4),
        see(
            "door",
            c.Device(building="b", name="Haustür", measures=("door",), categories=("actuator",), value="CLOSE"),
            5,
        ),
        see("lamp", c.Device(building="b", measures=("light",), categories=("actuator",), value=0), 5),
        see(
            "cam",
            c.Device(building="b", name="Flur", measures=("camera",), value={"url": "https://example.org/1.jpg"}),
            6,
        ),
    ]


def scene(*more: Observation) -> Picture:
    """The mission with one unit, and more."""
    unit = c.Unit(call_sign="Florian Padertopia 1 HLF 20 1", fms_status=3)
    return picture_of(
        see("m", MISSION, 0, point(*HERE)),
        see("hlf", unit, 1, point(8.79, 51.83)),
        *more,
    )


def told(picture: Picture, section: str) -> list[tuple[str, Any, int]]:
    """Key, value and weight of the facts of a section."""
    return [(fact["key"], fact["value"], fact["weight"]) for fact in facts(picture, "m", section)]


def test_a_card_has_its_six_sections_in_order() -> None:
    card = properties(scene(), "card:m")
    assert tuple(card["sections"]) == SECTIONS
    assert (card["layer"], card["part"], card["title"], card["mission"]) == ("cards", "card", "Feuer 2", "m")
    assert card["observed_at"] == "2026-11-21T19:00:01.000Z"
    assert card["sources"] == [{"id": "ngsi/leitstelle", "observed_at": "2026-11-21T19:00:01.000Z"}]


def test_was_wo_and_wann() -> None:
    picture = scene()
    assert told(picture, "was") == [
        ("keyword", "Feuer 2", LIFE),
        ("keyword_short", "F2", LIFE),
        ("category", "fire", LIFE),
        ("severity", "high", HAZARD),
        ("description", "Wohnungsbrand", HAZARD),
    ]
    assert told(picture, "wo") == [
        ("address", "Ring 1, 33104 Padertopia", ACCESS),
        ("location_detail", "2. OG links", ACCESS),
    ]
    assert told(picture, "wann") == [("issued_at", "2026-11-21T18:59:30.000Z", CONTEXT), ("state", "open", CONTEXT)]
    assert facts(picture, "m", "was", "keyword") == [
        {
            "key": "keyword",
            "value": "Feuer 2",
            "observed_at": "2026-11-21T19:00:00.000Z",
            "stale_at": "2026-11-21T20:00:00.000Z",
            "source": "ngsi/leitstelle",
            "feature": "m",
            "weight": LIFE,
        }
    ]


def test_without_an_address_the_position_says_where() -> None:
    picture = picture_of(see("m", c.Mission(), 0, point(*HERE)))
    assert told(picture, "wo") == [("position", [LON, LAT], ACCESS)]


def test_wer_tells_status_and_distance_without_a_guess_at_arrival() -> None:
    assert facts(scene(), "m", "wer") == [
        {
            "key": "unit",
            "value": {
                "id": "hlf",
                "call_sign": "Florian Padertopia 1 HLF 20 1",
                "fms_status": 3,
                "state": "en_route",
                "emergency": False,
                "distance_m": 690.0,
                "distance_at": "2026-11-21T19:00:01.000Z",
                "eta_at": None,
                "eta_s": None,
                "route_length_m": None,
            },
            "observed_at": "2026-11-21T19:00:01.000Z",
            "stale_at": "2026-11-21T19:05:01.000Z",
            "source": "ngsi/leitstelle",
            "feature": "hlf",
            "weight": ACCESS,
        }
    ]


def test_a_unit_in_distress_comes_first() -> None:
    others = [see("rtw", c.Unit(fms_status=0, mission="m"), 5), see("elw", c.Unit(fms_status=1, mission="m"), 5)]
    assert [fact["feature"] for fact in facts(scene(*others), "m", "wer")] == ["rtw", "hlf", "elw"]


def test_a_card_tells_one_position_per_step_and_is_not_sent_with_every_one() -> None:
    picture = scene()
    sent = []
    for second in range(2, 32):
        lon = 8.79 - second / 10_000
        changes = picture.apply_many(entries([see("hlf", c.Unit(), second, point(lon, LAT))], picture.rev + 1))
        assert "hlf" in {feature["id"] for feature in changes.upsert}
        if "card:m" in {feature["id"] for feature in changes.upsert}:
            sent.append(second)
    assert sent == [10, 20, 30]


def test_details_rank_life_before_access_before_hazard() -> None:
    picture = scene(*house())
    assert [(key, weight) for key, _, weight in told(picture, "details")] == [
        ("device", LIFE),
        ("persons_probable", LIFE),
        ("door", ACCESS),
        ("floor_plan_url", ACCESS),
        ("device", HAZARD),
        ("camera", CONTEXT),
    ]
    values = {(fact["key"], fact["feature"]): fact["value"] for fact in facts(picture, "m", "details")}
    assert values[("device", "smoke")] == {
        "id": "smoke",
        "name": "Schlafzimmer",
        "measures": ["smoke"],
        "value": 1,
        "state": "ALARM",
    }
    assert values[("persons_probable", "people")] == {"number": 2, "where": ["Kinderzimmer"], "building": "b"}
    assert values[("door", "door")]["value"] == "CLOSE"
    assert values[("camera", "cam")]["url"] == "https://example.org/1.jpg"


def test_a_home_without_consent_is_not_on_the_card() -> None:
    for permission in ("NONE", "REQUEST", "PENDING", "DENIED", "unknown"):
        assert told(scene(*house(permission)), "details") == []
    picture = scene(*house())
    assert told(picture, "details")
    picture.apply_many(entries([see("b", c.Building(permission="DENIED"), 20)], picture.rev + 1))
    assert told(picture, "details") == []


def test_consent_ends_with_the_mission() -> None:
    picture = scene(*house(), see("m", c.Mission(closed=True), 30))
    assert told(picture, "details") == []
    assert told(picture, "wann")[-1] == ("state", "ended", CONTEXT)
    assert told(picture, "was")[0] == ("keyword", "Feuer 2", LIFE)


def test_a_home_out_of_reach_is_not_on_the_card() -> None:
    far = see("b", c.Building(permission="GRANTED"), 10, point(LON, LAT + 0.0014))
    assert told(scene(*house(), far), "details") == [], "156 m"


def test_a_crowd_on_scene_is_told_with_its_own_age() -> None:
    region = c.CrowdRegion(name="Markt", area=square(LON + 0.001, LAT, 0.0002), count="count")
    picture = scene(see("roi", region, 2), see("count", c.CrowdCount(people=6000), 7, source="ngsi/zaehler"))
    [crowd] = facts(picture, "m", "details", "crowd")
    assert crowd["value"] == {
        "id": "roi",
        "name": "Markt",
        "distance_m": 55,
        "people": 6000,
        "density_pm2": 4.889,
        "level_of_service": "E",
        "over_threshold": True,
        "trend_pm2_per_min": None,
        "blind": False,
    }
    assert (crowd["feature"], crowd["source"], crowd["weight"]) == ("roi", "ngsi/zaehler", LIFE)
    assert (crowd["observed_at"], crowd["stale_at"]) == ("2026-11-21T19:00:07.000Z", "2026-11-21T19:02:07.000Z")


def test_a_drone_nearby_brings_its_pictures() -> None:
    drone = c.Drone(
        name="Adler 1", flight_status="HOLD", media=(c.Media(type="VIDEOSTREAM", url="https://example.org/l"),)
    )
    picture = scene(see("d", drone, 9, point(LON, LAT + 0.002, 60.0)))
    [told_drone] = facts(picture, "m", "wer", "drone")
    assert told_drone["value"] == {
        "id": "d",
        "name": "Adler 1",
        "flight_status": "HOLD",
        "recording": None,
        "media": [{"type": "VIDEOSTREAM", "url": "https://example.org/l"}],
    }
    moved = picture.apply_many(entries([see("d", c.Drone(), 10, point(LON, LAT + 0.0021, 60.0))], picture.rev + 1))
    assert "card:m" not in {feature["id"] for feature in moved.upsert}, "its every position is not on the card"
    picture.apply_many(entries([see("d", c.Drone(), 11, point(LON, LAT + 0.03, 60.0))], picture.rev + 1))
    assert facts(picture, "m", "wer", "drone") == []


def test_context_is_warnings_reports_and_notes() -> None:
    picture = scene(
        see(
            "w",
            c.Warning(event="Sturm", headline="Orkan", severity="Severe", status="Actual"),
            3,
            square(LON, LAT, 0.1),
        ),
        see("elsewhere", c.Warning(event="Sturm", status="Actual"), 3, square(LON + 1, LAT, 0.1)),
        see("near", c.CitizenReport(texts=("Rauch aus dem Fenster",), sender_name="Kunz"), 4, point(LON, LAT + 0.001)),
        see("far", c.CitizenReport(texts=("anderswo",)), 4, point(LON, LAT + 0.01)),
        see("wrong", c.CitizenReport(texts=("Scherz",)), 4, point(*HERE)),
        see("any", c.Verdict(target="wrong", decision="reject", by="Leitstelle"), 5),
        see("found", c.Post(message="Es brennt!", network="mastodon", search_ids=("12",)), 6),
        see("other", c.Post(message="Libori", search_ids=("13",)), 6),
        see("n1", c.Note(text="Zufahrt frei", origin="crew", mission="m", sender_name="Anna"), 7),
        see("n2", c.Note(text="Hydrant defekt", origin="control", mission="m"), 8),
        see("n3", c.Note(text="anderer Einsatz", mission="x"), 8),
    )
    context = facts(picture, "m", "kontext")
    assert [(fact["key"], fact["feature"], fact["weight"]) for fact in context] == [
        ("warning", "w", HAZARD),
        ("note", "n2", CONTEXT),
        ("note", "n1", CONTEXT),
        ("reporter", "m", CONTEXT),
        ("number", "m", CONTEXT),
        ("report", "near", CONTEXT),
        ("report", "found", CONTEXT),
    ]
    report = facts(picture, "m", "kontext", "report")[0]
    assert report["value"]["text"] == "Rauch aus dem Fenster"
    assert report["value"]["distance_m"] == 111
    assert "Kunz" not in str(report)
    assert facts(picture, "m", "kontext", "note")[1]["value"] == {"text": "Zufahrt frei", "origin": "crew"}


def test_a_warning_that_ends_leaves_the_card() -> None:
    picture = scene(see("w", c.Warning(event="Sturm", ends_at=at(60)), 3, square(LON, LAT, 0.1)))
    assert facts(picture, "m", "kontext", "warning")
    picture.apply_many(entries([see("tick", Tick(), 60, source="desk")], picture.rev + 1))
    assert facts(picture, "m", "kontext", "warning") == []


def test_a_card_goes_with_its_mission() -> None:
    picture = scene()
    changes = picture.apply_many(entries([see("m", c.Removal(), 30)], picture.rev + 1))
    assert set(changes.remove) == {"m", "card:m"}


def test_a_full_card_is_bounded() -> None:
    crowd_of_devices = [
        see(f"s{n}", c.Device(building="b", name=f"R{n}", measures=("smoke",), value=1, thresholds=SMOKE), 10)
        for n in range(60)
    ]
    reports = [see(f"r{n}", c.CitizenReport(texts=("x" * 5000,)), 11, point(*HERE)) for n in range(60)]
    notes = [see(f"n{n}", c.Note(text="x", mission="m"), 11) for n in range(60)]
    picture = scene(*house(), *crowd_of_devices, *reports, *notes)
    assert len(facts(picture, "m", "details", "device")) == 20
    assert len(facts(picture, "m", "kontext", "report")) == 5
    assert len(facts(picture, "m", "kontext", "note")) == 8
    assert all(len(fact["value"]["text"]) == 280 for fact in facts(picture, "m", "kontext", "report"))
