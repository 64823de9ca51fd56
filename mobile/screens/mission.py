"""The mission card: Was first and largest, every fact with its age; what is old is grey and says so."""

from typing import Any

from kivy.uix.boxlayout import BoxLayout

from mobile import pack_words
from mobile.cab import Cab
from mobile.card import VITAL_WEIGHT, Card, Fact, cards
from mobile.screens.pane import Pane
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Column, Ground, Key, Scroll, Text, bold, plain, symbol

AGE_MM = 19.0
SIGNS = {"alarm": "▲ ", "warn": "△ "}
LARGE = {"keyword": 6.8, "address": 6.2, "eta": 6.2}
"""Letters of the facts that everybody in the cab must read at once, mm."""
MINOR = frozenset({"number", "alert_source", "reporter", "floor_plan_url", "camera"})


class FactRow(BoxLayout):
    """One fact: its words on the left, its age on the right."""

    def __init__(self, look: Look, fact: Fact, ink: str = "text") -> None:
        super().__init__(
            size_hint_y=None, padding=[look.mm(3.5), look.mm(0.9), look.mm(2.5), look.mm(0.9)], spacing=look.mm(2)
        )
        self._look, self.fact, self._ink = look, fact, ink
        self._heavy = fact.key in LARGE or fact.weight >= VITAL_WEIGHT
        size = LARGE.get(fact.key, 4.1 if fact.key in MINOR else (4.9 if self._heavy else 4.6))
        self.words = Text(look, size=size)
        self.age = Text(look, size=3.3, halign="right", size_hint_x=None, width=look.mm(AGE_MM))
        for part in (self.words, self.age):
            part.pos_hint = {"top": 1}
            part.bind(height=self._grow)
            self.add_widget(part)

    def _grow(self, *_: Any) -> None:
        self.height = max(self.words.height, self.age.height) + self.padding[1] + self.padding[3]

    def update(self, now: Any) -> None:
        """Write the age anew."""
        words, fact = self._look.words, self.fact
        stale, text = fact.stale(now), fact.told(now, words)
        age = words.age(fact.age_s(now)) if fact.observed_at else ""
        sign = symbol(SIGNS[fact.level]) if fact.level in SIGNS and not stale else ""
        self.words.text = sign + (bold(text) if self._heavy and not stale else plain(text))
        self.age.text = f"[b]{words.say('stale').upper()}[/b]\n{age}" if stale else age
        self.words.paint("stale" if stale and self._ink == "text" else self._ink)
        self.age.paint(("stale" if stale else "muted") if self._ink == "text" else self._ink)


class MissionPane(Pane):
    """The card, or why there is none."""

    def __init__(self, look: Look, cab: Cab, **more: Any) -> None:
        super().__init__(look, cab, **more)
        self._shown: tuple[Any, ...] | None = None
        self._index = 0
        self._warning = ""
        self.rows: list[FactRow] = []
        self.scroll = Scroll(look)
        self.add_widget(self.scroll)
        self._switch = Key(look, "", self._next, size_hint_y=None, height=look.mm(TOUCH_MM))

    def _cards(self) -> tuple[Card, ...]:
        cab = self.cab
        return tuple(cards(cab.snapshot.features, cab.unit, cab.here(), self.look.words))

    def show(self) -> None:
        """Build the card anew if its facts changed; where the crew was reading, it goes on reading."""
        found = self._cards()
        # Only where there is no mission: nothing of a map that is old may stand before the card.
        self._warning = "" if found else pack_words.warning(self.cab.packs(), self.look.words)
        key = (found, self._index, self.cab.snapshot.epoch, self._warning)
        if key != self._shown:
            self._shown = key
            above = (1.0 - self.scroll.scroll_y) * max(0.0, self.scroll.column.height - self.scroll.height)
            self._build(found)
            room = self.scroll.column.height - self.scroll.height
            self.scroll.scroll_y = 1.0 - above / room if room > 0 and above < room else 1.0
        self.tick()

    def tick(self) -> None:
        """Ages run on; a map is loaded."""
        if not self.rows and self._shown and self._shown[3] != pack_words.warning(self.cab.packs(), self.look.words):
            self.show()
            return
        now = self.cab.now()
        for row in self.rows:
            row.update(now)

    def bring_to_front(self, mission_id: str) -> None:
        """Show this mission's card from its top."""
        self._index = next((place for place, card in enumerate(self._cards()) if card.mission == mission_id), 0)
        self.show()
        self.scroll.scroll_y = 1.0

    def _next(self) -> None:
        self._index += 1
        self.show()
        self.scroll.scroll_y = 1.0

    def _build(self, found: tuple[Card, ...]) -> None:
        column, look = self.scroll.column, self.look
        column.clear_widgets()
        self.rows = []
        if self._switch.parent:
            self.remove_widget(self._switch)
        if not found:
            self._empty(column)
            return
        card = found[self._index % len(found)]
        if card.ended:
            column.add_widget(self._line(bold(look.words.say("mission.ended")), "quiet", "on_quiet"))
        if not card.sections:
            column.add_widget(self._line(bold(card.title), "urgent", "on_urgent", size=LARGE["keyword"]))
            column.add_widget(self._line(look.words.say("mission.pending"), "panel", "muted"))
        for key, facts in card.sections:
            self._section(column, key, facts, card.ended)
        if card.count > 1:
            self._switch.text = look.words.say("mission.next", i=card.number, n=card.count) + "  ▸"
            self.add_widget(self._switch)

    def _empty(self, column: Column) -> None:
        words, cab = self.look.words, self.cab
        box = Column(padding=[self.look.mm(5), self.look.mm(10)], spacing=self.look.mm(3))
        box.add_widget(Text(self.look, bold(words.say("mission.none")), size=8.0))
        unit = cab.snapshot.features.get(cab.unit or "")
        name = (unit["properties"].get("name") or unit["properties"].get("title")) if unit else cab.unit
        known = bool(cab.snapshot.epoch)
        hint = words.say("mission.none.hint", unit=name or "–") if known else words.say("mission.none.nopicture")
        box.add_widget(Text(self.look, plain(hint), colour="muted"))
        column.add_widget(box)
        if self._warning:
            text = bold(words.say("packs.start", warning=self._warning))
            column.add_widget(self._line(text, "warn", "on_warn", size=5.4))

    def _line(self, text: str, ground: str, ink: str, size: float = 4.6) -> Column:
        box = Column(padding=[self.look.mm(3.5), self.look.mm(2)])
        box.add_widget(Text(self.look, text, size=size, colour=ink))
        Ground(box, self.look.colour(ground))
        return box

    def _section(self, column: Column, key: str, facts: tuple[Fact, ...], ended: bool) -> None:
        look = self.look
        urgent = key == "was" and not ended
        box = Column(padding=[0, look.mm(1.2), 0, look.mm(1.4)])
        Ground(box, look.colour("urgent" if urgent else "panel"))
        title = bold(look.words.say(f"section.{key}").upper())
        ink = "on_urgent" if urgent else "accent"
        box.add_widget(Text(look, title, size=3.4, colour=ink, padding=[look.mm(3.5), 0]))
        for fact in facts:
            row = FactRow(look, fact, "on_urgent" if urgent else "text")
            self.rows.append(row)
            box.add_widget(row)
        column.add_widget(box)
        rule = BoxLayout(size_hint_y=None, height=look.mm(0.5))
        Ground(rule, look.colour("line"))
        column.add_widget(rule)
