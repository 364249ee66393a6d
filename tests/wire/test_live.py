import asyncio
import gzip
import socket
import time
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
from harness.wire import NONCE, Endpoint, LiveTransport, Redactor, RetryPolicy
from harness.wire.content_coding import BadCoding, Decoder, TooLarge, decode_whole
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
            transport = live_transport()
            await transport.send(call_to(base_url))
            await send(transport, call_to(base_url))

    asyncio.run(run())

    assert len(heads) == 2
    assert b"cookie" not in heads[1].lower()


def test_a_redirect_is_an_answer_and_is_not_followed():
    attempt = last(saying(response(b"", 302, Location="http://127.0.0.1:1/elsewhere")))

    assert (attempt.status, attempt.error) == (302, None)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")[2:-4]),
        ("gzip, gzip", gzip.compress(gzip.compress(b"hello"))),
        ("gzip", gzip.compress(b"he") + gzip.compress(b"llo")),
        ("identity", b"hello"),
    ],
)
def test_compression_is_undone_though_nobody_asked_for_it(encoding, body):
    attempt = last(saying(response(body, Content_Encoding=encoding)))

    assert (attempt.body, attempt.error) == (b"hello", None)
    assert attempt.header("content-encoding") is None


@given(body=st.binary(max_size=300), size=st.integers(1, 40), wrap=st.sampled_from([gzip.compress, zlib.compress]))
def test_where_a_compressed_body_is_cut_does_not_change_what_it_says(body, size, wrap):
    coded = wrap(body)
    decoder = Decoder("gzip" if wrap is gzip.compress else "deflate", 1000)
    pieces = [decoder.decode(coded[n : n + size]) for n in range(0, len(coded), size)]
    decoder.finish()

    assert b"".join(pieces) == body


def test_a_decompression_bomb_is_refused_before_it_goes_off():
    bomb = gzip.compress(gzip.compress(gzip.compress(bytes(50_000_000))))

    with pytest.raises(TooLarge):
        decode_whole("gzip, gzip, gzip", bomb, 1_000_000)
    with pytest.raises(BadCoding):
        decode_whole(", ".join(["gzip"] * 9), bomb, 1_000_000)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"plain"), ("gzip", gzip.compress(b"x" * 99)[:-9]), ("br", b"?"), ("deflate", b"\xff")],
)
def test_a_body_that_is_not_what_its_encoding_says_is_lost_and_keeps_its_status(encoding, body):
    attempt = last(saying(response(body, Content_Encoding=encoding)))

    assert (attempt.status, attempt.error) == (200, "lost")


def test_a_refused_connection_was_never_sent():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        attempt = asyncio.run(send(live_transport(), call_to(base_url)))[0].last

    assert (attempt.error, attempt.status) == ("connect", None)
    assert "127.0.0.1" in attempt.message


@pytest.mark.parametrize(
    "url", ["http://no-such-host.invalid", "http://[::1", "gopher://127.0.0.1:1", "http://a..b", "x"]
)
def test_a_url_that_leads_nowhere_was_never_sent(url):
    call = replace(call_to(), endpoint=Endpoint(source="local", base_url=url))

    exchange = asyncio.run(send(live_transport(), call))[0]

    assert exchange.last.error == "connect"


def test_a_server_that_does_not_speak_tls_was_never_sent_anything():
    async def serve(_reader, writer):
        writer.write(b"nonsense")

    async def run():
        async with serving(serve) as base_url:
            return await send(live_transport(), call_to(base_url.replace("http:", "https:")))

    assert asyncio.run(run())[0].last.error == "connect"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"\x00" * 1000,
    ],
)
def test_a_reply_that_cannot_be_read_is_lost(raw):
    attempt = last(saying(raw))

    assert (attempt.error, attempt.status) == ("lost", None)


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        (b"Content-Length: 100\r\n\r\n", b"partial"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"7\r\npartial\r\n"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"7\r\npartial\r\nzz\r\n"),
    ],
)
def test_a_reply_that_breaks_off_is_lost_and_what_came_of_it_is_kept(head, rest):
    async def serve(reader, writer):
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(rest[:10] if b"zz" not in rest else rest[:12])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(rest[12:])

    attempt = last(serve)

    assert (attempt.error, attempt.status, attempt.body) == ("lost", 200, b"partial")


def test_a_reset_connection_is_lost_and_not_a_failure_to_connect():
    async def serve(reader, writer):
        await read_request(reader)
        writer.transport.abort()

    assert last(serve).error == "lost"


def test_a_silent_server_is_a_timeout():
    async def serve(reader, writer):
        await asyncio.sleep(60)

    assert last(serve, idle_timeout_s=0.1).error == "timeout"


@pytest.mark.parametrize("drip", [b"1\r\nx\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_server_that_never_ends_is_a_timeout_however_busy_it_is(drip):
    async def serve(reader, writer):
        await read_request(reader)
        if drip[:1] == b"1":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(drip)
            await writer.drain()
            await asyncio.sleep(0.01)

    began = time.perf_counter()
    attempt = last(serve, idle_timeout_s=5, total_timeout_s=0.3)

    assert attempt.error == "timeout"
    assert time.perf_counter() - began < 3


def test_a_flood_of_interim_replies_ends():
    async def serve(reader, writer):
        await read_request(reader)
        while True:
            writer.write(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000)
            await writer.drain()

    assert last(serve, total_timeout_s=0.5).error in ("timeout", "lost")


def test_a_reply_without_end_is_too_large():
    async def serve(reader, writer):
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    attempt = last(serve, max_reply_bytes=1_000_000)

    assert attempt.error == "too-large"
    assert len(attempt.body) <= 1_000_000


def test_a_server_that_answers_without_reading_a_long_request_has_answered():
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"too long", 413))
        await writer.drain()
        await asyncio.sleep(60)

    began = time.perf_counter()
    attempt = last(serve, call={"body": b"1" * 20_000_000}, total_timeout_s=30)

    assert (attempt.status, attempt.body, attempt.error) == (413, b"too long", None)
    assert time.perf_counter() - began < 15


@settings(max_examples=40)
@given(
    raw=st.binary(max_size=200),
    head=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]),
)
def test_no_bytes_that_a_server_sends_raise(raw, head):
    attempt = last(saying(head + raw), total_timeout_s=2)

    assert attempt.error in (None, "lost", "timeout")


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
