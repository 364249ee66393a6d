"""The transport that asks the network: attempts, waits between them, and never an exception for what a server does.

It stands apart from one attempt's reading so that the loop reads as the rule it is, and from cassettes so that a replay
imports none of it.
"""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from random import Random, SystemRandom
from typing import NamedTuple

import aiohttp
import httpx
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from harness import __version__
from harness.core.clock import Clock, SystemClock
from harness.core.exchange import Attempt, Exchange, HttpRequest
from harness.wire.attempt import PROGRESS, Limits, Outgoing, fetch
from harness.wire.interaction import MAX_REPLY_BYTES
from harness.wire.redact import Redactor
from harness.wire.retry import RetryPolicy, next_delay
from harness.wire.transport import (
    BAD_KEY,
    TEAM_PLACE,
    Admission,
    Call,
    Endpoint,
    draw_nonces,
    headers_of,
    sent_url_of,
    url_of,
)

_PIECE = 256 * 1024
_TO_HANG_UP_S = 0.05
_MOST_ENVELOPES = 256
# Too early, too many requests, unavailable, overloaded: said before anything is begun.
_NOTHING_DONE = frozenset({425, 429, 503, 529})

# Methods whose request says how long its body is even where it has none.
_BODILY = frozenset({"POST", "PUT", "PATCH"})

USER_AGENT = f"model-harness/{__version__}"
_EVERYWHERE = {"user-agent": USER_AGENT, "accept-encoding": "identity"}


class LiveTransport:
    """Sends calls, retrying as the policy says.

    random            spreads retries
    admission         says when an attempt may be sent; None sends at once
    total_timeout_s   what one attempt may take, from first to last
    idle_timeout_s    longest silence; a reasoning model that does not stream may think for minutes
    max_reply_bytes   after content encodings are undone
    max_connections   at once; below the number of concurrent calls, their waiting would count as connecting
    """

    def __init__(
        self,
        *,
        redactor: Redactor,
        clock: Clock | None = None,
        policy: RetryPolicy | None = None,
        random: Random | None = None,
        admission: Admission | None = None,
        connect_timeout_s: float = 10.0,
        idle_timeout_s: float = 300.0,
        total_timeout_s: float = 600.0,
        max_reply_bytes: int = MAX_REPLY_BYTES,
        max_connections: int = 1024,
    ) -> None:
        """Nothing is opened before the first call."""
        self._redactor = redactor
        self._clock = clock or SystemClock()
        self._policy = policy or RetryPolicy()
        self._random = random or SystemRandom()
        self._admission = admission
        self._max_connections = max_connections
        self._limits = Limits(
            connect_s=connect_timeout_s,
            idle_s=idle_timeout_s,
            total_s=total_timeout_s,
            reply_bytes=max_reply_bytes,
        )
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._crashing: set[str] = set()
        self._envelopes: dict[tuple[object, ...], _Envelope] = {}

    async def send(self, call: Call) -> Exchange:
        """Every attempt at the call, secrets masked.

        raises  Withheld if the admission will not let it be sent
        """
        sent, _ = draw_nonces(call.request)
        envelope = self._envelope_of(sent, call.endpoint, call.key.credential)
        attempts: list[Attempt] = []
        waited_s = 0.0
        while True:
            attempt = (
                envelope if isinstance(envelope, Attempt) else await self._admitted(call, sent, envelope, waited_s)
            )
            attempt = replace(attempt, waited_s=waited_s) if waited_s else attempt
            attempts.append(self._redactor.attempt(attempt))
            delay_s = next_delay(attempts, self._policy, self._random, self._clock.now())
            if delay_s is None or (call.once and _may_be_done(attempts[-1])):
                break
            waited_s = delay_s
        return Exchange(
            key=call.key.digest,
            request=self._redactor.request(sent),
            attempts=tuple(attempts),
            server=attempts[-1].header("server"),
        )

    async def aclose(self) -> None:
        """Close every connection."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    async def _admitted(self, call: Call, sent: HttpRequest, envelope: "_Envelope", after_s: float) -> Attempt:
        """One attempt, when it may be sent."""
        if self._admission is None:
            if after_s:
                await self._clock.sleep(after_s)
            return await self._try(sent, envelope)
        await self._admission.admit(call, after_s=after_s)
        # What is cancelled on its way may have been billed, and says so by having ended in no way that is known.
        attempt = Attempt(error="lost", message="given up while it was under way")
        try:
            attempt = await self._try(sent, envelope)
        finally:
            self._admission.ended(call, attempt)
        return attempt

    async def _try(self, sent: HttpRequest, envelope: "_Envelope") -> Attempt:
        endpoint, url, place, headers = envelope
        if sent.body:
            headers = {**headers, "content-length": str(len(sent.body))}
        request = Outgoing(method=sent.method, url=url, place=place, headers=headers, body=_content(sent.body))
        session = self._open(once=endpoint.base_url in self._crashing)
        attempt = await fetch(session, request, self._limits, self._clock)
        if attempt.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            # A server whose code failed may hang up without a word; another request on that connection would be lost,
            # and none is sent twice. So it is given time to, and from then on no connection is used again. To ask the
            # server for that would not do: many that hang up do not heed `Connection: close` either.
            self._crashing.add(endpoint.base_url)
            await self._clock.sleep(_TO_HANG_UP_S)
        return attempt

    def _envelope_of(self, request: HttpRequest, endpoint: Endpoint, credential: str) -> "_Envelope | Attempt":
        """What goes around a body, or the attempt that fails for want of it; made once for all requests alike."""
        # By the endpoint's identity: to hash all that it holds takes longer than to make the headers.
        like = (id(endpoint), credential, request.method, request.path, request.content_type, request.stream)
        known = self._envelopes.get((*like, bool(request.body)))
        if known is not None and known.endpoint is endpoint:
            return known
        made = _envelope(request, endpoint, credential)
        if isinstance(made, _Envelope):
            if len(self._envelopes) >= _MOST_ENVELOPES:
                self._envelopes.clear()
            self._envelopes[*like, bool(request.body)] = made
        return made

    def _open(self, *, once: bool) -> aiohttp.ClientSession:
        """The session, opened at the first call: it belongs to the running loop.

        once  use each connection for one request alone
        """
        if once not in self._sessions:
            self._sessions[once] = aiohttp.ClientSession(
                connector=_Connector(limit=self._max_connections, ssl=_trusted(), force_close=once),
                cookie_jar=aiohttp.DummyCookieJar(),
                # The whole of an attempt has a deadline of its own, which the session's would only double.
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._limits.connect_s, sock_read=self._limits.idle_s
                ),
                auto_decompress=False,
                # The environment could bring a .netrc, whose key would go out where none should.
                trust_env=False,
            )
        return self._sessions[once]


class _Connector(aiohttp.TCPConnector):
    """Tells the attempt that asks for a connection when it stands, and that it goes out from then on.

    In the session's own hooks every request would pay for a dozen that no one listens to.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> Connection:
        """A connection; runs in the attempt's own context, so that the variable names the right one."""
        connection = await super().connect(req, traces, timeout)
        PROGRESS.get().begin()
        return connection


@cache
def _trusted() -> ssl.SSLContext:
    """Whom a connection trusts: reading the certificates takes a tenth of a second, and they are the same for all."""
    return httpx.create_ssl_context()


def _may_be_done(attempt: Attempt) -> bool:
    """Whether a server may have done what was asked, whatever it answered."""
    return attempt.status is not None and attempt.status not in _NOTHING_DONE


def _content(body: bytes) -> bytes | AsyncIterator[bytes] | None:
    """The body, in pieces if it is long: written in one go, an image would hold up every reply that is being timed."""
    return _pieces(body) if len(body) > _PIECE else body or None


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), _PIECE):
        yield body[begin : begin + _PIECE]


class _Envelope(NamedTuple):
    """What is the same for many requests: where they go, and their headers less the length of the body.

    place  host and port
    """

    endpoint: Endpoint
    url: str
    place: str
    headers: dict[str, str]


def _envelope(request: HttpRequest, endpoint: Endpoint, credential: str) -> _Envelope | Attempt:
    headers = _headers(request, endpoint, credential)
    if isinstance(headers, Attempt):
        return headers
    try:
        parsed = httpx.URL(sent_url_of(endpoint, request))
        # To read the host tells a name that begins like an internationalised one, and is none.
        place = parsed.netloc.decode("ascii") if parsed.host else ""
        for text in (*headers, *headers.values()):
            text.encode("ascii")
    except (httpx.InvalidURL, ValueError) as error:
        message = f"{url_of(endpoint, request)} is not a URL that can be asked: {error}"
        return Attempt(error="connect", message=message)
    return _Envelope(endpoint, str(parsed), place, {"host": place, **headers})


def _headers(request: HttpRequest, endpoint: Endpoint, credential: str) -> dict[str, str] | Attempt:
    """The headers to send, or the attempt that fails because the key to put into them is missing."""
    headers = {} if request.body or request.method not in _BODILY else {"content-length": "0"}
    headers |= _EVERYWHERE
    headers |= {name.lower(): value for name, value in headers_of(request).items()}
    if TEAM_PLACE in request.path and not endpoint.team:
        variable = endpoint.team_variable
        remedy = f"set {variable}" if variable else "its catalogue names no variable that holds it"
        return Attempt(error="no-key", message=f"the path needs the id of a team at '{endpoint.source}': {remedy}")
    if credential == "none":
        return headers
    key, variable = _key_of(endpoint, credential)
    if not key and variable is None and credential != "other":
        return headers
    if not key:
        return Attempt(error="no-key", message=_missing(endpoint, variable))
    if not (key.isascii() and key.isprintable()):
        where = variable or "the environment"
        return Attempt(error="no-key", message=f"the API key in {where} holds characters that no HTTP header can carry")
    headers[endpoint.auth_header.lower()] = endpoint.auth_prefix + key
    return headers


def _missing(endpoint: Endpoint, variable: str | None) -> str:
    if variable is None:
        return f"'{endpoint.source}' is to be sent the key of its other API, and that key may not go there"
    return (
        f"'{endpoint.source}' needs an API key and {variable} is not set; "
        f"set it, or name another variable with --api-key-env (a replay needs no key)"
    )


def _key_of(endpoint: Endpoint, credential: str) -> tuple[str, str | None]:
    """The key to send, '' if there is none, and the variable that should hold it."""
    if credential == "bad":
        return BAD_KEY, None
    if credential == "other":
        return (endpoint.other_key or "").strip(), endpoint.other_variable
    return (endpoint.api_key or "").strip(), endpoint.key_variable
