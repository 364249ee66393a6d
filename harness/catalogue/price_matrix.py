"""The table of prices: what the documents say of each kind of token, and a price profile beside it.

It stands apart from the other tables because half of it comes from the provider's file.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from harness.catalogue.cells import (
    ABSENT,
    Cell,
    Column,
    Matrix,
    Rival,
    Show,
    has,
    rows_of,
    show_amount,
    show_dollars,
    value_of,
)
from harness.catalogue.numbers import is_number
from harness.core.catalogue import LongContext, Provider, Tariff
from harness.core.claims import Claim, Register

_RATES = (
    ("input", "input", "usd_per_1m_input"),
    ("cached input", "cached_input", "usd_per_1m_cached_input"),
    ("output", "output", "usd_per_1m_output"),
    ("reasoning", "reasoning", "usd_per_1m_reasoning"),
)
"""Heading, name in a tariff, field of a claim's value."""
_REASONING, _BEYOND = 3, 4
"""Positions among the columns of prices."""
_TERM = re.compile(r"(\w+)_tokens\*(\w+)_price")


def build_prices(register: Register, provider: Provider, profile: str) -> Matrix:
    """Prices by model, in the order of the vendor's table and with what it leaves out.

    profile  a price profile of the provider's file, shown beside the documented prices where it is another
    """
    columns = [
        *(Column(belongs=has("pricing", key), show=_dollars(key), rival=_by_formula(rate)) for _, rate, key in _RATES),
        Column(belongs=has("pricing", "threshold_tokens"), show=_beyond, rival=_flat),
        Column(belongs=has("catalogue", "context_tokens"), show=show_window),
        Column(belongs=has("guidance", "best_for"), show=value_of("best_for")),
    ]
    headings = [*(heading for heading, _, _ in _RATES), _threshold(register, provider)]
    priced = {claim.subject.id for claim in register.claims if any(each.belongs(claim) for each in columns[:_BEYOND])}
    rows = []
    for model, *cells in rows_of(register, [each.id for each in provider.models if each.id in priced], columns):
        documented = provider.find_tariff(model.text, "documented")
        if not cells[_REASONING].claims:
            cells[_REASONING] = _reasoning(register, documented)
        prices, rest = cells[: _BEYOND + 1], cells[_BEYOND + 1 :]
        if profile != "documented":
            beside = _tariff_cells(provider.find_tariff(model.text, profile))
            prices = [cell for pair in zip(prices, beside, strict=True) for cell in pair]
        rows.append((model, *prices, *rest))
    if profile != "documented":
        headings = [name for heading in headings for name in (heading, f"{heading} ({profile})")]
    return Matrix(
        name="prices",
        title="Prices, US dollars per million tokens",
        header=("model", *headings, "context", "best for"),
        rows=tuple(rows),
        right=tuple(range(1, len(headings) + 1)),
    )


def show_window(claim: Claim) -> str:
    """A context window as the document writes it, or in tokens."""
    return str(claim.value.get("as_written") or value_of("context_tokens")(claim))


def _dollars(key: str) -> Show:
    return lambda claim: show_amount(claim.value[key])


def _by_formula(rate: str) -> Rival:
    """What a formula for the total says against a rate: the term that it has in that one's place."""

    def rival(_: str, claim: Claim) -> str:
        terms = _terms(claim)
        return "as input" if rate == "cached_input" and terms and "cached_input" not in terms else ""

    return rival


def _terms(claim: Claim) -> dict[str, str]:
    """Which price each kind of token has in a formula for the total; empty if the claim is none."""
    return dict(_TERM.findall(str(claim.value.get("total_cost", ""))))


def _beyond(claim: Claim) -> str:
    rates = [(rate, claim.value.get(f"{key}_beyond")) for _, rate, key in _RATES]
    return _tier([(rate, show_amount(found)) for rate, found in rates if found is not None])


def _tier(rates: Sequence[tuple[str, str]]) -> str:
    """The rates for long prompts, by name; a source may say that there are others and not which."""
    return ", ".join(f"{shown} {rate.replace('_', ' ')}" for rate, shown in rates) or "other, no figure"


def _flat(_: str, claim: Claim) -> str:
    return "the same" if any(key in claim.value for _, _, key in _RATES) else ""


def _threshold(register: Register, provider: Provider) -> str:
    """Heading of the rates for long prompts, with the length if there is only one."""
    stated = [claim.value.get("threshold_tokens") for claim in register.claims if claim.kind == "pricing"]
    tiers = [tariff.long_context for model in provider.models for tariff in model.tariffs]
    lengths = {each for each in stated if is_number(each)} | {tier.above_tokens for tier in tiers if tier}
    return f"beyond {lengths.pop() // 1000:.0f}k" if len(lengths) == 1 else "long prompts"


def _reasoning(register: Register, tariff: Tariff | None) -> Cell:
    """What reasoning costs where no claim has a figure: the catalogue cites the formula that it follows, or nothing."""
    claim = register.find(tariff.claims.get("reasoning", "")) if tariff else None
    # The formula's contradictions are about other terms of it, so none is shown here.
    return (
        Cell(text=f"as {_terms(claim).get('reasoning', 'output')}", claims=(claim.id,)) if claim else Cell(text=ABSENT)
    )


def _tariff_cells(tariff: Tariff | None) -> Sequence[Cell]:
    """The rates of a price profile, in the order of the columns."""
    if tariff is None:
        return [Cell(text=ABSENT)] * (_BEYOND + 1)
    rates: list[Decimal | None] = [getattr(tariff, rate) for _, rate, _ in _RATES]
    return [*(Cell(text=show_dollars(rate)) for rate in rates), Cell(text=_show_tier(tariff.long_context))]


def _show_tier(tier: LongContext | None) -> str:
    if tier is None:
        return ABSENT
    rates = (("input", tier.input), ("cached input", tier.cached_input), ("output", tier.output))
    return _tier([(name, show_dollars(rate)) for name, rate in rates if rate is not None])
