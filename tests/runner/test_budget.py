import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.catalogue import Ceiling
from harness.core.errors import Withheld
from harness.core.record import RUN_PURSE
from harness.runner.budget import Budgets, purses_of

ALL = purses_of("s", "t")
CENTS = st.integers(0, 300).map(lambda cents: Decimal(cents) / 100)


def budgets(**ceilings):
    names = {"run": RUN_PURSE, "suite": "suite 's'", "target": "target 't'"}
    return Budgets({names[name]: ceiling for name, ceiling in ceilings.items()})


def spent(found):
    purse = found.purses[RUN_PURSE]
    return purse.spent_usd + purse.set_aside_usd


def test_what_may_be_spent_together_is_set_aside_before_it_is_spent():
    async def ask():
        found = budgets(run=Ceiling(usd=Decimal(3)))
        first = await found.claim(ALL, Decimal(2))
        second = asyncio.ensure_future(found.claim(ALL, Decimal(2)))
        await asyncio.sleep(0)
        waits = not second.done()
        found.settle(first, Decimal("0.5"))
        await second
        return waits, spent(found)

    assert asyncio.run(ask()) == (True, Decimal("2.5"))


def test_a_request_that_nothing_under_way_can_make_room_for_ends_the_budget():
    async def ask():
        found = budgets(run=Ceiling(usd=Decimal(3)))
        found.settle(await found.claim(ALL, Decimal(2)), Decimal(2))
        with pytest.raises(Withheld, match=r"may cost \$3: \$2 is spent"):
            await found.claim(ALL, Decimal(2))
        with pytest.raises(Withheld):
            await found.claim(ALL, Decimal(3))
        return found.purses[RUN_PURSE].spent

    assert asyncio.run(ask())


def test_a_reply_that_nobody_can_price_counts_at_its_worst_case():
    async def ask():
        found = budgets(run=Ceiling(usd=Decimal(3)))
        found.settle(await found.claim(ALL, Decimal(2)), None)
        return spent(found)

    assert asyncio.run(ask()) == 2


def test_what_was_refused_costs_nothing_and_is_a_request_all_the_same():
    async def ask():
        found = budgets(run=Ceiling(usd=Decimal(3), requests=1))
        found.release(await found.claim(ALL, Decimal(2)))
        with pytest.raises(Withheld, match="may send 1 requests"):
            await found.claim(ALL, Decimal(0))
        return spent(found)

    assert asyncio.run(ask()) == 0


def test_a_suites_ceiling_holds_its_own_requests_alone():
    async def ask():
        found = budgets(run=Ceiling(usd=Decimal(9)), suite=Ceiling(requests=1))
        await found.claim(ALL, Decimal(1))
        with pytest.raises(Withheld, match="suite 's'"):
            await found.claim(ALL, Decimal(1))
        await found.claim(purses_of("another", "t"), Decimal(1))
        return spent(found)

    assert asyncio.run(ask()) == 2


def test_a_request_that_nothing_bounds_fits_no_budget_and_ends_none():
    async def ask():
        found = budgets(run=Ceiling(usd=Decimal(9)))
        with pytest.raises(Withheld, match="nothing bounds"):
            await found.claim(ALL, None)
        await found.claim(ALL, Decimal(9))

    asyncio.run(ask())


def test_what_an_interrupted_run_spent_counts_when_it_goes_on():
    async def ask():
        found = budgets(run=Ceiling(usd=Decimal(3)))
        found.charge(ALL, Decimal("2.5"), 1)
        with pytest.raises(Withheld):
            await found.claim(ALL, Decimal(1))

    asyncio.run(ask())


ASKS = st.lists(st.tuples(CENTS, CENTS, st.booleans()), max_size=60)


@given(ceiling=CENTS, asks=ASKS, order=st.randoms(use_true_random=False))
def test_no_order_of_replies_of_unknown_length_passes_the_ceiling(ceiling, asks, order):
    found = budgets(run=Ceiling(usd=ceiling))
    most = Decimal(0)

    async def one(worst, part, known):
        nonlocal most
        try:
            claim = await found.claim(ALL, worst)
        except Withheld:
            return
        most = max(most, spent(found))
        for _ in range(order.randrange(5)):
            await asyncio.sleep(0)
        found.settle(claim, min(worst, part) if known else None)

    async def ask():
        await asyncio.gather(*(one(*each) for each in asks))

    asyncio.run(ask())

    assert most <= ceiling
    assert found.purses[RUN_PURSE].under_way == 0
    assert found.purses[RUN_PURSE].set_aside_usd == 0
