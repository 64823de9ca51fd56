"""Who sees what: exact cases per role, and that no personal field ever leaks."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from layers import content as c
from layers.observation import Observation
from layers.picture import Picture
from layers.views import ALL_LAYERS, ROLES, View, layers_for
from tests.layers.world import HERE, MARK, histories, picture_of, point, see

OWN, OTHER = "alert:1", "alert:2"
NEAR_HOME, FAR_HOME, SHUT_HOME = "home:near", "home:far", "home:shut"


def scene(*more: Observation) -> Picture:
    """An own and another mission, three homes with a smoke detector each, reports, notes."""
    lon, lat = HERE
    return picture_of(
        see(OWN, c.Mission(keyword="F2", category="fire", reporter="Frau Meier", units=("hlf",)), 0, point(*HERE)),
        see(
            OTHER,
            c.Mission(
                keyword="RD1",
                category="medical",
                reporter="Herr Kunz",
                description="Sturz im Bad",
                address=c.Address(street="Am Anger 3"),
                units=("rtw",),
            ),
            0,
            point(8.9, 51.9),
        ),
        see("hlf", c.Unit(call_sign="HLF", fms_status=3), 1, point(8.79, 51.83)),
        see("rtw", c.Unit(call_sign="RTW", fms_status=4), 1, point(8.9, 51.9)),
        *home(NEAR_HOME, lon + 0.001, lat, "GRANTED"),
        *home(FAR_HOME, lon + 0.01, lat, "GRANTED"),
        *home(SHUT_HOME, lon, lat + 0.0005, "PENDING"),
        see("device:stray", c.Device(name="Melder", building="home:unknown", value=1), 2, point(*HERE)),
        see("post", c.Post(message="Rauch!", author="@meier"), 3, point(*HERE)),
        see("citizen", c.CitizenReport(sender_id="17", sender_name="Kunz", texts=("Es brennt",)), 3, point(*HERE)),
        see("note:own", c.Note(text="Zufahrt frei", origin="crew", sender_id="dlk", sender_name="A", mission=OWN), 4),
        see("note:other", c.Note(text="Patient stabil", origin="crew", sender_id="rtw", mission=OTHER), 4),
        see("note:all", c.Note(text="Glatteis", origin="control", sender_name="Platz 2"), 4),
        see("note:me", c.Note(text="Bitte melden", origin="control", receiver="hlf", mission=OTHER), 4),
        see("note:log", c.Note(text="Status 3", origin="logbook"), 4),
        see("any", c.Refusal(count=1, reason="Name: Meier"), 5),
        *more,
    )


def home(subject: str, lon: float, lat: float, permission: str) -> tuple[Observation, ...]:
    """A building with an owner and a smoke detector in alarm."""
    rules = c.Thresholds(alarm=(c.Threshold(comparison="equal", value=1.0),))
    building = c.Building(
        name="Familie Meier",
        email="m@example.org",
        description="Wohnhaus",
        floor_plan_url="https://example.org/plan.pdf",
        address=c.Address(street="Ring 1", postcode="33104", city="Padertopia"),
        permission=permission,
    )
    smoke = c.Device(name="Bad", building=subject, measures=("smoke",), value=1, thresholds=rules)
    return see(subject, building, 2, point(lon, lat)), see(f"{subject}:smoke", smoke, 2)


def shown(view: View, picture: Picture) -> dict[str, dict[str, Any]]:
    """Properties of what a view shows, by id."""
    seen = (view.show(feature, picture) for feature in picture.features.values())
    return {feature["id"]: feature["properties"] for feature in seen if feature is not None}


def test_control_sees_everything_as_it_is_but_homes_that_have_not_consented() -> None:
    picture = scene()
    seen = shown(View("control"), picture)
    assert set(picture.features) - set(seen) == {f"{SHUT_HOME}:smoke"}
    for name, properties in seen.items():
        if name != SHUT_HOME:
            assert properties is picture.features[name]["properties"]


def test_control_may_ask_a_home_that_has_not_consented() -> None:
    seen = shown(View("control"), scene())[SHUT_HOME]
    assert seen["permission"] == "PENDING"
    assert seen["address"]["text"] == "Ring 1, 33104 Padertopia"
    assert seen["title"] == "Ring 1, 33104 Padertopia"
    hidden = ("name", "email", "floor_plan_url", "source_url", "devices", "persons_probable", "description")
    assert not seen.keys() & set(hidden)


def test_only_control_sees_a_device_without_a_known_building() -> None:
    picture = scene()
    assert shown(View("control"), picture)["device:stray"]["consent"] == "unknown"
    assert [role for role in ROLES if "device:stray" in shown(View(role, unit="hlf"), picture)] == ["control"]


def test_a_withdrawn_consent_takes_the_devices_away_and_a_given_one_brings_them() -> None:
    picture = scene(
        see(NEAR_HOME, c.Building(permission="DENIED"), 9), see(SHUT_HOME, c.Building(permission="GRANTED"), 9)
    )
    for view in (View("control"), View("crew", unit="hlf"), View("admin")):
        seen = shown(view, picture)
        assert f"{NEAR_HOME}:smoke" not in seen
        assert seen[f"{SHUT_HOME}:smoke"]["state"] == "ALARM"
    card = json.dumps(picture.features[f"card:{OWN}"])
    assert f"{NEAR_HOME}:smoke" not in card
    assert f"{SHUT_HOME}:smoke" in card


def test_a_crew_sees_its_own_mission_in_full() -> None:
    picture = scene()
    seen = shown(View("crew", unit="hlf"), picture)
    assert seen[OWN] is picture.features[OWN]["properties"]
    assert seen[OWN]["reporter"] == "Frau Meier"
    assert f"card:{OWN}" in seen
    assert f"card:{OTHER}" not in seen


def test_a_crew_sees_of_another_mission_that_it_is_there() -> None:
    picture = scene()
    seen = shown(View("crew", unit="hlf"), picture)[OTHER]
    assert (seen["title"], seen["category"], seen["state"]) == ("Einsatz", "medical", "open")
    assert not seen.keys() & {"reporter", "description", "address", "keyword", "number", "units", "location_detail"}
    feature = View("crew", unit="hlf").show(picture.features[OTHER], picture)
    assert feature is not None
    assert feature["geometry"] == point(8.9, 51.9)


def test_a_crew_sees_homes_at_its_own_open_mission_alone() -> None:
    picture = scene()
    seen = shown(View("crew", unit="hlf"), picture)
    assert seen[NEAR_HOME]["name"] == "Familie Meier"
    assert seen[f"{NEAR_HOME}:smoke"]["state"] == "ALARM"
    assert not seen.keys() & {FAR_HOME, f"{FAR_HOME}:smoke", SHUT_HOME, f"{SHUT_HOME}:smoke"}
    ended = scene(see(OWN, c.Mission(closed=True), 9))
    assert not shown(View("crew", unit="hlf"), ended).keys() & {NEAR_HOME, f"{NEAR_HOME}:smoke"}


def test_a_crew_reads_the_notes_that_concern_it() -> None:
    seen = shown(View("crew", unit="hlf"), scene())
    assert {name for name in seen if name.startswith("note:")} == {"note:own", "note:all", "note:me"}
    assert seen["note:own"]["sender_name"] == "A"
    assert "sender_name" not in seen["note:all"]


def test_a_crew_without_a_unit_has_no_mission() -> None:
    seen = shown(View("crew"), scene())
    assert seen[OWN]["title"] == "Einsatz"
    assert not {name for name in seen if name.startswith(("card:", "home:"))}


def test_the_liaison_sees_less() -> None:
    seen = shown(View("liaison"), scene())
    assert {properties["layer"] for properties in seen.values()} == {
        *("missions", "units", "reports", "notes", "buildings", "sources")
    }
    assert "reporter" not in seen[OWN]
    assert seen[OWN]["address"] is None
    assert seen[NEAR_HOME].keys().isdisjoint({"name", "email", "floor_plan_url", "devices", "persons_probable"})
    assert {name for name in seen if name.startswith("note:")} == {"note:all", "note:me", "note:log"}
    assert "last_refusal" not in seen["source:ngsi/leitstelle"]


@pytest.mark.parametrize("role", ["planner", "admin"])
def test_planner_and_admin_see_all_layers_without_personal_fields(role: str) -> None:
    seen = shown(View(role), scene())
    assert "reporter" not in seen[OWN]
    assert seen[OWN]["keyword"] == "F2"
    assert f"card:{OWN}" in seen
    assert "name" not in seen[NEAR_HOME]
    assert SHUT_HOME not in seen
    assert seen["source:ngsi/leitstelle"]["last_refusal"] == "Name: Meier"


def test_a_feed_sees_nothing_and_neither_does_a_role_that_is_none() -> None:
    assert shown(View("feed"), scene()) == {}
    assert shown(View("police"), scene()) == {}
    assert layers_for("feed") == layers_for("police") == ()
    assert layers_for("control") == ALL_LAYERS


def test_layers_and_mission_narrow() -> None:
    picture = scene()
    assert {p["layer"] for p in shown(View("control", layers=("units",)), picture).values()} == {"units"}
    narrowed = shown(View("control", mission=OWN), picture)
    kept = {name for name in narrowed if name.startswith(("card:", "note:"))}
    assert kept == {f"card:{OWN}", "note:own", "note:all", "note:log"}, "what belongs to no mission stays"
    assert OTHER in narrowed


def test_the_scope_tells_when_a_crew_must_be_shown_everything_anew() -> None:
    view = View("crew", unit="hlf")
    assert view.scope(scene()) == (OWN, f"open:{OWN}")
    assert view.scope(scene(see(OWN, c.Mission(closed=True), 9))) == (OWN,)
    assert view.scope(scene(see("hlf", c.Unit(mission=OTHER), 9))) == (OTHER, f"open:{OTHER}")
    assert View("control").scope(scene()) == ()


def test_a_view_changes_nothing() -> None:
    picture = scene()
    before = picture.dump()
    for role in ROLES:
        for unit in (None, "hlf"):
            shown(View(role, unit=unit), picture)
    assert picture.dump() == before


@settings(max_examples=150)
@given(histories)
def test_no_personal_field_leaks(history: list[Observation]) -> None:
    picture = picture_of(*history)
    for role in ("planner", "liaison", "admin", "feed"):
        assert MARK not in json.dumps(shown(View(role), picture), ensure_ascii=False)
    for unit in (None, "unit:0", "unit:1"):
        view = View("crew", unit=unit)
        own = view.scope(picture)
        for feature in picture.features.values():
            seen = view.show(feature, picture)
            if seen is None or MARK not in json.dumps(seen, ensure_ascii=False):
                continue
            layer = seen["properties"]["layer"]
            assert layer in ("missions", "cards", "notes", "buildings"), "personal only with an own mission"
            if layer == "missions":
                assert seen["id"] in own
            elif layer == "buildings":
                assert [name for name in own if name.startswith("open:")]
                assert seen["properties"]["permission"] == "GRANTED"
            else:
                assert seen["properties"]["mission"] in own
    for feature in picture.features.values():
        if feature["properties"]["layer"] == "buildings" and feature["properties"]["permission"] != "GRANTED":
            assert MARK not in json.dumps(View("control").show(feature, picture), ensure_ascii=False)


@settings(max_examples=100)
@given(histories)
def test_a_view_that_has_not_changed_its_scope_changes_only_with_the_features(history: list[Observation]) -> None:
    half = len(history) // 2
    before, after = picture_of(*history[:half]), picture_of(*history)
    for view in (View("crew", unit="unit:0"), View("liaison"), View("control"), View("planner")):
        if (
            before.now is None
            or view.scope(before) != view.scope(after)
            or _places(view, before) != _places(view, after)
        ):
            continue
        for name, feature in before.features.items():
            known = after.features.get(name)
            if known is not None and _same(known, feature):
                one, other = view.show(feature, before), view.show(known, after)
                assert _same(one, other)


def _places(view: View, picture: Picture) -> list[Any]:
    return [picture.features[name]["geometry"] for name in view.scope(picture) if name in picture.features]


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(
        one["geometry"] == other["geometry"] and {**one["properties"], "rev": 0} == {**other["properties"], "rev": 0}
    )
