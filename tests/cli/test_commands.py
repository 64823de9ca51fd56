"""The command as operators and scripts use it: what it prints, and its exit codes."""

import json
import re
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.ogc.gis import ids_by_gdal
from tests.server import BareServer, Server, lagebild, wait_until
from tests.sync.test_wire import UNIT, unit, update

TOKEN = re.compile(r"[\w-]{43}\n")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after a server that has seen something live and an exercise."""
    data = tmp_path_factory.mktemp("data")
    with Server(data, "--demo", "hausbrand") as server:
        wait_until(lambda: len(server.lines) >= 7, "the links")
        feed, planner = server.token("feed", "leitstelle"), server.token("planner")
        update(server, feed, unit(UNIT, 8.71))
        update(server, feed, unit(UNIT, 8.72))
        path = "/situations/ex-hausbrand-1/clock"
        jump = server.request("POST", path, planner, json={"action": "jump", "to": "2026-09-12T19:43:00Z"})
        assert jump.status_code == 200, jump.text
    return data


def test_a_token_comes_alone_before_any_server_ran(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    done = lagebild("token", "create", "--data", data, "--role", "crew", "--name", "HLF 1", "--unit", "urn:1")
    assert (done.returncode, done.stderr) == (0, "")
    assert TOKEN.fullmatch(done.stdout)
    listed = lagebild("token", "list", "--data", data)
    header, row = listed.stdout.splitlines()
    found = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert (found["name"], found["role"], found["unit"], found["situations"]) == ("HLF 1", "crew", "urn:1", "live")
    assert done.stdout.strip() not in listed.stdout
    assert lagebild("token", "revoke", found["id"], "--data", data).returncode == 0
    again = lagebild("token", "revoke", found["id"], "--data", data)
    assert (again.returncode, again.stderr) == (1, f"Error: no open token with the id '{found['id']}'\n")
    assert "audit trail: 2 lines, chain holds" in lagebild("doctor", "--data", data).stdout


@pytest.mark.parametrize(
    "words",
    [
        ("token", "create", "--role", "chief", "--name", "x"),
        ("token", "create", "--role", "control"),
        ("token", "create", "--role", "control", "--name", "x", "--unit", "urn:1"),
        ("token", "create", "--role", "control", "--name", "x", "--days", "0"),
        ("token", "create", "--role", "control", "--name", "x", "--situation", "nonsense"),
        ("link", "--role", "feed", "--name", "x"),
        ("serve", "--port", "70000"),
        ("nonsense",),
    ],
)
def test_wrong_words_give_exit_code_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    options = () if words == ("nonsense",) else ("--data", tmp_path)
    done = lagebild(*words, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error:" in done.stderr


def test_serve_says_where_and_stops_cleanly(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:[1-9]\d*\n", server.lines[0])
    assert server.get("/healthz") == {"status": "alive"}
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(30) == 0
    assert len(server.lines) == 1
    lines = [json.loads(line) for line in server.log]
    assert [line["message"] for line in lines] == ["started", "stopping", "stopped"]
    assert lines[1]["signal"] == "SIGINT"


def test_serve_with_a_demo_prints_a_link_each(lived: Path, tmp_path: Path) -> None:
    with BareServer(tmp_path, "--demo", "hausbrand") as server:
        wait_until(lambda: len(server.lines) >= 7, "the links")
        assert server.get("/config", server.token("control"))["base"]["name"] == "Padertopia"
        text = "".join(server.lines[1:])
        assert "ÜBUNG" in text
        assert "make app" in text
        for page, role in (("control", "control"), ("planner", "planner"), ("liaison", "liaison"), ("app", "crew")):
            found = re.search(rf"{re.escape(server.url)}/{page}#code=([\w-]+)&situation=(ex-hausbrand-1)\n", text)
            assert found, text
            given = server.request("POST", "/auth/exchange", json={"code": found[1]}).json()
            assert (given["role"], given["situation"]) == (role, found[2])
        log = "".join(server.log)
        assert not re.search(r"code=|[\w-]{43}", log)


@pytest.mark.parametrize("words", [("--demo", "nonsense"), ("--config", "none.toml")])
def test_serve_says_why_it_cannot(tmp_path: Path, words: tuple[str, str]) -> None:
    done = lagebild("serve", "--port", "0", "--data", tmp_path, *words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert words[1] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "access.db").write_bytes(b"not a database" * 1000)
    for data in (tmp_path / "file" / "data", tmp_path / "damaged"):
        for words in (("token", "create", "--role", "control", "--name", "x"), ("serve", "--port", "0")):
            done = lagebild(*words, "--data", data)
            assert (done.returncode, done.stdout) == (1, "")
            assert f"{data} cannot be used" in done.stderr
            assert "Traceback" not in done.stderr


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with Server(tmp_path / "one") as server:
        port = server.url.rsplit(":", 1)[1]
        done = lagebild("serve", "--port", port, "--data", tmp_path / "two")
        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_the_environment_sets_what_the_file_sets(tmp_path: Path) -> None:
    (tmp_path / "lagebild.toml").write_text("[server]\nlang = 'en'\nlive_title = 'Paderborn'\n")
    with Server(tmp_path, LAGEBILD_SERVER_LIVE_TITLE="Kreis Paderborn") as server:
        control = server.token("control")
        assert server.get("/config", control)["lang"] == "en"
        assert server.get("/situations", control)["situations"][0]["title"] == "Kreis Paderborn"
    (tmp_path / "lagebild.toml").write_text("[server]\nprot = 1\n")
    done = lagebild("serve", "--data", tmp_path)
    assert (done.returncode, "did you mean port?" in done.stderr) == (1, True)


def test_a_link_signs_in(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        done = lagebild("link", "--data", tmp_path, "--role", "liaison", "--name", "Polizei", "--url", server.url)
        code = re.fullmatch(rf"{re.escape(server.url)}/liaison#code=([\w-]+)\n", done.stdout)
        assert code, done.stdout
        assert server.request("POST", "/auth/exchange", json={"code": code[1]}).json()["role"] == "liaison"


def test_verify_and_doctor_prove_what_is_whole(lived: Path) -> None:
    proven = lagebild("verify", "--data", lived)
    assert proven.returncode == 0, proven.stdout
    assert re.search(r"^ok +live: 2 entries, 2 original messages, 1 snapshots; head [0-9a-f]{64}", proven.stdout, re.M)
    assert "ok       ex-hausbrand-1: " in proven.stdout
    looked = lagebild("doctor", "--data", lived)
    assert "no server is running on this folder" in looked.stdout
    assert "chain holds" in looked.stdout
    assert lagebild("verify", "--data", lived, "--situation", "ex-none-1").returncode == 1


def test_verify_finds_what_was_changed(lived: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert lagebild("backup", "--data", lived, copy).returncode == 0
    assert lagebild("verify", "--data", copy).returncode == 0
    db = sqlite3.connect(copy / "live" / "journal.db")
    db.execute("UPDATE entries SET observation = CAST(replace(CAST(observation AS TEXT), '8.72', '8.73') AS BLOB)")
    db.commit()
    db.close()
    broken = lagebild("verify", "--data", copy, "--situation", "live")
    assert broken.returncode == 1
    assert "PROBLEM  live:" in broken.stdout
    assert lagebild("doctor", "--data", copy).returncode == 1
    assert lagebild("backup", "--data", lived, copy).returncode == 1


def test_export(lived: Path, tmp_path: Path) -> None:
    out = tmp_path / "picture.geojson"
    assert lagebild("export", "--data", lived, "--out", out).returncode == 0
    picture = json.loads(out.read_bytes())
    assert (picture["status"], picture["rev"]) == ("Actual", 2)
    assert UNIT in {feature["id"] for feature in picture["features"]}
    lines = lagebild("export", "--data", lived, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2]
    exercise = ("export", "--data", lived, "--situation", "ex-hausbrand-1")
    then = json.loads(lagebild(*exercise, "--at", "2026-09-12T19:41:00Z").stdout)
    now = json.loads(lagebild(*exercise).stdout)
    assert then["status"] == now["status"] == "Exercise"
    assert 0 < then["rev"] < now["rev"]
    police = json.loads(lagebild(*exercise, "--role", "liaison").stdout)
    assert "devices" not in {feature["properties"]["layer"] for feature in police["features"]}
    seen = {feature["id"] for feature in police["features"]}
    for form in ("kml", "gpkg"):
        file = tmp_path / f"police.{form}"
        written = lagebild(*exercise, "--role", "liaison", "--format", form, "--out", file)
        assert (written.returncode, written.stderr) == (0, "")
        assert ids_by_gdal(file) == seen
    assert b"<name>\xc3\x9cBUNG: Hausbrand" in (tmp_path / "police.kml").read_bytes()
    missing = lagebild("export", "--data", lived, "--situation", "ex-none-1")
    assert (missing.returncode, missing.stderr[:7]) == (1, "Error: ")


def test_what_is_recorded_plays_to_the_same_picture(lived: Path, tmp_path: Path) -> None:
    done = lagebild(
        "record", "--data", lived, "--situation", "ex-hausbrand-1", "--name", "again", "--out", tmp_path / "again.jsonl"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["messages"] > 50
    played = json.loads(lagebild("replay", tmp_path / "again.jsonl").stdout)
    assert json.loads(lagebild("replay", tmp_path / "again.jsonl").stdout) == played
    assert played["digest"] in lagebild("verify", "--data", lived).stdout
    assert lagebild("record", "--data", lived, "--name", "Bad Name").returncode == 1
    shutil.rmtree(lived / "scenarios", ignore_errors=True)


def test_replay_of_a_written_scenario(tmp_path: Path) -> None:
    out = tmp_path / "picture.geojson"
    played = json.loads(lagebild("replay", "hausbrand", "--until", "120", "--out", out).stdout)
    assert played["refused"] == 0
    assert played["features"] == len(json.loads(out.read_bytes())["features"]) > 10
    assert lagebild("replay", "no-such-scenario").returncode == 1
    (tmp_path / "bad.jsonl").write_text("{}\n")
    assert lagebild("replay", tmp_path / "bad.jsonl").returncode == 1


def test_feeds_are_listed() -> None:
    lines = lagebild("feeds").stdout.splitlines()
    assert any(line.startswith("ngsi\t") for line in lines)
    assert lines == sorted(lines)
