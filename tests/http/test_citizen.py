"""The form for citizens: with and without script, photographs, limits, and that an exercise stays one."""

import io
import random
import re
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from PIL import Image

from server.citizens import CitizenSettings
from server.config import Settings
from server.house import House
from server.photographs import BadPhotograph, prepare
from tests.http.conftest import Call
from tests.server import Server, wait_until

GPS = 0x8825


def photograph(form: str = "JPEG", size: tuple[int, int] = (300, 200), **more: Any) -> bytes:
    """A picture with what a telephone writes into it."""
    image = Image.new("RGB", size, "red")
    target = io.BytesIO()
    if form == "JPEG":
        exif = Image.Exif()
        exif[0x010F], exif[0x0112] = "GEHEIMER HERSTELLER", more.pop("orientation", 1)
        exif.get_ifd(GPS)[2] = (51.0, 43.0, 8.0)
        more |= {"exif": exif, "comment": b"GEHEIMER KOMMENTAR"}
    image.save(target, form, **more)
    return target.getvalue()


@pytest.fixture
def settings() -> Settings:
    """A server whose form is open."""
    return Settings(citizen=CitizenSettings(enabled=True, text_chars=200, photo_bytes=500_000))


class Form:
    """The form as a browser without script fills it in."""

    def __init__(self, client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = client
        self.house = house
        self.ahead_s = 0.0
        clock = house.citizens._clock
        for part in (house.citizens, house.citizens._each, house.citizens._all):
            monkeypatch.setattr(part, "_clock", lambda: clock() + self.ahead_s)

    def stamp(self, page: str) -> str:
        """The stamp that is in the form."""
        found = re.search(r'name="stamp" value="([^"]+)"', page)
        assert found is not None
        return found[1]

    def send(self, wait_s: float = 30.0, headers: dict[str, str] | None = None, lang: str = "de", **fields: Any) -> Any:
        """Get the form, take some time, send it."""
        stamp = self.stamp(self.client.get("/melden").text)
        self.ahead_s += wait_s
        return self.post(headers, lang, **({"stamp": stamp, "text": "Rauch über der Altstadt"} | fields))

    def post(self, headers: dict[str, str] | None = None, lang: str = "de", **fields: Any) -> Any:
        """Send these fields."""
        return self.client.post(
            f"/melden?lang={lang}", data=fields, content_type="multipart/form-data", headers=headers, buffered=True
        )

    def reports(self) -> list[dict[str, Any]]:
        """What has reached the picture."""
        features = self.house.situations.live.picture.features.values()
        return [one for one in features if one["properties"]["part"] == "citizen_report"]


@pytest.fixture
def form(client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch) -> Form:
    """The form of the server."""
    return Form(client, house, monkeypatch)


def test_the_form_is_plain_and_safe(form: Form) -> None:
    page = form.client.get("/melden")
    assert page.status_code == 200
    assert '<html lang="de">' in page.text
    assert 'href="tel:112"' in page.text
    assert "ÜBUNG" not in page.text
    assert not re.search(r"<script(?![^>]*src=)|style=|onclick", page.text), "no inline code"
    labels, fields = (
        re.findall(r'<label for="(\w+)"', page.text),
        re.findall(r'<(?:textarea|input) id="(\w+)" name', page.text),
    )
    assert sorted(labels) == sorted(fields), "every field has its label"
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy
    assert "default-src 'none'" in policy
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=(self)" in page.headers["Permissions-Policy"]
    assert "set-cookie" not in page.headers
    english = form.client.get("/melden?lang=en").text
    assert "Report an observation" in english
    for name in ("melden.css", "melden.js"):
        assert form.client.get(f"/melden/{name}", buffered=True).status_code == 200
    for name in ("melden.html", "../citizen.py", "x"):
        assert form.client.get(f"/melden/{name}").status_code == 404


def test_a_report_of_words_arrives(form: Form) -> None:
    answer = form.send(place="Marktplatz 3")
    assert answer.status_code == 303
    thanks = form.client.get(answer.headers["Location"])
    assert "Danke" in thanks.text
    (report,) = form.reports()
    assert report["id"].endswith(re.search(r"danke/(\w+)", answer.headers["Location"])[1])  # type: ignore[index]
    assert report["properties"]["texts"] == ["Rauch über der Altstadt", "Ort: Marktplatz 3"]
    assert report["geometry"] is None
    assert [source["id"] for source in report["properties"]["sources"]] == ["citizen/formular"]


def test_a_position_comes_along_when_it_was_given(form: Form) -> None:
    assert form.send(lat="51.718900", lon="8.754400", accuracy="24").status_code == 303
    (report,) = form.reports()
    assert report["geometry"]["coordinates"] == [8.7544, 51.7189]
    assert report["properties"]["accuracy_m"] == 24.0


@pytest.mark.parametrize("form_of", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_drawn_anew_and_the_original_is_for_the_control_room(
    form: Form, call: Call, form_of: str
) -> None:
    original = photograph(form_of)
    assert form.send(photo=(io.BytesIO(original), "bild.jpg")).status_code == 303
    (report,) = form.reports()
    (address,) = report["properties"]["image_urls"]
    shown = call("GET", address, "liaison")
    assert shown.mimetype == "image/jpeg"
    for hidden in (b"GEHEIM", b"Exif", b"XMP", b"8BIM"):
        assert hidden not in shown.data
    assert Image.open(io.BytesIO(shown.data)).size == (300, 200)
    (kept,) = form.house.situations.live.picture.extras(report["id"])["originals"]
    assert call("GET", f"/media/{kept}", "control").data == original
    assert call("GET", f"/media/{kept}", "liaison").status_code == 404


def test_a_photograph_alone_is_a_report(form: Form) -> None:
    assert form.send(text="", photo=(io.BytesIO(photograph()), "bild.jpg")).status_code == 303
    assert len(form.reports()) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": " "}, "Beschreiben Sie kurz"),
        ({"text": "x" * 201}, "Der Text ist zu lang"),
        ({"place": "x" * 201}, "Der Text ist zu lang"),
        ({"photo": (io.BytesIO(b"no picture"), "bild.jpg")}, "kein Foto"),
        ({"photo": (io.BytesIO(b"<svg/>"), "bild.svg")}, "kein Foto"),
        ({"photo": (io.BytesIO(b"x" * 500_001), "bild.jpg")}, "zu groß"),
        ({"photo": [(io.BytesIO(photograph()), "1.jpg") for _ in range(4)]}, "zu viele Fotos"),
        ({"lat": "north", "lon": "8"}, "Standort"),
        ({"lat": "95", "lon": "8"}, "Standort"),
        ({"stamp": "forged.00"}, "zu lange offen"),
        ({"stamp": ""}, "zu lange offen"),
        ({"stamp": "ö.ü"}, "zu lange offen"),
    ],
    ids=range(12),
)
def test_what_is_wrong_is_said_and_nothing_is_lost(form: Form, fields: dict[str, Any], words: str) -> None:
    answer = form.send(**({"text": 'Baum liegt <quer> & "schräg"'} | fields))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert form.reports() == []
    if "text" not in fields:
        assert "Baum liegt &lt;quer&gt; &amp; &#34;schräg&#34;</textarea>" in answer.text
    form.ahead_s += 30
    again = form.post(stamp=form.stamp(answer.text), text="Baum liegt quer")
    assert again.status_code == 303, "the form that came back can be sent"


def test_a_form_sent_too_fast_or_too_late_comes_back(form: Form) -> None:
    assert "sehr schnell" in form.send(wait_s=1.0).text
    assert "zu lange offen" in form.send(wait_s=4 * 3_600 + 1).text
    assert form.reports() == []


def test_a_second_tap_is_the_same_report(form: Form) -> None:
    stamp = form.stamp(form.client.get("/melden").text)
    form.ahead_s += 10
    answers = [form.post(stamp=stamp, text="Rauch").headers["Location"] for _ in range(3)]
    assert len(set(answers)) == 1
    assert len(form.reports()) == 1
    assert form.house.situations.live.journal.last() == 1


def test_a_program_that_fills_everything_is_thanked_and_forgotten(form: Form) -> None:
    answer = form.send(website="https://spam.example")
    assert answer.status_code == 303
    assert "Danke" in form.client.get(answer.headers["Location"]).text
    assert form.reports() == []


def test_a_foreign_page_cannot_send_it(form: Form) -> None:
    for origin in ("https://evil.example", "null"):
        answer = form.send(headers={"Origin": origin})
        assert answer.status_code == 403
        assert "<html" in answer.text
    assert form.send(headers={"Origin": "http://localhost"}).status_code == 303
    assert len(form.reports()) == 1


def test_many_reports_of_one_address_have_to_wait_and_others_do_not(form: Form) -> None:
    outcomes = [form.send(wait_s=3.0, text=f"Rauch {number}").status_code for number in range(12)]
    assert outcomes == [303] * 10 + [429] * 2
    refused = form.send(wait_s=3.0)
    assert int(refused.headers["Retry-After"]) >= 1
    assert "Minuten" in refused.text
    other = {"REMOTE_ADDR": "2001:db8::1"}
    stamp = form.stamp(form.client.get("/melden").text)
    form.ahead_s += 10
    answer = form.client.post("/melden", data={"stamp": stamp, "text": "x"}, environ_base=other)
    assert answer.status_code == 303
    form.ahead_s += 3_600
    assert form.send().status_code == 303


def test_a_body_that_is_too_large_gets_a_page(form: Form) -> None:
    answer = form.client.post("/melden", data=b"x" * 9_000_000, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "zu groß" in answer.text


def test_the_form_is_closed_unless_it_is_opened(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Server(tmp_path_factory.mktemp("closed"), "--no-demo") as server:
        assert server.request("GET", "/melden").status_code == 404
        assert server.request("POST", "/melden", data={"text": "x"}).status_code == 404


def _sent(server: Server, body: dict[str, str]) -> list[requests.Response]:
    answer = server.request("POST", "/melden", data=body)
    assert answer.history or "sehr schnell" in answer.text
    return [answer] if answer.history else []


def _texts(server: Server, token: str, situation: str) -> list[Any]:
    features = server.get(f"/picture?situation={situation}&layers=reports", token)["features"]
    return [one["properties"]["texts"] for one in features if one["id"].startswith("citizen:")]


def test_in_the_demo_reports_go_into_the_exercise_and_nowhere_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Server(tmp_path_factory.mktemp("demo"), "--demo", "hausbrand") as server:
        page = wait_until(lambda: server.request("GET", "/melden"), "the form to be open").text
        assert "<title>ÜBUNG: " in page
        assert 'class="exercise"' in page
        stamp = re.search(r'name="stamp" value="([^"]+)"', page)[1]  # type: ignore[index]
        body = {"stamp": stamp, "text": "Rauch am Marktplatz"}
        sent = wait_until(lambda: _sent(server, body), "the form to have taken a while to fill in")
        answer = sent[0]
        assert "Danke" in answer.text
        assert "ÜBUNG" in answer.text
        control = server.token("control")
        (situation,) = (one["id"] for one in server.get("/situations", control)["situations"] if one["id"] != "live")
        texts = {name: _texts(server, control, name) for name in (situation, "live")}
        assert texts == {situation: [["Rauch am Marktplatz"]], "live": []}
        planner = server.token("planner", "p", "--situation", "*")
        ended = server.request("POST", f"/situations/{situation}/clock", planner, json={"action": "end"})
        assert ended.status_code == 200
        assert requests.get(server.url + "/melden", timeout=30).status_code == 404


# -- photographs -------------------------------------------------------------------------------------------------------


def test_a_photograph_is_turned_upright_and_made_small() -> None:
    found = prepare(photograph(size=(4_000, 1_000), orientation=6))
    assert (found.width_px, found.height_px, found.mime) == (512, 2_048, "image/jpeg")
    assert Image.open(io.BytesIO(found.display)).getexif() == {}


def test_what_can_be_seen_through_is_put_on_white() -> None:
    target = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(target, "PNG")
    shown = Image.open(io.BytesIO(prepare(target.getvalue()).display))
    assert shown.getpixel((5, 5)) == (255, 255, 255)


def test_a_picture_that_would_swell_is_refused_unopened() -> None:
    target = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(target, "PNG")
    assert len(target.getvalue()) < 20_000
    with pytest.raises(BadPhotograph, match="too_many_pixels"):
        prepare(target.getvalue())


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_not_opened(form: str) -> None:
    with pytest.raises(BadPhotograph, match="no_photograph"):
        prepare(photograph(form, (64, 64)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_picture_is_refused_or_read(form: str) -> None:
    dice, whole = random.Random(7), photograph(form, (64, 48))
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 20)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        del broken[dice.randrange(len(broken)) :]
        try:
            assert prepare(bytes(broken)).display.startswith(b"\xff\xd8")
        except BadPhotograph as error:
            assert str(error) in ("no_photograph", "too_many_pixels")
