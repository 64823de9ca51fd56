"""Merging and its bounds: last writer wins, withdrawals, what is refused, what gives way when it is full."""

from typing import Any

import pytest

from layers import content as c
from layers.content import Tick
from layers.observation import Observation
from layers.picture import Picture
from layers.settings import DEFAULT_AGES, Age, PictureSettings
from layers.snapshot import SnapshotError
from tests.layers.world import HERE, at, entries, picture_of, place, point, properties, see, square

SOURCE = "source:ngsi/leitstelle"


def test_the_newest_claim_of_each_attribute_wins() -> None:
    said = [
        see("u", c.Unit(call_sign="A", fms_status=1), 10),
        see("u", c.Unit(call_sign="B"), 20),
        see("u", c.Unit(fms_status=2), 5),
    ]
    for picture in (picture_of(*said), picture_of(*reversed(said))):
        assert (properties(picture, "u")["call_sign"], properties(picture, "u")["fms_status"]) == ("B", 1)


def test_equal_times_are_settled_by_receipt_then_by_id() -> None:
    late, early = see("u", c.Unit(name="late"), 10, received=12), see("u", c.Unit(name="early"), 10, received=11)
    a, b = see("v", c.Unit(name="a"), 10, name="a"), see("v", c.Unit(name="b"), 10, name="b")
    for picture in (picture_of(late, early, a, b), picture_of(b, a, early, late)):
        assert (properties(picture, "u")["name"], properties(picture, "v")["name"]) == ("late", "b")


def test_unknown_is_a_value_and_not_spoken_of_is_none() -> None:
    picture = picture_of(
        see("u", c.Unit(call_sign="A", heading_deg=90), 0, point(*HERE)), see("u", c.Unit(heading_deg=None), 1, None)
    )
    assert properties(picture, "u")["call_sign"] == "A"
    assert properties(picture, "u")["heading_deg"] is None
    assert place(picture, "u") is None


def test_a_withdrawal_takes_what_was_said_before_it() -> None:
    before, gone, after = (
        see("u", c.Unit(call_sign="A", name="N"), 0),
        see("u", c.Removal(), 10),
        see("u", c.Unit(name="M"), 20),
    )
    assert "u" not in picture_of(before, gone).features
    assert "u" not in picture_of(gone, before).features, "also when it comes first"
    for picture in (picture_of(before, gone, after), picture_of(after, gone, before), picture_of(gone, after, before)):
        assert (properties(picture, "u")["call_sign"], properties(picture, "u")["name"]) == (None, "M")


def test_single_attributes_are_withdrawn() -> None:
    said = see("u", c.Unit(call_sign="A", name="N"), 0, point(*HERE), extra={"name": {"value": "N"}, "speed": 1})
    for order in (
        (said, see("u", c.Removal(fields=("name", "geometry")), 5)),
        (see("u", c.Removal(fields=("name", "geometry")), 5), said),
    ):
        picture = picture_of(*order)
        assert (properties(picture, "u")["call_sign"], properties(picture, "u")["name"]) == ("A", None)
        assert place(picture, "u") is None
        assert picture.extras("u") == {"speed": 1}


def test_senders_attributes_are_merged_by_the_same_rule() -> None:
    picture = picture_of(
        see("u", c.Unit(), 10, extra={"a": 1, "b": {"value": 2}}),
        see("u", c.Unit(), 20, extra={"a": 3}),
        see("u", c.Unit(), 5, extra={"b": 0, "c": None}),
    )
    assert picture.extras("u") == {"a": 3, "b": {"value": 2}, "c": None}
    assert picture.extras("nobody") == {}
    assert picture.subjects("unit") == ["u"]
    assert picture.source_of("u") == "ngsi/leitstelle"
    assert picture.source_of("nobody") is None
    with pytest.raises(KeyError):
        picture.subjects("nonsense")


@pytest.mark.parametrize("subject", ["", "x" * 257, "d#track", "source:ngsi/x", "card:m"])
def test_a_subject_that_could_pass_for_ours_is_refused(subject: str) -> None:
    picture = picture_of(see(subject, c.Unit(name="x"), 0))
    assert set(picture.features) == {SOURCE}
    assert properties(picture, SOURCE)["refused"] == 1


def test_a_subject_keeps_its_kind() -> None:
    picture = picture_of(see("x", c.Unit(name="U"), 0), see("x", c.Note(text="N"), 1))
    assert properties(picture, "x")["part"] == "unit"
    assert properties(picture, SOURCE)["last_refusal"] == "x is a unit, not a note"


@pytest.mark.parametrize(
    ("content", "geometry", "name"),
    [
        (c.Unit(name="u"), {"type": "Point", "coordinates": [200.0, 0.0]}, "geometry"),
        (c.Unit(name="u"), {"type": "Point", "coordinates": [float("nan"), 0.0]}, "geometry"),
        (c.Unit(name="u", speed_mps=float("inf")), point(*HERE), "speed_mps"),
        (c.Unit(name="u", report_to={"type": "Nowhere"}), point(*HERE), "report_to"),
        (c.Mission(keyword="u", units=("x",) * 501), point(*HERE), "units"),
        (c.Mission(keyword="u", units=("x" * 8001,)), point(*HERE), "units"),
        (c.CrowdRegion(name="u", area={"type": "Polygon", "coordinates": [[[0, 0]]]}), point(*HERE), "area"),
        (c.CrowdRegion(name="u", density_rule={"x": "y" * 20_000}), point(*HERE), "density_rule"),
        (c.Drone(name="u", fences=(c.Fence(inclusion=True, geometry={}),)), point(*HERE), "fences"),
        (c.Device(name="u", value={"x": "y" * 20_000}), point(*HERE), "value"),
        (c.Device(name="u", value=["y" * 20_000]), point(*HERE), "value"),
    ],
)
def test_what_breaks_a_bound_is_left_out_and_told(content: Any, geometry: Any, name: str) -> None:
    picture = picture_of(see("x", content, 0, geometry))
    assert properties(picture, SOURCE)["last_refusal"] == f"x: {name}"
    assert properties(picture, "x")["title"] == "u", "the rest of it counts"
    assert (place(picture, "x") is None) == (name in ("geometry", "area") and geometry != point(*HERE))


def test_long_texts_are_cut() -> None:
    picture = picture_of(see("n", c.Note(text="x" * 9000), 0))
    assert len(properties(picture, "n")["text"]) == 8000
    assert len(properties(picture, "n")["title"]) == 120


def test_large_or_many_senders_attributes_are_dropped_and_counted() -> None:
    settings = PictureSettings(max_extra=2)
    many: dict[str, Any] = {"a": 1, "b": 2, "c": 3, "d": "x" * 20_000, "e" * 300: 1}
    picture = picture_of(see("u", c.Unit(), 0, extra=many), settings=settings)
    assert picture.extras("u") == {"a": 1, "b": 2}
    assert picture.book.dropped == {"extra": 3}


def test_when_it_is_full_what_would_expire_first_gives_way() -> None:
    settings = PictureSettings(max_features=3)
    picture = picture_of(
        see("m", c.Mission(), 0),
        see("p1", c.Post(), 1),
        see("p2", c.Post(), 2),
        see("p3", c.Post(), 3),
        see("u", c.Unit(), 4),
        settings=settings,
    )
    assert sorted(picture.records) == ["m", "p3", "u"]
    assert picture.book.dropped == {"subject": 2}
    changes = picture.apply_many(entries([see("d", c.Drone(), 5)], picture.rev + 1))
    assert sorted(picture.records) == ["m", "p3", "u"], "the newcomer itself would expire first"
    assert changes.remove == []


def test_readers_are_bounded_to_the_newest() -> None:
    settings = PictureSettings(max_seen=2)
    readers = [see("any", c.Seen(target="m", by=f"u{n}"), n) for n in (3, 1, 4, 2)]
    picture = picture_of(see("m", c.Mission(), 0), *readers, settings=settings)
    assert [entry["by"] for entry in properties(picture, "m")["seen_by"]] == ["u3", "u4"]


def test_withdrawals_verdicts_and_readers_are_forgotten_in_the_end() -> None:
    memories: list[Observation] = [
        see("u", c.Removal(), 0),
        see("any", c.Verdict(target="p", decision="reject", by="x"), 0),
        see("any", c.Seen(target="m", by="x"), 0),
    ]
    picture = picture_of(*memories)
    assert len(picture.book.memories()) == 3
    picture.apply_many(entries([see("tick", Tick(), 8 * 86400, source="desk")], 4))
    assert picture.book.memories() == []
    full = picture_of(*(see(f"u{n}", c.Removal(), n) for n in range(5)), settings=PictureSettings(max_removed=3))
    assert sorted(full.book.withdrawals) == ["u2", "u3", "u4"]
    assert full.book.dropped == {"removal": 2}


def test_tombstones_are_bounded_and_the_floor_tells() -> None:
    picture = Picture(PictureSettings(max_removed=2))
    for number in range(4):
        picture.apply_many(entries([see(f"u{number}", c.Unit(), number)], picture.rev + 1))
    assert picture.removed_floor == 0
    for number in range(4):
        picture.apply_many(entries([see(f"u{number}", c.Removal(), 10 + number)], picture.rev + 1))
    assert picture.removed == {"u2": 7, "u3": 8}
    assert picture.removed_floor == 6


def test_a_subject_expires_after_it_was_last_heard_of() -> None:
    settings = PictureSettings(ages={"unit": Age(10, 100)})
    picture = picture_of(see("u", c.Unit(name="A"), 0), see("u", c.Unit(), 50), settings=settings)
    assert picture.next_due() == at(150)
    picture.apply_many(entries([see("tick", Tick(), 149.9, source="desk")], 3))
    assert "u" in picture.features
    changes = picture.apply_many(entries([see("tick", Tick(), 150, source="desk")], 4))
    assert changes.remove == ["u"]
    assert picture.records == {}


def test_what_comes_after_its_own_expiry_is_not_shown() -> None:
    settings = PictureSettings(ages={"unit": Age(10, 100)})
    picture = picture_of(see("v", c.Unit(), 200), see("u", c.Unit(), 50), settings=settings)
    assert "u" not in picture.features
    assert "u" not in picture.records


def test_picture_time_never_runs_backward() -> None:
    picture = picture_of(see("u", c.Unit(), 100), see("u", c.Unit(), 50))
    assert picture.now == at(100)


def test_an_own_time_in_the_past_makes_a_feature_stale_at_once_but_shown() -> None:
    picture = picture_of(see("c", c.CrowdCount(people=3), -86400 * 2000, received=0))
    seen = properties(picture, "c")
    assert seen["observed_at"] == "2021-05-31T19:00:00.000Z"
    assert seen["stale_at"] == "2021-05-31T19:02:00.000Z"
    assert seen["expires_at"] == "2026-11-21T20:00:00.000Z"


def test_every_kind_has_an_age_and_settings_change_it() -> None:
    assert PictureSettings().age("drone") == DEFAULT_AGES["drone"]
    assert PictureSettings(ages={"drone": Age(1, 2)}).age("drone") == Age(1, 2)
    for kind in Picture(PictureSettings()).book.kinds:
        assert PictureSettings().age(kind).expire_after_s >= PictureSettings().age(kind).stale_after_s


def test_a_snapshot_of_something_else_is_refused() -> None:
    picture = picture_of(see("u", c.Unit(), 0))
    with pytest.raises(SnapshotError, match="settings"):
        Picture.load(picture.dump(), PictureSettings(max_features=7))
    for wrong in (b"", b"{}", b"[]", picture.dump()[:-1]):
        with pytest.raises(SnapshotError):
            Picture.load(wrong, PictureSettings())


def test_an_area_that_moves_is_found_where_it_is() -> None:
    picture = picture_of(see("w", c.Warning(event="x"), 0, square(*HERE)), see("m", c.Mission(), 0, point(*HERE)))
    assert [fact["key"] for fact in properties(picture, "card:m")["sections"]["kontext"]] == ["warning"]
    picture.apply_many(entries([see("w", c.Warning(), 1, square(9.0, 52.0))], 3))
    assert properties(picture, "card:m")["sections"]["kontext"] == []
