"""The app's window: builds the screens, keeps them in step with the cab, chooses day or night and the layout."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.floatlayout import FloatLayout

from mobile import daylight, geo
from mobile.cab import Cab, ReportError
from mobile.i18n import Words
from mobile.map.atlas import Atlas
from mobile.screens.frame import Frame
from mobile.screens.more import MorePane
from mobile.screens.sign_in import SignIn
from mobile.session import Session, SignInError
from mobile.themes import THEMES
from mobile.ui.gong import Gong
from mobile.ui.look import Look

log = logging.getLogger(__name__)

POLL_S = 0.1
TICK_S = 1.0
NIGHT_CHECK_S = 60.0
HOME = (8.78, 51.83)
"""Where the sun is reckoned while no position is known: the exercise town."""
SCALES = {"1": 1.0, "2": 1.25}


@dataclass(frozen=True)
class Options:
    """What the command line asked for; None: as the crew has chosen on the screen."""

    theme: str | None = None
    lang: str | None = None
    position: geo.LonLat | None = None
    screenshot: Path | None = None
    after_s: float = 3.0
    tab: str = "mission"


class LagebildApp(App):
    """Owns the window; everything it knows is in the cab."""

    title = "Lagebild"

    def __init__(self, cab: Cab, options: Options, problem: SignInError | None = None) -> None:
        super().__init__()
        self.cab, self.options = cab, options
        self._problem = problem
        self.atlas = Atlas(cab.shelf.tile)
        self.gong = Gong(cab.folder)
        self._night_checked_s = -NIGHT_CHECK_S
        self._night = False
        self._said = 0
        self._built: tuple[Any, ...] = ()
        self.frame: Frame | None = None
        self.look = self._look()

    def build(self) -> FloatLayout:
        """The root, with the screens for what is known."""
        self.root_box = FloatLayout()
        self._rebuild()
        Window.bind(size=lambda *_: Clock.schedule_once(lambda _: self._adapt(), 0))
        Clock.schedule_interval(self._poll, POLL_S)
        Clock.schedule_interval(self._tick, TICK_S)
        if self.options.screenshot:
            Clock.schedule_once(self._screenshot, self.options.after_s)
        return self.root_box

    def on_stop(self) -> None:
        """Keep everything."""
        self.atlas.close()
        self.cab.close()

    # building

    def _setting(self, name: str, default: str) -> str:
        return self.cab.store.setting(name, default)

    def _look(self) -> Look:
        chosen = self.options.theme or self._setting("theme", "auto")
        if chosen == "auto":
            chosen = "night" if self._is_night() else "day"
        lang = self.options.lang or self._setting("lang", "de")
        return Look(THEMES[chosen], Words(lang), SCALES.get(self._setting("scale", "1"), 1.0))

    def _is_night(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._night_checked_s >= NIGHT_CHECK_S:
            self._night_checked_s = now_s
            # The light in the cab is that of the wall clock, also in an exercise that plays at another time.
            self._night = daylight.is_night(datetime.now(UTC), *(self.cab.here() or HOME))
        return self._night

    def _key(self) -> tuple[Any, ...]:
        look = self._look()
        landscape = Window.width > Window.height
        return look.theme.name, look.words.lang, look.scale, landscape, self.cab.session

    def _adapt(self) -> None:
        """Build anew if theme, language, layout or session are others than those on the screen."""
        if self._key() != self._built:
            self._rebuild()

    def _rebuild(self) -> None:
        self._built = self._key()
        self.look = self._look()
        Window.clearcolor = self.look.colour("ground")
        old, self.frame = self.frame, None
        tab = old.tab if old else self.options.tab
        view = (old.map.map.camera, old.map.follow, old.map.heading_up) if old else None
        place = old.plan.place if old and old.plan else None
        self.root_box.clear_widgets()
        if old:
            old.close()
        if self.cab.session is None:
            self.root_box.add_widget(SignIn(self.look, self.signed_in, self._problem))
            return
        more = MorePane(self.look, self.cab, self._chosen(), self._change, self._sign_out)
        self.frame = Frame(self.look, self.cab, self.atlas, more, self._strike, Window.width > Window.height, tab)
        if self.cab.store.set_aside:
            self.frame.notice = self.look.words.say("notice.set_aside", file=self.cab.store.set_aside.name)
        if place:
            self.frame.open_plan(place)
        if view:
            self.frame.map.restore(*view)
        self.root_box.add_widget(self.frame)

    def _chosen(self) -> dict[str, str]:
        return {
            "theme": self.options.theme or self._setting("theme", "auto"),
            "lang": self.look.words.lang,
            "scale": self._setting("scale", "1"),
            "sound": self._setting("sound", "on"),
        }

    def _strike(self) -> None:
        if self._setting("sound", "on") == "on":
            self.gong.strike()

    # what the crew does

    def signed_in(self, session: Session) -> None:
        """A sign-in succeeded."""
        self._problem = None
        self.cab.sign_in(session)
        self._adapt()

    def _sign_out(self) -> None:
        self.cab.sign_out()
        self._adapt()

    def _change(self, setting: str, value: str) -> None:
        self.cab.store.set_setting(setting, value)
        # What is chosen on the screen wins over the command line from now on.
        kept = {name: getattr(self.options, name) for name in ("position", "screenshot", "after_s", "tab")}
        theme = None if setting == "theme" else self.options.theme
        lang = None if setting == "lang" else self.options.lang
        self.options = Options(theme=theme, lang=lang, **kept)
        self._built = ()
        self._adapt()

    # in step with the cab

    def _poll(self, _: float) -> None:
        news, said = self.cab.poll(), self.cab.outbox.version
        if (news or said != self._said) and self.frame:
            self.frame.show()
        self._said = said

    def _tick(self, _: float) -> None:
        if self.options.position and self.cab.session:
            try:
                self.cab.at(self.options.position)
            except ReportError as problem:
                log.warning("position not kept: %s", problem)
        self._adapt()
        if self.frame:
            self.frame.tick()

    def _screenshot(self, _: float) -> None:
        if self.frame:
            self.frame.map.map.draw_finely()
        export: Callable[[str], Any] = self.root_box.export_to_png
        export(str(self.options.screenshot))
        self.stop()
