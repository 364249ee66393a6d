"""Ceilings of dollars and requests: the worst case is set aside before a request leaves, and settled by its reply.

It stands apart from sending because its promise is arithmetic: whatever comes back, and in whatever order, what was
spent and what is set aside together never pass a ceiling.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from harness.core.catalogue import Ceiling
from harness.core.errors import Withheld
from harness.core.record import RUN_PURSE


def purses_of(suite: str, label: str) -> tuple[str, ...]:
    """The names of the purses that a trial is paid from, as far as they have ceilings."""
    return RUN_PURSE, suite_purse(suite), target_purse(label)


def suite_purse(suite: str) -> str:
    """The purse of a suite."""
    return f"suite '{suite}'"


def target_purse(label: str) -> str:
    """The purse of a target."""
    return f"target '{label}'"


@dataclass(slots=True, kw_only=True)
class Purse:
    """One ceiling, and what was taken from it.

    set_aside_usd  what requests under way, or such as nobody knows the price of, may cost
    under_way      how many requests have something set aside
    why            why a request did not fit though none was under way; from then on nothing more is sent
    """

    name: str
    ceiling: Ceiling
    spent_usd: Decimal = Decimal(0)
    set_aside_usd: Decimal = Decimal(0)
    requests: int = 0
    under_way: int = 0
    why: str = ""

    @property
    def spent(self) -> bool:
        """Whether nothing more is paid from it."""
        return bool(self.why)

    def fault(self, usd: Decimal | None) -> str | None:
        """Why a request that may cost so much does not fit now; None if it does."""
        ceiling = self.ceiling
        if ceiling.requests is not None and self.requests >= ceiling.requests:
            return f"{self.name} may send {ceiling.requests:,} requests, and has sent them"
        if ceiling.usd is None:
            return None
        if usd is None:
            return f"nothing bounds what the next request may cost, and {self.name} may cost ${_money(ceiling.usd)}"
        taken = self.spent_usd + self.set_aside_usd
        if taken + usd > ceiling.usd:
            return (
                f"{self.name} may cost ${_money(ceiling.usd)}: ${_money(taken)} is spent or may have been, "
                f"and the next request may cost ${_money(usd)}"
            )
        return None


@dataclass(slots=True, eq=False)
class Claim:
    """What one attempt has set aside; settled once."""

    purses: tuple[Purse, ...]
    usd: Decimal
    is_open: bool = True


class Budgets:
    """The ceilings of a run, by name: its own, its suites', its targets'."""

    def __init__(self, ceilings: Mapping[str, Ceiling]) -> None:
        """Nothing is spent yet."""
        self.purses = {name: Purse(name=name, ceiling=ceiling) for name, ceiling in ceilings.items()}
        self._changed: list[asyncio.Future[None]] = []

    def charge(self, names: tuple[str, ...], usd: Decimal, requests: int) -> None:
        """Count what was spent before, by an interrupted run that is resumed."""
        for purse in self._of(names):
            purse.spent_usd += usd
            purse.requests += requests

    async def claim(self, names: tuple[str, ...], usd: Decimal | None) -> Claim:
        """Set aside what a request may cost; where it would fit but for others under way, wait until they are settled.

        usd     at most; None where nothing bounds it, which fits no ceiling of dollars
        raises  Withheld when a ceiling is reached
        """
        purses = self._of(names)
        while True:
            full = [(purse, fault) for purse in purses if (fault := purse.fault(usd)) is not None]
            if not full:
                break
            final = [(purse, fault) for purse, fault in full if purse.spent or not self._may_free(purse, usd)]
            for purse, fault in final:
                # That nothing bounds a request's cost is its own fault: others may still fit.
                purse.why = purse.why or (fault if usd is not None or purse.ceiling.usd is None else "")
                raise Withheld(f"the budget is spent: {fault}", remedy="give more, and go on with --resume")
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._changed.append(waiting)
            await waiting
        claim = Claim(purses, usd or Decimal(0))
        for purse in purses:
            purse.set_aside_usd += claim.usd
            purse.requests += 1
            purse.under_way += 1
        return claim

    def release(self, claim: Claim) -> None:
        """Give back what was set aside for a request that was not billed: refused, or never sent. It stays counted."""
        self._settle(claim, Decimal(0))

    def settle(self, claim: Claim, usd: Decimal | None) -> None:
        """Replace what was set aside by what it cost; where nobody knows that, it stands."""
        self._settle(claim, claim.usd if usd is None else usd)

    def _settle(self, claim: Claim, usd: Decimal) -> None:
        if not claim.is_open:
            return
        claim.is_open = False
        for purse in claim.purses:
            purse.set_aside_usd -= claim.usd
            purse.spent_usd += usd
            purse.under_way -= 1
        changed, self._changed = self._changed, []
        for waiting in changed:
            if not waiting.done():
                waiting.set_result(None)

    def _of(self, names: tuple[str, ...]) -> tuple[Purse, ...]:
        return tuple(self.purses[name] for name in names if name in self.purses)

    @staticmethod
    def _may_free(purse: Purse, usd: Decimal | None) -> bool:
        """Whether what is under way may yet make room: settled requests cost less than was set aside, most of them."""
        by_count = purse.ceiling.requests is not None and purse.requests >= purse.ceiling.requests
        return purse.under_way > 0 and not by_count and usd is not None


def _money(usd: Decimal) -> str:
    """Dollars to a tenth of a cent, and to the digits that there are where that would be nothing."""
    short = usd.quantize(Decimal("0.001"))
    return f"{(short if short == usd or short >= 1 else usd).normalize():f}"
