"""Who asks and what: the Authorization header, and a JSON body that is read within bounds.

It stands apart from the routes because all of it is untrusted, and every route must read it the same way.
"""

import json
import re
from collections.abc import Collection
from typing import Any, Final, NoReturn

from starlette.requests import Request

from harness.simulator.accounts import ApiKey, masked
from harness.simulator.http.errors import CODES, Refused
from harness.simulator.http.site import Site, site_of

MOST_BYTES: Final = 20_000_000
AT_ONCE_BYTES: Final = 65_536
"""A body no larger is parsed on the event loop: it takes less than a thread's turn would."""

_CREDENTIALS: Final = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def identify(request: Request, *, endpoint: str) -> ApiKey:
    """The inference key that a request carries, which may use this endpoint.

    endpoint  its name in a key's permissions
    raises    Refused: 401 without a well-formed Authorization, 400 for an unknown key, 403 for what it may not do
    """
    site = site_of(request)
    secret = _secret(request)
    # Clients of Anthropic's API send the key so.
    if secret is None and endpoint == "messages":
        secret = request.headers.get("x-api-key")
    key = site.accounts.find(secret) if secret is not None else None
    if key is None:
        accepted, refused = _without_key(secret, site, site.deviations(request))
        keys = site.accounts.issued()
        if not accepted or not keys:
            raise refused
        key = keys[0]
    if not key.allows("endpoint", endpoint):
        raise Refused(403, f"This API key has no permission to use the endpoint '{endpoint}'")
    return key


def _without_key(secret: str | None, site: Site, deviations: Collection[str]) -> tuple[bool, Refused]:
    """Whether a deviation serves a request whose secret is no inference key, and how it is refused if not."""
    if secret is None:
        refused = Refused(401, "No credentials: send the header 'Authorization: Bearer <API key>'")
        return "auth-missing-key-accepted" in deviations, refused
    if site.accounts.is_management_key(secret):
        refused = Refused(403, "A management key does not work here: use an API key")
        return "inference-accepts-management-key" in deviations, refused
    if "auth-bad-key-500" in deviations:
        return False, Refused(500, CODES[500])
    shown = secret if "auth-key-echoed" in deviations else masked(secret)
    refused = Refused(400, f"Incorrect API key provided: {shown}. An API key can be made in the team's console.")
    return "auth-bad-key-accepted" in deviations, refused


def identify_manager(request: Request, team: str | None) -> None:
    """Let a request through that carries the management key and names its team, if it names any.

    raises  Refused: 401 without a key or with an unknown one, 403 for an inference key or another team
    """
    site = site_of(request)
    secret = _secret(request)
    if secret is None:
        raise Refused(401, "No credentials: send the header 'Authorization: Bearer <management key>'")
    if not site.accounts.is_management_key(secret):
        if site.accounts.find(secret) is None:
            raise Refused(401, f"Incorrect management key provided: {masked(secret)}")
        if "management-accepts-inference-key" not in site.deviations(request):
            raise Refused(403, "An API key does not work here: use a management key")
    if team is not None and team != site.accounts.team:
        raise Refused(403, "This management key has no access to that team")


def _secret(request: Request) -> str | None:
    sent = request.headers.getlist("authorization")
    found = _CREDENTIALS.fullmatch(sent[0].strip()) if len(sent) == 1 else None
    return found[1] if found else None


async def read_json(request: Request) -> Any:
    """The body, parsed strictly; how deep it is nested and how much it holds is checked by whoever walks it.

    raises  Refused: 415 for another content type, 413 for more than 20 MB, 400 for what is no JSON text: bad UTF-8,
            NaN, a number beyond reach, a lone surrogate, or nesting beyond what the parser takes
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refused(415, "Expected a request with 'Content-Type: application/json'")
    raw = await _read(request)
    try:
        return _parse(raw) if len(raw) <= AT_ONCE_BYTES else await site_of(request).work(lambda: _parse(raw))
    except (ValueError, RecursionError) as error:
        if "broken-json-500" in site_of(request).deviations(request):
            raise Refused(500, "Internal error") from None
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise Refused(400, f"Failed to parse the request body as JSON: {reason}") from None


async def _read(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    # A chunked body has no length; this spares reading one that admits to being too long.
    if length.isdecimal() and int(length[:20]) > MOST_BYTES:
        raise _too_large()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> Refused:
    return Refused(413, f"The request body is larger than {MOST_BYTES:,} bytes")


def _parse(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    body = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    if _SURROGATE.search(raw):
        _refuse_lone_surrogates(body)
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return number


def _refuse_lone_surrogates(body: Any) -> None:
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a string holds half of a surrogate pair") from None


def model_named(body: Any) -> str | None:
    """The model that a body asks for, or None if it names none."""
    name = body.get("model") if isinstance(body, dict) else None
    return name if isinstance(name, str) else None
