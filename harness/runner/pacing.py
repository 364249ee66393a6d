"""When a request may be sent: as fast as a model's limits allow, in order, and no faster.

It stands apart from `allowance` and `congestion`, which reckon and never wait: here is all that waits.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from harness.core.catalogue import Limits
from harness.core.clock import Clock, SystemClock
from harness.core.errors import Withheld
from harness.core.exchange import Attempt
from harness.runner.allowance import TOKEN_BURST, Meter, Taken, Tally, TokenLog
from harness.runner.congestion import Gate
from harness.wire.rate_headers import Kind, RateHeader, find_retry_after_s, read_rate_headers
from harness.wire.retry import is_turned_away
from harness.wire.transport import Call, Lease

_MINUTE_S: Final = 60.0
_TOO_MANY: Final = 429
# Before anything went out: a server has counted none of its tokens.
_UNSENT: Final = frozenset({"connect", "no-key", "absent"})
# A timer that can be cut short costs more than a plain one does.
_NOT_WORTH_WAKING_S: Final = 0.05
# Of an allowance, before its use can be what a server turned away.
_IN_USE: Final = 0.25
# A timer may fire early by the resolution of its clock, and must not set out again for the rest of it.
_NOW_S: Final = 1e-6


@dataclass(slots=True, eq=False, kw_only=True)
class _Pass:
    """One attempt that was let in.

    lease     kept, so that no other can have its identity meanwhile
    taken     its tokens; None where nothing limits them
    requests  requests in the window when it was let in, less all that ever were; tokens likewise
    tried     whether it tries if others may follow
    """

    lane: "_Lane"
    lease: Lease
    sent_at: float
    taken: Taken | None
    requests: float
    tokens: float
    tried: bool


class Slots:
    """Trials that have requests under way, of all models together: a trial keeps its slot until it is done.

    A trial that only waits for a limit has none, so that one model's limit holds up no other model.
    """

    def __init__(self) -> None:
        """As many as one likes."""
        self.free = math.inf
        self._holders: set[str] = set()

    def has_room(self, holder: str | None) -> bool:
        """Whether a trial may have a request under way."""
        return self.free > 0 or holder is None or holder in self._holders

    def holds(self, holder: str | None) -> bool:
        """Whether a trial has a slot."""
        return holder in self._holders

    def take(self, holder: str | None) -> None:
        """Give a trial a slot, if it has none yet."""
        if holder is not None and self.free < math.inf and holder not in self._holders:
            self._holders.add(holder)
            self.free -= 1

    def release(self, holder: str) -> bool:
        """Take a trial's slot back; whether it had one."""
        if holder not in self._holders:
            return False
        self._holders.discard(holder)
        self.free += 1
        return True


class _Lane:
    """The calls of one model at one endpoint: their limits, and their queue."""

    def __init__(self, name: str, limits: Limits, clock: Clock, pacing: "Pacing") -> None:
        window_s, share = pacing.window_s, pacing.share
        self.name = name
        self.window_s = window_s
        self.requests = Meter(_share(limits.requests_per_minute, share), window_s=window_s, share=share)
        self.tokens = Meter(
            _share(limits.tokens_per_minute, share), window_s=window_s, share=share, burst_s=TOKEN_BURST * window_s
        )
        self.shared = pacing.slots
        slots = limits.concurrent_requests
        self.slots = math.inf if slots is None else max(1, math.floor(slots * share))
        self.gate = Gate(patience_s=pacing.patience_s, max_hold_s=pacing.max_hold_s)
        self.tally = Tally(window_s)
        self.log = TokenLog(window_s)
        self.under_way = 0
        self._clock = clock
        # Who holds a slot waits apart, and first: behind those who wait for a slot it would wait for ever.
        self._turns = (asyncio.Lock(), asyncio.Lock())
        self._waiting = [0, 0]
        self._wakers: list[asyncio.Future[None]] = []

    def has_queue(self, holder: str | None) -> bool:
        """Whether a call would go before another that waits for its turn."""
        return self._waiting[0] > 0 or (self._waiting[1] > 0 and not self.shared.holds(holder))

    def opens_at(self, lease: Lease, now: float) -> float:
        """When a call may go: `now` or before if it may, infinite if that hangs on others.

        raises  Withheld if none may for longer than anyone waits
        """
        if now < self.gate.closed_until:
            raise self._withheld(now)
        if self.under_way >= self.slots or not self.shared.has_room(lease.holder):
            return math.inf
        at = self.gate.opens_at(now)
        if self.requests.limited:
            at = max(at, self.requests.free_at(now))
        if self.tokens.limited:
            at = max(at, self.tokens.free_at(now), self.log.room_at(lease.tokens, self.tokens.allowed(now), now))
        return at

    def enter(self, lease: Lease, now: float) -> _Pass:
        """Let a call in; what it may take is taken."""
        self.under_way += 1
        self.shared.take(lease.holder)
        self.tally.add(now, sent=1)
        requests = self.tally.sent - self.tally.total
        if self.requests.limited:
            self.requests.spend(1, now)
        taken = None
        if self.tokens.limited:
            taken = self.log.take(lease.tokens)
            self.tokens.spend(lease.tokens, now)
        return _Pass(
            lane=self,
            lease=lease,
            sent_at=now,
            taken=taken,
            requests=requests,
            tokens=self.log.used - self.log.total,
            tried=self.gate.sent(now),
        )

    async def queue(self, lease: Lease) -> _Pass:
        """Let a call in when its turn has come and the limits allow it."""
        place = 0 if self.shared.holds(lease.holder) else 1
        self._waiting[place] += 1
        try:
            async with self._turns[place]:
                while (at := self.opens_at(lease, now := self._clock.monotonic())) > now + _NOW_S:
                    await self._pause(at - now)
                return self.enter(lease, now)
        finally:
            self._waiting[place] -= 1

    def leave(self, passed: _Pass, attempt: Attempt) -> None:
        """An attempt is over."""
        now = self._clock.monotonic()
        self.under_way -= 1
        if passed.taken is not None:
            self.log.end(passed.taken, now)
        heard = read_rate_headers(attempt, self._clock.now())
        if attempt.status == _TOO_MANY and is_turned_away(attempt):
            self._refused(passed, attempt, heard, now)
        else:
            if attempt.error in _UNSENT:
                self.settle(passed, 0, now)
            if passed.tried:
                self.gate.let_in(known=attempt.error is None)
            for kind, header in heard.items():
                until = self._hear(kind, header, passed, now)
                if until is not None:
                    self.gate.hold(until, now)
        self.wake()

    def settle(self, passed: _Pass, tokens: int, now: float) -> None:
        """What a call took is known."""
        if passed.taken is not None:
            # A server may claim any number: what is beyond the limit holds everything for a window, and no longer.
            bounded = max(0.0, min(tokens, max(passed.taken.tokens, self.tokens.base)))
            self.tokens.give_back(self.log.settle(passed.taken, bounded, now), now)

    def wake(self) -> None:
        """Let the first of each queue look again."""
        for waker in self._wakers:
            if not waker.done():
                waker.set_result(None)

    def _refused(self, passed: _Pass, attempt: Attempt, heard: Mapping[Kind, RateHeader], now: float) -> None:
        self.tally.add(now, refused=1)
        self.settle(passed, 0, now)
        asked_s = find_retry_after_s(attempt, self._clock.now())
        for kind, header in heard.items():
            until = self._hear(kind, header, passed, now)
            if asked_s is None and header.remaining == 0 and until is not None:
                self.gate.hold(until, now)
        if self.gate.refused(passed.sent_at, now, asked_s, tried=passed.tried):
            self._cut(heard, now)
        self.requests.hold(self.gate.held_until)
        self.tokens.hold(self.gate.held_until)

    def _cut(self, heard: Mapping[Kind, RateHeader], now: float) -> None:
        """Slow down what seems to be the matter: what headers call empty, else what is in use, else requests."""
        over_s, used = self.tally.over_s(now), self.log.used
        empty = {kind for kind, header in heard.items() if header.remaining == 0}
        if not empty and self.tokens.limited and used >= _IN_USE * self.tokens.allowed(now):
            empty.add("tokens")
        if not empty.intersection({"tokens"}) or self.tally.accepted >= _IN_USE * self.requests.allowed(now):
            empty.add("requests")
        if "requests" in empty:
            self.requests.cut(now, sent=self.tally.sent, accepted=self.tally.accepted, over_s=over_s)
        if "tokens" in empty and self.tokens.limited:
            self.tokens.cut(now, sent=used, accepted=used, over_s=over_s)

    def _hear(self, kind: Kind, header: RateHeader, passed: _Pass, now: float) -> float | None:
        if kind == "requests":
            used, over_s = passed.requests + self.tally.total, self.tally.over_s(now)
            return self.requests.hear(header, now, used=used, over_s=over_s)
        # The log bounds a window's tokens by itself, however late their limit was known.
        return self.tokens.hear(header, now, used=passed.tokens + self.log.total, over_s=self.window_s)

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until something has changed."""
        if seconds <= _NOT_WORTH_WAKING_S:
            await self._clock.sleep(seconds)
            return
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wakers.append(waker)
        timer = None if seconds == math.inf else asyncio.ensure_future(self._clock.sleep(seconds))
        if timer is not None:
            timer.add_done_callback(lambda _: None if waker.done() else waker.set_result(None))
        try:
            await waker
        finally:
            self._wakers.remove(waker)
            if timer is not None:
                timer.cancel()

    def _withheld(self, now: float) -> Withheld:
        if self.gate.closed_until == math.inf:
            what = f"{self.name}: for many minutes the server has turned away every request (HTTP 429)"
            return Withheld(what, remedy="look up what the key is allowed, and go on with --resume when it is let in")
        back = self._clock.now() + timedelta(seconds=self.gate.closed_until - now)
        what = (
            f"{self.name}: the server asks for no request before {back:%Y-%m-%d %H:%M:%S} UTC (HTTP 429, Retry-After)"
        )
        return Withheld(what, remedy="go on with --resume after that")


class Pacing:
    """Says when calls may be sent, so that limits are used and not passed; each endpoint and model has its own.

    limits_of   what the provider documents of the model that a call asks; asked once a model
    share       the part of the limits that is ours, for one shard of several; at least one request at once
    window_s    what limits are about: a minute
    max_hold_s  how long a server may hold everything; where it asks for longer, calls are withheld until then
    patience_s  how long every request may be turned away, before calls are withheld for good
    """

    def __init__(
        self,
        limits_of: Callable[[Call], Limits] = lambda call: call.lease.limits,
        clock: Clock | None = None,
        *,
        share: float = 1.0,
        window_s: float = _MINUTE_S,
        max_hold_s: float = 120.0,
        patience_s: float = 600.0,
    ) -> None:
        """Nothing was sent yet."""
        self.share = share
        self.window_s = window_s
        self.max_hold_s = max_hold_s
        self.patience_s = patience_s
        self.slots = Slots()
        self._limits_of = limits_of
        self._clock = clock or SystemClock()
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._under_way: dict[int, list[_Pass]] = {}
        self._unsettled: dict[int, _Pass] = {}
        self._turn = 0

    async def admit(self, call: Call, *, after_s: float = 0.0) -> None:
        """Come back when one attempt at the call may be sent, `after_s` seconds from now at the earliest.

        raises  Withheld where the server lets nothing in, for longer than anyone waits
        """
        if after_s > 0:
            await self._clock.sleep(after_s)
        if not call.lease.paced:
            return
        lane, lease = self._lane_of(call), call.lease
        now = self._clock.monotonic()
        if lane.has_queue(lease.holder) or lane.opens_at(lease, now) > now:
            passed = await lane.queue(lease)
        else:
            passed = lane.enter(lease, now)
        self._under_way.setdefault(id(lease), []).append(passed)

    def ended(self, call: Call, attempt: Attempt) -> None:
        """Hear how an attempt came out; one that was never let in here changes nothing."""
        identity = id(call.lease)
        passes = self._under_way.get(identity)
        if passes is None:
            return
        passed = passes.pop(0)
        if not passes:
            del self._under_way[identity]
        passed.lane.leave(passed, attempt)
        if passed.taken is not None:
            self._forget(self._clock.monotonic())
            self._unsettled.pop(identity, None)
            self._unsettled[identity] = passed

    def settle(self, call: Call, tokens: int | None) -> None:
        """Hear how many tokens a call took, prompt and reply together; None where that is not known."""
        passed = self._unsettled.pop(id(call.lease), None)
        if passed is not None and tokens is not None:
            passed.lane.settle(passed, tokens, self._clock.monotonic())
            passed.lane.wake()

    def share_slots(self, count: int) -> None:
        """Let no more trials than that have requests under way, of all models together."""
        self.slots.free = count

    def release(self, holder: str) -> None:
        """A trial is done: its slot is another's, and each model is offered it first in its turn."""
        if self.slots.release(holder):
            lanes = list(self._lanes.values())
            self._turn = (self._turn + 1) % len(lanes)
            for lane in (*lanes[self._turn :], *lanes[: self._turn]):
                lane.wake()

    def _forget(self, now: float) -> None:
        """Let go of calls that nobody settled, and whose tokens count no more."""
        while self._unsettled:
            identity, passed = next(iter(self._unsettled.items()))
            if passed.taken is not None and passed.taken.until is not None and passed.taken.until > now:
                break
            del self._unsettled[identity]

    def _lane_of(self, call: Call) -> _Lane:
        key = (call.endpoint.source, call.key.model)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane("/".join(key), self._limits_of(call), self._clock, self)
        return lane


def _share(limit: int | None, share: float) -> float | None:
    return None if limit is None else limit * share
