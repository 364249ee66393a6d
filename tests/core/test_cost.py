from dataclasses import replace
from decimal import Decimal

import pytest

from harness.core.catalogue import LongContext, Tariff
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


def million(**counts):
    """A usage in millions, so that a cost is the sum of the rates."""
    whole = {name: round(count * 1_000_000) for name, count in counts.items()}
    return Usage(**{"completion": 0, **whole})


LONG = LongContext(above_tokens=1_000_000, input=Decimal(6), cached_input=Decimal(2), output=Decimal(30))
TIERED = Tariff(input=Decimal(3), cached_input=Decimal(1), output=Decimal(15), reasoning=Decimal(15), long_context=LONG)


def test_a_prompt_as_long_as_the_tier_costs_the_ordinary_rates():
    assert cost_of(million(prompt=1, completion=1), TIERED).usd == 3 + 15


def test_beyond_the_tier_every_token_of_the_request_costs_its_rates():
    usage = million(prompt=3, cached=1, completion=1, reasoning=2, total=6)

    cost = cost_of(usage, TIERED)

    assert cost.usd == 2 * 6 + 1 * 2 + 3 * 30
    assert (cost.upper_bound, cost.lower_bound) == (False, False)


def test_a_rate_that_a_tier_leaves_out_is_the_ordinary_one_as_a_lower_bound():
    tariff = replace(TIERED, long_context=replace(LONG, cached_input=None))

    cost = cost_of(million(prompt=3, cached=1), tariff)

    assert (cost.usd, cost.lower_bound, cost.upper_bound) == (2 * 6 + 1, True, False)


def test_a_rate_that_was_not_used_makes_no_bound():
    tariff = replace(TIERED, long_context=replace(LONG, cached_input=None, output=None))

    assert not cost_of(million(prompt=3), tariff).lower_bound


def test_a_tier_without_rates_says_only_that_the_cost_may_be_too_low():
    tariff = replace(TIERED, long_context=LongContext(above_tokens=10))

    cost = cost_of(million(prompt=1, completion=1), tariff)

    assert (cost.usd, cost.lower_bound) == (18, True)


def test_cached_tokens_without_any_rate_of_theirs_cost_what_the_tier_has_for_input_as_an_upper_bound():
    tariff = replace(TIERED, cached_input=None, long_context=replace(LONG, cached_input=None))

    cost = cost_of(million(prompt=2, cached=1), tariff)

    assert (cost.usd, cost.upper_bound, cost.lower_bound) == (12, True, False)


def test_reasoning_that_is_dearer_than_output_keeps_its_rate_beyond_the_tier_as_a_lower_bound():
    tariff = replace(TIERED, reasoning=Decimal(40))

    cost = cost_of(million(prompt=2, completion=1, reasoning=1, total=4), tariff)

    assert (cost.usd, cost.lower_bound) == (2 * 6 + 30 + 40, True)


def test_tools_that_the_server_ran_are_paid_by_the_call():
    tariff = replace(TARIFF, calls={"web_search": Decimal("0.005")})

    cost = cost_of(Usage(prompt=0, completion=0, server_calls={"web_search": 3}), tariff)

    assert (cost.usd, cost.upper_bound) == (Decimal("0.015"), False)


def test_calls_of_tools_without_a_name_cost_the_dearest_that_they_may_be():
    tariff = replace(TARIFF, calls={"web_search": Decimal("0.005"), "code": Decimal("0.01")})

    cost = cost_of(Usage(prompt=0, completion=0, server_calls={"": 2}), tariff)

    assert (cost.usd, cost.upper_bound) == (Decimal("0.02"), True)


def test_a_reply_of_images_alone_is_priced_by_its_images():
    assert cost_of(Usage(images=2), Tariff(image=Decimal("0.07"))).usd == Decimal("0.14")


def test_images_are_paid_beside_the_tokens_that_were_counted():
    cost = cost_of(Usage(images=1, prompt=1_000_000, completion=0), replace(TIERED, image=Decimal(7)))

    assert cost.usd == 7 + 3


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(prompt=0, completion=0, server_calls={"web_search": 1}), "calls of web_search"),
        (Usage(prompt=0, completion=0, server_calls={"": 1}), "calls of tools"),
        (Usage(images=1), "images"),
        (Usage(images=1, prompt=1, completion=1), "images"),
        (Usage(server_calls={"web_search": 1}), "no token counts"),
    ],
)
def test_a_call_or_an_image_without_a_rate_is_unknown_and_never_free(usage, words):
    with pytest.raises(UnknownRate, match=words):
        cost_of(usage, TARIFF)


def test_a_tool_that_was_not_called_needs_no_rate():
    assert cost_of(Usage(prompt=0, completion=0, server_calls={"web_search": 0}), TARIFF).usd == 0


def test_the_servers_figure_stands_where_a_call_has_no_rate():
    cost = cost_of(Usage(prompt=0, completion=0, server_calls={"s": 1}, billed_usd=Decimal("0.01")), TARIFF)

    assert (cost.usd, cost.computed_usd, cost.profile) == (Decimal("0.01"), None, "billed")
