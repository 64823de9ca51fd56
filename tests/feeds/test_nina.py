"""NINA: four documents on one warning, in any order; MoWaS's texts; what is no warning."""

import json
from itertools import permutations
from typing import Any

import pytest

from layers.content import Warning as Alert
from layers.observation import Entry, Observation
from layers.picture import Picture
from layers.settings import PictureSettings
from server.feeds import Decoded, DecodeError, feeds
from tests.feeds.frames import FRAMES, check, context

FEED = feeds()["nina"]
SUBJECT = "nina:mow.DE-NW-PDT-SE000-20261121-19-000"
FILES = ("dashboard.json", "map.json", "warning.json", "shape.geojson")


def decoded(document: Any, **more: Any) -> Decoded:
    """What a document yields."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = FEED.decode(body, context("nina", **more))
    check(found)
    return found


def frame(name: str) -> bytes:
    """A captured document."""
    return (FRAMES / "nina" / name).read_bytes()


def told(document: Any, **more: Any) -> Alert:
    """What the only observation of a document says."""
    (observation,) = decoded(document, **more).observations
    assert isinstance(observation.content, Alert)
    return observation.content


@pytest.mark.parametrize("order", list(permutations(FILES)), ids=lambda order: "-".join(name[0] for name in order))
def test_the_four_documents_make_one_warning_in_any_order(order: tuple[str, ...]) -> None:
    picture = Picture(PictureSettings())
    seen: list[Observation] = [each for name in order for each in decoded(frame(name)).observations]
    picture.apply_many(Entry(seq=seq, observation=each) for seq, each in enumerate(seen, 1))
    feature = picture.features[SUBJECT]
    properties = feature["properties"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert properties["in_force"] is True
    assert properties["headline"] == "Rauchentwicklung in Padertopia"
    assert properties["sender_name"] == "Feuerwehr Padertopia"
    assert properties["onset_at"] == "2026-11-21T18:05:00.000Z"
    assert properties["ends_at"] == "2026-11-22T00:00:00.000Z"
    assert properties["description"] == "Nach einem Brand zieht Rauch nach Osten.\nDie Feuerwehr ist im Einsatz."
    assert properties["language"] == "de", "not the plain language of de-LS"


def test_a_shape_polled_later_does_not_bring_back_what_was_replaced() -> None:
    first = json.loads(frame("warning.json"))
    update = {**first, "identifier": "mow.NEXT", "msgType": "Update", "sent": "2026-11-21T19:30:00+01:00"}
    update["references"] = f"{first['sender']},{first['identifier']},{first['sent']}"
    picture = Picture(PictureSettings())
    for seq, document in enumerate((frame("warning.json"), update, frame("shape.geojson")), 1):
        (observation,) = decoded(document).observations
        picture.apply(Entry(seq=seq, observation=observation))
    assert [key for key in picture.features if key.startswith("nina:")] == ["nina:mow.NEXT"]


def test_what_the_list_calls_off_is_called_off() -> None:
    listed = json.loads(frame("dashboard.json"))[1]
    assert told(listed).msg_type == "Cancel"
    del listed["payload"]["data"]["valid"]
    assert told(listed).msg_type == "Update"


def test_titles_come_in_the_preferred_language() -> None:
    listed = json.loads(frame("map.json"))[0]
    assert told(listed).headline == "Rauchentwicklung in Padertopia"
    assert told(listed, options={"languages": ["en"]}).headline == "Smoke"
    listed["i18nTitle"] = {"pl": "Dym"}
    assert told(listed).headline == "Dym"


def test_a_shape_polled_again_is_the_same_claim_for_a_while() -> None:
    first, again = decoded(frame("shape.geojson")), decoded(frame("shape.geojson"))
    assert first.observations[0].id == again.observations[0].id
    assert first.observations[0].flags == ("time_assumed",)


def test_telephone_numbers_of_contacts_are_not_kept() -> None:
    assert "05251" not in repr(decoded(frame("warning.json")))


@pytest.mark.parametrize("quiet", [[], {"type": "FeatureCollection", "features": []}])
def test_a_quiet_day_is_no_error(quiet: Any) -> None:
    assert decoded(quiet) == Decoded()


@pytest.mark.parametrize(
    "document",
    [
        {},
        [17],
        {"type": "FeatureCollection"},
        {"id": "x"},
        {"info": []},
        {"msgType": "Alert", "identifier": " "},
        {"payload": {}},
        {"startDate": "2026-11-21T19:05:00+01:00"},
        {"type": "Feature", "properties": {"warnId": 5}, "geometry": None},
        {"type": "Feature", "properties": {"warnId": "x"}, "geometry": {"type": "Point", "coordinates": [200, 51]}},
        {"identifier": "x", "msgType": "Alert", "status": "Actual"},
    ],
    ids=str,
)
def test_what_is_no_warning_is_refused(document: Any) -> None:
    with pytest.raises(DecodeError) as refused:
        decoded(document)
    assert refused.value.reason
