"""The table of docs/feeds.md: for each feed its samples, how they go in, the features they make, the fields checked.

`python -m tests.field.table` writes it anew into the page; tests/field/test_table.py compares, and says which file is
in no row. The rows are the entries of tests/field/stated, which tests/field/test_samples.py sends and holds.
"""

from pathlib import Path

from server.feeds import feeds
from tests.conftest import samples_folder
from tests.field.ledger import Sample
from tests.field.stated import REFERENCES, SAMPLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "feeds.md"
BEGIN, END = "<!-- table of samples: begin -->", "<!-- table of samples: end -->"
HEAD = "| feed | sample | goes in by | features | fields checked |\n|---|---|---|---|---|"
REST = "Files that are no messages:\n\n| file | how we are held to it | by the test |\n|---|---|---|"
WAYS = {
    "push": "HTTP", "hub": "HTTP, NGSI v2", "mqtt": "MQTT", "poll": "poll", "directory": "poll of a directory",
    "folder": "watched folder", "udp": "UDP", "panel": "TCP, SIA receiver", "socket": "WebSocket",
}  # fmt: skip
ELSEWHERE = ("basemap",)
"""Folders that are no samples of feeds: maps (docs/basemap.md)."""


def files(samples: Path) -> set[str]:
    """Every file of the field but the notes on where they come from."""
    found = (path.relative_to(samples).as_posix() for path in samples.rglob("*") if path.is_file())
    return {name for name in found if not name.startswith(ELSEWHERE) and not name.endswith("/SOURCES.md")}


def in_no_row(samples: Path) -> list[str]:
    """Files that no entry names."""
    return sorted(files(samples) - {one.path for one in SAMPLES} - {one.path for one in REFERENCES})


def without_samples() -> list[str]:
    """Feeds of which no sample of the field was to be had."""
    return sorted(set(feeds()) - {sample.feed for sample in SAMPLES})


def text() -> str:
    """All that stands between the two marks of the page."""
    rows = [_row(sample) for sample in sorted(SAMPLES, key=lambda one: one.feed)]
    held: dict[tuple[str, str], list[str]] = {}
    for one in sorted(REFERENCES, key=lambda one: one.path):
        held.setdefault((one.use, one.test), []).append(f"`{one.path}`")
    rest = [f"| {', '.join(names)} | {use} | `{test.partition('::')[2]}` |" for (use, test), names in held.items()]
    left = ", ".join(f"`{name}`" for name in without_samples())
    closing = (
        f"No message of the field was to be had of {left}, nor of `alamos_fe2` in its own form. Frames of ours, "
        "written to the documents of these interfaces, go in by their own transports in "
        "`tests/feeds/test_frames_live.py`."
    )
    return "\n".join([HEAD, *rows, "", closing, "", REST, *rest])


def _row(sample: Sample) -> str:
    kind, _, rest = sample.way.partition(" ")
    way = f"TAK server, {rest.upper()}" if kind == "tak" else WAYS[kind]
    name = f"`{sample.path}`" + (f" ({sample.note})" if sample.note else "")
    if sample.lines is not None:
        name += f" (its first {sample.lines} lines)"
    checked = ", ".join(sample.fields)
    if sample.reason is not None:
        checked = f"{checked}; " * bool(checked) + f"refused: {sample.reason}"
    return f"| `{sample.feed}` | {name} | {way} | {sample.features} | {checked or 'none is there'} |"


def page(document: str) -> str:
    """The page with the table as it is now. Raises ValueError where its marks are not there."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has no marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    for name in in_no_row(samples_folder()):
        print(f"in no row: {name}")
