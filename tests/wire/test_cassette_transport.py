import asyncio
import json
from datetime import UTC, datetime

import pytest
import yaml
from wire_samples import (
    NOBODY,
    answering,
    body_of,
    call_to,
    cassettes_in,
    chunked,
    echo,
    live_transport,
    read_request,
    record,
    replay,
    response,
    send,
    serving,
)

from harness.core.clock import VirtualClock
from harness.core.errors import Unanswerable
from harness.core.exchange import Attempt, Frame
from harness.wire import CassetteTransport, Redactor, RetryPolicy, worth_keeping

SSE = [f"data: {n}\n\n".encode() for n in range(4)]


def case_file(root, case="case"):
    return root / "local/suite/m" / f"{case}.yaml"


def recorded_stream(root):
    async def run():
        async with serving(chunked(*SSE, pause_s=0.02)) as base_url:
            clock = VirtualClock(datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC))
            return (await send(cassettes_in(root, "record", clock=clock), call_to(base_url, stream=True)))[0]

    return asyncio.run(run())


def test_a_replay_opens_no_socket(tmp_path, no_sockets):
    path = case_file(tmp_path)
    path.parent.mkdir(parents=True)
    request = {"method": "POST", "uri": f"{NOBODY}/chat", "body": body_of().decode(), "headers": {}}
    reply = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "recorded"}}
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [{"request": request, "response": reply}]}))

    hit, miss = replay(tmp_path, call_to(), call_to(body=b"{}"))

    assert (hit.last.body, miss.last.error) == (b"recorded", "missing-recording")


def test_a_replay_cannot_be_given_a_way_to_the_network(tmp_path):
    with pytest.raises(ValueError, match="unable to reach the network"):
        CassetteTransport(mode="replay", root=tmp_path, redactor=Redactor(), live=live_transport())


def test_without_a_live_transport_every_mode_only_replays(tmp_path, no_sockets):
    transport = CassetteTransport(mode="refresh", root=tmp_path, redactor=Redactor())

    assert asyncio.run(send(transport, call_to()))[0].last.error == "missing-recording"
    assert list(tmp_path.iterdir()) == []


def test_a_fresh_recording_is_handed_on_exactly_as_its_replay_will_be(tmp_path):
    fetched = recorded_stream(tmp_path)

    replayed = replay(tmp_path, call_to(stream=True))[0]

    assert (fetched.recorded, replayed.recorded) == (False, True)
    assert (fetched.last, fetched.request, fetched.key) == (replayed.last, replayed.request, replayed.key)
    assert [frame.content for frame in replayed.last.frames] == SSE
    assert (replayed.recorded_at, fetched.recorded_at) == ("2026-05-04T03:02:01Z",) * 2


def test_a_replay_gives_recorded_times_without_waiting_for_them(tmp_path):
    fetched = recorded_stream(tmp_path)

    replayed = replay(tmp_path, call_to(stream=True))[0]

    times = [frame.at_ms for frame in replayed.last.frames]
    assert times == sorted(times)
    assert times[-1] - times[0] > 40
    assert times == [round(time, 3) for time in times]
    assert replayed.last.total_ms == fetched.last.total_ms >= times[-1]


def test_a_recording_says_where_it_comes_from(tmp_path):
    record(tmp_path, lambda _: response(Server="llama.cpp"), body_of(), region="us", index=3)

    harness = yaml.safe_load(case_file(tmp_path).read_text())["interactions"][0]["response"]["harness"]

    assert harness["source"].pop("host").startswith("127.0.0.1:")
    given = {"provider": "local", "model": "m", "region": "us", "credential": "valid", "index": 3, "exchange": 0}
    assert harness["source"] == {"server": "llama.cpp", **given}
    assert harness["key"] == call_to(region="us", index=3).key.digest
    assert replay(tmp_path, call_to(region="us", index=3))[0].server == "llama.cpp"


def test_record_fetches_what_is_missing_and_nothing_else(tmp_path):
    asked = []

    def answer(body):
        asked.append(body)
        return response(b"%d" % len(asked))

    record(tmp_path, answer, body_of("a"))
    first, second = record(tmp_path, answer, body_of("a"), body_of("b"))

    assert asked == [body_of("a"), body_of("b")]
    assert (first.recorded, first.last.body, second.recorded) == (True, b"1", False)


def test_refresh_replaces_what_is_asked_for_and_keeps_the_rest(tmp_path):
    record(tmp_path, lambda _: response(b"old"), body_of("a"), body_of("b"))
    record(tmp_path, lambda _: response(b"new"), body_of("a"), mode="refresh")

    a, b = replay(tmp_path, call_to(body=body_of("a")), call_to(body=body_of("b")))

    assert (a.last.body, b.last.body) == (b"new", b"old")
    assert len(yaml.safe_load(case_file(tmp_path).read_text())["interactions"]) == 2


@pytest.mark.parametrize("mode", ["record", "refresh"])
def test_one_request_asked_twice_at_once_is_fetched_once_and_both_are_fresh(tmp_path, mode):
    asked = []

    fetched = record(tmp_path, lambda body: asked.append(body) or response(), body_of(), body_of(), mode=mode)
    later = record(tmp_path, lambda _: response(b"again"), body_of(), body_of())

    assert len(asked) == 1
    assert [exchange.recorded for exchange in (*fetched, *later)] == [False, False, True, True]
    assert {exchange.last.body for exchange in (*fetched, *later)} == {b"{}"}


def test_recordings_of_vcrpy_are_kept_as_they_are_when_ours_join_them(tmp_path):
    path = case_file(tmp_path)
    path.parent.mkdir(parents=True)
    body = "tab\tand é\r\n" * 3
    request = {"method": "POST", "uri": f"{NOBODY}/chat", "body": b"\xff", "headers": {"A": ["b"]}}
    theirs = {
        "request": request,
        "response": {"status": {"code": 200}, "headers": {}, "body": {"string": body}},
        "extra": 1,
    }
    path.write_text(yaml.safe_dump({"interactions": [theirs], "version": 1, "metadata": {"by": "hand"}}))

    record(tmp_path, response, body_of())

    document = yaml.safe_load(path.read_text())
    assert document["interactions"][0] == theirs
    assert (len(document["interactions"]), document["metadata"]) == (2, {"by": "hand"})


def test_the_order_of_asking_does_not_change_the_file(tmp_path):
    bodies = [body_of(name) for name in "abcdef"]
    for root, order in ((tmp_path / "1", bodies), (tmp_path / "2", bodies[::-1])):
        record(root, lambda _: response(b"x"), *order)

    def bodies_in(root):
        return [item["request"]["body"] for item in yaml.safe_load(case_file(root).read_text())["interactions"]]

    assert bodies_in(tmp_path / "1") == bodies_in(tmp_path / "2") == [body.decode() for body in bodies]


def test_a_refresh_tells_what_changed_and_what_did_not(tmp_path):
    bodies = [body_of(name) for name in "abc"]
    record(tmp_path, lambda body: response(b'{"id":"1","text":"%s"}' % body[25:26]), *bodies)

    async def run():
        async with serving(answering(lambda _: response(b'{"id":"2","text":"a"}'))) as base_url:
            transport = cassettes_in(tmp_path, "refresh")
            await send(transport, *(call_to(base_url, body) for body in bodies))
            return transport.changes

    head, *lines = asyncio.run(run())

    assert head == "3 recorded replies were replaced: 1 unchanged, 2 changed"
    assert sorted(line.rpartition(": ")[2] for line in lines) == ["text 'b' → 'a'", "text 'c' → 'a'"]


def test_a_recording_that_replaces_nothing_changes_nothing(tmp_path):
    transport = cassettes_in(tmp_path)

    asyncio.run(send(transport, call_to()))

    assert transport.changes == ()


def test_a_replay_knows_which_recordings_answered_and_how_many_were_missing(tmp_path):
    record(tmp_path, response, body_of("a"), body_of("b"))
    transport = cassettes_in(tmp_path)

    asyncio.run(send(transport, call_to(body=body_of("b")), call_to(body=body_of("c"))))

    assert transport.answered == {case_file(tmp_path): {1}}
    assert (transport.asked, transport.unanswered) == ({tmp_path / "local/suite"}, 1)


def test_a_second_recording_of_nothing_new_leaves_the_file_alone(tmp_path):
    record(tmp_path, response, body_of())
    before = case_file(tmp_path).read_bytes()

    record(tmp_path, response, body_of())

    assert case_file(tmp_path).read_bytes() == before
    assert [path.name for path in case_file(tmp_path).parent.iterdir()] == ["case.yaml"]


def test_a_secret_never_reaches_the_disk(tmp_path):
    key = "topsecret-key-0123456789"
    redactor = Redactor([key])
    answer = response(json.dumps({"you": key}).encode(), Set_Cookie=f"s={key}", X_Echo=key)

    async def run():
        async with serving(answering(lambda _: answer)) as base_url:
            body = body_of(f"my key is {key}")
            call = call_to(f"{base_url}?key={key}&x=", body, redactor=redactor, api_key=key)
            return await send(cassettes_in(tmp_path, "record", redactor), call)

    exchange = asyncio.run(run())[0]

    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert key.encode() not in written + repr(exchange).encode()
    assert b"my key is *****" in written


@pytest.mark.parametrize("identical", [True, False])
def test_32_trials_on_32_cassettes_never_mix(tmp_path, identical):
    """The server's answer tells body and arrival apart, so that a swapped recording shows."""
    counter = iter(range(10_000))

    async def serve(reader, writer):
        while True:
            _, body = await read_request(reader)
            number = next(counter)
            await asyncio.sleep(0.001 * (number % 7))
            writer.write(response(b"%d %s" % (number, body)))
            await writer.drain()

    def calls(base_url):
        names = [(case, index) for case in range(32) for index in range(4)]
        return [
            call_to(base_url, body_of("same" if identical else f"{case} {index}"), case=str(case), index=index)
            for case, index in names
        ]

    async def run():
        async with serving(serve) as base_url:
            return await send(cassettes_in(tmp_path, "record"), *calls(base_url))

    fetched = asyncio.run(run())
    replayed = replay(tmp_path, *reversed(calls(NOBODY)))[::-1]

    assert [exchange.last for exchange in replayed] == [exchange.last for exchange in fetched]
    assert len({exchange.last.body for exchange in fetched}) == 128
    assert all(exchange.last.body.endswith(exchange.request.body) for exchange in replayed)


@pytest.mark.parametrize(
    ("status", "credential", "body", "kept"),
    [
        (200, "valid", b"{}", True),
        (400, "valid", b'{"error":"temperature must be at most 2"}', True),
        (404, "valid", b"", True),
        (422, "valid", b"", True),
        (400, "valid", b'{"error":"Incorrect API key provided: xa***"}', False),
        (400, "bad", b'{"error":"Incorrect API key provided: xa***"}', True),
        (401, "valid", b"", False),
        (403, "valid", b"", False),
        (401, "none", b"", True),
        (401, "bad", b"", True),
        (402, "valid", b"", False),
        (408, "valid", b"", False),
        (425, "valid", b"", False),
        (429, "bad", b"", False),
        (500, "valid", b"", False),
        (503, "none", b"", False),
        (None, "bad", b"", False),
    ],
)
def test_only_an_answer_is_kept(status, credential, body, kept):
    attempt = Attempt(status=status, frames=(Frame(at_ms=1, content=body),))

    assert worth_keeping(attempt, credential) is kept


@pytest.mark.parametrize("error", ["connect", "timeout", "lost", "too-large", "no-key"])
def test_an_attempt_that_failed_below_http_is_not_kept_whatever_its_status(error):
    assert not worth_keeping(Attempt(status=200, error=error), "valid")
    assert not worth_keeping(Attempt(error=error), "bad")


def test_what_is_not_kept_is_asked_again(tmp_path):
    answers = iter([response(b"", 503), response(b"fine")])

    first = record(tmp_path, lambda _: next(answers), body_of())[0]
    second = record(tmp_path, lambda _: next(answers), body_of())[0]

    assert (first.last.status, second.last.body, second.recorded) == (503, b"fine", False)


def test_a_cassette_keeps_the_last_attempt_and_the_exchange_all(tmp_path):
    answers = iter([response(b"", 503), response(b"fine")])

    async def run():
        async with serving(answering(lambda _: next(answers))) as base_url:
            live = live_transport(policy=RetryPolicy(base_s=0.01))
            return (await send(cassettes_in(tmp_path, "record", live=live), call_to(base_url)))[0]

    fetched = asyncio.run(run())
    replayed = replay(tmp_path, call_to())[0]

    assert [attempt.status for attempt in fetched.attempts] == [503, 200]
    assert [attempt.status for attempt in replayed.attempts] == [200]
    assert fetched.last.waited_s > 0


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_paid_for(tmp_path):
    (tmp_path / "local").write_text("a file in the way")
    asked = []

    with pytest.raises(Unanswerable, match="cannot write recordings"):
        record(tmp_path, lambda body: asked.append(body) or response(), body_of())

    assert asked == []


def test_another_rule_of_what_to_keep_can_be_given(tmp_path):
    async def run():
        async with serving(answering(echo)) as base_url:
            await send(cassettes_in(tmp_path, "record", keeps=lambda *_: False), call_to(base_url))

    asyncio.run(run())

    assert not case_file(tmp_path).exists()


def test_an_edited_body_is_told_of_once(tmp_path):
    recorded_stream(tmp_path)
    path = case_file(tmp_path)
    path.write_text(path.read_text().replace("data: 3", "data: three"))
    transport = cassettes_in(tmp_path)

    exchanges = asyncio.run(send(transport, call_to(stream=True), call_to(stream=True)))

    assert b"three" in exchanges[0].last.body
    assert len(transport.notes) == 1
    assert "edited" in transport.notes[0]
