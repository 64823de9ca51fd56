"""All names of a place in memory, and which of them somebody meant: exact, mistyped, begun, or by a word of them.

Kept are the forms (`address_text.key`) alone, some ten thousand short texts for a district; everything else stays in
the tables. Mistyped is measured as optimal string alignment: letters wrong, missing, too many, or two changed about.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct
from rapidfuzz import process
from rapidfuzz.distance import OSA

from server.base.address_tables import OBJECT, PLACE, STREET
from server.base.address_text import NOISE, Piece, key, spelt_out
from server.base.base import Base

LONGEST_SPAN = 7
"""Most words that one name has in an address line."""
MOST_ALIKE = 12
"""Most mistyped names that are looked at per stretch of words."""
MOST_SHARING = 30
"""Most names taken that share a word; a word that more names have says too little."""
GUESSED = 0.79
"""Most that a name is worth of which only the beginning or some words are told: never enough to be taken unasked."""
LEAST_BEGUN = 3
"""Letters after which a beginning counts."""


class Match(Struct, frozen=True):
    """A name that some words of a line may mean: `similarity` 0 to 1, the words by piece and position."""

    kind: int
    target: int
    similarity: float
    how: str
    """exact, words (the same in another order), typo, begun, word (some of its words)."""
    name: str
    span: tuple[int, int, int]
    """Piece, first word, word after the last."""
    used: tuple[int, ...] = ()
    """Positions of the words in the piece that are explained by it."""


class Names:
    """Every name of a base. Safe for several threads once made."""

    def __init__(self, base: Base) -> None:
        self._entries: dict[str, list[tuple[int, int, float, str]]] = defaultdict(list)
        self._by_word: dict[str, list[str]] = defaultdict(list)
        self._spelt: dict[str, str] = {}
        """Form by the name spelt out."""
        self._by_letter: dict[tuple[int, str], list[str]] = defaultdict(list)
        """Names spelt out by length and first letter."""
        rows = base.db.execute("SELECT form, kind, target, weight, name, words FROM address_names")
        for form, kind, target, weight, name, told in rows:
            self._entries[form].append((kind, target, weight, name))
            parts = told.split()
            spelt = spelt_out(parts)
            if spelt not in self._spelt:
                self._spelt[spelt] = form
                self._by_letter[len(spelt), spelt[:1]].append(spelt)
                for word in parts:
                    if len(word) > 2 and word not in NOISE and word != form:
                        self._by_word[word].append(form)
        self._sorted = sorted(self._entries)
        self._letters = sorted({letter for _, letter in self._by_letter})

    def __len__(self) -> int:
        return len(self._entries)

    def exact(self, form: str, *kinds: int) -> list[tuple[int, int, float, str]]:
        """What is called exactly so."""
        return [entry for entry in self._entries.get(form, ()) if not kinds or entry[0] in kinds]

    def matches(self, pieces: Sequence[Piece]) -> list[Match]:
        """Every name that the pieces may mean. Mistyping is considered only for words that nothing explains exactly."""
        found: list[Match] = []
        for number, piece in enumerate(pieces):
            exact = list(self._exact(number, piece))
            found += exact
            explained = {word for match in exact if len(match.name) > 2 for word in range(*match.span[1:])}
            open_words = [
                at
                for at, word in enumerate(piece.words)
                if at not in explained and word not in NOISE and not word.isdigit()
            ]
            if open_words:
                found += self._alike(number, piece)
                found += self._sharing(number, piece)
        if pieces:
            found += self._begun(len(pieces) - 1, pieces[-1])
        return found

    def _exact(self, number: int, piece: Piece) -> Iterator[Match]:
        for first in range(len(piece.words)):
            for end in range(first + 1, min(len(piece.words), first + LONGEST_SPAN) + 1):
                span = piece.words[first:end]
                for kind, target, weight, name in self._entries.get(key(" ".join(span)), ()):
                    yield Match(kind, target, weight, "exact", name, (number, first, end), tuple(range(first, end)))

    def _alike(self, number: int, piece: Piece) -> Iterator[Match]:
        size = len(piece.words)
        spans = {(0, size)} | {(0, end) for end in range(1, min(4, size) + 1)}
        spans |= {(first, size) for first in range(max(0, size - 4), size)}
        if size > 4:
            spans |= {(first, first + width) for width in (1, 2, 3) for first in range(size - width + 1)}
        for first, end in sorted(spans)[:24]:
            form = key(" ".join(piece.words[first:end]))
            if len(form) < 3 or form.isdigit() or form in NOISE:
                continue
            for alike, distance in self._near(spelt_out(piece.words[first:end]), anywhere=(first, end) == (0, size)):
                if alike == form:
                    continue
                similarity = max(0.0, 1.0 - distance / max(len(form), len(alike)))
                for kind, target, weight, name in self._entries[alike]:
                    used = tuple(range(first, end))
                    yield Match(kind, target, similarity * weight, "typo", name, (number, first, end), used)

    def _near(self, spelt: str, anywhere: bool) -> list[tuple[str, int]]:
        """Forms whose names, spelt out, are at most a few slips away, with how many.

        Few people mistype the first letter: names that begin otherwise are compared only where none is close, and
        `anywhere` allows it.
        """
        most = 1 if len(spelt) <= 5 else 2 if len(spelt) <= 13 else 3
        found = self._compared(spelt, most, spelt[:1])
        if anywhere and all(distance > 1 for _, distance in found):
            found += self._compared(spelt, most, *(letter for letter in self._letters if letter != spelt[:1]))
        return sorted(found, key=lambda entry: (entry[1], entry[0]))[:MOST_ALIKE]

    def _compared(self, spelt: str, most: int, *letters: str) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for length in range(len(spelt) - most, len(spelt) + most + 1):
            for letter in letters:
                if alike := self._by_letter.get((length, letter)):
                    hits = process.extract(spelt, alike, scorer=OSA.distance, score_cutoff=most, limit=MOST_ALIKE)
                    found += [(self._spelt[name], int(distance)) for name, distance, _ in hits if distance]
        return found

    def _sharing(self, number: int, piece: Piece) -> Iterator[Match]:
        """Names of which the piece tells some words: `Meinolf` for `Pfarrkirche St. Meinolf`."""
        shared: dict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(piece.words):
            sharing = self._by_word.get(word, ()) if word not in NOISE else ()
            if len(sharing) <= MOST_SHARING:
                for form in sharing:
                    shared[form].append(at)
        for form in sorted(shared):
            used = shared[form]
            told = sum(len(piece.words[at]) for at in used)
            whole = told >= len(form)  # the same words in another order
            similarity = 0.95 if whole else 0.45 + (GUESSED - 0.45) * told / len(form)
            for kind, target, weight, name in self._entries[form]:
                span = (number, min(used), max(used) + 1)
                yield Match(kind, target, similarity * weight, "words" if whole else "word", name, span, tuple(used))

    def _begun(self, number: int, piece: Piece) -> Iterator[Match]:
        """Names that begin as the piece does, for a search box that is being typed into."""
        form = key(" ".join(piece.words))
        if len(form) < LEAST_BEGUN:
            return
        at = bisect_left(self._sorted, form)
        end = len(piece.words)
        for name_form in self._sorted[at : at + MOST_ALIKE]:
            if not name_form.startswith(form):
                break
            if name_form != form:
                similarity = 0.5 + (GUESSED - 0.5) * len(form) / len(name_form)
                for kind, target, weight, name in self._entries[name_form]:
                    yield Match(kind, target, similarity * weight, "begun", name, (number, 0, end), tuple(range(end)))


__all__ = ["OBJECT", "PLACE", "STREET", "Match", "Names"]
