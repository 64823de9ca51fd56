"""The watched folder: complete files once, in their order, never through links, over restarts; troubles are told."""

import os
from pathlib import Path
from typing import Any

import pytest

from server.transports import folder as transport
from server.transports import folder_scan
from server.transports.folder_memory import Memory
from server.transports.folder_scan import Found
from server.transports.kinds import connection
from tests.server import wait_until
from tests.transports.links import Desk, is_lost, running, stands


def settings(path: Path, **more: Any) -> dict[str, Any]:
    return {"transport": "folder", "path": str(path), "poll_s": 0.05, "settle_s": 0.1, **more}


@pytest.fixture
def box(tmp_path: Path) -> Path:
    made = tmp_path / "box"
    made.mkdir()
    return made


def put(path: Path, body: bytes, at_s: float | None = None) -> None:
    """As a careful program writes: elsewhere, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_bytes(body)
    if at_s is not None:
        os.utime(unfinished, (at_s, at_s))
    unfinished.rename(path)


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_files_are_taken_oldest_first_and_moved_to_done_or_failed(box: Path) -> None:
    desk = Desk()
    desk.bad = {b"schlecht"}
    put(box / "b.CSV", b"eins", 1_000)
    put(box / "a.csv", b"zwei", 2_000)
    put(box / "Moers" / "x" / "ö.csv", b"drei", 3_000)
    put(box / "c.csv", b"schlecht", 4_000)
    put(box / "notes.doc", b"nobody's")
    put(box / "d.csv.part", b"half")
    with running("hystreet/x", desk, box.parent / "kept", **settings(box)) as runner:
        wait_until(lambda: names(box / "done") == {"b.CSV", "a.csv", "Moers/x/ö.csv"} and names(box / "failed"))
        assert names(box / "failed") == {"c.csv"}
        put(box / "a.csv", b"vier")
        wait_until(lambda: "1-a.csv" in names(box / "done"))
    assert [(instance, body) for _, instance, body, _ in desk.taken] == [
        *(("x", b"eins"), ("x", b"zwei"), ("x.Moers", b"drei"), ("x", b"vier")),
    ]
    assert desk.taken[2][3] == f"folder {box}/Moers/x/ö.csv"
    assert (box / "done" / "a.csv").read_bytes() == b"zwei"
    assert (box / "done" / "1-a.csv").read_bytes() == b"vier"
    assert runner.stats.refused == 1
    assert names(box) - {f"done/{name}" for name in names(box / "done")} == {"failed/c.csv", "notes.doc", "d.csv.part"}


class Clock:
    """A clock that the test moves, and a count of the looks."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.looks = 0

    def monotonic(self) -> float:
        return self.now

    def look(self, *words: Any) -> folder_scan.Look:
        self.looks += 1
        return LOOK(*words)

    def looked(self) -> None:
        """Wait for a look that began after now."""
        so_far = self.looks
        wait_until(lambda: self.looks >= so_far + 2)


LOOK = folder_scan.look


def test_a_file_that_still_grows_is_left_until_it_is_whole(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(transport, "time", clock)
    monkeypatch.setattr(folder_scan, "look", clock.look)
    desk = Desk()
    with running("hystreet/x", desk, **settings(box, settle_s=2)), (box / "a.csv").open("wb") as file:
        for _ in range(5):
            file.write(b"x")
            file.flush()
            clock.looked()
            clock.now += 1.9
        clock.looked()
        assert desk.taken == []
        clock.now += 0.2
        wait_until(lambda: desk.bodies == [b"xxxxx"])


def test_kept_files_are_taken_once_over_restarts_and_again_when_they_change(box: Path) -> None:
    desk, kept = Desk(), box.parent / "kept"
    put(box / "a.csv", b"eins", 1_000)
    own = settings(box, after="keep")
    with running("hystreet/x", desk, kept, **own):
        wait_until(lambda: len(desk.taken) == 1)
    os.utime(box / "a.csv", (2_000, 2_000))
    with running("hystreet/x", desk, kept, **own):
        put(box / "b.csv", b"zwei")
        wait_until(lambda: len(desk.taken) == 2)
        put(box / "a.csv", b"drei")
        wait_until(lambda: len(desk.taken) == 3)
    assert desk.bodies == [b"eins", b"zwei", b"drei"]
    assert names(box) == {"a.csv", "b.csv"}


def test_what_was_taken_before_a_crash_is_moved_and_not_taken_again(box: Path) -> None:
    put(box / "a.csv", b"eins")
    (file,) = folder_scan.look(box, ["*"], 10, 1).files
    memory = Memory(box.parent / "kept" / "folder-hystreet-x.db")
    memory.keep(file, b"eins", True)
    memory.close()
    desk = Desk()
    with running("hystreet/x", desk, box.parent / "kept", **settings(box)):
        put(box / "b.csv", b"zwei")
        wait_until(lambda: names(box / "done") == {"a.csv", "b.csv"})
    assert desk.bodies == [b"zwei"]


def test_nothing_outside_is_reached_through_links(box: Path) -> None:
    outside = box.parent / "outside"
    put(outside / "secret.csv", b"secret")
    (box / "link.csv").symlink_to(outside / "secret.csv")
    (box / "folder").symlink_to(outside)
    put(box / "a.csv", b"eins")
    desk = Desk()
    with running("hystreet/x", desk, **settings(box)) as runner:
        wait_until(lambda: names(box / "done") == {"a.csv"})
        wait_until(lambda: runner.state.reason == "2 symbolic links are not followed")
    assert desk.bodies == [b"eins"]
    assert (outside / "secret.csv").exists()


@pytest.mark.parametrize("path", ["link.csv", "folder/secret.csv", "queue"])
def test_what_became_a_link_after_the_look_is_not_read(box: Path, path: str) -> None:
    outside = box.parent / "outside"
    put(outside / "secret.csv", b"secret")
    (box / "link.csv").symlink_to(outside / "secret.csv")
    (box / "folder").symlink_to(outside)
    os.mkfifo(box / "queue")
    with pytest.raises(OSError, match=r"symbolic link|Not a directory|no plain file"):
        folder_scan.read(box, path, 100)


def test_done_that_is_a_link_leads_nowhere(box: Path) -> None:
    outside = box.parent / "outside"
    outside.mkdir()
    (box / "done").symlink_to(outside)
    put(box / "a.csv", b"eins")
    desk = Desk()
    with running("hystreet/x", desk, **settings(box)) as runner:
        wait_until(lambda: "a.csv: " in (runner.state.reason or ""))
        wait_until(lambda: runner.stats.refused == 1)
    assert desk.bodies == [b"eins"]
    assert names(outside) == set()


def test_what_is_too_long_is_refused_and_moved(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_READ_BYTES", 10)
    put(box / "a.csv", b"x" * 11)
    desk = Desk()
    with running("hystreet/x", desk, **settings(box)) as runner:
        wait_until(lambda: names(box / "failed") == {"a.csv"})
    assert desk.asked == 0
    assert runner.stats.refused == 1


def test_names_that_nobody_can_write_and_folders_too_deep_are_told(box: Path) -> None:
    put(box / "a" / "b" / "c.csv", b"deep")
    Path(os.fsdecode(os.fsencode(box) + b"/\xff.csv")).write_bytes(b"x")
    desk = Desk()
    with running("hystreet/x", desk, **settings(box, depth=1)) as runner:
        stands(runner)
        wait_until(lambda: "a/b: too deep" in (runner.state.reason or ""))
        assert "'\\udcff.csv': a name that cannot be written" in (runner.state.reason or "")
    assert desk.taken == []


def test_a_folder_with_more_than_is_looked_at_is_emptied_all_the_same(box: Path) -> None:
    for number in range(25):
        put(box / f"{number:02}.csv", b"%d" % number)
    desk = Desk()
    with running("hystreet/x", desk, **settings(box, entries=10)) as runner:
        wait_until(lambda: "more than 10 files" in (runner.state.reason or ""))
        wait_until(lambda: len(names(box / "done")) == 25)
        wait_until(lambda: runner.state.reason is None)
    assert sorted(int(body) for body in desk.bodies) == list(range(25))


def test_a_folder_that_is_not_there_is_waited_for(box: Path) -> None:
    box.rmdir()
    desk = Desk()
    with running("hystreet/x", desk, **settings(box)) as runner:
        is_lost(runner, "No such file or directory")
        put(box / "a.csv", b"eins")
        wait_until(lambda: desk.bodies == [b"eins"])


def test_the_memory_knows_a_file_by_path_size_time_and_content(tmp_path: Path) -> None:
    memory = Memory(None)
    file = Found("a", 4, 1_000, 7)
    assert memory.known(file) is None
    memory.keep(file, b"eins", False)
    assert memory.known(file) is False
    assert memory.known(Found("a", 4, 1_001, 7)) is None
    assert memory.same(Found("a", 4, 1_001, 7), b"eins") is False
    assert memory.same(Found("a", 4, 1_001, 7), b"zwei") is None
    memory.forget(["a"])
    assert memory.paths() == set()
    memory.close()


def test_a_pattern_is_a_name() -> None:
    with pytest.raises(ValueError, match="patterns"):
        connection({"transport": "folder", "path": "/x", "patterns": ["a/*"]})
