"""What is said of packs: in the list, in the line at the top, on the screen of a crew that waits. Pure."""

from datetime import datetime

from mobile.i18n import Words
from mobile.keeper import PacksState, PackState, Phase

SIGNS = {
    Phase.CURRENT: ("✓", "good"),
    Phase.MISSING: ("✕", "alarm"),
    Phase.OUTDATED: ("△", "text"),
    Phase.UNKNOWN: ("○", "muted"),
}
"""Sign and colour of a pack's name: never by colour alone."""
MEGABYTE = 1_000_000


def size(count: int, words: Words) -> str:
    """Bytes as a person says them."""
    if count < MEGABYTE / 10:
        return words.say("size.kb", n=max(1, round(count / 1000)))
    return words.say("size.mb", n=words.number(count / MEGABYTE, 0 if count >= 10 * MEGABYTE else 1))


def date(text: str, words: Words) -> str:
    """A day of the year: 3. Mai 2026. The text itself where it is no time."""
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        return text
    return words.date(day)


def standing(pack: PackState, words: Words) -> str:
    """How a pack stands: current, missing, outdated, loading."""
    whole = size(pack.bytes, words)
    if pack.loading:
        return words.say("packs.loading", done=size(pack.done, words), size=whole, share=share(pack))
    have, offered = date(pack.have, words), date(pack.offered, words)
    return words.say(f"packs.{pack.phase}", have=have, offered=offered, size=whole)


def share(pack: PackState) -> int:
    """Percent that are here, 100 only when all are."""
    return min(99, pack.done * 100 // pack.bytes) if pack.bytes else 0


def warning(state: PacksState, words: Words) -> str:
    """What a crew has to know before it leaves the station: "Karte fehlt"; "" where all is well."""
    pack = state.worst
    if pack is None:
        return ""
    text = words.say(f"packs.warn.{pack.phase}", have=date(pack.have, words), offered=date(pack.offered, words))
    if pack.mission:
        text = words.say("packs.warn.mission")
    elif len(state.packs) > 1:
        text = f"{text} ({pack.title})"
    if pack.loading:
        return f"{text} – {words.say('packs.loading.short', share=share(pack))}"
    return f"{text} – {words.say('packs.nospace')}" if pack.problem == "space" else text
