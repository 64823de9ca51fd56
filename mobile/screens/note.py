"""A few words to the control room: one press for the usual ones, a field for the rest."""

from functools import partial
from typing import Any

from kivy.uix.boxlayout import BoxLayout
from kivy.uix.gridlayout import GridLayout

from mobile.cab import Cab, ReportError
from mobile.mission import own_missions
from mobile.screens.pane import Pane
from mobile.screens.sent import SentList
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Field, Key, Text, bold, plain

QUICK = tuple(f"note.quick.{number}" for number in range(1, 7))
MAX_CHARS = 2000


class NotePane(Pane):
    """A note, and what became of the ones before."""

    def __init__(self, look: Look, cab: Cab, **more: Any) -> None:
        super().__init__(look, cab, padding=[look.mm(3)] * 4, spacing=look.mm(2), **more)
        words = look.words
        self.problem = ""
        self.add_widget(Text(look, bold(words.say("note.title")), size=5.2))
        self.about = Text(look, size=3.9, colour="muted")
        self.add_widget(self.about)
        grid = GridLayout(cols=2, spacing=look.mm(2), size_hint_y=None, height=3 * look.mm(TOUCH_MM + 2))
        for key in QUICK:
            grid.add_widget(Key(look, words.say(key), partial(self._fill, words.say(key)), size=4.2))
        self.add_widget(grid)
        row = BoxLayout(size_hint_y=None, height=look.mm(TOUCH_MM + 6), spacing=look.mm(2))
        self.field = Field(look, words.say("note.hint"), multiline=True, size_hint_y=1)
        self.send = Key(
            look, bold(words.say("note.send")), self._send, ground="accent", ink="on_accent", size_hint_x=None,
            width=look.mm(28),
        )  # fmt: skip
        row.add_widget(self.field)
        row.add_widget(self.send)
        self.add_widget(row)
        self.sent = SentList(look, cab)
        self.add_widget(self.sent)

    def show(self) -> None:
        """Say what the note is about, and what was sent."""
        missions = own_missions(self.cab.snapshot.features, self.cab.unit)
        words = self.look.words
        title = missions[0]["properties"].get("title") if missions else None
        self.about.text = plain(words.say("note.about", title=title) if missions else words.say("note.general"))
        self.sent.show(self.problem)

    def tick(self) -> None:
        """What was sent may have been answered."""
        self.show()

    def _fill(self, text: str) -> None:
        self.field.text = text

    def _send(self) -> None:
        text = self.field.text.strip()[:MAX_CHARS]
        self.problem = "" if text else "note.empty"
        if text:
            try:
                self.cab.note(text)
                self.field.text = ""
            except ReportError as problem:
                self.problem = f"report.{problem.reason}"
        self.show()
