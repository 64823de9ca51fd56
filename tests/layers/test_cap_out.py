"""Warnings going out as CAP 1.2: what stands in them, what cannot, and that our own decoder reads the same back."""

import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given

from layers import content as c
from layers.cap_out import CAP, NotCap, Publisher, atom_index, cap_document, is_public, named
from layers.geo import area_m2, contains
from layers.picture import Picture
from layers.settings import PictureSettings
from layers.wire import Feature
from server.feeds.cap import cap_observations
from tests.feeds.frames import context
from tests.layers.cap_world import features
from tests.layers.world import at, entries, picture_of, see, square

OURS = Publisher(sender="lagebild@padertopia.example")
PRACTICE = Publisher(sender="lagebild@padertopia.example", situation="ex-libori-1", exercise=True)
WHOLE = c.Warning(
    identifier="2.49.0.0.276.1",
    sender="opendata@wetter.example",
    sender_name="Wetterdienst",
    sent_at=at(0),
    status="Actual",
    msg_type="Update",
    scope="Public",
    category=("Met", "Wetter"),
    event="STURM & <BÖEN>",
    urgency="Immediate",
    severity="Severe",
    certainty="Likely",
    headline="Sturm",
    description="Böen\nbis 105 km/h",
    instruction="Drinnen bleiben",
    area_text="Altstadt",
    area_codes={"WARNCELLID": ("805774032", "805774036")},
    altitude_m=0.0,
    ceiling_m=3000.0,
    response_types=("Shelter", "Dance"),
    language="de-DE",
    web="https://wetter.example/w?a=1&b=2",
    onset_at=at(60),
    ends_at=at(3_600),
    references=("opendata@wetter.example,2.49.0.0.276.0,2026-11-21T18:00:00+01:00", "2.49"),
)


def feature_of(content: c.Warning, geometry: Any = None, subject: str = "cap:o:1", exercise: bool = False) -> Feature:
    """The feature of a warning."""
    picture = picture_of(see(subject, content, geometry=geometry), settings=PictureSettings(exercise=exercise))
    return picture.features[subject]


def texts(document: bytes, path: str) -> list[str | None]:
    """Texts of the elements at a path."""
    spaced = "/".join(f"{{{CAP}}}{part}" for part in path.split("/"))
    return [found.text for found in ElementTree.fromstring(document).findall(spaced)]  # noqa: S314  (our own)


def test_every_field_has_its_element() -> None:
    found = cap_document(feature_of(WHOLE, square(8.75, 51.72)), OURS)
    assert found.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    expected = {
        "identifier": ["2.49.0.0.276.1"],
        "sender": ["opendata@wetter.example"],
        "sent": ["2026-11-21T19:00:00+00:00"],
        "status": ["Actual"],
        "msgType": ["Update"],
        "scope": ["Public"],
        "note": [],
        "references": ["opendata@wetter.example,2.49.0.0.276.0,2026-11-21T18:00:00+01:00"],
        "info/language": ["de-DE"],
        "info/category": ["Met"],
        "info/event": ["STURM & <BÖEN>"],
        "info/responseType": ["Shelter"],
        "info/urgency": ["Immediate"],
        "info/severity": ["Severe"],
        "info/certainty": ["Likely"],
        "info/onset": ["2026-11-21T19:01:00+00:00"],
        "info/expires": ["2026-11-21T20:00:00+00:00"],
        "info/senderName": ["Wetterdienst"],
        "info/headline": ["Sturm"],
        "info/description": ["Böen\nbis 105 km/h"],
        "info/instruction": ["Drinnen bleiben"],
        "info/web": ["https://wetter.example/w?a=1&b=2"],
        "info/area/areaDesc": ["Altstadt"],
        "info/area/polygon": ["51.719,8.749 51.719,8.751 51.721,8.751 51.721,8.749 51.719,8.749"],
        "info/area/geocode/value": ["805774032", "805774036"],
        "info/area/altitude": ["0"],
        "info/area/ceiling": ["9842.5197"],
    }
    assert {path: texts(found, path) for path in expected} == expected


def test_a_warning_without_words_is_still_a_document() -> None:
    found = cap_document(feature_of(c.Warning(), subject="urn:ngsi-ld:CitizenAlert:1"), OURS)
    assert texts(found, "sender") == ["lagebild@padertopia.example"]
    assert texts(found, "identifier") == ["urn:ngsi-ld:CitizenAlert:1"]
    assert texts(found, "info/event") == ["Warnung"]
    assert texts(found, "info/category") == ["Other"]
    assert texts(found, "info/area") == []


def test_what_comes_without_an_identifier_goes_out_in_our_name() -> None:
    content = c.Warning(sender="Feuerwehr Paderborn in INSPIRE", event="Großfeuer", status="Actual")
    found = cap_document(feature_of(content, subject="urn:ngsi-ld:CitizenAlert:2"), OURS)
    assert texts(found, "sender") == [OURS.sender]
    assert texts(found, "info/senderName") == ["Feuerwehr Paderborn in INSPIRE"]


def test_an_exercise_says_so_everywhere_and_is_nobody_elses_message() -> None:
    feature = feature_of(WHOLE, square(8.75, 51.72), exercise=True)
    found = cap_document(feature, PRACTICE)
    assert texts(found, "status") == ["Exercise"]
    assert texts(found, "note") == ["ÜBUNG"]
    assert texts(found, "sender") == [PRACTICE.sender]
    assert texts(found, "identifier") == ["UEBUNG.ex-libori-1.2.49.0.0.276.1"]
    assert texts(found, "info/headline") == ["ÜBUNG: Sturm"]
    assert texts(found, "references") == [
        f"{PRACTICE.sender},UEBUNG.ex-libori-1.2.49.0.0.276.0,2026-11-21T18:00:00+01:00"
    ]
    index = atom_index([(feature, "https://l.example/cap/1.xml")], PRACTICE, "Warnungen", "https://l.example/cap")
    assert index.decode().count("ÜBUNG: ") == 2


def test_the_parts_of_one_message_are_messages_of_their_own() -> None:
    picture = picture_of(*(see(name, WHOLE) for name in ("cap:o:A12", "cap:o:A12:2", "cap:o:A12:3")))
    assert [named(picture.features[name], OURS)[1] for name in sorted(picture.features) if name.startswith("cap")] == [
        "2.49.0.0.276.1", "2.49.0.0.276.1.2", "2.49.0.0.276.1.3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "public"),
    [
        ({}, True),
        ({"scope": "Public"}, True),
        ({"scope": "Restricted"}, False),
        ({"scope": "Private"}, False),
        ({"scope": "unknown"}, False),
        ({"status": "Test"}, False),
        ({"status": "Exercise"}, False),
        ({"status": "unknown"}, False),
        ({"msg_type": "Cancel"}, True),
    ],
)
def test_what_may_be_passed_on(told: dict[str, str], public: bool) -> None:
    assert is_public(feature_of(c.Warning(**told))) is public  # type: ignore[arg-type]


def test_only_a_warning_is_one() -> None:
    other = picture_of(see("urn:unit", c.Unit(name="HLF"))).features["urn:unit"]
    assert not is_public(other)
    with pytest.raises(NotCap):
        cap_document(other, OURS)


def test_holes_go_out_as_our_decoder_reads_them() -> None:
    ring = square(8.75, 51.72, 0.1)["coordinates"][0]
    hole = square(8.75, 51.72, 0.01)["coordinates"][0]
    area = {"type": "MultiPolygon", "coordinates": [[ring, hole], square(9.5, 51.72)["coordinates"]]}
    document = cap_document(feature_of(WHOLE, area), OURS)
    (back,) = cap_observations(document, context("cap")).observations
    assert isinstance(back.geometry, dict)
    assert not contains(back.geometry, 8.75, 51.72)
    assert contains(back.geometry, 8.8, 51.75)
    assert contains(back.geometry, 9.5, 51.72)
    assert area_m2(back.geometry) == pytest.approx(area_m2(area), rel=1e-6)


@given(features())
def test_our_own_decoder_reads_the_same_back(feature: Feature) -> None:
    document = cap_document(feature, OURS)
    (back,) = cap_observations(document, context("cap")).observations
    told, content = feature["properties"], back.content
    assert isinstance(content, c.Warning)
    sent = datetime.fromisoformat(told["sent_at"] or told["observed_at"])
    assert content.sent_at == sent.replace(microsecond=0)
    for name in ("urgency", "severity", "certainty"):
        assert getattr(content, name) in (told[name], "Unknown")
    assert (content.sender, content.identifier) == named(feature, OURS)
    if feature["geometry"] is not None and feature["geometry"]["type"] == "Polygon":
        assert isinstance(back.geometry, dict)
        assert back.geometry["type"] == "Polygon"


@given(features())
def test_a_practised_warning_cannot_be_taken_for_a_real_one(feature: Feature) -> None:
    document = cap_document(feature, PRACTICE)
    assert re.findall(rb"<status>(.*?)</status>", document) == [b"Exercise"]
    picture = Picture(PictureSettings())
    picture.apply_many(entries(cap_observations(document, context("cap")).observations))
    assert all(not one["properties"].get("in_force") for one in picture.features.values())


def test_a_list_of_nothing_is_a_feed_too() -> None:
    index = atom_index([], OURS, "Warnungen", "https://l.example/cap")
    assert b"<updated>1970-01-01T00:00:00+00:00</updated>" in index
    assert datetime.fromtimestamp(0, UTC).isoformat() in index.decode()
