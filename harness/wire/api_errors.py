"""Error bodies in every shape seen in the wild, and what each means for a trial.

It stands apart from the dialects because retry asks the same question (is the credit spent?) and because gateways
answer in shapes that have nothing to do with the dialect behind them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.exchange import Attempt
from harness.core.reply import ApiError, ErrorKind
from harness.wire.untrusted import Notes, NotJson, list_of, object_of, read_json, shown, sound, write_json

MAX_MESSAGE = 2000

_SUCCESS, _REDIRECT, _CLIENT, _SERVER = 200, 300, 400, 500
_STATUSES = range(100, 600)
_BY_STATUS: Mapping[int, ErrorKind] = {
    401: "auth",
    402: "credit",
    403: "auth",
    404: "not-found",
    405: "not-found",
    408: "timeout",
    # "Too early" is no answer about the request; it may be asked again.
    425: "server",
    429: "rate-limit",
    501: "not-found",
}
_MAY_BE_CREDIT = frozenset({400, 402, 403, 429})
# xAI says 400 to a bad key, where others say 401.
_MAY_BE_KEY = frozenset({400})

_CREDIT = re.compile(
    r"insufficient[_ ](?:quota|credit|balance|funds)|exceeded your current quota|spending limit|payment required"
    r"|credit balance|\b(?:all|any|no|more|enough|sufficient|out of) (?:\w+ )?credits?\b"
    r"|\bcredits? (?:(?:has|have|is|are) )?(?:been )?(?:run out|exhausted|depleted|used up|expired)",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"\b(?:incorrect|invalid|missing|expired|malformed|revoked|unknown|wrong|no|bad)[ _](?:\w+ )?(?:x-)?api[ _-]?key"
    r"|\bapi[ _-]?key (?:\w+ )?(?:not (?:valid|found|provided)|invalid|missing|expired|required|revoked|incorrect)",
    re.IGNORECASE,
)
_RATE = re.compile(r"rate[ _-]?limit|too many (?:requests|tokens)|resource[ _-]exhausted", re.IGNORECASE)
_TRANSIENT = re.compile(
    r"(?:currently|temporarily)[ _]unavailable|service[ _](?:is )?unavailable|^unavailable\b|overloaded"
    r"|try again (?:later|in|soon)|timed? ?out|internal[ _](?:server[ _])?error|server[ _]error|bad gateway",
    re.IGNORECASE,
)
# What an error's type says where neither words nor a status do: Anthropic's, whose streams carry them bare.
_BY_CODE: Mapping[str, ErrorKind] = {
    "authentication_error": "auth",
    "permission_error": "auth",
    "billing_error": "credit",
    "not_found_error": "not-found",
    "rate_limit_error": "rate-limit",
    "overloaded_error": "server",
    "api_error": "server",
    "timeout_error": "timeout",
}
_BELOW_HTTP: Mapping[str, tuple[ErrorKind, str]] = {
    "connect": ("network", "no connection could be made"),
    "timeout": ("timeout", "no answer came in time"),
    "lost": ("network", "the connection was lost before the reply was whole"),
    "too-large": ("network", "the reply is larger than allowed"),
    "missing-recording": ("missing-recording", "no recording answers this request"),
    "wrong-source": ("missing-recording", "the recording was made by another provider"),
    "no-key": ("auth", "no API key"),
    "absent": ("absent", "the model is not served"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says, before anyone judges it.

    code    the server's own code or type
    status  the HTTP status that the body itself names, where it does
    """

    message: str
    code: str | None = None
    status: int | None = None


def find_error_body(body: object) -> ErrorBody | None:
    """What a JSON value says as an error body, or None if it is not one.

    Known shapes: {"error": {...}}, {"code", "error"}, {"error": text}, {"detail": text or list}, {"message"},
    {"errors"}, and a list whose first item is one of these.
    """
    if isinstance(body, list) and body:
        body = body[0]
    whole = object_of(body)
    error = whole.get("error")
    if error:
        inner = object_of(error)
        return _error_body(inner, whole) if inner else _error_body({"message": error}, whole)
    if "choices" in whole:
        return None
    for key, kinds in (("message", str), ("msg", str), ("detail", str | list | dict), ("errors", list | dict)):
        if whole.get(key) and isinstance(whole[key], kinds):
            return _error_body({"message": whole[key]}, whole)
    return None


def error_within_success(found: ErrorBody) -> ApiError:
    """The error of a body that came with a 200, or in the midst of a stream: its words decide what it is."""
    if found.status is not None and found.status >= _CLIENT:
        return ApiError(kind=_kind(found.status, found), message=found.message, code=found.code)
    words = f"{found.code or ''} {found.message}"
    kinds: tuple[tuple[ErrorKind, re.Pattern[str]], ...] = (
        ("credit", _CREDIT),
        ("auth", _KEY),
        ("rate-limit", _RATE),
        ("server", _TRANSIENT),
    )
    kind = next((kind for kind, pattern in kinds if pattern.search(words)), None)
    kind = kind or _BY_CODE.get(found.code or "", "refused")
    return ApiError(kind=kind, message=found.message, code=found.code)


def find_api_error(attempt: Attempt) -> ApiError | None:
    """The error that an attempt ended with, below HTTP or by its status; None for a 2xx that arrived.

    source  VERDICTS.md, "Rejected"; facts on the wire of xAI, section 1
    """
    if attempt.error is not None:
        kind, words = _BELOW_HTTP[attempt.error]
        return ApiError(kind=kind, message=_bounded(attempt.message) or words, code=attempt.error)
    status = attempt.status
    if status is None:
        return ApiError(kind="network", message="no reply arrived")
    if _SUCCESS <= status < _REDIRECT:
        return None
    found = _read_body(attempt)
    if _REDIRECT <= status < _CLIENT:
        return ApiError(kind="refused", message=_redirect(status, attempt), code=found.code)
    return ApiError(kind=_kind(status, found), message=found.message or f"HTTP {status}, no message", code=found.code)


def _kind(status: int, found: ErrorBody) -> ErrorKind:
    words = f"{found.code or ''} {found.message}"
    if status in _MAY_BE_CREDIT and _CREDIT.search(words):
        return "credit"
    if status in _MAY_BE_KEY and _KEY.search(words):
        return "auth"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status < _CLIENT:
        return "malformed"
    return "refused" if status < _SERVER else "server"


def _read_body(attempt: Attempt) -> ErrorBody:
    text = attempt.body.decode("utf-8-sig", "replace").strip()
    try:
        # A server that was asked for a stream may wrap even its refusal in an event.
        body = read_json(text.removeprefix("data:"), Notes())
    except NotJson:
        return ErrorBody(message=plain_words(text))
    if isinstance(body, str):
        return ErrorBody(message=_bounded(body))
    return find_error_body(body) or ErrorBody(message=_bounded(text))


def _error_body(error: Mapping[str, object], whole: Mapping[str, object]) -> ErrorBody:
    message = next((error[key] for key in ("message", "msg", "detail", "error") if error.get(key)), error)
    codes = [source.get(key) for source in (error, whole) for key in ("code", "type", "status")]
    number = next((code for code in codes if isinstance(code, int) and code in _STATUSES), None)
    code = next((code for code in codes if isinstance(code, str) and code), None)
    if code is None and number is not None:
        code = str(number)
    return ErrorBody(message=_words(message), code=_bounded(code) if code else None, status=number)


def _words(message: object) -> str:
    """A message in words: FastAPI sends a list of {loc, msg}, others nest objects."""
    if isinstance(message, str):
        return _bounded(message)
    if isinstance(message, list):
        return _bounded("; ".join(_item(item) for item in message[:20]))
    try:
        return _bounded(write_json(message))
    except NotJson:
        return shown(message)


def _item(item: object) -> str:
    fields = object_of(item)
    text = fields.get("msg") or fields.get("message")
    if not isinstance(text, str):
        return item if isinstance(item, str) else shown(item)
    where = ".".join(str(step)[:60] for step in list_of(fields.get("loc"))[:20] if isinstance(step, str | int))
    return f"{where}: {text}" if where else text


def plain_words(text: str) -> str:
    """The words of an HTML page or a plain text, on one line."""
    head = text[: 4 * MAX_MESSAGE]
    if head.lstrip().startswith("<"):
        head = re.sub(r"<(script|style)\b.*?</\1>|<[^<>]*>", " ", head, flags=re.DOTALL | re.IGNORECASE)
    return _bounded(" ".join(head.split()))


def _bounded(text: str) -> str:
    text = sound(text, Notes())
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _redirect(status: int, attempt: Attempt) -> str:
    place = attempt.header("location")
    where = f"to {_bounded(place)}" if place else "and does not say where"
    return f"HTTP {status}: the server redirects {where}; redirects are not followed, so that no key travels with them"
