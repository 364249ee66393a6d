"""One try of a request: what arrived and when, or which of the ways to fail it was.

It stands apart because this is where a hostile server is met: every size and time has a bound, and what the transport's
coarse exceptions blur (never sent, sent and lost, too slow) is told apart by what was seen on the way.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from harness.core.clock import Clock
from harness.core.exchange import Attempt, AttemptError, Frame
from harness.wire.content_coding import BadCoding, Decoder, TooLarge, without_coding

_MAX_FRAMES = 1_000_000
_MAX_REASON = 300
# What aiohttp raises for servers and networks; ValueError for a URL or a header of theirs.
_NETWORK_FAULTS = (aiohttp.ClientError, HttpProcessingError, OSError, EOFError, ValueError)
# Those whose own words say what happened; of the others, what they were raised from says more.
_PLAIN_FAULTS = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, aiohttp.InvalidURL)

_Ended = Callable[["asyncio.Future[None] | None"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as the session sends it.

    place    host and port, for messages
    headers  all of them, names in lower case
    body     whole or in pieces; None if there is none
    """

    method: str
    url: str
    place: str
    headers: Mapping[str, str]
    body: bytes | AsyncIterable[bytes] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one attempt may take; `LiveTransport` says what each is."""

    connect_s: float
    idle_s: float
    total_s: float
    reply_bytes: int


class Progress:
    """How far an attempt has come."""

    __slots__ = ("_began_s", "_clock", "frames", "headers", "sent", "status", "total_ms")

    def __init__(self, clock: Clock) -> None:
        """Begin counting; `begin` starts over."""
        self._clock = clock
        self._began_s = clock.monotonic()
        self.sent = False
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.frames: list[Frame] = []
        self.total_ms: float | None = None

    def begin(self) -> None:
        """A connection stands and the request goes out: times count from here, not from the handshake."""
        self.sent = True
        self._began_s = self._clock.monotonic()

    def elapsed_ms(self) -> float:
        """Milliseconds since the request went out, to the microsecond: no clock here tells more."""
        return round((self._clock.monotonic() - self._began_s) * 1000, 3)


PROGRESS: ContextVar[Progress] = ContextVar("PROGRESS")


async def fetch(session: aiohttp.ClientSession, request: Outgoing, limits: Limits, clock: Clock) -> Attempt:
    """One try. Never raises for what a server or a network does; cancellation passes through.

    session  one whose connector tells `PROGRESS` when a connection stands
    """
    progress = Progress(clock)
    token = PROGRESS.set(progress)
    error: AttemptError | None = None
    message = ""
    deadline = asyncio.timeout(limits.total_s)
    try:
        async with deadline:
            await _exchange(session, request, progress, limits)
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
    return Attempt(
        status=progress.status,
        headers=progress.headers,
        frames=tuple(progress.frames),
        total_ms=progress.elapsed_ms() if progress.total_ms is None else progress.total_ms,
        error=error,
        message=message,
    )


async def _exchange(session: aiohttp.ClientSession, request: Outgoing, progress: Progress, limits: Limits) -> None:
    response = await session.request(
        request.method,
        request.url,
        data=request.body,
        headers=request.headers,
        allow_redirects=False,
    )
    try:
        await _receive(response, progress, limits)
    finally:
        if not response.closed:
            # Abruptly: a polite end would wait for a server that may never read our request.
            response.close()


async def _receive(response: aiohttp.ClientResponse, progress: Progress, limits: Limits) -> None:
    progress.status = response.status
    headers = list(map(_header, response.raw_headers))
    decoder = Decoder(", ".join([value for name, value in headers if name == "content-encoding"]), limits.reply_bytes)
    progress.headers = without_coding(headers)
    watched = _watch(response)
    body, frames = response.content, progress.frames
    try:
        while chunk := await body.readany():
            at_ms = progress.elapsed_ms()
            if content := decoder.decode(chunk):
                frames.append(Frame(at_ms=at_ms, content=content))
            if len(frames) > _MAX_FRAMES:
                raise TooLarge
    finally:
        if watched is not None:
            closed, break_off = watched
            closed.remove_done_callback(break_off)
            # A kept connection may break later, and a fault that nobody reads is printed as a traceback.
            closed.remove_done_callback(_hear)
            closed.add_done_callback(_hear)
    progress.total_ms = progress.elapsed_ms()
    decoder.finish()


def _watch(response: aiohttp.ClientResponse) -> "tuple[asyncio.Future[None], _Ended] | None":
    """Make the reading of a body end when its connection does; what to undo once it is read, if anything.

    aiohttp 3.14 closes the connection over an invalid chunk and leaves the body's reader waiting, without even the
    timeout for silence. Superfluous once its C parser tells the body of its errors.
    """
    connection = response.connection
    if connection is None or connection.protocol is None:
        # The body arrived with the headers, and the connection is already free.
        return None
    body, closed = response.content, connection.protocol.closed

    def break_off(ended: asyncio.Future[None] | None) -> None:
        reason = ended.exception() if ended is not None and not ended.cancelled() else None
        if not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError(str(reason or "the connection was closed within the body")))

    if closed is None:
        break_off(None)
        return None
    closed.add_done_callback(break_off)
    return closed, break_off


def _hear(ended: asyncio.Future[None]) -> None:
    if not ended.cancelled():
        ended.exception()


def _classified(fault: Exception, progress: Progress, limits: Limits, request: Outgoing) -> tuple[AttemptError, str]:
    cause = fault if isinstance(fault, _PLAIN_FAULTS) else fault.__cause__ or fault
    reason = (str(cause) or type(cause).__name__)[:_MAX_REASON]
    if not progress.sent:
        if isinstance(cause, TimeoutError):
            reason = f"no connection within {limits.connect_s:g} s"
        elif isinstance(cause, aiohttp.ClientConnectorError) and not isinstance(cause, aiohttp.ClientSSLError):
            # Of TLS and of certificates its own words say more.
            reason = _plainly(cause.os_error) or reason
        return "connect", f"cannot connect to {request.place}: {reason}"
    if isinstance(cause, TimeoutError):
        return "timeout", f"nothing arrived for {limits.idle_s:g} s"
    if progress.status is None:
        return "lost", f"the request was sent, and no reply came that can be read: {reason}"
    return "lost", f"the reply broke off after {sum(len(frame.content) for frame in progress.frames):,} bytes: {reason}"


def _plainly(fault: OSError) -> str | None:
    if isinstance(fault, socket.gaierror):
        return (fault.strerror or "the name is not known").lower()
    return os.strerror(fault.errno).lower() if fault.errno else None


# A server says nearly the same with every reply. A header has 8 kB at most, so that this stays within 2 MB.
@lru_cache(maxsize=256)
def _header(pair: tuple[bytes, bytes]) -> tuple[str, str]:
    """A header's name, in lower case, and its value."""
    return _text(pair[0]).lower(), _text(pair[1])


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")
