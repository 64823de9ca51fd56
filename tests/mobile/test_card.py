"""From features to words: the card, the list of what is near, what is drawn on the map."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mobile import ages, arrivals, describe, facts, near
from mobile.card import cards
from mobile.clock import iso
from mobile.geo import Plane
from mobile.i18n import Words
from mobile.map.figures import Scene
from mobile.map.symbols import draw
from mobile.mission import Alarms, own_missions
from mobile.pack import WaterPoint

NOW = datetime(2026, 9, 12, 19, 45, 0, tzinfo=UTC)
US, OTHER, MISSION = "urn:unit:hlf", "urn:unit:dlk", "urn:alert:1"
HERE = (8.7800, 51.8300)
WORDS = Words()


def at(minutes: float) -> str:
    return iso(NOW + timedelta(minutes=minutes))


def feature(subject: str, layer: str, part: str, place: Any = HERE, **properties: Any) -> dict[str, Any]:
    geometry = place if isinstance(place, dict | None) else {"type": "Point", "coordinates": list(place)}
    common: dict[str, Any] = {
        "observed_at": at(-1),
        "stale_at": at(4),
        "expires_at": at(600),
        "title": None,
        "times": {},
    }
    return {"id": subject, "geometry": geometry, "properties": {**common, "layer": layer, "part": part, **properties}}


def fact(key: str, value: Any, weight: float = 20, minutes: float = -2, **more: Any) -> dict[str, Any]:
    ends = {"observed_at": at(minutes), "stale_at": at(minutes + 60), "source": "ngsi/leitstelle", "feature": MISSION}
    return {"key": key, "value": value, "weight": weight, **ends, **more}


def mission(**more: Any) -> dict[str, Any]:
    return feature(MISSION, "missions", "mission", (8.7850, 51.8300), **{"units": [US], "state": "open", **more})


def picture(*features: dict[str, Any]) -> dict[str, Any]:
    return {entry["id"]: entry for entry in features}


def card_of(**sections: list[dict[str, Any]]) -> dict[str, Any]:
    drawn = feature(f"card:{MISSION}", "cards", "card", None, mission=MISSION, sections=sections)
    return picture(mission(title="Feuer 2"), drawn, feature(US, "units", "unit", times={"position": at(-1)}))


def test_the_sections_come_in_their_order_whatever_the_wire_says() -> None:
    features = card_of(kontext=[fact("note", {"text": "ruhig"})], was=[fact("keyword", "Feuer 2")], wann=[])
    (card,) = cards(features, US, HERE, WORDS)
    assert [name for name, _ in card.sections] == ["was", "wo", "kontext"]
    assert (card.title, card.ended, card.count) == ("Feuer 2", False, 1)
    (way,) = dict(card.sections)["wo"]
    assert way.text == "Luftlinie 340 m nach O"
    assert way.age_s(NOW) == 60


def test_small_facts_of_one_age_share_a_line_and_a_person_outranks_a_hot_room() -> None:
    features = card_of(
        was=[
            fact("keyword", "Feuer 3", 100),
            fact("keyword_short", "F3", 100),
            fact("category", "fire", 100),
            fact("subcategory", "buildingFire", 60, -9),
            fact("severity", "high", 60),
        ],
        details=[
            fact("device", {"name": "Rauchmelder Küche", "measures": ["smoke"], "value": 1, "state": "ALARM"}, 100),
            fact("persons_probable", {"number": 2, "where": ["Bett"]}, 100),
        ],
    )
    (card,) = cards(features, US, HERE, WORDS)
    sections = dict(card.sections)
    assert [entry.text for entry in sections["was"]] == ["Feuer 3", "F3 · Brand · Schwere hoch", "Gebäudebrand"]
    assert [entry.text for entry in sections["details"]] == ["2 Personen vermutet: Bett", "Rauchmelder Küche: Alarm"]
    assert {entry.level for entry in sections["details"]} == {"alarm"}


def test_a_fact_grows_old_by_itself() -> None:
    features = card_of(was=[fact("keyword", "Feuer 2")])
    (card,) = cards(features, US, None, WORDS)
    entry = dict(card.sections)["was"][0]
    assert (entry.stale(NOW), entry.stale(NOW + timedelta(minutes=58))) == (False, True)
    assert entry.age_s(NOW + timedelta(minutes=58)) == 3600
    assert (entry.stale(None), entry.age_s(None)) == (False, None)


@pytest.mark.parametrize(
    ("key", "value", "unit", "text"),
    [
        ("unit", {"id": US, "call_sign": "HLF", "fms_status": 3}, None, "3 · HLF: Einsatz übernommen (wir)"),
        ("unit", {"id": OTHER, "call_sign": "DLK", "fms_status": None, "distance_m": 1200}, None,
         "? · DLK: Status unbekannt, 1,2 km"),
        ("drone", {"name": "D1", "flight_status": "HOLD", "recording": True, "media": [1, 2]}, None,
         "D1: schwebt, nimmt auf, 2 Bilder"),
        ("device", {"name": "Fühler", "measures": ["temperature"], "value": 540.4, "state": "ALARM"}, None,
         "Fühler: 540 °C"),
        ("door", {"name": "Haustür", "value": "OPEN", "action_status": None}, None, "Haustür: offen"),
        ("door", {"name": "Fenster", "value": "CLOSE", "action_status": "ERROR"}, None,
         "Fenster: geschlossen (Befehl fehlgeschlagen)"),
        ("crowd", {"name": "Platz", "people": 420, "density_pm2": 4.21, "level_of_service": "E",
                   "trend_pm2_per_min": 0.2, "over_threshold": True}, None,
         "Platz: 420 Personen, 4,2 je m², Stufe E, steigend"),
        ("crowd", {"name": "Platz", "people": None}, None, "Platz: unbekannt"),
        ("warning", {"headline": "Rauch", "instruction": "Fenster zu."}, None, "Rauch. Fenster zu."),
        ("report", {"kind": "citizen_report", "text": "Es brennt", "distance_m": 16,
                    "verdict": {"decision": "confirm"}}, None, "Bürgermeldung: Es brennt (bestätigt) (20 m)"),
        ("note", {"text": "Trupp 1 vor", "origin": "control"}, None, "Leitstelle: Trupp 1 vor"),
        ("position_source", {"source": "address", "accuracy_m": 25.0, "label": "Kamp 8", "score": 0.93}, None,
         "Ort aus Adresse, ± 25 m"),
        ("position_source", {"source": "control", "accuracy_m": None}, None, "Ort von der Leitstelle gesetzt"),
        ("address_ambiguous", ["Kamp 8, A", "Kamp 8, B"], None, "Adresse mehrdeutig: Kamp 8, A, Kamp 8, B"),
        ("number", "2026-1", None, "Einsatznummer 2026-1"),
        ("severity", "high", None, "Schwere hoch"),
        ("something_new", 3.5, "bar", "3,5 bar"),
        ("something_new", ["a", "b"], None, "a, b"),
        ("something_new", {"text": "selbst erklärt"}, None, "selbst erklärt"),
        ("reach", 640, "m", "640 m"),
        ("state", True, None, "Einsatz ja"),
    ],
)  # fmt: skip
def test_facts_in_words(key: str, value: Any, unit: str | None, text: str) -> None:
    assert facts.text(key, value, unit, US, WORDS) == text


def test_own_missions_open_first_newest_first_and_alarms_until_confirmed() -> None:
    features = picture(
        mission(issued_at=at(-30)),
        feature("urn:alert:2", "missions", "mission", units=[US], issued_at=at(-3)),
        feature("urn:alert:3", "missions", "mission", units=[US], issued_at=at(-1), state="ended"),
        feature("urn:alert:4", "missions", "mission", units=[OTHER]),
        feature("urn:alert:5", "missions", "mission", units=[], issued_at=at(-60)),
        feature(US, "units", "unit", mission="urn:alert:5"),
    )
    order = [entry["id"] for entry in own_missions(features, US)]
    assert order == ["urn:alert:2", MISSION, "urn:alert:5", "urn:alert:3"]
    alarms = Alarms()
    assert [entry["id"] for entry in alarms.waiting(features, US)] == order[:3]
    alarms.confirm("urn:alert:2")
    features[MISSION]["properties"]["seen_by"] = [{"by": US, "at": at(0)}]
    assert [entry["id"] for entry in alarms.waiting(features, US)] == ["urn:alert:5"]
    assert own_missions(features, None) == []


def east(metres: float) -> tuple[float, float]:
    return Plane(*HERE).to_lonlat(metres, 0.0)


def test_what_is_near_alarms_first_then_by_distance_water_last() -> None:
    square = {"type": "Polygon", "coordinates": [[east(-50), [8.78, 51.829], east(50), [8.78, 51.831], east(-50)]]}
    features = picture(
        feature(US, "units", "unit"),
        feature(OTHER, "units", "unit", east(100), call_sign="Florian DLK", fms_status=4),
        feature("far", "units", "unit", east(5000)),
        feature("home", "buildings", "building", east(300), address={"street": "Kettengasse 9"}, persons_probable=2,
                devices={"alarm": 3}),
        feature("d1", "devices", "device", east(300), state="ALARM", building="home", observed_at=at(-7)),
        feature("quiet", "devices", "device", east(20), state="OK"),
        feature("foreign", "devices", "device", east(400), state="WARNING", building="unknown", measures=["smoke"]),
        feature("w", "warnings", "warning", square, headline="Rauch", severity="Severe"),
        feature("gone", "reports", "citizen_report", east(10), expires_at=at(-1)),
        feature("old", "drones", "drone", east(200), title="Drohne", stale_at=at(-1), height_m=45.0),
        feature("c", "crowd", "region", east(900), name="Markt", people=300, density_pm2=4.5, level_of_service="E",
                over_threshold=True),
        mission(),
    )  # fmt: skip
    points = [WaterPoint("n7", "underground", "H7", 100, east(-60)), WaterPoint("n8", "pond", "", 0, east(-70))]
    rows = near.entries(features, [*points, *points], HERE, US, NOW, WORDS)
    assert [row.id for row in rows] == ["home", "c", "w", OTHER, "old", "foreign", "base:n7", "base:n8", "base:n7"]
    assert (rows.pop().level, rows.pop().title) == ("water", "Löschteich")
    home, crowd, warning, unit, drone, _, water = rows
    assert (home.title, home.text, home.age) == (
        "Kettengasse 9",
        "2 Personen vermutet, 3 Melder ausgelöst",
        "vor 7 min",
    )
    assert crowd.text == "300 Personen, 4,5 je m², Stufe E, über der Schwelle"
    assert (warning.distance_m, warning.direction) == (0, "")
    assert warning.text.startswith("Sie sind im Warngebiet")
    assert (unit.title, unit.text, unit.direction) == ("Florian DLK", "Status 4 am Einsatzort", "E")
    assert (drone.stale, drone.text) == (True, "45 m hoch")
    assert (water.title, water.text, water.direction) == ("Unterflurhydrant H7", "DN 100 · Luftlinie", "W")


def test_a_new_status_does_not_make_an_old_position_new() -> None:
    properties = feature(OTHER, "units", "unit", times={"position": at(-20), "fms_status": at(-1)})["properties"]
    assert ages.freshness(properties, NOW) is ages.Freshness.FRESH
    assert ages.position_freshness(properties, NOW) is ages.Freshness.STALE


def test_the_map_shows_state_by_sign_and_letter_not_by_colour_alone() -> None:
    ring = [list(east(0)), [8.781, 51.831], list(east(200)), list(east(0))]
    area = {"type": "Polygon", "coordinates": [ring]}
    features = picture(
        mission(title="Feuer 2", keyword_short="F2"),
        feature(US, "units", "unit", name="HLF20", fms_status=3, heading_deg=90.0, times={"position": at(-1)}),
        feature(OTHER, "units", "unit", name="DLK23", fms_status=4, stale_at=at(-2), observed_at=at(-9)),
        feature("r", "crowd", "region", area, level_of_service="E", density_pm2=4.2, over_threshold=True, people=5),
        feature("b", "crowd", "blind_spot", area),
        feature("w", "warnings", "warning", area, headline="Rauch"),
        feature("d", "drones", "drone", title="Drohne 1 Feuerwehr", height_m=45.0),
        feature("t", "drones", "track", {"type": "LineString", "coordinates": ring}),
        feature("f", "drones", "fence-1", area),
        feature("x", "devices", "device", state="ALARM", measures=["smoke"]),
        feature("ok", "devices", "device", state="OK"),
        feature("no", "reports", "post", verdict={"decision": "reject"}),
        feature("p", "units", "unit", None),
        feature("gone", "units", "unit", expires_at=at(-1)),
    )
    drawing = draw(features, Scene(Plane(*HERE), US, NOW, WORDS))
    badges = {badge.id: badge for badge in drawing.badges}
    assert set(badges) == {MISSION, US, OTHER, "r", "b", "w", "d", "x"}
    assert (badges[MISSION].shape, badges[MISSION].caption) == ("pin", "F2")
    assert (badges[US].text, badges[US].caption, badges[US].heading_deg, badges[US].ring) == (
        "3",
        "HLF20",
        90.0,
        "accent",
    )
    assert (badges[OTHER].text, badges[OTHER].caption, badges[OTHER].ground) == ("4", "DLK23 · vor 9 min", "quiet")
    assert (badges["r"].text, badges["r"].caption) == ("E", "4,2/m²")
    assert badges["b"].text == "?"
    assert badges["d"].caption == "Drohne 1 · 45 m"
    assert drawing.badges[-1].id == US, "the own vehicle is drawn on top"
    assert len(drawing.areas) == 3
    assert all(stroke.dashed for stroke in drawing.strokes)


def test_every_part_has_a_title() -> None:
    for part in (
        "mission",
        "unit",
        "region",
        "drone",
        "building",
        "device",
        "warning",
        "citizen_report",
        "note",
        "post",
    ):
        assert describe.title(feature("x", "y", part), WORDS) == WORDS.say(f"part.{part}")
        assert isinstance(describe.line(feature("x", "y", part), WORDS), str)


def way(unit: str, eta: float, told: float = -1, **more: Any) -> dict[str, Any]:
    """The way of a unit that was worked out `told` minutes from now and ends `eta` minutes from now."""
    line = {"type": "LineString", "coordinates": [list(HERE), [8.7825, 51.8305], [8.7850, 51.8300]]}
    ends = {"observed_at": at(told), "stale_at": at(told + 5), "expires_at": at(told + 15), "eta_at": at(eta)}
    known = {"unit": unit, "mission": MISSION, "route_length_m": 1008.0, "sources": [{"id": "base/router"}]}
    return feature(f"{unit}#route", "routes", "route", line, **{**ends, **known, **more})


def local(minutes: float) -> str:
    return WORDS.time(NOW + timedelta(minutes=minutes), seconds=False)


def test_the_own_arrival_counts_down_by_the_clock_of_the_situation() -> None:
    features = card_of(wo=[fact("address", "Kettengasse 9", 80)])
    more: dict[str, Any] = {
        "passes": ["Markt"],
        "avoided": ["Libori", "Wall"],
        "detour_s": 90.0,
        "uncertain": ["height"],
    }
    features[f"{US}#route"] = way(US, 3, **more)
    (card,) = cards(features, US, HERE, WORDS)
    address, eta, passes, told = dict(card.sections)["wo"]
    assert (address.key, eta.source, eta.age_s(NOW)) == ("address", "base/router", 60)
    assert (passes.text, passes.level) == ("Weg führt durch Markt", "warn")
    assert told.text == "1,0 km Weg · Umweg 1 min um Libori, Wall · ungeprüft: Durchfahrtshöhe"
    said = {
        seconds: eta.told(NOW + timedelta(seconds=seconds), WORDS) for seconds in (0, 30, 31, 120, 121, 180, 200, 241)
    }
    assert said == {
        0: f"Ankunft {local(3)}, in 3 min",
        30: f"Ankunft {local(3)}, in 3 min",
        31: f"Ankunft {local(3)}, in 2 min",
        120: f"Ankunft {local(3)}, in 1 min",
        121: f"Ankunft {local(3)}, in unter 1 min",
        180: f"Ankunft {local(3)}, jetzt erwartet",
        200: f"Ankunft {local(3)}, jetzt erwartet",
        # Foretold five minutes ago: nobody counts on by it.
        241: f"Ankunft {local(3)}",
    }
    assert (eta.stale(NOW + timedelta(seconds=239)), eta.stale(NOW + timedelta(seconds=240))) == (False, True)
    features[f"{US}#route"] = way(US, -3, told=-4)
    late = dict(cards(features, US, HERE, WORDS)[0].sections)["wo"][1]
    assert late.told(NOW, WORDS) == f"Ankunft {local(-3)}, erwartet seit 3 min"
    features[f"{US}#route"]["properties"]["mission"] = "urn:alert:other"
    assert "eta" not in [entry.key for entry in dict(cards(features, US, HERE, WORDS)[0].sections)["wo"]]


def test_the_others_arrive_and_we_too() -> None:
    ours = {"id": US, "call_sign": "HLF 10", "fms_status": 3, "eta_at": at(6), "route_length_m": 2100.0}
    theirs = {"id": OTHER, "call_sign": "HLF 20", "fms_status": 3, "eta_at": at(3), "route_length_m": 1008.0}
    features = card_of(wer=[fact("unit", ours), fact("unit", theirs)])
    features |= picture(way(US, 6), way(OTHER, 3))
    both = dict(cards(features, US, HERE, WORDS)[0].sections)["wer"]
    assert [entry.told(NOW, WORDS) for entry in both] == [
        f"3 · HLF 10 (wir) in 6 min, {local(6)}",
        f"3 · HLF 20 in 3 min, {local(3)}",
    ]
    english = dict(cards(features, US, HERE, Words("en"))[0].sections)["wer"]
    assert english[1].told(NOW, Words("en")) == f"3 · HLF 20 in 3 min, {local(3)}"
    later = NOW + timedelta(minutes=4)
    old = f"3 · HLF 20: Einsatz übernommen, 1,0 km, Ankunft {local(3)} veraltet (vor 5 min)"
    assert both[1].told(later, WORDS) == old
    assert arrivals.arrival(features, OTHER, NOW + timedelta(minutes=15)) is None
    # Of a unit whose way we may not see the arrival is as old as its position.
    del features[f"{OTHER}#route"]
    features[OTHER] = feature(OTHER, "units", "unit", eta_at=at(3), times={"position": at(-5), "fms_status": at(-1)})
    found = arrivals.arrival(features, OTHER, NOW)
    assert found is not None
    assert (found.stale(NOW - timedelta(seconds=1)), found.stale(NOW)) == (False, True)


def hydrant(number: int, metres: float, **more: Any) -> dict[str, Any]:
    known = {"mission": MISSION, "kind": "underground", "ref": f"H{number}", "distance_m": metres}
    subject, osm = f"{MISSION}#water-{number}", f"node/{number}"
    return feature(subject, "water", f"water-{number}", (8.7851, 51.83), **{**known, "osm": osm, **more})


def test_water_by_the_length_of_hose_in_list_and_card() -> None:
    told = {"id": "node/1", "kind": "underground", "ref": "H031", "diameter_mm": 100, "distance_m": 81, "b_hoses": 5}
    assert facts.text("water", told, None, None, WORDS) == "Unterflurhydrant H031, DN 100: 80 m Schlauch, 5 B"
    pond = {"id": "way/1", "kind": "pond", "name": "Teich", "distance_m": 120, "b_hoses": 6, "access": "unknown"}
    assert facts.text("water", pond, None, None, WORDS) == "Teich Teich: 120 m Schlauch, 6 B, Zugang unbekannt"
    features = picture(
        mission(), feature(US, "units", "unit"), way(OTHER, 3),
        feature(OTHER, "units", "unit", east(90), call_sign="HLF 20", fms_status=3, eta_at=at(3)),
        hydrant(1, 81.0, b_hoses=5, diameter_mm=100),
        hydrant(2, 140.0, b_hoses=7, stale_at=at(-1), observed_at=at(-61)),
        feature("e", "marks", "mark", east(40), mark="emergency", name="Trupp 2", text="Atemschutz"),
        feature("m", "marks", "mark", east(50), mark="spot", name="Sammelplatz", creator="ELW"),
    )  # fmt: skip
    pack = [WaterPoint("node1", "underground", "H1", 100, (8.7851, 51.83)), WaterPoint("n9", "pond", "", 0, east(-70))]
    rows = near.entries(features, pack, HERE, US, NOW, WORDS)
    assert [row.id for row in rows] == ["e", "m", OTHER, "base:node1", "base:node2", "base:n9"]
    call, mark, unit, nearest, old, _ = rows
    assert (call.level, call.title, call.text) == ("alarm", "Trupp 2", "Notruf · Atemschutz")
    assert (mark.level, mark.title, mark.text) == ("plain", "Sammelplatz", "Punkt · ELW")
    assert unit.text == f"in 3 min, {local(3)} · Status 3 Einsatz übernommen"
    assert (nearest.title, nearest.text) == ("Unterflurhydrant H1", "DN 100 · ab Einsatz 80 m Schlauch, 5 B")
    assert (old.text, old.stale, old.age) == ("ab Einsatz 140 m Schlauch, 7 B", True, "vor 1 h 01 min")


def test_ways_water_and_marks_on_the_map() -> None:
    area = {"type": "Polygon", "coordinates": [[list(east(0)), [8.781, 51.831], list(east(200)), list(east(0))]]}
    line = {"type": "LineString", "coordinates": [list(east(0)), list(east(100)), list(east(300))]}
    features = picture(
        mission(), feature(US, "units", "unit", name="HLF", fms_status=3), way(US, 3), way(OTHER, 3),
        way("unit:rtw", 4, mission="urn:alert:other"),
        feature(OTHER, "units", "unit", east(90), name="DLK", fms_status=3, mission=MISSION, eta_at=at(3)),
        hydrant(1, 81.0, b_hoses=5), hydrant(2, 140.0, b_hoses=7),
        hydrant(3, 10.0, b_hoses=1, mission="urn:alert:other"),
        feature("p", "marks", "mark", mark="spot", name="Sammelplatz", color="#ffee00"),
        feature("l", "marks", "mark", line, mark="route", name="Zufahrt", color="javascript:1"),
        feature("a", "marks", "mark", area, mark="freeform", name="Absperrung", color="#00aa00", fill="#00ff00",
                stale_at=at(-1), observed_at=at(-7)),
        feature("e", "marks", "mark", mark="emergency"),
    )  # fmt: skip
    drawing = draw(features, Scene(Plane(*HERE), US, NOW, WORDS))
    ways = [(stroke.colour, stroke.width_mm, stroke.dashed) for stroke in drawing.strokes]
    assert ways == [("accent", 0.7, False), ("route_other", 0.7, False), ("route", 1.5, False)], "ours lies on top"
    badges = {badge.id: badge for badge in drawing.badges}
    assert set(badges) == {MISSION, US, OTHER, f"{MISSION}#water-1", f"{MISSION}#water-2", "p", "l", "a", "e"}
    assert badges[OTHER].caption == f"DLK an {local(3)}"
    first, second = badges[f"{MISSION}#water-1"], badges[f"{MISSION}#water-2"]
    assert (first.text, first.caption, second.caption) == ("H", "80 m · 5 B", "140 m · 7 B")
    assert (first.ground, first.ink) == ("hydrant", "on_alarm"), "filled, unlike those of the base map"
    assert first.rank < badges[OTHER].rank < second.rank
    assert (badges["p"].ground, badges["p"].ink, badges["p"].caption) == ("#ffee00", "#10181c", "Sammelplatz")
    assert badges["l"].at == pytest.approx((150.0, 0.0), abs=0.5), "on the line, not beside it"
    assert (badges["a"].ground, badges["a"].caption) == ("quiet", "Absperrung · vor 7 min")
    assert (badges["e"].shape, badges["e"].ground, badges["e"].caption) == ("triangle", "alarm", "Notruf")
    (shape,) = drawing.areas
    assert (shape.line, shape.fill, shape.dashed) == ("stale", "stale", True)
    # Six minutes on, what was foretold is old: grey and broken.
    drawing = draw(features, Scene(Plane(*HERE), US, NOW + timedelta(minutes=6), WORDS))
    assert {(stroke.colour, stroke.dashed) for stroke in drawing.strokes} == {("stale", True)}
    assert {badge.caption for badge in drawing.badges if badge.id == OTHER} == {"DLK · vor 7 min"}
