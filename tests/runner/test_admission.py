import asyncio
from decimal import Decimal

import pytest

from harness.core.catalogue import Ceiling
from harness.core.errors import Withheld
from harness.core.exchange import Attempt, HttpRequest
from harness.core.keys import RequestKey
from harness.core.record import RUN_PURSE
from harness.runner.admission import Doorkeeper, may_be_billed
from harness.runner.budget import Budgets
from harness.wire import Call, CassetteAddress, Endpoint, Lease

ENDPOINT = Endpoint(source="local", base_url="http://127.0.0.1/v1")
REPLY = Attempt(status=200)
REFUSED = Attempt(status=429)
LOST = Attempt(error="lost")


def call(usd="1"):
    key = RequestKey(provider="local", method="POST", path="/p", model="m", body="")
    case = CassetteAddress(provider="local", suite="s", model="m", case="c")
    lease = Lease(usd=Decimal(usd), purses=(RUN_PURSE,))
    return Call(key=key, request=HttpRequest(method="POST", path="/p"), endpoint=ENDPOINT, case=case, lease=lease)


def desk(usd="10", **more):
    return Doorkeeper(budgets=Budgets({RUN_PURSE: Ceiling(usd=Decimal(usd))}), **more)


def purse(found):
    return found.budgets.purses[RUN_PURSE]


class Held:
    """A pace that lets nothing out before it is told to."""

    def __init__(self):
        self.opened = asyncio.Event()

    async def admit(self, *_, **__):
        await self.opened.wait()

    def ended(self, *_):
        """Nothing to free."""

    def settle(self, *_):
        """Nothing to correct."""


@pytest.mark.parametrize(
    ("attempt", "billed"),
    [
        (REPLY, True),
        (LOST, True),
        (Attempt(error="timeout"), True),
        (Attempt(status=200, error="lost"), True),
        (Attempt(status=502), True),
        (Attempt(status=504), True),
        (REFUSED, False),
        (Attempt(status=400), False),
        (Attempt(status=503), False),
        (Attempt(error="connect"), False),
        (Attempt(error="no-key"), False),
    ],
)
def test_only_what_never_left_or_the_server_itself_refused_is_certainly_not_billed(attempt, billed):
    assert may_be_billed(attempt) is billed


def test_a_reply_settles_what_was_set_aside_for_it():
    async def ask():
        found, asked = desk(), call()
        await found.admit(asked)
        found.ended(asked, REPLY)
        found.settle(asked, 5, Decimal("0.25"))
        return purse(found)

    after = asyncio.run(ask())
    assert (after.spent_usd, after.set_aside_usd, after.requests) == (Decimal("0.25"), 0, 1)


def test_an_attempt_that_was_refused_gives_back_and_the_next_is_paid():
    async def ask():
        found, asked = desk(), call()
        await found.admit(asked)
        found.ended(asked, REFUSED)
        await found.admit(asked)
        found.ended(asked, REPLY)
        found.settle(asked, 5, Decimal("0.25"))
        return purse(found)

    after = asyncio.run(ask())
    assert (after.spent_usd, after.set_aside_usd, after.requests) == (Decimal("0.25"), 0, 2)


def test_a_reply_that_was_lost_counts_at_its_worst_case_beside_the_one_that_came():
    async def ask():
        found, asked = desk(), call()
        await found.admit(asked)
        found.ended(asked, LOST)
        await found.admit(asked)
        found.ended(asked, REPLY)
        found.settle(asked, 5, Decimal("0.25"))
        return purse(found)

    assert asyncio.run(ask()).spent_usd == Decimal("1.25")


def test_stopping_turns_away_who_waits_and_gives_back_what_was_set_aside():
    async def ask():
        found = desk(pace=Held())
        waiting = asyncio.ensure_future(found.admit(call()))
        await asyncio.sleep(0)
        before = purse(found).set_aside_usd
        found.stop("enough")
        with pytest.raises(Withheld, match="enough"):
            await waiting
        with pytest.raises(Withheld, match="enough"):
            await found.admit(call())
        return before, purse(found)

    before, after = asyncio.run(ask())
    assert (before, after.set_aside_usd, after.under_way) == (1, 0, 0)


def test_who_is_cancelled_while_waiting_is_cancelled_and_leaves_nothing_set_aside():
    async def ask():
        found = desk(pace=Held())
        waiting = asyncio.ensure_future(found.admit(call()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return purse(found)

    assert asyncio.run(ask()).set_aside_usd == 0


def test_stopping_leaves_alone_what_is_under_way():
    async def ask():
        found, asked = desk(), call()
        await found.admit(asked)
        found.stop("enough")
        found.ended(asked, REPLY)
        found.settle(asked, None, None)
        return purse(found)

    assert asyncio.run(ask()).spent_usd == 1


def test_the_run_is_over_when_its_own_budget_is_spent():
    async def ask():
        found, first = desk("1"), call()
        await found.admit(first)
        waiting = asyncio.ensure_future(found.admit(call()))
        await asyncio.sleep(0)
        before = found.is_over
        found.ended(first, REPLY)
        found.settle(first, 5, Decimal(1))
        with pytest.raises(Withheld, match="the budget is spent"):
            await waiting
        return before, found.is_over

    assert asyncio.run(ask()) == (False, True)
