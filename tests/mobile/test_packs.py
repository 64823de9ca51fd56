"""Packs on the tablet: fetched over a bad network, gone on from, verified, replaced whole, deleted, searched."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mobile import keeper as keeping
from mobile import pack_words, shelf
from mobile.i18n import Words
from mobile.keeper import Keeper, Phase, download
from mobile.pack import Pack, PackError
from mobile.session import Session
from mobile.shelf import Offer, Shelf
from mobile.store import Store
from server.packs.area import PackEntry
from tests.mobile.network import Network
from tests.server import Server, wait_until

Town = tuple[PackEntry, Path]


def offer_of(server: Server, token: str) -> Offer:
    """What the server offers, once it has cut it."""

    def look() -> list[dict[str, Any]]:
        return list(server.get("/packs", token)["packs"])

    (entry,) = wait_until(look, "the server's pack")
    return Offer.of(entry)


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.token("crew", "HLF", "--unit", "urn:unit:hlf")


@pytest.fixture(scope="module")
def offer(server: Server, token: str) -> Offer:
    return offer_of(server, token)


@pytest.fixture
def session(network: Network, token: str) -> Session:
    return Session(network.url, token, "live", "crew", "HLF", "urn:unit:hlf")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path / "packs")
    yield made
    made.close()


@contextmanager
def keeping_up(session: Session, folder: Path, packs: Shelf) -> Iterator[Keeper]:
    store = Store(folder / "tablet.db")
    keeper = Keeper(session, store, packs)
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.stop()
        store.close()


def other_version(town: Town, folder: Path) -> tuple[Offer, bytes]:
    """The town's pack as it was before: another version, other bytes."""
    entry, path = town
    old = folder / "old"
    shutil.copy(path, old)
    with sqlite3.connect(old) as connection:
        connection.execute("UPDATE metadata SET value = 'before' WHERE name = 'pack_version'")
        connection.execute("UPDATE metadata SET value = '2026-05-03T08:00:00Z' WHERE name = 'data_at'")
    connection.close()
    body = old.read_bytes()
    old.unlink()
    digest = hashlib.sha256(body).hexdigest()
    return Offer("gebiet", "Padertopia", "before", len(body), digest, entry.built_at, "2026-05-03T08:00:00Z"), body


def put(packs: Shelf, offered: Offer, body: bytes) -> None:
    packs.part(offered).write_bytes(body)
    packs.install(offered)


def test_a_pack_comes_by_itself_and_is_what_was_offered(
    session: Session, tmp_path: Path, here: Shelf, offer: Offer
) -> None:
    with keeping_up(session, tmp_path, here) as keeper:
        wait_until(lambda: keeper.state.packs and keeper.state.packs[0].phase is Phase.CURRENT, "the pack")
        assert keeper.state.worst is None
    assert hashlib.sha256(here.path("gebiet").read_bytes()).hexdigest() == offer.sha256
    assert [path.name for path in here.folder.iterdir()] == ["gebiet.pack"]
    (pack,) = here.packs
    assert (pack.info.id, pack.info.version) == ("gebiet", offer.version)
    assert pack.info.parts["tiles"] > 10


def test_a_download_goes_on_where_the_tunnel_began(
    session: Session, network: Network, here: Shelf, offer: Offer
) -> None:
    never = threading.Event()
    heard: list[int] = []
    assert offer.bytes > 100_000
    for _ in range(3):
        network.break_after = 30_000
        with pytest.raises(OSError, match=r"."):
            download(session, offer, here, heard.append, never)
    there = here.part(offer).stat().st_size
    assert 80_000 < there < 90_001, "what had come was not kept"
    before = network.passed_bytes
    download(session, offer, here, heard.append, never)
    assert network.passed_bytes - before < offer.bytes - there + 2_000, "bytes were sent twice"
    here.install(offer)
    assert hashlib.sha256(here.path("gebiet").read_bytes()).hexdigest() == offer.sha256
    assert heard == sorted(heard)
    assert heard[-1] == offer.bytes


def test_the_end_of_another_version_is_never_put_behind_the_beginning_of_this_one(
    session: Session, here: Shelf, offer: Offer
) -> None:
    """The server was given other base data in the middle: If-Range makes it send all of what it has now."""
    stale = Offer(offer.id, offer.title, offer.version, offer.bytes, "0" * 64, offer.built_at, offer.data_at)
    here.part(stale).write_bytes(b"x" * 1000)
    download(session, stale, here, lambda _: None, threading.Event())
    assert here.part(stale).read_bytes()[:6] == b"SQLite"
    with pytest.raises(PackError, match="not those"):
        here.install(stale)
    assert not here.part(stale).exists()
    assert here.packs == ()


def test_through_tunnels_the_keeper_gets_there(
    session: Session, network: Network, tmp_path: Path, here: Shelf, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "RETRY_FIRST_S", 0.05)
    network.break_after = 20_000
    with keeping_up(session, tmp_path, here) as keeper:
        for _ in range(3):
            wait_until(lambda: network.break_after is None or here.packs, "the tunnel")
            network.break_after = 20_000
        network.cut()
        wait_until(lambda: not keeper.state.packs or keeper.state.worst, "the keeper to know")
        network.break_after = None
        network.restore()
        wait_until(lambda: here.packs, "the pack")
    assert here.packs[0].info.version == offer.version


def test_a_new_version_replaces_the_old_one_and_damage_is_mended(
    session: Session, tmp_path: Path, here: Shelf, offer: Offer, town_pack: Town
) -> None:
    put(here, *other_version(town_pack, tmp_path))
    assert here.packs[0].info.version == "before"
    reader = here.packs[0]
    tile = reader.tile(15, 17183, 10848)
    (here.folder / f"gebiet.{'1' * 16}.part").write_bytes(b"of a version that is gone")
    with keeping_up(session, tmp_path, here) as keeper:
        wait_until(lambda: here.packs[0].info.version == offer.version, "the new version")
        wait_until(lambda: keeper.state.packs[0].phase is Phase.CURRENT, "the state")
    assert tile is not None
    assert reader.tile(15, 17183, 10848) is None, "the old pack is closed, and says nothing"
    assert [path.name for path in here.folder.iterdir()] == ["gebiet.pack"]
    body = bytearray(here.path("gebiet").read_bytes())
    body[len(body) // 2] ^= 1
    here.path("gebiet").write_bytes(body)
    again = Shelf(here.folder)
    with keeping_up(session, tmp_path / "again", again):
        wait_until(
            lambda: hashlib.sha256(again.path("gebiet").read_bytes()).hexdigest() == offer.sha256, "the good bytes"
        )
    again.close()


def test_what_the_server_has_no_more_is_deleted_and_what_nobody_was_asked_about_is_kept(
    session: Session, network: Network, tmp_path: Path, here: Shelf, town_pack: Town
) -> None:
    entry, path = town_pack
    body = path.read_bytes().replace(b"gebiet", b"abgabe")
    old = Offer("abgabe", "Alt", entry.version, len(body), hashlib.sha256(body).hexdigest(), "", "2026-05-03T08:00:00Z")
    put(here, old, body)
    network.cut()
    with keeping_up(session, tmp_path, here) as keeper:
        (state,) = keeper.state.packs
        assert (state.phase, state.id) == (Phase.UNKNOWN, "abgabe")
        assert here.get("abgabe") is not None
        network.restore()
        keeper.wake()
        wait_until(lambda: here.get("abgabe") is None and here.get("gebiet") is not None, "the change")
    assert not here.path("abgabe").exists()


def test_a_server_that_has_lost_its_maps_takes_none_from_the_tablet(
    session: Session, tmp_path: Path, here: Shelf, town_pack: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(here, *other_version(town_pack, tmp_path))
    asked = threading.Event()
    answer: dict[str, Any] = {"packs": [], "areas": ["gebiet"], "building": False}

    def fetch(url: str, **_: Any) -> tuple[int, bytes, dict[str, str]]:
        assert url.endswith("/packs?situation=live")
        asked.set()
        return 200, json.dumps(answer).encode(), {}

    monkeypatch.setattr(keeping, "fetch", fetch)
    for areas, kept in ((["gebiet"], True), ([], True), (None, True), (["senne"], False)):
        answer["areas"] = areas
        asked.clear()
        with keeping_up(session, tmp_path, here):
            assert asked.wait(30)
        assert (here.get("gebiet") is not None) is kept, areas


def test_without_space_nothing_is_fetched_and_it_is_said(
    session: Session, tmp_path: Path, here: Shelf, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    full = type(usage)(usage.total, usage.used, offer.bytes + shelf.RESERVE_BYTES - 1)
    monkeypatch.setattr("mobile.shelf.shutil.disk_usage", lambda _: full)
    with keeping_up(session, tmp_path, here) as keeper:
        wait_until(lambda: keeper.state.worst and keeper.state.worst.problem == "space", "the problem")
        assert pack_words.warning(keeper.state, Words()) == "Karte fehlt – kein Platz auf dem Tablet"
        assert list(here.folder.iterdir()) == []


def test_what_is_missing_is_known_without_a_network(
    session: Session, network: Network, tmp_path: Path, here: Shelf, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Shelf, "room_for", lambda *_: False)
        with keeping_up(session, tmp_path, here) as keeper:
            wait_until(lambda: keeper.state.asked and keeper.state.packs, "the list")
    network.cut()
    with keeping_up(session, tmp_path, here) as keeper:
        assert keeper.state.worst is not None
        assert keeper.state.worst.phase is Phase.MISSING


INSTALL = """
import sys
from pathlib import Path
from mobile.shelf import Offer, Shelf
folder, *fields = sys.argv[1:]
offers = [Offer(*fields[n:n+3], int(fields[n+3]), *fields[n+4:n+8]) for n in (0, 8)]
shelf = Shelf(Path(folder))
bodies = [(Path(folder).parent / name).read_bytes() for name in ("old.body", "new.body")]
print("ready", flush=True)
while True:
    for offer, body in zip(offers, bodies):
        shelf.part(offer).write_bytes(body)
        shelf.install(offer)
"""


def test_whenever_it_is_killed_there_is_one_whole_pack(tmp_path: Path, town_pack: Town) -> None:
    entry, path = town_pack
    before, body = other_version(town_pack, tmp_path)
    after = Offer(entry.id, entry.title, entry.version, entry.bytes, entry.sha256, entry.built_at, entry.data_at)
    (tmp_path / "old.body").write_bytes(body)
    (tmp_path / "new.body").write_bytes(path.read_bytes())
    folder = tmp_path / "packs"
    put(Shelf(folder), before, body)
    whole = {before.sha256, after.sha256}
    fields = [str(value) for offered in (before, after) for value in vars(offered).values()]
    seen = set()
    for round_ in range(8):
        command = [sys.executable, "-c", INSTALL, str(folder), *fields]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            threading.Event().wait(0.003 + 0.011 * round_)  # somewhere else in the loop each time
            os.kill(writer.pid, signal.SIGKILL)
        digest = hashlib.sha256((folder / "gebiet.pack").read_bytes()).hexdigest()
        assert digest in whole
        seen.add(digest)
        opened = Shelf(folder)
        assert [pack.info.version for pack in opened.packs] == ["before" if digest == before.sha256 else after.version]
        opened.close()


def test_a_file_that_is_no_pack_is_put_away(tmp_path: Path, town_pack: Town) -> None:
    body = town_pack[1].read_bytes()
    for number, wrong in enumerate((b"", b"not a database" * 500, body[:5000], body.replace(b"LBPK", b"XXXX"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "gebiet.pack").write_bytes(wrong)
        opened = Shelf(folder)
        assert opened.packs == (), number
        assert not (folder / "gebiet.pack").exists()
    with pytest.raises(PackError, match="format 2"):
        (tmp_path / "future").write_bytes(body[:60] + (2).to_bytes(4, "big") + body[64:])
        Pack(tmp_path / "future")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../x"},
        {"id": "A"},
        {"bytes": 0},
        {"bytes": 1 << 60},
        {"bytes": "x"},
        {"sha256": "zz"},
        {"version": None},
    ],
)
def test_an_offer_that_cannot_be_is_refused(town_pack: Town, change: dict[str, Any]) -> None:
    entry = {name: getattr(town_pack[0], name) for name in ("id", "title", "version", "bytes", "sha256", "built_at")}
    good = {**entry, "data_at": ""}
    Offer.of(good)
    for name, value in change.items():
        wrong = {key: old for key, old in good.items() if key != name} if value is None else {**good, name: value}
        with pytest.raises(ValueError, match=r"."):
            Offer.of(wrong)
