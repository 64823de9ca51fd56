"""Packs over HTTP: who gets them, whole or by ranges, and what is kept on the server's disk."""

import hashlib
from pathlib import Path

import pytest
from flask import Flask

from server.access import Role
from server.base.base import TILES, Base, Bases
from server.base.build import build
from server.house import House
from server.http.files import PIECE_BYTES, send
from server.packs.area import PackArea
from server.packs.store import WHOLE, PackStore
from tests.base.osm import Sheet
from tests.http.conftest import Call
from tests.server import wait_until

CARRIERS = {Role.CREW, Role.CONTROL, Role.PLANNER, Role.ADMIN}


@pytest.fixture
def ready(house: House) -> House:
    house.packs.refresh()
    return house


def test_the_list_names_the_pack_and_its_bytes(call: Call, ready: House, town_base: Base) -> None:
    told = call("GET", "/packs", "crew").get_json()
    assert told["building"] is False
    assert told["areas"] == [WHOLE]
    (entry,) = told["packs"]
    assert set(entry) == {"id", "title", "version", "bytes", "sha256", "built_at", "data_at", "bbox", "parts"}
    assert (entry["id"], entry["title"]) == (WHOLE, "Padertopia")
    assert entry["built_at"] == town_base.manifest.built_at
    whole = call("GET", f"/packs/{WHOLE}", "crew")
    assert whole.status_code == 200
    assert (len(whole.data), hashlib.sha256(whole.data).hexdigest()) == (entry["bytes"], entry["sha256"])
    assert whole.headers["ETag"] == f'"{entry["sha256"]}"'
    assert "no-transform" in whole.headers["Cache-Control"]
    assert call("GET", f"/packs/{WHOLE}", "crew", headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", ["/packs", f"/packs/{WHOLE}"])
def test_who_gets_packs(call: Call, ready: House, role: Role, path: str) -> None:
    assert call("GET", path, role).status_code == (200 if role in CARRIERS else 403)
    assert call("GET", path).status_code == 401


def test_a_download_goes_on_where_it_broke(call: Call, ready: House) -> None:
    whole = call("GET", f"/packs/{WHOLE}", "crew")
    size, tag = len(whole.data), whole.headers["ETag"]

    def part(range_: str, if_range: str) -> tuple[int, bytes]:
        answer = call("GET", f"/packs/{WHOLE}", "crew", headers={"Range": range_, "If-Range": if_range})
        return answer.status_code, answer.data

    assert part("bytes=1000-", tag) == (206, whole.data[1000:])
    assert part(f"bytes={size - 1}-", tag) == (206, whole.data[-1:])
    assert part("bytes=1000-1999", tag) == (206, whole.data[1000:2000])
    assert part("bytes=1000-", '"another"') == (200, whole.data), "the end of another version was sent"
    assert part(f"bytes={size}-", tag)[0] == 416


def test_a_pack_is_sent_in_large_pieces(app: Flask, ready: House) -> None:
    (entry,) = ready.packs.entries
    with app.test_request_context(f"/packs/{WHOLE}", headers={"Range": "bytes=1000-"}):
        answer = send(ready.packs.path(entry), "gone", mimetype="application/vnd.sqlite3")
        answer.direct_passthrough = False
        sizes = [len(piece) for piece in answer.iter_encoded()]
        answer.close()
    assert sum(sizes) == entry.bytes - 1000
    assert len(sizes) == 2
    assert sizes[0] == PIECE_BYTES


def test_what_is_cut_and_sent_is_counted(app: Flask, call: Call, house: House, tmp_path: Path) -> None:
    def value(name: str, **labels: str) -> float:
        return house.metrics.registry.get_sample_value(f"lagebild_{name}_total", labels) or 0.0

    house.packs.refresh()
    house.packs.refresh()
    assert value("packs_cut", kind="area", outcome="cut") == 1
    again = PackStore(tmp_path / "data" / "packs", house.bases, (), metrics=house.metrics)
    (entry,) = house.packs.entries
    again._folder = house.packs.path(entry).parent
    again.refresh()
    assert value("packs_cut", kind="area", outcome="cut") == 1, "it lay there"
    outside = PackStore(tmp_path / "other", house.bases, (PackArea(id="a", title="A", bbox=(0, 0, 1, 1)),),
                        metrics=house.metrics)  # fmt: skip
    outside.refresh()
    assert value("packs_cut", kind="area", outcome="failed") == 1
    path = f"/packs/{WHOLE}"
    assert call("GET", path, "crew").status_code == 200
    assert value("pack_bytes") == entry.bytes
    assert call("GET", path, "crew", headers={"Range": "bytes=1000-200999"}).status_code == 206
    assert value("pack_bytes") == entry.bytes + 200_000
    assert call("HEAD", path, "crew").status_code == 200
    assert call("GET", path, "crew", headers={"If-None-Match": f'"{entry.sha256}"'}).status_code == 304
    assert call("GET", "/packs/none", "crew").status_code == 404
    assert call("GET", path, "liaison").status_code == 403
    told = {status: value("pack_downloads", status=status) for status in ("200", "206", "304", "404", "403")}
    assert told == {"200": 2, "206": 1, "304": 1, "404": 1, "403": 1}
    assert (value("pack_bytes"), value("pack_aborts")) == (entry.bytes + 200_000, 0)
    # The network breaks after the first piece.
    token, _ = house.access.create("crew", "Tablet", "urn:1", "*")
    broken = app.test_client().get(path, headers={"Authorization": f"Bearer {token}"}, buffered=False)
    assert len(next(iter(broken.response))) == PIECE_BYTES
    broken.close()
    assert (value("pack_bytes"), value("pack_aborts")) == (entry.bytes + 200_000 + PIECE_BYTES, 1)


def test_a_pack_that_is_not_there(call: Call, ready: House) -> None:
    for path in ("/packs/none", "/packs/..", "/packs/%2e%2e%2faccess.db", f"/packs/{WHOLE}?version=0123456789abcdef"):
        assert call("GET", path, "crew").status_code == 404, path
    entry = ready.packs.entries[0]
    assert call("GET", f"/packs/{WHOLE}?version={entry.version}", "crew").status_code == 200
    ready.packs.path(entry).unlink()
    assert call("GET", f"/packs/{WHOLE}", "crew").status_code == 404


def test_without_base_data_there_is_no_pack(tmp_path: Path) -> None:
    store = PackStore(tmp_path / "packs", Bases(tmp_path / "base"), ())
    store.refresh()
    assert (store.entries, store.building, store.areas) == ([], False, [WHOLE])


def test_damaged_base_data_end_no_pack_but_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.packs.store.ROUND_S", 0.01)
    bases = Bases(tmp_path / "base")
    store = PackStore(tmp_path / "packs", bases, ())
    osm = Sheet()
    osm.square(8.75, 51.717, 0.004, building="yes", name="Schule")
    damaged = build(osm.write(tmp_path / "a.osm"), tmp_path / "base")
    damaged.file(TILES).write_bytes(b"PMTiles\x03" + b"\xff" * 2_000)
    store.start()
    try:
        wait_until(lambda: not store.building, "the damaged base data to be given up")
        assert store.entries == []
        osm.square(8.76, 51.717, 0.004, building="yes", name="Kirche")
        build(osm.write(tmp_path / "a.osm"), tmp_path / "base")
        wait_until(lambda: store.entries, "the pack of sound base data")
        assert [path.suffix for path in sorted((tmp_path / "packs").iterdir())] == [".json", ".pack"]
    finally:
        store.stop()


def test_new_base_data_replace_the_packs_and_old_files_go(tmp_path: Path) -> None:
    folder, bases = tmp_path / "packs", Bases(tmp_path / "base")
    areas = (
        PackArea(id="nord", title="Nord", bbox=(8.7, 51.71, 8.8, 51.8)),
        PackArea(id="meer", title="Meer", bbox=(0, 0, 1, 1)),
    )
    store = PackStore(folder, bases, areas)

    def build_town(name: str) -> None:
        osm = Sheet()
        osm.square(8.75, 51.717, 0.004, building="yes", name=name)
        build(osm.write(tmp_path / "a.osm"), tmp_path / "base")

    build_town("Schule")
    store.refresh()
    (first,) = store.entries
    assert store.areas == ["nord", "meer"]
    assert first.id == "nord", "an area without base data must not keep the others from their pack"
    stamp = store.path(first).stat().st_mtime_ns
    again = PackStore(folder, bases, areas)
    again.refresh()
    assert again.entries == [first]
    assert store.path(first).stat().st_mtime_ns == stamp, "cut again although nothing changed"
    with store.path(first).open("rb") as reader:  # somebody is in the middle of a download
        build_town("Kirche")
        store.refresh()
        assert hashlib.sha256(reader.read()).hexdigest() == first.sha256
    (second,) = store.entries
    assert second.version != first.version
    assert {path.name for path in folder.iterdir()} == {f"nord-{second.version}.pack", f"nord-{second.version}.json"}
    store.path(second).write_bytes(b"damaged")
    repaired = PackStore(folder, bases, areas)
    repaired.refresh()
    assert repaired.entries == [second]
    assert hashlib.sha256(store.path(second).read_bytes()).hexdigest() == second.sha256
