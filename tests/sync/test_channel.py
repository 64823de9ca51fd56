"""With the real picture, desk and views: every client ends with exactly what its view shows, and never sees more."""

import json
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from layers.content import Building, CitizenReport, Content, Device, Mission, Note, Removal, Unit
from layers.observation import Observation, idempotency_key
from layers.picture import Changes
from layers.settings import PictureSettings
from layers.views import PERSONAL, View
from layers.wire import Feature, apply_delta
from server.access import Principal
from server.channel import Channel, Client, Whole
from server.clock import ScenarioClock
from server.config import LimitSettings
from server.desk import Desk
from server.journal.sqlite import SqliteJournal
from server.situation import Situation

START = datetime(2026, 7, 25, 18, 0, tzinfo=UTC)
UNITS = ("unit:1", "unit:2")
MISSIONS = ("mission:1", "mission:2")
HOMES = ("home:1", "home:2")
VIEWS = (
    View(role="control"),
    View(role="control", layers=("units", "missions")),
    View(role="planner"),
    View(role="liaison"),
    View(role="admin"),
    View(role="crew", unit="unit:1"),
    View(role="crew", unit="unit:2"),
    View(role="crew", unit="unit:1", mission="mission:1"),
    View(role="crew"),
)
PLACES = st.sampled_from([(8.78, 51.83), (8.7805, 51.8301), (8.9, 51.9)])
SECRET = "Erika Mustermann"

CLAIMS = st.one_of(
    st.tuples(
        st.sampled_from(MISSIONS),
        st.builds(
            lambda units, closed, reporter: Mission(units=tuple(units), closed=closed, reporter=reporter, keyword="F2"),
            st.lists(st.sampled_from(UNITS), unique=True),
            st.sampled_from([None, False, True]),
            st.sampled_from([SECRET, None]),
        ),
        PLACES,
    ),
    st.tuples(
        st.sampled_from(UNITS),
        st.builds(Unit, mission=st.sampled_from([None, *MISSIONS]), fms_status=st.sampled_from([None, 3, 4])),
        PLACES,
    ),
    st.tuples(
        st.sampled_from(HOMES),
        st.builds(Building, permission=st.sampled_from(["NONE", "PENDING", "GRANTED", "DENIED"]), name=st.just(SECRET)),
        PLACES,
    ),
    st.tuples(
        st.sampled_from(["device:1", "device:2", "device:3"]),
        st.builds(
            Device,
            building=st.sampled_from([*HOMES, "home:unknown"]),
            value=st.sampled_from([True, 1, 0.5, "OPEN", None]),
        ),
        PLACES,
    ),
    st.tuples(
        st.sampled_from(["note:1", "note:2"]),
        st.builds(
            Note,
            text=st.just("Lage unverändert"),
            origin=st.sampled_from(["crew", "control", "logbook"]),
            sender_id=st.sampled_from(UNITS),
            sender_name=st.just(SECRET),
            mission=st.sampled_from([None, *MISSIONS]),
            receiver=st.sampled_from([None, *UNITS]),
        ),
        PLACES,
    ),
    st.tuples(st.just("report:1"), st.builds(CitizenReport, sender_name=st.just(SECRET)), PLACES),
    st.tuples(st.sampled_from([*MISSIONS, *UNITS, *HOMES, "device:1"]), st.just(Removal()), PLACES),
)


BEGINNING = (
    ("mission:1", Mission(units=("unit:1",), keyword="F2", reporter=SECRET), (8.78, 51.83)),
    ("mission:2", Mission(units=("unit:2",), keyword="H1", reporter=SECRET), (8.9, 51.9)),
    ("home:1", Building(permission="GRANTED", name=SECRET), (8.7805, 51.8301)),
    ("device:1", Device(building="home:1", value=0.5), (8.7805, 51.8301)),
)
"""A fire beside a smart home that lets the crews look in: what a crew sees of it hangs on its assignment."""


class Delivery(RuleBasedStateMachine):
    """Observations through a real desk into a channel; clients of every view that get, lose and resume deltas."""

    @initialize()
    def begin(self) -> None:
        """A situation on disk whose clock stands, so that nothing happens by itself."""
        self.folder = Path(tempfile.mkdtemp(prefix="lagebild-test-"))
        journal, clock = SqliteJournal(self.folder / "journal.db"), ScenarioClock(START, state="paused")
        self.desk = Desk("live", journal, clock, PictureSettings())
        self.live = Situation("live", "Echtlage", "Actual", journal, clock, self.desk)
        self.channel = Channel(self.live, LimitSettings(tombstones=5))
        self.live.listener = self.follow
        self.desk.start()
        self.count = 0
        self.now = 0.0
        self.at = START
        self.tablets: dict[str, dict[str, Any]] = {}
        for number, view in enumerate(VIEWS):
            self.tablets[str(number)] = {"view": view, "features": {}, "rev": 0, "online": False}
            self.come(str(number), "json")
        self.observe(list(BEGINNING), 0)
        self.send(set())

    def follow(self, _: Situation, changes: Changes | None) -> None:
        """Hear from the desk."""
        if changes is not None:
            self.channel.follow(changes)

    def teardown(self) -> None:
        """Let go of the files."""
        if hasattr(self, "desk"):
            self.desk.stop()
            self.live.journal.close()
            shutil.rmtree(self.folder)

    @rule(claims=st.lists(CLAIMS, min_size=1, max_size=4), later_s=st.sampled_from([0, 1, 60, 90_000]))
    def observe(self, claims: list[tuple[str, Content, tuple[float, float]]], later_s: int) -> None:
        """A message with some observations."""
        self.at += timedelta(seconds=later_s)
        observations = []
        for subject, content, place in claims:
            self.count += 1
            observations.append(
                Observation(
                    id=idempotency_key(str(self.count)),
                    source="test/x",
                    subject=subject,
                    observed_at=self.at,
                    reported_at=self.at,
                    received_at=self.at,
                    content=content,
                    geometry={"type": "Point", "coordinates": list(place)},
                )
            )
        with self.live.desk.lock:
            kinds = {subject: record.kind for subject, record in self.live.picture.records.items()}
        self.live.desk.submit(
            [o for o in observations if kinds.get(o.subject, o.kind) == o.kind or o.kind == "removal"]
        )

    @rule(mission=st.sampled_from(MISSIONS), units=st.sets(st.sampled_from(UNITS)))
    def assign(self, mission: str, units: set[str]) -> None:
        """The dispatch sends other units."""
        self.observe([(mission, Mission(units=tuple(sorted(units)), closed=False), (8.78, 51.83))], 1)

    @rule(
        name=st.sampled_from([str(number) for number in range(len(VIEWS))]),
        encoding=st.sampled_from(["json", "json+zlib", "whole"]),
    )
    def come(self, name: str, encoding: Any) -> None:
        """A client connects with the cursor it has."""
        tablet = self.tablets[name]
        if not tablet["online"]:
            who = Principal(token_id=name, name=name, role=tablet["view"].role, unit=tablet["view"].unit)
            client = Client(name, who, "live", tablet["view"], encoding, tablet["rev"])
            client.epoch = self.channel.epoch
            self.channel.join(client)
            tablet["online"] = True

    @rule(name=st.sampled_from([str(number) for number in range(len(VIEWS))]))
    def go(self, name: str) -> None:
        """A client loses the network; what is under way to it is lost."""
        self.channel.leave(name, self.now)
        self.tablets[name]["online"] = False

    @rule()
    def forget(self) -> None:
        """Nobody came for so long that unused views are dropped."""
        self.now += 10_000
        self.channel.forget_idle(self.now)

    @rule()
    def restart(self) -> None:
        """The sending side starts anew with the same picture; every client is disconnected."""
        self.channel = Channel(self.live, LimitSettings(tombstones=5))
        for tablet in self.tablets.values():
            tablet["online"] = False

    @rule(lose=st.sets(st.sampled_from([str(number) for number in range(len(VIEWS))])))
    def send(self, lose: set[str]) -> None:
        """A round of the sending loop; some acknowledgements are lost with their connection."""
        for held, start, encoding, clients in self.channel.groups(self.now):
            data = self.channel.delta(held, start, encoding)
            if isinstance(data, Whole):
                delta: dict[str, Any] = {"from": data.start, "to": data.to, "full": data.full, "patch": []}
                delta |= {"upsert": list(data.upsert), "remove": list(data.remove)}
            else:
                packed = bytes(memoryview(data))
                delta = json.loads(zlib.decompress(packed) if encoding == "json+zlib" else packed)
            for client in list(clients):
                tablet = self.tablets[client.sid]
                tablet["rev"] = apply_delta(tablet["features"], tablet["rev"], delta)
                assert tablet["features"] == self.shown(tablet["view"])
                client.cursor, client.synced = delta["to"], True
                if client.sid in lose:
                    self.go(client.sid)
        for client in self.channel.clients.values():
            assert not self.channel.behind(client, self.now)
            assert self.tablets[client.sid]["features"] == self.shown(client.view)

    def shown(self, view: View) -> dict[str, Feature]:
        """What the view shows of the picture, by the domain's own word."""
        picture = self.live.picture
        seen = {f["id"]: shown for f in picture.features.values() if (shown := view.show(f, picture)) is not None}
        found: dict[str, Feature] = json.loads(msgspec.json.encode(seen))
        return found

    @invariant()
    def nobody_reads_names_who_may_not(self) -> None:
        """Personal fields stay with the control room and the crews of the mission."""
        for tablet in self.tablets.values():
            if tablet["view"].role in ("liaison", "planner", "admin"):
                assert SECRET not in json.dumps(tablet["features"])
                for feature in tablet["features"].values():
                    assert not PERSONAL.get(feature["properties"]["layer"], frozenset()) & set(feature["properties"])
            if tablet["view"].role == "liaison":
                assert not [f for f in tablet["features"].values() if f["properties"]["layer"] in ("devices", "cards")]


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Real threads: this process is not an eventlet one."""
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    yield
