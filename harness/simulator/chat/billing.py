"""What a reply costs, in ticks: exact decimal arithmetic by the profile's tariff.

It stands apart from the harness's own cost arithmetic on purpose: the two check each other, so they share no code.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from harness.core.catalogue import Tariff

TICKS_PER_USD = 10**10


def ticks(
    tariff: Tariff, *, prompt: int, cached: int, visible: int, reasoning: int, searches: Iterable[tuple[str, int]] = ()
) -> int:
    """Billed ticks of one reply, 10**-10 US dollars each, rounded to even.

    A cached token costs the input rate where the tariff has none for it, a reasoning token the output rate. Beyond the
    tariff's length, where it says what changes, every token has the rate of long prompts.
    """
    input_rate, cached_rate, output_rate = tariff.input, tariff.cached_input, tariff.output
    longer = tariff.long_context
    if longer is not None and prompt > longer.above_tokens:
        input_rate = longer.input if longer.input is not None else input_rate
        cached_rate = longer.cached_input if longer.cached_input is not None else cached_rate
        output_rate = longer.output if longer.output is not None else output_rate
    fresh = input_rate or Decimal(0)
    said = output_rate or Decimal(0)
    thought = tariff.reasoning if tariff.reasoning is not None else said
    dollars_per_million = (
        (prompt - cached) * fresh
        + cached * (cached_rate if cached_rate is not None else fresh)
        + visible * said
        + reasoning * thought
    )
    fees = sum((count * tariff.calls.get(tool, Decimal(0)) for tool, count in searches), Decimal(0))
    return ticks_of(dollars_per_million / 1_000_000 + fees)


def ticks_of(dollars: Decimal | None) -> int:
    """An amount in ticks; what has no price is free."""
    return int(((dollars or Decimal(0)) * TICKS_PER_USD).to_integral_value(rounding=ROUND_HALF_EVEN))
