"""The form for citizens in a real browser: without script, with a position, and for everybody to read."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.chromium import AXE
from tests.server import Server, wait_until

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose form is open."""
    with Server(tmp_path_factory.mktemp("melden"), "--no-demo", LAGEBILD_CITIZEN_ENABLED="true") as running:
        yield running


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def page(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The form on a telephone; what the browser complains of fails the test."""
    context = browser.new_context(
        java_script_enabled=request.param,
        viewport={"width": 390, "height": 844},
        permissions=["geolocation"],
        geolocation={"latitude": 51.7189, "longitude": 8.7544, "accuracy": 12},
    )
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    refused = "the server responded with a status of 422"  # a form that comes back, which browsers log as an error
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(server.url + "/melden")
    yield opened
    context.close()
    assert [complaint for complaint in complaints if refused not in complaint] == []


def reports(server: Server) -> list[dict[str, object]]:
    """What has reached the picture."""
    features = server.get("/picture?situation=live&layers=reports", server.token("control"))["features"]
    return [feature for feature in features if feature["id"].startswith("citizen:")]


def test_a_report_is_written_and_sent(
    page: Page, server: Server, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with_script = "no-script" not in request.node.name
    picture = tmp_path / "bild.png"
    target = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(target, "PNG")
    picture.write_bytes(target.getvalue())
    words = f"Rauch, {'mit' if with_script else 'ohne'} Script"
    page.get_by_label("Was haben Sie beobachtet?").fill(words)
    page.get_by_label("Fotos").set_input_files(picture)
    locate = page.get_by_role("button", name="Meinen Standort mitsenden")
    if with_script:
        locate.click()
        page.get_by_text("auf 12 Meter genau").wait_for()
    else:
        assert not locate.is_visible()
        page.get_by_label("Wo ist es?").fill("Marktplatz")
    page.get_by_role("button", name="Meldung senden").click()
    if page.get_by_text("sehr schnell").is_visible():
        wait_until(lambda: sent_again(page, picture), "the report to be taken")
    page.get_by_text("Ihre Meldung ist angekommen").wait_for()
    (report,) = (one for one in reports(server) if words in str(one))
    place = {"type": "Point", "coordinates": [8.7544, 51.7189]} if with_script else None
    assert report["geometry"] == place
    assert len(re.findall("/media/[0-9a-f]{64}", str(report))) == 1


def sent_again(page: Page, picture: Path) -> bool:
    """The same form once more; a browser does not keep files."""
    page.get_by_label("Fotos").set_input_files(picture)
    page.get_by_role("button", name="Meldung senden").click()
    return page.get_by_text("Ihre Meldung ist angekommen").is_visible()


@pytest.mark.parametrize("state", ["empty", "wrong"])
def test_axe_has_nothing_to_say(browser: Browser, server: Server, state: str) -> None:
    context = browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(server.url + "/melden")
    if state == "wrong":
        page.get_by_role("button", name="Meldung senden").click()
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert alert.evaluate("element => element === document.activeElement"), "what is wrong has the focus"
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags } })", RULES)
    assert [violation["id"] for violation in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing is cut off"
    context.close()
