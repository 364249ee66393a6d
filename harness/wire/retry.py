"""Whether to ask again, and after how long: a pure function of what has happened.

It stands apart so that waiting is decided without a clock or a socket, and can be tested exhaustively.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from random import Random

from harness.core.exchange import Attempt
from harness.wire.api_errors import find_api_error
from harness.wire.rate_headers import find_retry_after_s

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_MAX_DOUBLINGS = 64
# Even a wait of no length counts as a second of patience, or a server that asks for none would be asked for ever.
_LEAST_PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patient to be; times in seconds.

    max_attempts  tries in all, the first among them; with 1, nothing is ever asked again
    base_s        upper end of the first wait, doubled at every further one
    cap_s         upper end of any wait of our own choosing
    max_wait_s    longest wait that a server's Retry-After may ask for; beyond it there is no point in staying
    resend_lost   ask again though a request was sent and its answer lost: it may be billed twice
    again         statuses that a further try may mend
    max_connects  tries in all where no connection could be made
    patience_s    what the waits of a request that a limit turns away may come to: it was not begun, so that this counts
                  as none of `max_attempts`
    """

    max_attempts: int = 5
    base_s: float = 0.5
    cap_s: float = 30.0
    max_wait_s: float = 120.0
    resend_lost: bool = False
    again: frozenset[int] = AGAIN
    max_connects: int = 5
    patience_s: float = 600.0


def next_delay(attempts: Sequence[Attempt], policy: RetryPolicy, random: Random, now: datetime) -> float | None:
    """Seconds to wait before asking again, or None to stop.

    attempts  every try so far, at least one; the last one decides
    now       the time of day, with a time zone, against which a Retry-After date is read
    source    RFC 9110, section 10.2.3; full jitter: what spreads clients best for the fewest calls
    """
    last = attempts[-1]
    if last.error is None and last.status not in policy.again:
        return None
    away = sum(1 for attempt in attempts if is_turned_away(attempt)) if policy.max_attempts > 1 else 0
    tries = len(attempts) - away
    turned_away = away > 0 and is_turned_away(last)
    if not _may_help(last, policy, tries) or (tries >= policy.max_attempts and not turned_away):
        return None
    delay_s = _delay_s(last, away if turned_away else tries, policy, random, now)
    if delay_s is None or not turned_away:
        return delay_s
    if away > 1 and last.header("retry-after") is not None:
        # What was asked for did not do: a server that says "in 0 s" again and again is not asked ten times a second.
        delay_s = max(delay_s, random.uniform(0.0, _ceiling_s(away, policy)))
    waited_s = sum(max(_LEAST_PATIENCE_S, attempt.waited_s) for attempt in attempts[1:])
    return delay_s if waited_s + max(_LEAST_PATIENCE_S, delay_s) <= policy.patience_s else None


def is_turned_away(attempt: Attempt) -> bool:
    """Whether a limit turned an attempt away before it was begun; spent credit is no limit that waiting mends."""
    if attempt.error is not None or attempt.status != HTTPStatus.TOO_MANY_REQUESTS:
        return False
    error = find_api_error(attempt)
    return error is None or error.kind != "credit"


def _delay_s(last: Attempt, failures: int, policy: RetryPolicy, random: Random, now: datetime) -> float | None:
    asked_s = find_retry_after_s(last, now)
    if asked_s is None:
        return random.uniform(0.0, _ceiling_s(failures, policy))
    if asked_s > policy.max_wait_s:
        return None
    # Never before the time asked for, and not all clients at the same moment.
    return min(asked_s + random.uniform(0.0, policy.base_s), policy.max_wait_s)


def _ceiling_s(failures: int, policy: RetryPolicy) -> float:
    return min(policy.cap_s, policy.base_s * 2.0 ** min(failures - 1, _MAX_DOUBLINGS))


def _may_help(attempt: Attempt, policy: RetryPolicy, tries: int) -> bool:
    if attempt.error is not None:
        return (attempt.error == "connect" and tries < policy.max_connects) or (
            attempt.error in ("lost", "timeout") and policy.resend_lost
        )
    if attempt.status not in policy.again:
        return False
    error = find_api_error(attempt)
    return error is None or error.kind != "credit"
