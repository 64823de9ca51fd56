"""Colours by day and by night. Text meets WCAG 2 AA (4.5 to 1) on every ground it stands on; a test computes it.

Night: near-black grounds, sand-coloured letters, nothing white and nothing large that shines, so that eyes stay used
to the dark; red stays for alarms. Magenta is the colour of the exercise, as in the control room, and of nothing else.
"""

from dataclasses import dataclass, fields

Rgba = tuple[float, float, float, float]


@dataclass(frozen=True)
class Theme:
    """Named colours as #rrggbb. `on_x` stands on `x`; `text`, `muted`, `stale` stand on `ground` and on `panel`.

    `chosen` is the ground of what is selected, `urgent` that of the first section of the card.
    """

    name: str
    ground: str
    panel: str
    line: str
    text: str
    muted: str
    stale: str
    accent: str
    on_accent: str
    chosen: str
    on_chosen: str
    key: str
    on_key: str
    alarm: str
    on_alarm: str
    urgent: str
    on_urgent: str
    warn: str
    on_warn: str
    good: str
    on_good: str
    quiet: str
    on_quiet: str
    exercise: str
    on_exercise: str
    # map; `void` is what no pack covers
    void: str
    land: str
    heath: str
    green: str
    wood: str
    water: str
    square: str
    building: str
    building_line: str
    road: str
    road_case: str
    main_road: str
    motorway: str
    tunnel: str
    rail: str
    boundary: str
    built: str
    industry: str
    path: str
    label: str
    label_halo: str
    hydrant: str
    route: str
    route_other: str


DAY = Theme(
    name="day",
    ground="#eef0ee",
    panel="#ffffff",
    line="#b9c0bd",
    text="#10181c",
    muted="#465157",
    stale="#5c5f60",
    accent="#0b5c8a",
    on_accent="#ffffff",
    chosen="#0b5c8a",
    on_chosen="#ffffff",
    key="#dfe5e6",
    on_key="#10181c",
    alarm="#b3140e",
    on_alarm="#ffffff",
    urgent="#b3140e",
    on_urgent="#ffffff",
    warn="#ffc94a",
    on_warn="#221800",
    good="#1c6b34",
    on_good="#ffffff",
    quiet="#5a6468",
    on_quiet="#ffffff",
    exercise="#b5007e",
    on_exercise="#ffffff",
    void="#d3d6d6",
    land="#f1efe8",
    heath="#e6e3d0",
    green="#d3e6c3",
    wood="#b7d3a3",
    water="#a3cbe3",
    square="#e8ddcf",
    building="#d2c6bb",
    building_line="#a08f80",
    road="#ffffff",
    road_case="#a9a49b",
    main_road="#fbe3a1",
    motorway="#f2b36b",
    tunnel="#cfc8bd",
    rail="#7d7a78",
    boundary="#6f7480",
    built="#e6e1da",
    industry="#dcd7dd",
    path="#c9a57c",
    label="#2a2f33",
    label_halo="#fdfdfb",
    hydrant="#b3140e",
    route="#1243c4",
    route_other="#4a6fd0",
)

NIGHT = Theme(
    name="night",
    ground="#0a0d0f",
    panel="#12171a",
    line="#333c41",
    text="#d6cfbf",
    muted="#9d998d",
    stale="#8a887f",
    accent="#7fb2cc",
    on_accent="#071016",
    chosen="#264654",
    on_chosen="#e2dccd",
    key="#20282c",
    on_key="#d6cfbf",
    alarm="#d8584b",
    on_alarm="#140302",
    urgent="#4a130e",
    on_urgent="#f3dcd2",
    warn="#c79a3a",
    on_warn="#171002",
    good="#5fa574",
    on_good="#04130a",
    quiet="#3a4449",
    on_quiet="#d6cfbf",
    exercise="#72094f",
    on_exercise="#f5dbea",
    void="#030405",
    land="#0f1315",
    heath="#13160f",
    green="#12200f",
    wood="#0f1d0e",
    water="#0e2733",
    square="#1b1a17",
    building="#272725",
    building_line="#3d3c38",
    road="#3a4044",
    road_case="#0a0d0f",
    main_road="#544c35",
    motorway="#66502f",
    tunnel="#2c2f31",
    rail="#4e4f50",
    boundary="#4a4e57",
    built="#161719",
    industry="#1a181d",
    path="#3d342a",
    label="#bdb6a7",
    label_halo="#0a0d0f",
    hydrant="#d8584b",
    route="#4f93ee",
    route_other="#4573b4",
)

THEMES = {theme.name: theme for theme in (DAY, NIGHT)}

TEXT_ON = (
    ("text", "ground"),
    ("text", "panel"),
    ("muted", "ground"),
    ("muted", "panel"),
    ("stale", "ground"),
    ("stale", "panel"),
    ("on_accent", "accent"),
    ("on_key", "key"),
    ("on_alarm", "alarm"),
    ("on_chosen", "chosen"),
    ("on_urgent", "urgent"),
    ("on_warn", "warn"),
    ("on_good", "good"),
    ("on_quiet", "quiet"),
    ("on_exercise", "exercise"),
    ("accent", "panel"),
    ("alarm", "panel"),
    ("label", "label_halo"),
)
"""Which colour is written on which: what the contrast test walks through."""

LEVEL_OF_SERVICE = {
    "A": "#3f9b57",
    "B": "#8cbf4f",
    "C": "#e3cf45",
    "D": "#eb9d36",
    "E": "#dc5f2c",
    "F": "#b3140e",
}
"""Fills of crowd regions; the letter is always written too."""

FMS = {
    0: ("#b3140e", "#ffffff"),
    1: ("#1c6b34", "#ffffff"),
    2: ("#1c6b34", "#ffffff"),
    3: ("#ffc94a", "#221800"),
    4: ("#c2410c", "#ffffff"),
    5: ("#0b5c8a", "#ffffff"),
    6: ("#3a4449", "#ffffff"),
    7: ("#0b5c8a", "#ffffff"),
    8: ("#5a6468", "#ffffff"),
    9: ("#5a6468", "#ffffff"),
}
"""Ground and letter of a unit's status; the digit is always written."""


def rgba(colour: str, alpha: float = 1.0) -> Rgba:
    """#rrggbb as four numbers from 0 to 1."""
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue, alpha


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgba(colour)[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def colours(theme: Theme) -> dict[str, str]:
    """Every colour of a theme by its name."""
    return {item.name: getattr(theme, item.name) for item in fields(theme) if item.name != "name"}
