"""From rows to objects: columns to our names, positions to WGS84, each wrong row told with its reason."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from layers.geo import NotOnEarth, is_valid, to_wgs84
from layers.observation import iso
from server.base.objects.raw import Raw, SourceError
from server.base.objects.read_csv import number
from server.base.objects.settings import ObjectSettings

MAX_CHARS = 2_000
MAX_REFUSED = 100
MAX_VERTICES = 5_000
_DATES = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")
_NUMBERS = {"diameter_mm": (1, 3_000), "flow_lpm": (0, 1_000_000), "pressure_bar": (0, 100)}
HYDRANTS = {
    **{name: name for name in ("pillar", "underground", "wall", "pipe", "suction_point", "water_tank", "hydrant")},
    "fire_water_pond": "fire_water_pond",
    **dict.fromkeys(
        ("überflurhydrant", "überflur", "ueberflurhydrant", "ueberflur", "oh", "üh", "oberflurhydrant"), "pillar"
    ),
    **dict.fromkeys(("unterflurhydrant", "unterflur", "uh", "ufh"), "underground"),
    **dict.fromkeys(("wandhydrant", "wh"), "wall"),
    **dict.fromkeys(("saugstelle", "saugschacht"), "suction_point"),
    **dict.fromkeys(("löschwasserbehälter", "zisterne"), "water_tank"),
    **dict.fromkeys(("löschteich", "löschwasserteich"), "fire_water_pond"),
}


class Own(Struct, frozen=True, kw_only=True):
    """An object of a layer. `key` is stable as long as the source keeps its reference."""

    key: str
    ref: str
    title: str
    geometry: dict[str, Any]
    address: str = ""
    note: str = ""
    shown: dict[str, str] = {}
    valid_from: str | None = None
    valid_to: str | None = None
    hydrant: str | None = None
    diameter_mm: int | None = None
    flow_lpm: int | None = None
    pressure_bar: float | None = None
    plan: str = ""
    """What the source says of its plan: names of files, with ; between them."""


class Refusal(Struct, frozen=True):
    """A row that was not taken."""

    where: str
    reason: str


class Taken(Struct, kw_only=True):
    """What became of the rows; `refused` holds the first hundred of `refusals`."""

    objects: list[Own]
    refused: list[Refusal]
    refusals: int = 0

    def refuse(self, where: str, reason: str) -> None:
        """Note a row that is not taken."""
        self.refusals += 1
        if len(self.refused) < MAX_REFUSED:
            self.refused.append(Refusal(where, reason[:300]))


def take(name: str, rows: Iterable[Raw], settings: ObjectSettings) -> Taken:
    """Every row that can be taken. Raises SourceError where there are rows and none of them can be."""
    taken = Taken(objects=[], refused=[])
    keys: set[str] = set()
    count = 0
    for count, row in enumerate(rows, 1):
        if count > settings.max_objects:
            raise SourceError(f"{row.where}: more than {settings.max_objects} objects")
        if row.wrong is not None:
            taken.refuse(row.where, row.wrong)
            continue
        try:
            one = _own(name, row, settings)
        except ValueError as error:
            taken.refuse(row.where, str(error))
            continue
        if one.key in keys:
            taken.refuse(row.where, f"the reference {one.ref[:60]!r} is there twice")
            continue
        keys.add(one.key)
        taken.objects.append(one)
    if count and not taken.objects:
        first = taken.refused[0]
        raise SourceError(f"none of {count} rows can be used; {first.where}: {first.reason}")
    return taken


def _own(name: str, row: Raw, settings: ObjectSettings) -> Own:
    geometry = _geometry(row, settings)

    def told(ours: str) -> str:
        return _text(_column(row.columns, settings.fields.get(ours), ours))

    ref = told("ref")
    identity = ref or row.name or f"{row.where} {geometry}"
    numbers = {ours: _number(ours, told(ours)) for ours in _NUMBERS}
    begins, ends = _moment(told("valid_from"), settings.zone, False), _moment(told("valid_to"), settings.zone, True)
    if begins is not None and ends is not None and ends <= begins:
        raise ValueError("valid_to is not after valid_from")
    said = told("hydrant")
    shown = ((label, _text(row.columns.get(column))) for label, column in settings.show.items())
    return Own(
        key=hashlib.sha256(f"{name} {identity}".encode("utf-8", "replace")).hexdigest()[:16],
        ref=ref,
        title=told("title") or ref or settings.title,
        geometry=geometry,
        address=told("address"),
        note=told("note"),
        shown={label: value for label, value in shown if value},
        valid_from=begins,
        valid_to=ends,
        hydrant=HYDRANTS.get(said.casefold(), "hydrant") if settings.kind == "hydrant" else None,
        diameter_mm=None if numbers["diameter_mm"] is None else round(numbers["diameter_mm"]),
        flow_lpm=None if numbers["flow_lpm"] is None else round(numbers["flow_lpm"]),
        pressure_bar=numbers["pressure_bar"],
        plan=told("plan"),
    )


def _geometry(row: Raw, settings: ObjectSettings) -> dict[str, Any]:
    if row.geometry is None:
        raise ValueError("no position")
    epsg = row.epsg if row.epsg is not None else settings.epsg
    try:
        geometry = to_wgs84(row.geometry, epsg or 4326, row.by_authority)
    except NotOnEarth as error:
        raise ValueError(str(error)) from None
    if not is_valid(geometry, MAX_VERTICES):
        raise ValueError(f"no geometry that can be drawn (WGS84, at most {MAX_VERTICES} positions)")
    return geometry


def _column(columns: dict[str, Any], mapped: str | None, ours: str) -> Any:
    """The mapped column, else one that is called as we call it, in any case of letters."""
    if mapped is not None:
        return columns.get(mapped)
    if ours in columns:
        return columns[ours]
    return next((value for name, value in columns.items() if name.casefold() == ours), None)


def _text(value: Any) -> str:
    if value is None or isinstance(value, (dict, bytes)):
        return ""
    if isinstance(value, list):
        return "; ".join(_text(one) for one in value)[:MAX_CHARS]
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = "".join(sign for sign in str(value) if sign.isprintable() or sign in "\n\t")
    return text.strip()[:MAX_CHARS]


def _number(ours: str, text: str) -> float | None:
    if not text:
        return None
    least, most = _NUMBERS[ours]
    try:
        found = number(text.casefold().removeprefix("dn").removesuffix("mm"))
    except ValueError as error:
        raise ValueError(f"{ours}: {error}") from None
    if not least <= found <= most:
        raise ValueError(f"{ours}: {text[:40]} is not between {least} and {most}")
    return found


def _moment(text: str, zone: str, ends: bool) -> str | None:
    """A time as ISO 8601 or as written in German; a mere date begins with its first moment and ends with its last."""
    if not text:
        return None
    found: datetime | None = None
    plain_date = len(text) == 10
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        for pattern in _DATES:
            try:
                found = datetime.strptime(text, pattern)  # noqa: DTZ007 (the zone follows)
                break
            except ValueError:
                continue
    if found is None:
        raise ValueError(f"{text[:40]!r} is no time (2026-09-12T08:00 or 12.09.2026 08:00)")
    if found.tzinfo is None:
        if plain_date and ends:
            found = datetime.combine(date.fromordinal(found.toordinal()) + timedelta(days=1), time())
        found = found.replace(tzinfo=ZoneInfo(zone))
    try:
        return iso(found)
    except (OverflowError, ValueError):
        raise ValueError(f"{text[:40]!r} is no time that can be used") from None
