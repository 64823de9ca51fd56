"""Files of state: written so that a crash leaves the old one or the new one, and nowhere otherwise."""

import ast
import os
from pathlib import Path
from typing import Any

import pytest

from mobile import session
from server.durable import install, replace_file
from tests.house.repository import modules, tree

OTHERWISE = {
    "server/durable.py": "this is how",
    "server/base/objects/plans.py": "pages in a folder that is put in place as a whole, each flushed",
    "server/base/mend.py": "a scratch file",
    "server/base/kinds.py": "the same",
    "server/base/objects/draw_pages.py": "pages in the draft of a plan, each flushed; why there are none",
    "server/base/road_graph.py": "in the folder of a build, flushed and put in place as a whole",
    "server/base/tiles.py": "the same",
    "server/recorder.py": "the draft of a recording, put in place as a whole",
    "mobile/session.py": "the app, which imports nothing of the server: flushed the same way",
    "mobile/keeper.py": "a download, verified and flushed when it is whole",
    "mobile/ui/gong.py": "a sound, made anew at each start",
}
"""Modules that write files themselves, and why they may."""
WRITING = ("w", "a", "x")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the disk, in its order."""
    told: list[str] = []

    def fsync(descriptor: int, flush: Any = os.fsync) -> None:
        told.append(f"flush {Path('/proc/self/fd', str(descriptor)).readlink().name}")
        flush(descriptor)

    def replace(beside: Path, path: Path, move: Any = Path.replace) -> Path:
        told.append(f"rename {Path(beside).name} {Path(path).name}")
        moved: Path = move(beside, path)
        return moved

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    return told


def test_a_file_is_flushed_before_it_takes_its_place_and_the_folder_after(tmp_path: Path, steps: list[str]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "state.json").write_bytes(b"old")
    replace_file(folder / "state.json", b"new" * 100_000)
    beside = f"state.json.{os.getpid()}.new"
    assert steps == [f"flush {beside}", f"rename {beside} state.json", "flush data"]
    assert (folder / "state.json").read_bytes() == b"new" * 100_000
    assert [path.name for path in folder.iterdir()] == ["state.json"]
    assert (folder / "state.json").stat().st_mode & 0o777 == 0o600


def test_the_session_of_a_tablet_is_on_disk_before_anybody_relies_on_it(tmp_path: Path, steps: list[str]) -> None:
    kept = session.Session("https://lage.example.org", "t", "live", "crew", "HLF", "hlf")
    session.save(tmp_path / "tablet", kept)
    assert steps == ["flush session.json.new", "rename session.json.new session.json", "flush tablet"]
    assert session.load(tmp_path / "tablet") == kept


def test_what_cannot_be_flushed_does_not_take_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "state.json").write_bytes(b"old")
    (tmp_path / "draft").write_bytes(b"new")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(tmp_path / "state.json", b"new")
    with pytest.raises(OSError, match="No space"):
        install(tmp_path / "draft", tmp_path / "state.json")
    assert (tmp_path / "state.json").read_bytes() == b"old"


def writes(node: ast.AST) -> bool:
    """A call that makes or changes a file without `server.durable`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
    modes = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    opened = name in ("open", "fdopen") and any(mode.startswith(WRITING) and len(mode) <= 3 for mode in modes)
    return opened or name in ("write_bytes", "write_text")


def test_nobody_writes_files_of_state_another_way() -> None:
    found = {name for name, path in modules("server", "mobile") if any(writes(node) for node in ast.walk(tree(path)))}
    assert found - set(OTHERWISE) == set()
