"""Whatever happens to the picture and to a client: what it has in the end is what its view shows."""

import json
from typing import Any

import hypothesis.strategies as st
import msgspec
from hypothesis import given, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from layers.wire import Feature, apply_delta
from server.viewstate import ViewState

IDS = st.sampled_from("abcdef")
VALUES = st.sampled_from([None, True, False, 0, 1, 1.0, "x", [1], {"k": 2}])
PROPERTIES = st.dictionaries(st.sampled_from(["p", "q", "r", "secret"]), VALUES, max_size=4)
PLACES = st.sampled_from([None, {"type": "Point", "coordinates": [8, 51]}, {"type": "Point", "coordinates": [9, 52]}])


def show(feature: Feature) -> Feature | None:
    """A view that hides whole features and single properties."""
    if feature["properties"].get("p") == "x":
        return None
    properties = {key: value for key, value in feature["properties"].items() if key != "secret"}
    return {**feature, "properties": properties}


def received(message: dict[str, Any]) -> Any:
    """What the client gets to see of it: through JSON and back."""
    return json.loads(msgspec.json.encode(message))


class Clients(RuleBasedStateMachine):
    """A picture that changes and clients that get deltas, lose them, come back with old cursors or get them twice."""

    clients = Bundle("clients")

    @initialize(tombstones=st.sampled_from([1, 2, 100]))
    def begin(self, tombstones: int) -> None:
        """An empty picture at revision 1: a cursor of 0 means that the client has nothing."""
        self.rev = 1
        self.picture: dict[str, Feature] = {}
        self.removed: dict[str, int] = {}
        self.state = ViewState(tombstones)
        self.state.load([], show, 1, 1, {})

    @rule(target=clients)
    def connect(self) -> dict[str, Any]:
        """A client without anything."""
        return {"features": {}, "rev": 0}

    @rule(feature_id=IDS, properties=PROPERTIES, geometry=PLACES, batch=st.integers(1, 3))
    def change(self, feature_id: str, properties: dict[str, Any], geometry: Any, batch: int) -> None:
        """A feature came or changed."""
        self.rev += batch
        feature = {
            "id": feature_id,
            "type": "Feature",
            "geometry": geometry,
            "properties": {**properties, "rev": self.rev},
        }
        self.picture[feature_id] = feature
        self.removed.pop(feature_id, None)
        self.state.advance([feature], [], self.rev, show)

    @rule(feature_id=IDS)
    def remove(self, feature_id: str) -> None:
        """A feature went."""
        if self.picture.pop(feature_id, None):
            self.rev += 1
            self.removed[feature_id] = self.rev
            self.state.advance([], [feature_id], self.rev, show)

    @rule()
    def pass_by(self) -> None:
        """Something happened that the view does not show."""
        self.rev += 1
        self.state.advance([], [], self.rev, show)

    @rule()
    def look_again(self) -> None:
        """Every feature is asked for anew, as when a crew is assigned elsewhere."""
        self.state.advance(self.picture.values(), [], self.rev, show)

    @rule(client=clients, twice=st.booleans())
    def deliver(self, client: dict[str, Any], twice: bool) -> None:
        """The client gets the delta from its cursor; perhaps the acknowledgement is lost and it gets it again."""
        before = client["rev"]
        delta = received({"from": before, "to": self.state.rev, **self.state.difference(before)})
        for _ in range(1 + twice):
            client["rev"] = apply_delta(client["features"], client["rev"], delta)
        self.compare(client)

    @rule(client=clients)
    def lose(self, client: dict[str, Any]) -> None:
        """A delta goes out and never arrives."""
        self.state.difference(client["rev"])

    @rule()
    def restart(self) -> None:
        """The view is made anew from the picture; old cursors get everything."""
        tombstones = self.state._max_tombstones
        self.state = ViewState(tombstones)
        self.state.load(self.picture.values(), show, self.rev, self.rev, {})

    @rule()
    def restart_with_tombstones(self) -> None:
        """The view is made anew from a picture that knows what was removed; old cursors get a difference."""
        tombstones = self.state._max_tombstones
        self.state = ViewState(tombstones)
        self.state.load(self.picture.values(), show, self.rev, 1, self.removed)

    def compare(self, client: dict[str, Any]) -> None:
        """The client has what the view shows, no more and no less."""
        expected = {f["id"]: shown for f in self.picture.values() if (shown := show(f)) is not None}
        assert _exact(client["features"]) == _exact(received(expected))

    @invariant()
    def tombstones_are_bounded(self) -> None:
        """Nothing grows without end."""
        assert len(self.state.removed) <= self.state._max_tombstones


def _exact(features: Any) -> str:
    # As text, for True == 1 and 1 == 1.0 in Python.
    return json.dumps(features, sort_keys=True)


TestClients = Clients.TestCase
TestClients.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@given(st.lists(st.tuples(IDS, PROPERTIES), min_size=1, max_size=20))
def test_a_patch_carries_only_what_changed(steps: list[tuple[str, dict[str, Any]]]) -> None:
    state = ViewState(100)
    state.load([], show, 1, 1, {})
    for rev, (feature_id, properties) in enumerate(steps, 2):
        before, cursor = state.shown.get(feature_id), state.rev
        known = dict(before.feature["properties"]) if before else None
        feature = {"id": feature_id, "type": "Feature", "geometry": None, "properties": properties}
        state.advance([feature], [], rev, show)
        shown = show(feature)
        if known is None or shown is None:
            continue
        changed = {k for k, v in shown["properties"].items() if k not in known or _exact(known[k]) != _exact(v)}
        gone = set(known) - set(shown["properties"])
        patches = state.difference(cursor)["patch"]
        assert bool(patches) is bool(changed or gone)
        for patch in patches:
            assert set(patch["set"]) == changed
            assert set(patch.get("unset", ())) == gone
            assert "geometry" not in patch
