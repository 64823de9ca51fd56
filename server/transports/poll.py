"""Polls addresses over HTTP and hands each answer to its feed.

Each address has its own turn: asked again after `interval_s`, after a failure later each time, and not before the
moment that the server named (Retry-After). What did not change is not sent again (ETag, Last-Modified). While one
address of several answers, the connection stands, and the others are told as trouble.
"""

import hashlib
import random
import re
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from urllib.parse import quote, urljoin

from msgspec import Struct

from layers.observation import iso
from server.feeds import Context, DecodeError
from server.feeds.sensorthings import next_link
from server.transports.connection import Link, Lost, Transport, refusal, retry_s
from server.transports.fetch import Answer, Failed, Fetcher, origin, shown, with_parameter
from server.transports.poll_follow import is_listing, leads
from server.transports.poll_memory import Known, Memory, ids
from server.transports.poll_settings import PollSettings

NEXT = re.compile(r'<([^<>]{1,4000})>\s*;[^,<]*\brel="?next"?', re.IGNORECASE)


UNREADABLE = "what it sends cannot be read (see the quarantine)"
GONE = ("404", "410")
HURRY_S = 1.0
"""Pause where there is more to fetch than `pages` at once."""


class Turn(Struct):
    """One address: when it is asked next (monotonic), and what is wrong with it."""

    url: str
    due: float = 0.0
    failures: int = 0
    trouble: str | None = None
    hurried: bool = False
    """There was more than could be fetched at once."""
    refused: str | None = None
    """Digest of the last answer if it went to the quarantine: the same is not put there again."""


class Poll(Transport[PollSettings]):
    """See the module."""

    def __init__(self, settings: PollSettings) -> None:
        super().__init__(settings)
        self.turns = [Turn(url) for url in settings.urls]
        self._memory: Memory | None = None

    def where(self) -> str:
        """The hosts."""
        hosts = list(dict.fromkeys(f"{origin(url)[0]}://{origin(url)[1]}" for url in self.settings.urls))
        return ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")

    def plan(self) -> list[str]:
        """What is asked, how often."""
        one = self.settings
        how = {"none": "without a secret", "basic": f"as {one.username}"}.get(one.auth, f"secret as {one.auth}")
        verb = "GET" if one.body is None else "POST"
        return [f"every {one.interval_s:g} s, {how}", *(f"{verb} {shown(url)}" for url in one.urls)]

    def stop(self) -> None:
        """See Transport: `Link.wait` ends by itself, a request at its next limit."""

    def run(self, link: Link) -> None:
        """See Transport."""
        try:
            fetcher = Fetcher(self.settings, f"lagebild/{version('lagebild')}")
        except (OSError, ssl.SSLError) as error:
            raise Lost(f"certificates: {refusal(error)}") from error
        memory = self._memory
        if memory is None:
            memory = self._memory = Memory(None if link.probing else link.folder, f"{link.feed}_{link.instance}")
        try:
            while not link.stopping.is_set():
                turn = min(self.turns, key=lambda one: one.due)
                link.wait(max(0.0, turn.due - time.monotonic()))
                self._ask(turn, fetcher, memory, link)
                self._report(link)
                if link.probing and all(turn.due for turn in self.turns):
                    return
        finally:
            fetcher.close()

    def _report(self, link: Link) -> None:
        """Say how it stands. Raises Lost when no address answers."""
        wrong = [turn for turn in self.turns if turn.trouble is not None]
        if not wrong:
            link.up()
        elif all(turn.failures for turn in self.turns):
            raise Lost(wrong[0].trouble or "", min(turn.due for turn in self.turns) - time.monotonic())
        elif any(turn.due and not turn.failures for turn in self.turns):
            first = f"{shown(wrong[0].url)}: {wrong[0].trouble}"
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            link.up(trouble=f"{first[:300]}{more}" if len(self.turns) > 1 else wrong[0].trouble)

    def _ask(self, turn: Turn, fetcher: Fetcher, memory: Memory, link: Link) -> None:
        """One turn of one address."""
        try:
            turn.trouble = self._pages(turn, fetcher, memory, link)
        except Failed as failed:
            turn.failures += 1
            turn.trouble = failed.reason
            turn.due = time.monotonic() + retry_s(turn.failures, self.settings.retry_max_s, failed.retry_after_s)
        else:
            turn.failures = 0
            pause_s = min(self.settings.interval_s, HURRY_S) if turn.hurried else self.settings.interval_s
            turn.due = time.monotonic() + pause_s * random.uniform(0.95, 1.05)

    def _pages(self, turn: Turn, fetcher: Fetcher, memory: Memory, link: Link) -> str | None:
        """Every page of an address. What is remembered is remembered after it is durable. Raises Failed."""
        known = memory.of(turn.url)
        turn.hurried = False
        window_ends_at = datetime.now(UTC)
        first = url = self._address(turn.url, known, window_ends_at)
        newest, trouble = known.newest, None
        for number in range(self.settings.pages):
            plain = number == 0 and url == turn.url
            answer = fetcher.get(url, known.conditions() if plain else {})
            if answer.body is None:
                trouble = trouble or (UNREADABLE if turn.refused else None)
                break
            message = answer.body.strip() != b"[]" and not is_listing(self.settings, answer.url)
            if message and not self._take(turn, answer.body, link):
                trouble = UNREADABLE
            found = ids(answer.body) if self.settings.cursor != "none" else []
            newest = max([newest, *found])
            following = self._following(first, answer, found, known, newest, link)
            rest, unread = self._lead(answer, known, fetcher, memory, link)
            turn.hurried = turn.hurried or rest
            trouble = UNREADABLE if unread else trouble
            # Of several pages the first does not speak for the others, nor does a list of which something is missing.
            alone = plain and following is None and not rest
            known.tag = answer.headers.get("etag") if alone else None
            known.modified = answer.headers.get("last-modified") if alone else None
            if following is None:
                break
            url = fetcher.allowed(following)
            if self.settings.cursor == "min_id":
                known.newest = newest
        else:
            trouble = trouble or f"there are more than {self.settings.pages} pages"
        known.newest = newest
        known.until = iso(window_ends_at)
        memory.save()
        return trouble

    def _lead(self, answer: Answer, known: Known, fetcher: Fetcher, memory: Memory, link: Link) -> tuple[bool, bool]:
        """Fetch what the answer leads to and is not had yet: is something left, and was something unreadable?

        Raises Failed; what was had by then is remembered.
        """
        led = leads(self.settings, answer)
        if not led:
            return False, False
        had, unread = set(known.followed), False
        known.followed = [key for key, _ in led if key in had]
        wanted = [(key, url) for key, url in led if key not in had]
        try:
            for key, url in wanted[: self.settings.pages]:
                try:
                    body = fetcher.get(fetcher.allowed(url), {}).body
                except Failed as failed:
                    if not failed.reason.startswith(GONE):
                        raise
                    body = None  # it went between the list and our question
                if body is not None and not link.take(body, shown(url)[:200]):
                    unread = True
                known.followed.append(key)
        finally:
            memory.save()
        return len(wanted) > self.settings.pages, unread

    def _take(self, turn: Turn, body: bytes, link: Link) -> bool:
        digest = hashlib.blake2b(body, digest_size=12).hexdigest()
        if turn.refused == digest:
            return False
        taken = link.take(body, shown(turn.url)[:200])
        turn.refused = None if taken else digest
        return taken

    def _address(self, url: str, known: Known, ends_at: datetime) -> str:
        """What is asked for first: the window, or what is newer than what we have."""
        if "{from}" in url or "{to}" in url:
            begins_at = ends_at - timedelta(seconds=self.settings.window_s)
            if known.until is not None:
                begins_at = datetime.fromisoformat(known.until) - timedelta(seconds=self.settings.overlap_s)
            url = url.replace("{from}", quote(iso(begins_at))).replace("{to}", quote(iso(ends_at)))
        if self.settings.cursor != "none" and known.newest[1]:
            return with_parameter(url, self.settings.cursor, known.newest[1])
        return url

    def _following(
        self,
        first: str,
        answer: Answer,
        found: list[tuple[int, str]],
        known: Known,
        newest: tuple[int, str],
        link: Link,
    ) -> str | None:
        """The address of the next page. Raises Failed where it leads elsewhere."""
        if self.settings.cursor == "min_id":
            return with_parameter(first, "min_id", newest[1]) if found and known.newest[1] else None
        if self.settings.cursor == "since_id" and (not found or not known.newest[1] or min(found) <= known.newest):
            return None
        if self.settings.paging == "sensorthings":
            context = Context(source=f"{link.feed}/{link.instance}", received_at=datetime.now(UTC))
            try:
                return next_link(answer.body or b"", answer.url, context)
            except DecodeError as error:
                raise Failed(error.reason) from error
        if self.settings.paging == "link":
            match = NEXT.search(answer.headers.get("link", ""))
            return urljoin(answer.url, match[1]) if match is not None else None
        return None


TRANSPORT: Callable[[PollSettings], Poll] = Poll
