"""What can be worked out of the picture: the questions and who answers them (server/derive.py runs them)."""

from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from layers.content import Content
from layers.picture import Picture
from layers.wire import Feature


class Question(Struct, frozen=True, kw_only=True):
    """What is to be worked out for a subject.

    `basis` names what it rests on (equal basis and equal answer are the same claim); `observed_at` is when that was so:
    the answer is exactly as old. `data` is for the deriver alone.
    """

    subject: str
    basis: str
    observed_at: datetime
    data: Any = None


class Deriver(Protocol):
    """One thing that can be worked out. `source` is who says so, such as `base/geocoder`.

    What is asked follows from the picture and the data that the server has, never from what was asked before: asked of
    the same picture again, after a restart for example, it is the same question.
    """

    source: str

    @property
    def ready(self) -> bool:
        """Whether there is anything to work with at all; False without base data."""

    def concerns(self, feature: Feature) -> Iterable[str]:
        """Subjects to look at when this feature came or changed. On the loop for every change: cheap."""

    def rests_until(self, picture: Picture, subject: str) -> datetime | None:
        """Until when a subject is left alone, because it was answered only just now; it goes on waiting.

        None: it may be asked. With the desk's lock held: cheap, reads only.
        """

    def ask(self, picture: Picture, subject: str) -> Question | None:
        """The question, None when there is nothing to do. Called with the desk's lock held: cheap, reads only."""

    def answer(self, question: Question) -> Content | None:
        """The content to be claimed of the subject, None for nothing. In a real thread: nothing green in it."""


@runtime_checkable
class Surrounded(Protocol):
    """A deriver whose answers rest on more than their subject: on obstacles, on files, on the time."""

    def surroundings(self, picture: Picture, now: datetime) -> Hashable:
        """All else that answers rest on, in short. With the desk's lock held, before every turn: cheap, reads only."""

    def surrounded(self, picture: Picture) -> Iterable[str]:
        """Subjects to look at when the surroundings are others than last time. With the desk's lock held."""
