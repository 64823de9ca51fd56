"""A new mission: covers everything, blinks and sounds until somebody presses "Verstanden"."""

from collections.abc import Callable
from typing import Any

from kivy.clock import Clock
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from layers.wire import Feature
from mobile import ages, status_line
from mobile.cab import Cab
from mobile.mission import address
from mobile.ui.look import Look
from mobile.ui.parts import Ground, Key, Text, bold, plain

BLINK_S = 0.6
GONG_EVERY_S = 5.0


class AlarmView(BoxLayout):
    """What is burning, where, since when."""

    def __init__(
        self,
        look: Look,
        cab: Cab,
        mission: Feature,
        more: int,
        on_confirm: Callable[[], None],
        strike: Callable[[], None],
    ) -> None:
        super().__init__(orientation="vertical", padding=[look.mm(4)] * 4)
        self.look, self.cab, self.mission = look, cab, mission
        self._bright = False
        self.ground = Ground(self, look.colour("alarm"))
        inner = BoxLayout(orientation="vertical", padding=[look.mm(8), look.mm(6)], spacing=look.mm(4))
        Ground(inner, look.colour("panel"))
        words, properties = look.words, mission["properties"]
        if cab.snapshot.exercise:
            banner = Text(look, bold(status_line.exercise(cab.snapshot, cab.clock, words)), size=6.0, halign="center",
                          colour="on_exercise", padding=[0, look.mm(1)])  # fmt: skip
            Ground(banner, look.colour("exercise"))
            inner.add_widget(banner)
        inner.add_widget(Text(look, bold(words.say("alarm.title")), size=8.5, colour="alarm"))
        inner.add_widget(Text(look, bold(str(properties.get("title") or "")), size=10.5))
        inner.add_widget(Text(look, bold(address(mission)), size=8.0))
        if properties.get("description"):
            inner.add_widget(Text(look, plain(str(properties["description"])), size=5.6))
        self.since = Text(look, size=5.0, colour="muted")
        inner.add_widget(self.since)
        inner.add_widget(Widget())
        if more:
            inner.add_widget(Text(look, words.say("alarm.more", n=more), size=5.0))
        confirm = bold(words.say("alarm.confirm"))
        self.key = Key(look, confirm, on_confirm, ground="alarm", ink="on_alarm", size=8.0, size_hint_y=None,
                       height=look.mm(22))  # fmt: skip
        inner.add_widget(self.key)
        self.add_widget(inner)
        self._events = [
            Clock.schedule_interval(self._blink, BLINK_S),
            Clock.schedule_once(lambda _: strike(), 0),
            Clock.schedule_interval(lambda _: strike(), GONG_EVERY_S),
        ]
        self.tick()

    def tick(self) -> None:
        """How long ago the alarm was."""
        words, now = self.look.words, self.cab.now()
        issued = ages.moment(self.mission["properties"].get("issued_at"))
        passed = (now - issued).total_seconds() if now and issued else None
        self.since.text = words.say("alarm.alerted", time=words.time(issued, seconds=False), age=words.age(passed))

    def close(self) -> None:
        """No more blinking, no more sound."""
        for event in self._events:
            event.cancel()

    def on_touch_down(self, touch: Any) -> bool:
        """Nothing below is touched through it."""
        super().on_touch_down(touch)
        return True

    def _blink(self, _: float) -> None:
        self._bright = not self._bright
        self.ground.paint(self.look.colour("warn" if self._bright else "alarm"))
