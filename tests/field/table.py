"""The table of docs/feeds.md: for each feed the samples of the field, what they yield, where exact values are held.

`python -m tests.field.table` prints it anew; tests/field/test_table.py compares. A sample counts for a feed where a
test beside this file names both, and the decoder makes something of it.
"""

from collections import defaultdict
from pathlib import Path

import msgspec
from msgspec import UNSET

from server.feeds import Decoded, DecodeError, Limits, feeds
from tests.conftest import samples_folder
from tests.feeds.frames import context

HEAD = (
    "| feed | samples, and how many observations each gives | fields that they set | exact values |\n|---|---|---|---|"
)
HERE = Path(__file__).parent
FOLDERS = ("inspire",)
"""Folders that a test takes as a whole."""
OTHER = {
    "mastodon": ("social/mastodon/*.yaml", "recorded exchanges", "posts, edits, deletions", "test_social_mastodon")
}
"""Samples that are no message of the feed but hold some."""


def rows(samples: Path) -> list[str]:
    """The rows, by feed."""
    tests = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("test_*.py"))}
    given: dict[str, list[tuple[str, Decoded, list[str]]]] = defaultdict(list)
    for path in sorted(samples.rglob("*")):
        name = path.relative_to(samples).as_posix()
        users = [test for test, text in tests.items() if path.name in text or path.stem in text or _whole(path, text)]
        if not users or not path.is_file() or name.startswith(("basemap", "tracks")):
            continue
        body = path.read_bytes()
        for feed in sorted(feeds()):
            speaking = [test for test in users if f'"{feed}"' in tests[test] or f"feeds.{feed}" in tests[test]]
            speaking += [test for test in users if f"feeds/{feed}" in tests[test] and test not in speaking]
            if feed == "ngsi" and path.parent.name in FOLDERS:
                speaking = [test for test in users if "inspire" in test]
            decoded = _decoded(feed, body) if speaking else None
            if decoded is not None and decoded.observations:
                given[feed].append((path.name, decoded, speaking))
    found = {feed: _row(feed, told) for feed, told in given.items()}
    for feed, (pattern, count, fields, test) in OTHER.items():
        number = len(list(samples.glob(pattern)))
        found[feed] = f"| `{feed}` | `{pattern}` ({number} {count}) | {fields} | `{test}` |"
    return [found[feed] for feed in sorted(found)]


def without_samples(told: list[str]) -> list[str]:
    """Feeds of which no sample of the field was to be had: those that the rows leave out."""
    there = {row.split("`")[1] for row in told}
    return sorted(set(feeds()) - there)


def _whole(path: Path, text: str) -> bool:
    return path.parent.name in FOLDERS and path.suffix == ".json" and f'"{path.parent.name}"' in text


def _decoded(feed: str, body: bytes) -> Decoded | None:
    one = feeds()[feed]
    if len(body) > one.max_bytes:
        return None
    try:
        cleaned = body if one.clean is None else one.clean(body)
        return one.decode(cleaned, context(feed, limits=Limits(body_bytes=one.max_bytes)))
    except DecodeError:
        return None


def _row(feed: str, told: list[tuple[str, Decoded, list[str]]]) -> str:
    fields = sorted({name for _, decoded, _ in told for one in decoded.observations for name in _set(one.content)})
    places = any(one.geometry not in (UNSET, None) for _, decoded, _ in told for one in decoded.observations)
    samples = ", ".join(f"`{name}` {len(decoded.observations)}" for name, decoded, _ in told)
    tests = ", ".join(f"`{test}`" for test in sorted({test for _, _, users in told for test in users}))
    return f"| `{feed}` | {samples} | {', '.join([*fields, *(['geometry'] if places else [])])} | {tests} |"


def _set(content: msgspec.Struct) -> list[str]:
    return [name for name in content.__struct_fields__ if getattr(content, name) is not UNSET]


if __name__ == "__main__":
    told = rows(samples_folder())
    print(HEAD, *told, sep="\n")
    print(f"\nWithout a sample in these tests: {', '.join(f'`{name}`' for name in without_samples(told))}.")
