"""What every journal must do, written once. A backend's test class inherits it and provides `folder` and `open`."""

import abc
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from layers.content import Device, Unit
from layers.observation import MAX_ID_CHARS, Observation
from server.journal import BadObservation, Draft, Journal, RawRef, Snapshot, entries, with_raws

START = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def seen(number: int, **changes: object) -> Observation:
    """An observation numbered `number`, one second after the one before."""
    at = START + timedelta(seconds=number)
    base = Observation(
        id=f"observation-{number}",
        source="test/one",
        subject=f"unit:{number % 7}",
        observed_at=at,
        reported_at=at,
        received_at=at,
        content=Unit(name=f"Florian {number}", fms_status=number % 9),
        geometry={"type": "Point", "coordinates": [8.78 + number / 1000, 51.83]},
    )
    return msgspec.structs.replace(base, **changes)


def drafts(first: int, last: int, raw: RawRef | None = None) -> list[Draft]:
    """Drafts of the observations `first` to `last`."""
    return [Draft(seen(number), raw) for number in range(first, last + 1)]


def message(body: bytes = b'{"a": 1}', second: int = 0) -> RawRef:
    """An original message."""
    return RawRef(
        feed="ngsi", instance="leitstelle", sender="token 7", received_at=START + timedelta(seconds=second), body=body
    )


class JournalContract(abc.ABC):
    """Tests that hold for every backend."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Where the journal lives, or what names it."""
        return tmp_path

    @abc.abstractmethod
    def open(self, folder: Path) -> Journal:
        """Open the journal at `folder` for writing; the same folder gives the same journal."""

    @pytest.fixture
    def journal(self, folder: Path) -> Journal:
        """An open, empty journal."""
        return self.open(folder)

    def test_an_empty_journal_has_nothing(self, journal: Journal) -> None:
        assert journal.last() == 0
        assert journal.read(0, 10) == []
        assert journal.raws(0, 10) == []
        assert journal.seq_at(START + timedelta(days=1)) == 0
        assert journal.snapshots() == []
        assert journal.check().ok

    def test_entries_come_back_in_order_without_a_gap(self, journal: Journal) -> None:
        first = journal.append(drafts(1, 3))
        second = journal.append(drafts(4, 5))
        assert [entry.seq for entry in first.entries + second.entries] == [1, 2, 3, 4, 5]
        assert [entry.observation for entry in journal.read(0, 100)] == [seen(number) for number in range(1, 6)]
        assert [entry.seq for entry in journal.read(2, 2)] == [3, 4]
        assert [entry.seq for entry in entries(journal, after=1, upto=4, step=2)] == [2, 3, 4]
        assert journal.last() == 5

    def test_what_append_returns_is_what_read_returns(self, journal: Journal) -> None:
        odd = seen(
            1,
            content=Device(value=float("nan")),
            geometry=None,
            extra={"tuple": (1, 2), "Straße": "Übung \u2028 \U0001f692", "deep": {"b": 1, "a": [None, True, 1e300]}},
            flags=("clock_ahead",),
        )
        appended = journal.append([Draft(odd)])
        assert appended.entries == journal.read(0, 1)
        assert list(appended.entries[0].observation.extra) == list(journal.read(0, 1)[0].observation.extra)

    def test_a_known_id_is_dropped_also_within_one_batch(self, journal: Journal) -> None:
        appended = journal.append([*drafts(1, 2), *drafts(1, 1), *drafts(3, 3)])
        assert [entry.seq for entry in appended.entries] == [1, 2, 3]
        assert appended.duplicates == 1
        again = journal.append([*drafts(2, 4), *drafts(4, 4)])
        assert [(entry.seq, entry.observation.id) for entry in again.entries] == [(4, "observation-4")]
        assert again.duplicates == 3
        assert journal.append(drafts(1, 4)).entries == []
        assert journal.last() == 4

    def test_nothing_appended_changes_nothing(self, journal: Journal) -> None:
        assert journal.append([]).entries == []
        assert journal.last() == 0

    def test_everything_is_there_after_opening_again(self, folder: Path) -> None:
        before = self.open(folder)
        before.append(drafts(1, 10, message()))
        epoch, head = before.epoch, before.check().head
        before.close()
        after = self.open(folder)
        assert after.epoch == epoch
        assert after.last() == 10
        assert after.check().head == head
        assert after.append(drafts(8, 12)).duplicates == 3
        assert [entry.seq for entry in after.read(0, 100)] == list(range(1, 13))
        assert after.check().ok

    def test_two_journals_have_two_epochs(self, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
        other = self.open(tmp_path_factory.mktemp("other"))
        assert self.open(folder).epoch != other.epoch

    def test_original_bytes_are_kept_once_per_message(self, journal: Journal) -> None:
        body = bytes(range(256)) * 10
        first, second = message(body), message(b"", second=5)
        journal.append([*drafts(1, 3, first), *drafts(4, 4), *drafts(5, 5, second)])
        kept = journal.raws(0, 10)
        assert [(raw.first_seq, raw.last_seq) for raw in kept] == [(1, 3), (5, 5)]
        assert [raw.raw for raw in kept] == [first, second]
        assert [raw for _, raw in with_raws(journal)] == [first, first, first, None, second]
        assert [(entry.seq, raw) for entry, raw in with_raws(journal, after=3)] == [(4, None), (5, second)]

    def test_a_message_of_duplicates_only_is_not_kept_again(self, journal: Journal) -> None:
        journal.append(drafts(1, 2, message()))
        journal.append(drafts(1, 2, message()))
        journal.append([*drafts(2, 2, message()), *drafts(3, 3, message(b"new"))])
        assert [(raw.first_seq, raw.raw.body) for raw in journal.raws(0, 10)] == [(1, b'{"a": 1}'), (3, b"new")]

    def test_messages_are_read_in_pages(self, journal: Journal) -> None:
        for number in range(1, 21, 2):
            journal.append(drafts(number, number + 1, message(str(number).encode())))
        found: list[bytes] = []
        after = 0
        while page := journal.raws(after, 3):
            assert len(page) <= 3
            found += [raw.raw.body for raw in page]
            after = page[-1].last_seq
        assert found == [str(number).encode() for number in range(1, 21, 2)]

    def test_a_time_finds_its_place(self, journal: Journal) -> None:
        journal.append(drafts(1, 5))
        assert journal.seq_at(START) == 0
        assert journal.seq_at(START + timedelta(seconds=3)) == 3
        assert journal.seq_at(START + timedelta(seconds=3, microseconds=-1)) == 2
        assert journal.seq_at(START + timedelta(hours=1)) == 5

    def test_snapshots_are_found_by_place_and_fingerprint_and_stay_few(self, journal: Journal) -> None:
        for seq in range(1, 101):
            journal.save_snapshot(Snapshot(seq=seq, digest=str(seq), fingerprint="f", body=b"x" * seq))
        kept = [snapshot.seq for snapshot in journal.snapshots()]
        assert len(kept) <= 20
        assert kept[-3:] == [98, 99, 100]
        assert kept[0] == 1
        assert max(later - before for before, later in itertools.pairwise(kept)) <= 30, "spread over the past"
        newest = journal.snapshot("f", 1000)
        assert newest == Snapshot(seq=100, digest="100", fingerprint="f", body=b"x" * 100)
        older = journal.snapshot("f", 60)
        assert older is not None
        assert older.seq <= 60
        assert journal.snapshot("another", 1000) is None
        assert journal.snapshot("f", 0) is None

    def test_snapshots_of_other_code_or_settings_go_first(self, journal: Journal) -> None:
        for seq in range(1, 31):
            journal.save_snapshot(Snapshot(seq=seq, digest="", fingerprint="old", body=b""))
        for seq in range(31, 61):
            journal.save_snapshot(Snapshot(seq=seq, digest="", fingerprint="new", body=b""))
        assert {snapshot.fingerprint for snapshot in journal.snapshots()} == {"new"}

    def test_entries_left_out_are_remembered(self, folder: Path) -> None:
        journal = self.open(folder)
        journal.append(drafts(1, 3))
        journal.skip(2, "ValueError: no")
        journal.close()
        assert self.open(folder).skipped() == {2: "ValueError: no"}

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"id": ""}, "id"),
            ({"subject": "x" * (MAX_ID_CHARS + 1)}, "subject"),
            ({"received_at": datetime(2026, 1, 1)}, "received_at"),  # noqa: DTZ001  (the naive time is the point)
            ({"id": "\ud800"}, "canonical"),
            ({"extra": {"a": object()}}, "canonical"),
            ({"extra": {"text": "x" * 1_000_001}}, "bytes"),
        ],
    )
    def test_what_cannot_be_kept_is_refused_before_it_reaches_the_journal(
        self, changes: dict[str, object], word: str
    ) -> None:
        with pytest.raises(BadObservation, match=word):
            Draft(seen(1, **changes))

    def test_closing_twice_is_fine(self, journal: Journal) -> None:
        journal.close()
        journal.close()
