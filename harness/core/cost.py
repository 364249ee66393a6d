"""What a reply cost, in exact decimal arithmetic.

It stands apart from catalogue and runner because plans, records, checks and pages must all price alike.
"""

from dataclasses import dataclass
from decimal import Decimal

from harness.core.catalogue import Tariff
from harness.core.errors import UnknownRate
from harness.core.reply import Usage

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """US dollars for one reply.

    usd          exact and unrounded: ours, or the server's own figure where it sends one
    computed_usd ours by the tariff, shown beside the server's; None if the tariff has no rate
    upper_bound  True if a token kind without a rate was billed at the dearest rate of its side
    profile      the price profile, or 'billed' if the server's figure won
    """

    usd: Decimal
    computed_usd: Decimal | None = None
    upper_bound: bool = False
    profile: str = "documented"


def cost_of(usage: Usage, tariff: Tariff) -> Cost:
    """US dollars for one reply, exact and unrounded.

    usage   tokens as billed; a cached token counts in `cached` and is taken off `prompt`
    tariff  dollars per million tokens, one rate per kind of token
    raises  UnknownRate when a side that was used has no rate at all, or the server counted nothing: missing is not free
    source  DESIGN, 'Prices and limits that disagree': a kind without a rate costs the dearest of its side
    """
    computed, upper_bound = _computed(usage, tariff)
    if usage.billed_usd is not None:
        return Cost(usd=usage.billed_usd, computed_usd=computed, upper_bound=False, profile="billed")
    if computed is None:
        missing = "the server sent no token counts" if usage.prompt is None else "the tariff lacks a rate"
        raise UnknownRate(missing)
    return Cost(usd=computed, computed_usd=computed, upper_bound=upper_bound, profile=tariff.profile)


def _computed(usage: Usage, tariff: Tariff) -> tuple[Decimal | None, bool]:
    if usage.prompt is None or usage.output is None:
        return None, False
    cached = min(usage.cached or 0, usage.prompt)
    reasoning = min(usage.reasoning or 0, usage.output)
    # A tariff without a reasoning rate bills reasoning as output, by its documentation: a price, not a bound.
    reasoning_rate = tariff.output if tariff.reasoning is None else tariff.reasoning
    input_side, output_side = (tariff.input, tariff.cached_input), (tariff.output, tariff.reasoning)
    kinds = (
        (usage.prompt - cached, tariff.input, input_side),
        (cached, tariff.cached_input, input_side),
        (usage.output - reasoning, tariff.output, output_side),
        (reasoning, reasoning_rate, output_side),
    )
    total, upper_bound = Decimal(0), False
    for tokens, rate, side in kinds:
        if tokens == 0:
            continue
        charged = rate if rate is not None else max((r for r in side if r is not None), default=None)
        if charged is None:
            return None, False
        upper_bound = upper_bound or rate is None
        total += tokens * charged / MILLION
    return total, upper_bound
