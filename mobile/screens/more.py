"""Colours, language, letters, who is signed in, signing out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kivy.uix.boxlayout import BoxLayout

from mobile import pack_words
from mobile.cab import Cab
from mobile.screens.packs import PacksPane
from mobile.screens.pane import Pane
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Key, Scroll, Text, bold, plain

CHOICES = {
    "theme": ("auto", "day", "night"),
    "lang": ("de", "en"),
    "scale": ("1", "2"),
    "sound": ("on", "off"),
}
LANGUAGE_NAMES = {"de": "Deutsch", "en": "English"}


class MorePane(Pane):
    """Settings. `on_change(setting, value)` and `on_sign_out()` are the app's."""

    def __init__(
        self,
        look: Look,
        cab: Cab,
        chosen: dict[str, str],
        on_change: Callable[[str, str], None],
        on_sign_out: Callable[[], None],
        **more: Any,
    ) -> None:
        super().__init__(look, cab, **more)
        self._on_sign_out = on_sign_out
        self._sure = False
        self.scroll = Scroll(look)
        self.packs = PacksPane(look, cab, self.close_packs)
        column = self.scroll.column
        column.padding, column.spacing = [look.mm(4)] * 4, look.mm(2.5)
        self.packs_key = Key(look, "", self.open_packs, size_hint_y=None, height=look.mm(TOUCH_MM + 2))
        column.add_widget(self.packs_key)
        for setting, values in CHOICES.items():
            row = BoxLayout(size_hint_y=None, height=look.mm(TOUCH_MM + 2), spacing=look.mm(2))
            row.add_widget(Text(look, bold(look.words.say(f"more.{setting}")), size=4.2, colour="accent",
                                size_hint_x=None, width=look.letters(24), pos_hint={"center_y": 0.5}))  # fmt: skip
            for value in values:
                name = LANGUAGE_NAMES.get(value) or look.words.say(f"more.{setting}.{value}")
                key = Key(look, name, partial(on_change, setting, value))
                key.dress(*(("chosen", "on_chosen") if chosen.get(setting) == value else ("key", "on_key")))
                row.add_widget(key)
            column.add_widget(row)
        column.add_widget(Text(look, bold(look.words.say("more.account")), size=4.2, colour="accent"))
        self.account = Text(look, size=4.4)
        column.add_widget(self.account)
        self.out = Key(look, look.words.say("more.out"), self._out, size_hint_y=None, height=look.mm(TOUCH_MM + 2))
        column.add_widget(self.out)
        self.notices = Text(look, size=4.0, colour="muted")
        column.add_widget(self.notices)
        self.add_widget(self.scroll)

    def open_packs(self) -> None:
        """Show the maps and data of this tablet."""
        self.clear_widgets()
        self.packs.show()
        self.add_widget(self.packs)

    def close_packs(self) -> None:
        """Back to the settings."""
        self.clear_widgets()
        self.add_widget(self.scroll)
        self.show()

    def tick(self) -> None:
        """Downloads go on."""
        if self.packs.parent:
            self.packs.tick()
        self._name_packs()

    def _name_packs(self) -> None:
        words = self.look.words
        warning = pack_words.warning(self.cab.packs(), words)
        self.packs_key.text = "\n".join(filter(None, (bold(words.say("packs.open")), plain(warning))))
        self.packs_key.dress(*(("warn", "on_warn") if warning else ("key", "on_key")))

    def show(self) -> None:
        """Who is signed in, and where."""
        self._name_packs()
        session, words = self.cab.session, self.look.words
        if session is None:
            return
        lines = [words.say("more.signed", name=session.name, role=words.say(f"role.{session.role}"))]
        if session.unit:
            unit = self.cab.snapshot.features.get(session.unit)
            lines.append(words.say("more.unit", unit=unit["properties"].get("title") if unit else session.unit))
        title = self.cab.snapshot.hello.get("title") or session.situation
        lines += [words.say("more.situation", title=title), words.say("more.server", server=session.server)]
        self.account.text = plain("\n".join(lines))

    def _out(self) -> None:
        words = self.look.words
        if self._sure:
            self._on_sign_out()
            return
        self._sure = True
        waiting = self.cab.outbox.waiting()
        self.out.text = words.say("more.out.waiting", n=waiting) if waiting else words.say("more.out.sure")
        self.out.dress("alarm", "on_alarm")
