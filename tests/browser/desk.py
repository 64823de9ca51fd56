"""The page object: what a person at a desk sees and does. Tests say what, this says where it is on the page."""

import json
import re
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.server import wait_until

STORAGE = "lagebild.session:"
WATCH_CSP = """
  window.__violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.__violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
  });
"""
GONE = re.compile(
    r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|WebSocket connection"
)


class Desk:
    """One browser window with its own storage."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        token: str | None = None,
        role: str = "control",
        scheme: Literal["light", "dark"] = "light",
        size: tuple[int, int] = (1280, 800),
        calm: bool = True,
        forgive: str | None = None,
        before: str = "",
    ) -> None:
        """Open `url`; with a token already signed in. `forgive`: complaints that this test brings about on purpose.

        `before` is a script that runs in the page before its own.
        """
        parts = urlsplit(url)
        kept = {"token": token, "role": role, "name": "Pult"}
        storage = [{"name": STORAGE + parts.path, "value": json.dumps(kept)}] if token is not None else []
        origin: Any = {"origin": f"{parts.scheme}://{parts.netloc}", "localStorage": storage}
        self.context = browser.new_context(
            storage_state={"cookies": [], "origins": [origin]},
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce" if calm else "no-preference",
            locale="de-DE",
            timezone_id="Europe/Berlin",
        )
        self.context.add_init_script(WATCH_CSP + before)
        self._forgive = re.compile(forgive) if forgive else None
        self._said: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._said.append(f"uncaught: {error}"))
        self.page.goto(url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._said.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def server_goes_away(self) -> None:
        """From here on it is no fault that the browser misses the server."""
        self._forgive = GONE

    def close(self) -> list[str]:
        """Close the window; returns what the browser complained of, CSP violations included."""
        violations = []
        if not self.page.is_closed():
            violations = [f"CSP {one}" for one in self.page.evaluate("window.__violations ?? []")]
        self.context.close()
        return violations + [one for one in self._said if not (self._forgive and self._forgive.search(one))]

    # what is there

    def part(self, name: str) -> Locator:
        """A part of the screen."""
        return self.page.get_by_test_id(name)

    def look(self, expression: str, *arguments: Any) -> Any:
        """Something of `window.lagebild`."""
        return self.page.evaluate(f"(args) => window.lagebild.{expression}", list(arguments))

    @property
    def missions(self) -> Locator:
        """Rows of the mission list."""
        return self.part("missions").get_by_role("option")

    @property
    def units(self) -> Locator:
        """Rows of the unit table that are built (those in view)."""
        return self.part("units").locator("[role=row][data-id]")

    @property
    def detail(self) -> Locator:
        """The panel with what is known of the chosen feature."""
        return self.part("detail")

    def fact(self, key: str) -> Locator:
        """A fact of the chosen feature, with its age and source."""
        return self.detail.locator(f"dd[data-key={key}]")

    def features(self, layer: str) -> list[dict[str, Any]]:
        """A layer as this browser has it."""
        found: list[dict[str, Any]] = self.look("features(args[0])", layer)
        return found

    def drawn(self, layer: str) -> dict[str, dict[str, Any]]:
        """What the map draws of a layer: situation id -> properties on the map."""
        return {one["id"]: one["properties"] for one in self.look("rendered(args[0])", layer)}

    # what is waited for

    def is_in(self) -> "Desk":
        """Signed in, connected, with a picture and a map that has come to rest."""
        expect(self.part("link")).to_have_attribute("data-state", "connected", timeout=30_000)
        wait_until(lambda: self.look("rev") > 0, "a picture")
        wait_until(lambda: self.look("mapReady"), "the map")
        return self

    def draws(self, layer: str, *ids: str) -> None:
        """The map draws these features."""
        wait_until(lambda: set(ids) <= set(self.drawn(layer)), f"{ids} on the map")

    # what is done

    def choose(self, row: Locator) -> None:
        """Click a row, and the panel speaks of it."""
        identifier = row.get_attribute("data-id")
        row.click()
        expect(self.detail.locator("article")).to_have_attribute("data-id", str(identifier))

    def tab(self, name: str) -> None:
        """Open a tab of the lower right."""
        self.page.locator(f"#tab-{name}").click()
