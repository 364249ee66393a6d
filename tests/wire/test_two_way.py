"""vcrpy and the harness replay each other's cassettes, through real sockets and vcrpy's own code."""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import httpx
import pytest
import vcr
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_server import ScriptedServer
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer
from wire_samples import (
    body_of,
    call_to,
    cassettes_in,
    chunked,
    echo,
    record,
    replay,
    response,
    send,
    serving,
)

from harness.core.clock import VirtualClock
from harness.core.errors import UnreadableCassette
from harness.core.exchange import Attempt, Frame
from harness.wire import Redactor
from harness.wire.cassette_emit import dump_yaml
from harness.wire.cassette_file import read_cassette
from harness.wire.interaction import exchange_of, interaction_of

MATCH = ["method", "host", "port", "path", "query", "body"]
SSE = [f'data: {{"n":{n},"text":"é 😀"}}\n\n'.encode() for n in range(3)]


def case_file(root):
    return root / "local/suite/m/case.yaml"


def uri_in(path):
    return yaml.safe_load(path.read_text())["interactions"][0]["request"]["uri"]


def posted(uri, body):
    return httpx.post(uri, content=body, headers={"Content-Type": "application/json"})


def vcr_recording(path, *bodies, **options):
    """Record with plain vcrpy and httpx from a server that says what it was told."""
    with ScriptedServer(lambda body: {"told": body}) as server, vcr.use_cassette(str(path), match_on=MATCH, **options):
        for body in bodies:
            posted(f"{server.base_url}/chat", body)


def test_vcrpy_replays_our_cassette_to_httpx(tmp_path):
    bodies = [body_of("één"), body_of("😀 two\r\n")]
    record(tmp_path, echo, *bodies)
    path = case_file(tmp_path)
    uri = uri_in(path)

    with vcr.use_cassette(str(path), record_mode="none", match_on=MATCH):
        replies = [posted(uri, body) for body in reversed(bodies)]

    assert [reply.content for reply in replies] == bodies[::-1]
    assert replies[0].headers["content-type"] == "application/json"


def test_vcrpy_replays_our_cassette_to_aiohttp(tmp_path):
    record(tmp_path, echo, body_of())
    path = case_file(tmp_path)

    async def run():
        with vcr.use_cassette(str(path), record_mode="none"):
            async with aiohttp.ClientSession() as session, session.post(uri_in(path), data=body_of()) as reply:
                return reply.status, await reply.read()

    assert asyncio.run(run()) == (200, body_of())


def test_vcrpy_replays_a_stream_that_we_recorded(tmp_path):
    async def run():
        async with serving(chunked(*SSE, pause_s=0.01)) as base_url:
            await send(cassettes_in(tmp_path, "record"), call_to(base_url, stream=True))

    asyncio.run(run())
    path = case_file(tmp_path)

    with (
        vcr.use_cassette(str(path), record_mode="none"),
        httpx.stream("POST", uri_in(path), content=body_of()) as reply,
    ):
        lines = [line for line in reply.iter_lines() if line]

    assert lines == [event.decode().strip() for event in SSE]


@pytest.mark.parametrize(("serializer", "name"), [("yaml", "case.yaml"), ("json", "case.json"), ("json", "case.yaml")])
def test_we_replay_what_plain_vcrpy_recorded(tmp_path, serializer, name):
    path = tmp_path / name
    vcr_recording(path, b'{"a":"one"}', b'{"a":"two"}', serializer=serializer)

    calls = [call_to(body=body) for body in (b'{"a": "two"}', b'{"a":"one"}', b'{"a":"three"}')]
    two, one, three = replay(tmp_path, *calls, cassettes=[path])

    assert [json.loads(exchange.last.body)["told"]["a"] for exchange in (two, one)] == ["two", "one"]
    assert (two.recorded, two.last.frames[0].at_ms, three.last.error) == (True, None, "missing-recording")


def test_vcrpy_saving_our_cassette_again_keeps_what_we_added(tmp_path):
    fetched = record(tmp_path, echo, body_of("ours"))[0]
    path = case_file(tmp_path)
    before = yaml.safe_load(path.read_text())["interactions"][0]["response"]["harness"]

    with ScriptedServer(lambda _: "theirs") as server, vcr.use_cassette(str(path), record_mode="new_episodes"):
        posted(f"{server.base_url}/other", b"{}")

    assert yaml.safe_load(path.read_text())["interactions"][0]["response"]["harness"] == before
    replayed = replay(tmp_path, call_to(body=body_of("ours")))[0]
    assert (replayed.last, replayed.recorded) == (fetched.last, True)


def test_we_add_to_a_cassette_of_vcrpy_and_it_still_replays_its_own(tmp_path):
    path = case_file(tmp_path)
    path.parent.mkdir(parents=True)
    vcr_recording(path, b'{"a":"theirs"}')
    uri = uri_in(path)

    record(tmp_path, lambda _: response(b"ours"), body_of())

    with vcr.use_cassette(str(path), record_mode="none", match_on=["method", "path", "body"]):
        assert posted(uri, b'{"a":"theirs"}').json() == {"told": {"a": "theirs"}}
        assert posted(uri, body_of()).content == b"ours"


def json_case(root, *bodies):
    """A case's cassette as vcrpy's json serializer writes it."""
    path = case_file(root).with_suffix(".json")
    path.parent.mkdir(parents=True)
    vcr_recording(path, *bodies, serializer="json")
    return path


def test_a_cases_cassette_of_vcrpys_json_serializer_is_replayed_like_any_other(tmp_path):
    json_case(tmp_path, b'{"a":"one"}')

    one, two = replay(tmp_path, call_to(body=b'{"a":"one"}'), call_to(body=b'{"a":"two"}'))

    assert json.loads(one.last.body) == {"told": {"a": "one"}}
    assert two.last.error == "missing-recording"
    assert "case.json" in two.last.message


def test_what_we_record_joins_vcrpys_json_and_each_replays_the_others(tmp_path):
    path = json_case(tmp_path, b'{"a":"theirs"}')
    uri = json.loads(path.read_text())["interactions"][0]["request"]["uri"]

    record(tmp_path, lambda _: response("ours: é".encode()), body_of())

    assert [file.name for file in path.parent.iterdir()] == ["case.json"]
    with vcr.use_cassette(str(path), record_mode="none", match_on=["method", "path", "body"], serializer="json"):
        assert posted(uri, b'{"a":"theirs"}').json() == {"told": {"a": "theirs"}}
        assert posted(uri, body_of()).content == "ours: é".encode()
    ours, theirs = replay(tmp_path, call_to(), call_to(body=b'{"a":"theirs"}'))
    assert (ours.last.body, theirs.recorded) == ("ours: é".encode(), True)


def test_vcrpy_saving_our_json_again_keeps_what_we_added(tmp_path):
    path = json_case(tmp_path, b'{"a":"theirs"}')
    fetched = record(tmp_path, echo, body_of("ours"))[0]

    with (
        ScriptedServer(lambda _: "theirs") as server,
        vcr.use_cassette(str(path), record_mode="new_episodes", serializer="json"),
    ):
        posted(f"{server.base_url}/other", b"{}")

    replayed = replay(tmp_path, call_to(body=body_of("ours")))[0]
    assert (replayed.last, replayed.recorded) == (fetched.last, True)


@pytest.mark.parametrize("content", [bytes(range(256)), b"\xed\xa0\x80", "\U0001f600".encode()])
def test_any_bytes_survive_in_json_though_vcrpy_has_no_spelling_for_them(tmp_path, content):
    json_case(tmp_path, b"{}")

    record(tmp_path, lambda _: response(content), content)

    assert replay(tmp_path, call_to(body=content))[0].last.body == content


def test_a_case_with_a_cassette_in_each_form_is_refused_before_anything_is_sent(tmp_path):
    path = json_case(tmp_path, b"{}")
    path.with_suffix(".yaml").write_text("version: 1\ninteractions: []\n")
    asked = []

    for attempt in (lambda: replay(tmp_path, call_to()), lambda: record(tmp_path, asked.append, body_of())):
        with pytest.raises(UnreadableCassette, match=r"has case\.json, too"):
            attempt()

    assert asked == []


odd_texts = st.text(st.sampled_from(list("a \n\t\r\x00\x85\u2028\ufeff'\"#:-|\U0001f600\u200d{}"))).map(str.encode)


@settings(max_examples=150)
@given(
    asked=odd_texts | st.binary(),
    answered=odd_texts | st.text().map(lambda text: text.encode("utf-8", "ignore")) | st.binary(),
)
def test_any_bytes_survive_our_writing_our_reading_and_vcrpys(asked, answered):
    call = call_to(body=asked)
    attempt = Attempt(status=200, frames=(Frame(at_ms=1.0, content=answered),) if answered else (), total_ms=2.0)
    interaction = interaction_of(call, attempt, nonces=(), recorded_at=VirtualClock().now(), redactor=Redactor())

    with TemporaryDirectory() as folder:
        path = Path(folder) / "case.yaml"
        path.write_text(dump_yaml({"version": 1, "interactions": [interaction]}), encoding="utf-8", newline="\n")
        recording = read_cassette(path).recordings[0]
        (request,), (reply,) = FilesystemPersister.load_cassette(path, yamlserializer)

    assert (recording.body, exchange_of(call, recording, Redactor()).last) == (asked, attempt)
    assert (request.body or b"", reply["body"]["string"]) == (asked, answered)
