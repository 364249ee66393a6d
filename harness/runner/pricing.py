"""What exchanges, trials and runs cost, by the catalogue's prices.

It stands apart because a run and its regrade must price alike, and neither may count an unknown price as free.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from harness.core.catalogue import Provider
from harness.core.cost import Cost, cost_of
from harness.core.errors import UnknownRate
from harness.core.outcome import Outcome
from harness.core.record import ExchangeRecord, TrialRecord
from harness.core.reply import Reply, Usage


def price(reply: Reply, provider: Provider, model: str, profile: str, *, asks_model: bool = True) -> Cost | None:
    """What a reply cost under a price profile; None if that is not known.

    asks_model  False for a request that has no model do anything, such as a listing: it is free, by the profile 'free',
                unless the server counted something all the same
    """
    if reply.status is None:
        return None
    if not asks_model and reply.error is None and not _is_counted(reply.usage):
        return Cost(usd=Decimal(0), profile="free")
    try:
        return cost_of(reply.usage, provider.find_tariff(model, profile))
    except UnknownRate:
        return None


def charged(cost: Cost | None) -> Decimal | None:
    """What a budget counts for a reply; None where it must count the worst case: nobody knows, or it may be more."""
    return None if cost is None or cost.lower_bound else cost.usd


def _is_counted(usage: Usage) -> bool:
    counts = (usage.prompt, usage.completion, usage.images, usage.billed_usd)
    return bool(usage.server_calls) or any(count is not None for count in counts)


def total_cost(exchanges: Sequence[ExchangeRecord]) -> Decimal | None:
    """Dollars for exchanges together; None if a price is missing, or a reply was lost that may have been billed."""
    total = Decimal(0)
    for exchange in exchanges:
        if exchange.cost is not None:
            total += exchange.cost.usd
        elif _may_be_billed(exchange):
            return None
    return total


def _may_be_billed(exchange: ExchangeRecord) -> bool:
    """Whether an exchange without a price may have cost something: not if the server refused it, or never saw it."""
    error = exchange.reply.error
    if error is None:
        # What is fetched later is paid for once, and counted in the reply that is fetched.
        return exchange.reply.deferred_id is None
    never_sent = bool(exchange.attempts) and exchange.attempts[-1].error == "connect"
    return error.kind in ("timeout", "network", "malformed") and not never_sent


def model_cost(exchanges: Iterable[ExchangeRecord]) -> Decimal | None:
    """Dollars for what the model was asked; None if any of it is unknown."""
    return total_cost([exchange for exchange in exchanges if exchange.follow_up is None])


def judge_cost(exchanges: Iterable[ExchangeRecord]) -> Decimal | None:
    """Dollars for what judges were asked, 0 if none was; None if any of it is unknown."""
    return total_cost([exchange for exchange in exchanges if exchange.follow_up is not None])


def spent(records: Sequence[TrialRecord]) -> Decimal | None:
    """Dollars for all records together, judges included; None if any is unknown."""
    total = Decimal(0)
    for record in records:
        if record.outcome is Outcome.SKIP:
            continue
        if record.cost_usd is None or record.judge_cost_usd is None:
            return None
        total += record.cost_usd + record.judge_cost_usd
    return total
