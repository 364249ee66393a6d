import asyncio
import gc
import gzip
import json

import pytest
import yaml
from wire_samples import call_to, cassettes_in

from harness.core.errors import UnreadableCassette
from harness.wire import Redactor
from harness.wire.cassette_file import MAX_BYTES, read_cassette
from harness.wire.interaction import exchange_of

REQUEST = {"method": "POST", "uri": "http://127.0.0.1:9/v1/chat", "body": '{"a":1}', "headers": {}}
RESPONSE = {"status": {"code": 200, "message": "OK"}, "headers": {"X-A": ["1", "2"]}, "body": {"string": "hi"}}
HARNESS = {"source": {"provider": "local", "model": "m"}}


def written(path, request=None, response=None, **top):
    interaction = {"request": {**REQUEST, **(request or {})}, "response": {**RESPONSE, **(response or {})}}
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [interaction], **top}))
    return path


def replayed(path):
    """The attempt that a cassette's first recording stands for."""
    return exchange_of(call_to(), read_cassette(path).recordings[0], Redactor()).last


def test_a_recording_of_plain_vcrpy_has_a_body_and_no_times(tmp_path):
    attempt = replayed(written(tmp_path / "c.yaml"))

    assert (attempt.status, attempt.body, attempt.total_ms) == (200, b"hi", None)
    assert attempt.headers == (("x-a", "1"), ("x-a", "2"))
    assert [frame.at_ms for frame in attempt.frames] == [None]


@pytest.mark.parametrize(
    ("body", "content"),
    [("é\r\n", "é\r\n".encode()), (b"\xff\x00", b"\xff\x00"), (None, b""), ({"a": 1}, b'{"a":1}'), ([1], b"[1]")],
)
def test_bodies_are_understood_in_every_form_that_vcrpy_has_given_them(tmp_path, body, content):
    path = written(
        tmp_path / "c.yaml", {"body": body}, {"body": {"string": body}} if not isinstance(body, dict | list) else {}
    )

    recording = read_cassette(path).recordings[0]

    assert recording.body == content
    assert recording.reply == (content if not isinstance(body, dict | list) else b"hi")


def test_headers_may_be_texts_or_lists_or_bytes(tmp_path):
    attempt = replayed(written(tmp_path / "c.yaml", None, {"headers": {"A": "x", "B": ["y"], "C": [b"z"], "D": [7]}}))

    assert dict(attempt.headers) == {"a": "x", "b": "y", "c": "z", "d": "7"}


def test_the_older_layout_of_vcrpy_for_httpx_is_understood(tmp_path):
    old = {"status_code": 404, "http_version": "HTTP/1.1", "headers": {"A": ["b"]}, "content": "gone"}
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [{"request": REQUEST, "response": old}]}))

    attempt = replayed(path)

    assert (attempt.status, attempt.body) == (404, b"gone")


@pytest.mark.parametrize("body", [gzip.compress(b"hello", mtime=0), b"hello"])
def test_a_compressed_recording_is_undone_and_one_that_vcrpy_undid_is_taken_as_it_is(tmp_path, body):
    headers = {"Content-Encoding": ["gzip"], "Content-Length": ["99"]}

    attempt = replayed(written(tmp_path / "c.yaml", None, {"body": {"string": body}, "headers": headers}))

    assert (attempt.body, attempt.headers) == (b"hello", ())


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-9]),
        ("br", b"\xff\xfe"),
        ("gzip", gzip.compress(bytes(1 << 26), mtime=0)),
    ],
)
def test_a_recording_that_cannot_be_decompressed_is_refused(tmp_path, encoding, body):
    path = written(tmp_path / "c.yaml", None, {"body": {"string": body}, "headers": {"Content-Encoding": [encoding]}})

    with pytest.raises(UnreadableCassette, match=r"interactions\[0\]"):
        replayed(path)


def test_a_cassette_of_vcrpys_json_serializer_is_understood(tmp_path):
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": [{"request": REQUEST, "response": RESPONSE}]}))

    assert replayed(path).body == b"hi"


def test_recorded_times_go_with_their_frames(tmp_path):
    harness = {**HARNESS, "frames": [[1.5, 1], [None, 1]], "total_ms": 9}

    attempt = replayed(written(tmp_path / "c.yaml", None, {"harness": harness}))

    assert [(frame.at_ms, frame.content) for frame in attempt.frames] == [(1.5, b"h"), (None, b"i")]
    assert attempt.total_ms == 9


def test_times_of_a_body_that_was_edited_since_are_not_used(tmp_path):
    attempt = replayed(
        written(tmp_path / "c.yaml", None, {"harness": {**HARNESS, "frames": [[1.5, 7]], "total_ms": 9}})
    )

    assert [(frame.at_ms, frame.content) for frame in attempt.frames] == [(None, b"hi")]
    assert attempt.total_ms is None


@pytest.mark.parametrize(
    ("request_", "response", "where"),
    [
        ({"method": 1}, {}, r"interactions\[0\].request.method must be a text"),
        ({"uri": None}, {}, "request.uri"),
        ({"uri": "http://[::1"}, {}, "request.uri must be a URL"),
        ({"body": 7}, {}, "request.body"),
        ({"body": {"a": b"x"}}, {}, "request.body must be JSON"),
        ({}, {"status": "200"}, "response.status must be a mapping"),
        ({}, {"status": {"code": "200"}}, "response.status.code"),
        ({}, {"status": {"code": 7}}, "three digits"),
        ({}, {"status": {"code": True}}, "response.status.code"),
        ({}, {"headers": ["x"]}, "response.headers"),
        ({}, {"headers": {"a": [{}]}}, "response.headers.a"),
        ({}, {"body": {"string": 1.5}}, "response.body.string"),
        ({}, {"harness": None}, "response.harness must be a mapping"),
        ({}, {"harness": {"source": []}}, "harness.source"),
        ({}, {"harness": {"source": {"provider": "x"}}}, "source.model"),
        ({}, {"harness": {"source": {**HARNESS["source"], "index": -1}}}, "source.index"),
        ({}, {"harness": {**HARNESS, "frames": 3}}, "harness.frames"),
        ({}, {"harness": {**HARNESS, "frames": [[1]]}}, "harness.frames"),
        ({}, {"harness": {**HARNESS, "frames": [["a", 1]]}}, "harness.frames"),
        ({}, {"harness": {**HARNESS, "total_ms": float("nan")}}, "harness.total_ms"),
        ({}, {"harness": {**HARNESS, "recorded_at": 3}}, "harness.recorded_at"),
        ({}, {"harness": {**HARNESS, "nonces": ["'"]}}, "harness.nonces"),
    ],
)
def test_a_wrong_shape_is_refused_by_name(tmp_path, request_, response, where):
    path = written(tmp_path / "c.yaml", request_, response)

    with pytest.raises(UnreadableCassette, match=where) as refused:
        read_cassette(path)

    assert str(path) in refused.value.message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"[]",
        b"interactions: 3",
        b"- request: {}",
        b"interactions: [3]",
        b"interactions: [{}]",
        b"\xff\xfe\x00",
        b"version: 2\ninteractions: []",
        b"version: true\ninteractions: []",
        b"null",
        b"text",
    ],
)
def test_what_is_no_cassette_is_refused_and_never_counts_as_empty(tmp_path, content):
    path = tmp_path / "local/suite/m/case.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    transport = cassettes_in(tmp_path)

    with pytest.raises(UnreadableCassette, match="cannot read this cassette"):
        asyncio.run(transport.send(call_to()))
    path.unlink()
    with pytest.raises(UnreadableCassette, match="cannot read this cassette"):
        asyncio.run(transport.send(call_to()))


def test_a_cassette_that_is_too_large_or_a_folder_is_refused(tmp_path):
    path = tmp_path / "c.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    for place in (path, tmp_path):
        with pytest.raises(UnreadableCassette):
            read_cassette(place)


def test_reading_leaves_garbage_collection_as_it_was(tmp_path):
    read_cassette(written(tmp_path / "c.yaml"))
    with pytest.raises(UnreadableCassette):
        read_cassette(tmp_path / "missing.yaml")

    assert gc.isenabled()
