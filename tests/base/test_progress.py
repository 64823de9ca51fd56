"""What is seen of a build while it runs."""

import io

from server.base.parts import PARTS
from server.cli_base_progress import WEIGHTS, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(out: io.StringIO, *steps: tuple[float, str, float]) -> str:
    now = [0.0]
    progress = Progress(out, lambda: now[0])
    for now[0], stage, share in steps:
        progress(stage, share)
    return out.getvalue()


STEPS = (
    *((0.0, "read", 0.0), (2.0, "read", 0.15), (50.0, "read", 0.5), (51.0, "read", 0.51), (100.0, "read", 1.0)),
    *((100.0, "places", 0.0), (101.0, "places", 1.0), (103.0, "buildings", 1.0), (120.0, "addresses", 1.0)),
    *((130.0, "roads", 1.0), (131.0, "water", 1.0), (140.0, "tiles", 0.5), (190.0, "tiles", 1.0)),
)


def test_every_stage_has_its_share() -> None:
    assert list(WEIGHTS) == ["read", *(name.rpartition(".")[2] for name in PARTS)]
    assert sum(WEIGHTS.values()) > 0.999


def test_a_few_lines_with_share_and_time_left_where_nobody_watches() -> None:
    assert shown(io.StringIO(), *STEPS).splitlines() == [
        "read         0%",
        "read        25%, 2:30 min left",
        "read        50%, 1:40 min left",
        "addresses   66%, 1:02 min left",
        "tiles       86%, 0:23 min left",
        "tiles      100%",
    ]


def test_a_bar_on_a_terminal() -> None:
    drawn = shown(Terminal(), *STEPS)
    assert drawn.endswith("\r\033[K" + "█" * 30 + " tiles      100%\n")
    assert drawn.count("\n") == 1
    assert "\r\033[K" + "█" * 15 + "░" * 15 + " read        50%, 1:40 min left" in drawn


def test_a_terminal_is_not_drawn_on_without_end() -> None:
    drawn = shown(Terminal(), *((number / 1000, "read", number / 1000) for number in range(1000)))
    assert drawn.count("\r") <= 11
