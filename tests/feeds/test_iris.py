"""IRiS. The frames are in fixtures/frames/iris."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Address, Building, Content, Device, Occupant, Room
from layers.devices import by_thresholds
from layers.observation import Observation, Sensitivity
from server.feeds.iris import METHODS, clean, question
from tests.feeds.dispatch_tools import cleaned_says_the_same, decoded, never_said, reasons
from tests.feeds.frames import FRAMES

NAME = "iris"


def answers(result: Any, **options: Any) -> dict[str, Observation]:
    """The observations of an answer, by what follows the instance in their subject."""
    found = decoded(NAME, {"jsonrpc": "2.0", "id": 1, "result": result}, options=options)
    return {each.subject.split(":", 2)[-1]: each for each in found.observations}


def frame(name: str) -> dict[str, Content]:
    found = decoded(NAME, (FRAMES / NAME / name).read_bytes())
    return {each.subject.split(":", 2)[-1]: each.content for each in found.observations}


def test_what_there_is() -> None:
    found = frame("objects.json")
    room = found["room:20"]
    assert isinstance(room, Room)
    assert (room.name, room.type, room.floor, room.level) == ("Küche", "Kitchen", "Erdgeschoss", 0)
    assert (room.status, room.markable) == (UNSET, True)
    door = found["device:31"]
    assert isinstance(door, Device)
    assert (door.measures, door.categories, door.room) == (("door",), ("actuator",), "iris:frame:room:20")
    unknown = found["device:32"]
    assert isinstance(unknown, Device)
    assert (unknown.description, unknown.measures) == ("Fountain", ("fountain",))


def test_how_it_is() -> None:
    found = frame("status.json")
    room, clear = found["room:20"], found["room:21"]
    assert isinstance(room, Room)
    assert isinstance(clear, Room)
    assert (room.status, room.marked, clear.status) == (("smoked", "burning"), True, ())
    assert room.last_presence_at == datetime(2026, 11, 21, 18, 50, tzinfo=UTC)
    assert clear.last_presence_at is UNSET
    person = found["person:1"]
    assert isinstance(person, Occupant)
    assert (person.present, person.rooms) == ("present", ("iris:frame:room:20", "iris:frame:room:21"))
    assert person.probabilities == (0.8, 0.2)
    absent, perhaps = found["person:2"], found["person:3"]
    assert isinstance(absent, Occupant)
    assert isinstance(perhaps, Occupant)
    assert (absent.present, absent.rooms, perhaps.present, perhaps.rooms) == ("absent", (), "unknown", UNSET)


@pytest.mark.parametrize(
    ("value", "measures", "expected"),
    [
        ({"smoke": 0.75}, ("smoke",), 0.75),
        ({"smoke": "0,5"}, ("smoke",), 0.5),
        ({"open": True}, UNSET, "OPEN"),
        ({"open": 0}, UNSET, "CLOSE"),
        ({"motionDetected": True}, ("motion",), True),
        ({"temperature": 61.5}, ("temperature",), 61.5),
        ({"on": False}, UNSET, False),
        ({"shutterPosition": 0.35}, ("shutter",), 35.0),
        ({"active": True}, UNSET, True),
        ({"image": "iVBOR"}, UNSET, UNSET),
        ({"smoke": 7}, ("smoke",), UNSET),
        (None, UNSET, UNSET),
        (5, UNSET, UNSET),
    ],
)
def test_values(value: Any, measures: Any, expected: Any) -> None:
    found = answers({"devices": [{"id": "x", "value": value}]})["device:x"].content
    assert isinstance(found, Device)
    assert (found.measures, found.value) == (measures, expected)


@pytest.mark.parametrize(
    ("smoke", "state"), [(0.0, "OK"), (0.1, "WARNING"), (0.49, "WARNING"), (0.5, "ALARM"), (1.0, "ALARM")]
)
def test_how_much_smoke_is_an_alarm(smoke: float, state: str) -> None:
    found = answers({"devices": [{"id": "x", "type": "SmokeDetector", "value": {"smoke": smoke}}]})["device:x"].content
    assert isinstance(found, Device)
    assert found.thresholds
    assert by_thresholds(found.value, found.thresholds) == state


@pytest.mark.parametrize(
    ("alarm", "state"), [(True, "ALARM"), (False, "OK"), (None, "UNKNOWN"), ("?", "UNKNOWN"), ("true", "ALARM")]
)
def test_its_alarm(alarm: Any, state: str) -> None:
    found = answers({"alarm": alarm, "types": ["Fire"], "lastPresence": 0})["alarm"].content
    assert isinstance(found, Device)
    assert (found.state, found.measures) == (state, ("fire",))


@pytest.mark.parametrize(
    "address",
    [
        "Birkenweg 7, 33999 Padertopia",
        {"street": "Birkenweg", "houseNumber": 7, "zipCode": 33999, "city": "Padertopia"},
        {"streetAddress": "Birkenweg 7", "postalCode": "33999", "addressLocality": "Padertopia"},
    ],
    ids=["line", "parts", "schema"],
)
def test_the_building(address: Any) -> None:
    found = answers({"address": address, "buildingMaterial": "Timber", "heatingType": ["Gas"]})["building"].content
    assert isinstance(found, Building)
    assert found.address == Address(street="Birkenweg 7", postcode="33999", city="Padertopia")
    assert (found.material, found.heating) == ("Timber", ("Gas",))


def test_a_building_never_consents_by_itself() -> None:
    for name in ("objects.json", "status.json", "maps.json"):
        buildings = [content for content in frame(name).values() if isinstance(content, Building)]
        assert all(content.permission is UNSET for content in buildings)


def test_the_building_of_a_setting() -> None:
    urn = "urn:ngsi-ld:Building:7"
    found = decoded(NAME, {"result": {"rooms": [{"id": 1}]}}, options={"building": urn}).observations[0].content
    assert isinstance(found, Room)
    assert found.building == urn
    (told,) = decoded(NAME, {"result": {"address": "X 1"}}, options={"building": urn}).observations
    assert told.subject == urn


def test_persons_are_personal_and_their_core_data_is_not_taken() -> None:
    found = decoded(NAME, (FRAMES / NAME / "objects.json").read_bytes())
    persons = [each for each in found.observations if isinstance(each.content, Occupant)]
    assert {each.sensitivity for each in persons} == {Sensitivity.PERSONAL}
    never_said(found, "654321", "coreData", "hasObjectImage")
    nameless = decoded(NAME, {"result": {"persons": [{"name": "Erika Muster"}]}})
    assert reasons(nameless) == ["a person without an id"]
    never_said(nameless, "Erika")


def test_pictures_leave_a_digest() -> None:
    raw = (FRAMES / NAME / "maps.json").read_bytes()
    picture = json.loads(raw)["result"][0]["map"]
    assert picture.encode() not in clean(raw)
    cleaned_says_the_same(NAME, raw, picture)
    (found,) = decoded(NAME, raw).observations
    digest = hashlib.sha256(picture.encode()).hexdigest()
    assert found.extra["maps"][0]["picture"] == f"sha256:{digest}"
    assert (found.extra["maps"][0]["pixels_per_m"], found.extra["maps"][0]["north_deg"]) == (42.5, 12.0)
    assert found.geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}


def test_a_large_picture_is_no_reason_to_refuse_the_answer() -> None:
    picture = base64.b64encode(b"x" * 2_000_000).decode()
    body = {"result": [{"floor": 1, "map": picture, "coordinates": {"longitude": 8.5, "latitude": 51.5}}]}
    assert len(decoded(NAME, body).observations) == 1


@pytest.mark.parametrize("body", [{"jsonrpc": "2.0", "id": 1, "result": True}, {"method": "getStatus", "id": 1}])
def test_answers_that_say_nothing(body: Any) -> None:
    found = decoded(NAME, body)
    assert (found.observations, found.refused) == ((), ())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"code": -32601, "message": "Method not found"}}, "the building answers an error: Method not found"),
        ({"result": {"colour": 5}}, "neither alarm, information, objects, maps nor status"),
        ({"result": []}, "no map"),
        ({"result": {"rooms": [{"name": "x"}]}}, "a room without an id"),
        ({"result": {"rooms": [5]}}, "rooms: an object is expected"),
    ],
)
def test_what_is_refused(body: Any, reason: str) -> None:
    found = decoded(NAME, body)
    assert (found.observations, reasons(found)) == ((), [reason])


def test_questions() -> None:
    assert json.loads(question("getStatus", 5, ids=[1])) == {
        "jsonrpc": "2.0",
        "method": "getStatus",
        "id": 5,
        "params": {"ids": [1]},
    }
    assert "switchDevice" not in METHODS
