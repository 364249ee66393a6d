"""Rate limits as they are enforced: requests and tokens a minute and requests at once, for each key and model.

It stands apart from HTTP so that the arithmetic of a window can be tested by a clock that only moves when told.

The windows are fixed and begin with the minute, by the clock on the wall. The documents show one absolute time at which
both allowances return, on a full minute; a sliding window has no such time. If the headers of the real API were ever
seen to move with the request, the window here would have to slide.

Tokens are let in exactly: a request is refused if and only if the tokens used so far, by settled replies and by the
prompts of those under way, and its own prompt together exceed the allowance. What its output will take cannot be known
and is not held: it may overshoot, and from then on every request of that window is refused.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from harness.core.catalogue import Limits
from harness.core.clock import Clock

WINDOW_S: Final = 60
Kind = Literal["requests", "tokens", "concurrency"]
WORDS: Final[dict[Kind, tuple[str, str]]] = {
    "requests": ("requests", "Requests per Minute"),
    "tokens": ("tokens", "Tokens per Minute"),
    "concurrency": ("concurrent requests", "Concurrent Requests"),
}
Headers = dict[str, str]


class LimitExceeded(Exception):
    """A request is over an allowance.

    kind           which allowance
    actual         what the key would have used, had the request been let in
    retry_after_s  whole seconds until it can succeed, at least 1
    """

    def __init__(self, *, kind: Kind, actual: int, limit: int, retry_after_s: int, headers: Headers) -> None:
        """Keep the figures, and the headers that the refusal carries."""
        super().__init__(f"{kind}: {actual}/{limit}")
        self.kind = kind
        self.actual = actual
        self.limit = limit
        self.retry_after_s = retry_after_s
        self.headers = headers

    def says(self, team: str, model: str) -> str:
        """The refusal in words: which allowance, how much of it was asked for, and how much there is."""
        things, name = WORDS[self.kind]
        return (
            f"Too many {things} for team {team} and model {model}. "
            f"The team's rate limit: {name} (actual/limit): {self.actual}/{self.limit}. "
            f"Try again in {self.retry_after_s} s."
        )


@dataclass(slots=True)
class Account:
    """What one key has used of one model: in the window that began at `window` (Unix seconds), and now."""

    window: int = 0
    requests: int = 0
    tokens: int = 0
    running: int = 0


@dataclass(slots=True)
class Admission:
    """One request that was let in; `settle` it with what was billed, and `release` it when its reply has ended.

    held  tokens that count for it now: its prompt, until it is settled
    """

    account: Account
    window: int
    held: int
    headers: Callable[[], Headers]
    released: bool = field(default=False)

    def settle(self, billed: int) -> None:
        """Count what was billed instead of the prompt: prompt, completion, reasoning and cached tokens together.

        A reply that ends in a later minute than it began in is counted in neither: its own minute is over.
        """
        if self.account.window == self.window:
            self.account.tokens += billed - self.held
        self.held = billed

    def release(self) -> None:
        """Give its place back; harmless if done twice."""
        if not self.released:
            self.released = True
            self.account.running -= 1


class RateLimiter:
    """Lets requests in, or raises LimitExceeded. Not thread-safe: the server calls it on its event loop only."""

    def __init__(self, clock: Clock, *, scale: float | None = 1.0) -> None:
        """Enforce the limits times `scale`, rounded down and at least 1; with None, enforce nothing and say nothing."""
        self._clock = clock
        self._scale = scale
        self._accounts: dict[tuple[str, str], Account] = {}

    def admit(self, *, key: str, model: str, stated: Limits, prompt: int, enforced: Limits | None = None) -> Admission:
        """Let a request in, whose prompt counts from now on.

        prompt    its tokens
        stated    the limits that headers tell of
        enforced  the limits that hold, where a deviation makes them differ
        raises    LimitExceeded; what is refused uses up nothing
        """
        limits, stated = self._scaled(stated if enforced is None else enforced), self._scaled(stated)
        now = self._clock.now().timestamp()
        account = self._accounts.setdefault((key, model), Account())
        window = int(now // WINDOW_S) * WINDOW_S
        if account.window != window:
            account.window, account.requests, account.tokens = window, 0, 0
        until_reset = max(1, math.ceil(window + WINDOW_S - now))
        asked: tuple[tuple[Kind, int, int | None, int], ...] = (
            ("requests", account.requests + 1, limits.requests_per_minute, until_reset),
            ("tokens", account.tokens + prompt, limits.tokens_per_minute, until_reset),
            ("concurrency", account.running + 1, limits.concurrent_requests, 1),
        )
        for kind, actual, limit, retry_after_s in asked:
            if limit is not None and actual > limit:
                headers = {**_headers(account, stated), "Retry-After": str(retry_after_s)}
                raise LimitExceeded(kind=kind, actual=actual, limit=limit, retry_after_s=retry_after_s, headers=headers)
        account.requests += 1
        account.tokens += prompt
        account.running += 1
        return Admission(account=account, window=window, held=prompt, headers=lambda: _headers(account, stated))

    def _scaled(self, limits: Limits) -> Limits:
        scale = self._scale
        if scale is None:
            return Limits()

        def scaled(limit: int | None) -> int | None:
            return None if limit is None else max(1, math.floor(limit * scale))

        return Limits(
            requests_per_minute=scaled(limits.requests_per_minute),
            tokens_per_minute=scaled(limits.tokens_per_minute),
            concurrent_requests=scaled(limits.concurrent_requests),
        )


def _headers(account: Account, limits: Limits) -> Headers:
    """The six documented headers, as far as there are limits to state."""
    reset = f"{datetime.fromtimestamp(account.window + WINDOW_S, UTC):%Y-%m-%dT%H:%M:%SZ}"
    shown = (
        ("Requests", limits.requests_per_minute, account.requests),
        ("Tokens", limits.tokens_per_minute, account.tokens),
    )
    headers: Headers = {}
    for name, limit, used in shown:
        if limit is not None:
            headers[f"X-RateLimit-Limit-{name}"] = str(limit)
            headers[f"X-RateLimit-Remaining-{name}"] = str(max(0, limit - used))
            headers[f"X-RateLimit-Reset-{name}"] = reset
    return headers
