"""One try of a request: what arrived and when, or which of the ways to fail it was.

It stands apart because this is where a hostile server is met: every size and time has a bound, and what the transport's
coarse exceptions blur (never sent, sent and lost, too slow) is told apart by what was seen on the way.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

from harness.core.clock import Clock
from harness.core.exchange import Attempt, AttemptError, Frame
from harness.wire.content_coding import BadCoding, Decoder, TooLarge, without_coding

_MAX_FRAMES = 1_000_000
_MAX_REASON = 300
# What aiohttp and its httpx transport raise for servers and networks; ValueError for a URL or a header of theirs.
_NETWORK_FAULTS = (aiohttp.ClientError, httpx.HTTPError, HttpProcessingError, OSError, EOFError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one attempt may take; `LiveTransport` says what each is."""

    connect_s: float
    idle_s: float
    total_s: float
    reply_bytes: int


class Progress:
    """How far an attempt has come."""

    def __init__(self, clock: Clock) -> None:
        """Begin counting; `begin` starts over."""
        self._clock = clock
        self._began_s = clock.monotonic()
        self.sent = False
        self.response: aiohttp.ClientResponse | None = None
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.frames: list[Frame] = []
        self.total_ms: float | None = None

    def begin(self) -> None:
        """A connection stands and the request goes out: times count from here, not from the handshake."""
        self.sent = True
        self._began_s = self._clock.monotonic()

    def elapsed_ms(self) -> float:
        """Milliseconds since the request went out."""
        return (self._clock.monotonic() - self._began_s) * 1000


PROGRESS: ContextVar[Progress] = ContextVar("PROGRESS")


async def fetch(transport: httpx.AsyncBaseTransport, request: httpx.Request, limits: Limits, clock: Clock) -> Attempt:
    """One try. Never raises for what a server or a network does; cancellation passes through."""
    progress = Progress(clock)
    token = PROGRESS.set(progress)
    error: AttemptError | None = None
    message = ""
    deadline = asyncio.timeout(limits.total_s)
    try:
        async with deadline:
            await _receive(await transport.handle_async_request(request), progress, limits)
    except TooLarge:
        error, message = "too-large", f"the reply is larger than {limits.reply_bytes:,} bytes"
    except BadCoding as fault:
        error, message = "lost", f"the reply cannot be read: {fault}"
    except _NETWORK_FAULTS as fault:
        if deadline.expired():
            error, message = "timeout", f"no complete reply within {limits.total_s:g} s"
        else:
            error, message = _classified(fault, progress, limits, request)
    finally:
        PROGRESS.reset(token)
        if progress.response is not None and not progress.response.closed:
            # Abruptly: a polite end would wait for a server that may never read our request.
            progress.response.close()
    return Attempt(
        status=progress.status,
        headers=progress.headers,
        frames=tuple(progress.frames),
        total_ms=progress.elapsed_ms() if progress.total_ms is None else progress.total_ms,
        error=error,
        message=message,
    )


async def _receive(response: httpx.Response, progress: Progress, limits: Limits) -> None:
    progress.status = response.status_code
    progress.headers = tuple((_text(name).lower(), _text(value)) for name, value in response.headers.raw)
    encoding = ", ".join(value for name, value in progress.headers if name == "content-encoding")
    decoder = Decoder(encoding, limits.reply_bytes)
    progress.headers = without_coding(progress.headers)
    with _watched(progress.response):
        async for chunk in response.aiter_raw():
            at_ms = progress.elapsed_ms()
            if content := decoder.decode(chunk):
                progress.frames.append(Frame(at_ms=at_ms, content=content))
            if len(progress.frames) > _MAX_FRAMES:
                raise TooLarge
    progress.total_ms = progress.elapsed_ms()
    decoder.finish()


@contextmanager
def _watched(response: aiohttp.ClientResponse | None) -> Iterator[None]:
    """Reading a body ends when its connection does.

    aiohttp 3.14 closes the connection over an invalid chunk and leaves the body's reader waiting, without even the
    timeout for silence. Superfluous once its C parser tells the body of its errors.
    """
    connection = response.connection if response is not None else None
    if response is None or connection is None or connection.protocol is None:
        # The body arrived with the headers, and the connection is already free.
        yield
        return
    body, closed = response.content, connection.protocol.closed

    def break_off(ended: asyncio.Future[None] | None) -> None:
        reason = ended.exception() if ended is not None and not ended.cancelled() else None
        if not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError(str(reason or "the connection was closed within the body")))

    if closed is None:
        break_off(None)
        yield
        return
    closed.add_done_callback(break_off)
    try:
        yield
    finally:
        closed.remove_done_callback(break_off)
        # A kept connection may break later, and a fault that nobody reads is printed as a traceback.
        closed.remove_done_callback(_hear)
        closed.add_done_callback(_hear)


def _hear(ended: asyncio.Future[None]) -> None:
    if not ended.cancelled():
        ended.exception()


def _classified(
    fault: Exception, progress: Progress, limits: Limits, request: httpx.Request
) -> tuple[AttemptError, str]:
    # The transport maps a reset connection to ConnectTimeout; its cause is what really happened.
    cause = fault.__cause__ or fault
    reason = (str(cause) or type(cause).__name__)[:_MAX_REASON]
    if not progress.sent:
        if isinstance(cause, TimeoutError):
            reason = f"no connection within {limits.connect_s:g} s"
        elif isinstance(cause, aiohttp.ClientConnectorError) and not isinstance(cause, aiohttp.ClientSSLError):
            # Of TLS and of certificates its own words say more.
            reason = _plainly(cause.os_error) or reason
        return "connect", f"cannot connect to {request.url.netloc.decode('ascii', 'replace')}: {reason}"
    if isinstance(cause, TimeoutError):
        return "timeout", f"nothing arrived for {limits.idle_s:g} s"
    if progress.status is None:
        return "lost", f"the request was sent, and no reply came that can be read: {reason}"
    return "lost", f"the reply broke off after {sum(len(frame.content) for frame in progress.frames):,} bytes: {reason}"


def _plainly(fault: OSError) -> str | None:
    if isinstance(fault, socket.gaierror):
        return (fault.strerror or "the name is not known").lower()
    return os.strerror(fault.errno).lower() if fault.errno else None


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")
