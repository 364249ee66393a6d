from decimal import Decimal

import pytest

from harness.core.catalogue import Tariff
from harness.core.cost import cost_of
from harness.core.errors import UnknownRate
from harness.core.reply import Usage

TARIFF = Tariff(input=Decimal("0.30"), cached_input=Decimal("0.075"), output=Decimal("0.50"), reasoning=Decimal("0.50"))


def test_a_cost_is_exact_and_never_rounded():
    usage = Usage(prompt=12, completion=1, total=13)

    cost = cost_of(usage, TARIFF)

    assert cost.usd == Decimal("0.0000041")


def test_a_cached_token_is_paid_once_at_its_own_rate():
    usage = Usage(prompt=10, cached=4, completion=0, total=10)

    cost = cost_of(usage, TARIFF)

    assert cost.usd == (6 * Decimal("0.30") + 4 * Decimal("0.075")) / 1_000_000


def test_reasoning_that_is_counted_apart_is_added_to_the_output():
    # Figures: a recorded grok-3-mini reply, 12 + 1 + 228 = 241, billed 1,176,500 ticks of 10^-10 dollars.
    usage = Usage(prompt=12, cached=2, completion=1, total=241, reasoning=228)

    cost = cost_of(usage, TARIFF)

    assert cost.usd == Decimal(1_176_500) / 10**10


def test_reasoning_that_is_counted_within_the_completion_is_not_paid_twice():
    usage = Usage(prompt=10, completion=100, total=110, reasoning=90)

    cost = cost_of(usage, TARIFF)

    assert cost.usd == (10 * Decimal("0.30") + 100 * Decimal("0.50")) / 1_000_000


def test_a_kind_without_a_rate_costs_the_dearest_of_its_side_and_is_flagged():
    tariff = Tariff(input=Decimal(2), output=Decimal(1))
    usage = Usage(prompt=10, cached=10, completion=0, total=10)

    cost = cost_of(usage, tariff)

    assert (cost.usd, cost.upper_bound) == (Decimal("0.00002"), True)


def test_a_side_without_any_rate_is_unknown_and_never_free():
    usage = Usage(prompt=10, completion=5, total=15)

    with pytest.raises(UnknownRate):
        cost_of(usage, Tariff(input=Decimal(1)))


def test_a_reply_without_token_counts_is_unknown_and_never_free():
    with pytest.raises(UnknownRate):
        cost_of(Usage(), TARIFF)


def test_the_servers_own_figure_wins_and_ours_stands_beside_it():
    usage = Usage(prompt=10, completion=0, total=10, billed_usd=Decimal("0.5"))

    cost = cost_of(usage, TARIFF)

    assert (cost.usd, cost.computed_usd, cost.profile) == (Decimal("0.5"), Decimal("0.000003"), "billed")


def test_the_servers_own_figure_stands_even_where_the_catalogue_has_no_price():
    assert cost_of(Usage(billed_usd=Decimal("0.5")), None).usd == Decimal("0.5")


def test_reasoning_without_a_rate_costs_what_output_does_as_an_upper_bound():
    usage = Usage(prompt=0, completion=10, total=10, reasoning=10)

    cost = cost_of(usage, Tariff(input=Decimal(1), output=Decimal(2)))

    assert (cost.usd, cost.upper_bound) == (Decimal("0.00002"), True)


def test_the_rate_of_cached_tokens_never_stands_in_for_a_dearer_one():
    with pytest.raises(UnknownRate):
        cost_of(Usage(prompt=10, completion=0, total=10), Tariff(cached_input=Decimal(1)))
