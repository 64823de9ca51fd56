"""What the crew sent and what became of it: waiting, sent, confirmed, refused with the reason."""

from datetime import UTC, datetime
from typing import Any

from kivy.uix.boxlayout import BoxLayout

from mobile.ages import moment
from mobile.cab import Cab
from mobile.outbox import Item, State
from mobile.ui.look import Look
from mobile.ui.parts import Ground, Scroll, Text, bold, plain, symbol

SIGNS = {State.WAITING: "◔", State.ACKNOWLEDGED: "✓", State.REFUSED: "✕"}
COLOURS = {State.WAITING: "text", State.ACKNOWLEDGED: "muted", State.REFUSED: "alarm"}


def state_text(item: Item, look: Look) -> str:
    """What became of a report."""
    words = look.words
    if item.state is State.ACKNOWLEDGED:
        answered = moment(item.answered_at)
        # By the wall clock, as an age: in an exercise the time of day would be another than the one on the screen.
        passed = (datetime.now(UTC) - answered).total_seconds() if answered else None
        return words.say("report.acknowledged", age=words.age(passed))
    if item.state is State.REFUSED:
        key = f"report.refused.{item.answer}"
        return words.say("report.refused", reason=words.say(key if words.knows(key) else "report.refused.other"))
    return words.say("report.sent" if item.attempts else "report.waiting")


def item_text(item: Item, look: Look) -> str:
    """What the report says."""
    words = look.words
    if item.kind == "unit_status":
        digit = item.body.get("fms_status")
        return words.say("report.unit_status", digit=digit, meaning=words.value("fms_status", digit))
    return words.say(f"report.{item.kind}", text=str(item.body.get("text", ""))[:120])


class SentList(BoxLayout):
    """The newest reports, newest first."""

    def __init__(self, look: Look, cab: Cab, **more: Any) -> None:
        super().__init__(orientation="vertical", **more)
        self.look, self.cab = look, cab
        self._drawn: tuple[Any, ...] | None = None
        self.scroll = Scroll(look)
        self.scroll.column.padding = [look.mm(2), look.mm(1)]
        self.scroll.column.spacing = look.mm(1)
        Ground(self, look.colour("panel"), look.mm(1.2))
        self.add_widget(self.scroll)

    def show(self, problem: str = "") -> None:
        """Draw the list if it changed; `problem` is the key of what went wrong just now."""
        items = self.cab.outbox.recent(12)
        key = (problem, tuple(items), tuple(state_text(item, self.look) for item in items))
        if key == self._drawn:
            return
        self._drawn = key
        look, column = self.look, self.scroll.column
        column.clear_widgets()
        if problem:
            column.add_widget(Text(look, bold(look.words.say(problem)), colour="alarm"))
        for item in items:
            text = f"{symbol(SIGNS[item.state])} {bold(item_text(item, look))}  {plain(state_text(item, look))}"
            column.add_widget(Text(look, text, size=3.9, colour=COLOURS[item.state]))
        if not items and not problem:
            column.add_widget(Text(look, look.words.say("report.none"), size=3.9, colour="muted"))
        self.scroll.scroll_y = 1.0
