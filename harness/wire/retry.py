"""Whether to ask again, and after how long: a pure function of what has happened.

It stands apart so that waiting is decided without a clock or a socket, and can be tested exhaustively.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from harness.core.exchange import Attempt
from harness.wire.api_errors import find_api_error

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_MAX_DOUBLINGS = 64
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patient to be; times in seconds.

    max_attempts  tries in all, the first among them
    base_s        upper end of the first wait, doubled at every further one
    cap_s         upper end of any wait of our own choosing
    max_wait_s    longest wait that a server's Retry-After may ask for; beyond it there is no point in staying
    resend_lost   ask again though a request was sent and its answer lost: it may be billed twice
    again         statuses that a further try may mend
    max_connects  tries in all where no connection could be made
    """

    max_attempts: int = 5
    base_s: float = 0.5
    cap_s: float = 30.0
    max_wait_s: float = 120.0
    resend_lost: bool = False
    again: frozenset[int] = AGAIN
    max_connects: int = 5


def next_delay(attempts: Sequence[Attempt], policy: RetryPolicy, random: Random, now: datetime) -> float | None:
    """Seconds to wait before asking again, or None to stop.

    attempts  every try so far, at least one; the last one decides
    now       the time of day, with a time zone, against which a Retry-After date is read
    source    RFC 9110, section 10.2.3; full jitter: what spreads clients best for the fewest calls
    """
    last = attempts[-1]
    if len(attempts) >= policy.max_attempts or not _may_help(last, policy, len(attempts)):
        return None
    asked_s = _retry_after_s(last.header("retry-after"), now)
    if asked_s is None:
        ceiling_s = min(policy.cap_s, policy.base_s * 2.0 ** min(len(attempts) - 1, _MAX_DOUBLINGS))
        return random.uniform(0.0, ceiling_s)
    if asked_s > policy.max_wait_s:
        return None
    # Never before the time asked for, and not all clients at the same moment.
    return min(asked_s + random.uniform(0.0, policy.base_s), policy.max_wait_s)


def _may_help(attempt: Attempt, policy: RetryPolicy, tries: int) -> bool:
    if attempt.error is not None:
        return (attempt.error == "connect" and tries < policy.max_connects) or (
            attempt.error in ("lost", "timeout") and policy.resend_lost
        )
    if attempt.status not in policy.again:
        return False
    error = find_api_error(attempt)
    return error is None or error.kind != "credit"


def _retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After asks for, infinite for an absurd number; None if there is none to be read."""
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
