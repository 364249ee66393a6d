"""Servers that enforce a limit exactly, each in its own way, and what a paced crowd of workers draws from them.

They stand apart from any test because the same servers answer in virtual time and over a socket.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from random import Random

from wire_samples import call_to

from harness.core.catalogue import Limits
from harness.core.clock import LoopClock
from harness.core.exchange import Attempt
from harness.runner.pacing import Pacing
from harness.wire import RetryPolicy
from harness.wire.retry import next_delay
from harness.wire.transport import Lease


class SlidingWindow:
    """No more than `limit` in any window."""

    def __init__(self, limit, window_s=60.0):
        self.limit, self.window_s, self.log, self.used = limit, window_s, deque(), 0

    def take(self, cost, now):
        while self.log and self.log[0][0] <= now - self.window_s:
            self.used -= self.log.popleft()[1]
        if self.used + cost > self.limit:
            return False
        self.add(cost, now)
        return True

    def add(self, cost, now):
        """Count so much, whatever it comes to."""
        self.log.append((now, cost))
        self.used += cost

    def back_s(self, cost, now):
        """Seconds until so much would be let in."""
        freed = self.limit - self.used
        for at, amount in self.log:
            freed += amount
            if freed >= cost:
                return at + self.window_s - now
        return self.window_s


class FixedWindow:
    """No more than `limit` from one tick to the next; `phase_s` is when they tick."""

    def __init__(self, limit, phase_s=0.0, window_s=60.0):
        self.limit, self.phase_s, self.window_s, self.number, self.used = limit, phase_s, window_s, None, 0

    def take(self, cost, now):
        number = (now + self.phase_s) // self.window_s
        if number != self.number:
            self.number, self.used = number, 0
        if self.used + cost > self.limit:
            return False
        self.used += cost
        return True

    def back_s(self, _cost, now):
        return self.window_s - (now + self.phase_s) % self.window_s


class Bucket:
    """Fills at `limit` a window, and holds `capacity`."""

    def __init__(self, limit, capacity=None, window_s=60.0):
        self.rate, self.capacity = limit / window_s, capacity or limit
        self.level, self.at = self.capacity, None

    def take(self, cost, now):
        if self.at is not None:
            self.level = min(self.capacity, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < cost - 1e-9:
            return False
        self.level -= cost
        return True

    def back_s(self, cost, _now):
        return max(0.0, cost - self.level) / self.rate


@dataclass
class Crowd:
    """What came of it.

    answered   when each request that was let in reached the server
    turned     when each 429 did
    failed     trials that ended without an answer
    """

    answered: list = field(default_factory=list)
    turned: list = field(default_factory=list)
    failed: int = 0
    tokens: int = 0
    ended_s: float = 0.0
    attempts: list = field(default_factory=list)

    def share(self, limit, window_s=60.0):
        """Of the allowance, from the first request to the last."""
        span = self.answered[-1] - self.answered[0]
        return (len(self.answered) - 1) / (limit * span / window_s)


@dataclass(kw_only=True)
class Ways:
    """How requests come to a server and answers back.

    worst    tokens that a call is said to take at most; `tokens(random)` what it really takes, all of them if None
    counts   what the server counts: 'requests'; 'tokens' when they are asked for; 'replies', tokens when they are sent
    headers  makes a reply's headers of the server and the time
    """

    server: object
    latency_s: float = 0.5
    jitter_s: float = 0.0
    worst: int = 0
    tokens: object = None
    counts: str = "requests"
    retry_after: bool = False
    headers: object = None

    async def ask(self, random, out):
        """The attempt, and the tokens that it took."""
        await asyncio.sleep(self.latency_s / 2 + random.uniform(0, self.jitter_s))
        now = asyncio.get_running_loop().time()
        spent = self.worst if self.tokens is None else self.tokens(random)
        cost = {"requests": 1, "tokens": self.worst, "replies": 0}[self.counts]
        extra = self.headers(self.server, now) if self.headers else ()
        if not self.server.take(cost, now) or (self.counts == "replies" and self.server.used >= self.server.limit):
            out.turned.append(now)
            if self.retry_after:
                extra = (*extra, ("retry-after", str(math.ceil(self.server.back_s(max(cost, 1), now)))))
            await asyncio.sleep(self.latency_s / 20)
            return Attempt(status=429, headers=extra), None
        out.answered.append(now)
        await asyncio.sleep(self.latency_s / 2)
        if self.counts == "replies":
            self.server.add(spent, now + self.latency_s / 2)
        out.tokens += spent
        return Attempt(status=200, headers=extra), spent


async def crowd(server, limits, *, trials, workers=16, seed=0, **ways):
    """Let workers ask until all trials are answered: paced, and retried as the policy says."""
    clock, random, out = LoopClock(), Random(seed), Crowd()  # noqa: S311 - jitter keeps no secret
    pacing, ways, policy = Pacing(lambda _: limits, clock), Ways(server=server, **ways), RetryPolicy()
    left, plain = iter(range(trials)), call_to()

    async def work():
        for _ in left:
            call, attempts, waited_s = replace(plain, lease=Lease(tokens=ways.worst)), [], 0.0
            while waited_s is not None:
                await pacing.admit(call, after_s=waited_s)
                attempt, spent = await ways.ask(random, out)
                pacing.ended(call, attempt)
                pacing.settle(call, spent)
                attempts.append(replace(attempt, waited_s=waited_s))
                waited_s = next_delay(attempts, policy, random, clock.now())
            out.attempts.append(len(attempts))
            out.failed += attempts[-1].status != HTTPStatus.OK

    await asyncio.gather(*(work() for _ in range(workers)))
    out.ended_s = clock.monotonic()
    return out


def asking(requests=None, tokens=None, at_once=None):
    """Limits, in a few words."""
    return Limits(requests_per_minute=requests, tokens_per_minute=tokens, concurrent_requests=at_once)
