"""Plans are drawn in a process of their own: what a hostile PDF eats, the server keeps."""

import os
import zlib
from pathlib import Path

import pytest

from server import runtime
from server.base.objects import plans
from server.base.objects.plans import TOO_MUCH, PlanError, PlanStore
from tests.objects.samples import pdf, png


def assembled(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%b endobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def page(resources: bytes) -> tuple[bytes, bytes, bytes]:
    """Catalog, pages and a page whose content (object 4) draws X."""
    return (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</XObject<<%b>>>>>>" % resources,
    )


def stream(head: bytes, body: bytes) -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (head, len(body), body)


def slow(levels: int = 24) -> bytes:
    """A form that draws the next twice, and so on: a few kilobytes, and millions of pictures to draw."""
    first = 5
    forms = [
        stream(
            b"/Type/XObject/Subtype/Form/BBox[0 0 200 100]/Resources<</XObject<</X %d 0 R>>>>" % (first + level + 1),
            b"/X Do /X Do",
        )
        for level in range(levels)
    ]
    last = stream(b"/Type/XObject/Subtype/Form/BBox[0 0 200 100]", b"0 0 200 100 re f " * 20)
    return assembled(*page(b"/X %d 0 R" % first), stream(b"", b"/X Do"), *forms, last)


def large(side: int = 8_000) -> bytes:
    """A picture of 64 million pixels and 256 MB in a quarter of a megabyte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    packer, row = zlib.compressobj(1), bytes(1 + 4 * side)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = side.to_bytes(4, "big") * 2 + b"\x08\x06\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.fixture
def store(tmp_path: Path) -> PlanStore:
    return PlanStore(tmp_path / "plans", 20_000_000)


def left(store: PlanStore) -> list[str]:
    """What lies in the store, but for the marks of what was too much."""
    return sorted(path.name for path in store.folder.rglob("*") if path.is_file() and path.suffix != plans.MARK)


def test_pages_are_drawn_by_a_child(store: PlanStore) -> None:
    assert store.put_bytes("plan.pdf", pdf(3)).pages == 3
    assert store.put_bytes("plan.png", png()).pages == 1
    assert left(store) == sorted(["1.png", "2.png", "3.png", "original", "1.png", "original"])


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("leer.pdf", b"%PDF-1.4\nnothing", "the PDF cannot be opened"),
        ("lang.pdf", pdf(41), "41 pages; a plan has 1 to 40"),
        ("halb.png", png()[:40], "the picture cannot be opened"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(store: PlanStore, name: str, body: bytes, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        store.put_bytes(name, body)
    assert left(store) == []


@pytest.mark.parametrize("bomb", ["time", "memory", "no end"])
def test_a_bomb_ends_with_its_process_and_is_not_lit_again(
    store: PlanStore, monkeypatch: pytest.MonkeyPatch, bomb: str
) -> None:
    body = large() if bomb == "memory" else slow()
    assert len(body) < 2_000_000
    monkeypatch.setattr(plans, "CPU_S", 1 if bomb == "time" else 600)
    monkeypatch.setattr(plans, "WITHIN_S", 2.0 if bomb == "no end" else 600.0)
    monkeypatch.setattr(plans, "MEMORY_BYTES", 350_000_000)
    codes: list[int] = []

    def run(command: list[str], within_s: float, apart: object = runtime.run_apart) -> int:
        assert callable(apart)
        codes.append(apart(command, within_s))
        return codes[-1]

    monkeypatch.setattr(runtime, "run_apart", run)
    before = children_s()
    for _ in range(2):
        with pytest.raises(PlanError, match=TOO_MUCH):
            store.put_bytes("bombe.pdf", body)
    assert len(codes) == 1, "it is not drawn again"
    assert codes[0] != 0
    assert children_s() >= before
    assert left(store) == []
    assert store.put_bytes("plan.pdf", pdf()).pages == 1
    monkeypatch.setattr(plans, "MARKED_S", 0.0)
    store.keep_only([])
    assert not list(store.folder.rglob(f"*{plans.MARK}"))


def children_s() -> float:
    """Processor time of children that have ended: they were waited for."""
    times = os.times()
    return times.children_user + times.children_system


def test_a_program_that_does_not_end_is_killed() -> None:
    assert runtime.run_apart(["/bin/sleep", "600"], 0.05) == -9
    assert runtime.run_apart(["/bin/sh", "-c", "exit 7"], 600) == 7
    assert runtime.run_apart(["/bin/sh", "-c", 'test -z "$HOME$PATH_INFO$LAGEBILD_DATA"'], 600) == 0
