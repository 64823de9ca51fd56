"""Warnings over HTTP: what is listed, for whom, and that each entry leads to its document."""

from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from server.config import CapSettings, ServerSettings, Settings
from server.house import House
from tests.feeds.frames import FRAMES
from tests.http.conftest import Call
from tests.server import Server, wait_until

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def settings() -> Settings:
    """A server with an address and a name of its own."""
    return Settings(
        cap=CapSettings(sender="lage@padertopia.example"), server=ServerSettings(public_url="https://lage.example/")
    )


def send(call: Call, *names: str) -> None:
    """Frames of the feed `cap`, as if they were sent now."""
    for name in names:
        body = (FRAMES / "cap" / name).read_bytes().replace(b"2026-11-2", b"2099-11-2")
        assert call("POST", "/feeds/cap", role="feed", data=body).status_code == 200


def listed(call: Call, **options: Any) -> list[tuple[str, str]]:
    """Title and address of each entry."""
    answer = call("GET", "/cap?situation=live", "control", **options)
    assert answer.mimetype == "application/atom+xml"
    feed = ElementTree.fromstring(answer.data)  # noqa: S314  (our own)
    assert feed.findtext(f"{ATOM}id") == "https://lage.example/cap?situation=live"
    return [
        (entry.findtext(f"{ATOM}title") or "", entry.find(f"{ATOM}link").attrib["href"])  # type: ignore[union-attr]
        for entry in feed.findall(f"{ATOM}entry")
    ]


def test_each_entry_leads_to_its_document(call: Call) -> None:
    send(call, "storm.xml", "exercise.xml", "delivery.zip")
    entries = listed(call)
    assert [title for title, _ in entries] == ["Amtliche WARNUNG vor STURMBÖEN", "Warnung"], "no exercise, no test"
    address = dict(entries)["Amtliche WARNUNG vor STURMBÖEN"]
    assert address.startswith("https://lage.example/cap/cap:")
    answer = call("GET", address.removeprefix("https://lage.example"), "liaison")
    assert answer.content_type == "application/cap+xml; charset=utf-8"
    alert = ElementTree.fromstring(answer.data)  # noqa: S314  (our own)
    assert alert.findtext(f"{CAP}sender") == "warnung@wetter.example"
    assert alert.findtext(f"{CAP}status") == "Actual"


def test_what_is_not_listed_is_not_there(call: Call) -> None:
    send(call, "exercise.xml")
    assert listed(call) == []
    for name in ("cap:warnung@wetter.example:PDT-EX-1", "cap:x:y", "urn:ngsi-ld:Alert:1"):
        assert call("GET", f"/cap/{name}.xml?situation=live", "control").status_code == 404


def test_what_did_not_change_is_not_sent_again(call: Call) -> None:
    send(call, "storm.xml")
    first = call("GET", "/cap", "admin")
    again = call("GET", "/cap", "admin", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    send(call, "delivery.zip")
    assert call("GET", "/cap", "admin", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_citizen_alert_of_the_hub_goes_out_in_our_name(call: Call, house: House) -> None:
    alert = {"id": "urn:ngsi-ld:CitizenAlert:1", "type": "CitizenAlert", "sent": "2026-11-21T11:32:35.162Z",
             "status": "Actual", "msgType": "Alert", "scope": "Public", "sender": "Feuerwehr Paderborn in INSPIRE",
             "info": {"event": "Großfeuer", "category": "Fire", "severity": "Unknown "}}  # fmt: skip
    body = {"actionType": "append", "entities": [alert]}
    assert call("POST", "/v2/op/update", role="feed", json=body).status_code == 204
    ((title, address),) = listed(call)
    assert title == "Großfeuer"
    found = ElementTree.fromstring(call("GET", address[20:], "control").data)  # noqa: S314  (our own)
    assert found.findtext(f"{CAP}sender") == house.settings.cap.sender
    assert found.findtext(f"{CAP}info/{CAP}senderName") == "Feuerwehr Paderborn in INSPIRE"


def test_an_exercise_is_marked_in_what_leaves_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Server(tmp_path_factory.mktemp("exercise"), "--demo", "libori") as server:
        planner = server.token("planner", "p", "--situation", "exercises")
        started = wait_until(lambda: server.get("/situations", planner)["situations"], "the exercise to start")
        situation = started[0]["id"]
        wish = {"feed": "cap", "instance": "wetter", "body": (FRAMES / "cap" / "storm.xml").read_text(encoding="utf-8")}
        done = server.request("POST", f"/situations/{situation}/inject", planner, json=wish)
        assert (done.status_code, done.json()["accepted"]) == (200, 1)
        index = server.request("GET", f"/cap?situation={situation}", planner)
        feed = ElementTree.fromstring(index.content)  # noqa: S314  (our own)
        (entry,) = (one for one in feed.findall(f"{ATOM}entry") if "STURM" in (one.findtext(f"{ATOM}title") or ""))
        address = entry.find(f"{ATOM}link").attrib["href"]  # type: ignore[union-attr]
        found = requests.get(address, headers={"Authorization": f"Bearer {planner}"}, timeout=30)
        alert = ElementTree.fromstring(found.content)  # noqa: S314  (our own)
        assert alert.findtext(f"{CAP}status") == "Exercise"
        assert str(alert.findtext(f"{CAP}identifier")).startswith(f"UEBUNG.{situation}.")
        assert server.request("GET", "/cap?situation=live", planner).status_code == 403
