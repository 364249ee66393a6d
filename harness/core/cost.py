"""What a reply cost, in exact decimal arithmetic.

It stands apart from catalogue and runner because plans, records, checks and pages must all price alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from harness.core.catalogue import Tariff
from harness.core.errors import UnknownRate
from harness.core.reply import Usage

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """US dollars for one reply.

    usd          exact and unrounded: ours, or the server's own figure where it sends one
    computed_usd ours by the tariff, shown beside the server's where it sends one; None where it is `usd` itself, or the
                 tariff has no rate
    upper_bound  True if what has no rate of its own was billed at the dearest that it may be: `usd` may be too high
    lower_bound  True if a long prompt was billed at the ordinary rates, for want of those beyond its length: `usd` may
                 be too low; with both it is an estimate
    profile      the price profile, 'billed' if the server's figure won, or 'free' if no model was asked
    """

    usd: Decimal
    computed_usd: Decimal | None = None
    upper_bound: bool = False
    lower_bound: bool = False
    profile: str = "documented"


class _Item(NamedTuple):
    """One line of the bill: so many of something at one rate."""

    usd: Decimal
    upper_bound: bool = False
    lower_bound: bool = False


def cost_of(usage: Usage, tariff: Tariff | None) -> Cost:
    """US dollars for one reply, exact and unrounded.

    usage   tokens as billed, a cached token counted in `prompt` and paid once; calls of tools that the server ran;
            generated images, which alone are the price of a reply that counts no tokens
    tariff  dollars per million tokens, by kind of token, per call and per image; None if the catalogue has none
    raises  UnknownRate when anything that was used has no rate, or the server counted nothing: missing is not free
    source  DESIGN, 'Prices and limits that disagree': a kind without a rate costs the dearest of its side, as an upper
            bound; the server's own figure wins
    """
    try:
        items = list(_items(usage, tariff))
    except UnknownRate:
        if usage.billed_usd is None:
            raise
        items = []
    computed = sum((item.usd for item in items), Decimal(0)) if items else None
    if usage.billed_usd is not None:
        return Cost(usd=usage.billed_usd, computed_usd=computed, profile="billed")
    if computed is None or tariff is None:
        raise UnknownRate("the server counted nothing")
    return Cost(
        usd=computed,
        upper_bound=any(item.upper_bound for item in items),
        lower_bound=any(item.lower_bound for item in items),
        profile=tariff.profile,
    )


def _items(usage: Usage, tariff: Tariff | None) -> Iterator[_Item]:
    if tariff is None:
        raise UnknownRate("there is no rate")
    if usage.images is None or usage.prompt is not None or usage.output is not None:
        yield from _tokens(usage, tariff)
    yield from (_calls(name, count, tariff) for name, count in usage.server_calls.items() if count)
    if usage.images is not None:
        if usage.images and tariff.image is None:
            raise UnknownRate("there is no rate for images")
        yield _Item(usd=usage.images * (tariff.image or Decimal(0)))


def _tokens(usage: Usage, tariff: Tariff) -> Iterator[_Item]:
    if usage.prompt is None or usage.output is None:
        raise UnknownRate("the server sent no token counts")
    rates, fallen_back = _rates_at(usage.prompt, tariff)
    cached = min(usage.cached or 0, usage.prompt)
    reasoning = min(usage.reasoning or 0, usage.output)
    kinds = (
        # A cached token is the cheap one: its rate would be a lower bound for the others, so they have no stand-in.
        (usage.prompt - cached, "input", ""),
        (cached, "cached_input", "input"),
        (usage.output - reasoning, "output", "reasoning"),
        (reasoning, "reasoning", "output"),
    )
    for tokens, kind, stand_in in kinds:
        if not tokens:
            continue
        charged = kind if rates[kind] is not None else stand_in
        rate = rates.get(charged)
        if rate is None:
            raise UnknownRate(f"there is no rate for {kind.replace('_', ' ')} tokens")
        yield _Item(
            usd=tokens * rate / MILLION,
            upper_bound=charged != kind,
            lower_bound=charged in fallen_back,
        )
    if not usage.prompt and not usage.output:
        yield _Item(usd=Decimal(0))


def _rates_at(prompt: int, tariff: Tariff) -> tuple[Mapping[str, Decimal | None], frozenset[str]]:
    """The rates of a prompt of that length by kind, and the kinds at their ordinary rate for want of the one beyond."""
    ordinary = {
        "input": tariff.input,
        "cached_input": tariff.cached_input,
        "output": tariff.output,
        "reasoning": tariff.reasoning,
    }
    tier = tariff.long_context
    if tier is None or prompt <= tier.above_tokens:
        return ordinary, frozenset()
    beyond = {
        "input": tier.input,
        "cached_input": tier.cached_input,
        "output": tier.output,
        # A tier has no rate for reasoning: what is billed as output is billed so beyond the length, too.
        "reasoning": tier.output if tariff.reasoning == tariff.output else None,
    }
    beyond = {kind: rate for kind, rate in beyond.items() if rate is not None}
    return {**ordinary, **beyond}, frozenset(ordinary.keys() - beyond.keys())


def _calls(name: str, count: int, tariff: Tariff) -> _Item:
    """Calls of one tool; of tools without a name, where the server counts them together, the dearest that it may be."""
    if name:
        if name not in tariff.calls:
            raise UnknownRate(f"there is no rate for calls of {name}")
        return _Item(usd=count * tariff.calls[name])
    if not tariff.calls:
        raise UnknownRate("there is no rate for calls of tools")
    rates = set(tariff.calls.values())
    return _Item(usd=count * max(rates), upper_bound=len(rates) > 1)
