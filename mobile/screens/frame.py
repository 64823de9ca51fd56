"""The frame round all screens: exercise banner, connection and clock, navigation; what stands beside what."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.floatlayout import FloatLayout

from mobile import near, pack_words, status_line
from mobile.cab import Cab
from mobile.map.atlas import Atlas
from mobile.mission import own_unit
from mobile.own import PlanPlace
from mobile.screens.alarm import AlarmView
from mobile.screens.fms import FmsPane
from mobile.screens.map import MapPane
from mobile.screens.mission import MissionPane
from mobile.screens.more import MorePane
from mobile.screens.near import NearPane
from mobile.screens.note import NotePane
from mobile.screens.plan import PlanView
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Ground, Key, Line1, Text, bold, plain, symbol

TABS = ("mission", "map", "near", "fms", "note", "more")
BAR_INK = {
    "good": ("panel", "text"),
    "quiet": ("quiet", "on_quiet"),
    "warn": ("warn", "on_warn"),
    "alarm": ("alarm", "on_alarm"),
}
CARD_SHARE = 0.5
BAR_MM = 9.0


class Frame(FloatLayout):
    """Everything a signed-in crew sees. Portrait shows one screen, landscape the map beside it."""

    def __init__(
        self,
        look: Look,
        cab: Cab,
        atlas: Atlas,
        more: MorePane,
        strike: Callable[[], None],
        landscape: bool,
        tab: str = "mission",
    ) -> None:
        super().__init__()
        self._strike = strike
        self.look, self.cab, self.landscape = look, cab, landscape
        self.tab = ""
        self.alarm: AlarmView | None = None
        self.plan: PlanView | None = None
        self.notice = ""
        self.map = MapPane(look, cab, atlas, self.open_plan)
        self.panes: dict[str, Any] = {
            "mission": MissionPane(look, cab),
            "map": self.map,
            "near": NearPane(look, cab, self._open_plan_of),
            "fms": FmsPane(look, cab),
            "note": NotePane(look, cab),
            "more": more,
        }
        root = BoxLayout(orientation="vertical")
        Ground(root, look.colour("ground"))
        self.banner = Line1(look, size=4.8, colour="on_exercise", halign="center", size_hint_y=None, height=0)
        Ground(self.banner, look.colour("exercise"))
        root.add_widget(self.banner)
        root.add_widget(self._status_bar())
        self.notice_line = Text(look, size=4.0, colour="on_warn", padding=[look.mm(3), look.mm(1)])
        self._notice_ground = Ground(self.notice_line, look.colour("warn"))
        self._root = root
        self.body = BoxLayout(spacing=look.mm(0.6))
        self.nav = self._navigation()
        if landscape:
            middle = BoxLayout()
            middle.add_widget(self.nav)
            middle.add_widget(self.body)
            root.add_widget(middle)
        else:
            root.add_widget(self.body)
            root.add_widget(self.nav)
        self.add_widget(root)
        self.open(tab)

    def _status_bar(self) -> BoxLayout:
        look = self.look
        bar = BoxLayout(size_hint_y=None, height=look.letters(BAR_MM), padding=[look.mm(3), 0])
        self.bar, self.bar_ground = bar, Ground(bar, look.colour("panel"))
        self.connection = Line1(look, size=4.2)
        self.side = BoxLayout(spacing=look.mm(4), size_hint_x=None)
        self.waiting = Line1(look, size=4.2)
        self.unit = Line1(look, size=4.6, halign="right", size_hint_x=None)
        self.clock = Line1(look, size=4.6, halign="right", size_hint_x=None)
        self.packs = Line1(look, size=4.2, size_hint_x=None)
        for part in (self.packs, self.waiting, self.unit, self.clock):
            self.side.add_widget(part)
        bar.add_widget(self.connection)
        bar.add_widget(self.side)
        return bar

    def _navigation(self) -> BoxLayout:
        look = self.look
        if self.landscape:
            nav = BoxLayout(orientation="vertical", size_hint_x=None, width=look.mm(23), spacing=look.mm(1))
        else:
            nav = BoxLayout(size_hint_y=None, height=look.mm(TOUCH_MM + 4), spacing=look.mm(0.6))
        nav.padding = [look.mm(1)] * 4
        self.nav_keys = {name: Key(look, "", partial(self.open, name), size=4.1) for name in TABS}
        for key in self.nav_keys.values():
            nav.add_widget(key)
        return nav

    def open(self, tab: str) -> None:
        """Go to a screen."""
        if tab == self.tab and self.plan is None:
            return
        self.tab, self.plan = tab, None
        self.body.clear_widgets()
        pane = self.panes[tab]
        if self.landscape and tab != "map":
            pane.size_hint_x = CARD_SHARE
            self.map.size_hint_x = 1 - CARD_SHARE
            self.body.add_widget(pane)
            self.body.add_widget(self.map)
        else:
            pane.size_hint_x = 1
            self.body.add_widget(pane)
        self.show()

    def _open_plan_of(self, entry: near.Entry) -> None:
        self.open_plan(PlanPlace(entry.title, entry.plans))

    def open_plan(self, place: PlanPlace) -> None:
        """Show a plan in the place of the screens; the lines at the top and the navigation stay."""
        self.plan = PlanView(self.look, self.cab, place, self._close_plan)
        self.body.clear_widgets()
        self.body.add_widget(self.plan)

    def _close_plan(self) -> None:
        """Back to the screen that one came from, as it was."""
        self.open(self.tab)

    def close(self) -> None:
        """The frame is replaced by another."""
        if self.alarm:
            self.alarm.close()
        self.panes["fms"].close()
        self.map.map.close()

    def show(self) -> None:
        """The picture changed: draw what is in sight, and bring a new mission to the front."""
        for pane in self._in_sight():
            pane.show()
        self._alarms()
        self._lines()

    def tick(self) -> None:
        """A second has passed."""
        if self.plan is not None and self.plan.is_gone():
            self._close_plan()
        for pane in self._in_sight():
            pane.tick()
        if self.alarm:
            self.alarm.tick()
        self._alarms()
        self._lines()

    def _in_sight(self) -> list[Any]:
        if self.plan is not None:
            return [self.plan]
        beside = [self.map] if self.landscape and self.tab != "map" else []
        return [self.panes[self.tab], *beside]

    def _alarms(self) -> None:
        waiting = self.cab.alarms.waiting(self.cab.snapshot.features, self.cab.unit)
        first = waiting[0] if waiting else None
        if self.alarm and (first is None or first is not self.alarm.mission):
            self.alarm.close()
            self.remove_widget(self.alarm)
            self.alarm = None
        if first is not None and self.alarm is None:
            self.alarm = AlarmView(self.look, self.cab, first, len(waiting) - 1, self._confirm, self._strike)
            self.add_widget(self.alarm)

    def _confirm(self) -> None:
        if self.alarm is None:
            return
        mission = str(self.alarm.mission["id"])
        self.cab.confirm(mission)
        self.open("mission")
        self.panes["mission"].bring_to_front(mission)
        self.map.show_all()
        self._alarms()

    def _lines(self) -> None:
        look, cab, words = self.look, self.cab, self.look.words
        line = status_line.connection(cab.snapshot, datetime.now(UTC), words)
        ground, ink = BAR_INK[line.level]
        self.bar_ground.paint(look.colour(ground))
        dot = symbol(line.symbol)
        dot = f"[color={look.hex('good')}]{dot}[/color]" if line.level == "good" else dot
        self.connection.text = f"{dot} {plain(line.text)}"
        mine = own_unit(cab.snapshot.features, cab.unit)
        self.unit.text = bold(str(mine["properties"].get("name") or "")) if mine else ""
        clock = status_line.clock(cab.clock, words)
        self.clock.text = bold(clock.text)
        waiting = status_line.waiting(cab.outbox.waiting(), words)
        self.waiting.text = f"{symbol('◔')} {waiting}" if waiting else ""
        warning = pack_words.warning(cab.packs(), words)
        self.packs.text = f"{symbol('△')} {bold(warning)}" if warning else ""
        for part in (self.connection, self.clock, self.waiting, self.unit, self.packs):
            part.paint(ink)
        self._fit_bar()
        exercise = cab.snapshot.exercise
        self.banner.height = look.mm(8) if exercise else 0
        self.banner.text = bold(status_line.exercise(cab.snapshot, cab.clock, words)) if exercise else ""
        self._notices()
        self._name_tabs()

    def _fit_bar(self) -> None:
        """One row where everything fits, else two: what is cut off is what would have been needed."""
        gap = self.look.mm(5)
        self.unit.width, self.clock.width = self.unit.needed(), self.clock.needed()
        self.packs.width = self.packs.needed()
        right = self.packs.width + self.waiting.needed() + self.unit.width + self.clock.width + 3 * gap
        rows = 1 if self.connection.needed() + right + 3 * gap <= self.width else 2
        self.bar.orientation = "horizontal" if rows == 1 else "vertical"
        self.bar.height = rows * self.look.letters(BAR_MM if rows == 1 else 7.5)
        self.side.size_hint_x = None if rows == 1 else 1
        self.side.width = right

    def _notices(self) -> None:
        words = self.look.words
        texts = [words.say(f"notice.{name}") for name in sorted(self.cab.snapshot.notices)]
        texts += [self.notice] if self.notice else []
        if texts and not self.notice_line.parent:
            self._root.add_widget(self.notice_line, index=len(self._root.children) - 2)
        elif not texts and self.notice_line.parent:
            self._root.remove_widget(self.notice_line)
        self.notice_line.text = plain("\n".join(texts))

    def _name_tabs(self) -> None:
        words = self.look.words
        digit, pressed = self.cab.status(), self.cab.pressed()
        for name, key in self.nav_keys.items():
            text = words.say(f"nav.{name}")
            if name == "fms" and (pressed is not None or digit is not None):
                shown = f"{pressed} {symbol('◔')}" if pressed is not None else str(digit)
                text = f"[size={int(self.look.mm(6.5))}][b]{shown}[/b][/size]\n{text}"
            key.text = text
            chosen = name == self.tab
            key.dress(*(("chosen", "on_chosen") if chosen else ("key", "on_key")))
