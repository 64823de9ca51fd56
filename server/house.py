"""What the server is made of, in one place for the routes; built by the composition root (server/app.py)."""

from dataclasses import dataclass
from pathlib import Path

from server.access import Access
from server.audit import Audit
from server.base.base import Bases
from server.base.objects.library import Objects
from server.base.objects.ways import OwnWater
from server.base.ways import Ways
from server.citizens import Citizens
from server.config import Settings
from server.derive import Derivations
from server.home_keys import HomeKeys
from server.home_pictures import HomePictures
from server.homes import Homes
from server.intake import Intake
from server.media import MediaStore
from server.metrics import Metrics
from server.packs.store import PackStore
from server.quarantine import Quarantine
from server.reports import Reports
from server.retry import Retry
from server.situations import Situations
from server.sync import Sync
from server.throttle import Throttle
from server.transports.supervisor import Supervisor


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """The rooms. `failures` counts wrong tokens and codes per address."""

    data_dir: Path
    settings: Settings
    access: Access
    audit: Audit
    metrics: Metrics
    situations: Situations
    quarantine: Quarantine
    intake: Intake
    retry: Retry
    media: MediaStore
    citizens: Citizens
    reports: Reports
    sync: Sync
    homes: Homes
    home_keys: HomeKeys
    home_pictures: HomePictures
    derivations: Derivations
    bases: Bases
    objects: Objects
    own_water: OwnWater
    ways: Ways
    packs: PackStore
    connections: Supervisor
    failures: Throttle
