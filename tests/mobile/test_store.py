"""The tablet's file: nothing half-written, nothing readable by others, a broken file is set aside."""

import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobile.outbox import Outbox, State
from mobile.store import MAX_PICTURES, Store, StoredPicture

ROOT = Path(__file__).resolve().parents[2]
AT = "2026-11-21T21:14:07.000Z"


def feature(name: str, rev: int) -> dict[str, Any]:
    return {
        "id": name,
        "type": "Feature",
        "geometry": None,
        "properties": {"layer": "units", "rev": rev, "name": "Süd"},
    }


def picture(situation: str, rev: int, features: dict[str, Any], epoch: str = "e1") -> StoredPicture:
    return StoredPicture(situation, epoch, rev, {"title": "Übung"}, {}, AT, AT, features)


def test_a_picture_comes_back_as_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path / "tablet.db")
    features = {"a": feature("a", 1), "b": feature("b", 2)}
    store.save_picture(picture("live", 2, features), (), full=True)
    del features["a"]
    features["c"] = feature("c", 3)
    store.save_picture(picture("live", 3, features), {"a", "c"}, full=False)
    store.close()
    loaded = Store(tmp_path / "tablet.db").load_picture("live")
    assert loaded == picture("live", 3, {"b": feature("b", 2), "c": feature("c", 3)})


def test_pictures_of_few_situations_are_kept_the_oldest_goes(tmp_path: Path) -> None:
    store = Store(tmp_path / "tablet.db")
    for number in range(MAX_PICTURES + 1):
        store.save_picture(picture(f"s{number}", 1, {"a": feature("a", 1)}), (), full=True)
    assert store.load_picture("s0") is None
    assert store.load_picture("s1") is not None
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM feature").fetchone()[0] == MAX_PICTURES


def test_forgetting_leaves_no_picture(tmp_path: Path) -> None:
    store = Store(tmp_path / "tablet.db")
    store.save_picture(picture("live", 1, {"a": feature("a", 1)}), (), full=True)
    store.forget_pictures()
    assert store.load_picture("live") is None


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "private" / "tablet.db")
    store.set_setting("lang", "de")
    for path in (tmp_path / "private").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", ["garbage", "truncated", "version"])
def test_an_unreadable_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "tablet.db"
    store = Store(path)
    store.set_setting("lang", "en")
    store.save_picture(picture("live", 1, {str(n): feature(str(n), 1) for n in range(500)}), (), full=True)
    client_id = Outbox(store).client_id
    store.close()
    if damage == "garbage":
        path.write_bytes(b"not a database, " * 1000)
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:9000])
    else:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    broken = path.read_bytes()
    store = Store(path)
    assert store.set_aside is not None
    assert store.set_aside.read_bytes() == broken
    assert store.setting("lang", "de") == "de"
    assert store.load_picture("live") is None
    assert Outbox(store).client_id != client_id  # the new outbox counts from 1 again: it must not pass for the old one
    store.close()


def test_damaged_letters_in_a_sound_file_cost_the_picture_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "tablet.db")
    store.save_picture(picture("live", 1, {"a": feature("a", 1)}), (), full=True)
    with store.durable() as connection:
        connection.execute("UPDATE feature SET body = '{\"id\": '")
    assert store.load_picture("live") is None
    store.save_picture(picture("live", 2, {"a": feature("a", 2)}), (), full=True)
    assert store.load_picture("live") is not None


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "position", "send", "ack", "refuse", "save", "full"]), st.integers(1, 4)),
    min_size=1,
    max_size=12,
)


class Powercut:
    """Copies the file, with its log, before each statement: what a kill at that moment would leave behind."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder, self.copies = store, folder, 0
        for connection in (store._durable, store._quick):
            connection.set_trace_callback(self.copy)

    def copy(self, _: str) -> None:
        target = self.folder / f"cut-{self.copies}"
        target.mkdir()
        for suffix in ("", "-wal"):
            part = self.store.path.with_name(self.store.path.name + suffix)
            if part.exists():
                shutil.copy(part, target / part.name)
        self.copies += 1


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_a_kill_between_any_two_statements_leaves_a_whole_state(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "tablet.db")
        outbox = Outbox(store)
        cut = Powercut(store, folder)
        rev, features = 0, {str(n): feature(str(n), 0) for n in range(5)}
        for step, number in steps:
            seqs = [item.client_seq for item in outbox.recent(100)]
            if step in ("put", "position"):
                outbox.put("note" if step == "put" else step, "live", "e1", AT, AT, text=str(number))
            elif step == "send" and seqs:
                outbox.sending(seqs[-1])
            elif step == "ack" and seqs:
                outbox.acknowledge(seqs[-1], number, AT)
            elif step == "refuse" and seqs:
                outbox.refuse(seqs[-1], "no", AT)
            elif step in ("save", "full"):
                rev += 1
                features = {key: feature(key, rev) for key in features}
                store.save_picture(picture("live", rev, features), set(features), full=step == "full")
        store.close()
        for number in range(cut.copies):
            check_whole(folder / f"cut-{number}" / "tablet.db")


def check_whole(path: Path) -> None:
    """Every feature is of the picture's revision; the outbox has no gap; each report is readable."""
    store = Store(path)
    assert store.set_aside is None
    loaded = store.load_picture("live")
    if loaded is not None:
        assert {entry["properties"]["rev"] for entry in loaded.features.values()} == {loaded.rev}
        assert len(loaded.features) == 5
    with store.reading() as connection:
        seqs = [row[0] for row in connection.execute("SELECT client_seq FROM outbox ORDER BY client_seq")]
        bodies = [json.loads(row[0]) for row in connection.execute("SELECT body FROM outbox")]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) if seqs else True
    assert all(body["at"] == AT for body in bodies)
    store.close()


WRITER = """
import sys
from pathlib import Path
from mobile.outbox import Outbox
from mobile.store import Store, StoredPicture
store = Store(Path(sys.argv[1]))
outbox = Outbox(store)
stored = store.load_picture("live")
rev = stored.rev if stored else 0
while True:
    rev += 1
    features = {str(n): {"id": str(n), "properties": {"rev": rev, "pad": "x" * 200}} for n in range(50)}
    store.save_picture(StoredPicture("live", "e1", rev, {}, {}, "", "", features), set(features), full=rev % 7 == 0)
    item = outbox.put("note", "live", "e1", "2026-11-21T21:14:07.000Z", "", text=f"note {rev}")
    print(item.client_seq, flush=True)
    if item.client_seq % 3 == 0:
        outbox.acknowledge(item.client_seq - 1, 1, "")
"""


def test_kill_9_at_a_random_moment_loses_no_report_that_was_confirmed(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    path, promised = tmp_path / "tablet.db", 0
    for _ in range(6):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
            assert writer.stdout is not None
            numbers = [int(writer.stdout.readline()) for _ in range(chance.randint(1, 60))]
            os.kill(writer.pid, signal.SIGKILL)
            numbers += map(int, writer.stdout.read().split("\n")[:-1])
        # The one before may have been on disk and not said: then the next run goes on behind it.
        assert numbers[0] - promised in (1, 2)
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        promised = numbers[-1]
        store = Store(path)
        assert store.set_aside is None
        outbox = Outbox(store)
        last = outbox.item(promised)
        assert last is not None, f"report {promised} was promised and is gone"
        assert last.state in (State.WAITING, State.ACKNOWLEDGED)
        assert outbox.item(promised + 2) is None
        loaded = store.load_picture("live")
        assert loaded is not None
        assert {entry["properties"]["rev"] for entry in loaded.features.values()} == {loaded.rev}
        store.close()
