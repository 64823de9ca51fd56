"""Warnings as agencies sent them: exact values of each, and what must not be shown or not be read."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from layers.content import Warning as Alert
from layers.geo import area_m2, contains
from layers.observation import Entry, Observation
from layers.picture import Picture
from layers.settings import PictureSettings
from server.feeds import Decoded, DecodeError
from server.feeds.cap import FEED
from tests.feeds.frames import check, context

pytestmark = pytest.mark.field
Read = Callable[[str], Decoded]


@pytest.fixture(scope="module")
def read(samples: Path) -> Read:
    """Decode a file of the samples."""

    def decode(name: str) -> Decoded:
        (path,) = (samples / "cap").glob(name)
        found = FEED.decode(path.read_bytes(), context("cap"))
        check(found)
        return found

    return decode


def only(found: Decoded) -> tuple[Alert, Observation]:
    """The only warning, with nothing refused."""
    (observation,) = found.observations
    assert found.refused == ()
    assert isinstance(observation.content, Alert)
    return observation.content, observation


def says(content: Alert, **expected: Any) -> None:
    """The warning has these values, exactly."""
    assert {name: getattr(content, name) for name in expected} == expected


def at(*when: int) -> datetime:
    """A moment in UTC."""
    return datetime(*when, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_dwd_alert_in_eight_languages_is_one_warning(read: Read) -> None:
    content, observation = only(read("dwd/*1687470000000*.xml"))
    says(
        content,
        identifier="2.49.0.0.276.0.DWD.PVW.1687470000000.fe90b61b-3755-4efb-8eda-b161251da9f7.MUL",
        sender="opendata@dwd.de",
        sender_name="Deutscher Wetterdienst",
        sent_at=at(2023, 6, 22, 21, 40),
        ends_at=at(2023, 6, 23, 14),
        status="Actual",
        msg_type="Alert",
        language="de-DE",
        event="WINDBÖEN",
        severity="Minor",
        category=("Met",),
        altitude_m=0.0,
        ceiling_m=3000.0,
    )
    assert isinstance(content.area_codes, dict)
    assert len(content.area_codes["WARNCELLID"]) == 168
    assert isinstance(observation.geometry, dict)
    assert observation.geometry["type"] == "Polygon"
    assert len(observation.geometry["coordinates"][0]) == 400
    assert not contains(observation.geometry, 8.7544, 51.7189), "Paderborn was not warned"
    assert observation.extra["eventCode"]["GROUP"] == "WIND"


def test_a_dwd_update_names_what_it_replaces(read: Read) -> None:
    content, observation = only(read("dwd/*1687511640000*.xml"))
    says(
        content,
        msg_type="Update",
        event="STARKREGEN",
        severity="Moderate",
        sent_at=at(2023, 6, 23, 9, 14),
        ends_at=at(2023, 6, 23, 13),
        area_codes={"WARNCELLID": ("812069270", "812063189", "812069018")},
        area_text="polygonal event area, Stadt Havelsee, Gemeinde Milower Land, Gemeinde Beetzsee",
        references=(
            ",".join(
                (
                    "opendata@dwd.de",
                    "2.49.0.0.276.0.DWD.PVW.1687503060000.fc4f7fd9-80e7-4d71-969a-254be3e27e83.MUL",
                    "2023-06-23T08:51:00+02:00",
                )
            ),
        ),
    )
    assert isinstance(observation.geometry, dict)
    assert observation.geometry["coordinates"][0][0] == [12.172358, 52.625569]


def test_a_dwd_archive_with_a_test_message_warns_of_nothing(read: Read) -> None:
    content, observation = only(read("dwd/Z_CAP_with_test.zip"))
    says(content, status="Test", event="TEST-WARNUNG", sent_at=at(2024, 4, 23, 8, 21))
    picture = Picture(PictureSettings())
    picture.apply(Entry(seq=1, observation=observation))
    shown = picture.features[observation.subject]
    assert shown["geometry"] is None
    assert (shown["properties"]["actual"], shown["properties"]["in_force"]) == (False, False)


def test_the_same_place_in_two_parts_of_one_text_is_one_circle(read: Read) -> None:
    content, observation = only(read("google-cap-library/australia.cap"))
    says(
        content,
        identifier="tag:www.rfs.nsw.gov.au2011-10-06:40184",
        sender_name="NSW Rural Fire Service",
        headline="Yerong Creek Structure Fire",
        category=("Fire", "Met"),
        response_types=("Evacuate",),
        severity="Minor",
        certainty="Observed",
        sent_at=at(2011, 10, 5, 13, 4),
    )
    assert isinstance(observation.geometry, dict)
    assert area_m2(observation.geometry) == pytest.approx(1.9604e9, rel=1e-3), "25 km around"
    assert contains(observation.geometry, 147.0598, -35.3888)
    assert str(content.description).splitlines()[:2] == [
        "ALERT LEVEL: Not Applicable", "LOCATION: 12 Cox Street, Yerong Creek",
    ]  # fmt: skip


def test_an_all_clear_is_over_and_names_both_it_ends(read: Read) -> None:
    content, observation = only(read("google-cap-library/canada.cap"))
    says(
        content,
        identifier="2.49.0.1.124.6bddbc91.2012",
        msg_type="Update",
        sent_at=at(2012, 5, 2, 23, 21, 4),
        urgency="Past",
        response_types=("AllClear",),
        language="en-CA",
        area_text="Windsor - Leamington - Essex County, Chatham-Kent - Rondeau Park",
    )
    assert isinstance(content.references, tuple)
    assert len(content.references) == 2
    assert isinstance(content.area_codes, dict)
    assert len(content.area_codes["profile:CAP-CP:Location:0.3"]) == 11
    assert isinstance(observation.geometry, dict)
    assert contains(observation.geometry, -82.7, 42.1)


def test_a_signature_is_passed_over(read: Read) -> None:
    content, _ = only(read("google-cap-library/canada_signed.cap"))
    says(content, identifier="2.49.0.1.124.f2c83f5f.2013", event="snowfall", severity="Moderate")
    assert isinstance(content.references, tuple)
    assert len(content.references) == 9


def test_a_warning_by_codes_alone_has_no_shape(read: Read) -> None:
    content, observation = only(read("google-cap-library/weather.cap"))
    says(
        content,
        event="Flash Flood Watch",
        severity="Severe",
        sent_at=at(2010, 8, 30, 10, 7),
        area_codes={"FIPS6": ("030049",), "UGC": ("MTZ014",)},
    )
    assert observation.geometry is None
    content, observation = only(read("google-cap-library/wcatwc-warning.cap"))
    says(
        content,
        identifier="PAAQ-2-lqw6d6",
        severity="Extreme",
        msg_type="Update",
        sent_at=at(2011, 9, 2, 11, 36, 50),
        references=("PAAQ,PAAQ-1-lqw6d6,2011-09-02T10:55:55-00:00",),
        area_codes={"UGC": ("AKZ185", "AKZ187")},
    )
    assert observation.geometry is None


def test_an_earthquake_of_the_past_is_a_point_and_no_danger(read: Read) -> None:
    content, observation = only(read("google-cap-library/earthquake.cap"))
    says(content, event="Earthquake", severity="Unknown", urgency="Past", sent_at=at(2010, 8, 31, 5, 9, 25))
    assert observation.geometry == {"type": "Point", "coordinates": [-173.274, -16.053]}


def test_an_alert_without_an_info_is_valid(read: Read) -> None:
    content, _ = only(read("google-cap-library/no_optional_fields.cap"))
    says(content, status="Actual", msg_type="Alert", sent_at=at(2010, 8, 31, 5, 9, 25))


def test_the_errors_of_noaa_are_tolerated(read: Read) -> None:
    content, observation = only(read("google-cap-library/noaa_errors.cap"))
    says(
        content,
        event="Flood Warning",
        urgency="Unknown",
        severity="Unknown",
        certainty="Unknown",
        references=(),
        area_codes={"FIPS6": ("032013",), "UGC": ("NVC013",)},
        ends_at=at(2011, 8, 12, 3, 15),
    )
    assert observation.geometry is not None
    assert observation.geometry == {
        "type": "Polygon",
        "coordinates": [
            [
                [-117.61, 41.12], [-117.47, 41.06], [-117.47, 41.04], [-117.52, 40.91], [-117.61, 40.96],
                [-117.89, 40.84], [-118.09, 40.85], [-118.09, 40.86], [-117.61, 41.12],
            ]
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "reason"),
    [("invalid.cap", "a CAP alert needs scope"), ("xee.cap", "a document type (DOCTYPE) is not accepted")],
)
def test_what_must_be_rejected_is_with_its_reason(read: Read, name: str, reason: str) -> None:
    with pytest.raises(DecodeError) as refused:
        read(f"google-cap-library/{name}")
    assert refused.value.reason == reason


def test_an_atom_entry_may_carry_a_whole_alert(read: Read) -> None:
    content, _ = only(read("google-cap-library/amber.atom"))
    says(
        content,
        identifier="http://doj.dc.gov/amber12345",
        event="Child Abduction",
        severity="Severe",
        sent_at=at(2010, 6, 4, 0, 15),
        area_codes={"FIPS6": ("006037",)},
    )
    assert "202-727-9099" not in repr(content)


def test_an_index_tells_what_its_entries_tell(read: Read) -> None:
    found = read("nws/*.xml")
    assert found.refused == ()
    contents = [each.content for each in found.observations if isinstance(each.content, Alert)]
    assert [each.event for each in contents] == ["Excessive Heat Warning"] * 3 + ["Air Quality Alert"]
    assert [each.severity for each in contents] == ["Moderate"] * 3 + ["Unknown"]
    assert {each.geometry for each in found.observations} == {None}
    says(
        contents[0],
        sender="w-nws.webmaster@noaa.gov",
        sent_at=at(2020, 5, 7, 10, 17),
        effective_at=at(2020, 5, 7, 17),
        ends_at=at(2020, 5, 8, 3),
        area_codes={
            "FIPS6": ("004003", "004019", "004021", "004023"),
            "UGC": ("AZZ501", "AZZ502", "AZZ503", "AZZ504", "AZZ505", "AZZ506", "AZZ507"),
        },
    )
    older = read("google-cap-library/weather_index.atom")
    events = [each.content.event for each in older.observations if isinstance(each.content, Alert)]
    assert events == ["Air Quality Alert", "Air Quality Alert"]


def test_meteoalarm_is_cap_as_json(read: Read) -> None:
    found = read("meteoalarm/meteoalarm_de.json")
    assert found.refused == ()
    contents = [each.content for each in found.observations if isinstance(each.content, Alert)]
    assert [(each.event, each.severity, each.status) for each in contents] == [
        ("STURMBÖEN", "Moderate", "Actual"),
        ("FROST", "Minor", "Actual"),
        ("BÖEN", "Minor", "Actual"),
        ("Test Hazard", "Moderate", "Test"),
    ]
    says(
        contents[0],
        sent_at=at(2026, 4, 20, 6, 55),
        onset_at=at(2026, 4, 20, 7),
        ends_at=at(2026, 4, 20, 16),
        area_text="Erzgebirgskreis",
        area_codes={"EMMA_ID": ("DE343",), "WARNCELLID": ("114521000",)},
        altitude_m=1000.0,
        ceiling_m=3000.0,
        language="de-DE",
    )
    assert contents[2].msg_type == "Update"
    assert contents[2].ends_at == contents[2].sent_at == at(2026, 4, 20, 21, 16), "it ends at once"
    assert found.observations[0].extra["parameter"]["impacts"] == [
        "einzelne herabstürzende Äste", "umherfliegende Gegenstände",
    ]  # fmt: skip
