"""Signatures of S3 clients: the worked examples of Amazon's reference, and what is turned away."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from server.aws_chunked import content
from server.sigv4 import Call, Denied, claim, in_time, prove

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # of the reference
HOST = "examplebucket.s3.amazonaws.com"
SCOPE = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
AT = datetime(2013, 5, 24, tzinfo=UTC)
NOTHING = hashlib.sha256(b"").hexdigest()


def call(signed: str, signature: str, method: str = "GET", path: bytes = b"/", query: str = "", **headers: str) -> Call:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    named = f"AWS4-HMAC-SHA256 Credential={SCOPE},SignedHeaders={signed},Signature={signature}"
    moment = {"host": HOST, "x-amz-date": "20130524T000000Z", "x-amz-content-sha256": NOTHING}
    return Call(method=method, path=path, query=query, headers={**moment, **given, "authorization": named})


def proved(given: Call, secret: str = SECRET, host: str = HOST) -> bytes:
    said = claim(given)
    in_time(said, AT)
    return prove(given, said, secret, [(host, "")])


GET_OBJECT = call(
    "host;range;x-amz-content-sha256;x-amz-date",
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    path=b"/test.txt",
    range="bytes=0-9",
)
NAMED = GET_OBJECT.headers["authorization"]
PUT_OBJECT = call(
    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    "PUT",
    b"/test$file.text",
    date="Fri, 24 May 2013 00:00:00 GMT",
    x_amz_storage_class="REDUCED_REDUNDANCY",
    x_amz_content_sha256="44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
)
LIFECYCLE = call(
    "host;x-amz-content-sha256;x-amz-date",
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    query="lifecycle",
)
LIST = call(
    "host;x-amz-content-sha256;x-amz-date",
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    query="max-keys=2&prefix=J",
)
ADDRESS = (
    f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={SCOPE.replace('/', '%2F')}&X-Amz-Date=20130524T000000Z"
    "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)
PRESIGNED = Call(method="GET", path=b"/test.txt", query=ADDRESS, headers={"host": HOST})


@pytest.mark.parametrize("given", [GET_OBJECT, PUT_OBJECT, LIFECYCLE, LIST, PRESIGNED])
def test_the_examples_of_the_reference(given: Call) -> None:
    assert len(proved(given)) == 32
    assert proved_otherwise(given, secret=SECRET + "x") == "SignatureDoesNotMatch"
    assert proved_otherwise(given, host="other") == "SignatureDoesNotMatch"


def proved_otherwise(given: Call, **other: str) -> str:
    with pytest.raises(Denied) as denied:
        proved(given, **other)
    return denied.value.code


def changed(**other: str | bytes) -> Call:
    fields = {"method": "GET", "path": b"/test.txt", "query": "", "headers": GET_OBJECT.headers, **other}
    return Call(**fields)  # type: ignore[arg-type]


def headed(**headers: str) -> Call:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(method="GET", path=b"/test.txt", query="", headers={**GET_OBJECT.headers, **given})


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (changed(method="PUT"), "SignatureDoesNotMatch"),
        (changed(path=b"/test.tx"), "SignatureDoesNotMatch"),
        (changed(query="acl"), "SignatureDoesNotMatch"),
        (headed(range="bytes=0-8"), "SignatureDoesNotMatch"),
        (headed(x_amz_content_sha256="UNSIGNED-PAYLOAD"), "SignatureDoesNotMatch"),
        (headed(x_amz_date="20130524T000001Z"), "SignatureDoesNotMatch"),
        (headed(x_amz_meta="more"), "AccessDenied"),
        (headed(x_amz_date="20130525T000000Z"), "AccessDenied"),
        (headed(x_amz_date="now"), "AccessDenied"),
        (headed(x_amz_content_sha256="none"), "InvalidArgument"),
        (headed(authorization=""), "AccessDenied"),
        (headed(authorization="Bearer x"), "AccessDenied"),
        (headed(authorization="AWS AKIA:c2lnbmF0dXJl"), "AccessDenied"),
        (headed(authorization="AWS4-HMAC-SHA256 nonsense"), "AuthorizationHeaderMalformed"),
        (headed(authorization=NAMED.replace("host;", "")), "AuthorizationHeaderMalformed"),
        (headed(authorization=NAMED.replace("/s3/", "/iam/")), "AuthorizationHeaderMalformed"),
        (changed(query=ADDRESS), "InvalidArgument"),
        (changed(query=ADDRESS.replace("86400", "604801"), headers={}), "AuthorizationQueryParametersError"),  # type: ignore[arg-type]
        (changed(query=ADDRESS.replace("86400", "x"), headers={}), "AuthorizationQueryParametersError"),  # type: ignore[arg-type]
        (changed(query="X-Amz-Signature=0", headers={}), "AuthorizationQueryParametersError"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_was_changed_or_is_none(given: Call, code: str) -> None:
    assert proved_otherwise(given) == code


@pytest.mark.parametrize(
    ("given", "after_s", "code"),
    [
        (GET_OBJECT, -900, None),
        (GET_OBJECT, -901, "RequestTimeTooSkewed"),
        (GET_OBJECT, 900, None),
        (GET_OBJECT, 901, "RequestTimeTooSkewed"),
        (PRESIGNED, -900, None),
        (PRESIGNED, -901, "AccessDenied"),
        (PRESIGNED, 86_400, None),
        (PRESIGNED, 86_401, "AccessDenied"),
    ],
)
def test_a_signature_is_of_its_time(given: Call, after_s: int, code: str | None) -> None:
    said, now = claim(given), AT + timedelta(seconds=after_s)
    if code is None:
        in_time(said, now)
    else:
        with pytest.raises(Denied) as denied:
            in_time(said, now)
        assert denied.value.code == code


def test_behind_a_proxy_the_sender_may_have_seen_us_otherwise() -> None:
    said = claim(GET_OBJECT)
    assert prove(GET_OBJECT, said, SECRET, [("127.0.0.1:8080", ""), (HOST, "")])
    below = Call(method="GET", path=b"/txt", query="", headers=GET_OBJECT.headers)
    with pytest.raises(Denied):
        prove(below, said, SECRET, [(HOST, "")])
    with pytest.raises(Denied):
        prove(below, said, SECRET, [(HOST, "/test")])
    assert prove(
        Call(method="GET", path=b".txt", query="", headers=GET_OBJECT.headers), said, SECRET, [(HOST, "/test")]
    )


CHUNKS = call(
    "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    "PUT",
    b"/examplebucket/chunkObject.txt",
    content_encoding="aws-chunked",
    content_length="66824",
    x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    x_amz_decoded_content_length="66560",
    x_amz_storage_class="REDUCED_REDUNDANCY",
)
SIGNATURES = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)


def chunk(size: int, signature: str) -> bytes:
    return f"{size:x};chunk-signature={signature}\r\n".encode() + b"a" * size + b"\r\n"


BODY = chunk(65_536, SIGNATURES[0]) + chunk(1_024, SIGNATURES[1]) + chunk(0, SIGNATURES[2])


def taken(body: bytes, given: Call = CHUNKS) -> bytes:
    said = claim(given)
    key = prove(given, said, SECRET, [("s3.amazonaws.com", "")])
    return content(body, said, key, given.headers)


def test_signed_chunks_of_the_reference() -> None:
    assert taken(BODY) == b"a" * 66_560


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (BODY.replace(b"\r\naa", b"\r\nab", 1), "SignatureDoesNotMatch"),
        (chunk(1_024, SIGNATURES[1]) + chunk(0, SIGNATURES[2]), "SignatureDoesNotMatch"),
        (chunk(65_536, SIGNATURES[0]) + chunk(0, SIGNATURES[2]), "SignatureDoesNotMatch"),
        (chunk(65_536, SIGNATURES[0]) + chunk(1_024, SIGNATURES[1]), "IncompleteBody"),
        (BODY.replace(b";chunk-signature=" + SIGNATURES[0].encode(), b""), "IncompleteBody"),
        (BODY[:1_000], "IncompleteBody"),
        (b"", "IncompleteBody"),
        (b"ffffffff;chunk-signature=" + b"0" * 64 + b"\r\nx\r\n", "IncompleteBody"),
    ],
)
def test_chunks_that_are_not_as_signed(body: bytes, code: str) -> None:
    with pytest.raises(Denied) as denied:
        taken(body)
    assert denied.value.code == code


TRAILER = call(
    "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    "PUT",
    b"/examplebucket/chunkObject.txt",
    content_encoding="aws-chunked",
    x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    x_amz_decoded_content_length="66560",
    x_amz_storage_class="REDUCED_REDUNDANCY",
    x_amz_trailer="x-amz-checksum-crc32c",
)
WITH_TRAILER = (
    chunk(65_536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2")
    + chunk(1_024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7")
    + chunk(0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")[:-2]
    + b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    + b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)


def test_a_signed_trailer_of_the_reference() -> None:
    assert taken(WITH_TRAILER, TRAILER) == b"a" * 66_560
    with pytest.raises(Denied, match="chunk"):
        taken(WITH_TRAILER.replace(b"sOO8", b"sOO9"), TRAILER)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", None),
        (b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", None),
        (b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhQ==\r\n\r\n", "BadDigest"),
        (b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:%\r\n\r\n", "InvalidDigest"),
        (b"4\r\nhell\r\n0\r\n\r\n", "IncompleteBody"),
        (b"5\r\nhello0\r\n\r\n", "IncompleteBody"),
    ],
)
def test_chunks_without_signatures_are_held_to_length_and_checksum(body: bytes, code: str | None) -> None:
    given = call("host", "0" * 64, x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    headers = {"x-amz-decoded-content-length": "5"}
    if code is None:
        assert content(body, claim(given), b"", headers) == b"hello"
    else:
        with pytest.raises(Denied) as denied:
            content(body, claim(given), b"", headers)
        assert denied.value.code == code


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-md5": "XUFAKrxLKna5cZ2REBfFkg=="}, None),
        ({"content-md5": "XUFAKrxLKna5cZ2REBfFkQ=="}, "BadDigest"),
        ({"x-amz-checksum-sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}, None),
        ({"x-amz-checksum-sha1": "qvTGHdzF6KLavt4PO0gs2a6pQ00="}, None),
    ],
)
def test_a_body_is_held_to_its_checksums(headers: dict[str, str], code: str | None) -> None:
    said = claim(call("host", "0" * 64, x_amz_content_sha256="UNSIGNED-PAYLOAD"))
    if code is None:
        assert content(b"hello", said, b"", headers) == b"hello"
    else:
        with pytest.raises(Denied) as denied:
            content(b"hello", said, b"", headers)
        assert denied.value.code == code


def test_a_body_that_was_not_signed() -> None:
    with pytest.raises(Denied) as denied:
        content(b"hello", claim(GET_OBJECT), b"", {})
    assert denied.value.code == "XAmzContentSHA256Mismatch"
