"""Who lets a request out: a run that is not being stopped, a budget that it fits, a limit that has room.

It stands apart from the transport, which only asks before each attempt, and from pacing and budgets, which know nothing
of each other.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from harness.core.clock import Clock, SystemClock
from harness.core.errors import Withheld
from harness.core.exchange import Attempt
from harness.core.record import RUN_PURSE
from harness.runner.budget import Budgets, Claim
from harness.wire import Call

T = TypeVar("T")

# Said by whoever stands before the server that was asked, which may have answered, and billed, all the same.
_GATEWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


class Pace(Protocol):
    """Keeps requests within a provider's limits."""

    async def admit(self, call: Call, *, after_s: float = 0.0) -> None:
        """Come back when the limits have room for an attempt."""
        ...

    def ended(self, call: Call, attempt: Attempt) -> None:
        """Hear how it came out."""
        ...

    def settle(self, call: Call, tokens: int | None) -> None:
        """Hear how many tokens the call took."""
        ...


class Account(Protocol):
    """Remembers what was set aside, so that a run that is killed and resumed still keeps its ceiling."""

    async def set_aside(self, purses: tuple[str, ...], usd: Decimal) -> int:
        """Write down that a request may cost so much, before it leaves; the number of that line."""
        ...

    def settled(self, number: int, usd: Decimal) -> None:
        """Write down what it came to."""
        ...


@dataclass(slots=True, kw_only=True)
class Desk:
    """Lets attempts out, one after another.

    pace      None sends as fast as answers come
    budgets   None where there is no ceiling
    account   of the budgets
    slots     requests under way at once, of all providers; None where the caller keeps count
    """

    pace: Pace | None = None
    budgets: Budgets | None = None
    account: Account | None = None
    slots: asyncio.Semaphore | None = None
    clock: Clock = field(default_factory=SystemClock)
    stopping: str | None = None
    _waiting: set[asyncio.Task[Any]] = field(default_factory=set)
    _holders: set[asyncio.Task[Any]] = field(default_factory=set)
    _claims: dict[int, list[tuple[int, Claim]]] = field(default_factory=dict)

    def stop(self, why: str) -> None:
        """Let nothing more out: who waits here is turned away, what is under way goes on."""
        self.stopping = self.stopping or why
        for task in self._waiting:
            task.cancel(why)

    async def admit(self, call: Call, *, after_s: float = 0.0) -> None:
        """As `Admission` has it.

        raises  Withheld if the run is being stopped or a budget is spent
        """
        self._refuse_if_stopping()
        if self.budgets is None and self.pace is None and self.slots is None and not after_s:
            return
        claim = None
        try:
            if self.budgets is not None:
                claim = await self._turned_away_at_stop(self._claim(call, self.budgets))
            await self._turned_away_at_stop(self._wait(call, after_s))
        except BaseException:
            if claim is not None:
                self._close(*claim, Decimal(0))
            raise
        if claim is not None:
            self._claims.setdefault(id(call.lease), []).append(claim)
        call.lease.sent += 1

    def ended(self, call: Call, attempt: Attempt) -> None:
        """As `Admission` has it: what was certainly not billed gives back what was set aside for it."""
        if self.pace is not None:
            self.pace.ended(call, attempt)
        if not may_be_billed(attempt):
            call.lease.sent -= 1
            if claims := self._claims.get(id(call.lease)):
                self._close(*claims.pop(), Decimal(0))

    def settle(self, call: Call, tokens: int | None, usd: Decimal | None) -> None:
        """What the call's reply counted, and what it cost; None where nobody knows."""
        if self.pace is not None:
            self.pace.settle(call, tokens)
        claims = self._claims.pop(id(call.lease), [])
        for place, claim in enumerate(claims, start=1):
            # The reply is that of the last attempt; one that was lost before it may have been billed as well.
            self._close(*claim, usd if place == len(claims) else None)

    def release_slot(self) -> None:
        """The trial of the running task is done, and durable: another may begin."""
        task = asyncio.current_task()
        if self.slots is not None and task in self._holders:
            self._holders.discard(task)
            self.slots.release()

    @property
    def counts(self) -> bool:
        """Whether anything asks what a request may take."""
        return self.pace is not None or self.budgets is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing is let out any more: the run is being stopped, or its own budget is spent."""
        run = None if self.budgets is None else self.budgets.purses.get(RUN_PURSE)
        return self.stopping is not None or (run is not None and run.spent)

    def _refuse_if_stopping(self) -> None:
        if self.stopping is not None:
            raise Withheld(self.stopping, remedy="go on with --resume")

    async def _turned_away_at_stop(self, waiting: Awaitable[T]) -> T:
        task = asyncio.current_task()
        if task is not None:
            self._waiting.add(task)
        try:
            return await waiting
        except asyncio.CancelledError:
            if self.stopping is not None and task is not None and task.uncancel() == 0:
                self._refuse_if_stopping()
            raise
        finally:
            if task is not None:
                self._waiting.discard(task)

    async def _claim(self, call: Call, budgets: Budgets) -> tuple[int, Claim]:
        claim = await budgets.claim(call.lease.purses, call.lease.usd)
        if self.account is None:
            return 0, claim
        try:
            return await self.account.set_aside(call.lease.purses, claim.usd), claim
        except BaseException:
            # It does not leave: what was written of it, if it was, counts too much and not too little.
            budgets.release(claim)
            raise

    async def _wait(self, call: Call, after_s: float) -> None:
        if self.pace is not None:
            await self.pace.admit(call, after_s=after_s)
        elif after_s:
            await self.clock.sleep(after_s)
        task = asyncio.current_task()
        if self.slots is not None and task is not None and task not in self._holders:
            await self.slots.acquire()
            self._holders.add(task)

    def _close(self, number: int, claim: Claim, usd: Decimal | None) -> None:
        if self.budgets is None:
            return
        self.budgets.settle(claim, usd)
        if self.account is not None:
            self.account.settled(number, claim.usd if usd is None else usd)


def may_be_billed(attempt: Attempt) -> bool:
    """Whether an attempt may have cost something: not one that never left, nor one that the server itself refused."""
    if attempt.status is None:
        return attempt.error in ("lost", "timeout", "too-large")
    return attempt.status < HTTPStatus.BAD_REQUEST or attempt.status in _GATEWAY
