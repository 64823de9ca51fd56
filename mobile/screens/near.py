"""What is near, nearest first; alarms on top."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kivy.uix.boxlayout import BoxLayout

from mobile import geo, near
from mobile.cab import Cab
from mobile.own import OwnObject
from mobile.pack import WaterPoint
from mobile.screens.pane import Pane
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Column, Ground, Key, Line1, Scroll, Text, bold, plain, symbol

SIGNS = {"alarm": "▲", "warn": "△"}
HEADED = ("own", "water")


class NearRow(BoxLayout):
    """Distance and direction, what it is, how it is, how old."""

    def __init__(self, look: Look, entry: near.Entry, open_plan: Callable[[near.Entry], None]) -> None:
        gap = look.mm(1.6)
        super().__init__(size_hint_y=None, padding=[look.mm(3), gap], spacing=look.mm(2))
        words = look.words
        colour = "stale" if entry.stale else ("alarm" if entry.level == "alarm" else "text")
        far = words.say("near.here") if entry.distance_m < 5 else words.distance(entry.distance_m)
        way = words.say(f"compass.{entry.direction}") if entry.direction else ""
        left = Column(size_hint_x=None, width=look.mm(20), pos_hint={"top": 1})
        left.add_widget(Text(look, bold(far), size=5.0, colour=colour))
        if way:
            left.add_widget(Text(look, way, size=4.2, colour="muted"))
        right = Column(pos_hint={"top": 1})
        sign = f"{symbol(SIGNS[entry.level])} " if entry.level in SIGNS else ""
        right.add_widget(Text(look, sign + bold(entry.title), size=4.8, colour=colour))
        if entry.text:
            right.add_widget(Text(look, plain(entry.text), size=4.0, colour="stale" if entry.stale else "text"))
        if entry.age:
            age = f"{words.say('stale').upper()} · {entry.age}" if entry.stale else entry.age
            right.add_widget(Text(look, age, size=3.4, colour="stale" if entry.stale else "muted"))
        self.add_widget(left)
        self.add_widget(right)
        if entry.plans:
            key = Key(look, words.say("plan"), lambda: open_plan(entry), size=4.2, pos_hint={"top": 1})
            key.size_hint, key.size = (None, None), (look.mm(20), look.mm(TOUCH_MM))
            self.add_widget(key)
        self._least = look.mm(TOUCH_MM) if entry.plans else 0.0
        self._columns = (left, right)
        for column in self._columns:
            column.bind(height=self._grow)
        Ground(self, look.colour("panel"))

    def _grow(self, *_: Any) -> None:
        self.height = max(self._least, *(column.height for column in self._columns)) + self.padding[1] * 2


class NearPane(Pane):
    """The list."""

    def __init__(self, look: Look, cab: Cab, open_plan: Callable[[near.Entry], None], **more: Any) -> None:
        super().__init__(look, cab, spacing=look.mm(0.6), **more)
        self._open_plan = open_plan
        self.which = "me"
        self._looked_at: tuple[float, float, int] | None = None
        self._found: list[WaterPoint] = []
        self._own: list[OwnObject] = []
        self._drawn: tuple[Any, ...] | None = None
        bar = BoxLayout(size_hint_y=None, height=look.mm(TOUCH_MM), padding=[look.mm(3), 0, 0, 0])
        self.title = Line1(look, size=4.4)
        self.switch = Key(look, "", self._switch, size_hint_x=None, width=look.mm(34), size=4.2)
        bar.add_widget(self.title)
        bar.add_widget(self.switch)
        self.scroll = Scroll(look)
        self.scroll.column.spacing = look.mm(0.4)
        self.add_widget(bar)
        self.add_widget(self.scroll)

    def tick(self) -> None:
        """Things move and age."""
        self.show()

    def show(self) -> None:
        """Draw the list if it changed."""
        look, cab, words = self.look, self.cab, self.look.words
        features = cab.snapshot.features
        here = near.origin(features, cab.unit, cab.position, self.which)
        if here is None:  # the other point is better than nothing, and the title says which it is
            other = "mission" if self.which == "me" else "me"
            here = near.origin(features, cab.unit, cab.position, other)
            self.which = other if here else self.which
        rows = []
        if here:
            self._look_up(here)
            sources = cab.water.near(here)
            place = partial(cab.nearest.line, words=words)
            rows = near.entries(features, self._found, here, cab.unit, cab.now(), words, self._own, sources, place)
        key = (self.which, here is None, tuple(rows))
        if key == self._drawn:
            return
        self._drawn = key
        self.title.text = words.say(f"near.from.{self.which}")
        self.switch.text = words.say("near.switch.mission" if self.which == "me" else "near.switch.me")
        column = self.scroll.column
        column.clear_widgets()
        for number, row in enumerate(rows):
            if row.level in HEADED and (number == 0 or rows[number - 1].level != row.level):
                heading = Text(look, bold(words.say(f"near.{row.level}").upper()), size=3.6, colour="accent")
                heading.padding = [look.mm(3), look.mm(1.5)]
                column.add_widget(heading)
            column.add_widget(NearRow(look, row, self._open_plan))
        if not rows:
            text = words.say("near.none", distance=words.distance(near.REACH_M)) if here else words.say("near.nowhere")
            column.add_widget(Text(look, text, colour="muted", padding=[look.mm(4), look.mm(4)]))

    def _look_up(self, here: geo.LonLat) -> None:
        """What the packs have round here: the nearest water, own objects. Again only where one has moved."""
        shelf = self.cab.shelf
        where = (round(here[0], 4), round(here[1], 4), shelf.changes)
        if where != self._looked_at:
            self._looked_at, self._found = where, shelf.water(here, near.REACH_M, near.WATER_LIMIT)
            self._own = [one for one in shelf.own(here, 2 * near.REACH_M) if one.kind != "hydrant"]

    def _switch(self) -> None:
        self.which = "mission" if self.which == "me" else "me"
        self.scroll.scroll_y = 1.0
        self.show()
