"""Plans in the pack of own objects: the pages as pictures, each plan once, however many objects it belongs to.

A plan is in the pack with all of its pages or with none: one that ends too early is taken for whole.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Mapping

from server.base.objects.draw_pages import MAX_PAGES
from server.base.objects.plans import Plan, PlanStore
from server.packs.parts import PARTS, PackPart

log = logging.getLogger("lagebild.packs")
MAX_PLAN_BYTES = 24_000_000
"""Of all pages of one plan. Their pixels are bounded where they are drawn: 2,400 along, 40 pages."""
MAX_BYTES = 400_000_000
"""Of all plans of the pack: a tablet loads it over a mobile network."""

PLANS = PackPart(
    "plans",
    1,
    (
        """CREATE TABLE object_plan (object TEXT, number INTEGER, name TEXT, plan TEXT, pages INTEGER,
        PRIMARY KEY (object, number)) WITHOUT ROWID""",
        "CREATE TABLE plan_page (plan TEXT, page INTEGER, png BLOB, PRIMARY KEY (plan, page))",
    ),
    (),
)
SAME = PackPart(
    "same_water",
    1,
    ("CREATE TABLE same_water (base TEXT PRIMARY KEY, own TEXT) WITHOUT ROWID",),
    (("INSERT INTO same_water VALUES (?,?)", lambda _base, _box: iter(())),),
)
"""Which water points of the base pack are own hydrants of this one: a tablet shows those alone."""
OWN_PARTS = (*(part for part in PARTS if part.name != "hoses"), PLANS, SAME)


def write_plans(pack: sqlite3.Connection, store: PlanStore, plans: Mapping[str, tuple[Plan, ...]]) -> int:
    """Write the plans of objects, by the objects' ids; how many plans are in it with their pages.

    What does not fit is in it by name with 0 pages, and logged. Raises OSError, sqlite3.Error.
    """
    digest, rows, total, left_out = hashlib.sha256(), 0, 0, 0
    held: dict[str, int] = {}
    for key in sorted(plans):
        for number, plan in enumerate(plans[key], 1):
            if plan.id not in held:
                size = _size(store, plan)
                fits = size <= MAX_PLAN_BYTES and total + size <= MAX_BYTES and plan.pages <= MAX_PAGES
                held[plan.id] = plan.pages if fits else 0
                total += size if fits else 0
                left_out += not fits
                for page in range(1, held[plan.id] + 1):
                    picture = store.page(plan.id, page).read_bytes()
                    pack.execute("INSERT INTO plan_page VALUES (?,?,?)", (plan.id, page, picture))
                    digest.update(repr((plan.id, page, hashlib.sha256(picture).hexdigest())).encode())
                    rows += 1
            row = (key, number, plan.name, plan.id, held[plan.id])
            pack.execute("INSERT INTO object_plan VALUES (?,?,?,?,?)", row)
            digest.update(repr(row).encode())
            rows += 1
    if left_out:
        log.warning("plans too large for the pack", extra={"count": left_out, "max_bytes": MAX_BYTES})
    pack.execute("INSERT INTO part VALUES (?,?,?,?)", (PLANS.name, PLANS.version, rows, digest.hexdigest()))
    return sum(1 for pages in held.values() if pages)


def _size(store: PlanStore, plan: Plan) -> int:
    return sum(store.page(plan.id, page).stat().st_size for page in range(1, plan.pages + 1))
