"""Features as events for TAK clients: types, remarks, shapes, times, and the marks of an exercise."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from layers import content as c
from layers.cot import Event, node
from layers.cot_kinds import argb, incident_type, unit_type
from layers.cot_out import MARK, MAX_CORNERS, Outlook, deletion, events, own_prefix, uid_of
from layers.observation import Observation
from layers.picture import Picture
from layers.views import View
from tests.layers.world import at, histories, picture_of, point, see, square

PLACE = point(8.78, 51.83)
LIVE = Outlook(house="ab12cd34", now=at(60), shift=timedelta(days=8), zone=ZoneInfo("Europe/Berlin"))
PLAYED = Outlook(house="ab12cd34", situation="ex-1", exercise="ex-1", now=at(60), zone=ZoneInfo("Europe/Berlin"))


def made(*observations: Observation, of: str = "x", outlook: Outlook = LIVE) -> list[Event]:
    """The events of a feature."""
    return events(picture_of(*observations).features[of], outlook)


def only(content: Any, geometry: Any = PLACE, outlook: Outlook = LIVE) -> Event:
    """The only event of a subject."""
    (found,) = made(see("x", content, 0, geometry, accuracy_m=4.5), outlook=outlook)
    return found


def told(event: Event) -> list[str]:
    """The lines of its remarks."""
    return next(one.text for one in event.find("remarks")).splitlines()


@pytest.mark.parametrize(
    ("vehicle_type", "name", "kind"),
    [
        ("HLF20", None, "a-f-G-U-i-f-efp"),
        (None, "Florian Paderborn 1 HLF 20 1", "a-f-G-U-i-f-efp"),
        ("DLAK 23/12", None, "a-f-G-U-i-f-fta"),
        ("TLF 4000", None, "a-f-G-U-i-f-wt"),
        ("ELW 1", None, "a-f-G-U-i-f-imt"),
        ("GW-G", None, "a-f-G-U-i-f-het"),
        ("RTW", None, "a-f-G-U-i-m-ag"),
        (None, "NEF 3", "a-f-G-U-i-m-ag"),
        (None, "Christoph 13", "a-f-G-U-i-m-aar"),
        ("Streifenwagen", None, "a-f-G-U-i-l"),
        (None, "THW Bergung", "a-f-G-U-i-e"),
        ("ambulance", None, "a-f-G-U-i-m-ag"),
        (None, "Trupp Nord", "a-f-G-U-i"),
        (None, None, "a-f-G-U-i"),
    ],
)
def test_a_vehicle_has_the_type_of_its_kind(vehicle_type: str | None, name: str | None, kind: str) -> None:
    assert unit_type(vehicle_type, name) == kind


def test_a_unit() -> None:
    unit = c.Unit(call_sign="HLF 20 1", vehicle_type="HLF20", fms_status=4, heading_deg=90.0, speed_mps=12.5)
    event = only(unit)
    assert (event.type, event.how, event.lat, event.lon, event.ce) == ("a-f-G-U-i-f-efp", "m-r", 51.83, 8.78, 4.5)
    assert event.uid == uid_of("x", LIVE)
    assert event.uid.startswith("Lagebild-ab12cd34.")
    assert (event.time, event.start, event.stale) == (
        at(60) + LIVE.shift, at(0) + LIVE.shift, at(300) + LIVE.shift
    )  # fmt: skip
    assert told(event) == ["Status 4: am Einsatzort", "HLF20", "Stand 21.11. 20:00:00 Uhr"]
    assert event.first("track") == node("track", course=90.0, speed=12.5)
    assert event.value("color", "argb") == str(argb("#d6361f")) == "-2738657"
    assert event.opex == ""


def test_an_emergency_call_is_a_second_event() -> None:
    calm, alarm = made(see("x", c.Unit(call_sign="RTW 1", fms_status=0), 0, PLACE))
    assert (alarm.type, alarm.uid, alarm.qos) == ("b-a-o-tbl", f"{calm.uid}-9-1-1", "9-r-g")
    assert alarm.value("emergency", "type") == "911 Alert"


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("fire", "a-n-X-i-f"),
        ("medical", "a-n-X-i-h"),
        ("technical", "a-n-X-i-r"),
        ("cbrn", "a-n-X-i-c"),
        (None, "a-n-X-i-o"),
    ],
)
def test_a_mission_has_the_type_of_its_category(category: str | None, kind: str) -> None:
    assert incident_type(category) == kind
    assert only(c.Mission(category=category, keyword="B3")).type == kind


def test_a_mission_tells_what_the_view_shows() -> None:
    mission = c.Mission(
        keyword="Wohnungsbrand", keyword_short="B3", category="fire", reporter="Anna Muster", number="26-1",
        address=c.Address(street="Rosenweg 3", city="Padertopia"),
    )  # fmt: skip
    unit = c.Unit(call_sign="HLF", mission="x")
    picture = picture_of(see("x", mission, 0, PLACE), see("u", unit, 0))
    (whole,) = events(picture.features["x"], LIVE)
    assert whole.value("contact", "callsign") == "B3"
    assert told(whole)[:4] == ["Wohnungsbrand", "Rosenweg 3, Padertopia", "Kräfte: HLF", "Einsatznummer 26-1"]
    reduced = View(role="crew", unit="other").show(picture.features["x"], picture)
    assert reduced is not None
    (event,) = events(reduced, LIVE)
    assert (event.value("contact", "callsign"), told(event)) == ("Einsatz", ["Stand 21.11. 20:00:00 Uhr"])
    assert only(c.Mission(keyword="B1")).type == "a-n-X-i-o"
    assert made(see("x", c.Mission(keyword="B1", closed=True), 0, PLACE)) == []


def test_a_warning_is_an_area_for_each_polygon() -> None:
    west, east = square(8.7, 51.8)["coordinates"], square(8.9, 51.8)["coordinates"]
    shape = {"type": "MultiPolygon", "coordinates": [west, east]}
    first, second = made(see("x", c.Warning(event="STURM", severity="Severe", headline="Sturm zieht auf"), 0, shape))
    assert (first.type, second.uid) == ("u-d-f", f"{first.uid}.1")
    corners = [link.get("point") for link in first.find("link")]
    assert corners == ["51.799,8.699", "51.799,8.701", "51.801,8.701", "51.801,8.699", "51.799,8.699"]
    assert (round(second.lat, 6), round(second.lon, 6)) == (51.8, 8.9)
    assert told(first)[0] == "Sturm zieht auf"
    assert first.value("contact", "callsign") == "⚠ STURM"


def test_a_long_outline_is_thinned_and_stays_closed() -> None:
    ring = [[8.0 + i / 10_000, 51.0 + (i % 2) / 1_000] for i in range(2_000)]
    event = only(c.Warning(event="X"), {"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
    corners = [link.get("point") for link in event.find("link")]
    assert len(corners) <= MAX_CORNERS + 1
    assert corners[0] == corners[-1]


def test_a_drone() -> None:
    event = only(c.Drone(name="D1", heading_deg=5.0, ground_speed_mps=3.0, hae_m=230.0), point(8.78, 51.83, 60.0))
    assert (event.type, event.hae, told(event)[0]) == ("a-f-A-M-H-Q", 230.0, "60 m über Grund")


def test_what_came_from_a_client_goes_out_as_it_came() -> None:
    mark = c.Mark(mark="spot", name="Hydrant", cot_type="b-m-p-s-m", color="#ffff00", how="h-g-i-g-o", archive=True)
    picture = picture_of(see("cot:GeoChat.A%20B%C3%A4", mark, 0, PLACE))
    (event,) = events(picture.features["cot:GeoChat.A%20B%C3%A4"], LIVE)
    assert (event.uid, event.type, event.how) == ("GeoChat.A Bä", "b-m-p-s-m", "h-g-i-g-o")
    assert event.value("color", "argb") == "-256"
    assert event.first("archive") is not None
    (played,) = events(picture.features["cot:GeoChat.A%20B%C3%A4"], PLAYED)
    assert played.uid.startswith("Lagebild-ab12cd34."), "in an exercise it is somebody else"


def test_an_exercise_is_marked_and_has_uids_of_its_own() -> None:
    unit = c.Unit(call_sign="HLF", fms_status=3)
    live, played = only(unit), only(unit, outlook=PLAYED)
    assert played.opex == "e-ex-1"
    assert played.value("contact", "callsign") == f"{MARK} HLF"
    assert told(played)[0].startswith(f"{MARK} Status 3")
    assert played.uid != live.uid
    assert played.time == at(60)
    assert deletion("x", PLAYED).opex == "e-ex-1"


@pytest.mark.parametrize(
    ("origin", "late_s", "sent"),
    [("control", 0, True), ("logbook", 60, True), ("crew", 0, False), ("tak", 0, False), ("control", -1_000, False)],
)
def test_notes_of_the_desk_are_chat(origin: str, late_s: int, sent: bool) -> None:
    note = c.Note(text="Bereitstellungsraum Nord", origin=origin)
    found = made(see("x", note, late_s, received=60.0))
    assert len(found) == sent
    if found:
        (event,) = found
        assert (event.type, told(event)) == ("b-t-f", ["Bereitstellungsraum Nord"])
        assert event.value("__chat", "chatroom") == "All Chat Rooms"


def test_a_deletion_names_its_victim() -> None:
    gone = deletion("U-1", LIVE)
    assert (gone.type, gone.value("link", "uid")) == ("t-x-d-d", "U-1")
    assert gone.uid.startswith(own_prefix("ab12cd34"))
    assert gone.stale - gone.time == timedelta(seconds=20)


@settings(max_examples=40)
@given(histories)
def test_nothing_of_any_view_breaks_it(history: list[Observation]) -> None:
    picture: Picture = picture_of(*history)
    for role in ("control", "crew", "liaison"):
        view = View(role=role, unit="unit:0")
        for feature in picture.features.values():
            shown = view.show(feature, picture)
            for event in events(shown, LIVE) if shown is not None else ():
                assert event.stale > event.start
                assert "geheim" not in repr(event) or feature["properties"]["layer"] == "reports"
