"""The seam between a trial and the network: what is called, where, as whom, and the key a recording is found by.

It stands apart from both transports because a live call and its replay must compute one key from one request.
"""

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, Protocol
from urllib.parse import quote, urlsplit

from harness.core.canonical import digest, digest_bytes
from harness.core.catalogue import Limits
from harness.core.chat import Credential
from harness.core.exchange import Attempt, Exchange, HttpRequest
from harness.core.keys import RequestKey
from harness.core.plain import TEAM
from harness.wire.redact import Redactor

NONCE = "{harness-nonce}"
"""Stands in a request's body for a value that must be fresh whenever it is sent."""

_NONCE = NONCE.encode()

BAD_KEY = "invalid-key-sent-on-purpose"
"""What goes out as the key under credential 'bad': fixed, and recognisable in a vendor's logs."""

TEAM_PLACE = f"{{{TEAM}}}"
"""Stands in a path for the team's id."""

Mode = Literal["replay", "record", "refresh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CassetteAddress:
    """Where the recordings of one case lie, as names; `cassette_paths.cassette_path` makes a file of them.

    provider  who answers
    """

    provider: str
    suite: str
    model: str
    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who answers, and with which key it is asked.

    source        who really answers: the provider, its simulator, or 'local'
    base_url      with the version prefix and no trailing slash
    api_key       resolved from the environment; never printed
    key_variable  the variable it was looked for in; None if the endpoint needs no key
    other_key     the key of the provider's other API domain, for requests that are to carry the wrong one
    other_variable  the variable that one was looked for in
    team          fills `{team}` in paths when a request is sent; never in what is written
    team_variable   the variable it was looked for in
    model_list    path that lists the models which are served; None if there is none
    """

    source: str
    base_url: str
    auth_header: str = "Authorization"
    auth_prefix: str = "Bearer "
    api_key: str | None = field(default=None, repr=False)
    key_variable: str | None = None
    other_key: str | None = field(default=None, repr=False)
    other_variable: str | None = None
    team: str | None = field(default=None, repr=False)
    team_variable: str | None = None
    model_list: str | None = None


@dataclass(slots=True, kw_only=True)
class Lease:
    """What one call may take of limits and budgets: estimated before it is sent, corrected when its reply is read.

    tokens  prompt and reply together, about; 0 where no model is asked
    usd     dollars, at most; None where nothing bounds them
    purses  names of the budgets that it is paid from
    limits  what the provider documents of the model that is asked
    paced   False for a request that is to try the limits
    holder  the trial that holds a slot while it has requests under way; None for a call that needs none
    """

    tokens: int = 0
    usd: Decimal | None = Decimal(0)
    purses: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    paced: bool = True
    holder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to one endpoint, on behalf of one case.

    key      made by `request_key` from the same request and endpoint
    request  path relative to the endpoint's base URL
    case     where its recording lives
    answers  whether an exchange came to an answer, as its dialect reads it: one that ended as an error is not recorded
    names    names under which the server may list the model that is asked; None if it is not to be looked for
    once     True if it is not to be sent again where the server may have done it already
    lease    what it may take of limits and budgets; shared by every copy of the call
    memo     under which its answer is kept for a run that is resumed; None where the trial's own record keeps it
    """

    key: RequestKey
    request: HttpRequest
    endpoint: Endpoint
    case: CassetteAddress
    answers: Callable[[Exchange], bool] | None = None
    names: frozenset[str] | None = None
    once: bool = False
    lease: Lease = field(default_factory=Lease, compare=False)
    memo: str | None = None


class Admission(Protocol):
    """Who says when a call may be sent: limits, budgets, and a run that is being stopped. Replays never ask."""

    async def admit(self, call: Call, *, after_s: float = 0.0) -> None:
        """Come back when one attempt at the call may be sent, `after_s` seconds from now at the earliest.

        raises  Withheld if it is not to be sent at all
        """
        ...

    def ended(self, call: Call, attempt: Attempt) -> None:
        """Hear how an attempt that was let in came out, before it is known what its reply says."""
        ...


class Transport(Protocol):
    """What answers a call: the network, or a cassette."""

    async def send(self, call: Call) -> Exchange:
        """Every attempt at the call; what a server does never raises."""
        ...

    async def aclose(self) -> None:
        """Let go of connections, and write what waits to be written."""
        ...


def url_of(endpoint: Endpoint, request: HttpRequest) -> str:
    """The absolute URL of a request, as keys and cassettes have it: the place of the team's id unfilled."""
    return endpoint.base_url + request.path


def sent_url_of(endpoint: Endpoint, request: HttpRequest) -> str:
    """The absolute URL that a request is sent to."""
    url = url_of(endpoint, request)
    return url.replace(TEAM_PLACE, quote(endpoint.team or "", safe="")) if TEAM_PLACE in url else url


def headers_of(request: HttpRequest) -> dict[str, str]:
    """The headers that belong to the request itself: what it sends, and what it takes."""
    accept = "text/event-stream, application/json" if request.stream else "application/json"
    return {"Accept": accept, "Content-Type": request.content_type} if request.body else {"Accept": accept}


def request_key(
    *,
    request: HttpRequest,
    endpoint: Endpoint,
    model: str,
    redactor: Redactor,
    region: str | None = None,
    credential: Credential = "valid",
    index: int = 0,
    exchange: int = 0,
) -> RequestKey:
    """The key of a request, computed over its redacted form, which is the form that a cassette holds.

    model     the model's name as it is sent
    index     0-based number of the repeat
    exchange  0-based number of the exchange within the trial
    """
    return RequestKey(
        provider=endpoint.source,
        region=region,
        method=request.method,
        path=path_and_query(redactor.url(url_of(endpoint, request))),
        model=model,
        body=body_digest(redactor.request(request).body),
        credential=credential,
        index=index,
        exchange=exchange,
    )


def path_and_query(url: str) -> str:
    """The part of a URL that counts for a key: host and port do not."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def body_digest(body: bytes, nonces: Iterable[str] = ()) -> str:
    """The digest of a body: of its canonical JSON, or of its bytes where it is not JSON.

    nonces  fresh values that were sent, masked back to the placeholder
    """
    for nonce in nonces:
        body = body.replace(nonce.encode(), _NONCE)
    try:
        # What begins as JSON in UTF-8 need not be looked at for other encodings, which takes as long as to read it.
        is_utf8 = body[:1] == b"{" and body[1:2] != b"\0"
        return digest(json.loads(body.decode("utf-8", "surrogatepass") if is_utf8 else body))
    except (ValueError, RecursionError):
        return digest_bytes(body)


def draw_nonces(request: HttpRequest) -> tuple[HttpRequest, tuple[str, ...]]:
    """The request with its placeholder filled by a fresh value, and that value; unchanged where it has none."""
    if _NONCE not in request.body:
        return request, ()
    nonces = (secrets.token_hex(16),)
    return fill_nonces(request, nonces), nonces


def fill_nonces(request: HttpRequest, nonces: tuple[str, ...]) -> HttpRequest:
    """The request with its placeholder filled by a value drawn before; unchanged if there is none."""
    if not nonces:
        return request
    return replace(request, body=request.body.replace(_NONCE, nonces[0].encode()))
