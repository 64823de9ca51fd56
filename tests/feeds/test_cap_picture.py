"""What becomes of warnings in the picture: updates, cancellations, exercises, what is over."""

import pytest

from layers.observation import Entry, Observation
from layers.picture import Picture
from layers.settings import PictureSettings
from tests.feeds.cap_tools import alert, area, decoded, info


def picture_of(*bodies: str, exercise: bool = False) -> Picture:
    """The picture after the bodies."""
    picture = Picture(PictureSettings(exercise=exercise))
    found = [observation for body in bodies for observation in decoded(body).observations]
    picture.apply_many(Entry(seq=seq, observation=observation) for seq, observation in enumerate(found, 1))
    return picture


def state(picture: Picture) -> dict[str, bool]:
    """Which warnings are shown, and which of them are in force."""
    shown = {
        key: one["properties"] for key, one in picture.features.items() if one["properties"]["layer"] == "warnings"
    }
    return {key.rpartition(":")[2]: properties["in_force"] for key, properties in shown.items()}


HERE = info(area("<circle>51.7,8.7 1</circle>"), expires="2026-11-22T06:00:00+01:00")


def test_an_update_takes_the_place_of_what_it_names() -> None:
    named = "s@example.org,A1,2026-11-21T19:00:00+01:00"
    update = alert(HERE, identifier="A2", msgType="Update", sent="2026-11-21T19:30:00+01:00", references=named)
    assert state(picture_of(alert(HERE), update)) == {"A2": True}
    assert state(picture_of(update, alert(HERE))) == {"A2": True}, "whatever came first"
    assert state(picture_of(update)) == {"A2": True}, "an update of what nobody knows is kept"
    assert state(picture_of(alert(HERE), update.replace("A1", "A7"))) == {"A1": True, "A2": True}


def test_a_cancellation_calls_off_every_part_of_an_alert() -> None:
    two = alert(HERE + info(area("<circle>51.9,8.9 1</circle>"), severity="Minor"))
    named = "s@example.org,A1,2026-11-21T19:00:00+01:00"
    cancel = alert(identifier="A3", msgType="Cancel", sent="2026-11-21T19:40:00+01:00", references=named)
    assert state(picture_of(two)) == {"A1": True, "2": True}
    assert state(picture_of(two, cancel)) == {"A3": False}


def test_another_sender_calls_nothing_off() -> None:
    named = "s@example.org,A1,2026-11-21T19:00:00+01:00"
    cancel = alert(
        identifier="A3", msgType="Cancel", sent="2026-11-21T19:40:00+01:00", references=named, sender="evil@example.org"
    )
    other = [
        Observation(**{name: getattr(each, name) for name in each.__struct_fields__} | {"source": "cap/elsewhere"})
        for each in decoded(cancel).observations
    ]
    picture = picture_of(alert(HERE))
    picture.apply_many(Entry(seq=10 + seq, observation=each) for seq, each in enumerate(other))
    assert state(picture)["A1"] is True


@pytest.mark.parametrize(
    ("told", "head"),
    [
        ({"urgency": "Past"}, {}),
        ({"responseType": "AllClear"}, {}),
        ({"expires": "2026-11-21T19:00:00+01:00"}, {"msgType": "Update"}),
        ({}, {"status": "Test"}),
        ({}, {"status": "Exercise"}),
        ({}, {"status": "System"}),
        ({}, {"status": "Draft"}),
        ({}, {"status": "Real"}),
        ({}, {"msgType": "Ack"}),
        ({}, {"msgType": "Error"}),
    ],
    ids=str,
)
def test_what_is_over_or_not_meant_is_no_danger_on_the_map(told: dict[str, str], head: dict[str, str]) -> None:
    picture = picture_of(alert(info(area("<circle>51.7,8.7 1</circle>"), **told), **head))
    (feature,) = (one for one in picture.features.values() if one["properties"]["layer"] == "warnings")
    assert feature["properties"]["in_force"] is False
    assert feature["geometry"] is None


def test_without_an_end_a_warning_holds_for_a_day() -> None:
    def at_home(sent: str, **told: str) -> dict[str, bool]:
        return state(picture_of(alert(info(area("<circle>51.7,8.7 1</circle>"), **told), sent=sent)))

    assert at_home("2026-11-20T21:00:01+01:00") == {"A1": True}
    assert at_home("2026-11-20T21:00:00+01:00") == {"A1": False}, "received at 21:00 the day after"
    assert at_home("2026-11-19T21:00:00+01:00", onset="2026-11-20T22:00:00+01:00") == {"A1": True}


def test_an_exercise_counts_in_an_exercise_only() -> None:
    practice = alert(HERE, status="Exercise")
    assert state(picture_of(practice)) == {"A1": False}
    assert state(picture_of(practice, exercise=True)) == {"A1": True}


def test_the_same_identifier_sent_again_is_the_same_warning_newer() -> None:
    again = alert(info(severity="Extreme"), sent="2026-11-21T19:30:00+01:00")
    picture = picture_of(alert(HERE), again)
    (feature,) = (one for one in picture.features.values() if one["properties"]["layer"] == "warnings")
    assert feature["properties"]["severity"] == "Extreme"
    assert feature["geometry"] is None
