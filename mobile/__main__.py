"""`lagebild-app`: the crew app on a desktop or tablet with Linux.

Kivy reads its settings from the environment and its own folder when it is first imported; so that happens in `main`,
after the command line is known, and with a folder of our own.
"""

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import Any

from mobile import geo
from mobile.session import Session, SignInError, load, parse_link, sign_in_by_link, sign_in_by_token


def folder_by_default() -> Path:
    """Where the app keeps its things unless told otherwise (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "lagebild-app"


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="lagebild-app", description="The crew app: the situation picture in the cab.")
    parser.add_argument("link", nargs="?", help="one-time sign-in link; only needed once")
    parser.add_argument("--link", dest="link_option", metavar="LINK", help="the same as an option")
    parser.add_argument("--server", metavar="URL", help="server, together with --token")
    parser.add_argument("--token", help="access token")
    parser.add_argument("--situation", help="situation to open with the token (default: the token's own)")
    parser.add_argument("--data", type=Path, default=folder_by_default(), metavar="DIR", help="folder of the app")
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window in pixels")
    parser.add_argument(
        "--dpi", type=int, metavar="N", help="dots per inch of the screen, where it does not say so itself"
    )
    parser.add_argument("--fullscreen", action="store_true", help="no window frame")
    parser.add_argument("--keyboard", action="store_true", help="keyboard on the screen, for tablets without one")
    theme = parser.add_mutually_exclusive_group()
    theme.add_argument("--night", dest="theme", action="store_const", const="night", help="dark colours")
    theme.add_argument("--day", dest="theme", action="store_const", const="day", help="bright colours")
    parser.add_argument("--lang", choices=("de", "en"), help="language of the screens")
    parser.add_argument(
        "--position", type=_position, metavar="LON,LAT", help="own position, where there is no receiver"
    )
    parser.add_argument("--tab", default="mission", choices=("mission", "map", "near", "fms", "note", "more"),
                        help="screen to begin with")  # fmt: skip
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="write a picture of the window and end")
    parser.add_argument("--after", type=float, default=3.0, metavar="S", help="seconds before the screenshot")
    parser.add_argument("--verbose", action="store_true", help="say more on the console")
    return parser.parse_args(arguments)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _position(text: str) -> geo.LonLat:
    lon, lat = (float(part) for part in text.split(","))
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise argparse.ArgumentTypeError("longitude,latitude in degrees")
    return lon, lat


def sign_in(options: argparse.Namespace) -> tuple[Session | None, SignInError | None]:
    """The session that the command line asks for, or why there is none."""
    link = options.link_option or options.link
    try:
        if link:
            return sign_in_by_link(parse_link(link)), None
        if options.server and options.token:
            return sign_in_by_token(options.server, options.token, options.situation), None
    except SignInError as problem:
        return None, problem
    return None, None


def _matters(record: logging.LogRecord) -> bool:
    """Errors of Kivy, but not that a desktop without xclip has no middle-button clipboard: Kivy calls that critical."""
    return record.levelno >= logging.ERROR and not record.getMessage().startswith("Cutbuffer")


def prepare_kivy(options: argparse.Namespace) -> None:
    """Settings that have to stand before Kivy is imported."""
    home = options.data / "kivy"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["KIVY_HOME"] = str(home)
    os.environ["KIVY_NO_ARGS"] = "1"
    os.environ["KIVY_NO_FILELOG"] = "1"
    os.environ["KIVY_LOG_MODE"] = "PYTHON"  # Kivy's messages go the way of ours
    if not options.verbose:
        logging.getLogger("kivy").addFilter(_matters)
    if options.dpi:
        os.environ["KIVY_DPI"] = str(options.dpi)
    from kivy.config import Config

    width, height = options.size or (1280, 800)
    for section, name, value in (
        ("graphics", "width", width),
        ("graphics", "height", height),
        ("graphics", "minimum_width", 480),
        ("graphics", "minimum_height", 480),
        ("graphics", "multisamples", 0),
        ("graphics", "maxfps", 30),
        ("graphics", "fullscreen", "auto" if options.fullscreen else 0),
        ("kivy", "exit_on_escape", 0),
        ("kivy", "keyboard_mode", "dock" if options.keyboard else "system"),
        ("kivy", "keyboard_layout", "de"),
        # No red dots for a second finger on the desktop; touches come through the window, not from a device file too.
        ("input", "mouse", "mouse,disable_multitouch"),
    ):
        Config.set(section, name, str(value))
    Config.remove_option("input", "%(name)s")


def build(arguments: list[str]) -> Any:
    """The app, ready to run. Signs in first if the command line says how."""
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING)
    options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    session, problem = sign_in(options)
    kept = load(options.data)
    link = options.link_option or options.link
    if problem and kept and link and problem.reason in ("code", "network") and kept.server in link:
        problem = None  # the link was used before, by this tablet; or the app starts where there is no network
    prepare_kivy(options)
    from mobile.app import LagebildApp, Options
    from mobile.cab import Cab

    cab = Cab(options.data)
    if session is not None:
        cab.sign_in(session)
    elif kept is not None and problem is None:
        cab.start()
    chosen = Options(options.theme, options.lang, options.position, options.screenshot, options.after, options.tab)
    return LagebildApp(cab, chosen, problem)


def main() -> None:
    """Run the app until its window is closed."""
    build(sys.argv[1:]).run()


if __name__ == "__main__":
    main()
