"""The picture as it was: from the nearest snapshot, replayed up to the last entry received by then."""

import threading
from collections import OrderedDict
from datetime import datetime

from layers.picture import Picture
from layers.settings import PictureSettings
from server import runtime
from server.journal import Journal
from server.picture_store import restore

REMEMBERED = 8


class History:
    """Looks back into journals. A picture it returns is shared and must not be changed."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[tuple[str, int], Picture] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def as_of(self, journal: Journal, settings: PictureSettings, at: datetime) -> Picture:
        """What the desk had in its picture at `at` on the situation's clock. Raises JournalError.

        Folded in a real thread; one at a time, so that many who look back cannot take the machine from those who look
        now.
        """
        with self._one_at_a_time:
            seq = runtime.offload(journal.seq_at, at)
            key = (journal.epoch, seq)
            picture = self._pictures.get(key)
            if picture is None:
                picture, _ = runtime.offload(restore, journal, settings, upto=seq)
                self._pictures[key] = picture
                if len(self._pictures) > REMEMBERED:
                    self._pictures.popitem(last=False)
            self._pictures.move_to_end(key)
            return picture
