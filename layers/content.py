"""The typed content of each kind of observation.

Every field may be `UNSET` (the sender did not speak of it) and most may be `None` (the sender says: unknown, or no
longer). Units are in the names; positions of the subject itself travel in `Observation.geometry`, other geometries are
GeoJSON dicts in WGS84, longitude first. Times are aware datetimes in UTC. The struct tag is the kind.
"""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from layers.content_air import Drone as Drone
from layers.content_air import Image as Image
from layers.content_homes import Occupant as Occupant
from layers.content_homes import Room as Room
from layers.content_marks import Mark as Mark
from layers.content_parts import Address as Address
from layers.content_parts import Approach as Approach
from layers.content_parts import Base as Base
from layers.content_parts import Candidate as Candidate
from layers.content_parts import Fence as Fence
from layers.content_parts import Flag as Flag
from layers.content_parts import Geocode as Geocode
from layers.content_parts import Located as Located
from layers.content_parts import Media as Media
from layers.content_parts import Number as Number
from layers.content_parts import Shape as Shape
from layers.content_parts import Text as Text
from layers.content_parts import Threshold as Threshold
from layers.content_parts import Thresholds as Thresholds
from layers.content_parts import Time as Time
from layers.content_parts import WaterPoint as WaterPoint
from layers.content_parts import Waypoint as Waypoint
from layers.content_parts import Whole as Whole
from layers.content_parts import Words as Words


class Mission(Base, frozen=True, kw_only=True, omit_defaults=True, tag="mission"):
    """An Einsatz. `category` is fire, cbrn, medical, technical or unknown; `units` are subjects of `Unit`.

    The server works out `geocode`, and `water` of the data that `water_basis` names; `located`: see layers.position.
    """

    number: Text = UNSET
    keyword: Text = UNSET
    keyword_short: Text = UNSET
    category: Text = UNSET
    subcategory: Text = UNSET
    description: Text = UNSET
    severity: Text = UNSET
    address: Address | None | UnsetType = UNSET
    location_detail: Text = UNSET
    alert_source: Text = UNSET
    reporter: Text = UNSET
    issued_at: Time = UNSET
    valid_from: Time = UNSET
    valid_to: Time = UNSET
    closed: Flag = UNSET
    units: Words = UNSET
    search_ids: Words = UNSET
    geocode: Geocode | None | UnsetType = UNSET
    located: Located | None | UnsetType = UNSET
    water: tuple[WaterPoint, ...] | UnsetType = UNSET
    water_basis: Text = UNSET


class Unit(Base, frozen=True, kw_only=True, omit_defaults=True, tag="unit"):
    """A vehicle or team. `fms_status` is the German radio status 0 to 9; `mission` the subject it is assigned to.

    Of a TAK client: its `team` (a colour) and role, the battery of its device, `hae_m` above the ellipsoid of WGS84,
    its type in Cursor on Target, and until when it said that its position is good (`stale_at`).
    `approach` and `pace` are worked out by the server: its way to the mission, and by road class the factor on the
    usual speed that it was seen to drive at.
    """

    name: Text = UNSET
    call_sign: Text = UNSET
    description: Text = UNSET
    vehicle_type: Text = UNSET
    categories: Words = UNSET
    base_station: Text = UNSET
    fms_status: Whole = UNSET
    mission: Text = UNSET
    report_to: Shape = UNSET
    heading_deg: Number = UNSET
    speed_mps: Number = UNSET
    team: Text = UNSET
    team_role: Text = UNSET
    battery_pct: Number = UNSET
    hae_m: Number = UNSET
    cot_type: Text = UNSET
    stale_at: Time = UNSET
    approach: Approach | None | UnsetType = UNSET
    pace: dict[str, float] | UnsetType = UNSET


class CrowdSite(Base, frozen=True, kw_only=True, omit_defaults=True, tag="crowd_site"):
    """A place with people counters: what they see and what they cannot see."""

    name: Text = UNSET
    field_of_view: Shape = UNSET
    blind_spots: Shape = UNSET
    sensors: Words = UNSET
    status: Text = UNSET


class CrowdRegion(Base, frozen=True, kw_only=True, omit_defaults=True, tag="crowd_region"):
    """A region of interest in a site. `count` names its `CrowdCount`, `lines` its `CrowdLine` subjects.

    The rules are the pilot's alert configurations as given: velocity (m/s, percent of people), motion change, pattern,
    density.
    """

    name: Text = UNSET
    active: Flag = UNSET
    area: Shape = UNSET
    site: Text = UNSET
    count: Text = UNSET
    lines: Words = UNSET
    line_names: dict[str, str] | UnsetType = UNSET
    velocity_rule: dict[str, Any] | None | UnsetType = UNSET
    motion_change_rule: dict[str, Any] | None | UnsetType = UNSET
    motion_pattern_rule: dict[str, Any] | None | UnsetType = UNSET
    density_rule: dict[str, Any] | None | UnsetType = UNSET


class CrowdCount(Base, frozen=True, kw_only=True, omit_defaults=True, tag="crowd_count"):
    """How many persons are in a region; totals count since the counter's start. `quality` 0 to 1."""

    people: Whole = UNSET
    inbound_total: Whole = UNSET
    outbound_total: Whole = UNSET
    quality: Number = UNSET
    region: Text = UNSET


class CrowdLine(Base, frozen=True, kw_only=True, omit_defaults=True, tag="crowd_line"):
    """Who crossed a counting line between `from_at` and `to_at`. `direction` is inbound or outbound.

    `people_towards` and `people_away` are of both directions, as told: they need not add up to `people`.
    """

    name: Text = UNSET
    people: Whole = UNSET
    people_towards: Whole = UNSET
    people_away: Whole = UNSET
    direction: Text = UNSET
    speed_mps: Number = UNSET
    headway_s: Number = UNSET
    occupancy: Number = UNSET
    congested: Flag = UNSET
    from_at: Time = UNSET
    to_at: Time = UNSET


class CrowdAlert(Base, frozen=True, kw_only=True, omit_defaults=True, tag="crowd_alert"):
    """A counter's own alarm: `alert` is density, velocity, motion_change or motion_pattern; densities in persons/m2."""

    alert: Text = UNSET
    region: Text = UNSET
    area: Shape = UNSET
    density_pm2: Number = UNSET
    threshold_pm2: Number = UNSET
    velocity_change_mps: Number = UNSET
    people: Whole = UNSET
    reason: Text = UNSET
    pattern: Text = UNSET


class Building(Base, frozen=True, kw_only=True, omit_defaults=True, tag="building"):
    """A smart home: `permission` is NONE, REQUEST, PENDING, GRANTED or DENIED; `name` and `email` are the owner's."""

    name: Text = UNSET
    email: Text = UNSET
    description: Text = UNSET
    categories: Words = UNSET
    source_url: Text = UNSET
    address: Address | None | UnsetType = UNSET
    floor_plan_url: Text = UNSET
    permission: Text = UNSET
    material: Text = UNSET
    heating: Words = UNSET


class Device(Base, frozen=True, kw_only=True, omit_defaults=True, tag="device"):
    """A sensor, actuator or camera. `state` OK, WARNING, ALARM or ERROR if the device says so itself.

    `probability` (0 to 1) is that of what it detected.
    """

    name: Text = UNSET
    description: Text = UNSET
    building: Text = UNSET
    room: Text = UNSET
    categories: Words = UNSET
    measures: Words = UNSET
    value: Any = UNSET
    probability: Number = UNSET
    thresholds: Thresholds | None | UnsetType = UNSET
    state: Text = UNSET
    desired_value: Any = UNSET
    action_status: Text = UNSET
    source_name: Text = UNSET


class Post(Base, frozen=True, kw_only=True, omit_defaults=True, tag="post"):
    """A post in a social network. `places` are names of places in it; sentiment -1 to 1 as the sender scales it."""

    message: Text = UNSET
    snippet: Text = UNSET
    network: Text = UNSET
    issued_at: Time = UNSET
    author: Text = UNSET
    image_urls: Words = UNSET
    video_urls: Words = UNSET
    places: Words = UNSET
    search_ids: Words = UNSET
    sentiment: Number = UNSET
    virality: Number = UNSET
    url: Text = UNSET


class SocialSearch(Base, frozen=True, kw_only=True, omit_defaults=True, tag="social_search"):
    """A saved search over social networks."""

    name: Text = UNSET
    query: Text = UNSET
    active: Flag = UNSET


class SocialRule(Base, frozen=True, kw_only=True, omit_defaults=True, tag="social_rule"):
    """When a search is to raise an event: condition, operator and value over an interval against a comparison span."""

    name: Text = UNSET
    active: Flag = UNSET
    deleted: Flag = UNSET
    condition: Text = UNSET
    operator: Text = UNSET
    value: Number = UNSET
    interval_s: Number = UNSET
    comparison_s: Number = UNSET
    notify_every_s: Number = UNSET
    search_ids: Words = UNSET
    modified_at: Time = UNSET


class SocialEvent(Base, frozen=True, kw_only=True, omit_defaults=True, tag="social_event"):
    """A rule fired."""

    rule_name: Text = UNSET
    alerted_at: Time = UNSET
    condition: Text = UNSET
    search_ids: Words = UNSET


class CitizenReport(Base, frozen=True, kw_only=True, omit_defaults=True, tag="citizen_report"):
    """What a citizen sent by messenger or form. The sender's id and name are personal."""

    sender_id: Text = UNSET
    sender_name: Text = UNSET
    texts: Words = UNSET
    image_urls: Words = UNSET
    video_urls: Words = UNSET
    issued_at: Time = UNSET
    answer_text: Text = UNSET
    answered_at: Time = UNSET


class Warning(Base, frozen=True, kw_only=True, omit_defaults=True, tag="warning"):  # noqa: A001  (the field's word)
    """A CAP alert; its area is the observation's geometry, None when it has no shape. `ends_at` is CAP's expires.

    `identifier` is the sender's, by which updates and cancellations name it in `references` (alone, or as
    `sender,identifier,sent`). `area_codes` are codes of places by their scheme (WARNCELLID, EMMA_ID, ARS, UGC ...);
    the warning holds from `altitude_m` to `ceiling_m` above sea level.
    """

    identifier: Text = UNSET
    sender: Text = UNSET
    sender_name: Text = UNSET
    sent_at: Time = UNSET
    status: Text = UNSET
    msg_type: Text = UNSET
    scope: Text = UNSET
    category: Words = UNSET
    event: Text = UNSET
    urgency: Text = UNSET
    severity: Text = UNSET
    certainty: Text = UNSET
    headline: Text = UNSET
    description: Text = UNSET
    instruction: Text = UNSET
    area_text: Text = UNSET
    area_codes: dict[str, tuple[str, ...]] | None | UnsetType = UNSET
    altitude_m: Number = UNSET
    ceiling_m: Number = UNSET
    response_types: Words = UNSET
    language: Text = UNSET
    web: Text = UNSET
    effective_at: Time = UNSET
    onset_at: Time = UNSET
    ends_at: Time = UNSET
    references: Words = UNSET


class Note(Base, frozen=True, kw_only=True, omit_defaults=True, tag="note"):
    """A line of the log book, a crew's note or a message to crews.

    `origin` is logbook, crew, control or tak (a chat between TAK clients).
    """

    text: Text = UNSET
    message_type: Text = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    origin: Text = UNSET
    sender_id: Text = UNSET
    sender_name: Text = UNSET
    receiver: Text = UNSET
    mission: Text = UNSET
    issued_at: Time = UNSET


class Seen(Base, frozen=True, kw_only=True, omit_defaults=True, tag="seen"):
    """Somebody has read a feature: `target` is its subject, `by` the unit or desk."""

    target: str
    by: str


class Verdict(Base, frozen=True, kw_only=True, omit_defaults=True, tag="verdict"):
    """A person's word on a fused or reported thing: `decision` is confirm or reject. It wins over the machine."""

    target: str
    decision: str
    by: str
    reason: Text = UNSET


class Removal(Base, frozen=True, kw_only=True, omit_defaults=True, tag="removal"):
    """The source withdraws the subject, or only the named content `fields` of it."""

    fields: tuple[str, ...] = ()


class Refusal(Base, frozen=True, kw_only=True, omit_defaults=True, tag="refusal"):
    """`count` messages of the source went to the quarantine; `reason` is the newest."""

    count: int
    reason: str


class LinkState(Base, frozen=True, kw_only=True, omit_defaults=True, tag="link_state"):
    """How a connection stands that we open or hold open for a source.

    `state` is connecting, connected, lost or stopped, since `since`; `reason` why it was lost, or what is wrong with it
    although it stands; `next_try_at` when we try again.
    """

    transport: str
    state: str
    since: datetime
    peer: str | None = None
    reason: str | None = None
    next_try_at: datetime | None = None


class Tick(Base, frozen=True, kw_only=True, omit_defaults=True, tag="tick"):
    """Time passed and nobody spoke: lets expiry and silence happen at `received_at` of the observation."""


Content = (
    Mission
    | Unit
    | CrowdSite
    | CrowdRegion
    | CrowdCount
    | CrowdLine
    | CrowdAlert
    | Drone
    | Image
    | Building
    | Device
    | Room
    | Occupant
    | Post
    | SocialSearch
    | SocialRule
    | SocialEvent
    | CitizenReport
    | Warning
    | Note
    | Mark
    | Seen
    | Verdict
    | Removal
    | Refusal
    | LinkState
    | Tick
)
"""Every kind of content."""
