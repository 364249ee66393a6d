import asyncio
import gzip
import re
import time
import zlib
from dataclasses import replace

import pytest
from wire_samples import (
    answering,
    call_to,
    chunked,
    echo,
    fetch,
    live_transport,
    read_request,
    response,
    saying,
    send,
    serving,
)

from harness.core.clock import VirtualClock
from harness.core.exchange import HttpRequest
from harness.wire import NONCE, LiveTransport, Redactor, RetryPolicy
from harness.wire.transport import BAD_KEY

SSE = [f"data: {n}\n\n".encode() for n in range(5)]


def last(serve, **options):
    return fetch(serve, **options).last


def seen_by_server(**call):
    """The head and body that a server receives."""
    seen = []

    async def serve(reader, writer):
        seen.append(await read_request(reader))
        writer.write(response())

    exchange = fetch(serve, call=call)
    return exchange, *seen[0]


def test_a_reply_arrives_with_status_headers_and_body():
    attempt = last(saying(response(b'{"a":1}', 201, Server="llama", X_Request_ID="7")))

    assert (attempt.status, attempt.body, attempt.error) == (201, b'{"a":1}', None)
    assert attempt.headers == (("server", "llama"), ("x-request-id", "7"))


def test_frames_carry_the_times_at_which_they_arrived():
    attempt = last(chunked(*SSE, pause_s=0.03))

    assert [frame.content for frame in attempt.frames] == SSE
    gaps = [after.at_ms - before.at_ms for before, after in zip(attempt.frames, attempt.frames[1:], strict=False)]
    assert all(15 < gap < 1000 for gap in gaps)
    assert attempt.total_ms >= attempt.frames[-1].at_ms


def test_a_hundred_streams_at_once_do_not_wait_for_one_another():
    async def run():
        async with serving(chunked(*SSE, pause_s=0.1)) as base_url:
            return await send(live_transport(), *(call_to(base_url, index=n) for n in range(100)))

    began = time.perf_counter()
    exchanges = asyncio.run(run())

    assert all(exchange.last.body == b"".join(SSE) for exchange in exchanges)
    assert time.perf_counter() - began < 100 * 0.5 / 5


def test_a_valid_key_is_sent_and_never_shown():
    key = "topsecret-key-0123456789"
    exchange, head, _ = seen_by_server(api_key=f"{key}\n", key_variable="X_KEY")

    assert f"authorization: Bearer {key}\r\n".encode() in head
    assert key not in repr(call_to(api_key=key)) + repr(exchange)


def test_no_credential_sends_no_key():
    _, head, _ = seen_by_server(api_key="k-123456", credential="none")

    assert b"authorization" not in head.lower()


def test_a_bad_credential_sends_a_key_that_is_nobodys():
    _, head, _ = seen_by_server(api_key="k-123456", credential="bad")

    assert BAD_KEY.encode() in head
    assert b"k-123456" not in head


@pytest.mark.parametrize("key", [None, "", "  ", "clef-é", "a\r\nX-Injected: 1"])
def test_a_key_that_is_missing_or_cannot_be_sent_is_an_error_that_names_its_variable(key):
    attempts = fetch(
        answering(echo), policy=RetryPolicy(), call={"api_key": key, "key_variable": "XAI_API_KEY"}
    ).attempts

    assert [attempt.error for attempt in attempts] == ["no-key"]
    assert "XAI_API_KEY" in attempts[0].message


def test_a_server_that_needs_no_key_is_asked_without_one():
    exchange, head, _ = seen_by_server()

    assert exchange.last.status == 200
    assert b"authorization" not in head.lower()


def test_the_request_asks_for_no_compression_and_says_who_asks():
    _, head, body = seen_by_server(body=b'{"x":1}', stream=True)

    assert b"accept-encoding: identity\r\n" in head
    assert b"user-agent: model-harness/" in head
    assert b"accept: text/event-stream" in head
    assert body == b'{"x":1}'


def test_a_fresh_value_is_drawn_for_each_exchange():
    body = f'{{"x":"{NONCE}"}}'.encode()
    (first, _, sent), (_, _, sent_again) = seen_by_server(body=body), seen_by_server(body=body)

    assert NONCE.encode() not in sent
    assert sent != sent_again
    assert first.request.body == sent


def test_cookies_are_not_kept_between_requests():
    heads = []

    async def serve(reader, writer):
        for _ in range(2):
            heads.append((await read_request(reader))[0])
            writer.write(response(Set_Cookie="session=abc"))

    async def run():
        async with serving(serve) as base_url:
            # By name: cookie jars pass over numeric addresses as it is.
            transport, call = live_transport(), call_to(base_url.replace("127.0.0.1", "localhost"))
            await transport.send(call)
            await send(transport, call)

    asyncio.run(run())

    assert len(heads) == 2
    assert b"cookie" not in heads[1].lower()


def test_no_proxy_of_the_environment_comes_between(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert last(answering(echo)).status == 200


def test_a_server_hears_the_host_that_was_asked():
    heads = []

    async def serve(reader, writer):
        heads.append((await read_request(reader))[0])
        writer.write(response())

    fetch(serve)

    assert re.match(rb"POST /v1/chat HTTP/1.1\r\nhost: 127.0.0.1:[0-9]+\r\n", heads[0])
    assert heads[0].lower().count(b"host:") == heads[0].lower().count(b"content-length:") == 1


def test_a_redirect_is_an_answer_and_is_not_followed():
    attempt = last(saying(response(b"", 302, Location="http://127.0.0.1:1/elsewhere")))

    assert (attempt.status, attempt.error) == (302, None)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello", mtime=0)),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")[2:-4]),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello", mtime=0), mtime=0)),
        ("gzip", gzip.compress(b"he", mtime=0) + gzip.compress(b"llo", mtime=0)),
        ("identity", b"hello"),
    ],
)
def test_compression_is_undone_though_nobody_asked_for_it(encoding, body):
    attempt = last(saying(response(body, Content_Encoding=encoding)))

    assert (attempt.body, attempt.error) == (b"hello", None)
    assert attempt.header("content-encoding") is None


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"plain"), ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-9]), ("br", b"?"), ("deflate", b"\xff")],
)
def test_a_body_that_is_not_what_its_encoding_says_is_lost_and_keeps_its_status(encoding, body):
    attempt = last(saying(response(body, Content_Encoding=encoding)))

    assert (attempt.status, attempt.error) == (200, "lost")


def test_attempts_go_on_as_the_policy_says_and_each_is_kept():
    answers = iter([response(b"", 503), response(b"", 429, Retry_After="7"), response(b"ok")])
    clock = VirtualClock()

    async def run():
        async with serving(answering(lambda _: next(answers))) as base_url:
            live = LiveTransport(redactor=Redactor(), clock=clock, policy=RetryPolicy())
            return (await send(live, call_to(base_url)))[0]

    exchange = asyncio.run(run())

    assert [attempt.status for attempt in exchange.attempts] == [503, 429, 200]
    assert exchange.attempts[0].waited_s == 0
    assert exchange.attempts[2].waited_s >= 7
    assert clock.monotonic() == pytest.approx(sum(attempt.waited_s for attempt in exchange.attempts))


def test_what_a_server_echoes_of_a_key_is_masked_before_anyone_sees_it():
    key = "topsecret-key-0123456789"
    exchange = fetch(saying(response(key.encode(), 401, X_Echo=key)), redactor=Redactor([key]), call={"api_key": key})

    assert key not in repr(exchange)
    assert len(exchange.last.body) == len(key)


def test_cancelling_a_call_leaves_nothing_open():
    async def run():
        async with serving(chunked(*SSE, pause_s=10)) as base_url:
            transport = live_transport()
            task = asyncio.create_task(transport.send(call_to(base_url)))
            await asyncio.sleep(0.1)
            task.cancel()
            results = await asyncio.gather(task, return_exceptions=True)
            await transport.aclose()
            return results[0]

    assert isinstance(asyncio.run(run()), asyncio.CancelledError)


def test_a_long_body_arrives_whole():
    body = b'"' + b"x" * 3_000_000 + b'"'

    _, head, arrived = seen_by_server(body=body)

    assert arrived == body
    assert b"content-length: 3000002" in head.lower()


def test_a_get_sends_no_body():
    seen = []

    async def serve(reader, writer):
        seen.append((await read_request(reader))[0])
        writer.write(response(b"[]"))

    async def run():
        async with serving(serve) as base_url:
            request = HttpRequest(method="GET", path="/models?limit=1")
            await send(live_transport(), replace(call_to(base_url), request=request))

    asyncio.run(run())

    assert seen[0].startswith(b"GET /v1/models?limit=1 HTTP/1.1\r\n")
    assert b"content-" not in seen[0].lower()
