"""XML from strangers: no document type, any encoding, several documents in one body."""

import pytest

from server.feeds import INVALID, MALFORMED, TOO_LARGE, DecodeError
from server.feeds._xml import ENCODING_ASSUMED, REPAIRED, child_text, documents, local, namespace, text_of, written

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        b'<?xml version="1.0"?>\n<!-- a > b --><?x y?>\r\n' + BOMB,
        b'<!doctype a SYSTEM "file:///etc/hostname"><a/>',
        BOMB.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + BOMB,
        b'<?xml version="1.0" encoding="utf-7"?>' + BOMB.decode().encode("utf-7"),
    ],
    ids=["entities", "prolog", "external", "utf-16", "bom", "utf-7"],
)
def test_a_document_type_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError) as refused:
        documents(body, 10_000)
    assert "DOCTYPE" in refused.value.reason
    assert refused.value.kind == INVALID


def test_the_word_in_a_text_is_no_document_type() -> None:
    (root,) = documents(b"<a><![CDATA[<!DOCTYPE html>]]></a>", 10_000).roots
    assert text_of(root) == "<!DOCTYPE html>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-8-sig"])
def test_a_declared_encoding_is_read(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    body = f'<?xml version="1.0" encoding="{declared}"?>\r\n<a>Böen</a>'.encode(encoding)
    found = documents(b"\n " + body if encoding.startswith("iso") else body, 10_000)
    assert [text_of(root) for root in found.roots] == ["Böen"]
    assert found.flags == frozenset()


def test_an_encoding_that_is_another_is_read_and_flagged() -> None:
    found = documents('<?xml version="1.0" encoding="UTF-8"?><a>Böen – 5 €</a>'.encode("cp1252"), 10_000)
    assert text_of(found.roots[0]) == "Böen – 5 €"
    assert found.flags == {ENCODING_ASSUMED}


@pytest.mark.parametrize(
    "body",
    [
        b"<a>1</a>\r\n<a>2</a>",
        b'<?xml version="1.0"?><a>1</a><?xml version="1.0"?>\n<a>2</a>\n',
        b'\n<?xml version="1.0"?>\n<a>1</a>\n\n<a>2</a>',
    ],
)
def test_documents_one_after_another(body: bytes) -> None:
    found = documents(body, 10_000)
    assert [text_of(root) for root in found.roots] == ["1", "2"]
    assert found.refused == ()


def test_a_broken_one_does_not_take_its_neighbours_along() -> None:
    found = documents(b'<?xml version="1.0"?><a>1</a><?xml version="1.0"?><a>2<?xml version="1.0"?><a>3</a>', 10_000)
    assert [text_of(root) for root in found.roots] == ["1", "3"]
    (refused,) = found.refused
    assert refused.reason.startswith("not XML: ")
    assert refused.excerpt == '<?xml version="1.0"?><a>2'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", MALFORMED),
        (b"  \r\n", MALFORMED),
        (b"<a>", MALFORMED),
        (b"<a>&nbsp;</a>", MALFORMED),
        (b"{}", MALFORMED),
        (b"\xff\xfe\x00", MALFORMED),
        (b"<a>" * 300 + b"</a>" * 300, MALFORMED),
        (b"<a>" + b"x" * 20_000 + b"</a>", TOO_LARGE),
        (b"<a></a>" * 1_100, TOO_LARGE),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else None,
)
def test_what_is_no_document(body: bytes, kind: str) -> None:
    with pytest.raises(DecodeError) as refused:
        documents(body, 10_000)
    assert refused.value.kind == kind


def test_what_can_be_read_of_a_broken_one_is_read_on_request() -> None:
    found = documents(b"<a><b>1 &nbsp; 2</b><c>3</a>", 10_000, repair=True)
    assert found.flags == {REPAIRED}
    assert child_text(found.roots[0], "c") == "3"


def test_names_and_texts() -> None:
    (root,) = documents(b'<x:a xmlns:x="urn:x"> <x:b/><x:b> 1 </x:b><x:c>2</x:c></x:a>', 10_000).roots
    assert (local(root), namespace(root)) == ("a", "urn:x")
    assert child_text(root, "d", "b") == "1"
    assert child_text(root, "d") is None
    (again,) = documents(written(root), 10_000).roots
    assert child_text(again, "c") == "2"
