"""Files that features refer to: kept by content, bounded, durable, and shown to those who may see the feature."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from layers.observation import Sensitivity
from server.house import House
from server.media import MediaError, MediaSettings, MediaStore, media_id, media_url
from tests.http.conftest import Call

PICTURE = b"\xff\xd8\xff\xe0 a picture"
PERSONAL = Sensitivity.PERSONAL


class Time:
    """A clock that a test moves."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def store(folder: Path, **settings: Any) -> tuple[MediaStore, Time]:
    """A store with a clock of its own."""
    time = Time()
    return MediaStore(folder, MediaSettings(**settings), time), time


def files(folder: Path) -> list[str]:
    """What lies there besides the index."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("index.db"))
    return sorted(str(path.relative_to(folder)) for path in found)


def test_a_file_is_named_by_its_content_and_survives_the_end(tmp_path: Path) -> None:
    kept, _ = store(tmp_path)
    name = kept.put("live", PICTURE, "image/jpeg", subject="citizen:1")
    assert name == hashlib.sha256(PICTURE).hexdigest() == media_id(PICTURE)
    assert media_url(name) == f"/media/{name}"
    kept.close()
    again, _ = store(tmp_path)
    item = again.get("live", name)
    assert item is not None
    assert (item.mime, item.size, item.subject) == ("image/jpeg", len(PICTURE), "citizen:1")
    assert again.path(item).read_bytes() == PICTURE
    assert again.path(item).stat().st_mode & 0o777 == 0o600
    again.close()


def test_the_same_bytes_are_one_file_and_the_stricter_word_counts(tmp_path: Path) -> None:
    kept, _ = store(tmp_path)
    name = kept.put("live", PICTURE, "image/jpeg", PERSONAL, "citizen:1")
    assert kept.put("live", PICTURE, "image/jpeg", Sensitivity.PUBLIC, "citizen:2") == name
    item = kept.get("live", name)
    assert item is not None
    assert (item.sensitivity, item.subject) == (PERSONAL, "citizen:1")
    assert kept.counts() == {"items": 1, "bytes": len(PICTURE), "dropped": 0, "expired": 0}
    kept.close()


def test_situations_are_apart(tmp_path: Path) -> None:
    kept, _ = store(tmp_path)
    name = kept.put("ex-a-1", PICTURE, "image/jpeg")
    assert kept.get("live", name) is None
    kept.put("live", PICTURE, "image/jpeg")
    kept.forget("ex-a-1")
    assert kept.get("ex-a-1", name) is None
    assert files(tmp_path) == [f"live/{name[:2]}/{name}"]
    kept.drop("live", name)
    assert files(tmp_path) == []
    kept.close()


@pytest.mark.parametrize(
    ("situation", "body", "mime"),
    [
        ("live", b"", "image/jpeg"),
        ("live", b"x" * 101, "image/jpeg"),
        ("../live", b"x", "image/jpeg"),
        ("", b"x", "image/jpeg"),
        ("live", b"x", "image/jpeg\r\nX: y"),
        ("live", b"x", "jpeg"),
    ],
)
def test_what_is_not_kept(tmp_path: Path, situation: str, body: bytes, mime: str) -> None:
    kept, _ = store(tmp_path, item_bytes=100)
    with pytest.raises(MediaError):
        kept.put(situation, body, mime)
    assert kept.counts()["items"] == 0
    assert files(tmp_path) == []
    kept.close()


@pytest.mark.parametrize("bound", [{"items": 3}, {"total_bytes": 30}])
def test_the_oldest_give_way_and_are_counted(tmp_path: Path, bound: dict[str, int]) -> None:
    kept, time = store(tmp_path, **bound)
    names = []
    for number in range(5):
        time.now += 1
        names.append(kept.put("live", f"file {number:04}.".encode(), "image/png"))
    assert [kept.get("live", name) is not None for name in names] == [False, False, True, True, True]
    assert kept.counts() == {"items": 3, "bytes": 30, "dropped": 2, "expired": 0}
    assert len(files(tmp_path)) == 3
    kept.close()


def test_what_is_old_is_erased(tmp_path: Path) -> None:
    kept, time = store(tmp_path, keep_days=2)
    old = kept.put("live", b"old", "image/png")
    time.now += 86_400
    new = kept.put("live", b"new", "image/png")
    assert kept.expire() == 0
    time.now += 86_401
    assert kept.expire() == 1
    assert (kept.get("live", old), kept.get("live", new) is None) == (None, False)
    assert kept.counts()["expired"] == 1
    kept.close()


def test_what_a_crash_left_behind_is_swept_away(tmp_path: Path) -> None:
    kept, _ = store(tmp_path)
    name = kept.put("live", PICTURE, "image/jpeg")
    kept.close()
    folder = tmp_path / "live" / name[:2]
    (folder / f"{name}.new").write_bytes(b"half")
    (folder / ("0" * 64)).write_bytes(b"without an entry")
    again, _ = store(tmp_path)
    assert files(tmp_path) == [f"live/{name[:2]}/{name}"]
    again.close()


def test_a_full_disk_leaves_no_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _ = store(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.durable.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        kept.put("live", PICTURE, "image/jpeg")
    assert kept.get("live", media_id(PICTURE)) is None
    kept.close()


ROLES = ("control", "crew", "planner", "liaison", "admin")


@pytest.mark.parametrize(
    ("sensitivity", "subject", "seen_by"),
    [
        (Sensitivity.PUBLIC, None, ROLES),
        (Sensitivity.OPERATIONAL, None, ROLES),
        (PERSONAL, None, ("control",)),
        (Sensitivity.OPERATIONAL, "citizen:gone", ("control",)),
        (Sensitivity.OPERATIONAL, "urn:ngsi-ld:CitizenReport:1", ROLES),
        (PERSONAL, "urn:ngsi-ld:CitizenReport:1", ("control", "crew")),
        (Sensitivity.OPERATIONAL, "urn:ngsi-ld:Building:1", ()),
    ],
)
def test_who_sees_the_feature_sees_the_file(
    call: Call, house: House, sensitivity: Sensitivity, subject: str | None, seen_by: tuple[str, ...]
) -> None:
    report = {"id": "urn:ngsi-ld:CitizenReport:1", "type": "CitizenReport", "attachments": []}
    home = {"id": "urn:ngsi-ld:Building:1", "type": "Building", "permission": "DENIED"}
    body = {"actionType": "append", "entities": [report, home]}
    assert call("POST", "/v2/op/update", role="feed", json=body).status_code == 204
    name = house.media.put("live", PICTURE, "image/jpeg", sensitivity, subject)
    path = f"{media_url(name)}?situation=live"
    found = {role: call("GET", path, role, "urn:x" if role == "crew" else None).status_code for role in ROLES}
    assert found == {role: 200 if role in seen_by else 404 for role in ROLES}


def test_a_picture_comes_as_it_is_and_can_do_nothing(call: Call, house: House) -> None:
    name = house.media.put("live", PICTURE, "image/jpeg")
    answer = call("GET", media_url(name), "control")
    assert answer.data == PICTURE
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    again = call("GET", media_url(name), "control", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    page = house.media.put("live", b"<script>alert(1)</script>", "text/html")
    assert call("GET", media_url(page), "control").headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["0" * 64, "..", "%2e%2e%2findex.db", "x", "A" * 64])
def test_what_is_not_there_is_not_found(call: Call, name: str) -> None:
    assert call("GET", f"/media/{name}", "control").status_code == 404


def test_a_personal_file_leaves_a_trace(call: Call, house: House) -> None:
    name = house.media.put("live", PICTURE, "image/jpeg", PERSONAL)
    assert call("GET", media_url(name), "control").status_code == 200
    newest = list(house.audit.entries())[-1]
    assert (newest.action, newest.situation) == ("media", "live")
    assert name in str(newest.detail)
