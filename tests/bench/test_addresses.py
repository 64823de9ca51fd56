"""How long a question for an address takes with the names of a district, run by `make bench`."""

import random
import sqlite3
import time
from typing import Any, cast

import pytest

from server.base.address_names import Names
from server.base.address_text import key, read, words
from server.base.base import Base

SYLLABLES = (
    "an ber bach burg dorf el er feld fried gar hag heim hof in kirch kamp lin mar mühl neu ost ried ros sand schul "
    "stein tal wald west wies"
)
ENDINGS = ("straße", "weg", " Straße", "gasse", "platz", "ring", "allee", "kamp")
NUMBER = 25_000
QUESTIONS = 300


class District:
    """Names alone, as `Names` reads them."""

    def __init__(self, names: list[str]) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute("CREATE TABLE address_names (form, kind, target, weight, name, words)")
        rows = ((key(name), 0, at, 1.0, name, " ".join(words(name))) for at, name in enumerate(names))
        self.db.executemany("INSERT INTO address_names VALUES (?,?,?,?,?,?)", rows)


@pytest.mark.bench
def test_a_mistyped_name_among_25000() -> None:
    rng = random.Random(3)
    made: set[str] = set()
    while len(made) < NUMBER:
        stem = "".join(rng.choice(SYLLABLES.split()) for _ in range(rng.randint(2, 4)))
        made.add(stem.capitalize() + rng.choice(ENDINGS))
    names = sorted(made)
    began = time.perf_counter()
    vocabulary = Names(cast(Base, cast(Any, District(names))))
    opened_s = time.perf_counter() - began
    spent: list[float] = []
    found = 0
    for name in rng.sample(names, QUESTIONS):
        at = rng.randrange(1, len(name) - 1)
        line = f"{name[:at]}x{name[at + 1 :]} {rng.randint(1, 99)}, Schloss Neuhaus"
        began = time.perf_counter()
        matches = vocabulary.matches(read(line, {}, frozenset()).pieces)
        spent.append((time.perf_counter() - began) * 1000)
        found += any(match.name == name for match in matches)
    spent.sort()
    median, late = spent[len(spent) // 2], spent[len(spent) * 95 // 100]
    print(f"\n{NUMBER} names opened in {opened_s:.2f} s; a mistyped one and a place that nobody knows:")
    print(f"median {median:.1f} ms, p95 {late:.1f} ms, {found} of {QUESTIONS} found")
    assert found >= 0.95 * QUESTIONS
