"""Laws of the picture, for any observations: what must hold whatever comes, in whatever order and batches."""

import os
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from layers import content as c
from layers import snapshot, sources
from layers.assignment import belongs, missions_of
from layers.content import Content, Tick
from layers.observation import Entry, Observation, decode, encode
from layers.picture import Picture
from layers.settings import PictureSettings
from layers.wire import Feature
from tests.layers.world import HERE, entries, histories, point, see, square

EXAMPLES = settings(max_examples=int(os.environ.get("LAGEBILD_EXAMPLES", "60")))
"""More of them find more: raised for a long run."""


def state(picture: Picture) -> Any:
    """What the digest is taken of, readable."""
    return msgspec.json.decode(snapshot.canonical(picture.book, picture.features))


def applied(observations: list[Observation], cuts: list[int] | None = None) -> Picture:
    """The picture of observations applied in batches that end at the cuts."""
    picture = Picture(PictureSettings())
    known = entries(observations)
    edges = sorted({0, len(known), *(cut % (len(known) + 1) for cut in cuts or [])})
    for first, last in pairwise(edges):
        picture.apply_many(known[first:last])
    return picture


@EXAMPLES
@given(st.data(), histories, st.lists(st.integers(0, 40), max_size=6))
def test_order_and_batches_do_not_matter(data: st.DataObject, history: list[Observation], cuts: list[int]) -> None:
    one, other = applied(history), applied(data.draw(st.permutations(history)), cuts)
    assert state(one) == state(other)
    assert one.digest() == other.digest()


@EXAMPLES
@given(histories)
def test_applying_again_changes_nothing(history: list[Observation]) -> None:
    picture = applied(history)
    before = picture.dump()
    changes = picture.apply_many(entries(history))
    assert (changes.upsert, changes.remove, changes.urgent) == ([], [], False)
    assert picture.dump() == before


@EXAMPLES
@given(histories, st.integers(0, 40))
def test_a_snapshot_and_the_rest_are_the_whole(history: list[Observation], cut: int) -> None:
    known = entries(history)
    whole, half = Picture(PictureSettings()), Picture(PictureSettings())
    for entry in known[:cut]:
        whole.apply(entry)
        half.apply(entry)
    loaded = Picture.load(half.dump(), PictureSettings())
    assert loaded.dump() == half.dump()
    assert loaded.next_due() == half.next_due()
    for entry in known[cut:]:
        assert whole.apply(entry) == loaded.apply(entry)
    assert loaded.dump() == whole.dump()


def test_revisions_are_those_of_batches_and_a_restart_may_change_them() -> None:
    history = [
        see("a", c.Unit(call_sign="A"), 0),
        see("b", c.Unit(call_sign="B"), 1),
        see("c", c.Unit(call_sign="C"), 2),
    ]
    live, restarted = Picture(PictureSettings()), Picture(PictureSettings())
    for entry in entries(history):
        live.apply(entry)
    restarted.apply_many(entries(history))
    revisions = [[one.features[name]["properties"]["rev"] for name in "abc"] for one in (live, restarted)]
    assert revisions == [[1, 2, 3], [3, 3, 3]]
    assert live.digest() == restarted.digest()
    assert Picture.load(live.dump(), live.settings).features == live.features  # a snapshot keeps them


@EXAMPLES
@given(histories, st.lists(st.integers(0, 40), max_size=6))
def test_who_stands_at_a_revision_has_what_is_not_newer(history: list[Observation], cuts: list[int]) -> None:
    """Whatever the batches: a client at the end of one has each feature that says no later revision."""
    picture, known = Picture(PictureSettings()), entries(history)
    edges = sorted({0, len(known), *(cut % (len(known) + 1) for cut in cuts)})
    had: list[tuple[int, dict[str, Feature]]] = []
    for first, last in pairwise(edges):
        picture.apply_many(known[first:last])
        had.append((picture.rev, dict(picture.features)))
    for rev, features in had:
        for name, feature in picture.features.items():
            assert feature["properties"]["rev"] > rev or features[name] == feature


@EXAMPLES
@given(histories, st.lists(st.integers(0, 40), max_size=6))
def test_changes_add_up_to_the_features(history: list[Observation], cuts: list[int]) -> None:
    picture, known = Picture(PictureSettings()), entries(history)
    folded: dict[str, Feature] = {}
    edges = sorted({0, len(known), *(cut % (len(known) + 1) for cut in cuts)})
    for first, last in pairwise(edges):
        changes = picture.apply_many(known[first:last])
        for feature_id in changes.remove:
            del folded[feature_id]
            assert picture.removed[feature_id] == picture.rev
        for feature in changes.upsert:
            folded[feature["id"]] = feature
            assert feature["properties"]["rev"] == picture.rev
    assert folded == picture.features
    assert not picture.removed.keys() & picture.features.keys()


@EXAMPLES
@given(histories, st.lists(st.integers(0, 40), max_size=6))
def test_what_was_not_redrawn_needed_no_redrawing(history: list[Observation], cuts: list[int]) -> None:
    picture = applied(history, cuts)
    picture._dirty.update(dict.fromkeys(picture.book.records))
    picture._dirty.update(dict.fromkeys(sources.PREFIX + source for source in picture.book.sources))
    picture._cards.update(dict.fromkeys(picture.subjects("mission")))
    for record in picture.book.records.values():
        record.memo.clear()
    redrawn = picture._redraw()
    assert redrawn.upsert == []
    assert redrawn.remove == []


@EXAMPLES
@given(histories, st.lists(st.integers(0, 1500), max_size=5))
def test_ticks_between_observations_do_not_matter(history: list[Observation], moments: list[int]) -> None:
    ordered = sorted(history, key=lambda observation: (observation.received_at, observation.id))
    last = ordered[-1].received_at
    ticks = [see("tick", Tick(), moment, source="desk") for moment in moments]
    mixed = sorted([*ordered, *ticks], key=lambda observation: (observation.received_at, observation.id))
    mixed = [observation for observation in mixed if observation.received_at <= last]
    assert state(applied(ordered)) == state(applied(mixed))


@EXAMPLES
@given(histories)
def test_the_journal_keeps_what_counts(history: list[Observation]) -> None:
    assert applied(history).digest() == applied([decode(encode(observation)) for observation in history]).digest()


@EXAMPLES
@given(histories)
def test_the_next_moment_is_always_ahead(history: list[Observation]) -> None:
    picture = applied(history)
    for _ in range(len(picture.features) + 100):
        due = picture.next_due()
        if due is None:
            break
        assert picture.now is not None
        assert due > picture.now
        tick = Observation(
            id=f"tick{picture.rev}",
            source="desk",
            subject="tick",
            observed_at=due,
            reported_at=due,
            received_at=due,
            content=Tick(),
        )
        picture.apply(Entry(seq=picture.rev + 1, observation=tick))
    # Left alone, everything expires in the end.
    assert picture.features == {}
    assert picture.records == {}
    assert picture.next_due() is None


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Point", "Polygon"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "coordinates", "url"]), inner),
    max_leaves=12,
)
shaped = st.fixed_dictionaries(
    {"type": st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon", "Nonsense"]), "coordinates": junk}
)


sound = st.sampled_from(
    [
        point(*HERE, 5),
        {"type": "MultiPoint", "coordinates": [list(HERE), [8.79, 51.8]]},
        {"type": "LineString", "coordinates": [list(HERE), [8.79, 51.8]]},
        {"type": "MultiLineString", "coordinates": [[list(HERE), [8.79, 51.8]]]},
        square(*HERE),
        {"type": "MultiPolygon", "coordinates": [square(*HERE)["coordinates"], square(9.0, 52.0)["coordinates"]]},
        {"type": "Polygon", "coordinates": [[[8.7, 51.8], [8.8, 51.9], [8.8, 51.8], [8.7, 51.9], [8.7, 51.8]]]},
        {"type": "Polygon", "coordinates": [[[8.7, 51.8]] * 4]},
        {"type": "LineString", "coordinates": [[180, 90], [-180, -90]]},
    ]
)


@EXAMPLES
@given(st.data())
def test_nothing_that_a_sender_writes_breaks_the_picture(data: st.DataObject) -> None:
    shape, value = st.one_of(junk, shaped, sound, sound), data.draw(junk)
    geometry = data.draw(shape)
    choices: list[Content] = [
        c.CrowdRegion(area=geometry, density_rule={"threshold_pm2": value}),
        c.CrowdSite(field_of_view=geometry, blind_spots=geometry),
        c.CrowdAlert(area=geometry, density_pm2=1.0),
        c.Drone(home=geometry, fences=(c.Fence(inclusion=True, geometry=geometry),)),
        c.Drone(path=(c.Waypoint(number=1, geometry=geometry), c.Waypoint(number=2, geometry=geometry))),
        c.Device(
            value=value,
            desired_value=value,
            thresholds=c.Thresholds(alarm=(c.Threshold(comparison="equal", value=1.0),)),
        ),
        c.Note(parameters={"x": value}),
        c.Unit(report_to=geometry),
        c.Mission(keyword="x"),
        c.Warning(event="x"),
        c.CitizenReport(texts=("x",)),
        c.CrowdLine(people=3),
        c.Building(permission="GRANTED"),
    ]
    said = data.draw(st.sampled_from(choices))
    picture = Picture(PictureSettings())
    history = [
        see("m", c.Mission(keyword="x", search_ids=("1",)), 0, point(*HERE)),
        see("x", said, 1, data.draw(shape), extra={"x": value}),
        see("x", said, 2, point(*HERE)),
    ]
    for entry in entries(history):
        picture.apply(entry)
    assert Picture.load(picture.dump(), PictureSettings()).dump() == picture.dump()
    msgspec.json.encode(list(picture.features.values()))


@EXAMPLES
@given(histories)
def test_a_mission_belongs_to_a_unit_by_either_question(history: list[Observation]) -> None:
    book = applied(history).book
    listed = {unit for mission in book.of_kind("mission") for unit in mission.get("units") or ()}
    for unit in listed | {*book.kinds["unit"]}:
        asked = {*book.kinds["mission"], *missions_of(book, unit)}
        assert {mission for mission in asked if belongs(book, unit, mission)} == set(missions_of(book, unit))
