"""Servers that enforce a limit exactly, each in its own way, and what a paced crowd of workers draws from them.

They stand apart from any test because the same servers answer in virtual time and over a socket.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field, replace
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
        self.log.append((now, cost))
        self.used += cost
        return True

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


async def crowd(
    server,
    limits,
    *,
    trials,
    workers=16,
    latency_s=0.5,
    jitter_s=0.0,
    seed=0,
    worst=0,
    tokens=None,
    counts="requests",
    retry_after=False,
    headers=None,
    pacing=None,
    policy=RetryPolicy(),  # noqa: B008 - frozen
):
    """Let workers ask until all trials are answered: paced, retried as the policy says.

    counts   what the server counts: 'requests'; 'tokens' when they are asked for; 'replies', tokens when they are sent
    headers  makes a reply's headers of the server and the time
    """
    clock, random = LoopClock(), Random(seed)  # noqa: S311 - jitter keeps no secret
    pacing = pacing or Pacing(lambda _: limits, clock)
    out = Crowd()
    left, plain = iter(range(trials)), call_to()

    async def ask(call):
        way_s = latency_s / 2 + random.uniform(0, jitter_s)
        await asyncio.sleep(way_s)
        now = clock.monotonic()
        spent = call.lease.tokens if tokens is None else tokens(random)
        cost = {"requests": 1, "tokens": call.lease.tokens, "replies": 0}[counts]
        extra = headers(server, now) if headers else ()
        if not server.take(cost, now) or (counts == "replies" and server.used >= server.limit):
            out.turned.append(now)
            back = (("retry-after", str(math.ceil(server.back_s(max(cost, 1), now)))),) if retry_after else ()
            await asyncio.sleep(latency_s / 20)
            return Attempt(status=429, headers=(*extra, *back)), None
        out.answered.append(now)
        await asyncio.sleep(latency_s / 2)
        if counts == "replies":
            server.log.append((clock.monotonic(), spent))
            server.used += spent
        out.tokens += spent
        return Attempt(status=200, headers=extra), spent

    async def work():
        for _ in left:
            call, attempts, waited_s = replace(plain, lease=Lease(tokens=worst)), [], 0.0
            while True:
                await pacing.admit(call, after_s=waited_s)
                attempt, spent = await ask(call)
                pacing.ended(call, attempt)
                pacing.settle(call, spent)
                attempts.append(attempt)
                waited_s = next_delay(attempts, policy, random, clock.now())
                if waited_s is None:
                    break
            out.attempts.append(len(attempts))
            out.failed += attempt.status != 200

    await asyncio.gather(*(work() for _ in range(workers)))
    out.ended_s = clock.monotonic()
    return out


def asking(requests=None, tokens=None, at_once=None):
    """Limits, in a few words."""
    return Limits(requests_per_minute=requests, tokens_per_minute=tokens, concurrent_requests=at_once)
