"""Layers reports, warnings and notes; exact values, and the chain of a warning's updates."""

import itertools

import pytest

from layers import content as c
from layers.content import Tick
from layers.settings import PictureSettings
from tests.layers.world import HERE, at, entries, picture_of, point, properties, see, square

AREA = square(*HERE, 0.01)


def test_a_post() -> None:
    post = c.Post(
        message="Meteorologen warnen vor #Unwetter",
        snippet="Meteorologen warnen",
        network="twitter",
        issued_at=at(0),
        author="urn:user:1",
        image_urls=("https://example.org/1.jpg",),
        video_urls=(),
        places=("Berlin",),
        search_ids=("12",),
        sentiment=0,
        virality=1,
        url="https://example.org/status/1",
    )
    picture = picture_of(see("p", post, 0), see("any", c.Verdict(target="p", decision="reject", by="Leitstelle"), 60))
    assert picture.features["p"]["geometry"] is None
    seen = properties(picture, "p")
    assert (seen["layer"], seen["part"], seen["title"]) == ("reports", "post", "Meteorologen warnen")
    assert (seen["message"], seen["network"], seen["author"]) == (
        "Meteorologen warnen vor #Unwetter",
        "twitter",
        "urn:user:1",
    )
    assert (seen["issued_at"], seen["sentiment"], seen["virality"]) == ("2026-11-21T19:00:00.000Z", 0.0, 1.0)
    assert (seen["image_urls"], seen["video_urls"]) == (["https://example.org/1.jpg"], [])
    assert (seen["places"], seen["search_ids"], seen["url"]) == (["Berlin"], ["12"], "https://example.org/status/1")
    assert seen["verdict"] == {
        "decision": "reject",
        "by": "Leitstelle",
        "at": "2026-11-21T19:01:00.000Z",
        "reason": None,
    }


def test_the_newest_verdict_wins_even_before_the_report_is_known() -> None:
    first = see("any", c.Verdict(target="r", decision="confirm", by="a"), 10)
    second = see("any", c.Verdict(target="r", decision="reject", by="b", reason="Nebel"), 20)
    for order in ((first, second), (second, first)):
        picture = picture_of(*order, see("r", c.CitizenReport(), 30))
        assert properties(picture, "r")["verdict"]["decision"] == "reject"
        assert properties(picture, "r")["verdict"]["reason"] == "Nebel"


def test_a_citizen_report() -> None:
    report = c.CitizenReport(
        sender_id="124456",
        sender_name="Vorname Nachname",
        texts=("Test",),
        image_urls=("https://example.com/79.jpg",),
        issued_at=at(0),
        answer_text="Bitte noch ein Foto zusätzlich schicken",
        answered_at=at(300),
    )
    picture = picture_of(see("r", report, 0, point(13.404954, 52.520008)))
    seen = properties(picture, "r")
    assert picture.features["r"]["geometry"] == point(13.404954, 52.520008)
    assert (seen["part"], seen["title"], seen["texts"]) == ("citizen_report", "Test", ["Test"])
    assert (seen["sender_id"], seen["sender_name"]) == ("124456", "Vorname Nachname")
    assert (seen["answer_text"], seen["answered_at"]) == (report.answer_text, "2026-11-21T19:05:00.000Z")
    assert (seen["image_urls"], seen["video_urls"], seen["verdict"]) == (["https://example.com/79.jpg"], [], None)


def test_rules_searches_and_events_of_social_networks() -> None:
    rule = c.SocialRule(
        name="Paderborn Alarm2",
        active=True,
        deleted=False,
        condition="NUMBER_MENTIONS",
        operator="GREATER_THAN",
        value=10,
        interval_s=10800,
        comparison_s=10800,
        search_ids=("306",),
    )
    picture = picture_of(
        see("rule", rule, 0),
        see("search", c.SocialSearch(name="Feuer", query="#feuer", active=True), 0),
        see("event", c.SocialEvent(rule_name="Paderborn Alarm2", alerted_at=at(60), condition="NUMBER_MENTIONS"), 60),
    )
    seen = properties(picture, "rule")
    assert (seen["part"], seen["name"], seen["condition"]) == ("social_rule", "Paderborn Alarm2", "NUMBER_MENTIONS")
    assert (seen["operator"], seen["value"], seen["active"], seen["deleted"]) == ("GREATER_THAN", 10.0, True, False)
    assert (seen["interval_s"], seen["comparison_s"], seen["search_ids"]) == (10800.0, 10800.0, ["306"])
    assert properties(picture, "search")["query"] == "#feuer"
    event = properties(picture, "event")
    assert (event["part"], event["rule_name"], event["condition"]) == (
        "social_event",
        "Paderborn Alarm2",
        "NUMBER_MENTIONS",
    )
    assert event["alerted_at"] == "2026-11-21T19:01:00.000Z"


def warning(**more: object) -> c.Warning:
    """A CAP alert of the fire brigade."""
    said = {
        "sender": "Feuerwehr",
        "msg_type": "Alert",
        "status": "Actual",
        "event": "Großfeuer",
        "headline": "Großfeuer",
    }
    return c.Warning(**{**said, **more})  # type: ignore[arg-type]


def test_a_warning() -> None:
    told = warning(
        description="Schließen Sie Fenster und Türen",
        instruction="Fenster schließen",
        severity="Severe",
        urgency="Immediate",
        certainty="Observed",
        category=("Fire",),
        scope="Public",
        sender_name="INSPIRE.app",
        sent_at=at(0),
        ends_at=at(3600),
        area_text="Paderborn Südstadt",
    )
    picture = picture_of(see("w", told, 0, AREA))
    seen = properties(picture, "w")
    assert picture.features["w"]["geometry"] == AREA
    assert (seen["layer"], seen["part"], seen["title"], seen["event"]) == (
        "warnings",
        "warning",
        "Großfeuer",
        "Großfeuer",
    )
    assert (seen["severity"], seen["urgency"], seen["certainty"]) == ("Severe", "Immediate", "Observed")
    assert (seen["category"], seen["msg_type"], seen["status"], seen["scope"]) == (
        ["Fire"],
        "Alert",
        "Actual",
        "Public",
    )
    assert (seen["sender"], seen["sender_name"], seen["area_text"]) == (
        "Feuerwehr",
        "INSPIRE.app",
        "Paderborn Südstadt",
    )
    assert (seen["sent_at"], seen["ends_at"]) == ("2026-11-21T19:00:00.000Z", "2026-11-21T20:00:00.000Z")
    assert seen["stale_at"] == "2026-11-21T20:00:00.000Z"
    assert (seen["actual"], seen["in_force"], seen["drawn"]) == (True, True, True)


def test_a_warning_without_an_area_is_told_but_not_drawn() -> None:
    picture = picture_of(see("w", warning(), 0))
    assert picture.features["w"]["geometry"] is None
    assert (properties(picture, "w")["in_force"], properties(picture, "w")["drawn"]) == (True, False)


def test_a_warning_is_over_when_it_says_so() -> None:
    picture = picture_of(see("w", warning(ends_at=at(60)), 0, AREA))
    picture.apply_many(entries([see("tick", Tick(), 60, source="desk")], 2))
    assert (properties(picture, "w")["in_force"], properties(picture, "w")["drawn"]) == (False, False)
    assert picture.features["w"]["geometry"] is None


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
def test_exercises_and_tests_are_never_among_actual_warnings(status: str) -> None:
    live = picture_of(see("w", warning(status=status), 0, AREA), see("m", c.Mission(), 0, point(*HERE)))
    assert (properties(live, "w")["actual"], properties(live, "w")["in_force"]) == (False, False)
    assert live.features["w"]["geometry"] is None
    assert not [fact for fact in properties(live, "card:m")["sections"]["kontext"] if fact["key"] == "warning"]


def test_in_an_exercise_an_exercise_counts_and_a_test_does_not() -> None:
    settings = PictureSettings(exercise=True)
    counts = {
        status: properties(picture_of(see("w", warning(status=status), 0), settings=settings), "w")["in_force"]
        for status in ("Actual", "Exercise", "Test", "Draft")
    }
    assert counts == {"Actual": True, "Exercise": True, "Test": False, "Draft": False}


CHAIN = [
    see("urn:ngsi-ld:CitizenAlert:1", warning(), 0, AREA),
    see(
        "urn:ngsi-ld:CitizenAlert:2",
        warning(msg_type="Update", references=("Feuerwehr,1,2026-11-21T20:00:00+01:00",)),
        60,
        AREA,
    ),
    see(
        "urn:ngsi-ld:CitizenAlert:3", warning(msg_type="Cancel", references=("urn:ngsi-ld:CitizenAlert:2",)), 120, AREA
    ),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_updates_and_cancellations_replace_what_they_refer_to(order: tuple[int, ...]) -> None:
    picture = picture_of(*(CHAIN[index] for index in order))
    assert {name for name in picture.features if name.startswith("urn")} == {"urn:ngsi-ld:CitizenAlert:3"}
    seen = properties(picture, "urn:ngsi-ld:CitizenAlert:3")
    assert (seen["msg_type"], seen["in_force"], seen["drawn"]) == ("Cancel", False, False)


def test_an_update_takes_the_place_of_its_predecessor() -> None:
    picture = picture_of(CHAIN[0])
    changes = picture.apply_many(entries([CHAIN[1]], 2))
    assert changes.remove == ["urn:ngsi-ld:CitizenAlert:1"]
    assert picture.features["urn:ngsi-ld:CitizenAlert:2"]["geometry"] == AREA


def test_nobody_calls_off_the_warning_of_another() -> None:
    foreign = see("c", warning(sender="Witzbold", msg_type="Cancel", references=("w",)), 60, source="cap/other")
    picture = picture_of(see("w", warning(), 0, AREA), foreign)
    assert properties(picture, "w")["in_force"] is True


def test_a_reference_does_not_reach_forward_in_time() -> None:
    picture = picture_of(see("w", warning(), 60, AREA), see("c", warning(msg_type="Cancel", references=("w",)), 0))
    assert properties(picture, "w")["in_force"] is True


def test_what_was_called_off_does_not_come_back() -> None:
    long_lived = see("w", warning(ends_at=at(5 * 86400)), 0, AREA)
    cancel = see("c", warning(msg_type="Cancel", references=("w",)), 60)
    picture = picture_of(long_lived, cancel)
    picture.apply_many(entries([see("tick", Tick(), 60 + 86400, source="desk")], 3))
    assert [name for name in picture.features if name in ("w", "c")] == []
    assert "w" not in picture.records


def test_a_note_of_the_log_book() -> None:
    note = c.Note(
        message_type="VEHICLE_STATUS_AT_STATION",
        parameters={"oldValue": 6, "newValue": 2},
        origin="logbook",
        sender_id="urn:ngsi-ld:EmergencyVehicle:1234",
        sender_name="HLF 20",
        receiver="Logbook",
        issued_at=at(0),
    )
    picture = picture_of(see("n", note, 0), see("any", c.Seen(target="n", by="hlf"), 9))
    seen = properties(picture, "n")
    assert picture.features["n"]["geometry"] is None
    assert (seen["layer"], seen["part"], seen["title"]) == ("notes", "note", "VEHICLE_STATUS_AT_STATION")
    assert (seen["text"], seen["parameters"], seen["origin"]) == (None, {"oldValue": 6, "newValue": 2}, "logbook")
    assert (seen["sender_id"], seen["sender_name"]) == ("urn:ngsi-ld:EmergencyVehicle:1234", "HLF 20")
    assert (seen["receiver"], seen["mission"], seen["issued_at"]) == ("Logbook", None, "2026-11-21T19:00:00.000Z")
    assert seen["seen_by"] == [{"by": "hlf", "at": "2026-11-21T19:00:09.000Z"}]
