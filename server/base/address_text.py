"""How people write where something is: names in one form for all spellings, house numbers, and the words around them.

`key` is that one form. It is idempotent and deliberately coarse: umlauts however they are written (ü, ue, u), ß and ss,
hyphens, spaces and case, `Straße`, `Str.` and `strasse` all fall together; what differs after that is another name or a
typing error. Pure text: no place is known here.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

MAX_CHARS = 300
"""What is longer is cut: no address is."""

_TRANSLATED = str.maketrans({"ß": "ss", "ø": "o", "æ": "a", "œ": "o", "đ": "d", "ł": "l", "’": "'"})
_UMLAUT_E = re.compile(r"([aou])e+")
_DOUBLE_S = re.compile(r"s{2,}")
_WORD = re.compile(r"[^\W_]+")


def _letter(found: re.Match[str]) -> str:
    """The letter of a numbered road by its word."""
    word = found[0]
    return next(letter for start, letter in _ROAD_LETTERS.items() if word.startswith(start))


_ROAD_LETTERS = {"bundesstr": "b", "b": "a", "autobahn": "a", "landes": "l", "kreis": "k", "staats": "st"}


_PREPARED: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # Roads by number, and a number that is written to its street.
    (re.compile(r"\b(?:bundesstr(?:aße|asse|\.)?|bundesautobahn|bab|autobahn)\s*(?:[ab]\s?)?(?=\d)"), _letter),
    (re.compile(r"\b(landes|kreis|staats)str(?:aße|asse|\.)?\s*(?:(?:l|k|st)\s?)?(?=\d)"), _letter),
    (re.compile(r"\b(a|b|l|k|st|e)\s(?=\d{1,4}\b)"), r"\1"),
    # Endings that stand with a dot only: Austrian Gasse, Finnish katu and tie.
    (re.compile(r"([^\W\d_]{3,})g\.(?=[\s,;\d/]|$)"), r"\1gasse "),
    (re.compile(r"([^\W\d_]{3,})k\.(?=[\s,;\d/]|$)"), r"\1katu "),
    (re.compile(r"([^\W\d_]{3,}n)t\.(?=[\s,;\d/]|$)"), r"\1tie "),
)
_ENDINGS = (
    (re.compile(r"(?:strase|strase?|stra|str)$"), "str"),
    (re.compile(r"(?:platz|plaz|pl)$"), "pl"),
    (re.compile(r"(?:weg|wg)$"), "wg"),
    (re.compile(r"(?:chause|chaus|ch)$"), "ch"),
)
_WORDS = {
    "sankt": "st",
    "saint": "st",
    "doktor": "dr",
    "profesor": "prof",
    "burgermeister": "bgm",
    "bgmstr": "bgm",
    "geschwister": "geschw",
    "gebruder": "gebr",
    "johanes": "joh",
}
_INSIDE = ((re.compile(r"hauptbahnhof|hauptbhf"), "hbf"), (re.compile(r"bahnhof"), "bhf"))

_NOISE = """
og eg ug dg kg hh vh stock etage obergeschos untergeschos erdgeschos dachgeschos keller hinterhaus vorderhaus
seitenflugel hinterhof hof aufgang eingang treppe treppenhaus whg wohnung apartment app zimmer links rechts mitte
firma fa gmbh ag ev co bei in im an am der die das den dem des von vom zu zum zur und nahe gegenuber vor hinter neben
hohe richtung fahrtrichtung fr as anschlustelle abfahrt ausfahrt auffahrt kreuzung ecke einmundung str haus hausnr nr
hausnummer hn ortsteil ot stadt gemeinde kreis de deutschland austria osterreich finland suomi objekt einsatzort ort
adrese unbekant rap porras asunto stiege tur top
"""
NOISE = frozenset(_NOISE.split())
"""Words beside a name that need no explanation (in the form of `key`)."""


def fold(text: str) -> str:
    """Small letters without marks: ü, ue and u are one, ß and ss are one. Everything else stays."""
    lowered = unicodedata.normalize("NFKD", text.casefold().translate(_TRANSLATED))
    bare = "".join(char for char in lowered if not unicodedata.combining(char))
    return _DOUBLE_S.sub("s", _UMLAUT_E.sub(r"\1", bare))


def words(text: str) -> list[str]:
    """The words of a name in one form each; numbers are words."""
    prepared = text[:MAX_CHARS].casefold()
    for pattern, ending in _PREPARED:
        prepared = pattern.sub(ending, prepared)
    return [form for word in _WORD.findall(fold(prepared)) if (form := _word(word))]


@lru_cache(maxsize=65_536)
def _word(word: str) -> str:
    for pattern, short in _INSIDE:
        word = pattern.sub(short, word)
    for pattern, short in _ENDINGS:
        ended = pattern.sub(short, word)
        if ended != word:
            word = ended
            break
    return _WORDS.get(word, word)


@lru_cache(maxsize=65_536)
def key(text: str) -> str:
    """The one form of a name, without spaces; empty for a text without letters and digits."""
    joined = "".join(words(text))
    while (again := "".join(words(joined))) != joined:
        joined = again
    return joined


_SPELT = {"str": "strase", "pl": "platz", "wg": "weg"}


def spelt_out(forms: Iterable[str]) -> str:
    """The words of a name with their endings in full, joined: what mistyping is measured on.

    In short form one wrong letter in `Straße` would be as far as another street.
    """
    return "".join(_spelt(form) for form in forms)


@lru_cache(maxsize=65_536)
def _spelt(form: str) -> str:
    for short, full in _SPELT.items():
        if form.endswith(short):
            return form.removesuffix(short).replace("bhf", "bahnhof") + full
    return form.replace("bhf", "bahnhof")


def short_forms(short_names: Mapping[str, str]) -> dict[str, str]:
    """The operator's short names of places, by the form in which they are looked up."""
    return {key(short): full for short, full in short_names.items() if key(short)}


class House(Struct, frozen=True):
    """A house number: `12`, `12a`, `12-14` (`last` 14), `12a-c` (`last_letter` c).

    `label` is as written, small, without spaces. `letter` is also `bis`, `ter`, `½`; with `_` behind it where it stands
    in front (`A1` in a Mannheim square).
    """

    number: int
    letter: str = ""
    last: int | None = None
    label: str = ""
    last_letter: str = ""


_ADDED = r"(?:[^\W\d_](?![^\W\d_])|bis(?!\w|\s*\d)|ter(?!\w)|quater(?!\w)|[¼½¾]|(?<=\d\s)1/[24](?![\d/]))"
"""What stands behind a number: a letter of any alphabet, `bis` and `ter` of French addresses, a part of a house."""
_HOUSE = re.compile(
    rf"(?:(?P<front>[a-z])\s?(?=\d))?(?P<number>\d{{1,4}})\s*(?P<letter>{_ADDED})?"
    r"(?:\s*[-–]\s*(?P<last_letter>[^\W\d_](?!\w))"
    rf"|\s*(?P<sign>[-–+/,;&]|bis)\s*(?P<last>\d{{1,4}})\s*(?P<letter2>{_ADDED})?)?"
)
_PARTS = {"1/2": "½", "1/4": "¼"}


def house(text: str) -> House | None:
    """The house number that a text begins with; None where it does not. `12/3` is number 12 (staircase, door)."""
    said = text.strip().casefold()
    found = _HOUSE.match(said)
    if found is None:
        return None
    number, last = int(found["number"]), found["last"]
    upper = int(last) if last is not None and found["sign"] != "/" else None
    if last is not None and found["sign"] == "/" and number < int(last) <= number + 8:
        upper = int(last)  # `12/14` is two houses, `12/3` a door
    if upper is not None and not number < upper <= number + 40:
        upper = None
    letter = (found["letter"] or "").strip()
    label = "".join(found[0].split()).replace("–", "-")
    if found["sign"] == "bis":
        label = "-".join(label.rsplit("bis", 1))
    if letter in _PARTS:
        label, letter = f"{number}{_PARTS[letter]}", _PARTS[letter]
    if found["front"]:
        letter = f"{found['front']}_{letter}"
    last_letter = found["last_letter"] or ""
    return House(number, letter, upper, label, last_letter if letter < last_letter and len(letter) == 1 else "")


class Piece(Struct, frozen=True):
    """Words that stand together: between numbers, commas and the like. `written` are the words as they were typed."""

    words: tuple[str, ...]
    written: tuple[str, ...]


class Reading(Struct, frozen=True):
    """What an address line consists of. `house` is the number that stands at a name, `pieces` are in order.

    `after` is the index of the piece behind which the house number stood, -1 for in front of everything. `crossing` is
    set where two names are joined by `/`, `Ecke` and the like.
    """

    pieces: tuple[Piece, ...]
    house: House | None
    after: int
    postcodes: tuple[str, ...]
    crossing: tuple[str, str] | None


_FLOOR = re.compile(r"\b\d{1,2}\.\s*(?:og|ug|obergescho\w*|untergescho\w*|stock\w*|etage|krs)\b", re.IGNORECASE)
_PLACE_CODE = re.compile(r"(?<!\w)(?:[dD]|[aA]|[fF][iI][nN]?)-(?=\d{4,5}\b)")
_JOINED = re.compile(
    r"\s+(?:ecke|eck|/|x|&|\+|kreuzung|einmündung|einmuendung|ecke\s+zur?)\s+|(?<=[^\W\d_])\s*[/&+]\s*(?=[^\W\d_])"
    r"|(?<=\.)\s*[/&+]\s*(?=[^\W\d_])|(?<=\d)\s*/\s*(?=[A-ZÄÖÜ][a-zäöüß])",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^\s*(?:kreuzung|ecke|kreuzungsbereich)\s*:?\s+", re.IGNORECASE)
_BREAK = re.compile(r"[,;\n\r()|]+|(?<!\d)\s+[-–]\s+|\s+[-–]\s+(?!\d)")
_LETTERS = re.compile(r"(?<=\d)(\s?)([^\W\d_])\s*[-–]\s*([^\W\d_])(?!\w)")
_GLUED = re.compile(r"([^\W\d_]{3,}\.?)(?=\d)")
_TOKEN = re.compile(
    rf"\d{{1,5}}(?:\s*{_ADDED})?(?:\s?(?:[-–+]|bis)\s?\d{{1,4}}(?:\s*{_ADDED})?|/\d{{1,4}}\b"
    r"|(?<=[^\W\d_])-[^\W\d_](?!\w))?\.?"
    r"|[^\W\d_][\w.'’-]*",
    re.IGNORECASE,
)
_ROAD = re.compile(r"^(?:[a-z]|st|kr)$", re.IGNORECASE)
"""What a number behind belongs to: a numbered road or, by any letter, a square of Mannheim."""
_SQUARE = re.compile(
    r"(?:^|(?<=[,;])|(?<!\d\s)\b(?=[a-u]\s?\d{1,2}[\s,]+[a-z]?\d))\s*\b([a-u])\s?(\d{1,2})(?=\s*,|\s+\d|\s+[a-z]\d|\s*$)",
    re.IGNORECASE,
)
"""A square of Mannheim, which is a street: `Q 5, 14`, `Q5 A1`."""
_IN_SQUARE = re.compile(r"^[a-z]\d{1,2}[a-z]?$", re.IGNORECASE)
_MONTHS_SPELT = "januar janer februar feber marz april mai juni juli august september oktober november dezember"
_MONTHS = frozenset(_MONTHS_SPELT.split())


def read(text: str, short_names: Mapping[str, str], postcodes: frozenset[str]) -> Reading:
    """An address line in its parts. `short_names` (by `key`) are spelt out; `postcodes` are those that are known."""
    line = _FLOOR.sub(" , ", unicodedata.normalize("NFC", text[:MAX_CHARS]))
    line = _LETTERS.sub(r"\1\2-\3", line)
    line = _SQUARE.sub(r" \1\2 ", _GLUED.sub(r"\1 ", _PLACE_CODE.sub("", line)))
    crossing = None
    sides = _JOINED.split(_LEADING.sub("", line), maxsplit=1)
    if len(sides) == 2 and all(words(side) for side in sides):
        crossing = (sides[0].strip(), sides[1].strip())
    reader = _Reader(short_names, postcodes)
    for part in _BREAK.split(line):
        reader.part(part)
    return Reading(tuple(reader.pieces), reader.house, reader.after, tuple(reader.codes), crossing)


class _Reader:
    """Gathers pieces from left to right."""

    def __init__(self, short_names: Mapping[str, str], postcodes: frozenset[str]) -> None:
        self.short_names = short_names
        self.postcodes = postcodes
        self.pieces: list[Piece] = []
        self.house: House | None = None
        self.after = -1
        self.codes: list[str] = []
        self._words: list[str] = []
        self._written: list[str] = []

    def part(self, text: str) -> None:
        """What stands between two commas."""
        tokens = _TOKEN.findall(text)
        for index, token in enumerate(tokens):
            if not token[0].isdigit():
                if not self._in_square(token):
                    self._word(token)
                continue
            following = tokens[index + 1] if index + 1 < len(tokens) else ""
            if not self._number(token, following):
                self._word(token)
        self._close()

    def _word(self, token: str) -> None:
        spelt = self.short_names.get(key(token), token)
        for form in words(spelt):
            self._words.append(form)
            self._written.append(spelt)

    def _number(self, token: str, following: str) -> bool:
        """Take a number for what it is; False when it belongs to a name (`Straße des 17. Juni`, `B 64`)."""
        digits = token.rstrip(".")
        if digits.isdigit() and (len(digits) == 5 or (digits in self.postcodes and (following or self._words))):
            self.codes.append(digits)
            self._close()
            return True
        if token.endswith(".") and following and not following[0].isdigit():
            return False
        if digits.isdigit() and self._is_a_day(following):
            return False
        if self._words and _ROAD.match(self._words[-1]) and len(self._words) == 1 and self.house is None:
            return False
        found = house(token)
        if found is not None and self.house is None and (self._words or self.pieces or following):
            self._close()
            self.house, self.after = found, len(self.pieces) - 1
        else:
            self._close()  # a floor, a door, a telephone: nothing that says where
        return True

    def _is_a_day(self, following: str) -> bool:
        """`Str. des 17 Juni`, `Platz der 7 Brüder`: the number is of the name, though without a dot."""
        if not following or following[0].isdigit():
            return False
        return key(following) in _MONTHS or self._words[-1:] in (["des"], ["der"])

    def _in_square(self, token: str) -> bool:
        """Take `A1` for the number of a house in a square (`Q 5, A1`); elsewhere it is a road, or a word."""
        last = (self._words or (self.pieces[-1].words if self.pieces else ()))[-1:]
        if self.house is not None or not last or not (_IN_SQUARE.match(last[0]) and _IN_SQUARE.match(token)):
            return False
        if last[0][0] in "abl" and token[0].casefold() in "abl":
            return False  # two roads
        self._close()
        self.house, self.after = house(token), len(self.pieces) - 1
        return True

    def _close(self) -> None:
        if self._words:
            self.pieces.append(Piece(tuple(self._words), tuple(self._written)))
            self._words, self._written = [], []
