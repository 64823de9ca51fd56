"""The contract with clients: golden messages, and apply_delta under any deltas."""

import copy
import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import content as c
from layers import wire
from layers.observation import iso
from layers.picture import Picture
from layers.settings import PictureSettings
from layers.wire import CursorMismatch, Feature, apply_delta
from tests.layers.world import HERE, entries, point, see

GOLDEN = Path(__file__).resolve().parents[2] / "fixtures" / "golden"
MESSAGES: dict[str, Any] = {
    "hello": wire.Hello,
    "clock": wire.Clock,
    "delta_full": wire.Delta,
    "delta_patch": wire.Delta,
    "applied": wire.Applied,
    "auth": wire.Auth,
    "answer": wire.Answer,
    "answer_refused": wire.Answer,
    **{f"report_{kind}": wire.Report for kind in wire.REPORTS},
}


def golden(name: str) -> Any:
    """A message as it stands in the repository."""
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def picture_after(number: int) -> Picture:
    """The picture behind the golden deltas after so many observations."""
    history = [
        see(
            "urn:ngsi-ld:Alert:1",
            c.Mission(number="2026.1", keyword="Feuer 2", keyword_short="F2", category="fire", units=("hlf",)),
            0,
            point(*HERE),
        ),
        see("hlf", c.Unit(call_sign="Florian Padertopia 1 HLF 20 1", fms_status=3), 1, point(8.79, 51.83)),
        see("hlf", c.Unit(heading_deg=270.0), 2, point(8.7885, 51.83), accuracy_m=4.0),
    ]
    picture = Picture(PictureSettings())
    for entry in entries(history)[:number]:
        picture.apply(entry)
    return picture


def difference(before: dict[str, Feature], after: dict[str, Feature]) -> tuple[list[Feature], list[Any], list[str]]:
    """What a server sends between two states: whole new features, patches, removals."""
    upsert = [after[name] for name in sorted(after) if name not in before]
    patches = []
    for name in sorted(after.keys() & before.keys()):
        old, new = before[name]["properties"], after[name]["properties"]
        patch: dict[str, Any] = {"id": name, "set": {k: v for k, v in new.items() if k not in old or old[k] != v}}
        if unset := sorted(old.keys() - new.keys()):
            patch["unset"] = unset
        if before[name]["geometry"] != after[name]["geometry"]:
            patch["geometry"] = after[name]["geometry"]
        if patch["set"] or len(patch) > 2:
            patches.append(patch)
    return upsert, patches, sorted(before.keys() - after.keys())


def delta(before: Picture | None, after: Picture) -> dict[str, Any]:
    """The delta between two pictures, full from nothing."""
    upsert, patch, remove = difference(before.features if before is not None else {}, after.features)
    assert after.now is not None
    return {
        "situation": "ex-hausbrand-1",
        "from": before.rev if before is not None else 0,
        "to": after.rev,
        "now": iso(after.now),
        "full": before is None,
        "upsert": upsert,
        "patch": patch,
        "remove": remove,
    }


def test_every_golden_message_is_checked() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(MESSAGES)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_golden_message_has_the_fields_of_its_type(name: str) -> None:
    message, cls = golden(name), MESSAGES[name]
    required = set(cls.__required_keys__) | ({"from"} if cls is wire.Delta else set())
    optional = set(cls.__optional_keys__)
    if cls is wire.Report:
        must, may = wire.REPORTS[message["kind"]]
        required, optional = required | must, optional | may
    assert required <= message.keys() <= required | optional
    if cls is not wire.Report:
        assert set(get_type_hints(cls)) <= required | optional


def test_the_golden_deltas_are_what_the_picture_gives() -> None:
    assert delta(None, picture_after(2)) == golden("delta_full")
    assert delta(picture_after(2), picture_after(3)) == golden("delta_patch")


def test_the_golden_deltas_lead_to_the_picture() -> None:
    features: dict[str, Feature] = {}
    assert apply_delta(features, 0, golden("delta_full")) == 2
    assert features == picture_after(2).features
    assert apply_delta(features, 2, golden("delta_patch")) == 3
    assert features == picture_after(3).features


def feature(name: str, **properties: Any) -> Feature:
    """A feature with nothing but a few properties."""
    return {"id": name, "type": "Feature", "geometry": None, "properties": properties}


def message(start: int, to: int, **more: Any) -> dict[str, Any]:
    """A delta."""
    return {"from": start, "to": to, "full": False, "upsert": [], "patch": [], "remove": [], **more}


@pytest.mark.parametrize(
    "wrong",
    [
        message(2, 5),
        message(1, 5, patch=[{"id": "nobody", "set": {}}]),
        message(1, 5, patch=[{"id": "a", "set": {"x": 2}}], remove=["a"]),
        message(0, 5, full=True, patch=[{"id": "a", "set": {}}]),
    ],
    ids=["gap", "unknown", "removed", "patch of a full delta"],
)
def test_a_delta_that_does_not_fit_changes_nothing(wrong: dict[str, Any]) -> None:
    features = {"a": feature("a", x=1)}
    with pytest.raises(CursorMismatch):
        apply_delta(features, 1, wrong)
    assert features == {"a": feature("a", x=1)}


def test_what_comes_back_in_the_same_delta_stays() -> None:
    features = {"a": feature("a", x=1)}
    apply_delta(
        features, 1, message(1, 2, remove=["a"], upsert=[feature("a", y=1)], patch=[{"id": "a", "set": {"z": 1}}])
    )
    assert features == {"a": feature("a", y=1, z=1)}


def test_a_patch_sets_and_drops_and_moves() -> None:
    known = feature("a", x=1, y=2)
    features = {"a": known}
    patch = {"id": "a", "set": {"x": 5}, "unset": ["y"], "geometry": point(1.0, 2.0)}
    apply_delta(features, 1, message(1, 2, patch=[patch]))
    assert features == {"a": {**feature("a", x=5), "geometry": point(1.0, 2.0)}}
    assert known == feature("a", x=1, y=2), "a feature that somebody else holds is not changed in place"


names = st.sampled_from("abcd")
properties = st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=3)
states = st.dictionaries(names, properties, max_size=4).map(
    lambda state: {name: feature(name, **known) for name, known in state.items()}
)


@given(st.lists(states, min_size=1, max_size=6))
def test_a_chain_of_deltas_leads_to_each_state(history: list[dict[str, Feature]]) -> None:
    features: dict[str, Feature] = {}
    rev = 0
    for number, state in enumerate(history, start=1):
        upsert, patch, remove = difference(features, state)
        step = message(rev, number, upsert=upsert, patch=patch, remove=remove)
        frozen = copy.deepcopy(step)
        rev = apply_delta(features, rev, step)
        assert (rev, features) == (number, state)
        assert apply_delta(features, rev, step) == rev, "twice is once"
        assert features == state
        assert step == frozen
    fresh = {"old": feature("old")}
    assert apply_delta(fresh, 99, message(0, rev, full=True, upsert=list(features.values()))) == rev
    assert fresh == features
