"""Signing in: a link from the control room, or server and token."""

import threading
from collections.abc import Callable
from typing import Any

from kivy.clock import Clock
from kivy.uix.boxlayout import BoxLayout

from mobile.session import Session, SignInError, parse_link, sign_in_by_link, sign_in_by_token
from mobile.ui.look import TOUCH_MM, Look
from mobile.ui.parts import Field, Ground, Key, Scroll, Text, bold, plain


class SignIn(BoxLayout):
    """Asks the server in a thread of its own; `on_session` is called on the screen's thread."""

    def __init__(self, look: Look, on_session: Callable[[Session], None], problem: SignInError | None = None) -> None:
        super().__init__(orientation="vertical")
        self.look, self._on_session = look, on_session
        self._working = False
        words = look.words
        Ground(self, look.colour("ground"))
        scroll = Scroll(look)
        column = scroll.column
        column.padding, column.spacing = [look.mm(8), look.mm(5)], look.mm(3)
        column.add_widget(Text(look, bold(words.say("title")), size=9.0))
        column.add_widget(Text(look, words.say("signin.title"), size=5.6, colour="muted"))
        self.problem = Text(look, size=4.8, colour="alarm")
        column.add_widget(self.problem)
        self.link = Field(look, words.say("signin.link.hint"))
        column.add_widget(Text(look, bold(words.say("signin.link")), size=4.4))
        column.add_widget(self._row(self.link, Key(look, words.say("signin.paste"), self._paste, size_hint_x=None,
                                                   width=look.mm(30))))  # fmt: skip
        column.add_widget(self._wide(words.say("signin.link.go"), self.by_link))
        column.add_widget(Text(look, words.say("signin.or"), colour="muted", halign="center"))
        self.server = Field(look, words.say("signin.server.hint"))
        self.token = Field(look, words.say("signin.token.hint"), password=True)
        for name, field in (("server", self.server), ("token", self.token)):
            column.add_widget(Text(look, bold(words.say(f"signin.{name}")), size=4.4))
            column.add_widget(field)
        column.add_widget(self._wide(words.say("signin.token.go"), self.by_token))
        self.add_widget(scroll)
        if problem is not None:
            self._failed(problem)

    def _row(self, *parts: Any) -> BoxLayout:
        row = BoxLayout(size_hint_y=None, height=self.look.mm(TOUCH_MM + 1), spacing=self.look.mm(2))
        for part in parts:
            row.add_widget(part)
        return row

    def _wide(self, text: str, go: Callable[[], None]) -> Key:
        height = self.look.mm(TOUCH_MM + 3)
        return Key(self.look, bold(text), go, ground="accent", ink="on_accent", size_hint_y=None, height=height)

    def _paste(self) -> None:
        from kivy.core.clipboard import Clipboard  # looks for helper programs when it is imported

        self.link.text = str(Clipboard.paste() or "").strip()

    def by_link(self) -> None:
        """Sign in with the link in the field."""
        text = self.link.text
        self._ask(lambda: sign_in_by_link(parse_link(text)))

    def by_token(self) -> None:
        """Sign in with server and token in the fields."""
        server, token = self.server.text, self.token.text.strip()
        self._ask(lambda: sign_in_by_token(server, token))

    def _ask(self, ask: Callable[[], Session]) -> None:
        if self._working:
            return
        self._working = True
        self.problem.paint("muted")
        self.problem.text = self.look.words.say("signin.working")

        def work() -> None:
            try:
                session = ask()
            except SignInError as problem:
                failed = problem
                Clock.schedule_once(lambda _: self._failed(failed))
            else:
                Clock.schedule_once(lambda _: self._on_session(session))

        threading.Thread(target=work, name="sign-in", daemon=True).start()

    def _failed(self, problem: SignInError) -> None:
        self._working = False
        self.problem.paint("alarm")
        self.problem.text = plain(self.look.words.say(f"signin.{problem.reason}.wrong"))
