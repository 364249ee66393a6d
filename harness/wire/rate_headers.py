"""What a reply's headers say of limits: how much there is, how much is left, when it returns, when to come back.

It stands apart because servers write times in five ways and lie in any of them: who waits by these figures gets numbers
within bounds, or nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final, Literal

from harness.core.exchange import Attempt

Kind = Literal["requests", "tokens"]
_Field = Literal["limit", "remaining", "reset"]

_FIELDS: Final[Mapping[str, tuple[Kind, _Field]]] = {
    spelling.format(kind=kind, field=field): (kind, field)
    for kind in ("requests", "tokens")
    for field in ("limit", "remaining", "reset")
    # OpenAI's names, which xAI, Groq and most gateways took over, and Anthropic's.
    for spelling in ("x-ratelimit-{field}-{kind}", "anthropic-ratelimit-{kind}-{field}")
}
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_COUNT = re.compile(r"[0-9]{1,15}")
_DURATION = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,12})?(?:ms|us|µs|ns|d|h|m|s))+")
_PART = re.compile(r"([0-9.]+)(ms|us|µs|ns|d|h|m|s)")
_UNIT_S: Final[Mapping[str, float]] = {
    "d": 86400.0,
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}
_MAX_LENGTH = 64
# A number from here on is a time of day, in seconds or milliseconds since 1970: as a wait it would be decades.
_UNIX_S, _UNIX_MS = 1e9, 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class RateHeader:
    """What headers say of one allowance; None for what they do not say, or not so that it can be read.

    limit      at least 1
    remaining  at least 0
    reset_s    seconds until it returns, from the moment of the answer; at least 0. Servers mean different things by
               it: the end of a fixed window, or the time until nothing is in use any more
    """

    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None


_NOTHING: Final[Mapping[Kind, RateHeader]] = {}


def read_rate_headers(attempt: Attempt, now: datetime) -> Mapping[Kind, RateHeader]:
    """What an attempt's headers say of the allowances of requests and of tokens; empty if they name neither.

    now     the time of day, which absolute times are read against where the reply has no Date of its own
    source  catalogue document "xAI Grok, comprehensive", Rate Limit Headers (absolute times); OpenAI's guide to rate
            limits (durations such as 6m0s); Anthropic's (RFC 3339)
    """
    # Most replies of most servers say nothing, and are asked thousands of times a second.
    if _FIELDS.keys().isdisjoint([name for name, _ in attempt.headers]):
        return _NOTHING
    values: dict[tuple[Kind, _Field], str] = {}
    for name, value in attempt.headers:
        field = _FIELDS.get(name)
        if field is not None:
            values.setdefault(field, value)
    # The server's clock may be minutes off ours: its times are read against its own.
    now = _find_http_date((attempt.header("date") or "")[:_MAX_LENGTH]) or now
    return {
        kind: RateHeader(
            limit=_find_count(values.get((kind, "limit"))) or None,
            remaining=_find_count(values.get((kind, "remaining"))),
            reset_s=_find_reset_s(values.get((kind, "reset")), now),
        )
        for kind in {kind for kind, _ in values}
    }


def find_retry_after_s(attempt: Attempt, now: datetime) -> float | None:
    """Seconds that a Retry-After asks for, infinite for an absurd number; None if there is none to be read.

    now     the time of day, with a time zone, against which a date is read
    source  RFC 9110, section 10.2.3
    """
    text = (attempt.header("retry-after") or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = _find_http_date(text[:_MAX_LENGTH])
    return None if until is None else max(0.0, (until - now).total_seconds())


# Replies of one second carry one date, and reading it takes longer than all the rest.
@lru_cache(maxsize=64)
def _find_http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _find_count(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if _COUNT.fullmatch(text) else None


def _find_reset_s(value: str | None, now: datetime) -> float | None:
    text = (value or "").strip()
    if len(text) > _MAX_LENGTH:
        return None
    if _SECONDS.fullmatch(text):
        number = float(text)
        if number < _UNIX_S:
            return number
        return max(0.0, number / (1000 if number >= _UNIX_MS else 1) - now.timestamp())
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(text))
    try:
        until = datetime.fromisoformat(text)
        until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
        return max(0.0, (until - now).total_seconds())
    except (ValueError, OverflowError):
        return None
