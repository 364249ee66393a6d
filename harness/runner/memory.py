"""Answers that a run has paid for and not used up: kept until their trial is done, and given again when it is resumed.

It stands apart from the transports because it knows nothing of HTTP: it saves asking twice.
"""

from collections.abc import Mapping
from typing import Protocol

from harness.checks import models_of
from harness.core.check import CheckKind
from harness.core.exchange import Exchange
from harness.core.suite import Case
from harness.wire import Call, Transport


class Memory(Protocol):
    """Where answers are kept."""

    async def remember(self, memo: str, exchange: Exchange) -> None:
        """Take an answer; it is durable when this returns."""
        ...


class RememberingTransport:
    """Passes on what another transport answers, and what was answered before the run was interrupted.

    answers  by the memo of the call that they answer
    """

    def __init__(self, asks: Transport, memory: Memory, answers: Mapping[str, Exchange]) -> None:
        """Nothing is asked before the first call."""
        self._asks = asks
        self._memory = memory
        self._answers = answers

    @property
    def notes(self) -> tuple[str, ...]:
        """What the transport behind has to tell."""
        return tuple(getattr(self._asks, "notes", ()))

    @property
    def changes(self) -> tuple[str, ...]:
        """What it has to tell of replies that took the place of recorded ones."""
        return tuple(getattr(self._asks, "changes", ()))

    async def send(self, call: Call) -> Exchange:
        """The answer that is kept, or a new one, kept before this returns if its trial goes on after it."""
        if call.memo is None:
            return await self._asks.send(call)
        known = self._answers.get(call.memo)
        if known is not None and known.key == call.key.digest:
            return known
        exchange = await self._asks.send(call)
        if exchange.last.error is None and not exchange.recorded:
            await self._memory.remember(call.memo, exchange)
        return exchange

    async def aclose(self) -> None:
        """Close the transport behind."""
        await self._asks.aclose()


def may_go_on(case: Case, kinds: Mapping[str, CheckKind]) -> bool:
    """Whether a case may ask more than one request: then no single record holds its first answer soon enough."""
    if len(case.turns) > 1 or case.tool_results or case.deferred:
        return True
    return any(models_of(check, kinds) for check in case.turns[0].expect)
