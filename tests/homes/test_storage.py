"""A home's storage against a running server, with a real S3 client: keys, uploads, who sees what, and its end."""

import base64
import hashlib
import io
import random
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image

from server.home_pictures import HOME_OBJECTS, OBJECT_BYTES
from tests.homes.s3_client import S3Client
from tests.server import Server, wait_until
from tests.transports.test_gateway import CODE, MISSION, Desk, Home

FLOOR = b"0.9 0.2 0.1 rg 20 20 160 60 re f"


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480), seed: int = 0, **options: Any) -> bytes:
    """A picture of its own colour."""
    target = io.BytesIO()
    colour = tuple(random.Random(seed).choices(range(256), k=3))
    Image.new("RGB", size, colour).save(target, form, **options)
    return target.getvalue()


def plan(pages: int = 1) -> bytes:
    """A PDF of pages with a red bar."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = b""
    for number in range(pages):
        kids += b"%d 0 R " % (3 + 2 * number)
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents %d 0 R>>" % (4 + 2 * number))
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(FLOOR), FLOOR))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (pages, kids)
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj%b endobj\n" % (at, one) for at, one in enumerate(objects, 1))
    return body + b"trailer<</Root 1 0 R/Size %d>>\n%%%%EOF" % (len(objects) + 1)


def bomb() -> bytes:
    """A PNG of 30,000 by 30,000 pixels in a few bytes."""

    def part(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (30_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(bytes(90_000))) + part(b"IEND", b"")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("storage")
    with Server(folder, "--no-demo", LAGEBILD_FEEDS_HOME_CODE=CODE, LAGEBILD_ACCESS_FAILURES_PER_MIN="1000") as server:
        made = Desk(server)
        made.mission()
        yield made


@pytest.fixture
def home(desk: Desk) -> Iterator[Home]:
    made = Home(desk)
    yield made
    made.socket.close()


@pytest.fixture
def storage(home: Home) -> Iterator[S3Client]:
    with S3Client(home.answer["storage"]) as client:
        yield client


def listed(home: Home) -> tuple[int, Any]:
    status, answer = home.desk.call("GET", f"/homes/{home.building}/pictures")
    return status, answer.get("pictures", answer.get("why", {}).get("code"))


def fetched(home: Home, path: str) -> requests.Response:
    return home.desk.server.request("GET", path, home.desk.control)


def size_of(answer: requests.Response) -> tuple[int, int]:
    with Image.open(io.BytesIO(answer.content)) as shown:
        return shown.size


def files_of(home: Home) -> list[Path]:
    """The bytes of this home in the data folder."""
    folder = home.desk.server.data / "media" / home.answer["storage"]["bucket"]
    return [path for path in folder.rglob("*") if path.is_file()]


def test_registration_gives_keys_of_its_own(desk: Desk, home: Home) -> None:
    keys, number = home.answer["storage"], home.building.rpartition(":")[2]
    assert (keys["bucket"], keys["url"]) == (f"home-{number}", desk.server.url)
    assert (len(keys["username"]), len(keys["password"])) == (16, 40)
    other = Home(desk)
    other.socket.close()
    assert other.answer["storage"]["password"] != keys["password"]


def test_from_registration_to_the_end_of_consent(desk: Desk, home: Home, storage: S3Client) -> None:
    camera, body = "kamera/Küche 1.jpg", picture(exif=b"Exif\0\0")
    assert storage.put(camera, body, content_type="image/jpeg") == hashlib.md5(body, usedforsecurity=False).hexdigest()
    storage.put("plan.pdf", plan(pages=2), content_type="application/pdf")
    # the gateway reads back what is its own
    assert storage("stat", name=camera) == {
        "size": len(body),
        "etag": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "type": "image/jpeg",
    }
    assert storage("get", name=camera) == {"type": "image/jpeg", "body": base64.b64encode(body).decode()}
    # nobody else sees anything before the owner consents
    assert listed(home) == (409, "home_consent")
    assert fetched(home, f"/homes/{home.building}/pictures/1").status_code == 409
    home.granted()
    place = f"{home.answer['storage']['url']}/{home.answer['storage']['bucket']}"
    value = {"mediaType": "IMAGE", "url": f"{place}/kamera/K%C3%BCche%201.jpg"}
    media = {"id": "urn:ngsi-ld:Device:Media1", "type": "Device", "category": ["media"], "value": value}
    home.says(media, {"id": home.building, "type": "Building", "floorPlan": f"{place}/plan.pdf"})
    status, (drawn, seen) = listed(home)
    number = home.building.rpartition(":")[2]
    assert status == 200
    assert (drawn["name"], drawn["kind"], drawn["pages"], drawn["device"]) == ("plan.pdf", "plan", 2, None)
    assert (seen["name"], seen["kind"], seen["media_type"], seen["bytes"], seen["pages"], seen["device"]) == (
        *(camera, "picture", "image/jpeg", len(body), 1),
        f"urn:ngsi-ld:Device:{number}:Media1",
    )
    assert seen["received_at"].endswith("Z")
    assert fetched(home, seen["url"]).content == body
    assert size_of(fetched(home, f"{seen['url']}/small")) == (512, 384)
    assert size_of(fetched(home, f"{seen['url']}/pages/1")) == (640, 480)
    assert fetched(home, f"{seen['url']}/pages/2").status_code == 404
    assert size_of(fetched(home, f"{drawn['url']}/pages/2")) == (2400, 1200)
    shown = fetched(home, f"{drawn['url']}/small")
    with Image.open(io.BytesIO(shown.content)) as small:
        red, green, blue = small.convert("RGB").getpixel((256, 128))  # type: ignore[misc]
    assert (red > 200, green < 90, blue < 70) == (True, True, True)
    assert shown.headers["Cache-Control"] == "no-store"
    # with the end of consent the pictures are gone, from the disk as well; the plan waits, hidden
    before = len(files_of(home))
    assert desk.call("DELETE", f"/homes/{home.building}/access")[0] == 200
    assert listed(home) == (409, "home_consent")
    assert fetched(home, f"{seen['url']}/small").status_code == 409
    assert len(files_of(home)) == before - 3, "original, drawn, small"
    assert storage.error("stat", name=camera) == "NoSuchKey"
    assert storage("stat", name="plan.pdf")["type"] == "application/pdf"
    home.hears()
    home.granted()
    assert [one["name"] for one in listed(home)[1]] == ["plan.pdf"]


def test_an_owner_who_takes_consent_back_takes_the_pictures_too(home: Home, storage: S3Client) -> None:
    home.granted()
    storage.put("a.png", picture("PNG"))
    assert [one["media_type"] for one in listed(home)[1]] == ["image/png"]
    assert files_of(home)
    home.permits("DENIED")
    assert listed(home) == (409, "home_consent")
    wait_until(lambda: not files_of(home), "the picture to be erased")


def test_the_same_name_again_is_another_picture(home: Home, storage: S3Client) -> None:
    home.granted()
    storage.put("a.jpg", picture(seed=1))
    ((first),) = listed(home)[1]
    storage.put("a.jpg", picture(seed=2))
    ((second),) = listed(home)[1]
    assert first["id"] != second["id"]
    assert fetched(home, second["url"]).content == picture(seed=2)
    assert fetched(home, first["url"]).status_code == 404
    storage("remove", name="a.jpg")
    storage("remove", name="a.jpg")
    assert (listed(home)[1], files_of(home)) == ([], [])


def test_wrong_keys_and_what_is_another_homes(desk: Desk, home: Home, storage: S3Client) -> None:
    keys, body = home.answer["storage"], picture()
    storage.put("a.jpg", body)
    assert storage("there") is True
    with S3Client(keys, password="x" * 40) as forger:
        assert forger.refused("a.jpg", body) == "SignatureDoesNotMatch"
        assert forger.error("get", name="a.jpg") == "SignatureDoesNotMatch"
    with S3Client(keys, username="LAGEBILD00000000") as nobody:
        assert nobody.refused("a.jpg", body) == "InvalidAccessKeyId"
    other = Home(desk)
    other.socket.close()
    own = {name: other.answer["storage"][name] for name in ("username", "password")}
    with S3Client(keys, **own) as neighbour:
        assert neighbour.refused("a.jpg", body) == "AccessDenied"
        assert neighbour.error("get", name="a.jpg") == "AccessDenied"
        assert neighbour.error("remove", name="a.jpg") == "AccessDenied"
    assert storage("get", name="a.jpg")["body"] == base64.b64encode(body).decode()
    # no token of ours is a signature
    url = f"{keys['url']}/{keys['bucket']}/a.jpg"
    for token in (None, home.token, desk.control):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            answer = requests.request(method, url, headers=headers, data=body, timeout=60)
            assert (answer.status_code, "<Code>AccessDenied</Code>" in answer.text) == (403, method != "HEAD")


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (b"<html>no picture</html>", "InvalidRequest", "by its content no picture and no PDF"),
        (b"\xff\xd8\xff\xe0 begins like a picture", "InvalidRequest", "by its content no picture and no PDF"),
        (picture("GIF"), "InvalidRequest", "by its content no picture and no PDF"),
        (b"%PDF-1.4 nothing behind", "InvalidRequest", "a PDF that cannot be shown"),
        (bomb(), "InvalidRequest", "a picture of too many pixels"),
        (b"", "InvalidRequest", "an object without a byte"),
        (b"x" * (OBJECT_BYTES + 1), "EntityTooLarge", "at most 5000000 bytes"),
    ],
    ids=["html", "broken", "gif", "pdf", "bomb", "empty", "large"],
)
def test_what_is_not_taken(desk: Desk, home: Home, storage: S3Client, body: bytes, code: str, reason: str) -> None:
    assert storage.refused("a.jpg", body, content_type="image/jpeg") == code
    assert files_of(home) == []
    (row,) = desk.call("GET", "/quarantine?limit=1")[1]["quarantine"]
    assert (row["feed"], row["instance"]) == ("ngsi", home.answer["storage"]["bucket"])
    assert (reason in row["reason"], row["excerpt"], row["kept"]) == (True, "", False)
    assert row["why"]["code"] in ("stored_picture", "too_large")


def test_what_comes_in_several_pieces_or_under_a_path_is_not_taken(home: Home, storage: S3Client) -> None:
    assert storage.refused("a.jpg", bytes(6_000_000)) == "NotImplemented", "minio sends it in parts"
    assert storage.refused("x" * 201, picture()) == "InvalidArgument"
    assert storage.refused("a\\b.jpg", picture()) == "InvalidArgument"
    assert files_of(home) == []


@pytest.mark.parametrize(
    "path", ["/{bucket}/../access.db", "/{bucket}/%2e%2e/access.db", "/{bucket}/..%2f..%2faccess.db", "/{bucket}//etc"]
)
def test_a_path_that_leads_elsewhere_leads_nowhere(desk: Desk, home: Home, path: str) -> None:
    where = urlsplit(desk.server.url)
    with socket.create_connection((where.hostname, where.port), timeout=60) as raw:
        wanted = path.format(bucket=home.answer["storage"]["bucket"])
        raw.sendall(f"GET {wanted} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert answer.split(b" ", 2)[1] in (b"308", b"403", b"404")
    assert b"SQLite" not in answer


def test_signed_addresses(home: Home, storage: S3Client) -> None:
    body = picture(seed=3)
    address = storage("address", name="a.jpg")
    assert requests.put(address, data=body, timeout=60).status_code == 200
    assert requests.get(storage("address", name="a.jpg", method="GET"), timeout=60).content == body
    assert requests.get(address, timeout=60).status_code == 403, "it was for a PUT"
    assert requests.put(address.replace("a.jpg", "b.jpg"), data=body, timeout=60).status_code == 403
    home.granted()
    assert [one["name"] for one in listed(home)[1]] == ["a.jpg"]


def test_a_home_has_so_much_room_and_its_oldest_pictures_give_way(home: Home, storage: S3Client) -> None:
    home.granted()
    storage.put("plan.png", picture("PNG", size=(20, 20)))
    for number in range(HOME_OBJECTS):
        storage.put(f"{number}.png", picture("PNG", size=(20, 20), seed=number))
    names = [one["name"] for one in listed(home)[1]]
    assert names == ["plan.png", *(f"{number}.png" for number in range(HOME_OBJECTS - 1, 0, -1))]


def test_a_revoked_token_takes_its_keys_along(desk: Desk, home: Home, storage: S3Client) -> None:
    storage.put("plan.pdf", plan())
    admin = desk.server.token("admin", "Verwaltung")
    tokens = desk.server.get("/tokens", admin)["tokens"]
    (row,) = [one["id"] for one in tokens if one["name"] == home.answer["storage"]["bucket"]]
    assert desk.server.request("DELETE", f"/tokens/{row}", admin).status_code == 204
    assert storage.error("get", name="plan.pdf") == "InvalidAccessKeyId"


def test_keys_are_written_nowhere(desk: Desk, home: Home, storage: S3Client) -> None:
    """Not into a file, not into the log; the server's own secret is no key of a home."""
    storage.put("a.jpg", picture())
    assert storage.refused("b.jpg", b"no picture") == "InvalidRequest"
    secret = home.answer["storage"]["password"].encode()
    assert [path for path in desk.server.data.rglob("*") if path.is_file() and secret in path.read_bytes()] == []
    assert secret.decode() not in "".join(desk.server.log)
    kept = desk.server.data / "home-storage.key"
    assert (len(kept.read_bytes()), kept.stat().st_mode & 0o777) == (32, 0o600)


def test_the_keys_are_good_after_a_restart(desk: Desk, home: Home, storage: S3Client) -> None:
    storage.put("plan.pdf", plan())
    desk.server.stop()
    desk.server.start()
    with S3Client(home.answer["storage"], url=desk.server.url) as again:
        assert again("get", name="plan.pdf")["body"] == base64.b64encode(plan()).decode()
    assert desk.feature(MISSION) != {}
