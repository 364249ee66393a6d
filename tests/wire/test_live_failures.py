import asyncio
import gc
import socket
import struct
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_samples import (
    call_to,
    fetch,
    live_transport,
    read_request,
    response,
    saying,
    send,
    serving,
)

from harness.wire import Endpoint


def last(serve, **options):
    return fetch(serve, **options).last


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

    attempt = last(serve, total_timeout_s=10)

    assert (attempt.error, attempt.status, attempt.body) == ("lost", 200, b"partial")


def test_a_server_that_hangs_up_without_a_word_after_a_500_loses_no_other_request():
    heads = []

    async def serve(reader, writer):
        head, _ = await read_request(reader)
        heads.append(head.lower())
        writer.write(response(status=500))
        await writer.drain()

    async def run():
        async with serving(serve) as base_url:
            transport = live_transport()
            try:
                return [(await transport.send(call_to(base_url))).last for _ in range(5)]
            finally:
                await transport.aclose()

    assert [(each.status, each.error) for each in asyncio.run(run())] == [(500, None)] * 5
    assert [b"connection: close" in head for head in heads] == [False, True, True, True, True]


def test_after_a_500_a_server_that_hangs_up_late_and_heeds_no_wish_loses_no_other_request():
    served = []

    async def serve(reader, writer):
        # Keeps the connection, by its word, and hangs up a moment after each reply.
        await read_request(reader)
        served.append(writer)
        writer.write(response(status=500 if len(served) == 1 else 200, Connection="keep-alive"))
        await writer.drain()
        await asyncio.sleep(0.01)

    async def run():
        async with serving(serve) as base_url:
            transport = live_transport()
            try:
                answers = [await transport.send(call_to(base_url))]
                for _ in range(5):
                    answers += await asyncio.gather(*[transport.send(call_to(base_url)) for _ in range(6)])
                return [each.last.error for each in answers]
            finally:
                await transport.aclose()

    assert asyncio.run(run()) == [None] * 31


def test_a_kept_connection_that_is_reset_later_is_no_traceback():
    complaints = []

    async def serve(reader, writer):
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(b"{}")
        await writer.drain()
        await asyncio.sleep(0.02)
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def run():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
        async with serving(serve) as base_url:
            transport = live_transport()
            answers = []
            for _ in range(2):
                answers.append((await transport.send(call_to(base_url))).last)
                await asyncio.sleep(0.1)
            await transport.aclose()
        return answers

    answers = asyncio.run(run())
    gc.collect()

    assert [(each.status, each.error) for each in answers] == [(200, None)] * 2
    assert complaints == []


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
    assert time.perf_counter() - began < 15


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
