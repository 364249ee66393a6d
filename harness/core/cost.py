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


def cost_of(usage: Usage, tariff: Tariff | None) -> Cost:
    """US dollars for one reply, exact and unrounded.

    usage   tokens as billed; a cached token counts in `cached` and is taken off `prompt`
    tariff  dollars per million tokens, one rate per kind of token; None if the catalogue has none
    raises  UnknownRate when a side that was used has no rate, or the server counted nothing: missing is not free
    source  DESIGN, 'Prices and limits that disagree': a kind without a rate costs the dearest of its side, as an upper
            bound; the server's own figure wins
    """
    computed, upper_bound = _computed(usage, tariff) if tariff is not None else (None, False)
    if usage.billed_usd is not None:
        return Cost(usd=usage.billed_usd, computed_usd=computed, profile="billed")
    if computed is None or tariff is None:
        raise UnknownRate("the server sent no token counts" if usage.prompt is None else "there is no rate")
    return Cost(usd=computed, computed_usd=computed, upper_bound=upper_bound, profile=tariff.profile)


def _computed(usage: Usage, tariff: Tariff) -> tuple[Decimal | None, bool]:
    if usage.prompt is None or usage.output is None:
        return None, False
    cached = min(usage.cached or 0, usage.prompt)
    reasoning = min(usage.reasoning or 0, usage.output)
    kinds = (
        # A cached token is the cheap one: its rate would be a lower bound for the others, so they have no stand-in.
        (usage.prompt - cached, tariff.input, None),
        (cached, tariff.cached_input, tariff.input),
        (usage.output - reasoning, tariff.output, tariff.reasoning),
        (reasoning, tariff.reasoning, tariff.output),
    )
    total, upper_bound = Decimal(0), False
    for tokens, rate, stand_in in kinds:
        charged = rate if rate is not None else stand_in
        if tokens and charged is None:
            return None, False
        upper_bound = upper_bound or (tokens > 0 and rate is None)
        total += tokens * (charged or Decimal(0)) / MILLION
    return total, upper_bound
