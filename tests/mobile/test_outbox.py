"""Once and only once: reports, lost answers, crashes, refusals."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mobile.i18n import de, en
from mobile.outbox import KEPT_ANSWERED, MAX_WAITING, Outbox, OutboxFull, State, fields_on_the_wire
from mobile.sender import ACK_TIMEOUT_S, Sender
from mobile.store import Store

AT = "2026-11-21T21:14:07.000Z"


class LosingServer:
    """Does what the real one promises, keeps by (client_id, client_seq), and loses answers when told to."""

    def __init__(self) -> None:
        self.journal: list[dict[str, Any]] = []

    def take(self, report: dict[str, Any]) -> dict[str, Any]:
        key = (report["client_id"], report["client_seq"])
        for seq, known in enumerate(self.journal, 1):
            if (known["client_id"], known["client_seq"]) == key:
                return {"ok": True, "seq": seq}
        if report.get("text") == "forbidden":
            return {"ok": False, "error": "forbidden", "description": "not yours"}
        self.journal.append(report)
        return {"ok": True, "seq": len(self.journal)}


class OnceAndOnlyOnce(RuleBasedStateMachine):
    """The tablet crashes, requests and answers are lost, the server is busy; in the end everything is there once."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now_s = 0.0
        self.server = LosingServer()
        self.said: list[str] = []
        self.refused: list[str] = []
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder / "tablet.db")
        self.outbox = Outbox(self.store)
        self.sender = Sender(self.outbox, lambda: self.now_s)

    @rule(text=st.sampled_from(["status 3", "status 4", "a note", "forbidden"]))
    def say(self, text: str) -> None:
        text = text if text == "forbidden" else f"{text} #{len(self.said)}"
        self.outbox.put("note", "live", "e1", AT, AT, text=text)
        (self.refused if text == "forbidden" else self.said).append(text)

    @rule(fate=st.sampled_from(["arrives", "request lost", "answer lost", "busy", "nothing answered"]))
    def send(self, fate: str) -> None:
        item = self.sender.due("live")
        if item is None or fate == "request lost":
            return
        report = json.loads(json.dumps(fields_on_the_wire(item, self.outbox.client_id)))
        if fate == "busy":
            self.sender.answered(item.client_seq, {"ok": False, "error": "busy", "retry_after_s": 2})
            return
        answer = self.server.take(report)
        if fate == "nothing answered":
            self.sender.answered(item.client_seq, None)
        elif fate == "arrives":
            self.sender.answered(item.client_seq, answer)

    @rule(seconds=st.sampled_from([1.0, 4.0, ACK_TIMEOUT_S + 1]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def reconnect(self) -> None:
        self.sender.reset()

    @rule()
    def crash(self) -> None:
        self.store.close()
        self.open()

    @invariant()
    def nothing_twice_and_in_order(self) -> None:
        seqs = [report["client_seq"] for report in self.server.journal]
        assert seqs == sorted(set(seqs))

    def teardown(self) -> None:
        self.sender.reset()
        while (item := self.sender.due("live")) is not None:
            self.sender.answered(item.client_seq, self.server.take(fields_on_the_wire(item, self.outbox.client_id)))
        assert [report["text"] for report in self.server.journal] == self.said
        assert self.outbox.waiting() == 0
        refused = [item for item in self.outbox.recent(1000) if item.state is State.REFUSED]
        assert len(refused) == min(len(self.refused), len(refused))
        assert {item.answer for item in refused} <= {"forbidden"}
        self.store.close()
        shutil.rmtree(self.folder)


OnceAndOnlyOnce.TestCase.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestOnceAndOnlyOnce = OnceAndOnlyOnce.TestCase


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(Store(tmp_path / "tablet.db"))


def test_numbers_have_no_gap_also_after_old_ones_are_deleted(outbox: Outbox) -> None:
    numbers = []
    for _ in range(KEPT_ANSWERED + 20):
        item = outbox.put("note", "live", "e1", AT, AT, text="x")
        outbox.acknowledge(item.client_seq, 1, AT)
        numbers.append(item.client_seq)
    assert numbers == list(range(1, KEPT_ANSWERED + 21))
    assert len(outbox.recent(1000)) == KEPT_ANSWERED


def test_positions_without_a_network_leave_one_waiting(outbox: Outbox) -> None:
    for lon in (8.1, 8.2, 8.3):
        outbox.put("position", "live", "e1", AT, AT, lon=lon, lat=51.8)
    assert outbox.waiting() == 1
    item = outbox.next("live")
    assert item is not None
    assert item.body["lon"] == 8.3
    outbox.sending(item.client_seq)  # it may have arrived: it must stay as it is
    outbox.put("position", "live", "e1", AT, AT, lon=8.4, lat=51.8)
    assert outbox.waiting() == 2
    again = outbox.next("live")
    assert again is not None
    assert again.body["lon"] == 8.3


def test_a_full_outbox_says_so(outbox: Outbox) -> None:
    for _ in range(MAX_WAITING):
        outbox.put("note", "live", "e1", AT, AT, text="x")
    with pytest.raises(OutboxFull):
        outbox.put("note", "live", "e1", AT, AT, text="x")
    assert outbox.waiting() == MAX_WAITING


def test_reports_of_an_exercise_that_began_anew_are_kept_as_refused(outbox: Outbox) -> None:
    outbox.put("unit_status", "ex-1", "take-1", AT, AT, fms_status=3)
    outbox.put("unit_status", "ex-1", "", AT, AT, fms_status=4)  # before the first hello: for whatever take runs
    assert outbox.refuse_other_epochs("ex-1", "take-2", "epoch", AT) == 1
    item = outbox.next("ex-1")
    assert item is not None
    assert item.body["fms_status"] == 4
    assert [entry.answer for entry in outbox.recent()] == [None, "epoch"]


def test_a_report_is_for_its_own_situation_only(outbox: Outbox) -> None:
    outbox.put("note", "ex-1", "e1", AT, AT, text="exercise")
    assert outbox.next("live") is None


def test_a_late_answer_to_a_report_that_went_again_counts(outbox: Outbox) -> None:
    now_s = [0.0]
    sender = Sender(outbox, lambda: now_s[0])
    first = outbox.put("note", "live", "e1", AT, AT, text="one")
    assert sender.due("live") is not None
    assert sender.due("live") is None  # one at a time
    now_s[0] = ACK_TIMEOUT_S + 1
    assert sender.due("live") is not None  # again
    sender.answered(first.client_seq, {"ok": True, "seq": 7})
    assert sender.due("live") is None
    kept = outbox.item(first.client_seq)
    assert kept is not None
    assert (kept.state, kept.answer, kept.attempts) == (State.ACKNOWLEDGED, "7", 2)


@pytest.mark.parametrize(("ended", "state"), [(False, State.WAITING), (True, State.REFUSED)])
def test_closed_passes_unless_the_exercise_is_over(outbox: Outbox, ended: bool, state: State) -> None:
    sender = Sender(outbox, lambda: 0.0)
    item = outbox.put("note", "ex-1", "e1", AT, AT, text="x")
    sender.due("ex-1")
    sender.answered(item.client_seq, {"ok": False, "error": "closed", "description": "it has ended"}, ended=ended)
    kept = outbox.item(item.client_seq)
    assert kept is not None
    assert kept.state is state


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ({"error": "forbidden", "description": "a crew speaks for its own unit only"}, "forbidden"),
        ({"error": "invalid", "description": "lon: ...", "why": {"code": "bad_place"}}, "bad_place"),
        ({"error": "invalid", "description": "ValueError()", "why": {"code": "other"}}, "invalid"),
        ({"error": "invalid", "why": "no object"}, "invalid"),
    ],
)
def test_a_refusal_is_kept_as_a_code_that_the_screen_has_words_for(
    outbox: Outbox, reply: dict[str, Any], answer: str
) -> None:
    sender = Sender(outbox, lambda: 0.0)
    item = outbox.put("note", "live", "e1", AT, AT, text="x")
    sender.due("live")
    sender.answered(item.client_seq, {"ok": False, **reply})
    kept = outbox.item(item.client_seq)
    assert kept is not None
    assert (kept.state, kept.answer) == (State.REFUSED, answer)
    assert all(f"report.refused.{answer}" in words for words in (de.TEXTS, en.TEXTS))
