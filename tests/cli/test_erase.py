"""Erasing a situation: nothing of it is left in any file of the folder, and what is of others stays."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from layers.observation import Sensitivity
from server import quarantined
from server.app import build
from server.cli import main
from server.config import Settings
from server.feeds import BAD_ENTITY, DecodeError
from server.home_drawing import Drawn
from server.house import House
from server.quarantine import Quarantine, row
from tests.layers.world import at

WORD = "Suchwort-Muster"
LIVE_ONLY = {"homes.json": {"urn:b": "urn:m"}}


def opened(data: Path) -> House:
    house = build(data, Settings())
    house.situations.start()
    return house


def closed(house: House) -> None:
    house.sync.stop()
    house.situations.stop()
    house.access.close()
    house.media.close()
    house.home_pictures.close()
    house.quarantine.close()


def holding(data: Path, word: str) -> list[str]:
    """Files in which the word stands."""
    found = [path for path in data.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]
    return sorted(path.relative_to(data).as_posix() for path in found)


def run(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [*map(str, words)])
    return done.exit_code, done.output


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which somebody is named: in a mission, in what was refused, in a photograph; and in an exercise."""
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "threading")
    data = tmp_path / "data"
    house = opened(data)
    mission: dict[str, Any] = {"id": "urn:ngsi-ld:Alert:1", "type": "Alert", "data": {"reporter": f"Erika {WORD}"}}
    body = json.dumps({"actionType": "append", "entities": [mission]}).encode()
    house.intake.take(house.situations.live, "ngsi", "leitstelle", body, "leitstelle")
    with pytest.raises(DecodeError):
        house.intake.take(house.situations.live, "ngsi", "leitstelle", f"{{{WORD}".encode(), "leitstelle")
    refused = row(at=at(0), situation="ex-1", source="ngsi/x", sender="s", kind=BAD_ENTITY, reason="r", excerpt="Übung")
    house.quarantine.add([refused])
    house.media.put("live", WORD.encode() * 10, "image/jpeg", Sensitivity.PERSONAL)
    drawn = Drawn(mime="image/png", pages=(WORD.encode() * 11,), page_mime="image/jpeg", small=WORD.encode() * 12)
    house.home_pictures.put("urn:ngsi-ld:Building:1", f"{WORD}.png", WORD.encode() * 13, drawn, "0" * 8, granted=True)
    closed(house)
    for name, told in LIVE_ONLY.items():
        (data / name).write_text(json.dumps(told))
    (data / "connections").mkdir(exist_ok=True)
    (data / "connections" / "ngsi_x.poll.json").write_text("{}")
    return data


def test_nothing_is_left_of_what_was_erased(data: Path) -> None:
    assert len(holding(data, WORD)) >= 3
    code, told = run("erase", "--data", data, "--situation", "live", "--yes")
    assert (code, told.splitlines()[1][:11]) == (0, "still there"), told
    assert holding(data, WORD) == []
    assert not (data / "homes.json").exists()
    assert not (data / "connections" / "ngsi_x.poll.json").exists()
    with sqlite3.connect(data / "audit.db") as trail:
        assert trail.execute("SELECT action, situation FROM audit ORDER BY seq DESC LIMIT 1").fetchone() == (
            "erased",
            "live",
        )
    trail.close()
    again = opened(data)
    try:
        assert again.situations.live.picture.features == {}
        assert [one.excerpt for one in again.quarantine.list()] == ["Übung"], "another situation's stays"
    finally:
        closed(again)


def test_no_folder_is_erased_under_a_server_that_runs(data: Path) -> None:
    house = opened(data)
    try:
        code, told = run("erase", "--data", data, "--situation", "live", "--yes")
        assert (code, "in use by another server" in told) == (1, True)
    finally:
        closed(house)
    assert holding(data, WORD)


@pytest.mark.parametrize("situation", ["ex-nobody-1", "..", "../live", ""])
def test_what_is_no_situation_is_left_alone(data: Path, situation: str) -> None:
    code, told = run("erase", "--data", data, "--situation", situation, "--yes")
    assert (code, "there is no situation" in told) == (1, True)
    assert holding(data, WORD)


def test_who_is_asked_may_say_no(data: Path) -> None:
    done = CliRunner().invoke(main, ["erase", "--data", str(data), "--situation", "live"], input="n\n")
    assert done.exit_code == 1
    assert holding(data, WORD)


def test_an_exercise_goes_with_its_folder(data: Path) -> None:
    folder = data / "exercises" / "ex-1"
    folder.mkdir(parents=True)
    (folder / "take-1.db").write_bytes(b"x")
    assert run("erase", "--data", data, "--situation", "ex-1", "--yes")[0] == 0
    assert not folder.exists()
    assert holding(data, "Übung") == []
    assert holding(data, WORD), "live stays"


def test_excerpts_fade_after_as_long_as_messages_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = Quarantine(tmp_path / "q.db")
    for source in ("ngsi/a", "ngsi/b"):
        one = row(at=at(0), situation="live", source=source, sender="s", kind=BAD_ENTITY, reason="r", excerpt=WORD)
        register.add([one])
    assert [one.excerpt for one in register.list()] == [WORD, WORD]
    register.database.execute("UPDATE refused SET kept_at = kept_at - ? WHERE instance = 'a'", (quarantined.KEEP_S,))
    register.add([row(at=at(0), situation="live", source="ngsi/c", sender="s", kind=BAD_ENTITY, reason="r")])
    assert [(one.instance, one.excerpt, one.reason) for one in register.list()] == [
        ("c", "", "r"),
        ("b", WORD, "r"),
        ("a", "", "r"),
    ]
    assert register.counts()["bytes"] == len(WORD) + 3
    register.close()
