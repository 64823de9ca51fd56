"""What strangers write is text on every screen and page: no script, no style, no request elsewhere, no turned order."""

import base64
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree
from playwright.sync_api import Browser, Dialog, Page, Request, expect

from tests.browser.conftest import Open
from tests.server import Server

pytestmark = pytest.mark.browser

EVIL = (
    '"><script>window.pwned=1</script><img src="https://evil.example/x" onerror="window.pwned=1">'
    "<style>*{display:none}</style><a href='javascript:window.pwned=1'>'</textarea>"
    "</svg>{{7*7}}${7*7}]]>\u202egnp\u2067"
)
LINK = "javascript:window.pwned=1"
TURNING = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
TEXTS = {
    *("alertKeyWord", "alertKeyWordShort", "reporter", "addtionalLocationDetail", "alertSource", "externalId"),
    *("description", "name", "fleetVehicleId", "streetAddress", "addressLocality", "message", "snipppet", "network"),
    *("headline", "instruction", "event", "areaDesc", "text", "email", "searchPhrase", "alertRuleName", "receiver"),
}
LINKS = {"floorPlan", "originalUrl", "source", "web", "imageUrls"}
FRAMES = Path(__file__).resolve().parents[2] / "fixtures" / "frames"


def poisoned(node: Any, key: str = "") -> Any:
    """A message in which every text that people read is an attack, and every link one to a script."""
    if isinstance(node, dict):
        return {name: poisoned(one, key if name in ("value", "value:") else name) for name, one in node.items()}
    if isinstance(node, list):
        return [poisoned(one, key) for one in node]
    if isinstance(node, str) and key in LINKS:
        return LINK
    return f"{EVIL} {node}" if isinstance(node, str) and key in TEXTS else node


class Place:
    """A server to which attackers spoke."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.token = server.token("control", "Pult")
        feed = server.token("feed", "fremd")
        for name in ("dispatch", "home", "social"):
            message = poisoned(json.loads((FRAMES / "ngsi" / f"{name}.json").read_text(encoding="utf-8")))
            entities = message.get("entities") or message["data"]
            self.say(feed, entities)
        self.say(feed, [self.warning()])
        evil = as_attribute(EVIL)
        event = (
            "<event version='2.0' uid='böse' type='b-m-p-s-m' how='h-e' time='2026-11-29T19:00:00Z' "
            "start='2026-11-29T19:00:00Z' stale='2036-11-29T19:00:00Z'><point lat='51.83' lon='8.78' hae='0' ce='5' "
            f"le='5'/><detail><contact callsign='{evil}'/><remarks>{evil}</remarks></detail></event>"
        )
        assert server.request("POST", "/feeds/cot", feed, data=event.encode()).status_code < 300
        server.request("POST", "/feeds/divera", feed, data=f'{{"{EVIL[:9]}'.encode() + EVIL.encode())

    @staticmethod
    def warning() -> dict[str, Any]:
        """A warning in our own name."""
        area = {"type": "Polygon", "coordinates": [[[8.77, 51.82], [8.79, 51.82], [8.79, 51.84], [8.77, 51.82]]]}
        info = {"headline": EVIL, "description": EVIL, "instruction": EVIL, "event": EVIL, "web": LINK}
        more = {"severity": "Extreme", "urgency": "Immediate", "certainty": "Observed", "areaDesc": EVIL}
        return {"id": "urn:ngsi-ld:CitizenAlert:1", "type": "CitizenAlert", "info": info | more, "location": area}

    def say(self, feed: str, entities: list[dict[str, Any]]) -> None:
        """As a hub does."""
        answer = self.server.request("POST", "/v2/op/update", feed, json={"actionType": "append", "entities": entities})
        assert answer.status_code < 500, answer.text

    def features(self) -> list[dict[str, Any]]:
        """What the control room is told."""
        found: list[dict[str, Any]] = self.server.get("/picture?situation=live", self.token)["features"]
        return found


def as_attribute(text: str) -> str:
    """As XML has it."""
    for sign, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ("'", "apos"), ('"', "quot")):
        text = text.replace(sign, f"&{name};")
    return text


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Server(tmp_path_factory.mktemp("attack"), "--no-demo") as server:
        yield Place(server)


class Watch:
    """What a page must not do."""

    def __init__(self, page: Page, host: str) -> None:
        self.said: list[str] = []
        page.on("dialog", self._dialog)
        page.context.on("request", lambda request: self._request(request, host))
        self._page = page

    def _dialog(self, dialog: Dialog) -> None:
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request, host: str) -> None:
        if urlsplit(request.url).scheme not in ("blob", "data") and urlsplit(request.url).netloc != host:
            self.said.append(f"request {request.url}")

    def clean(self) -> None:
        """Nothing of it happened, nothing of it is there."""
        found = self._page.evaluate(
            """() => [window.pwned ?? 0, ...["script:not([src])", "img[src*=evil]", "style", "[onerror]", "iframe"]
                .map((one) => document.querySelectorAll(one).length),
                [...document.querySelectorAll("[href], [src]")].filter((one) =>
                    /^\\s*(javascript|vbscript):/i.test(one.getAttribute("href") ?? one.getAttribute("src"))).length]"""
        )
        assert found == [0] * 7, self._page.url
        assert self.said == []


def test_every_layer_was_attacked(place: Place) -> None:
    poisoned_layers = {one["properties"]["layer"] for one in place.features() if "window.pwned" in json.dumps(one)}
    assert poisoned_layers >= {
        *("missions", "units", "buildings", "devices", "reports", "warnings", "marks", "cards", "notes"),
    }
    told = json.dumps(place.features(), ensure_ascii=False)
    turned = {
        (one["properties"]["layer"], name)
        for one in place.features()
        for name, value in one["properties"].items()
        if TURNING.search(json.dumps(value, ensure_ascii=False))
    }
    assert turned == set()
    assert LINK not in re.sub(r"href='javascript:window\.pwned=1'", "", told)


def test_the_control_room_shows_it_as_text(place: Place, open_desk: Open) -> None:
    desk = open_desk(f"{place.server.url}/control", token=place.token)
    watch = Watch(desk.page, urlsplit(place.server.url).netloc)
    desk.is_in()
    expect(desk.missions).to_have_count(1)
    desk.choose(desk.missions.first)
    expect(desk.fact("keyword")).to_contain_text('"><script>window.pwned=1</script>')
    watch.clean()
    desk.choose(desk.units.first)
    expect(desk.detail).to_contain_text("onerror=")
    watch.clean()
    for tab in ("sources", "reports", "notes", "quarantine", "layers"):
        desk.tab(tab)
        rows = desk.page.locator("#tab-panel [role=option]")
        for number in range(rows.count()):
            rows.nth(number).click()
        watch.clean()
    # what stands beside a name keeps its order, whatever the name holds: each text ends where its element ends
    parts = "[...row.querySelectorAll('span, strong, small, time')]"
    assert desk.missions.first.evaluate(
        f"row => {parts}.length > 2 && {parts}.every(one => getComputedStyle(one).unicodeBidi === 'isolate')"
    )
    for layer in ("buildings", "devices", "marks", "warnings"):
        assert desk.features(layer)
    watch.clean()


def test_reasons_are_told_in_the_language_of_the_screen(place: Place, open_desk: Open) -> None:
    desk = open_desk(f"{place.server.url}/control", token=place.token).is_in()
    desk.tab("sources")
    row = desk.page.locator("#tab-panel [data-id='source:divera/fremd']")
    expect(row).to_contain_text("abgewiesen 1: Kein gültiges JSON")
    desk.tab("quarantine")
    refused = desk.page.locator("#tab-panel li", has_text="divera/fremd")
    expect(refused.locator(".why")).to_have_text("Kein gültiges JSON")
    expect(refused).to_contain_text("von 127.0.0.1")
    technical = refused.get_by_text("not JSON:")
    expect(technical).to_be_hidden()
    refused.get_by_text("Technische Angabe (englisch)").click()
    expect(technical).to_be_visible()


def test_the_pages_of_the_gis_interface_show_it_as_text(place: Place, browser: Browser) -> None:
    basic = base64.b64encode(f"x:{place.token}".encode()).decode()
    context = browser.new_context(extra_http_headers={"Authorization": f"Basic {basic}"})
    page = context.new_page()
    watch = Watch(page, urlsplit(place.server.url).netloc)
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text) if message.type == "error" else None)
    root = f"{place.server.url}/ogc/live"
    seen = 0
    for name in ("missions", "units", "buildings", "devices", "reports", "warnings", "marks", "notes", "cards"):
        page.goto(f"{root}/collections/{name}/items?f=html")
        watch.clean()
        seen += "window.pwned" in page.inner_text("body")
        page.locator("tbody a").first.click()
        page.wait_for_load_state()
        watch.clean()
        seen += "window.pwned" in page.inner_text("body")
    for path in ("", "/collections", "/api", "/conformance", "/collections/missions", "/collections/missions/schema"):
        page.goto(f"{root}{path}?f=html&bbox=%22%3E%3Cscript%3Ewindow.pwned=1%3C/script%3E")
        watch.clean()
    page.goto(f"{root}/collections/%22%3E%3Cscript%3Ewindow.pwned=1%3C%2Fscript%3E/items?f=html")
    watch.clean()
    context.close()
    assert seen >= 14
    assert [one for one in violations if "Content Security Policy" in one] == []


def test_kml_warnings_and_tak_carry_it_as_text(place: Place) -> None:
    kml = etree.fromstring(place.server.request("GET", "/export.kml?situation=live", place.token).content)
    name = "{http://www.opengis.net/kml/2.2}"
    descriptions = [str(one.text or "") for one in kml.iter(f"{name}description")]
    assert sum("window.pwned" in one for one in descriptions) > 3
    for one in descriptions:  # viewers show it as HTML: line feeds are all that it may hold
        assert re.findall(r"<[^>]*>", one.replace("<br>", "")) == []
        assert "<script>" in unescape(one) or "window.pwned" not in one
    assert not list(kml.iter(f"{name}href"))
    atom = etree.fromstring(place.server.request("GET", "/cap?situation=live", place.token).content)
    link = next(
        one.get("href") for one in atom.iter("{http://www.w3.org/2005/Atom}link") if "/cap/" in str(one.get("href"))
    )
    alert = etree.fromstring(place.server.request("GET", urlsplit(str(link)).path, place.token).content)
    cap = "{urn:oasis:names:tc:emergency:cap:1.2}"
    told = {str(one.tag).removeprefix(cap): str(one.text or "") for one in alert.iter()}
    assert told["headline"].startswith('"><script>')
    assert TURNING.search("".join(told.values())) is None
    assert "web" not in told
