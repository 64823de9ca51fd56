"""What an answer leads to: the files of a directory that a server lists, the details of what a list names.

Each is asked for once; what was had is remembered as long as the answer names it.
"""

import hashlib
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from server.transports.fetch import Answer
from server.transports.poll_settings import PollSettings

MAX_LED = 5_000
"""Most files or details of one answer."""
HREF = re.compile(rb"""\bhref\s{0,5}=\s{0,5}["']?([^"'\s<>?#]{1,1000})""", re.IGNORECASE)


def is_listing(settings: PollSettings, url: str) -> bool:
    """Whether the answer of this address is a list of files and not itself a message."""
    return settings.files is not None and urlsplit(url).path.endswith("/")


def leads(settings: PollSettings, answer: Answer) -> list[tuple[str, str]]:
    """Key and address of each, in the order in which they are to be asked for."""
    body = answer.body or b""
    if is_listing(settings, answer.url):
        found = sorted(set(_files(answer.url, body, settings.files or "*")))
    else:
        found = list(dict.fromkeys(_details(settings, body)))
    return [(_key(key), url) for key, url in found[-MAX_LED:]]


def _files(url: str, body: bytes, pattern: str) -> Iterator[tuple[str, str]]:
    """Files right in the directory; names with a time in them come in its order."""
    folder = url.partition("?")[0]
    for href in HREF.findall(body):
        try:
            target = urljoin(url, href.decode("ascii"))
        except ValueError:
            continue
        name = target.removeprefix(folder)
        if target.startswith(folder) and name and "/" not in name and fnmatchcase(unquote(name), pattern):
            yield name, target


def _details(settings: PollSettings, body: bytes) -> Iterator[tuple[str, str]]:
    """An item that changed is asked for again."""
    try:
        document: Any = msgspec.json.decode(body) if settings.details else None
    except msgspec.DecodeError:
        return
    for item in document if isinstance(document, list) else ():
        name = item.get("id") if isinstance(item, dict) else None
        if isinstance(name, str | int) and str(name):
            for template in settings.details:
                url = template.replace("{id}", quote(str(name), safe=""))
                yield url + msgspec.json.encode(item, order="deterministic").decode(), url


def _key(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
